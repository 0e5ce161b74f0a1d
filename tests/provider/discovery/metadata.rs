//! The members of a provider's metadata that are used.

use http::Response;
use serde_json::json;
use tower_didit::{
    Provider,
    fake::{Endpoint, FakeDidit, Fault},
    protocol::SigningAlgorithm,
};

use super::{HOUR, ISSUER, MOMENT, config, visitor, visitor_of};
use crate::support::{
    faults::{with, without},
    identity::{ALEJANDRA, attempt, visit},
    site::didit,
};

// OpenID Connect Discovery §4.3; behaviour 61.
#[tokio::test]
async fn the_metadata_of_another_issuer_is_refused() {
    let (didit, browser) = visitor();
    for issuer in [
        json!("https://apx.didit.me/"),
        json!("https://APX.didit.me"),
        json!("http://apx.didit.me"),
        json!("https://evil.example"),
        json!(["https://apx.didit.me"]),
        json!(null),
    ] {
        didit.clock().advance(MOMENT);
        didit.on_next(Endpoint::Discovery, with("issuer", issuer.clone()));
        assert_eq!(
            attempt(&browser, &didit).await,
            "invalid-metadata",
            "{issuer}"
        );
    }
    didit.clock().advance(MOMENT);
    didit.on_next(Endpoint::Discovery, without("issuer"));
    assert_eq!(attempt(&browser, &didit).await, "invalid-metadata");
    let twice = format!(r#"{{"issuer":{ISSUER:?},"issuer":{ISSUER:?}}}"#);
    didit.clock().advance(MOMENT);
    didit.on_next(Endpoint::Discovery, Fault::answer(Response::new(twice)));
    assert_eq!(attempt(&browser, &didit).await, "invalid-metadata");
    didit.clock().advance(MOMENT);
    assert_eq!(didit.count(Endpoint::Token), 0);
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
}

// RFC 6749 §3.2, RFC 8725 §3.1; behaviours 41 and 47.
#[tokio::test]
async fn unusable_endpoints_are_refused() {
    let (didit, browser) = visitor();
    for (member, value) in [
        (
            "authorization_endpoint",
            json!("http://apx.didit.me/authorize"),
        ),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("authorization_endpoint", json!("/authorize")),
        ("token_endpoint", json!("http://apx.didit.me/auth/v2/token")),
        ("token_endpoint", json!("http://127.0.0.1/auth/v2/token")),
        (
            "token_endpoint",
            json!("https://user:password@apx.didit.me/"),
        ),
        ("token_endpoint", json!("https://apx.didit.me/#fragment")),
        ("token_endpoint", json!(7)),
        ("jwks_uri", json!("file:///etc/passwd")),
        (
            "jwks_uri",
            json!(format!("https://x/{}", "a".repeat(70_000))),
        ),
        (
            "id_token_signing_alg_values_supported",
            json!(["none", "HS256"]),
        ),
    ] {
        didit.clock().advance(MOMENT);
        didit.on_next(Endpoint::Discovery, with(member, value.clone()));
        assert_eq!(
            attempt(&browser, &didit).await,
            "invalid-metadata",
            "{member}"
        );
    }
    for member in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        didit.clock().advance(MOMENT);
        didit.on_next(Endpoint::Discovery, without(member));
        assert_eq!(
            attempt(&browser, &didit).await,
            "invalid-metadata",
            "{member}"
        );
    }
    didit.clock().advance(MOMENT);
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
}

// OpenID Connect Discovery §3; behaviour 64.
#[tokio::test]
async fn changed_metadata_is_followed() {
    let (didit, browser) = visitor();
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);

    let moved = Fault::edit(|document| {
        for (member, host) in [
            ("token_endpoint", "token.example"),
            ("jwks_uri", "keys.example"),
        ] {
            let url = document[member].as_str().expect("a URL");
            let url = url.replace("apx.didit.me", host);
            document.insert(member.to_owned(), url.into());
        }
    });
    didit.on_every(Endpoint::Discovery, moved);
    didit.clock().advance(HOUR);
    // The stale metadata is used while it is fetched again.
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    let host = |endpoint| {
        let request = didit.last(endpoint).expect("it was asked");
        request.uri().host().expect("absolute").to_owned()
    };
    assert_eq!(host(Endpoint::Token), "token.example");
    assert_eq!(host(Endpoint::Jwks), "keys.example");
}

#[tokio::test]
async fn set_values_override_the_metadata() {
    let didit = didit();
    let provider = Provider::discovered(ISSUER)
        .with_token_endpoint("https://proxy.example/auth/v2/token")
        .with_signing_algorithms([SigningAlgorithm::Rs256]);
    let browser = visit(config(&didit).with_provider(provider));
    assert_eq!(attempt(&browser, &didit).await, "forbidden-algorithm");
    let token = didit.last(Endpoint::Token).expect("it was asked");
    assert_eq!(token.uri().host(), Some("proxy.example"));
    let didit = didit.with_rs256();
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
}

// RFC 8414 §2; behaviour 32.
#[tokio::test]
async fn the_client_authentication_is_that_of_the_metadata() {
    let methods = "token_endpoint_auth_methods_supported";
    let posting = didit().with_client_secret_post();
    let post = json!(["private_key_jwt", "client_secret_post"]);
    posting.on_every(Endpoint::Discovery, with(methods, post));
    let browser = visitor_of(&posting, ISSUER);
    assert_eq!(attempt(&browser, &posting).await, ALEJANDRA);
    let request = posting.last(Endpoint::Token).expect("it was asked");
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.form_value("client_id").as_deref(), Some("client"));
    assert_eq!(
        request.form_value("client_secret").as_deref(),
        Some("secret")
    );

    // Basic is the default, also if both are supported.
    for fault in [
        without(methods),
        with(
            methods,
            json!(["client_secret_post", "client_secret_basic"]),
        ),
    ] {
        let didit = didit();
        didit.on_every(Endpoint::Discovery, fault);
        assert_eq!(
            attempt(&visitor_of(&didit, ISSUER), &didit).await,
            ALEJANDRA
        );
        let request = didit.last(Endpoint::Token).expect("it was asked");
        assert!(request.header("authorization").is_some());
        assert_eq!(request.form_value("client_secret"), None);
    }

    // A public client sends its id and no secret.
    let didit = FakeDidit::new_public("client");
    let provider = Provider::discovered(ISSUER);
    let browser = visit(
        config(&didit)
            .with_cookie_keys([[7; 32]])
            .with_provider(provider),
    );
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    let request = didit.last(Endpoint::Token).expect("it was asked");
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.form_value("client_id").as_deref(), Some("client"));
    assert_eq!(request.form_value("client_secret"), None);
}
