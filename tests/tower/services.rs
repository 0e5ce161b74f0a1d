//! The contract of Tower, with services and bodies of every kind.

mod bodies;

use std::{convert::Infallible, future::ready, rc::Rc, sync::Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_didit::{
    DiditTokens, RequireSignIn,
    fake::{Endpoint, FakeDidit, FakeDiditExt},
    middleware::{DiditAuthService, ResponseBody, ResponseFuture},
};

use crate::support::{
    requests::{callback, cookie},
    site::{CALLBACK, auth, didit},
};

/// Sign-in, callback and a later request, with a service of `http` types only.
async fn sign_in_through<S, B, R>(
    service: S,
    didit: &FakeDidit,
    body: impl Fn() -> B,
) -> Response<R>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: std::fmt::Debug,
{
    let ask = async |request: http::request::Builder| {
        let request = request.body(body()).unwrap();
        service.clone().oneshot(request).await.unwrap()
    };
    let started = ask(Request::get("/login")).await;
    assert_eq!(started.status(), StatusCode::SEE_OTHER);
    let signed_in = ask(callback(&started, didit)).await;
    assert_eq!(signed_in.status(), StatusCode::OK);
    let session = cookie(&signed_in, "__Host-didit=");
    ask(Request::get("/").header(header::COOKIE, session)).await
}

async fn who<B>(request: &Request<B>) -> &'static str {
    match DiditTokens::of(request.extensions()).await {
        Ok(Some(_)) => "somebody",
        Ok(None) => "nobody",
        Err(error) => error.kind().code(),
    }
}

// Behaviour 95.
#[tokio::test]
async fn the_layer_works_with_a_plain_service_and_full_bodies() {
    let didit = didit();
    let inner = service_fn(async |request: Request<Full<Bytes>>| {
        Ok::<_, Infallible>(Response::new(Full::from(who(&request).await)))
    });
    let service = auth(didit.config(CALLBACK)).layer(inner);
    let response = sign_in_through(service, &didit, Full::default).await;
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "somebody");
    assert_eq!(didit.count(Endpoint::Token), 1);
}

#[tokio::test]
async fn tonic_bodies_pass_with_their_trailers() {
    let didit = didit();
    let inner = service_fn(async |request: Request<tonic::body::Body>| {
        let mut trailers = HeaderMap::new();
        tonic::Status::ok("").add_header(&mut trailers)?;
        let body = Full::from(who(&request).await).with_trailers(ready(Some(Ok(trailers))));
        Ok::<_, tonic::Status>(Response::new(tonic::body::Body::new(body)))
    });
    let service = auth(didit.config(CALLBACK)).layer(inner);
    let response = sign_in_through(service, &didit, tonic::body::Body::empty).await;
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(body.to_bytes(), "somebody");
}

#[tokio::test]
async fn the_layer_works_in_a_hyper_server() {
    use hyper::{body::Incoming, client, server};
    use hyper_util::{rt::TokioIo, service::TowerToHyperService};

    let didit = didit();
    let echo = service_fn(async |request: Request<Incoming>| {
        let who = who(&request).await;
        let sent = request.into_body().collect().await?.to_bytes();
        Ok::<_, hyper::Error>(Response::new(Full::from([who.as_bytes(), &sent].concat())))
    });
    let service = TowerToHyperService::new(auth(didit.config(CALLBACK)).layer(echo));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let connection = server::conn::http1::Builder::new();
        connection
            .serve_connection(TokioIo::new(stream), service)
            .await
            .unwrap();
    });
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (sender, connection) = client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);

    let sender = tokio::sync::Mutex::new(sender);
    let ask = async |request: http::request::Builder, body: &'static str| {
        let request = request.header(header::HOST, "app.example");
        let request = request.body(Full::<Bytes>::from(body)).unwrap();
        let mut sender = sender.lock().await;
        sender.ready().await.unwrap();
        let response = sender.send_request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
    };
    let page = ask(Request::post("/"), ", and a body").await;
    assert_eq!(page.body(), "nobody, and a body");
    let started = ask(Request::get("/login"), "").await;
    assert_eq!(started.status(), StatusCode::SEE_OTHER);
    assert_eq!(started.headers()[header::CONTENT_LENGTH], "0");
    let signed_in = ask(callback(&started, &didit), "").await;
    assert_eq!(signed_in.body(), "somebody");
    let session = cookie(&signed_in, "__Host-didit=");
    let page = ask(
        Request::post("/").header(header::COOKIE, session),
        ", and a body",
    )
    .await;
    assert_eq!(page.body(), "somebody, and a body");
    let refused = ask(Request::get("/logout"), "").await;
    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(didit.count(Endpoint::Token), 1);
}

