//! The application, and the requests that Didit got.

use std::time::Duration;

use axum::{Router, routing::get};
use http::{Method, Request, StatusCode};
use tower::ServiceExt;
use tower_didit::{
    ConfigBuilder, DiditTokens,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Page},
};

use crate::support::{
    sign_in::sign_in,
    site::{CALLBACK, HOME, NOBODY, auth},
    tasks::yield_until,
};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// Longer than the lifetime of an access token.
pub(crate) const LATER: Duration = Duration::from_secs(400);

/// Sessions in memory with single-use refresh tokens, and sessions in cookies without refresh tokens.
pub(crate) const PLACES: [fn(&FakeDidit) -> ConfigBuilder; 2] = [in_memory, in_cookies];

pub(crate) fn in_memory(didit: &FakeDidit) -> ConfigBuilder {
    in_cookies(didit).with_scopes(["openid", "offline_access"])
}

pub(crate) fn in_cookies(didit: &FakeDidit) -> ConfigBuilder {
    didit.config(CALLBACK).with_cookie_keys([[7; 32]])
}

pub(crate) fn didit() -> FakeDidit {
    FakeDidit::authentication("app")
}

/// Both pages show the access token.
pub(crate) fn app(config: ConfigBuilder) -> Router {
    let token = |tokens: DiditTokens| async move { tokens.access_token().secret().to_owned() };
    Router::new()
        .route(
            "/",
            get(move |tokens: Option<DiditTokens>| async move {
                match tokens {
                    Some(tokens) => token(tokens).await,
                    None => NOBODY.to_owned(),
                }
            }),
        )
        .route("/callback", get(token))
        .layer(auth(config))
}

/// A signed-in browser.
pub(crate) async fn user(didit: &FakeDidit, config: ConfigBuilder) -> Browser {
    let browser = Browser::new(HOME, app(config));
    assert_eq!(sign_in(&browser, didit).await.status(), StatusCode::OK);
    browser
}

pub(crate) async fn sign_out(browser: &Browser) -> Page {
    browser.post_form("/logout", &[]).await
}

#[track_caller]
pub(crate) fn assert_signed_out(browser: &Browser, page: &Page) {
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(page.location(), "/");
    assert!(browser.cookies().is_empty());
}

/// The access tokens that came with a `DELETE`, oldest first.
pub(crate) fn deleted_with(didit: &FakeDidit) -> Vec<String> {
    let requests = didit.requests().into_iter();
    let deletions = requests.filter(|request| request.method() == Method::DELETE);
    deletions
        .map(|request| {
            assert_eq!(request.uri(), "https://app.auth.didit.me/session/");
            let bearer = request.header("authorization").unwrap_or_default();
            let token = bearer.strip_prefix("Bearer ");
            token.expect("it carries the access token").to_owned()
        })
        .collect()
}

/// Whether the provider's session of an access token exists.
pub(crate) async fn lives_there(didit: &FakeDidit, access_token: &str) -> bool {
    let request = Request::get("https://app.auth.didit.me/session/")
        .header("authorization", format!("Bearer {access_token}"))
        .body(bytes::Bytes::new())
        .expect("a good request");
    let answer = didit.clone().oneshot(request).await;
    answer.expect("infallible").status() == StatusCode::OK
}

/// Lets tasks run until Didit got this many requests.
pub(crate) async fn until_asked(didit: &FakeDidit, endpoint: Endpoint, times: usize) {
    yield_until(|| didit.count(endpoint) == times).await;
}
