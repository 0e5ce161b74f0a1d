//! `session_cookies` for a session that cannot begin.

use serde_json::Value;
use tower_didit::{
    DiditAuth, ErrorKind,
    fake::{FakeDidit, FakeDiditExt, Person},
    reason::IdTokenError,
    store::MemoryStore,
};

use crate::{
    store::failing_store::{FailingStore, Method},
    support::site::{CALLBACK, auth, didit},
};

async fn refusal(didit: &FakeDidit, auth: &DiditAuth, person: &Person) -> ErrorKind {
    didit
        .session_cookies(auth, person)
        .await
        .unwrap_err()
        .kind()
}

#[tokio::test]
async fn a_session_that_is_too_large_for_its_cookies_is_refused() {
    let didit = FakeDidit::authentication("app");
    let auth = auth(didit.config(CALLBACK).with_cookie_keys([[7; 32]]));
    assert!(didit.session_cookies(&auth, &Person::john()).await.is_ok());
    let person = Person::john().with_claim("tier", Value::from("x".repeat(60_000)));
    assert_eq!(
        refusal(&didit, &auth, &person).await,
        ErrorKind::SessionTooLarge
    );
}

#[tokio::test]
async fn a_session_that_the_store_refuses_is_unavailable() {
    let didit = didit();
    let store = FailingStore::new(MemoryStore::new());
    let auth = auth(didit.config(CALLBACK).with_session_store(store.clone()));
    store.fail(&[Method::Create]);
    let john = Person::john();
    assert_eq!(
        refusal(&didit, &auth, &john).await,
        ErrorKind::SessionUnavailable
    );
    store.work();
    assert!(didit.session_cookies(&auth, &john).await.is_ok());
}

#[tokio::test]
async fn a_session_at_a_foreign_issuer_is_refused() {
    let didit = didit();
    let auth = auth(didit.config(CALLBACK));
    let didit = didit.with_issuer("https://other.example");
    assert_eq!(
        refusal(&didit, &auth, &Person::john()).await,
        ErrorKind::IdToken(IdTokenError::Issuer)
    );
}