/// Neither `Send`, nor `Sync`, nor a `Body`.
#[derive(Debug)]
struct Opaque(Rc<str>);

/// Neither `Error` nor `Send`.
#[derive(Debug)]
struct Failure(Rc<str>);

// Behaviour 95. The types show that an ordinary request, its response and its error are not boxed,
// read or replaced: a future that must be `Send` could not hold these.
#[tokio::test]
async fn bodies_and_errors_of_any_type_pass_unchanged() {
    fn assert_service<S, B, R, E>(_: &DiditAuthService<S>)
    where
        S: Service<Request<B>, Response = Response<R>, Error = E>,
        DiditAuthService<S>: Service<
                Request<B>,
                Response = Response<ResponseBody<R>>,
                Error = E,
                Future = ResponseFuture<S, B>,
            >,
    {
    }

    let seen = Rc::new(Mutex::new(None));
    let inner = service_fn({
        let seen = Rc::clone(&seen);
        move |request: Request<Opaque>| {
            let fails = request.uri().path() == "/fail";
            *seen.lock().unwrap() = Some(request);
            ready(if fails {
                Err(Failure(Rc::from("as it was")))
            } else {
                Ok(Response::new(Rc::from("any body")))
            })
        }
    });
    let mut service = auth(didit().config(CALLBACK)).layer(inner);
    assert_service::<_, Opaque, Rc<str>, Failure>(&service);

    let text = Rc::from("the same");
    let request = Request::patch("/a%20b?c=d")
        .version(http::Version::HTTP_10)
        .header("x-twice", "1")
        .header("x-twice", "2")
        .header("cookie", "theme=dark")
        .extension("an extension")
        .body(Opaque(Rc::clone(&text)));
    let response = service
        .ready()
        .await
        .unwrap()
        .call(request.unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().is_empty());

    let request = seen.lock().unwrap().take().unwrap();
    assert!(Rc::ptr_eq(&request.body().0, &text));
    assert_eq!(request.method(), "PATCH");
    assert_eq!(request.uri(), "/a%20b?c=d");
    assert_eq!(request.version(), http::Version::HTTP_10);
    assert_eq!(
        request
            .headers()
            .get_all("x-twice")
            .iter()
            .collect::<Vec<_>>(),
        ["1", "2"]
    );
    assert_eq!(request.headers()["cookie"], "theme=dark");
    assert_eq!(request.headers().len(), 3);
    assert_eq!(request.extensions().get(), Some(&"an extension"));

    let request = Request::get("/fail").body(Opaque(text)).unwrap();
    let failure = service
        .ready()
        .await
        .unwrap()
        .call(request)
        .await
        .unwrap_err();
    assert_eq!(&*failure.0, "as it was");
}

#[test]
fn services_give_their_inner_service_back() {
    let mut service = auth(didit().config(CALLBACK)).layer(RequireSignIn::new().layer(1));
    assert_eq!(service.get_ref().get_ref(), &1);
    *service.get_mut().get_mut() = 2;
    assert_eq!(service.into_inner().into_inner(), 2);
}
