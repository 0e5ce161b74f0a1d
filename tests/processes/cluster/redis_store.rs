//! `RedisStore` against a real Redis, and what Redis sees of the sessions.

use std::time::Duration;

use axum::{Router, routing::get};
use http::{Method, StatusCode};
use tower_didit::{
    DiditTokens, ReturnTo,
    fake::{Browser, FakeDiditExt, Person},
    store::{RedisStore, conformance},
    verification::{self, VerificationRecord, VerificationRecords},
};

use crate::{
    harness::{
        member::{self, hex},
        redis::Redis,
    },
    support::{
        cookies,
        sign_in::sign_in,
        site::{CALLBACK, HOME, auth, didit},
    },
};

// Behaviour 82. Of concurrent updates one succeeds.
#[tokio::test]
async fn the_redis_store_conforms() {
    let redis = Redis::start("conformance");
    let [here, there] = [(); 2].map(|()| store(&redis));
    conformance::check(&here, &there).await;
}

// Behaviour 130.
#[tokio::test]
async fn the_records_in_redis_conform() {
    let redis = Redis::start("records");
    let [here, there] = [(); 2].map(|()| store(&redis));
    verification::conformance::check(&here, &there).await;
    for key in keys(&redis) {
        let (prefix, hash) = key.rsplit_once(':').expect("a prefix");
        assert_eq!((prefix, hash.len()), ("tower-didit:verification", 64));
        // It does not expire.
        assert_eq!(redis.ask(&["PTTL", &key]).number(), -1);
    }
}

// Behaviour 130.
#[tokio::test]
async fn applications_with_a_redis_in_common_have_records_of_their_own() {
    let redis = Redis::start("namespaces");
    let [shop, bank] = ["shop", "bank"].map(|name| store(&redis).with_namespace(name));
    assert!(shop.put("john", record(), 0).await.expect("stored"));
    assert_eq!(bank.get("john").await.expect("read"), None);
    assert!(bank.put("john", record(), 0).await.expect("stored"));
    assert_eq!(keys(&redis).len(), 2);
    for namespace in ["shop", "bank"] {
        let prefix = format!("tower-didit:{namespace}:verification:");
        assert!(keys(&redis).iter().any(|key| key.starts_with(&prefix)));
    }
    conformance::check(&shop, &shop.clone()).await;
}

#[tokio::test]
async fn what_is_not_a_record_is_an_error() {
    let redis = Redis::start("odd-records");
    let store = store(&redis);
    assert!(store.put("john", record(), 0).await.expect("stored"));
    let key = keys(&redis).remove(0);
    for value in ["", "1234567", "12345678", "12345678{\"session\":1}"] {
        redis.ask(&["SET", &key, value]);
        assert!(store.get("john").await.is_err(), "{value}");
    }
}

/// As it was stored by the first version with records.
fn record() -> VerificationRecord {
    let json = r#"{"session":null,"workflow":"","rules":"","status":"Approved","is_verified":true,
        "is_blocked":false,"blocked_at":0,"asked_at":7,"page":"/"}"#;
    serde_json::from_str(json).expect("a record")
}

// Behaviours 80 and 89.
#[tokio::test]
async fn redis_sees_hashes_and_sealed_values_that_expire() {
    let redis = Redis::start("secrecy");
    let browser = signed_in(&redis).await;
    let tokens = browser.get("/tokens").await.text().to_owned();
    let id = cookies::session(&browser);

    let keys = keys(&redis);
    // The session, the list of its user's, and the sign-in that was completed.
    assert_eq!(keys.len(), 3);
    let session = member::key(&id);
    assert!(keys.contains(&session));
    for key in keys {
        assert!(!key.contains(&id));
        let is_list = key.starts_with(LIST);
        let (most, value) = if is_list {
            (
                7 * DAY,
                redis.ask(&["ZRANGE", &key, "0", "-1"]).words().concat(),
            )
        } else {
            (DAY, redis.ask(&["GET", &key]).text().to_vec())
        };
        let life = redis.ask(&["PTTL", &key]).number();
        assert!((1..=most).contains(&life), "{key}: {life}");
        if is_list {
            assert_eq!(format!("tower-didit:{}", hex(&value)), session);
        }
        let value = String::from_utf8_lossy(&value).into_owned();
        let alejandra = Person::alejandra();
        let secrets = [id.as_str(), alejandra.subject()];
        for secret in tokens.split(' ').chain(secrets) {
            assert!(!secret.is_empty() && !value.contains(secret) && !key.contains(secret));
        }
    }

    let signed_out = browser.post_form("/logout", &[]).await;
    assert!(signed_out.status().is_redirection());
    assert_eq!(redis.ask(&["EXISTS", &session]).number(), 0);
}

#[tokio::test]
async fn a_user_with_too_many_sessions_loses_the_first() {
    let redis = Redis::start("many");
    let first = signed_in(&redis).await;
    let keys = keys(&redis);
    let list = keys.iter().find(|key| key.starts_with(LIST));
    let list = list.expect("it has one session").as_str();
    // As many as allowed, all of which expire later.
    let fill = "for i = 1, 9999 do \
        redis.call('ZADD', KEYS[1], '1e15', string.format('%032d', i)) end \
        return redis.call('ZCARD', KEYS[1])";
    let filled = redis.ask(&["EVAL", fill, "1", list]);
    assert_eq!(filled.number(), 10_000);
    assert!(first.get("/tokens").await.status().is_success());

    let second = signed_in(&redis).await;
    assert_eq!(redis.ask(&["ZCARD", list]).number(), 10_000);
    let refused = first.fetch(Method::GET, "/tokens").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(second.get("/tokens").await.status().is_success());
}

#[tokio::test]
async fn an_ordinary_request_is_one_command() {
    let redis = Redis::start("commands");
    let browser = signed_in(&redis).await;
    let before = redis.commands();
    for _ in 0..10 {
        let page = browser.get("/tokens").await;
        assert!(page.status().is_success());
    }
    assert_eq!(redis.commands() - before, 10);
    // A request without a session sends no command.
    let stranger = browser.new_browser();
    assert_eq!(stranger.get("/plain").await.text(), "hello");
    assert_eq!(redis.commands() - before, 10);
}

fn keys(redis: &Redis) -> Vec<String> {
    let keys = redis.ask(&["KEYS", "*"]);
    let keys = keys.words().into_iter();
    keys.map(|key| String::from_utf8_lossy(key).into_owned())
        .collect()
}

fn store(redis: &Redis) -> RedisStore {
    // The machine may be busy.
    let store = RedisStore::new(&redis.url()).expect("a good address");
    store.with_timeout(Duration::from_secs(5))
}

/// The browser of Alejandra, at an application whose sessions are in Redis.
async fn signed_in(redis: &Redis) -> Browser {
    let didit = didit();
    let config = didit
        .config(CALLBACK)
        .with_scopes(["openid", "offline"])
        .with_session_store(store(redis));
    let tokens = |tokens: DiditTokens| async move {
        let refresh_token = tokens.refresh_token().expect("it was asked for");
        format!(
            "{} {}",
            tokens.access_token().secret(),
            refresh_token.secret()
        )
    };
    let app = Router::new()
        .route("/tokens", get(tokens))
        .route("/plain", get(|| async { "hello" }))
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async { back }),
        )
        .layer(auth(config));
    let browser = Browser::new(HOME, app);
    let page = sign_in(&browser, &didit).await;
    assert!(page.status().is_redirection());
    browser
}

/// In milliseconds.
const DAY: i64 = 24 * 3600 * 1000;
/// The list of a user's sessions.
const LIST: &str = "tower-didit:user:";
