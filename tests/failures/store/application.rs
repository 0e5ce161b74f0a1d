//! The application of these tests.

use axum::{
    Router,
    routing::{get, post},
};
use http::StatusCode;
use tower_didit::{
    ConfigBuilder, DiditClient, DiditTokens, Error, IdClaims, RequireSignIn, ReturnTo, SignedOut,
    fake::{Browser, FakeDidit, FakeDiditExt, Page},
};

use super::failing_store::FailingStore;
use crate::support::{
    outage,
    sign_in::sign_in,
    site::{CALLBACK, HOME, NOBODY, auth},
};

pub(crate) fn config(didit: &FakeDidit, store: &FailingStore) -> ConfigBuilder {
    didit
        .config(CALLBACK)
        .with_scopes(["openid", "offline"])
        .with_session_store(store.clone())
}

/// A browser in front of an application of its own.
pub(crate) fn browser(config: ConfigBuilder) -> Browser {
    let members = Router::new()
        .route("/members", get(|| async { "members" }))
        .route_layer(RequireSignIn::new());
    let app = Router::new()
        .route("/plain", get(|| async { "plain" }))
        .route("/user", get(user))
        .route("/claims", get(|claims: IdClaims| user(Some(claims))))
        .route("/tokens", get(|_: DiditTokens| async { "tokens" }))
        .route("/tokens-if-any", get(|_: Option<DiditTokens>| async {}))
        .route("/refresh", get(refresh))
        .route("/sign-out", post(sign_out))
        .route("/callback", get(callback))
        .merge(members)
        .layer(auth(config));
    Browser::new(HOME, app)
}

/// A signed-in browser.
pub(crate) async fn signed_in(didit: &FakeDidit, store: &FailingStore) -> Browser {
    let browser = browser(config(didit, store));
    assert_eq!(sign_in(&browser, didit).await.status(), StatusCode::OK);
    browser
}

/// The 503 of a request that asks for the session.
#[track_caller]
pub(crate) fn assert_unavailable(page: &Page) {
    outage::assert_unavailable(page, "session-unavailable");
}

/// The store did not answer a sign-out.
pub(crate) fn assert_incomplete(page: &Page) {
    outage::assert_unavailable(page, "sign-out-incomplete");
}

async fn user(user: Option<IdClaims>) -> String {
    user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
}

async fn refresh(client: DiditClient, tokens: DiditTokens) -> Result<String, Error> {
    let tokens = client.refresh(&tokens).await?;
    Ok(tokens.access_token().secret().to_owned())
}

async fn sign_out(client: DiditClient) -> Result<SignedOut, Error> {
    client.sign_out().await
}

async fn callback(_: IdClaims, _: ReturnTo) -> &'static str {
    "signed in"
}
