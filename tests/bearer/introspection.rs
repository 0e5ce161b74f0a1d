//! Opaque access tokens, which the provider introspects (RFC 7662), and what is remembered of them.

use std::time::Duration;

use http::Response;
use serde_json::json;
use tokio::time::timeout;
use tower_didit::{
    Config, DiditBearer, Provider,
    fake::{Endpoint, FakeDiditExt, Fault, Person},
};

use crate::{
    api::{alejandra, api, bearer, call, refused, token, unverified},
    support::{
        faults::with,
        outage::pass,
        site::{CALLBACK, auth, didit},
    },
};

const MINUTE: Duration = Duration::from_secs(60);

// RFC 7662 §2.1; behaviour 124.
#[tokio::test]
async fn a_token_is_introspected_once_a_minute() {
    let didit = didit();
    let api = api(bearer(&didit));
    let token = token(&didit);
    for _ in 0..10 {
        let answer = call(&api, &token).await;
        assert_eq!(
            answer.json(),
            json!({
                "sub": Person::alejandra().subject(),
                "iss": "https://apx.didit.me",
                "client_id": "client",
                "scopes": ["openid", "email"],
                "expires": 1_767_225_600 + 3600,
            })
        );
    }
    assert_eq!(didit.count(Endpoint::Introspect), 1);
    let asked = didit.last(Endpoint::Introspect).expect("it was asked");
    assert_eq!(asked.problem(), None);
    assert_eq!(asked.path_and_query(), "/auth/v2/introspect");
    assert_eq!(asked.body(), format!("token={token}").as_bytes());
    let basic = asked.header("authorization").unwrap();
    assert_eq!(basic, "Basic Y2xpZW50OnNlY3JldA==");

    didit.clock().advance(Duration::from_secs(59));
    assert_eq!(call(&api, &token).await.outcome(), alejandra());
    assert_eq!(didit.count(Endpoint::Introspect), 1);
    didit.revoke_all();
    didit.clock().advance(Duration::from_secs(1));
    assert_eq!(call(&api, &token).await.outcome(), refused());
    assert_eq!(didit.count(Endpoint::Introspect), 2);
}

// Behaviour 124.
#[tokio::test]
async fn the_lifetime_of_an_answer_can_be_set() {
    let didit = didit();
    let second = Duration::from_secs(1);
    let short = api(bearer(&didit).with_introspection_lifetime(5 * second));
    let none = api(bearer(&didit).with_introspection_lifetime(Duration::ZERO));
    let token = token(&didit);
    for (step, asked) in [(0, 1), (4, 1), (1, 2), (4, 2)] {
        didit.clock().advance(step * second);
        assert_eq!(call(&short, &token).await.outcome(), alejandra());
        assert_eq!(didit.count(Endpoint::Introspect), asked);
    }
    for _ in 0..3 {
        assert_eq!(call(&none, &token).await.outcome(), alejandra());
    }
    assert_eq!(didit.count(Endpoint::Introspect), 2 + 3);
}

// Behaviour 124.
#[tokio::test]
async fn a_refusal_counts_for_every_layer_of_the_application() {
    let didit = didit();
    let auth = auth(didit.config(CALLBACK));
    let fresh = api(auth.bearer().with_introspection_lifetime(Duration::ZERO));
    let lasting = api(auth.bearer().with_introspection_lifetime(60 * MINUTE));
    let token = token(&didit);
    assert_eq!(call(&lasting, &token).await.outcome(), alejandra());
    didit.revoke_all();
    assert_eq!(call(&lasting, &token).await.outcome(), alejandra());
    assert_eq!(call(&fresh, &token).await.outcome(), refused());
    assert_eq!(call(&lasting, &token).await.outcome(), refused());
}

// RFC 7662 §4; behaviour 124.
#[tokio::test]
async fn no_answer_counts_after_the_token_has_expired() {
    let didit = didit().with_access_token_lifetime(Duration::from_secs(10));
    let config = didit.config(CALLBACK).with_clock_skew(Duration::ZERO);
    let api = api(DiditBearer::new(config).unwrap());
    let token = token(&didit);
    assert_eq!(call(&api, &token).await.outcome(), alejandra());
    didit.clock().advance(Duration::from_secs(9));
    assert_eq!(call(&api, &token).await.outcome(), alejandra());
    assert_eq!(didit.count(Endpoint::Introspect), 1);
    didit.clock().advance(Duration::from_secs(1));
    assert_eq!(call(&api, &token).await.outcome(), refused());
    assert_eq!(didit.count(Endpoint::Introspect), 2);

    // Nor if the provider calls an expired token active.
    let expired = with("exp", 1_767_225_600);
    didit.on_every(Endpoint::Introspect, expired);
    didit.clock().advance(Duration::from_secs(10));
    assert_eq!(call(&api, "another").await.outcome(), refused());
}

// Behaviour 124.
#[tokio::test]
async fn a_refusal_is_remembered_for_ten_seconds() {
    let didit = didit();
    let api = api(bearer(&didit));
    for _ in 0..10 {
        assert_eq!(call(&api, "made-up").await.outcome(), refused());
    }
    assert_eq!(didit.count(Endpoint::Introspect), 1);
    didit.clock().advance(Duration::from_secs(10));
    assert_eq!(call(&api, "made-up").await.outcome(), refused());
    assert_eq!(didit.count(Endpoint::Introspect), 2);
}

