//! The rules of `RequireSignIn`.

mod outdated;
mod requests;
mod rules;
mod settings;

use axum::{
    Router,
    body::Body,
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderValue, Request, StatusCode, header, request::Builder};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use tower_didit::{
    ConfigBuilder, DiditAuth, Provider, RequireSignIn,
    fake::{FakeDidit, FakeDiditExt, Person},
    scope,
};

use crate::support::{
    handlers::once,
    site::{CALLBACK, auth, didit},
};

/// A provider with user information.
#[derive(Clone, Copy, Debug)]
enum WithUserInfo {
    SignInApi,
    Discovered,
}

impl WithUserInfo {
    const BOTH: [Self; 2] = [Self::SignInApi, Self::Discovered];

    /// Requests the scope of every rule, and keeps the user information.
    fn config(self, didit: &FakeDidit) -> ConfigBuilder {
        let config = didit
            .config(CALLBACK)
            .with_scopes([
                scope::OPENID,
                scope::EMAIL,
                scope::IS_VERIFIED,
                scope::IS_OVER_18,
                scope::IS_OVER_21,
            ])
            .with_user_info_at_sign_in();
        match self {
            Self::SignInApi => config,
            Self::Discovered => config.with_provider(Provider::discovered(didit.issuer())),
        }
    }
}

/// Didit Authentication, which has no user information.
fn authentication() -> (FakeDidit, ConfigBuilder) {
    let didit = FakeDidit::authentication("app");
    let config = once(&didit);
    (didit, config)
}

/// One guarded page for all methods.
fn guarded(guard: RequireSignIn, auth: &DiditAuth) -> Router {
    Router::new()
        .route("/page", any(|| async { "the page" }))
        .route_layer(guard)
        .layer(auth.clone())
}

/// The `Cookie` header of a signed-in person.
async fn session(didit: &FakeDidit, auth: &DiditAuth, person: &Person) -> HeaderValue {
    let cookies = didit.session_cookies(auth, person).await;
    cookies.expect("a session")
}

/// A program's request for the page.
fn get() -> Builder {
    Request::get("/page").header(header::ACCEPT, "application/json")
}

/// A browser's request for the page.
fn open() -> Builder {
    Request::get("/page").header("sec-fetch-mode", "navigate")
}

/// The response of an application: status, content type or location, and text.
async fn send(app: &Router, request: Builder) -> (StatusCode, String, String) {
    let request = request.body(Body::empty()).expect("a good request");
    let response = app.clone().oneshot(request).await.into_response();
    let status = response.status();
    let header = |name| response.headers().get(name).cloned();
    let header = header(header::LOCATION).or(header(header::CONTENT_TYPE));
    let header = header.map(|value| value.to_str().expect("visible ASCII").to_owned());
    (status, header.unwrap_or_default(), text(response).await)
}

async fn text(response: Response) -> String {
    let body = response.into_body().collect().await.expect("a whole body");
    String::from_utf8(body.to_bytes().to_vec()).expect("UTF-8")
}

/// The status and the code of a program's request; the code of a page is `""`.
async fn outcome(app: &Router, request: Builder) -> (u16, String) {
    let (status, _, text) = send(app, request).await;
    let problem: Value = serde_json::from_str(&text).unwrap_or_default();
    let code = problem.get("code").and_then(Value::as_str);
    (status.as_u16(), code.unwrap_or_default().to_owned())
}

/// The outcome for a signed-in person.
async fn outcome_for(
    person: &Person,
    guard: &RequireSignIn,
    didit: &FakeDidit,
    config: ConfigBuilder,
) -> (u16, String) {
    let auth = auth(config);
    let cookie = session(didit, &auth, person).await;
    let app = guarded(guard.clone(), &auth);
    outcome(&app, get().header(header::COOKIE, cookie)).await
}

fn passed() -> (u16, String) {
    (200, String::new())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// The Sign in API, with the configuration of [`WithUserInfo`].
fn sign_in_api() -> (FakeDidit, ConfigBuilder) {
    let didit = didit();
    let config = WithUserInfo::SignInApi.config(&didit);
    (didit, config)
}
