//! Answers of the introspection endpoint: those that Didit documents, and broken ones.

use http::Response;
use serde_json::{Value, json};
use tower_didit::{
    Config, DiditAuth, DiditClient,
    fake::{Endpoint, FakeDidit, FakeDiditExt, Fault},
};

use crate::{
    api::{alejandra, api, bearer, call, refused, token, unverified},
    support::{
        faults::{with, without},
        site::{CALLBACK, didit},
    },
};

fn client(didit: &FakeDidit) -> DiditClient {
    let config = didit
        .config(CALLBACK)
        .build()
        .expect("a good configuration");
    DiditAuth::new(config).client()
}

/// The outcome of a request whose token is introspected with this fault.
async fn outcome_of(fault: Fault) -> (u16, String) {
    let didit = didit();
    let token = token(&didit);
    didit.on_next(Endpoint::Introspect, fault);
    call(&api(bearer(&didit)), &token).await.outcome()
}

// RFC 7662 §2.2; behaviour 124. The members that Didit documents: `claims` is the list of scopes.
#[tokio::test]
async fn didits_example_is_read_as_it_stands() {
    let example = r#"{"active": true, "iss": "https://apx.didit.me", "iat": 1767225600, "sub": "user-unique-identifier",
        "identifier": "alejandro.rosas@example.com", "identifier_type": "email", "claims": "openid names email",
        "exp": 1767229200, "client_id": "client"}"#;
    let didit = didit();
    didit.on_next(Endpoint::Introspect, Fault::answer(Response::new(example)));
    let access = client(&didit)
        .introspect("opaque")
        .await
        .unwrap()
        .expect("active");
    assert_eq!(access.subject(), "user-unique-identifier");
    assert_eq!(access.issuer(), "https://apx.didit.me");
    assert_eq!(access.client_id(), Some("client"));
    assert!(access.scopes().iter().eq(["openid", "names", "email"]));
    let identifier = access.claim("identifier").expect("kept");
    assert_eq!(identifier.as_str(), Some("alejandro.rosas@example.com"));
    let all: Value = access.extra().unwrap();
    assert_eq!(all, serde_json::from_str::<Value>(example).unwrap());
}

// RFC 7662 §2.2; behaviour 124.
#[tokio::test]
async fn scopes_are_in_scope_or_claims_as_a_text_or_an_array() {
    for (member, value, scopes) in [
        ("claims", json!("a b"), Some(json!(["a", "b"]))),
        ("claims", json!(["a", "b"]), Some(json!(["a", "b"]))),
        ("claims", json!({"a": 1}), Some(json!([]))),
        ("claims", Value::Null, Some(json!([]))),
        ("scope", json!("c"), Some(json!(["c"]))),
        ("scope", json!(["c", "d"]), Some(json!(["c", "d"]))),
        ("scope", Value::Null, Some(json!(["openid", "email"]))),
        ("scope", json!(7), None),
        ("scope", json!([7]), None),
    ] {
        let didit = didit();
        didit.on_next(Endpoint::Introspect, with(member, value.clone()));
        let answer = call(&api(bearer(&didit)), &token(&didit)).await;
        match scopes {
            Some(scopes) => assert_eq!(answer.json()["scopes"], scopes, "{member} {value}"),
            None => assert_eq!(answer.outcome(), unverified(), "{member} {value}"),
        }
    }
}

// RFC 7662 §2.2; behaviour 124.
#[tokio::test]
async fn a_token_is_active_only_by_the_json_value_true() {
    assert_eq!(outcome_of(with("active", true)).await, alejandra());
    for other in [
        json!(false),
        json!("true"),
        json!(1),
        json!("1"),
        Value::Null,
        json!([true]),
        json!({"active": true}),
    ] {
        assert_eq!(
            outcome_of(with("active", other.clone())).await,
            refused(),
            "{other}"
        );
    }
    assert_eq!(outcome_of(without("active")).await, refused());
    let twice = r#"{"active":false,"active":true,"sub":"john","client_id":"client"}"#;
    assert_eq!(
        outcome_of(Fault::answer(Response::new(twice))).await,
        unverified()
    );
}

