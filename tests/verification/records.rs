//! The conformance of the crate's own records, and of records that break the protocol.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::task::yield_now;
use tower_didit::{
    fake::Person,
    store::{MemoryStore, SessionKey, SessionStore, StoreFuture},
    verification::{Status, VerificationRecord, VerificationRecords, conformance},
};

use crate::guard::Site;

// Behaviour 130.
#[tokio::test]
async fn the_records_in_memory_conform() {
    let records = MemoryStore::new();
    conformance::check(&records, &records.clone()).await;
}

/// Of a verified user, as the first version of this crate with records wrote it.
const FIRST: &str = r#"{"session":"11111111-2222-4333-8444-555555555555",
    "workflow":"99999999-8888-4777-8666-555555555555","rules":"","status":"Approved","is_verified":true,
    "is_blocked":false,"blocked_at":0,"asked_at":7,"page":"/"}"#;

fn record(json: &str) -> VerificationRecord {
    serde_json::from_str(json).unwrap()
}

// Behaviour 130.
#[test]
fn records_of_the_first_version_and_of_later_ones_are_read() {
    let first = record(FIRST);
    assert!(first.is_verified());
    assert_eq!(first.status(), Status::Approved);
    let later = FIRST.replace('{', r#"{"added":1,"#);
    assert_eq!(record(&later), first);
}

// Behaviour 130.
#[tokio::test]
async fn a_memory_store_that_is_full_of_sessions_keeps_the_records() {
    let store = MemoryStore::new().with_capacity(1);
    assert!(store.put("john", record(FIRST), 0).await.unwrap());
    for byte in 0..10 {
        let (key, lifetime) = (SessionKey::from_bytes([byte; 32]), Duration::from_secs(1));
        assert!(store.create(key, Vec::new(), lifetime, None).await.unwrap());
    }
    let found = store.get("john").await.unwrap();
    assert_eq!(found, Some((record(FIRST), 1)));
}

/// Records as JSON in a table, with a flaw.
#[derive(Clone, Debug)]
struct Table {
    rows: Arc<Mutex<HashMap<String, (String, u64)>>>,
    flaw: Flaw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    ReplacesByVersion0,
    ReplacesByOlderVersions,
    ReplacesByLaterVersions,
    CreatesByAnyVersion,
    KeepsTheVersion,
    ComparesBeforeItWrites,
    StoresButSaysNo,
    SaysYesWithoutStoring,
    ReadsInTwoSteps,
    LosesTheBlock,
    CutsThePage,
    CutsTheUser,
    IgnoresCase,
    TrimsSpaces,
    HasOneRecord,
    /// Each view has rows of its own.
    IsNotShared,
}

impl Table {
    fn new(flaw: Flaw) -> Self {
        let rows = Arc::default();
        Self { rows, flaw }
    }

    fn key(&self, user: &str) -> String {
        match self.flaw {
            Flaw::CutsTheUser => user.chars().take(254).collect(),
            Flaw::IgnoresCase => user.to_lowercase(),
            Flaw::TrimsSpaces => user.trim_end().to_owned(),
            Flaw::HasOneRecord => String::new(),
            _ => user.to_owned(),
        }
    }

    fn row(&self, key: &str) -> Option<(String, u64)> {
        self.rows.lock().unwrap().get(key).cloned()
    }

    fn json(&self, record: &VerificationRecord) -> String {
        let mut json = serde_json::to_value(record).unwrap();
        match self.flaw {
            Flaw::LosesTheBlock => json["is_blocked"] = false.into(),
            Flaw::CutsThePage => {
                let page: String = json["page"].as_str().unwrap().chars().take(255).collect();
                json["page"] = page.into();
            }
            _ => {}
        }
        json.to_string()
    }
}

impl VerificationRecords for Table {
    fn get<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Option<(VerificationRecord, u64)>> {
        Box::pin(async move {
            let key = self.key(user);
            let mut row = self.row(&key);
            yield_now().await;
            if let (Flaw::ReadsInTwoSteps, Some((_, version))) = (self.flaw, &mut row) {
                *version = self.row(&key).unwrap().1;
            }
            Ok(row.map(|(json, version)| (serde_json::from_str(&json).unwrap(), version)))
        })
    }

    fn put<'a>(
        &'a self,
        user: &'a str,
        record: VerificationRecord,
        version: u64,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let (flaw, key) = (self.flaw, self.key(user));
            let stored = self.row(&key).map_or(0, |(_, version)| version);
            let is_stored = match flaw {
                Flaw::ReplacesByVersion0 => version == stored || version == 0,
                Flaw::ReplacesByOlderVersions => {
                    version == stored || version < stored && version > 0
                }
                Flaw::ReplacesByLaterVersions => {
                    version == stored || version > stored && stored > 0
                }
                Flaw::CreatesByAnyVersion => version == stored || stored == 0,
                _ => version == stored,
            };
            if flaw == Flaw::ComparesBeforeItWrites {
                yield_now().await;
            }
            let next = match flaw {
                Flaw::KeepsTheVersion => stored.max(1),
                _ => version + 1,
            };
            if (is_stored || flaw == Flaw::StoresButSaysNo) && flaw != Flaw::SaysYesWithoutStoring {
                let row = (self.json(&record), next);
                self.rows.lock().unwrap().insert(key, row);
            }
            Ok(is_stored)
        })
    }
}

