//! The cases: each beside bare axum, which gets the same headers.

mod didit;

use std::{convert::Infallible, future::Ready, hint::black_box, task::Poll};

use axum::{Router, body::Body, routing::get};
use divan::Bencher;
use http::{HeaderValue, Request, Response, header};
use tower::{Service, ServiceExt, layer::util::Identity, service_fn};
use tower_didit::{
    Config, ConfigBuilder, DiditAuth, DiditTokens, IdClaims, ReturnTo, store::MemoryStore,
};

use didit::{CALLBACK, PreparedDidit};

/// Runs what the command line asks for.
pub(crate) fn run() {
    // Many iterations a sample: caches are as warm as they are in a server.
    divan::Divan::from_args()
        .sample_count(200)
        .sample_size(200)
        .main();
}

/// A request without a session, to a handler that does not ask for one.
#[divan::bench_group]
mod no_session {
    use super::{Bencher, Identity, PreparedDidit, auth, requests, routes};

    #[divan::bench]
    fn bare_axum(bencher: Bencher<'_, '_>) {
        requests(bencher, &routes(), "/plain", &[None]);
    }

    /// What axum itself pays for any layer.
    #[divan::bench]
    fn with_an_empty_layer(bencher: Bencher<'_, '_>) {
        requests(bencher, &routes().layer(Identity::new()), "/plain", &[None]);
    }

    #[divan::bench]
    fn with_the_layer(bencher: Bencher<'_, '_>) {
        let app = routes().layer(auth(&PreparedDidit::new()));
        requests(bencher, &app, "/plain", &[None]);
    }
}

/// A signed-in request with a cookie of about 1.5 KB, to a handler that asks who is signed in.
#[divan::bench_group]
mod signed_in {
    use super::{Bencher, MANY, in_cookies, in_memory, requests, routes, sign_in, sign_ins};

    #[divan::bench]
    fn bare_axum(bencher: Bencher<'_, '_>) {
        let (_, cookie) = sign_in();
        requests(bencher, &routes(), "/plain", &[Some(cookie)]);
    }

    #[divan::bench]
    fn in_a_cookie_seen_before(bencher: Bencher<'_, '_>) {
        let (auth, cookie) = sign_in();
        requests(bencher, &routes().layer(auth), "/user", &[Some(cookie)]);
    }

    /// Of more users than the layer remembers: nearly every request opens its cookie anew.
    #[divan::bench]
    fn in_a_cookie_of_many(bencher: Bencher<'_, '_>) {
        let (auth, cookies) = sign_ins(MANY, in_cookies);
        requests(bencher, &routes().layer(auth), "/user", &cookies);
    }

    #[divan::bench]
    fn in_memory_seen_before(bencher: Bencher<'_, '_>) {
        let (auth, cookies) = sign_ins(1, in_memory);
        requests(bencher, &routes().layer(auth), "/user", &cookies);
    }

    #[divan::bench]
    fn in_memory_of_many(bencher: Bencher<'_, '_>) {
        let (auth, cookies) = sign_ins(MANY, in_memory);
        requests(bencher, &routes().layer(auth), "/user", &cookies);
    }
}

/// The layer alone, around a service that answers at once, or asks who is signed in: no routing, no boxing.
#[divan::bench_group]
mod bare_service {
    use super::{
        Bencher, Hello, MANY, PreparedDidit, auth, calls, greeter, in_cookies, sign_in, sign_ins,
    };

    #[divan::bench]
    fn without_the_layer(bencher: Bencher<'_, '_>) {
        calls(bencher, Hello, &[None]);
    }

    #[divan::bench]
    fn no_session(bencher: Bencher<'_, '_>) {
        let auth = auth(&PreparedDidit::new());
        calls(bencher, tower::Layer::layer(&auth, Hello), &[None]);
    }

    #[divan::bench]
    fn signed_in_seen_before(bencher: Bencher<'_, '_>) {
        let (auth, cookie) = sign_in();
        calls(
            bencher,
            tower::Layer::layer(&auth, greeter()),
            &[Some(cookie)],
        );
    }

    #[divan::bench]
    fn signed_in_of_many(bencher: Bencher<'_, '_>) {
        let (auth, cookies) = sign_ins(MANY, in_cookies);
        calls(bencher, tower::Layer::layer(&auth, greeter()), &cookies);
    }
}

/// All the work of a sign-in but the provider's: it answers at once, and its keys are known.
#[divan::bench_group]
mod sign_in {
    use super::{Bencher, PreparedDidit, ServiceExt, auth, callback_of, request, routes, runtime};

    #[divan::bench]
    fn login(bencher: Bencher<'_, '_>) {
        let runtime = runtime();
        let app = routes().layer(auth(&PreparedDidit::new()));
        bencher
            .with_inputs(|| request("/login?return_to=/plain", None))
            .bench_local_values(|request| {
                let answer = runtime
                    .block_on(app.clone().oneshot(request))
                    .expect("infallible");
                assert!(answer.status().is_redirection());
                answer
            });
    }

    #[divan::bench]
    fn callback(bencher: Bencher<'_, '_>) {
        let runtime = runtime();
        let didit = PreparedDidit::new();
        let app = routes().layer(auth(&didit));
        bencher
            .with_inputs(|| {
                let login = request("/login?return_to=/plain", None);
                let answer = runtime
                    .block_on(app.clone().oneshot(login))
                    .expect("infallible");
                callback_of(&answer, &didit)
            })
            .bench_local_values(|request| {
                let answer = runtime
                    .block_on(app.clone().oneshot(request))
                    .expect("infallible");
                assert!(answer.status().is_redirection());
                answer
            });
    }
}

