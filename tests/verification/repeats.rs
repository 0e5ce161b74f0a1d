//! An event is handled once, in one process or in several that share a store.

use std::{
    future::{pending, ready},
    sync::Arc,
    time::Duration,
};

use http::{Response, StatusCode};
use serde_json::Value;
use tokio::sync::Notify;
use tower_didit::{
    store::{
        MemoryStore, RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreError,
        StoreFuture, StoredSession, UserKey,
    },
    verification::{DiditWebhooks, WebhookEvent},
};

use crate::{
    delivery::{Delivery, NOW, SECRET, Site, approved, sign, with},
    support::tasks::run_background,
};

const IN_PROGRESS: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

fn good() -> Delivery {
    Delivery::of(&approved())
}

fn at(seconds: u64, event: Value) -> Delivery {
    Delivery::of(&with(event, "/timestamp", seconds.into()))
}

/// Two processes that share a store, by one clock.
fn two_processes() -> [Site; 2] {
    let clock = Site::new().clock;
    let store = MemoryStore::new().with_clock(clock.clone());
    [(); 2].map(|()| {
        let webhooks = DiditWebhooks::new([SECRET]).unwrap();
        Site::at(clock.clone(), webhooks.with_store(store.clone()))
    })
}

/// Two requests of one process, or of two that share a store.
fn both_ways() -> [[Site; 2]; 2] {
    let site = Site::new();
    [[site.clone(), site], two_processes()]
}

// Behaviours 127 and 130.
#[tokio::test]
async fn a_handled_event_is_answered_without_the_handler() {
    for [first, second] in both_ways() {
        assert_eq!(first.answer(good()).await, StatusCode::OK);
        for _ in 0..3 {
            assert_eq!(second.answer(good()).await, StatusCode::OK);
        }
        // Sent again by Didit, with another time and signature.
        assert_eq!(
            second.answer(at(NOW + 60, approved())).await,
            StatusCode::OK
        );
        assert_eq!(
            first.answer(at(NOW + 240, approved())).await,
            StatusCode::OK
        );
        assert_eq!(first.count().max(second.count()), 1);
    }
}

// Behaviours 127 and 130.
#[tokio::test]
async fn an_event_is_known_only_after_its_handler_answered_2xx() {
    for [first, second] in both_ways() {
        for status in [500, 503, 404, 401, 303] {
            let failing = first.respond(good(), move |_| {
                ready(
                    Response::builder()
                        .status(status)
                        .body(String::new())
                        .unwrap(),
                )
            });
            assert!(!failing.await.status().is_success());
        }
        assert_eq!(second.answer(good()).await, StatusCode::OK);
        let calls = first.count();
        assert_eq!(first.answer(good()).await, StatusCode::OK);
        assert_eq!(first.count(), calls);
    }
}

#[tokio::test]
async fn another_event_is_no_repeat() {
    let site = Site::new();
    for event in [
        approved(),
        with(approved(), "/event_id", "another".into()),
        // Ids that are used twice for different statements lose nothing.
        with(approved(), "/status", "Declined".into()),
        with(approved(), "/session_id", "another".into()),
        with(approved(), "/webhook_type", "data.updated".into()),
    ] {
        assert_eq!(site.answer(Delivery::of(&event)).await, StatusCode::OK);
    }
    assert_eq!(site.count(), 5);
}

#[tokio::test]
async fn an_event_without_an_id_is_known_by_its_content() {
    let site = Site::new();
    let event = with(approved(), "/event_id", Value::Null);
    for _ in 0..2 {
        assert_eq!(site.answer(Delivery::of(&event)).await, StatusCode::OK);
    }
    assert_eq!(site.count(), 1);
    assert_eq!(site.answer(at(NOW + 1, event)).await, StatusCode::OK);
    assert_eq!(site.count(), 2);
}

