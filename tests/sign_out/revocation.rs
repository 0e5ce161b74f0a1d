//! Signing out where a provider takes tokens back (RFC 7009).

use std::time::Duration;

use axum::{Router, routing::get};
use futures_util::future::join;
use http::{Request, StatusCode};
use serde_json::json;
use tokio::time::Instant;
use tower::ServiceExt;
use tower_didit::{
    ConfigBuilder, DiditTokens, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Page, RecordedRequest},
};

use crate::support::{
    logs::{capture, logs},
    sign_in::sign_in,
    sign_out::leads_to,
    site::{CALLBACK, HOME, auth, memory},
};

/// Both need encoding.
const CLIENT: &str = "relying party:1";
const SECRET: &str = "s3cret+/=%";

fn didit() -> FakeDidit {
    FakeDidit::new(CLIENT, SECRET).with_revocation_endpoint()
}

/// An application with a discovered provider.
fn discovered(didit: &FakeDidit) -> ConfigBuilder {
    didit
        .config(CALLBACK)
        .with_provider(Provider::discovered("https://apx.didit.me"))
        .with_cookie_keys([[7; 32]])
        .with_scopes(["openid", "offline"])
}

/// A signed-in browser, its access token and its refresh token.
async fn user(didit: &FakeDidit, config: ConfigBuilder) -> (Browser, String, Option<String>) {
    let tokens = |tokens: DiditTokens| async move {
        let refresh_token = tokens.refresh_token().map_or("", |token| token.secret());
        format!("{} {refresh_token}", tokens.access_token().secret())
    };
    let app = Router::new()
        .route("/callback", get(tokens))
        .layer(auth(config));
    let browser = Browser::new(HOME, app);
    let page = sign_in(&browser, didit).await;
    assert_eq!(page.status(), StatusCode::OK);
    let (access_token, refresh_token) = page.text().split_once(' ').expect("two words");
    let refresh_token = Some(refresh_token.to_owned()).filter(|token| !token.is_empty());
    (browser, access_token.to_owned(), refresh_token)
}

