//! Allocations for an ordinary request.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use allocation_counter::measure;
use axum::{Router, body::Body, routing::get};
use futures_util::FutureExt;
use http::{HeaderValue, Request, Response, header, request::Builder};
use tower::{Layer, Service, ServiceExt, layer::layer_fn};
use tower_didit::{
    DiditAuth, RequireSignIn,
    fake::{FakeDiditExt, Person},
    scope,
};

use crate::support::site::{CALLBACK, auth, didit};

/// A service that asks for nothing and allocates nothing.
#[derive(Clone)]
struct Hello;

impl<B> Service<Request<B>> for Hello {
    type Response = Response<&'static str>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        ready(Ok(Response::new("hello")))
    }
}

/// Inserts an `Arc` into the extensions of a request.
#[derive(Clone)]
struct Insert<S>(S);

struct Inserted;

impl<S: Service<Request<B>>, B> Service<Request<B>> for Insert<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.extensions_mut().insert(Arc::new(Inserted));
        self.0.call(request)
    }
}

/// A layer, and the cookie of a signed-in user.
async fn signed_in() -> (DiditAuth, HeaderValue) {
    let didit = didit();
    let auth = auth(didit.config(CALLBACK));
    let cookies = didit.session_cookies(&auth, &Person::alejandra()).await;
    (auth, cookies.unwrap())
}

/// The requests of a program, of a browser, and of a browser that is signed in.
fn requests(cookie: &HeaderValue) -> [Builder; 3] {
    let program = || Request::get("/").header(header::ACCEPT, "*/*");
    let page = || {
        Request::get("/")
            .header(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
    };
    [program(), page(), page().header(header::COOKIE, cookie)]
}

/// The number of allocations for a response.
fn count<S>(service: &S, request: Builder) -> u64
where
    S: Service<Request<Body>, Error = Infallible> + Clone,
{
    let mut request = request.body(Body::empty()).unwrap();
    // A server has inserted an extension before.
    request.extensions_mut().insert(());
    let service = service.clone();
    let info = measure(|| {
        let answer = service.oneshot(request).now_or_never();
        assert!(answer.is_some(), "it waits for nothing");
    });
    info.count_total
}

#[tokio::test]
async fn a_request_that_asks_for_nothing_makes_two_allocations_more_than_without_the_layer() {
    let (auth, cookie) = signed_in().await;
    let service = auth.layer(Hello);
    for (request, same) in requests(&cookie).into_iter().zip(requests(&cookie)) {
        assert!(count(&service, request) <= count(&Hello, same) + 2);
    }
}

/// The further allocation is axum's: it boxes a response body of another type.
#[tokio::test]
async fn in_axum_it_makes_one_allocation_more_than_with_a_layer_that_inserts_an_extension() {
    let (auth, cookie) = signed_in().await;
    let routes = || Router::new().route("/", get(async || "hello"));
    // A server provides the state once, not for each request.
    let app = routes().layer(auth).with_state(());
    let other = routes().layer(layer_fn(Insert)).with_state(());
    for (request, same) in requests(&cookie).into_iter().zip(requests(&cookie)) {
        assert!(count(&app, request) <= count(&other, same) + 1);
    }
}

/// Among them are the box of its decision and the claims in the extensions.
#[tokio::test]
async fn a_guard_without_rules_makes_four_allocations_more_than_the_layer() {
    let (auth, cookie) = signed_in().await;
    let guarded = auth.layer(RequireSignIn::new().layer(Hello));
    let open = auth.layer(Hello);
    let request = || {
        let [_, _, request] = requests(&cookie);
        request
    };
    // The first request decrypts the session.
    count(&guarded, request());
    assert!(count(&guarded, request()) <= count(&open, request()) + 4);
}

#[tokio::test]
async fn rules_make_no_allocation() {
    let didit = didit();
    let config = didit.config(CALLBACK).with_user_info_at_sign_in();
    let auth = auth(config.with_scopes([scope::OPENID, scope::IS_VERIFIED, scope::IS_OVER_18]));
    let cookie = didit.session_cookies(&auth, &Person::alejandra()).await;
    let cookie = cookie.unwrap();
    let plain = auth.layer(RequireSignIn::new().layer(Hello));
    let guard = RequireSignIn::new()
        .verified()
        .over_18()
        .scope(scope::OPENID)
        .when(|claims, user| !claims.subject().is_empty() && user.is_some())
        .same_origin();
    let ruled = auth.layer(guard.layer(Hello));
    let request = || {
        let [_, _, request] = requests(&cookie);
        request
    };
    // The first request decrypts the session and parses the user information.
    count(&ruled, request());
    assert_eq!(count(&ruled, request()), count(&plain, request()));
}
