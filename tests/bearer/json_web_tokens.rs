//! Access tokens that are JWTs, verified with the provider's keys (RFC 9068 §4).

use std::time::Duration;

use http::HeaderValue;
use serde_json::{Value, json};
use tower_didit::{
    DiditBearer, Provider,
    fake::{Endpoint, FakeDidit, FakeDiditExt, Fault, Forgery, Person},
};

use crate::{
    api::{alejandra, api, authentication, bearer, call, refused, token, unverified},
    support::{outage::pass, site::CALLBACK},
};

// RFC 9068 §4; behaviour 124.
#[tokio::test]
async fn a_token_of_didit_authentication_is_verified_here() {
    let didit = authentication();
    let api = api(bearer(&didit));
    let answer = call(&api, &token(&didit)).await;
    assert_eq!(
        answer.json(),
        json!({
            "sub": Person::alejandra().subject(),
            "iss": "https://app.auth.didit.me",
            "client_id": "client",
            "scopes": [],
            "expires": 1_767_225_600 + 300,
        })
    );
    for _ in 0..100 {
        assert_eq!(call(&api, &token(&didit)).await.outcome(), alejandra());
    }
    assert_eq!(didit.count(Endpoint::Jwks), 1);
    assert_eq!(didit.requests().len(), 1);
}

// RFC 9068 §4, RFC 8725 §3; behaviour 124. The clause of each is with the forgery.
#[tokio::test]
async fn no_forged_token_passes() {
    let didit = authentication();
    let api = api(bearer(&didit));
    let mut refused_forgeries = 0;
    for forgery in Forgery::all() {
        let forged = didit.forge_token(&token(&didit), forgery).unwrap();
        if HeaderValue::from_str(&forged).is_err() {
            // No header has a line break.
            continue;
        }
        let answer = call(&api, &forged).await;
        if is_harmless(forgery) {
            assert_eq!(answer.outcome(), alejandra(), "{forgery:?}");
        } else {
            let outcome = answer.outcome();
            let malformed = (400, "malformed-authorization".to_owned());
            assert!(
                [refused(), malformed].contains(&outcome),
                "{forgery:?}: {outcome:?}"
            );
            refused_forgeries += 1;
        }
        assert_eq!(call(&api, &token(&didit)).await.outcome(), alejandra());
        // Unknown keys may be fetched again.
        didit.clock().advance(Duration::from_secs(60));
    }
    assert!(refused_forgeries > 90, "{refused_forgeries}");
    // RFC 8725 §3.10; behaviour 49. No other host was asked.
    let hosts = didit
        .requests()
        .iter()
        .all(|request| request.uri().host() == Some("app.auth.didit.me"));
    assert!(hosts);
}

/// What is wrong with an ID token, but says nothing about an access token.
fn is_harmless(forgery: Forgery) -> bool {
    // `nonce`, `at_hash`, `c_hash` and `azp` are claims of ID tokens. An access token may have further audiences (RFC 9068
    // §4). `typ` is already that of an access token.
    [
        "NONCE_MISSING",
        "NONCE_OTHER",
        "NONCE_NUMBER",
        "ACCESS_TOKEN_HASH_OTHER",
        "ACCESS_TOKEN_HASH_NUMBER",
        "CODE_HASH_OTHER",
        "AUTHORIZED_PARTY_OTHER",
        "AUDIENCE_EXTRA",
        "AUDIENCE_EXTRA_WITHOUT_AZP",
        "TYPE_ACCESS_TOKEN",
    ]
    .contains(&forgery.name())
}

// RFC 9068 §2.1 and §4, RFC 8725 §3.11; behaviour 124.
#[tokio::test]
async fn an_id_token_is_no_access_token() {
    let didit = authentication();
    let api = api(bearer(&didit));
    let issued = didit.issue_tokens(&Person::alejandra(), ["openid"]);
    assert_eq!(call(&api, issued.id_token()).await.outcome(), refused());
    // Nor with every claim of an access token.
    for typ in [
        json!("JWT"),
        json!("logout+jwt"),
        json!("application/jwt"),
        json!(7),
        Value::Null,
    ] {
        let typ = &typ;
        let edited = didit.edit_token(issued.access_token(), |header, _| {
            header.insert("typ".to_owned(), typ.clone());
        });
        assert_eq!(
            call(&api, &edited.unwrap()).await.outcome(),
            refused(),
            "{typ}"
        );
    }
    let without = didit.edit_token(issued.access_token(), |header, _| {
        header.remove("typ");
    });
    assert_eq!(call(&api, &without.unwrap()).await.outcome(), refused());
    for typ in ["AT+JWT", "application/at+jwt"] {
        let edited = didit.edit_token(issued.access_token(), |header, _| {
            header.insert("typ".to_owned(), typ.into());
        });
        assert_eq!(
            call(&api, &edited.unwrap()).await.outcome(),
            alejandra(),
            "{typ}"
        );
    }
}