// RFC 7662 §2.2, §4; behaviour 124.
#[tokio::test]
async fn a_token_of_another_issuer_client_or_kind_is_refused() {
    let now = 1_767_225_600;
    for (member, value, is_good) in [
        ("iss", json!("https://didit.me"), true),
        ("iss", json!("https://apx.didit.me/"), false),
        ("iss", json!(7), false),
        ("client_id", json!("other"), false),
        ("aud", json!("client"), true),
        ("aud", json!(["other", "client"]), true),
        ("aud", json!("other"), false),
        ("sub", json!(""), false),
        ("sub", json!(7), false),
        ("sub", Value::Null, false),
        ("token_type", json!("Bearer"), true),
        ("token_type", json!("access_token"), true),
        ("token_type", json!("refresh_token"), false),
        ("token_type", json!("DPoP"), false),
        ("token_use", json!("access_token"), true),
        ("token_use", json!("refresh_token"), false),
        ("cnf", json!({"jkt": "thumbprint"}), false),
        ("cnf", Value::Null, true),
        ("nbf", json!(now + 60), true),
        ("nbf", json!(now + 61), false),
        ("exp", json!(now - 59), true),
        ("exp", json!(now - 60), false),
    ] {
        let outcome = outcome_of(with(member, value.clone())).await;
        let expected = if is_good { alejandra() } else { refused() };
        assert_eq!(outcome, expected, "{member} {value}");
    }
    // RFC 7662 §2.2: optional.
    for member in ["iss", "exp", "iat", "identifier", "claims"] {
        assert_eq!(outcome_of(without(member)).await, alejandra(), "{member}");
    }
    assert_eq!(outcome_of(without("sub")).await, refused());
    // Neither audience nor client: for whom is it?
    assert_eq!(outcome_of(without("client_id")).await, refused());
    assert_eq!(outcome_of(with("exp", "soon")).await, unverified());
}

// RFC 7662 §2.3; behaviour 124. Didit's errors are others, and a 401 may stand for an inactive token.
#[tokio::test]
async fn a_401_is_an_inactive_token_and_other_errors_are_the_providers() {
    let answer = |status: u16, body: &'static str| {
        let response = Response::builder().status(status).body(body);
        Fault::answer(response.unwrap())
    };
    for body in [
        "",
        "{}",
        r#"{"detail":"Unauthorized"}"#,
        r#"{"error":"invalid_token"}"#,
    ] {
        assert_eq!(outcome_of(answer(401, body)).await, refused(), "{body}");
    }
    for fault in [
        answer(405, r#"{"error":"method_not_allowed"}"#),
        answer(400, r#"{"error":"invalid_content_type"}"#),
        answer(400, r#"{"error":"required"}"#),
        answer(404, r#"{"detail":"Not found."}"#),
        answer(429, ""),
        answer(500, r#"{"active":true,"sub":"john","client_id":"client"}"#),
        answer(302, ""),
        answer(200, "<h1>Bad Gateway</h1>"),
        answer(200, r#"[{"active":true}]"#),
        answer(200, ""),
        Fault::truncate(),
    ] {
        assert_eq!(outcome_of(fault.clone()).await, unverified(), "{fault:?}");
    }
    // A wrong secret refuses every token: the operator must hear of it.
    for status in [400, 401] {
        let wrong = outcome_of(answer(status, r#"{"error":"invalid_client"}"#)).await;
        assert_eq!(wrong, (500, "invalid-client".to_owned()));
    }
}

// RFC 7662 §2.1; behaviour 124.
#[tokio::test]
async fn a_client_tells_an_inactive_token_from_a_failure() {
    let didit = didit();
    let client = client(&didit);
    let valid = token(&didit);
    assert!(client.introspect("made-up").await.unwrap().is_none());
    let foreign = with("client_id", "other");
    didit.on_next(Endpoint::Introspect, foreign);
    let access = client.introspect(&valid).await.unwrap().expect("active");
    assert_eq!(access.client_id(), Some("other"));
    for (fault, code) in [
        (Fault::error("required"), "provider-refused"),
        (Fault::error("invalid_client"), "invalid-client"),
        (Fault::truncate(), "invalid-response"),
        (Fault::error("x").with_status(503), "invalid-response"),
    ] {
        didit.on_next(Endpoint::Introspect, fault);
        let error = client.introspect(&valid).await.unwrap_err();
        assert_eq!(error.kind().code(), code);
    }
    // Each call is a request.
    assert_eq!(didit.count(Endpoint::Introspect), 6);

    // A client without a secret, whose provider wants one.
    let config = Config::builder("client", CALLBACK)
        .with_cookie_keys([[7; 32]])
        .with_transport(didit.clone());
    let public = DiditAuth::new(config.build().unwrap()).client();
    let error = public.introspect(&valid).await.unwrap_err();
    assert_eq!(error.kind().code(), "invalid-client");
    assert_eq!(didit.count(Endpoint::Introspect), 6);

    let didit = FakeDidit::authentication("client");
    let config = didit.config(CALLBACK).with_cookie_keys([[7; 32]]);
    let client = DiditAuth::new(config.build().unwrap()).client();
    let error = client.introspect("x").await.unwrap_err();
    assert_eq!(error.kind().code(), "not-offered");
    assert_eq!(didit.requests().len(), 0);
}
