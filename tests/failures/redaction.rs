//! `Debug` of types with secrets, and auto traits.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tower::{Layer, ServiceExt};
use tower_didit::{
    Config, ConfigError, DiditAuth, DiditClient, DiditTokens, Error, ErrorKind, Provider,
    RequireSignIn, ReturnTo, SignIn, SignedOut,
    fake::{self, Browser, Endpoint, FakeDidit, FakeDiditExt, Fault},
    middleware::{DiditAuthService, RequireSignInService, ResponseBody, ResponseFuture},
    reason::{CallbackError, GuardError, TokenError},
    store::{
        MemoryStore, RedisStore, RefreshAttempt, SessionKey, SessionOwner, SessionStore,
        StoreError, StoredSession, UserKey,
    },
    tokens::{AccessToken, IdToken, RefreshToken, Scopes},
    transport::{TransportError, TransportFuture},
};

use crate::support::{
    cookies::SESSION,
    sign_in::sign_in,
    site::{CALLBACK, HOME, auth},
};

const CLIENT_SECRET: &str = "hunter2-client-secret";
const COOKIE_KEY: &[u8; 32] = b"hunter2-cookie-key-of-32-bytes!!";

/// Asserts that `{:?}` and `{:#?}` of `what` contain the text, and none of the secrets.
#[track_caller]
fn assert_redacted(what: &dyn std::fmt::Debug, shown: &str, secrets: &[&str]) {
    for debug in [format!("{what:?}"), format!("{what:#?}")] {
        assert!(debug.contains(shown), "{shown} is not in {debug}");
        for secret in secrets {
            assert!(!debug.contains(secret), "{secret:?} is in {debug}");
        }
        // The key as a list of numbers.
        let unspaced: String = debug.split_whitespace().collect();
        assert!(!unspaced.contains("104,117,110,116"), "{debug}");
    }
}

// Behaviour 95.
#[test]
fn a_configuration_and_the_layer_show_no_secret() {
    let didit = FakeDidit::new("client-id", CLIENT_SECRET);
    let builder = || {
        let config = didit.config(CALLBACK).with_cookie_keys([COOKIE_KEY]);
        config.with_login_hint("hunter2@example.com")
    };
    let secrets = ["hunter2"];
    assert_redacted(&builder(), r#""client-id""#, &secrets);
    let config = builder().build().unwrap();
    assert_redacted(&config, r#""client-id""#, &secrets);
    assert_redacted(&config, CALLBACK, &secrets);
    assert_redacted(
        &didit.config(CALLBACK).build().unwrap(),
        "[redacted]",
        &secrets,
    );
    assert_redacted(&DiditAuth::new(config), "DiditAuth", &secrets);
    assert_redacted(&didit, "FakeDidit", &secrets);

    let short = builder().with_cookie_keys([&COOKIE_KEY[..31]]).build();
    assert_redacted(&short.unwrap_err(), "cookie key 1 has 31 bytes", &secrets);
}

// Behaviour 95.
#[tokio::test]
async fn tokens_pages_and_cookies_show_no_secret() {
    let didit = FakeDidit::new("client-id", CLIENT_SECRET);
    let seen = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&seen);
    let callback = move |tokens: DiditTokens| async move {
        *kept.lock().unwrap() = Some(tokens);
    };
    let config = didit.config(CALLBACK).with_scopes(["openid", "offline"]);
    let app = Router::new()
        .route("/callback", get(callback))
        .layer(auth(config));
    let browser = Browser::new(HOME, app);
    let page = sign_in(&browser, &didit).await;
    assert_eq!(page.status(), StatusCode::OK);

    let tokens = seen.lock().unwrap().take().unwrap();
    let (access, refresh, id) = (
        tokens.access_token(),
        tokens.refresh_token().unwrap(),
        tokens.id_token().unwrap(),
    );
    let cookie = browser.cookie(SESSION).unwrap();
    let request = didit.last(Endpoint::Token).unwrap();
    let (code, verifier) = (
        request.form_value("code").unwrap(),
        request.form_value("code_verifier").unwrap(),
    );
    let basic = request
        .header("authorization")
        .unwrap()
        .strip_prefix("Basic ")
        .unwrap();
    let secrets = [
        access.secret(),
        refresh.secret(),
        id.secret(),
        cookie.value(),
        &code,
        &verifier,
        basic,
        "hunter2",
    ];
    assert_redacted(&tokens, "access_token: [redacted]", &secrets);
    assert_eq!(
        format!("{access:?} {refresh:?} {id:?}"),
        "[redacted] [redacted] [redacted]"
    );
    assert_redacted(&page, "Page", &secrets);
    assert_redacted(&browser, "__Host-didit", &secrets);
    assert_redacted(&cookie, "__Host-didit", &secrets);
    assert_redacted(&request, "RecordedRequest", &secrets);
    assert_redacted(&didit.requests(), "RecordedRequest", &secrets);
    assert_redacted(&didit, "FakeDidit", &secrets);
}

// Behaviour 95.
#[tokio::test]
async fn an_error_shows_neither_code_nor_response() {
    const LEAK: &str = "what-the-provider-repeated";
    let didit = FakeDidit::new("client-id", CLIENT_SECRET);
    let errors = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&errors);
    let config = didit.config(CALLBACK).with_error_page(move |error, _, _| {
        kept.lock().unwrap().push(error.clone());
        Response::new(Bytes::new())
    });
    let app = Router::new().layer(auth(config));
    let browser = Browser::new(HOME, app);
    let answer = |body: &str| Fault::answer(Response::new(body.to_owned()));
    for (fault, kind, display) in [
        (
            Fault::error("invalid_grant").with_description(LEAK),
            ErrorKind::TokenRequest(TokenError::InvalidGrant),
            "the provider refuses the code or refresh token (error code invalid_grant)",
        ),
        (
            answer(&format!(r#"{{"access_token":["{LEAK}"]}}"#)),
            ErrorKind::InvalidResponse,
            "the provider's response cannot be used: neither a token response nor an error response",
        ),
        (
            answer(LEAK),
            ErrorKind::InvalidResponse,
            "the provider's response cannot be used: not a JSON object",
        ),
    ] {
        didit.on_next(Endpoint::Token, fault);
        sign_in(&browser, &didit).await;
        let error = errors.lock().unwrap().pop().unwrap();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.to_string(), display);
        let code = didit
            .last(Endpoint::Token)
            .unwrap()
            .form_value("code")
            .unwrap();
        assert_redacted(&error, "Error", &[LEAK, &code, "hunter2"]);
        assert!(std::error::Error::source(&error).is_none());
    }
}

#[tokio::test]
async fn the_error_is_in_the_extensions_of_its_response() {
    let didit = FakeDidit::new("client-id", CLIENT_SECRET);
    let app = Router::new().layer(auth(didit.config(CALLBACK)));
    for (request, kind) in [
        (Request::get("/logout"), ErrorKind::MethodNotAllowed),
        (
            Request::get("/callback"),
            ErrorKind::Callback(CallbackError::Malformed),
        ),
        (
            Request::get("/callback?code=c&state=s"),
            ErrorKind::Callback(CallbackError::UnknownSignIn),
        ),
        (
            Request::post("/logout").header("origin", "null"),
            ErrorKind::CrossSiteSignOut,
        ),
        (
            Request::get("/login").header("sec-fetch-mode", "cors"),
            ErrorKind::NotANavigation,
        ),
    ] {
        let request = request.body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), kind.status());
        assert_eq!(
            response.extensions().get::<Error>().map(Error::kind),
            Some(kind)
        );
    }
    assert!(didit.requests().is_empty());
}

