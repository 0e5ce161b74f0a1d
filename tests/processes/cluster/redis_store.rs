//! `RedisStore` against a real Redis, and what Redis sees of the sessions.

use std::time::Duration;

use axum::{Router, routing::get};
use tower_didit::{
    DiditTokens, ReturnTo,
    fake::{Browser, FakeDiditExt, Person},
    store::{RedisStore, conformance},
};

use crate::{
    harness::{member, redis::Redis},
    support::{
        cookies,
        sign_in::sign_in,
        site::{CALLBACK, HOME, auth, didit},
    },
};

// Behaviour 82. Of concurrent updates one succeeds.
#[tokio::test]
async fn redis_does_what_a_session_store_owes() {
    let redis = Redis::start("conformance");
    let [here, there] = [(); 2].map(|()| store(&redis));
    conformance::check(&here, &there).await;
}

// Behaviours 80 and 89.
#[tokio::test]
async fn redis_sees_hashes_and_sealed_values_that_expire() {
    let redis = Redis::start("secrecy");
    let browser = signed_in(&redis).await;
    let tokens = browser.get("/tokens").await.text().to_owned();
    let id = cookies::session(&browser);

    let keys = redis.ask(&["KEYS", "*"]);
    let keys = keys
        .words()
        .into_iter()
        .map(|key| String::from_utf8_lossy(key).into_owned());
    let keys: Vec<_> = keys.collect();
    // The session, and the sign-in that was completed.
    assert_eq!(keys.len(), 2);
    assert!(keys.contains(&member::key(&id)));
    for key in keys {
        assert!(!key.contains(&id));
        let life = redis.ask(&["PTTL", &key]).number();
        assert!((1..=24 * 3600 * 1000).contains(&life), "{key}: {life}");
        let value = redis.ask(&["GET", &key]);
        let value = String::from_utf8_lossy(value.text()).into_owned();
        let alejandra = Person::alejandra();
        let secrets = [id.as_str(), alejandra.subject()];
        for secret in tokens.split(' ').chain(secrets) {
            assert!(!secret.is_empty() && !value.contains(secret));
        }
    }

    let signed_out = browser.post_form("/logout", &[]).await;
    assert!(signed_out.status().is_redirection());
    let key = member::key(&id);
    assert_eq!(redis.ask(&["EXISTS", &key]).number(), 0);
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
    // Who brings no session asks for none.
    let stranger = browser.new_browser();
    assert_eq!(stranger.get("/plain").await.text(), "hello");
    assert_eq!(redis.commands() - before, 10);
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