/// Requests with one cookie after the other.
fn requests(bencher: Bencher<'_, '_>, app: &Router, path: &str, cookies: &[Option<HeaderValue>]) {
    let runtime = runtime();
    let mut cookies = cookies.iter().cycle();
    bencher
        .with_inputs(|| request(path, cookies.next().and_then(Option::as_ref)))
        .bench_local_values(|request| {
            let answer = runtime
                .block_on(app.clone().oneshot(request))
                .expect("infallible");
            assert!(answer.status().is_success());
            black_box(answer)
        });
}

fn calls<S, R>(bencher: Bencher<'_, '_>, mut service: S, cookies: &[Option<HeaderValue>])
where
    S: Service<Request<Body>, Response = Response<R>, Error = Infallible>,
{
    let runtime = runtime();
    let mut cookies = cookies.iter().cycle();
    bencher
        .with_inputs(|| {
            let mut request = request("/plain", cookies.next().and_then(Option::as_ref));
            // A server has put something there already.
            request.extensions_mut().insert(());
            request
        })
        .bench_local_values(|request| {
            let answer = runtime.block_on(service.call(request)).expect("infallible");
            black_box(answer.status())
        });
}

fn routes() -> Router {
    Router::new()
        .route("/plain", get(async || "hello"))
        .route(
            "/user",
            get(async |user: IdClaims| {
                black_box(user.subject());
                "hello"
            }),
        )
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async { back }),
        )
}

fn auth(didit: &PreparedDidit) -> DiditAuth {
    DiditAuth::new(in_cookies(didit).build().expect("a good configuration"))
}

fn in_cookies(didit: &PreparedDidit) -> ConfigBuilder {
    Config::builder("client-id", CALLBACK)
        .with_cookie_keys([[7; 32]])
        .with_client_secret("client-secret")
        .with_scopes(["openid", "email", "names", "offline"])
        .with_transport(didit.transport())
}

fn in_memory(didit: &PreparedDidit) -> ConfigBuilder {
    in_cookies(didit).with_session_store(MemoryStore::new())
}

/// The layer of an application, and the session cookie of somebody who signed in there.
fn sign_in() -> (DiditAuth, HeaderValue) {
    let (auth, mut cookies) = sign_ins(1, in_cookies);
    let cookie = cookies.pop().flatten().expect("one signed in");
    assert!((1400..1600).contains(&cookie.len()), "{}", cookie.len());
    (auth, cookie)
}

/// Likewise, of many.
fn sign_ins(
    count: usize,
    config: impl Fn(&PreparedDidit) -> ConfigBuilder,
) -> (DiditAuth, Vec<Option<HeaderValue>>) {
    let didit = PreparedDidit::new();
    let config = config(&didit).build().expect("a good configuration");
    let auth = DiditAuth::new(config);
    let app = routes().layer(auth.clone());
    let runtime = runtime();
    let call = |request| {
        runtime
            .block_on(app.clone().oneshot(request))
            .expect("infallible")
    };
    let cookies = (0..count).map(|_| {
        let answer = call(request("/login", None));
        let answer = call(callback_of(&answer, &didit));
        Some(cookies_of(&answer))
    });
    (auth, cookies.collect())
}

/// More than the layer remembers.
const MANY: usize = 8_192;

fn callback_of(login: &Response<Body>, didit: &PreparedDidit) -> Request<Body> {
    let location = login.headers()[header::LOCATION].to_str().expect("a URL");
    let callback = didit.approve(location);
    let path = callback.strip_prefix("https://app.example");
    request(path.expect("the callback's"), Some(&cookies_of(login)))
}

/// What a browser would send after this answer.
fn cookies_of(answer: &Response<Body>) -> HeaderValue {
    let kept = answer.headers().get_all(header::SET_COOKIE).into_iter();
    let pairs: Vec<_> = kept
        .filter_map(|line| line.to_str().expect("ASCII").split_once(';'))
        .filter(|(pair, _)| !pair.ends_with('='))
        .map(|(pair, _)| pair)
        .collect();
    HeaderValue::try_from(pairs.join("; ")).expect("ASCII")
}

fn request(uri: &str, cookie: Option<&HeaderValue>) -> Request<Body> {
    let mut request = Request::get(uri)
        .header(header::HOST, "app.example")
        .header(header::USER_AGENT, "bench")
        .header(header::ACCEPT, "*/*")
        .body(Body::empty())
        .expect("a good request");
    if let Some(cookie) = cookie {
        request.headers_mut().insert(header::COOKIE, cookie.clone());
    }
    request
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A service that asks who is signed in.
fn greeter()
-> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone
{
    service_fn(async |request: Request<Body>| {
        let user = IdClaims::of(request.extensions()).await;
        black_box(user.is_ok_and(|user| user.is_some()));
        Ok(Response::new(Body::empty()))
    })
}

/// A service that asks for nothing.
#[derive(Clone)]
struct Hello;

impl Service<Request<Body>> for Hello {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        drop(request);
        std::future::ready(Ok(Response::new(Body::empty())))
    }
}
