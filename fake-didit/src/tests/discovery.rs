use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{didit, get, request, send, send_json};
use crate::{Endpoint, FakeDidit, Fault};

async fn document(didit: &FakeDidit, issuer: &str) -> Value {
    let url = format!("{issuer}/.well-known/openid-configuration");
    let (status, document) = send_json(didit, get(&url)).await;
    assert_eq!(status, StatusCode::OK);
    document
}

#[tokio::test]
async fn the_sign_in_api_is_found_by_its_issuer() {
    let didit = didit();
    assert_eq!(
        document(&didit, "https://apx.didit.me").await,
        json!({
            "issuer": "https://apx.didit.me",
            "authorization_endpoint": "https://apx.didit.me/auth/v2/authorize",
            "token_endpoint": "https://apx.didit.me/auth/v2/token",
            "userinfo_endpoint": "https://apx.didit.me/auth/v2/users/retrieve",
            "introspection_endpoint": "https://apx.didit.me/auth/v2/introspect",
            "jwks_uri": "https://apx.didit.me/auth/config/jwks",
            "scopes_supported": [
                "openid", "offline", "user_id", "picture", "names", "email", "phone", "gender",
                "document_detail", "birthdate", "address", "bank_account", "preferences",
                "is_verified", "is_over_18", "is_over_21", "instagram_account", "x_account",
                "tiktok_account",
            ],
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "subject_types_supported": ["pairwise"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["ES256", "RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        })
    );
    assert_eq!(didit.count(Endpoint::Discovery), 1);
}

#[tokio::test]
async fn didit_authentication_is_found_by_its_issuer() {
    let didit = FakeDidit::authentication("app").with_issuer("https://x.example/tenant");
    assert_eq!(
        document(&didit, "https://x.example/tenant").await,
        json!({
            "issuer": "https://x.example/tenant",
            "authorization_endpoint": "https://x.example/tenant/sign-in",
            "token_endpoint": "https://x.example/tenant/token/",
            "jwks_uri": "https://x.example/tenant/.well-known/jwks.json",
            "scopes_supported": ["openid", "email", "phone", "profile", "offline_access"],
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["pairwise"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["none"],
        })
    );
}

#[tokio::test]
async fn settings_change_the_document() {
    let issuer = "http://127.0.0.1:3000";
    let didit = didit()
        .with_issuer(issuer)
        .with_rs256()
        .with_client_secret_post()
        .with_iss_parameter();
    let metadata = document(&didit, issuer).await;
    assert_eq!(
        metadata["token_endpoint"],
        "http://127.0.0.1:3000/auth/v2/token"
    );
    for (name, value) in [
        (
            "id_token_signing_alg_values_supported",
            json!(["ES256", "RS256"]),
        ),
        (
            "token_endpoint_auth_methods_supported",
            json!(["client_secret_post"]),
        ),
        (
            "authorization_response_iss_parameter_supported",
            json!(true),
        ),
    ] {
        assert_eq!(metadata[name], value);
    }
}

#[tokio::test]
async fn the_document_has_the_optional_endpoints_that_are_switched_on() {
    let issuer = "http://127.0.0.1:3000";
    let didit = didit().with_issuer(issuer).with_client_secret_post();
    let before = document(&didit, issuer).await;
    assert_eq!(before.get("revocation_endpoint"), None);
    assert_eq!(before.get("end_session_endpoint"), None);

    let didit = didit.with_revocation_endpoint().with_end_session_endpoint();
    let metadata = document(&didit, issuer).await;
    for (name, value) in [
        (
            "revocation_endpoint",
            json!("http://127.0.0.1:3000/auth/v2/revoke"),
        ),
        (
            "revocation_endpoint_auth_methods_supported",
            json!(["client_secret_post"]),
        ),
        (
            "end_session_endpoint",
            json!("http://127.0.0.1:3000/auth/v2/logout"),
        ),
    ] {
        assert_eq!(metadata[name], value);
    }
}

#[tokio::test]
async fn the_document_is_below_an_issuer_with_a_slash_or_a_path() {
    for issuer in ["https://auth.didit.me/", "https://x.example/tenant"] {
        let didit = didit().with_issuer(issuer);
        let metadata = document(&didit, issuer.trim_end_matches('/')).await;
        assert_eq!(metadata["issuer"], issuer);
        let other_path = get("https://x.example/other/.well-known/openid-configuration");
        assert_eq!(
            send(&didit, other_path).await.status(),
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn the_document_is_cacheable_for_five_minutes() {
    let url = "https://apx.didit.me/.well-known/openid-configuration";
    let response = send(&didit(), get(url)).await;
    assert_eq!(response.headers()["cache-control"], "public, max-age=300");
    assert_eq!(response.headers()["content-type"], "application/json");
    let response = send(&didit(), request(Method::POST, url)).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn published_documents_can_be_edited() {
    let didit = didit();
    didit.on_next(
        Endpoint::Discovery,
        Fault::edit(|document| {
            document.insert("issuer".to_owned(), "https://evil.example".into());
        }),
    );
    let metadata = document(&didit, "https://apx.didit.me").await;
    assert_eq!(metadata["issuer"], "https://evil.example");

    didit.on_next(
        Endpoint::Jwks,
        Fault::edit(|document| {
            document.insert("keys".to_owned(), json!([]));
        }),
    );
    let jwks = get("https://apx.didit.me/auth/config/jwks");
    assert_eq!(send_json(&didit, jwks).await.1, json!({"keys": []}));
}
