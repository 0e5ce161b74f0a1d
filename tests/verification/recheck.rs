//! Verdicts that no webhook takes away: Didit is asked again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::future::join_all;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tower_didit::{
    fake::{Endpoint, Person},
    store::{MemoryStore, StoreError, StoreFuture},
    verification::{VerificationRecord, VerificationRecords},
};

use crate::{
    guard::{PAGE, Site, broken},
    support::{
        logs::{capture, logs},
        tasks::run_background,
    },
};

// In seconds.
const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// A site whose user was verified just now.
async fn verified() -> Site {
    verified_in(MemoryStore::new()).await
}

async fn verified_in(records: impl VerificationRecords) -> Site {
    let site = Site::with(records).await;
    site.through("approve").await;
    assert_eq!(site.asked(), 1);
    site
}

impl Site {
    /// Signs the user in later: sessions do not last that long.
    async fn after(&self, seconds: u64) {
        self.didit.clock().advance(Duration::from_secs(seconds));
        self.sign_in(&self.browser, &Person::alejandra()).await;
    }

    /// Whether the user passes, once what the request has begun is done.
    async fn passes(&self) -> bool {
        let passes = self.is_verified().await;
        run_background().await;
        passes
    }

    async fn is_answered_with_an_error(&self) -> bool {
        let page = self.browser.get(PAGE).await;
        let program = self.browser.fetch(Method::GET, PAGE).await;
        page.status().is_server_error() && program.status().is_server_error()
    }
}

// Behaviour 130.
#[tokio::test]
async fn a_change_whose_webhook_was_lost_is_found_after_a_day() {
    for change in ["Declined", "Kyc Expired", "In Review", "deleted"] {
        let site = verified().await;
        match change {
            "deleted" => site.fake.delete(&site.session()),
            status => site.fake.set_status(&site.session(), status),
        }
        site.after(DAY - MINUTE).await;
        assert!(site.passes().await, "{change}");
        assert_eq!(site.asked(), 1, "{change}");
        site.after(MINUTE).await;
        // This request does not wait for Didit.
        assert!(site.passes().await, "{change}");
        assert_eq!(site.asked(), 2, "{change}");
        assert!(!site.passes().await, "{change}");
    }
}

// Behaviour 130.
#[tokio::test]
async fn a_confirmed_verdict_counts_for_another_day() {
    let site = verified().await;
    for asked in 2..12 {
        site.after(DAY - MINUTE).await;
        assert!(site.passes().await);
        assert_eq!(site.asked(), asked - 1);
        site.after(MINUTE).await;
        assert!(site.passes().await);
        assert!(site.passes().await);
        assert_eq!(site.asked(), asked);
    }
}

#[tokio::test]
async fn rechecks_leave_half_of_the_calls_to_people_who_wait() {
    let site = verified().await;
    site.after(DAY).await;
    let id = site.session().parse().unwrap();
    for _ in 0..301 {
        site.client.decision(id).await.unwrap();
    }
    let asked = site.asked();
    for _ in 0..3 {
        assert!(site.passes().await);
        site.didit.clock().advance(Duration::from_secs(15));
    }
    assert_eq!(site.asked(), asked);
    site.didit.clock().advance(Duration::from_secs(30));
    assert!(site.passes().await);
    assert_eq!(site.asked(), asked + 1);
}

// Behaviour 130.
#[tokio::test]
async fn while_didit_is_down_a_verdict_counts_for_seven_days_more() {
    capture();
    let site = verified().await;
    site.didit
        .on_every(Endpoint::VerificationDecision, broken(503));
    site.after(DAY).await;
    for asked in 2..5 {
        for _ in 0..5 {
            assert!(site.passes().await);
            assert_eq!(site.asked(), asked);
        }
        site.after(10 * MINUTE - 1).await;
        assert!(site.passes().await);
        assert_eq!(site.asked(), asked);
        site.after(1).await;
    }
    site.after(7 * DAY - 31 * MINUTE).await;
    assert!(site.passes().await);
    let warning = "WARN tower_didit::verification::flow::recheck: failed to recheck verified users";
    assert_eq!(logs().matches(warning).count(), 1);

    let asked = site.asked();
    site.after(MINUTE).await;
    for _ in 0..3 {
        assert!(site.is_answered_with_an_error().await);
        assert_eq!(site.asked(), asked + 1);
    }
    site.didit.clear_faults();
    site.didit.clock().advance(Duration::from_secs(10));
    assert!(site.passes().await);
    assert_eq!(site.asked(), asked + 2);
    // The next failure is logged again.
    site.didit
        .on_every(Endpoint::VerificationDecision, broken(503));
    site.after(DAY).await;
    assert!(site.passes().await);
    assert_eq!(logs().matches(warning).count(), 2);
}

