//! The conformance of the crate's own stores and of the example's.

#[path = "../../examples/session_store/store.rs"]
mod store;

use std::{fs, future::ready, path::PathBuf, time::Duration};

use axum::{Router, routing::get};
use store::FileStore;
use tower_didit::{
    IdClaims,
    fake::{Browser, FakeDidit, FakeDiditExt, Person},
    store::{
        MemoryStore, RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreFuture,
        StoredSession, UserKey, conformance,
    },
};

use crate::support::{
    cookies::copy_cookies,
    sign_in::sign_in_as,
    site::{CALLBACK, HOME, auth, didit},
};

/// The path of a file that does not exist.
fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("{name}-{}", std::process::id()));
    // An earlier run may have had the same process id.
    let _ = fs::remove_file(&file);
    file
}

// Behaviour 82. Of concurrent updates one succeeds.
#[tokio::test]
async fn the_memory_store_conforms() {
    let store = MemoryStore::new();
    conformance::check(&store, &store.clone()).await;
}

// Behaviour 82. Of concurrent updates one succeeds.
#[tokio::test]
async fn the_example_store_conforms() {
    let file = file("conformance");
    let store = FileStore::open(&file).expect("a file");
    conformance::check(&store, &store.clone()).await;
    drop(store);
    let again = FileStore::open(&file).expect("a file");
    conformance::check(&again, &again.clone()).await;
    fs::remove_file(file).expect("a file");
}

/// A store that breaks the protocol.
#[derive(Clone, Debug)]
struct Flawed(MemoryStore, Flaw);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    ListsNothing,
    ReplacesAnyVersion,
}

async fn check(flaw: Flaw) {
    let store = Flawed(MemoryStore::new(), flaw);
    conformance::check(&store, &store.clone()).await;
}

#[tokio::test]
#[should_panic(expected = "all sessions of the user")]
async fn a_store_that_lists_nothing_does_not_conform() {
    check(Flaw::ListsNothing).await;
}

#[tokio::test]
#[should_panic(expected = "replaced with version 0")]
async fn a_store_that_ignores_versions_does_not_conform() {
    check(Flaw::ReplacesAnyVersion).await;
}

impl SessionStore for Flawed {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        self.0.load(key)
    }

    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool> {
        self.0.create(key, value, lifetime, owner)
    }

    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool> {
        if self.1 != Flaw::ReplacesAnyVersion {
            return self.0.replace(key, version, value, lifetime);
        }
        Box::pin(async move {
            let Some(stored) = self.0.load(key).await? else {
                return Ok(false);
            };
            let version = stored.version();
            self.0.replace(key, version, value, lifetime).await
        })
    }

    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool> {
        self.0.begin_refresh(key, version, attempt)
    }

    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
        self.0.abandon_refresh(key, version)
    }

    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
        self.0.delete(key)
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        if self.1 == Flaw::ListsNothing {
            return Box::pin(ready(Ok(Vec::new())));
        }
        self.0.list(user)
    }
}

/// A newly started application, with an existing file.
fn start(didit: &FakeDidit, file: &PathBuf) -> Browser {
    let store = FileStore::open(file).expect("a file");
    let config = didit.config(CALLBACK).with_session_store(store);
    let app = Router::new()
        .route(
            "/",
            get(|user: Option<IdClaims>| async move {
                user.map_or(String::new(), |user| user.subject().to_owned())
            }),
        )
        .route("/callback", get(|_: IdClaims| async {}))
        .layer(auth(config));
    Browser::new(HOME, app)
}

/// The same browser, at a restarted application.
fn restart(browser: &Browser, didit: &FakeDidit, file: &PathBuf) -> Browser {
    with_cookies_of(browser, start(didit, file))
}

fn with_cookies_of(browser: &Browser, restarted: Browser) -> Browser {
    copy_cookies(browser, &restarted);
    restarted
}

async fn enter(person: &Person, browser: &Browser, didit: &FakeDidit) {
    sign_in_as(person, browser, didit).await;
    assert_eq!(browser.get("/").await.text(), person.subject());
}

#[tokio::test]
async fn with_the_example_a_session_outlives_a_restart() {
    let file = file("restart");
    let didit = didit().with_system_clock();
    let browser = start(&didit, &file);
    enter(&Person::john(), &browser, &didit).await;

    let browser = restart(&browser, &didit, &file);
    assert_eq!(browser.get("/").await.text(), Person::john().subject());
    let copy = browser.clone();
    browser.post_form("/logout", &[]).await;
    assert_eq!(restart(&copy, &didit, &file).get("/").await.text(), "");
    fs::remove_file(file).expect("a file");
}

#[tokio::test]
async fn a_crash_while_the_example_writes_costs_nothing_that_was_acknowledged() {
    let file = file("crash");
    let didit = didit().with_system_clock();
    let browser = start(&didit, &file);
    enter(&Person::john(), &browser, &didit).await;
    let whole = fs::read(&file).expect("a file");
    let other = browser.new_browser();
    enter(&Person::alejandra(), &other, &didit).await;
    let both = fs::read(&file).expect("a file");

    for length in [
        whole.len(),
        whole.len() + 1,
        whole.len() + 50,
        both.len() - 1,
    ] {
        let written = both.get(..length).expect("it has grown");
        fs::write(&file, written).expect("a file");
        let john = restart(&browser, &didit, &file);
        let alejandra = with_cookies_of(&other, john.new_browser());
        assert_eq!(john.get("/").await.text(), Person::john().subject());
        assert_eq!(alejandra.get("/").await.text(), "");
        // New records follow the last complete one.
        enter(&Person::alejandra(), &john, &didit).await;
        let again = restart(&john, &didit, &file);
        assert_eq!(again.get("/").await.text(), Person::alejandra().subject());
    }
    fs::remove_file(file).expect("a file");
}