// A replay can be formatted anew: the canonical signature covers only its meaning. Behaviours 127 and 130.
#[tokio::test]
async fn an_event_without_an_id_is_known_however_its_json_is_written() {
    let webhooks = DiditWebhooks::new([SECRET]).unwrap();
    let site = Site::of(webhooks.accept_canonical_signature());
    let event = with(approved(), "/event_id", Value::Null);
    let canonical = event.to_string().replace("92.0", "92"); // serde_json sorts keys
    let signature = sign(SECRET, canonical.as_bytes());
    let delivery = Delivery::of(&event).with("x-signature-v2", signature);
    assert_eq!(site.answer(delivery.clone()).await, StatusCode::OK);
    for written in [canonical, format!(" {event}"), event.to_string()] {
        let mut replay = delivery.clone().without("x-signature");
        replay.body = written.into_bytes();
        assert_eq!(site.answer(replay).await, StatusCode::OK);
    }
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn the_same_event_of_another_destination_is_no_repeat() {
    let store = MemoryStore::new();
    let site = |secret| {
        let webhooks = DiditWebhooks::new([secret]).unwrap();
        Site::of(webhooks.with_store(store.clone()))
    };
    let (first, second) = (site(SECRET), site("another-secret"));
    assert_eq!(first.answer(good()).await, StatusCode::OK);
    let other = good().with("x-signature", sign("another-secret", &good().body));
    assert_eq!(second.answer(other).await, StatusCode::OK);
    assert_eq!((first.count(), second.count()), (1, 1));
}

#[tokio::test]
async fn what_was_handled_is_forgotten_after_twenty_minutes() {
    for [site, other] in both_ways() {
        assert_eq!(site.answer(good()).await, StatusCode::OK);
        site.clock.advance(Duration::from_secs(20 * 60 - 1));
        let late = || at(NOW + 20 * 60 - 1, approved());
        assert_eq!(other.answer(late()).await, StatusCode::OK);
        let before = site.count().max(other.count());
        assert_eq!(before, 1);
        site.clock.advance(Duration::from_secs(1));
        assert_eq!(site.answer(late()).await, StatusCode::OK);
        assert_eq!(site.count(), 2);
    }
}

// Behaviour 127.
#[tokio::test]
async fn while_the_first_is_handled_a_repeat_is_answered_503() {
    for [first, second] in both_ways() {
        let (begun, may_end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let running = {
            let (site, begun, may_end) = (first.clone(), Arc::clone(&begun), Arc::clone(&may_end));
            tokio::spawn(async move {
                let handler = move |_: WebhookEvent| {
                    let (begun, may_end) = (Arc::clone(&begun), Arc::clone(&may_end));
                    async move {
                        begun.notify_one();
                        may_end.notified().await;
                        Response::default()
                    }
                };
                site.respond(good(), handler).await.status()
            })
        };
        begun.notified().await;
        assert_eq!(second.answer(good()).await, IN_PROGRESS);
        assert_eq!(first.answer(good()).await, IN_PROGRESS);
        let other = with(approved(), "/event_id", "another".into());
        assert_eq!(second.answer(Delivery::of(&other)).await, StatusCode::OK);
        may_end.notify_one();
        assert_eq!(running.await.unwrap(), StatusCode::OK);
        let calls = [first.count(), second.count()];
        assert_eq!(second.answer(good()).await, StatusCode::OK);
        assert_eq!([first.count(), second.count()], calls);
    }
}

/// A delivery whose connection is closed while its handler runs.
async fn cancelled(site: &Site) {
    let begun = Arc::new(Notify::new());
    let handler = {
        let begun = Arc::clone(&begun);
        move |_: WebhookEvent| {
            begun.notify_one();
            pending()
        }
    };
    tokio::select! {
        response = site.respond(good(), handler) => panic!("{response:?}"),
        () = begun.notified() => {}
    }
}

#[tokio::test(start_paused = true)]
async fn the_mark_of_a_cancelled_handler_lapses_after_ten_seconds() {
    for [first, second] in both_ways() {
        cancelled(&first).await;
        first.clock.advance(Duration::from_secs(9));
        assert_eq!(second.answer(good()).await, IN_PROGRESS);
        first.clock.advance(Duration::from_secs(1));
        assert_eq!(second.answer(good()).await, StatusCode::OK);
    }
}

// Didit waits 5 s, and may close the connection after the handler has succeeded. Behaviours 127 and 130.
#[tokio::test(start_paused = true)]
async fn an_event_that_was_handled_is_remembered_although_its_connection_closes() {
    let clock = Site::new().clock;
    let store = Slow {
        inner: MemoryStore::new().with_clock(clock.clone()),
        replaces: Arc::default(),
        may_replace: Arc::default(),
        has_replaced: Arc::default(),
    };
    let webhooks = DiditWebhooks::new([SECRET]).unwrap();
    let site = Site::at(clock, webhooks.with_store(store.clone()));
    tokio::select! {
        answer = site.answer(good()) => panic!("{answer}"),
        () = store.replaces.notified() => {}
    }
    store.may_replace.notify_one();
    let replaced = store.has_replaced.notified();
    let replaced = tokio::time::timeout(Duration::from_secs(1), replaced).await;
    assert!(replaced.is_ok());
    site.clock.advance(Duration::from_secs(11));
    assert_eq!(site.answer(good()).await, StatusCode::OK);
    assert_eq!(site.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_outlives_its_mark_is_remembered_and_disturbs_no_other() {
    let [first, second] = two_processes();
    let clock = first.clock.clone();
    let slow = first.respond(good(), move |_| {
        let clock = clock.clone();
        async move {
            clock.advance(Duration::from_secs(11));
            tokio::time::advance(Duration::from_secs(11)).await;
            Response::default()
        }
    });
    assert_eq!(slow.await.status(), StatusCode::OK);
    assert_eq!(second.answer(good()).await, StatusCode::OK);
    assert_eq!(second.count(), 0);

    // A failure after the mark has lapsed leaves the mark of the other process alone.
    let [first, second] = two_processes();
    let (clock, other) = (first.clock.clone(), second.clone());
    let failing = first.respond(good(), move |_| {
        let (clock, other) = (clock.clone(), other.clone());
        async move {
            clock.advance(Duration::from_secs(11));
            tokio::time::advance(Duration::from_secs(11)).await;
            assert_eq!(other.answer(good()).await, StatusCode::OK);
            Response::builder().status(500).body(String::new()).unwrap()
        }
    });
    assert_eq!(failing.await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(second.answer(good()).await, StatusCode::OK);
    assert_eq!(second.count(), 1);
}

// Behaviours 127 and 130.
#[tokio::test(start_paused = true)]
async fn a_failure_does_not_undo_that_another_process_has_handled_the_event() {
    let [first, second] = two_processes();
    let may_fail = Arc::new(Notify::new());
    let failing = {
        let may_fail = Arc::clone(&may_fail);
        move |_: WebhookEvent| {
            let may_fail = Arc::clone(&may_fail);
            async move {
                may_fail.notified().await;
                Response::builder().status(500).body(String::new()).unwrap()
            }
        }
    };
    let (clock, other) = (first.clock.clone(), second.clone());
    let slow = first.respond(good(), move |_| {
        let (clock, other, failing) = (clock.clone(), other.clone(), failing.clone());
        async move {
            clock.advance(Duration::from_secs(11));
            tokio::spawn(async move { other.respond(good(), failing).await });
            run_background().await;
            Response::default()
        }
    });
    assert_eq!(slow.await.status(), StatusCode::OK);
    assert_eq!([first.count(), second.count()], [1, 1]);
    may_fail.notify_one();
    run_background().await;
    assert_eq!(first.answer(good()).await, StatusCode::OK);
    assert_eq!([first.count(), second.count()], [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn while_the_store_does_not_answer_didit_is_asked_to_come_again() {
    for silent in [true, false] {
        let webhooks = DiditWebhooks::new([SECRET]).unwrap();
        let site = Site::of(webhooks.with_store(Broken { silent }));
        let start = tokio::time::Instant::now();
        assert_eq!(site.answer(good()).await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(start.elapsed().as_secs(), u64::from(silent));
        assert_eq!(site.count(), 0);
        // Forgeries do not reach the store.
        let forged = good().with("x-signature", "0".repeat(64));
        assert_eq!(site.answer(forged).await, StatusCode::UNAUTHORIZED);
    }
}

/// A store that fails, or never answers.
#[derive(Debug)]
struct Broken {
    silent: bool,
}

impl Broken {
    fn answer<T: Send + 'static>(&self) -> StoreFuture<'_, T> {
        if self.silent {
            Box::pin(pending())
        } else {
            Box::pin(ready(Err(StoreError::new("broken"))))
        }
    }
}

impl SessionStore for Broken {
    fn load(&self, _: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        self.answer()
    }

    fn create(
        &self,
        _: SessionKey,
        _: Vec<u8>,
        _: Duration,
        _: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool> {
        self.answer()
    }

    fn replace(&self, _: SessionKey, _: u64, _: Vec<u8>, _: Duration) -> StoreFuture<'_, bool> {
        self.answer()
    }

    fn begin_refresh(&self, _: SessionKey, _: u64, _: RefreshAttempt) -> StoreFuture<'_, bool> {
        self.answer()
    }

    fn abandon_refresh(&self, _: SessionKey, _: u64) -> StoreFuture<'_, bool> {
        self.answer()
    }

    fn delete(&self, _: SessionKey) -> StoreFuture<'_, ()> {
        self.answer()
    }

    fn list(&self, _: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        self.answer()
    }
}

/// A store that replaces only once it may.
#[derive(Clone, Debug)]
struct Slow {
    inner: MemoryStore,
    replaces: Arc<Notify>,
    may_replace: Arc<Notify>,
    has_replaced: Arc<Notify>,
}

impl SessionStore for Slow {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        self.inner.load(key)
    }

    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool> {
        self.inner.create(key, value, lifetime, owner)
    }

    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            self.replaces.notify_one();
            self.may_replace.notified().await;
            let replaced = self.inner.replace(key, version, value, lifetime).await;
            self.has_replaced.notify_one();
            replaced
        })
    }

    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool> {
        self.inner.begin_refresh(key, version, attempt)
    }

    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
        self.inner.abandon_refresh(key, version)
    }

    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
        self.inner.delete(key)
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        self.inner.list(user)
    }
}