// Behaviour 130.
#[tokio::test]
async fn a_user_who_was_away_for_long_waits_for_didit() {
    for (status, passes) in [("Approved", true), ("Declined", false)] {
        let site = verified().await;
        if !passes {
            site.fake.set_status(&site.session(), status);
        }
        site.after(30 * DAY).await;
        assert_eq!(site.passes().await, passes);
        assert_eq!(site.asked(), 2);
        let program = site.browser.fetch(Method::GET, PAGE).await;
        assert_eq!(program.status() == StatusCode::OK, passes);
    }
}

// Behaviour 130.
#[tokio::test]
async fn many_requests_together_ask_once() {
    for time in [DAY, 30 * DAY] {
        let site = verified().await;
        site.after(time).await;
        let passed = join_all((0..50).map(|_| site.is_verified())).await;
        run_background().await;
        assert_eq!(passed, [true; 50]);
        assert_eq!(site.asked(), 2);
    }
}

/// Records that several processes have, and that can be made read-only.
#[derive(Clone, Debug, Default)]
struct Shared {
    records: MemoryStore,
    is_read_only: Arc<AtomicBool>,
}

impl VerificationRecords for Shared {
    fn get<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Option<(VerificationRecord, u64)>> {
        self.records.get(user)
    }

    fn put<'a>(
        &'a self,
        user: &'a str,
        record: VerificationRecord,
        version: u64,
    ) -> StoreFuture<'a, bool> {
        if self.is_read_only.load(Relaxed) {
            return Box::pin(async { Err(StoreError::new("read-only")) });
        }
        self.records.put(user, record, version)
    }
}

impl Shared {
    async fn edit(&self, edit: impl FnOnce(&mut Value)) {
        let user = Person::alejandra().subject().to_owned();
        let (record, version) = self.get(&user).await.unwrap().unwrap();
        let mut json = serde_json::to_value(record).unwrap();
        edit(&mut json);
        let record = serde_json::from_value(json).unwrap();
        assert!(self.put(&user, record, version).await.unwrap());
    }
}

// Behaviour 130.
#[tokio::test]
async fn two_processes_ask_once() {
    let records = Shared::default();
    let here = verified_in(records.clone()).await;
    let there = Site::beside(here.didit.clone(), records).await;
    here.after(DAY).await;
    there.after(0).await;
    let requests = (0..20).flat_map(|_| [here.is_verified(), there.is_verified()]);
    assert_eq!(join_all(requests).await, [true; 40]);
    run_background().await;
    assert_eq!(here.asked(), 2);
    for site in [here, there] {
        assert!(site.passes().await);
        assert_eq!(site.asked(), 2);
    }
}

// Behaviour 130.
#[tokio::test]
async fn a_process_that_ends_while_it_asks_delays_the_next_one_by_ten_minutes() {
    let records = Shared::default();
    let site = verified_in(records.clone()).await;
    site.after(DAY).await;
    let now = site.didit.clock().now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    records
        .edit(|record| record["rechecked_at"] = now.into())
        .await;
    assert!(site.passes().await);
    assert_eq!(site.asked(), 1);
    site.after(10 * MINUTE).await;
    assert!(site.passes().await);
    assert_eq!(site.asked(), 2);
}

// Behaviour 130.
#[tokio::test]
async fn while_the_records_are_read_only_a_verdict_counts_for_seven_days_more() {
    capture();
    let records = Shared::default();
    let site = verified_in(records.clone()).await;
    records.is_read_only.store(true, Relaxed);
    site.after(DAY).await;
    assert!(site.passes().await);
    assert!(site.passes().await);
    assert!(logs().contains("failed to recheck verified users"));
    assert_eq!(site.asked(), 1);
    site.after(7 * DAY).await;
    assert!(site.is_answered_with_an_error().await);
}

// Behaviour 130.
#[tokio::test]
async fn a_wrong_clock_or_a_record_without_a_session_keeps_no_verdict_alive() {
    for (member, value, asked) in [
        ("asked_at", json!(u64::MAX), 2),
        ("rechecked_at", json!(u64::MAX), 2),
        ("session", Value::Null, 1),
    ] {
        let records = Shared::default();
        let site = verified_in(records.clone()).await;
        site.after(DAY).await;
        records.edit(|record| record[member] = value).await;
        site.passes().await;
        assert_eq!(site.asked(), asked, "{member}");
        if member == "session" {
            site.after(7 * DAY).await;
            assert!(!site.passes().await);
        }
    }
}
