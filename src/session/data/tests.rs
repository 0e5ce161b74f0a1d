use super::*;
use crate::{
    session::Limits,
    tokens::{AccessToken, DiditTokens, IdClaims, Scopes, TokenSet},
};

fn session() -> Session {
    let tokens = TokenSet {
        access_token: AccessToken::new("at"),
        refresh_token: None,
        id_token: None,
        scopes: Scopes::new("openid"),
        expires_at: None,
        received_at: at(0),
    };
    let limits = Limits {
        idle: Duration::from_secs(3600),
        absolute: Duration::from_secs(3600),
    };
    let tokens = DiditTokens::new(tokens, IdClaims::of_subject("john"));
    Session::start(tokens, false, limits, at(0))
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(1000 + seconds)
}

fn set(data: &SessionData, key: &str, value: &str) -> Result<SessionData, ErrorKind> {
    let change = DataChange::set(key, value).expect("a string is JSON");
    data.changed(&change).map_err(|error| error.kind())
}

#[test]
fn a_value_is_read_as_the_type_that_was_set() {
    let data = SessionData::default();
    assert_eq!(data.get::<String>("role").unwrap(), None);
    let data = set(&data, "role", "admin").unwrap();
    assert_eq!(data.get::<String>("role").unwrap().unwrap(), "admin");
    let error = data.get::<u64>("role").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedSessionData);
    assert!(data.get::<u64>("Role").unwrap().is_none());
    let data = data.changed(&DataChange::remove("role")).unwrap();
    assert_eq!(data.get::<String>("role").unwrap(), None);

    let not_json = BTreeMap::from([((1, 2), 3)]);
    let refused = DataChange::set("key", &not_json).map(|_| ());
    assert_eq!(
        refused.unwrap_err().kind(),
        ErrorKind::UnexpectedSessionData
    );
}

// Behaviour 123.
#[test]
fn keys_and_data_have_a_limit() {
    let data = SessionData::default();
    let longest = "k".repeat(64);
    assert!(set(&data, &longest, "").is_ok());
    let too_large = Err(ErrorKind::SessionDataTooLarge);
    assert_eq!(set(&data, &"k".repeat(65), "").map(drop), too_large);
    // `{"a":"…"}`
    let full = set(&data, "a", &"v".repeat(1024 - 8)).unwrap();
    assert_eq!(set(&data, "a", &"v".repeat(1024 - 7)).map(drop), too_large);
    assert_eq!(set(&full, "b", "").map(drop), too_large);
    let emptied = full.changed(&DataChange::remove("a")).unwrap();
    assert!(set(&emptied, "b", &"v".repeat(1024 - 8)).is_ok());
}

// Behaviour 95.
#[test]
fn nothing_shows_a_value() {
    let data = set(&SessionData::default(), "role", "a secret").unwrap();
    let session = session().with_data(data);
    let shown = format!("{session:?}");
    assert!(
        shown.contains("role") && !shown.contains("secret"),
        "{shown}"
    );
}

// Behaviour 123.
#[test]
fn of_concurrent_changes_of_one_session_none_is_lost() {
    let (recent, john) = (RecentData::default(), session());
    assert!(recent.newer(&john, || at(0)).is_none());
    let jane = session();
    for (index, key) in ["a", "b"].into_iter().enumerate() {
        let change = DataChange::set(key, &index).unwrap();
        let changed = recent.change(&john, &change, at(0), |_| Ok(()));
        assert!(changed.unwrap().get::<usize>(key).unwrap().is_some());
    }
    let newest = recent.newer(&john, || at(599)).expect("it was changed");
    assert_eq!(newest.get("a").unwrap(), Some(0));
    assert_eq!(newest.get("b").unwrap(), Some(1));
    assert!(
        recent.newer(&jane, || at(0)).is_none(),
        "another session's data"
    );
    assert!(recent.newer(&john, || at(600)).is_none());

    // Another process has changed the cookies since.
    let john = john.with_data(set(&newest, "a", "elsewhere").unwrap());
    assert!(recent.newer(&john, || at(1)).is_none());
    recent.forget(john.id());
    assert!(recent.newer(&jane, || at(1)).is_none());
}

// Behaviour 123.
#[test]
fn a_change_that_is_refused_is_not_kept() {
    let (recent, session) = (RecentData::default(), session());
    let change = DataChange::set("a", "value").unwrap();
    let refuse = |_: &SessionData| Err(Error::new(ErrorKind::SessionTooLarge));
    assert!(recent.change(&session, &change, at(0), refuse).is_err());
    assert!(recent.newer(&session, || at(0)).is_none());
}

#[test]
fn memory_for_recent_data_is_bounded() {
    let recent = RecentData::default();
    let first = session();
    let change = DataChange::set("a", "value").unwrap();
    for number in 0..=CAPACITY as u64 {
        let session = if number == 0 {
            first.clone()
        } else {
            session()
        };
        let now = at(number.min(1));
        let changed = recent.change(&session, &change, now, |_| Ok(()));
        assert!(changed.is_ok());
    }
    assert_eq!(lock(&recent.sessions).len(), CAPACITY);
    assert!(recent.newer(&first, || at(0)).is_none());
}