// RFC 9068 §2.2 and §4; behaviour 124.
#[tokio::test]
async fn claims_of_another_api_or_without_what_is_required_are_refused() {
    let didit = authentication();
    let api = api(bearer(&didit));
    let with = |claim: &str, value: Value| {
        let edited = didit.edit_token(&token(&didit), |_, claims| {
            claims.insert(claim.to_owned(), value);
        });
        edited.unwrap()
    };
    let without = |claim: &str| {
        let edited = didit.edit_token(&token(&didit), |_, claims| {
            claims.remove(claim);
        });
        edited.unwrap()
    };
    for (foreign, why) in [
        (token(&FakeDidit::authentication("other")), "another client"),
        (
            token(&authentication().with_issuer("https://x.example")),
            "another issuer",
        ),
        (
            with("aud", json!("https://api.example")),
            "another audience",
        ),
        (with("aud", json!(["a", "b"])), "other audiences"),
        (without("client_id"), "client_id"),
        (with("client_id", json!("")), "client_id"),
        (with("client_id", json!(["client"])), "client_id"),
        (without("jti"), "jti"),
        (
            with("cnf", json!({"jkt": "thumbprint"})),
            "a key of the client's",
        ),
        (with("scope", json!(7)), "scope"),
        (with("scope", json!(["a", 7])), "scope"),
    ] {
        assert_eq!(call(&api, &foreign).await.outcome(), refused(), "{why}");
    }
    for (claim, value, scopes) in [
        ("aud", json!(["https://api.example", "client"]), json!([])),
        ("scope", json!("orders openid"), json!(["orders", "openid"])),
        (
            "scope",
            json!(["orders", "openid"]),
            json!(["orders", "openid"]),
        ),
        ("scope", Value::Null, json!([])),
        // A list of scopes only in an introspection.
        ("claims", json!("orders"), json!([])),
    ] {
        let answer = call(&api, &with(claim, value.clone())).await;
        assert_eq!(answer.outcome(), alejandra(), "{claim} {value}");
        assert_eq!(answer.json()["scopes"], scopes, "{claim} {value}");
    }
}

// RFC 9068 §4, RFC 7519 §4.1.4; behaviour 124.
#[tokio::test]
async fn a_token_ends_at_its_expiry_also_if_it_was_seen_before() {
    let didit = authentication();
    let config = didit
        .config(CALLBACK)
        .with_clock_skew(Duration::from_secs(60));
    let api = api(DiditBearer::new(config).unwrap());
    let seen = token(&didit);
    assert_eq!(call(&api, &seen).await.outcome(), alejandra());
    didit.clock().advance(Duration::from_secs(300 + 59));
    assert_eq!(call(&api, &seen).await.outcome(), alejandra());
    didit.clock().advance(Duration::from_secs(1));
    assert_eq!(call(&api, &seen).await.outcome(), refused());

    // From the future.
    didit.clock().advance(Duration::from_secs(61));
    let early = token(&didit);
    let mut earlier = didit.clone();
    earlier = earlier.with_access_token_lifetime(Duration::from_secs(300));
    let edited = earlier.edit_token(&early, |_, claims| {
        let now = claims["iat"].as_u64().unwrap();
        claims.insert("iat".to_owned(), (now + 61).into());
    });
    assert_eq!(call(&api, &edited.unwrap()).await.outcome(), refused());
    assert_eq!(call(&api, &early).await.outcome(), alejandra());
}

// OpenID Connect Core §10.1.1; behaviour 124. A token that was verified with a withdrawn key counts for 5 minutes.
#[tokio::test]
async fn new_keys_are_fetched_and_withdrawn_ones_forgotten() {
    let didit = FakeDidit::new("client", "secret");
    // An issuer without introspection, whose tokens live long.
    let provider = Provider::authentication(didit.issuer())
        .with_jwks_uri("https://apx.didit.me/auth/config/jwks");
    let config = tower_didit::Config::api("client")
        .with_provider(provider)
        .with_clock(didit.clock())
        .with_transport(didit.clone());
    let api = api(DiditBearer::new(config).unwrap());
    let now = 1_767_225_600;
    let token = |jti: &str| {
        let id_token = didit.issue_tokens(&Person::alejandra(), ["openid"]);
        let edited = didit.edit_token(id_token.id_token(), |header, claims| {
            header.insert("typ".to_owned(), "at+jwt".into());
            claims.insert("jti".to_owned(), jti.into());
            claims.insert("client_id".to_owned(), "client".into());
            claims.insert("exp".to_owned(), (now + 24 * 3600).into());
        });
        edited.unwrap()
    };
    let first = token("first");
    assert_eq!(call(&api, &first).await.outcome(), alejandra());
    didit.rotate_keys();
    didit.clock().advance(Duration::from_secs(60));
    assert_eq!(call(&api, &token("second")).await.outcome(), alejandra());
    assert_eq!(call(&api, &first).await.outcome(), alejandra());
    didit.clock().advance(Duration::from_secs(5 * 60));
    assert_eq!(call(&api, &first).await.outcome(), refused());
}

// RFC 7515 §10.1; behaviours 42 and 124. Trusting TLS is for tokens that come from the token endpoint.
#[tokio::test]
async fn a_signature_is_needed_even_if_the_application_trusts_tls() {
    let didit = authentication();
    let provider = Provider::authentication(didit.issuer()).insecure_trust_tls_for_id_token();
    let config = didit.config(CALLBACK).with_provider(provider);
    let api = api(DiditBearer::new(config).unwrap());
    let outcome = call(&api, &token(&didit)).await.outcome();
    assert_eq!(outcome, (500, "not-offered".to_owned()));
}

// RFC 6750 §3, RFC 9110 §15.5.2; behaviours 93 and 124.
#[tokio::test(start_paused = true)]
async fn without_the_keys_tokens_that_were_seen_still_pass() {
    let didit = authentication();
    let api = api(bearer(&didit));
    didit.on_next(Endpoint::Jwks, Fault::error("down").with_status(503));
    let seen = token(&didit);
    let answer = call(&api, &seen).await;
    assert_eq!(answer.outcome(), unverified());
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.challenge(), None);
    assert_eq!(call(&api, &seen).await.outcome(), alejandra());

    didit.on_every(Endpoint::Jwks, Fault::hang());
    pass(&didit, Duration::from_secs(120)).await;
    assert_eq!(call(&api, &seen).await.outcome(), alejandra());
    // Keys that were fetched before are used.
    assert_eq!(call(&api, &token(&didit)).await.outcome(), alejandra());
}