#[tokio::test]
async fn a_record_does_not_contain_the_subject() {
    let records = MemoryStore::new();
    let site = Site::with(records.clone()).await;
    site.through("approve").await;
    let subject = Person::alejandra().subject().to_owned();
    let (record, _) = records.get(&subject).await.unwrap().unwrap();
    assert!(record.is_verified());
    let json = serde_json::to_string(&record).unwrap();
    assert!(!json.contains(&subject), "{json}");
}

// Behaviour 130.
#[tokio::test]
async fn a_long_address_of_a_page_is_not_kept() {
    for (length, is_kept) in [(512, true), (513, false)] {
        let site = Site::new().await;
        let address = format!("/account?{}", "a".repeat(length - "/account?".len()));
        let hosted = site.browser.visit(&address).await;
        let returned = site.browser.click(&hosted, "approve").await;
        let page = if is_kept { &address } else { "/" };
        assert_eq!(returned.url(), format!("https://app.example{page}"));
    }
}

async fn check(flaw: Flaw) {
    let first = Table::new(flaw);
    let second = match flaw {
        Flaw::IsNotShared => Table::new(flaw),
        _ => first.clone(),
    };
    conformance::check(&first, &second).await;
}

// Behaviour 130.
#[tokio::test]
async fn records_that_break_the_protocol_do_not_conform() {
    for (flaw, expected) in [
        (Flaw::ReplacesByVersion0, "stored by version 0, not 1"),
        (Flaw::ReplacesByOlderVersions, "stored by version 1, not 2"),
        (Flaw::ReplacesByLaterVersions, "stored by version 2, not 1"),
        (Flaw::CreatesByAnyVersion, "stored by version 1, not 0"),
        (Flaw::KeepsTheVersion, "another record is read"),
        (Flaw::ComparesBeforeItWrites, "two changes of one version"),
        (Flaw::StoresButSaysNo, "changed by another version"),
        (Flaw::SaysYesWithoutStoring, "another record is read"),
        (Flaw::ReadsInTwoSteps, "do not belong together"),
        (Flaw::LosesTheBlock, "another record is read"),
        (Flaw::CutsThePage, "another record is read"),
        (Flaw::CutsTheUser, "the record of another user is read"),
        (Flaw::IgnoresCase, "the record of another user is read"),
        (Flaw::TrimsSpaces, "the record of another user is read"),
        (Flaw::HasOneRecord, "the record of another user is read"),
        (Flaw::IsNotShared, "another record is read"),
    ] {
        let checked = tokio::spawn(check(flaw)).await;
        let panic = checked.expect_err("it breaks the protocol").into_panic();
        let message = match panic.downcast_ref::<String>() {
            Some(message) => message.as_str(),
            None => panic.downcast_ref::<&str>().unwrap(),
        };
        assert!(message.contains(expected), "{flaw:?}: {message}");
    }
    check(Flaw::None).await;
}
