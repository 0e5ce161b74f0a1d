//! The token endpoint, and its tokens.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    ISSUER, changed, code, code_grant, didit, is_active, post, refresh_grant, rejection,
    sign_in_url, signed_in, tokens,
};
use crate::{
    Person,
    tests::{
        get,
        keys::{part, verifies},
        query, send, send_json,
    },
};

#[tokio::test]
async fn a_code_is_exchanged_for_signed_tokens_with_a_lifetime_of_five_minutes() {
    let didit = didit();
    let code = code(
        &didit,
        "openid email offline_access profile",
        &Person::alejandra(),
    );
    let response = send(&didit, post(&code_grant(&code))).await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    let tokens: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 300);
    assert_eq!(tokens["scope"], "openid email offline_access profile");

    let (_, jwks) = send_json(&didit, get(&format!("{ISSUER}/.well-known/jwks.json"))).await;
    let keys = jwks["keys"].as_array().unwrap();
    assert_eq!((keys.len(), &keys[0]["alg"]), (1, &json!("ES256")));
    for (name, typ) in [("access_token", "at+jwt"), ("id_token", "JWT")] {
        let token = tokens[name].as_str().unwrap();
        let expected = json!({"alg": "ES256", "kid": "k_fake-es256-1", "typ": typ});
        assert_eq!(part(token, 0), expected);
        assert!(verifies(token, &keys[0]));
    }
}

#[tokio::test]
async fn the_claims_are_the_documented_ones() {
    let didit = didit();
    let url = sign_in_url(&[("nonce", "ignored")]);
    for (person, verified, amr) in [
        (
            &Person::alejandra(),
            json!({"email": true, "phone": true, "identity": true}),
            "passkey",
        ),
        (&Person::john(), json!({}), "email"),
    ] {
        let code = query(&didit.approve(&url, person), "code").unwrap();
        let tokens = tokens(&didit, &code_grant(&code)).await;
        let mut access = part(tokens["access_token"].as_str().unwrap(), 1);
        let mut id = part(tokens["id_token"].as_str().unwrap(), 1);
        assert_ne!(access["jti"].take(), id["jti"].take());
        let sid = id["sid"].clone();
        assert!(sid.is_string());
        let mut expected = json!({
            "iss": ISSUER,
            "aud": "app",
            "sub": person.subject(),
            "sid": sid,
            "jti": null,
            "iat": 1_767_225_600,
            "exp": 1_767_225_900,
            "vendor_data": null,
            "org": null,
            "verified": verified,
            "amr": [amr],
            "act": null,
        });
        assert_eq!(id, expected);
        expected["client_id"] = "app".into();
        assert_eq!(access, expected);
        assert!(tokens.get("refresh_token").is_none() && tokens.get("scope").is_none());
    }
}

#[tokio::test]
async fn the_claims_of_a_person_are_in_the_tokens_and_in_the_session() {
    let didit = didit();
    let person = Person::new("u-1")
        .with_claim("vendor_data", json!("customer-7"))
        .with_authentication_method("passkey");
    let code = code(&didit, "", &person);
    let tokens = tokens(&didit, &code_grant(&code)).await;
    let (access, id) = (tokens["access_token"].as_str(), tokens["id_token"].as_str());
    for token in [access, id] {
        let claims = part(token.unwrap(), 1);
        assert_eq!(claims["sub"], "u-1");
        assert_eq!(claims["vendor_data"], "customer-7");
        assert_eq!(claims["amr"], json!(["passkey"]));
    }
    let mut request = get(&format!("{ISSUER}/session/"));
    let bearer = format!("Bearer {}", access.unwrap()).parse().unwrap();
    request.headers_mut().insert("authorization", bearer);
    let (_, session) = send_json(&didit, request).await;
    assert_eq!(session["vendor_data"], "customer-7");
    assert_eq!(session["amr"], "passkey");
}

