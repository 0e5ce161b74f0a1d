//! Stores do what they owe: the crate's own, and the one that the example teaches with.

#[path = "../../examples/session_store/store.rs"]
mod store;

use std::{fs, path::PathBuf, sync::Arc};

use axum::{Router, routing::get};
use store::FileStore;
use tower_didit::{
    IdClaims,
    fake::{Browser, FakeDidit, FakeDiditExt, Person},
    store::{MemoryStore, SessionStore, conformance},
};

use crate::support::{
    cookies::copy_cookies,
    sign_in::sign_in_as,
    site::{CALLBACK, HOME, auth, didit},
};

/// A file that is not there.
fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("{name}-{}", std::process::id()));
    // There is none, unless a run of before had this number.
    let _ = fs::remove_file(&file);
    file
}

// Behaviour 82. Of concurrent updates one succeeds.
#[tokio::test]
async fn memory_does() {
    let store = MemoryStore::new();
    conformance::check(&store, &store.clone()).await;
}

#[tokio::test]
async fn a_store_that_is_shared_behind_a_pointer_does() {
    let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::new());
    conformance::check(&store, &Arc::clone(&store)).await;
    let didit = didit();
    let config = didit.config(CALLBACK);
    assert!(config.with_session_store(store).build().is_ok());
}

// Behaviour 82. Of concurrent updates one succeeds.
#[tokio::test]
async fn the_example_does() {
    let file = file("conformance");
    let store = FileStore::open(&file).expect("a file");
    conformance::check(&store, &store.clone()).await;
    drop(store);
    let again = FileStore::open(&file).expect("a file");
    conformance::check(&again, &again.clone()).await;
    fs::remove_file(file).expect("a file");
}

/// An application that was just started, with a file of before.
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

/// The application is started again.
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
        // It goes on, behind what is whole.
        enter(&Person::alejandra(), &john, &didit).await;
        let again = restart(&john, &didit, &file);
        assert_eq!(again.get("/").await.text(), Person::alejandra().subject());
    }
    fs::remove_file(file).expect("a file");
}