async fn sign_out(browser: &Browser) -> Page {
    let page = browser.post_form("/logout", &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(page.location(), "/");
    assert!(browser.cookies().is_empty());
    page
}

fn revocation(didit: &FakeDidit) -> RecordedRequest {
    didit.last(Endpoint::Revocation).expect("it was asked")
}

/// Whether the provider accepts an access token.
async fn counts(didit: &FakeDidit, access_token: &str) -> bool {
    let request = Request::get("https://apx.didit.me/auth/v2/users/retrieve")
        .header("authorization", format!("Bearer {access_token}"))
        .body(bytes::Bytes::new())
        .expect("a good request");
    let answer = didit.clone().oneshot(request).await;
    answer.expect("infallible").status() == StatusCode::OK
}

// RFC 7009 §2.1; behaviour 89.
#[tokio::test]
async fn the_refresh_token_is_revoked() {
    for is_stored in [false, true] {
        let didit = didit();
        let mut config = discovered(&didit);
        if is_stored {
            config = config.with_session_store(memory(&didit));
        }
        let (browser, access_token, refresh_token) = user(&didit, config).await;
        assert!(counts(&didit, &access_token).await);
        sign_out(&browser).await;
        assert!(!counts(&didit, &access_token).await);

        assert_eq!(didit.count(Endpoint::Revocation), 1);
        let request = revocation(&didit);
        assert_eq!(request.form_value("token"), refresh_token);
        let hint = request.form_value("token_type_hint");
        assert_eq!(hint.as_deref(), Some("refresh_token"));
        assert!(request.header("authorization").is_some());
        assert_eq!(request.form_value("client_id"), None);
        assert_eq!(request.form_value("client_secret"), None);
    }
}

// RFC 7009 §2.1; behaviour 89.
#[tokio::test]
async fn without_a_refresh_token_the_access_token_is_revoked() {
    let didit = didit();
    let config = discovered(&didit).with_scopes(["openid"]);
    let (browser, access_token, refresh_token) = user(&didit, config).await;
    assert_eq!(refresh_token, None);
    sign_out(&browser).await;
    assert!(!counts(&didit, &access_token).await);
    let hint = revocation(&didit).form_value("token_type_hint");
    assert_eq!(hint.as_deref(), Some("access_token"));
}

// RFC 6749 §2.3, RFC 7009 §2.1; behaviours 32 and 89.
#[tokio::test]
async fn revocation_uses_the_client_authentication_of_token_requests() {
    let post = didit().with_client_secret_post();
    let public = FakeDidit::new_public(CLIENT).with_revocation_endpoint();
    for (didit, secret) in [(post, Some(SECRET)), (public, None)] {
        let (browser, access_token, _) = user(&didit, discovered(&didit)).await;
        sign_out(&browser).await;
        assert!(!counts(&didit, &access_token).await);
        let request = revocation(&didit);
        assert_eq!(request.header("authorization"), None);
        assert_eq!(request.form_value("client_id").as_deref(), Some(CLIENT));
        assert_eq!(request.form_value("client_secret").as_deref(), secret);
    }
}

// RFC 6749 §3.2; behaviours 41 and 89.
#[tokio::test]
async fn a_configured_endpoint_works_like_a_discovered_one() {
    let didit = didit();
    let config = didit.config(CALLBACK).with_scopes(["openid", "offline"]);
    let (browser, access_token, _) = user(&didit, config).await;
    sign_out(&browser).await;
    assert!(!counts(&didit, &access_token).await);
    let provider = Provider::didit().with_revocation_endpoint("http://apx.didit.me/revoke");
    let refused = didit.config(CALLBACK).with_provider(provider).build();
    assert!(refused.is_err());
}

// RFC 7009 §2.2; behaviour 89.
#[tokio::test(start_paused = true)]
async fn the_local_session_ends_whatever_the_provider_answers() {
    let second = Duration::from_secs(1);
    for (fault, expected) in [
        (
            Fault::error("server_error").with_status(503),
            Duration::ZERO,
        ),
        (Fault::error("unsupported_token_type"), Duration::ZERO),
        (Fault::error("invalid_client"), Duration::ZERO),
        (Fault::delay(second), second),
        (Fault::hang(), 2 * second),
    ] {
        let didit = didit();
        let (browser, ..) = user(&didit, discovered(&didit)).await;
        didit.on_every(Endpoint::Revocation, fault);
        let start = Instant::now();
        sign_out(&browser).await;
        assert_eq!(start.elapsed().as_secs(), expected.as_secs());
        assert_eq!(didit.count(Endpoint::Revocation), 1);
    }
}

// RFC 7009 §2.1; behaviour 89.
#[tokio::test]
async fn two_concurrent_sign_outs_revoke_once() {
    let didit = didit();
    let (browser, ..) = user(&didit, discovered(&didit)).await;
    let other = browser.clone();
    join(sign_out(&browser), sign_out(&other)).await;
    assert_eq!(didit.count(Endpoint::Revocation), 1);
}

// RFC 6749 §3.2, OpenID Connect RP-Initiated Logout §2; behaviours 41 and 90.
#[tokio::test]
async fn an_invalid_advertised_endpoint_counts_as_missing() {
    for useless in [
        json!("http://apx.didit.me/auth/v2/revoke"),
        json!("/auth/v2/revoke"),
        json!("javascript:alert(1)"),
        json!(""),
        json!(["https://apx.didit.me/auth/v2/revoke"]),
        json!(null),
    ] {
        let didit = didit().with_end_session_endpoint();
        let (given, told) = (useless.clone(), useless.is_null());
        let edit = Fault::edit(move |document| {
            for name in ["revocation_endpoint", "end_session_endpoint"] {
                document.insert(name.to_owned(), given.clone());
            }
        });
        didit.on_every(Endpoint::Discovery, edit);
        capture();
        let (browser, ..) = user(&didit, discovered(&didit)).await;
        let asked = didit.requests().len();
        sign_out(&browser).await;
        assert_eq!(didit.requests().len(), asked, "{useless}");
        let logged = logs();
        for name in ["revocation endpoint", "end-session endpoint"] {
            assert_eq!(logged.contains(name), !told, "{useless}: {logged}");
        }
    }
}

// Behaviour 95.
#[tokio::test]
async fn nothing_secret_is_logged() {
    for fault in [Fault::error("x").with_status(503), Fault::edit(|_| {})] {
        let didit = didit().with_end_session_endpoint();
        didit.on_every(Endpoint::Revocation, fault);
        capture();
        let (browser, access_token, refresh_token) = user(&didit, discovered(&didit)).await;
        let page = browser.post_form("/logout", &[]).await;
        let there: url::Url = leads_to(&page).parse().expect("a URL");
        let (_, hint) = there.query_pairs().next().expect("the ID token");
        assert_eq!(didit.count(Endpoint::Revocation), 1);
        let logged = logs();
        assert!(logged.contains("sign-out requested"), "{logged}");
        let refresh_token = refresh_token.expect("one");
        for secret in [SECRET, &access_token, &refresh_token, &hint] {
            assert!(!logged.contains(secret), "{secret}: {logged}");
        }
    }
}