#[tokio::test]
async fn only_the_documented_members_are_accepted() {
    let didit = didit();
    let code = code(&didit, "offline_access", &Person::john());
    for (name, value, error) in [
        ("scope", json!("openid"), "unknown_field"),
        ("client_secret", json!("x"), "unknown_field"),
        ("refresh_token", json!("x"), "unknown_field"),
        ("client_id", json!("other"), "invalid_client"),
        ("grant_type", json!("password"), "unsupported_grant_type"),
        ("grant_type", Value::Null, "invalid_request"),
        ("code", Value::Null, "invalid_request"),
        ("code", json!(7), "invalid_request"),
        ("code", json!("x".repeat(129)), "invalid_request"),
        ("code", json!("x".repeat(128)), "invalid_grant"),
        ("code_verifier", Value::Null, "invalid_request"),
        ("code_verifier", json!("x".repeat(42)), "invalid_request"),
        ("code_verifier", json!("x".repeat(129)), "invalid_request"),
        ("code_verifier", json!("x".repeat(43)), "invalid_grant"),
        ("redirect_uri", Value::Null, "invalid_request"),
        ("redirect_uri", json!("x".repeat(2049)), "invalid_request"),
        ("redirect_uri", json!("https://x/"), "invalid_redirect_uri"),
    ] {
        let body = changed(&code, name, value);
        assert_eq!(rejection(&didit, post(&body)).await, error, "{body}");
    }
    // Rejected requests did not redeem the code. `client_id` is optional.
    let mut refresh =
        refresh_grant(&tokens(&didit, &changed(&code, "client_id", json!("app"))).await);
    refresh["client_id"] = "app".into();
    assert_eq!(rejection(&didit, post(&refresh)).await, "unknown_field");
}

#[tokio::test]
async fn only_json_without_authentication_is_accepted() {
    let didit = didit();
    let code = code(&didit, "", &Person::john());
    let good = post(&code_grant(&code));

    let mut request = good.clone();
    let form = "application/x-www-form-urlencoded".parse().unwrap();
    request.headers_mut().insert("content-type", form);
    assert_eq!(rejection(&didit, request).await, "invalid_content_type");

    let mut request = good.clone();
    let basic = "Basic YXBwOg==".parse().unwrap();
    request.headers_mut().insert("authorization", basic);
    assert_eq!(rejection(&didit, request).await, "invalid_client");

    let form = good.clone().map(|_| "grant_type=refresh_token".into());
    assert_eq!(rejection(&didit, form).await, "invalid_request");

    let mut request = good.clone();
    *request.uri_mut() = format!("{ISSUER}/token/?x=1").parse().unwrap();
    assert_eq!(rejection(&didit, request).await, "invalid_request");

    let mut request = good.clone();
    *request.method_mut() = Method::PUT;
    let response = send(&didit, request).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    tokens(&didit, &code_grant(&code)).await;
}

#[tokio::test]
async fn a_code_is_valid_once_and_for_a_minute() {
    let didit = didit();
    let late = code(&didit, "", &Person::john());
    didit.clock().advance(Duration::from_secs(60));
    assert_eq!(
        rejection(&didit, post(&code_grant(&late))).await,
        "invalid_grant"
    );

    let once = code(&didit, "", &Person::john());
    let tokens = tokens(&didit, &code_grant(&once)).await;
    assert_eq!(
        rejection(&didit, post(&code_grant(&once))).await,
        "invalid_grant"
    );
    assert!(!is_active(&didit, &tokens).await);
}

#[tokio::test]
async fn a_refresh_replaces_all_three_tokens() {
    let didit = didit();
    let first = signed_in(&didit).await;
    let second = tokens(&didit, &refresh_grant(&first)).await;
    for name in ["access_token", "id_token", "refresh_token"] {
        assert_ne!(first[name], second[name], "{name}");
    }
    assert!(!is_active(&didit, &first).await && is_active(&didit, &second).await);
    let sid = |tokens: &Value| part(tokens["id_token"].as_str().unwrap(), 1)["sid"].clone();
    assert_eq!(sid(&first), sid(&second));
}