// Behaviour 95.
#[test]
fn services_show_the_inner_service() {
    #[derive(Clone, Debug)]
    struct Inner;
    let didit = FakeDidit::new("client-id", CLIENT_SECRET);
    let auth = auth(didit.config(CALLBACK));
    let service = auth.layer(RequireSignIn::new().layer(Inner));
    assert_redacted(&service, "Inner", &["hunter2"]);
}

/// Fails to compile if a type lacks a trait.
#[test]
fn public_types_cross_threads() {
    fn auto<T: Send + Sync + Unpin + 'static>() {}
    fn cloned<T: Clone + Send + Sync + Unpin + 'static>() {}
    fn value<T: Copy + Eq + std::hash::Hash + Send + Sync + Unpin + 'static>() {}
    fn error<T: std::error::Error + Send + Sync + Unpin + 'static>() {}
    fn sent<T: Send>() {}
    fn shared<T: Send + Sync + 'static + ?Sized>() {}

    auto::<Config>();
    auto::<tower_didit::ConfigBuilder>();
    error::<ConfigError>();
    cloned::<DiditAuth>();
    cloned::<DiditClient>();
    cloned::<DiditTokens>();
    cloned::<Error>();
    error::<Error>();
    value::<ErrorKind>();
    value::<GuardError>();
    cloned::<Provider>();
    cloned::<RequireSignIn>();
    cloned::<ReturnTo>();
    cloned::<SignIn>();
    cloned::<SignedOut>();
    cloned::<DiditClient>();
    cloned::<MemoryStore>();
    cloned::<RedisStore>();
    shared::<dyn SessionStore>();
    cloned::<StoredSession>();
    value::<SessionKey>();
    cloned::<RefreshAttempt>();
    cloned::<SessionOwner>();
    value::<UserKey>();
    error::<StoreError>();
    cloned::<Scopes>();
    auto::<AccessToken>();
    auto::<RefreshToken>();
    auto::<IdToken>();
    error::<TransportError>();
    sent::<TransportFuture>();

    cloned::<DiditAuthService<()>>();
    cloned::<RequireSignInService<()>>();
    auto::<ResponseBody<()>>();
    sent::<ResponseFuture<Router, Body>>();

    cloned::<FakeDidit>();
    cloned::<Browser>();
    cloned::<Fault>();
    cloned::<fake::FakeClock>();
    cloned::<fake::Page>();
    cloned::<fake::Person>();
    cloned::<fake::RecordedRequest>();
    cloned::<fake::StoredCookie>();
    value::<Endpoint>();
}

/// Fails to compile if the type has the trait: there are two candidates for `f`.
macro_rules! assert_lacks {
    ($($type:ty: $trait:path),* $(,)?) => {$({
        trait Candidate<A> {
            fn f() {}
        }
        struct Other;
        impl<T: ?Sized> Candidate<()> for T {}
        impl<T: ?Sized + $trait> Candidate<Other> for T {}
        <$type as Candidate<_>>::f();
    })*};
}

/// Fails to compile if a secret can be copied, printed, compared byte by byte or serialized.
// Behaviour 95.
#[test]
fn secrets_lack_traits_that_would_expose_them() {
    assert_lacks! {
        AccessToken: Clone, AccessToken: std::fmt::Display, AccessToken: PartialEq,
        AccessToken: serde::Serialize,
        RefreshToken: Clone, RefreshToken: std::fmt::Display, RefreshToken: PartialEq,
        RefreshToken: serde::Serialize,
        IdToken: Clone, IdToken: std::fmt::Display, IdToken: PartialEq, IdToken: serde::Serialize,
        DiditTokens: std::fmt::Display, DiditTokens: PartialEq, DiditTokens: serde::Serialize,
    }
}
