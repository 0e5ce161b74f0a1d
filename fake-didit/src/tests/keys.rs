use std::time::Duration;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::{Value, json};

use super::{didit, get, request, send, send_json, signed_in};
use crate::{Endpoint, FakeDidit, Fault, Person};

pub(crate) async fn keys(didit: &FakeDidit) -> Vec<Value> {
    let (status, jwks) = send_json(didit, get("https://apx.didit.me/auth/config/jwks")).await;
    assert_eq!(status, StatusCode::OK);
    jwks["keys"].as_array().unwrap().clone()
}

pub(crate) async fn id_token(didit: &FakeDidit) -> String {
    signed_in(didit).await["id_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

pub(crate) fn part(token: &str, at: usize) -> Value {
    let text = BASE64_URL_SAFE_NO_PAD
        .decode(token.split('.').nth(at).unwrap())
        .unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// Whether the token's signature is valid with this key.
pub(crate) fn verifies(token: &str, jwk: &Value) -> bool {
    let number = |name: &str| {
        BASE64_URL_SAFE_NO_PAD
            .decode(jwk[name].as_str().unwrap())
            .unwrap()
    };
    let (input, signature) = token.rsplit_once('.').unwrap();
    let Ok(signature) = BASE64_URL_SAFE_NO_PAD.decode(signature) else {
        return false;
    };
    if jwk["kty"] == "RSA" {
        let key = RsaPublicKeyComponents {
            n: number("n"),
            e: number("e"),
        };
        return key
            .verify(&RSA_PKCS1_2048_8192_SHA256, input.as_bytes(), &signature)
            .is_ok();
    }
    let point = [vec![4], number("x"), number("y")].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(input.as_bytes(), &signature)
        .is_ok()
}

#[tokio::test]
async fn an_id_token_has_the_claims_of_openid_connect() {
    let token = id_token(&didit()).await;
    assert_eq!(
        part(&token, 0),
        json!({"alg": "ES256", "kid": "fake-es256-1", "typ": "JWT"})
    );
    let mut claims = part(&token, 1);
    assert_eq!(claims["at_hash"].take().as_str().unwrap().len(), 22);
    assert_eq!(
        claims,
        json!({
            "iss": "https://apx.didit.me",
            "sub": Person::alejandra().subject(),
            "aud": "app",
            "iat": 1_767_225_600,
            "exp": 1_767_229_200,
            "auth_time": 1_767_225_600,
            "nonce": "the-nonce",
            "at_hash": null,
        })
    );
}

#[tokio::test]
async fn the_issuer_can_be_set() {
    let token = id_token(&didit().with_issuer("https://didit.me")).await;
    assert_eq!(part(&token, 1)["iss"], "https://didit.me");
}

#[tokio::test]
async fn without_a_nonce_the_token_has_none() {
    let didit = didit();
    let url = super::authorize_url(&[("nonce", "")]);
    let code = super::query(&didit.approve(&url, &Person::john()), "code").unwrap();
    let tokens = super::tokens(&didit, super::code_form(&code, &[])).await;
    assert!(
        part(tokens["id_token"].as_str().unwrap(), 1)
            .get("nonce")
            .is_none()
    );
}

#[tokio::test]
async fn es256_verifies_with_the_published_key() {
    let didit = didit();
    let (token, keys) = (id_token(&didit).await, keys(&didit).await);
    assert_eq!(keys[0]["kid"], part(&token, 0)["kid"]);
    assert!(verifies(&token, &keys[0]) && !verifies(&token, &keys[1]));
}

#[tokio::test]
async fn rs256_verifies_with_the_published_key() {
    let didit = didit().with_rs256();
    let (token, keys) = (id_token(&didit).await, keys(&didit).await);
    assert_eq!(part(&token, 0)["alg"], "RS256");
    assert_eq!(keys[1]["kid"], part(&token, 0)["kid"]);
    assert!(verifies(&token, &keys[1]) && !verifies(&token, &keys[0]));
}

#[tokio::test]
async fn bare_keys_have_didits_curve_name_and_no_kid() {
    let keys = keys(&didit().with_bare_jwks()).await;
    assert_eq!(keys[0]["crv"], "secp256r1");
    for key in keys {
        for name in ["kid", "alg", "use"] {
            assert!(key.get(name).is_none(), "{name}");
        }
    }
}

#[tokio::test]
async fn both_jwks_paths_are_one_endpoint() {
    let didit = didit();
    keys(&didit).await;
    send_json(&didit, get("https://apx.didit.me/auth/jwks")).await;
    assert_eq!(didit.count(Endpoint::Jwks), 2);
    let post = request(http::Method::POST, "https://apx.didit.me/auth/jwks");
    assert_eq!(
        send_json(&didit, post).await.0,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test]
async fn rotated_keys_have_a_new_kid_and_new_numbers() {
    let didit = didit();
    let (old_token, old) = (id_token(&didit).await, keys(&didit).await);
    didit.rotate_keys();
    let (new_token, new) = (id_token(&didit).await, keys(&didit).await);
    assert_eq!(part(&new_token, 0)["kid"], "fake-es256-2");
    assert!(
        verifies(&new_token, &new[0])
            && !verifies(&new_token, &old[0])
            && !verifies(&old_token, &new[0])
    );
    assert!(
        new.iter()
            .all(|key| !old.iter().any(|old| old["kid"] == key["kid"]))
    );
}

#[tokio::test]
async fn an_edited_id_token_is_signed_again() {
    let didit = didit();
    didit.on_next(
        Endpoint::Token,
        Fault::edit_id_token(|header, claims| {
            header.remove("kid");
            claims.insert("aud".to_owned(), "other".into());
        }),
    );
    let token = id_token(&didit).await;
    assert_eq!(part(&token, 0), json!({"alg": "ES256", "typ": "JWT"}));
    assert_eq!(part(&token, 1)["aud"], "other");
    assert!(verifies(&token, &keys(&didit).await[0]));
}

/// The `kid`s of the published keys for ES256.
async fn names(didit: &FakeDidit) -> Vec<Value> {
    let keys = keys(didit).await;
    keys.iter()
        .filter(|key| key["alg"] == "ES256")
        .map(|key| key["kid"].clone())
        .collect()
}

#[tokio::test]
async fn keys_can_be_announced_rotated_gently_and_retired() {
    let didit = didit();
    let signs = async || part(&id_token(&didit).await, 0)["kid"].clone();
    didit.announce_keys();
    assert_eq!(names(&didit).await, ["fake-es256-1", "fake-es256-2"]);
    assert_eq!(signs().await, "fake-es256-1");
    didit.rotate_keys_gently();
    assert_eq!(names(&didit).await, ["fake-es256-1", "fake-es256-2"]);
    assert_eq!(signs().await, "fake-es256-2");
    didit.retire_keys();
    assert_eq!(names(&didit).await, ["fake-es256-2"]);
    didit.rotate_keys_gently();
    assert_eq!(names(&didit).await, ["fake-es256-2", "fake-es256-3"]);
    didit.rotate_keys();
    assert_eq!(names(&didit).await, ["fake-es256-4"]);
    assert_eq!(signs().await, "fake-es256-4");
}

#[tokio::test]
async fn after_a_gentle_rotation_old_and_new_tokens_verify() {
    let didit = didit();
    let old = id_token(&didit).await;
    didit.rotate_keys_gently();
    let new = id_token(&didit).await;
    let keys = keys(&didit).await;
    assert!(verifies(&old, &keys[0]) && verifies(&new, &keys[2]));
    assert!(!verifies(&old, &keys[2]) && !verifies(&new, &keys[0]));
}

#[tokio::test]
async fn the_jwk_set_is_available_without_a_request() {
    let didit = didit();
    let document: Value = serde_json::from_str(&didit.jwks_document()).unwrap();
    assert_eq!(document["keys"], json!(keys(&didit).await));
    assert_eq!(didit.count(Endpoint::Jwks), 1);
}

#[tokio::test]
async fn the_jwk_set_is_cacheable_for_five_minutes_or_as_configured() {
    let url = "https://apx.didit.me/auth/config/jwks";
    let response = send(&didit(), get(url)).await;
    assert_eq!(response.headers()["cache-control"], "public, max-age=300");
    let didit = didit().with_jwks_max_age(Duration::ZERO);
    let response = send(&didit, get(url)).await;
    assert_eq!(response.headers()["cache-control"], "public, max-age=0");
}
