use std::{panic::catch_unwind, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::{
    REDIRECT_URI, VERIFIER, ask, ask_json, get,
    keys::{part, verifies},
    query, request,
};
use crate::{Browser, Endpoint, FakeDidit, Fault, Person};

const ISSUER: &str = "https://app.auth.didit.me";

fn didit() -> FakeDidit {
    FakeDidit::authentication("app").with_redirect_uri(REDIRECT_URI)
}

/// A good authorization request with some parameters changed; an empty value takes one away.
fn sign_in_url(changes: &[(&str, &str)]) -> String {
    let url = super::authorize_url(
        &[
            &[
                ("client_id", ""),
                ("response_type", ""),
                ("nonce", ""),
                ("scope", ""),
            ],
            changes,
        ]
        .concat(),
    );
    url.replace("https://auth.didit.me/", &format!("{ISSUER}/sign-in"))
}

fn post(body: &Value) -> Request<Bytes> {
    Request::post(format!("{ISSUER}/token/"))
        .header("content-type", "application/json")
        .body(body.to_string().into())
        .unwrap()
}

fn code_grant(code: &str) -> Value {
    json!({
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": VERIFIER,
        "redirect_uri": REDIRECT_URI,
    })
}

/// A good code grant with one member changed; null takes it away.
fn changed(code: &str, name: &str, value: Value) -> Value {
    let mut body = code_grant(code);
    match value {
        Value::Null => body.as_object_mut().unwrap().remove(name),
        value => body.as_object_mut().unwrap().insert(name.to_owned(), value),
    };
    body
}

fn refresh_grant(tokens: &Value) -> Value {
    json!({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
}

fn code(didit: &FakeDidit, scope: &str, person: &Person) -> String {
    query(
        &didit.approve(&sign_in_url(&[("scope", scope)]), person),
        "code",
    )
    .unwrap()
}

async fn tokens(didit: &FakeDidit, body: &Value) -> Value {
    let (status, tokens) = ask_json(didit, post(body)).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    tokens
}

async fn signed_in(didit: &FakeDidit) -> Value {
    let code = code(didit, "openid offline_access", &Person::alejandra());
    tokens(didit, &code_grant(&code)).await
}

/// The error code of a request that must be refused with 400 and nothing but a code.
async fn refusal(didit: &FakeDidit, request: Request<Bytes>) -> String {
    let (status, error) = ask_json(didit, request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{error}");
    let error = error.as_object().unwrap();
    assert_eq!(error.len(), 1);
    error["error"].as_str().unwrap().to_owned()
}

fn session(method: Method, tokens: &Value) -> Request<Bytes> {
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let mut request = request(method, &format!("{ISSUER}/session/"));
    request
        .headers_mut()
        .insert("authorization", bearer.parse().unwrap());
    request
}

/// Whether the session of the access token lives, as the live check says.
async fn lives(didit: &FakeDidit, tokens: &Value) -> bool {
    let (status, told) = ask_json(didit, session(Method::GET, tokens)).await;
    if status == StatusCode::UNAUTHORIZED {
        assert_eq!(told, json!({"error": "invalid_credentials"}));
    }
    status == StatusCode::OK
}

#[tokio::test]
async fn the_documented_parameters_suffice_for_the_sign_in_page() {
    let answer = ask(&didit(), get(&sign_in_url(&[]))).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let common = sign_in_url(&[
        ("client_id", "app"),
        ("response_type", "code"),
        ("scope", "email phone profile"),
        ("nonce", "ignored"),
    ]);
    assert_eq!(ask(&didit(), get(&common)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_invalid_sign_in_request_redirects_with_an_error() {
    for (change, error) in [
        (("state", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "offline"), "invalid_scope"),
        (("prompt", "login"), "invalid_request"),
    ] {
        let answer = ask(&didit(), get(&sign_in_url(&[change]))).await;
        let location = answer.headers()["location"].to_str().unwrap();
        assert!(location.starts_with(REDIRECT_URI), "{location}");
        assert_eq!(query(location, "error").as_deref(), Some(error));
    }
}

#[tokio::test]
async fn an_unregistered_redirect_uri_or_an_unknown_client_gets_an_error_page() {
    for change in [
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/"),
        ("client_id", "other"),
    ] {
        let answer = ask(&didit(), get(&sign_in_url(&[change]))).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert!(!answer.headers().contains_key("location"));
    }
}

#[tokio::test]
async fn the_sign_in_page_works_below_the_path_of_the_issuer() {
    let didit = didit().with_issuer("https://x.example/tenant");
    let app = axum::Router::new().route("/callback", axum::routing::get(|| async { "back" }));
    let browser = Browser::new("https://app.example", app).add_didit(&didit);
    let url = sign_in_url(&[]).replace(ISSUER, "https://x.example/tenant");
    let page = browser.visit(&url).await;
    let back = browser.click(&page, "approve-alejandra").await;
    assert!(back.url().starts_with(REDIRECT_URI), "{}", back.url());
}

#[tokio::test]
async fn a_code_is_exchanged_for_signed_tokens_with_a_lifetime_of_five_minutes() {
    let didit = didit();
    let code = code(
        &didit,
        "openid email offline_access profile",
        &Person::alejandra(),
    );
    let answer = ask(&didit, post(&code_grant(&code))).await;
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let tokens: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 300);
    assert_eq!(tokens["scope"], "openid email offline_access profile");

    let (_, jwks) = ask_json(&didit, get(&format!("{ISSUER}/.well-known/jwks.json"))).await;
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
    let (_, session) = ask_json(&didit, request).await;
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
        assert_eq!(refusal(&didit, post(&body)).await, error, "{body}");
    }
    // What was refused used nothing up, and the client may say who it is.
    let mut refresh =
        refresh_grant(&tokens(&didit, &changed(&code, "client_id", json!("app"))).await);
    refresh["client_id"] = "app".into();
    assert_eq!(refusal(&didit, post(&refresh)).await, "unknown_field");
}

#[tokio::test]
async fn only_json_without_authentication_is_accepted() {
    let didit = didit();
    let code = code(&didit, "", &Person::john());
    let good = post(&code_grant(&code));

    let mut request = good.clone();
    let form = "application/x-www-form-urlencoded".parse().unwrap();
    request.headers_mut().insert("content-type", form);
    assert_eq!(refusal(&didit, request).await, "invalid_content_type");

    let mut request = good.clone();
    let basic = "Basic YXBwOg==".parse().unwrap();
    request.headers_mut().insert("authorization", basic);
    assert_eq!(refusal(&didit, request).await, "invalid_client");

    let form = good.clone().map(|_| "grant_type=refresh_token".into());
    assert_eq!(refusal(&didit, form).await, "invalid_request");

    let mut request = good.clone();
    *request.uri_mut() = format!("{ISSUER}/token/?x=1").parse().unwrap();
    assert_eq!(refusal(&didit, request).await, "invalid_request");

    let mut request = good.clone();
    *request.method_mut() = Method::PUT;
    let answer = ask(&didit, request).await;
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    tokens(&didit, &code_grant(&code)).await;
}

#[tokio::test]
async fn a_code_is_valid_once_and_for_a_minute() {
    let didit = didit();
    let late = code(&didit, "", &Person::john());
    didit.clock().advance(Duration::from_secs(60));
    assert_eq!(
        refusal(&didit, post(&code_grant(&late))).await,
        "invalid_grant"
    );

    let once = code(&didit, "", &Person::john());
    let tokens = tokens(&didit, &code_grant(&once)).await;
    assert_eq!(
        refusal(&didit, post(&code_grant(&once))).await,
        "invalid_grant"
    );
    assert!(!lives(&didit, &tokens).await);
}

#[tokio::test]
async fn a_refresh_replaces_all_three_tokens() {
    let didit = didit();
    let first = signed_in(&didit).await;
    let second = tokens(&didit, &refresh_grant(&first)).await;
    for name in ["access_token", "id_token", "refresh_token"] {
        assert_ne!(first[name], second[name], "{name}");
    }
    assert!(!lives(&didit, &first).await && lives(&didit, &second).await);
    let sid = |tokens: &Value| part(tokens["id_token"].as_str().unwrap(), 1)["sid"].clone();
    assert_eq!(sid(&first), sid(&second));
}

#[tokio::test]
async fn reuse_of_a_refresh_token_ends_the_session() {
    let didit = didit();
    let first = signed_in(&didit).await;
    let second = tokens(&didit, &refresh_grant(&first)).await;
    for tokens in [&first, &second] {
        let request = post(&refresh_grant(tokens));
        assert_eq!(refusal(&didit, request).await, "invalid_grant");
    }
    assert!(!lives(&didit, &second).await);
}

#[tokio::test]
async fn the_session_has_a_single_amr() {
    let didit = didit();
    let tokens = signed_in(&didit).await;
    let (status, told) = ask_json(&didit, session(Method::GET, &tokens)).await;
    assert_eq!(status, StatusCode::OK);
    let id = part(tokens["id_token"].as_str().unwrap(), 1);
    for name in ["sub", "sid", "verified", "vendor_data", "org", "act"] {
        assert_eq!(told[name], id[name], "{name}");
    }
    assert_eq!(told["amr"], "passkey");
    assert_eq!(didit.count(Endpoint::Session), 1);
}

#[tokio::test]
async fn the_session_check_fails_at_once_after_revocation_and_expiry() {
    let didit = didit();
    let tokens = signed_in(&didit).await;
    didit.clock().advance(Duration::from_secs(299));
    assert!(lives(&didit, &tokens).await);
    didit.clock().advance(Duration::from_secs(1));
    assert!(!lives(&didit, &tokens).await);

    let tokens = signed_in(&didit).await;
    didit.revoke_all();
    assert!(!lives(&didit, &tokens).await);
    assert!(!lives(&didit, &json!({"access_token": "unknown"})).await);
}

#[tokio::test]
async fn only_the_current_access_token_ends_a_session() {
    let didit = didit();
    let first = signed_in(&didit).await;
    let other = signed_in(&didit).await;
    let second = tokens(&didit, &refresh_grant(&first)).await;

    let answer = ask(&didit, session(Method::DELETE, &first)).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(lives(&didit, &second).await);

    let answer = ask(&didit, session(Method::DELETE, &second)).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert!(answer.body().is_empty());
    assert!(!lives(&didit, &second).await && lives(&didit, &other).await);
    let refresh = post(&refresh_grant(&second));
    assert_eq!(refusal(&didit, refresh).await, "invalid_grant");
    let again = ask(&didit, session(Method::DELETE, &second)).await;
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED);
    let post = ask(&didit, session(Method::POST, &other)).await;
    assert_eq!(post.headers()["allow"], "GET, DELETE");
}

#[tokio::test]
async fn every_endpoint_responds_with_404_while_the_product_is_switched_off() {
    let didit = didit();
    let tokens = signed_in(&didit).await;
    didit.switch_off();
    didit.on_next(Endpoint::Session, Fault::error("as scripted"));
    for request in [
        get(&sign_in_url(&[])),
        post(&refresh_grant(&tokens)),
        session(Method::GET, &tokens),
        get(&format!("{ISSUER}/.well-known/openid-configuration")),
        get(&format!("{ISSUER}/.well-known/jwks.json")),
    ] {
        assert_eq!(ask(&didit, request).await.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(didit.count(Endpoint::Token), 2);
    didit.switch_on();
    // A fault waits until there is something to misbehave.
    let refused = refusal(&didit, session(Method::GET, &tokens)).await;
    assert_eq!(refused, "as scripted");
    assert!(lives(&didit, &tokens).await);
}

#[test]
#[should_panic(expected = "the product is switched off")]
fn approve_panics_while_the_product_is_switched_off() {
    let didit = didit();
    didit.switch_off();
    didit.approve(&sign_in_url(&[]), &Person::john());
}

#[tokio::test]
async fn the_endpoints_of_the_sign_in_api_do_not_exist() {
    for path in [
        "/",
        "/sign-in/",
        "/token",
        "/session",
        "/auth/v2/token",
        "/auth/v2/users/retrieve",
        "/auth/v2/introspect",
        "/auth/config/jwks",
        "/.well-known/jwks.json/",
    ] {
        let answer = ask(&didit(), get(&format!("{ISSUER}{path}"))).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn settings_that_the_product_does_not_support_panic() {
    assert!(catch_unwind(|| didit().with_rs256()).is_err());
    assert!(catch_unwind(|| didit().with_issuer("https://x.example/")).is_err());
    let six_minutes = Duration::from_secs(360);
    assert!(catch_unwind(|| didit().with_access_token_lifetime(six_minutes)).is_err());
}
