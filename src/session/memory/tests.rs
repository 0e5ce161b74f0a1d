use super::*;
use crate::clock::tests::HandClock;

const MINUTE: Duration = Duration::from_secs(60);

fn key(number: usize) -> SessionKey {
    SessionKey::of_state(&number.to_string())
}

fn user(number: u8) -> UserKey {
    UserKey::new([number; 32])
}

async fn create(store: &MemoryStore, number: usize, lifetime: Duration, owned_by: u8) {
    let owner = SessionOwner::new(user(owned_by), 10 * MINUTE);
    let created = store.create(key(number), b"value".to_vec(), lifetime, Some(owner));
    assert!(created.await.unwrap());
}

async fn is_there(store: &MemoryStore, number: usize) -> bool {
    store.load(key(number)).await.unwrap().is_some()
}

#[tokio::test]
async fn expired_sessions_are_removed() {
    let clock = HandClock::default();
    let store = MemoryStore::new().with_clock(clock.clone());
    for number in 0..100_u8 {
        create(&store, number.into(), MINUTE * number.into(), number).await;
    }
    clock.advance(50 * MINUTE);
    assert!(!is_there(&store, 50).await && is_there(&store, 51).await);
    create(&store, 100, MINUTE, 100).await;
    let entries = lock(&store.entries);
    let lengths = [entries.expiries.len(), entries.users.len()];
    assert_eq!((entries.all.len(), lengths), (50, [50, 50]));
}

#[tokio::test]
async fn a_full_store_removes_the_session_that_expires_first() {
    let store = MemoryStore::new().with_capacity(2);
    create(&store, 0, 2 * MINUTE, 0).await;
    create(&store, 1, MINUTE, 0).await;
    let replaced = store.replace(key(1), 1, b"used".to_vec(), 3 * MINUTE);
    assert!(replaced.await.unwrap());
    create(&store, 2, MINUTE, 1).await;
    assert!(!is_there(&store, 0).await && is_there(&store, 1).await);
    assert!(is_there(&store, 2).await);
    assert_eq!(store.list(user(0)).await.unwrap(), [key(1)]);
    assert_eq!(
        format!("{store:?}"),
        "MemoryStore { sessions: 2, capacity: 2, .. }"
    );
}