// Behaviour 124.
#[tokio::test]
async fn concurrent_requests_with_one_token_share_one_call() {
    let didit = didit();
    let api = api(bearer(&didit).with_introspection_lifetime(Duration::ZERO));
    let token = token(&didit);
    didit.on_next(Endpoint::Introspect, Fault::delay(Duration::from_millis(1)));
    let answers = (0..200).map(|_| call(&api, &token));
    for answer in futures_util::future::join_all(answers).await {
        assert_eq!(answer.outcome(), alejandra());
    }
    assert_eq!(didit.count(Endpoint::Introspect), 1);
}

// Behaviour 124.
#[tokio::test(start_paused = true)]
async fn a_call_continues_when_its_request_is_dropped() {
    let didit = didit();
    let api = api(bearer(&didit));
    let token = token(&didit);
    didit.on_next(Endpoint::Introspect, Fault::delay(Duration::from_secs(2)));
    let dropped = timeout(Duration::from_secs(1), call(&api, &token)).await;
    assert!(dropped.is_err());
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(call(&api, &token).await.outcome(), alejandra());
    assert_eq!(didit.count(Endpoint::Introspect), 1);
}

// Behaviour 124. The memory is that of `TokenCache`, whose unit test counts it.
#[tokio::test]
async fn a_flood_of_made_up_tokens_forgets_no_valid_one() {
    let didit = didit();
    let api = api(bearer(&didit).with_introspection_lifetime(Duration::from_secs(3600)));
    let token = token(&didit);
    assert_eq!(call(&api, &token).await.outcome(), alejandra());
    let inactive = Response::new(r#"{"active":false}"#);
    didit.on_every(Endpoint::Introspect, Fault::answer(inactive));
    for other in 0..100_000_u32 {
        assert_eq!(call(&api, &other.to_string()).await.status, 401);
    }
    assert_eq!(didit.count(Endpoint::Introspect), 100_001);
    assert_eq!(call(&api, &token).await.outcome(), alejandra());
    assert_eq!(didit.count(Endpoint::Introspect), 100_001);
}

// RFC 6750 §3, RFC 9110 §15.5.2; behaviours 93 and 124.
#[tokio::test(start_paused = true)]
async fn while_the_provider_is_silent_known_tokens_pass_and_others_fail_at_once() {
    let didit = didit();
    let api = api(bearer(&didit));
    let (known, other) = (token(&didit), token(&didit));
    assert_eq!(call(&api, &known).await.outcome(), alejandra());
    didit.on_every(Endpoint::Introspect, Fault::hang());

    let limit = Duration::from_secs(5) + Duration::from_millis(10);
    let answer = timeout(limit, call(&api, &other)).await.expect("in 5 s");
    assert_eq!(answer.outcome(), unverified());
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.challenge(), None);
    let asked = didit.count(Endpoint::Introspect);
    for made_up in 0..100 {
        let answer = timeout(Duration::ZERO, call(&api, &format!("made-up-{made_up}"))).await;
        assert_eq!(answer.expect("at once").outcome(), unverified());
    }
    let answer = timeout(Duration::ZERO, call(&api, &known)).await;
    assert_eq!(answer.expect("at once").outcome(), alejandra());
    assert_eq!(didit.count(Endpoint::Introspect), asked);

    // One request asks again after 10 s.
    didit.clear_faults();
    pass(&didit, Duration::from_secs(10)).await;
    assert_eq!(call(&api, &other).await.outcome(), alejandra());
    assert_eq!(didit.count(Endpoint::Introspect), asked + 1);
}

// Behaviour 124.
#[tokio::test(start_paused = true)]
async fn introspections_that_wait_are_bounded() {
    let didit = didit();
    let api = api(bearer(&didit));
    didit.on_every(Endpoint::Introspect, Fault::hang());
    let waiting: Vec<_> = (0..300)
        .map(|made_up| {
            let api = api.clone();
            tokio::spawn(async move { call(&api, &made_up.to_string()).await.outcome() })
        })
        .collect();
    for outcome in waiting {
        assert_eq!(outcome.await.unwrap(), unverified());
    }
    assert_eq!(didit.count(Endpoint::Introspect), 256);
}

// RFC 7662 §2.1, RFC 8414 §2; behaviour 124.
#[tokio::test]
async fn a_discovered_provider_is_asked_at_the_endpoint_of_its_metadata() {
    let didit = didit();
    let config = Config::api("client")
        .with_client_secret("secret")
        .with_provider(Provider::discovered("https://apx.didit.me"))
        .with_clock(didit.clock())
        .with_transport(didit.clone());
    let api = api(DiditBearer::new(config).unwrap());
    assert_eq!(call(&api, &token(&didit)).await.outcome(), alejandra());
    assert_eq!(didit.count(Endpoint::Discovery), 1);
    assert_eq!(didit.count(Endpoint::Introspect), 1);

    didit.switch_off();
    didit.clock().advance(2 * MINUTE);
    assert_eq!(call(&api, "made-up").await.outcome(), unverified());
}
