//! Tests for implementations of [`VerificationRecords`].
//!
//! ```
//! use tower_didit::{store::MemoryStore, verification::conformance};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // In a test of your own implementation: two handles of one table, as in two processes.
//! let records = MemoryStore::new();
//! conformance::check(&records, &records.clone()).await;
//! # }
//! ```

use futures_util::future::join_all;
use tokio::task::yield_now;

use super::{Status, VerificationRecord, VerificationRecords};
use crate::seal::random;

/// Tests an implementation through two handles, as two processes have them: versions, atomicity, unusual user ids, and
/// that a record is read as it was stored. It adds about 60 records under random user ids, and deletes none: use a test
/// database.
///
/// It does not test durability. [Example](self).
///
/// # Panics
///
/// The implementation violates the contract of the trait; the message says how.
pub async fn check(first: &dyn VerificationRecords, second: &dyn VerificationRecords) {
    let [first, second] = [first, second].map(View);
    for views in [[first, second], [second, first]] {
        each_change_needs_the_current_version(views).await;
        users_are_independent(views).await;
        records_are_read_as_they_were_stored(views).await;
    }
    one_of_concurrent_changes_succeeds([first, second]).await;
    no_change_is_lost([first, second]).await;
}

async fn each_change_needs_the_current_version([here, there]: [View<'_>; 2]) {
    let views = [here, there];
    let user = &new_user();
    record_is(views, user, None).await;
    for version in 0..4 {
        let record = new_record(version);
        let [writer, _] = if version % 2 == 0 {
            [here, there]
        } else {
            [there, here]
        };
        let is_stored = writer.put(user, &record, version).await;
        assert!(is_stored, "not stored by version {version}");
        record_is(views, user, Some((record, version + 1))).await;
    }
}

/// Tests that the user has this record, and that no change of another version succeeds.
async fn record_is(views: [View<'_>; 2], user: &str, expected: Found) {
    let current = expected.as_ref().map_or(0, |(_, version)| *version);
    for view in views {
        view.reads(user, &expected, "another record is read").await;
        for version in [0, 1, 2, 3, 5, 7, u32::MAX.into(), u64::MAX >> 1] {
            if version != current {
                let is_stored = view.put(user, &new_record(99), version).await;
                assert!(!is_stored, "stored by version {version}, not {current}");
                let wrong = "changed by another version";
                view.reads(user, &expected, wrong).await;
            }
        }
    }
}

async fn records_are_read_as_they_were_stored([here, there]: [View<'_>; 2]) {
    let user = &new_user();
    let plain = new_record(1);
    let records = [
        VerificationRecord {
            session: None,
            ..plain.clone()
        },
        VerificationRecord {
            is_verified: true,
            rules: "[Document, Liveness] Some(18) false".to_owned(),
            ..plain.clone()
        },
        VerificationRecord {
            is_blocked: true,
            blocked_at: u32::MAX.into(),
            asked_at: u64::from(u32::MAX) + 1,
            rechecked_at: u64::from(u32::MAX) + 2,
            ..plain.clone()
        },
        VerificationRecord {
            page: "/a?b='c'; drop table verifications; --\\\"%00{}\u{e9}\u{1f600}".to_owned(),
            ..plain.clone()
        },
        VerificationRecord {
            page: "/".repeat(4096),
            ..plain
        },
    ];
    for (record, version) in records.into_iter().zip(0..) {
        assert!(here.put(user, &record, version).await, "not stored");
        let expected = Some((record, version + 1));
        let wrong = "another record is read";
        there.reads(user, &expected, wrong).await;
    }
}

async fn users_are_independent([here, there]: [View<'_>; 2]) {
    let name = new_user();
    let long = name.repeat(8);
    let users = [
        name.clone(),
        name.to_uppercase(),
        format!("{name} "),
        format!(" {name}"),
        format!("{name}%"),
        format!("{name}_"),
        format!("{name}*"),
        format!("{{{name}}}"),
        format!("{name}'; drop table verifications; --"),
        format!("{name}\"\\/:\r\n"),
        format!("{name}\u{e9}"),
        // The same to a reader, in other characters.
        format!("{name}e\u{301}"),
        format!("{name}\u{1f600}"),
        long[..254].to_owned(),
        long[..255].to_owned(),
        format!("{}z", &long[..254]),
    ];
    for (user, number) in users.iter().zip(0..) {
        here.reads(user, &None, ANOTHER_USER).await;
        assert!(here.put(user, &new_record(number), 0).await, "not stored");
    }
    for (user, number) in users.iter().zip(0..) {
        let expected = Some((new_record(number), 1));
        there.reads(user, &expected, ANOTHER_USER).await;
    }
    let [changed, others @ ..] = &users;
    assert!(there.put(changed, &new_record(99), 1).await, "not stored");
    for (user, number) in others.iter().zip(1..) {
        let expected = Some((new_record(number), 1));
        here.reads(user, &expected, "changed with another user")
            .await;
    }
}

async fn one_of_concurrent_changes_succeeds(views: [View<'_>; 2]) {
    for _ in 0..10 {
        let user = &new_user();
        for version in 0..3 {
            let writers = views.into_iter().cycle().take(20).zip(100..);
            let stored = join_all(writers.map(async |(view, number)| {
                let is_stored = view.put(user, &new_record(number), version).await;
                is_stored.then(|| new_record(number))
            }));
            let mut stored = stored.await.into_iter().flatten();
            let winner = stored.next().map(|record| (record, version + 1));
            assert!(winner.is_some(), "none of concurrent changes is stored");
            assert_eq!(stored.next(), None, "two changes of one version are stored");
            for view in views {
                let wrong = "another change than the one that succeeded";
                view.reads(user, &winner, wrong).await;
            }
        }
    }
}

/// Counts concurrently by compare-and-set, as [`Verification`](super::Verification) changes records.
async fn no_change_is_lost(views: [View<'_>; 2]) {
    let user = &new_user();
    let counts = views.into_iter().cycle().take(10).map(async |view| {
        for _ in 0..5 {
            loop {
                let found = view.get(user).await;
                let version = found.as_ref().map_or(0, |(_, version)| *version);
                let count = found.map_or(0, |(record, _)| record.asked_at);
                assert_eq!(count, version, "record and version do not belong together");
                if view.put(user, &new_record(count + 1), version).await {
                    break;
                }
                yield_now().await;
            }
        }
    });
    join_all(counts).await;
    let [first, _] = views;
    let expected = Some((new_record(50), 50));
    first.reads(user, &expected, "a change is lost").await;
}

/// A record and its version.
type Found = Option<(VerificationRecord, u64)>;

/// A handle to the records, as one process has it. Its calls panic if they fail.
#[derive(Clone, Copy)]
struct View<'a>(&'a dyn VerificationRecords);

impl View<'_> {
    async fn get(self, user: &str) -> Found {
        self.0.get(user).await.expect("`get`")
    }

    /// Tests that this record is read. Compares JSON, so that the message has every member.
    async fn reads(self, user: &str, expected: &Found, wrong: &str) {
        let json = |found| serde_json::to_string(found).expect("it has string keys");
        let found = self.get(user).await;
        assert_eq!(json(&found), json(expected), "{wrong}");
    }

    async fn put(self, user: &str, record: &VerificationRecord, version: u64) -> bool {
        let stored = self.0.put(user, record.clone(), version);
        stored.await.expect("`put`")
    }
}

fn new_user() -> String {
    let bytes: [u8; 16] = random();
    let digits = bytes.map(|byte| format!("{byte:02x}")).concat();
    format!("user-{digits}")
}

const ANOTHER_USER: &str = "the record of another user is read";

/// A record that differs from those of other numbers.
fn new_record(number: u64) -> VerificationRecord {
    VerificationRecord {
        session: Some(format!("11111111-2222-4333-8444-{number:012}")),
        status: Status::InProgress.to_string(),
        asked_at: number,
        page: format!("/{number}"),
        ..VerificationRecord::without_session("99999999-8888-4777-8666-555555555555")
    }
}
