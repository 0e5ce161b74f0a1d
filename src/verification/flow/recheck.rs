//! Whether the verdict on a verified user still holds: webhooks get lost.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::{PAUSE, Standing, Verification};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, VerificationError},
    flight::Flight,
    lock::lock,
    verification::VerificationRecord,
};

impl Verification {
    /// How long Didit's confirmation of a verdict counts. Then Didit is
    /// [asked again](Self#webhooks-that-get-lost) about the session of a verified user, beside the user's requests.
    ///
    /// Default: 24 hours.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_didit::verification::Verification;
    ///
    /// fn hourly(verification: Verification) -> Verification {
    ///     verification.with_recheck_after(Duration::from_secs(3600))
    /// }
    /// # let _ = hourly;
    /// ```
    #[must_use]
    pub fn with_recheck_after(mut self, period: Duration) -> Self {
        Arc::make_mut(&mut self.0).recheck_after = period;
        self
    }

    /// The record that decides on a request. If the user is verified, and the last confirmation is too old, Didit is
    /// asked: beside the request, or before it, if the verdict does not count any more.
    pub(super) async fn rechecked(
        &self,
        user: &str,
        record: VerificationRecord,
        version: u64,
    ) -> Result<Option<VerificationRecord>, Error> {
        if !matches!(self.standing(user, &record)?, Standing::Verified) {
            return Ok(Some(record));
        }
        let (age, period) = (self.distance(record.asked_at), self.0.recheck_after);
        if age >= period.saturating_add(GRACE) {
            let check = self.start_check(user, When::BeforeTheRequest);
            let lost = || Err(Error::new(ErrorKind::ProviderUnreachable));
            let checked = check.outcome().await.unwrap_or_else(lost)?;
            // The application has written a record without a session, which Didit cannot confirm.
            if checked.as_ref() == Some(&record) {
                return Err(Error::new(VerificationError::Required));
            }
            return Ok(checked);
        }
        if age >= period && self.distance(record.rechecked_at) >= RETRY_AFTER {
            let known = (record.clone(), version);
            self.start_check(user, When::BesideTheRequest(Box::new(known)));
        }
        Ok(Some(record))
    }

    /// The check of this user that is in flight in this process or was completed a moment ago, or a new one.
    fn start_check(&self, user: &str, when: When) -> Flight<Outcome> {
        let now = self.now();
        let rechecks = &self.0.rechecks;
        let mut checks = lock(&rechecks.checks);
        checks.retain(|_, check| check.flight.is_in_flight() || now.since(check.begun) < PAUSE);
        let key = (user.to_owned(), matches!(when, When::BeforeTheRequest));
        let check = checks.entry(key).or_insert_with(|| {
            let (verification, user) = (self.clone(), user.to_owned());
            let flight = Flight::start(&rechecks.tasks, async move {
                match when {
                    When::BeforeTheRequest => {
                        let checked = verification.ask(&user).await?;
                        let is_failing = &verification.0.rechecks.is_failing;
                        is_failing.store(false, Ordering::Relaxed);
                        Ok(checked)
                    }
                    When::BesideTheRequest(known) => {
                        verification.recheck(&user, *known).await;
                        Ok(None)
                    }
                }
            });
            Check { begun: now, flight }
        });
        check.flight.clone()
    }

    /// Asks Didit, if no other process does. The claim is in the record, so that it holds for all processes, and after a
    /// failure.
    async fn recheck(&self, user: &str, (record, version): (VerificationRecord, u64)) {
        // Skipped, the check is due at the next request.
        let Ok(_permit) = self.0.rechecks.permits.try_acquire() else {
            return;
        };
        // The other half of the calls is for people who wait for a decision.
        if self.0.client.is_busy() {
            return;
        }
        let claim = VerificationRecord {
            rechecked_at: self.now().as_unix(),
            ..record
        };
        let checked = match self.put(user, claim, version).await {
            Ok(true) => self.ask(user).await,
            Ok(false) => return,
            Err(error) => Err(error),
        };
        let is_failing = &self.0.rechecks.is_failing;
        match checked {
            Ok(record) => {
                is_failing.store(false, Ordering::Relaxed);
                if let Some(record) = record.filter(|record| !record.is_verified()) {
                    let status = record.status();
                    tracing::debug!(%status, "user no longer verified");
                }
            }
            Err(error) => {
                if !is_failing.swap(true, Ordering::Relaxed) {
                    let (code, source) = (error.kind().code(), error.causes());
                    tracing::warn!(
                        code,
                        %error,
                        source,
                        "failed to recheck verified users: they pass for 7 days more"
                    );
                }
            }
        }
    }

    /// How far a moment is from now. One in the future, by a clock that was wrong, does not keep a verdict alive.
    fn distance(&self, seconds: u64) -> Duration {
        let (now, then) = (self.now(), Timestamp::from_unix(seconds));
        now.since(then).max(then.since(now))
    }
}

/// The checks of this process.
pub(super) struct Rechecks {
    tasks: TaskTracker,
    /// By user, and whether requests wait for it. A check stays for a moment after it was completed: many requests
    /// together ask once.
    checks: Mutex<HashMap<(String, bool), Check>>,
    /// For the checks beside requests: those of requests that wait for Didit come first.
    permits: Semaphore,
    /// Whether the failure was logged.
    is_failing: AtomicBool,
}

struct Check {
    begun: Timestamp,
    flight: Flight<Outcome>,
}

enum When {
    BeforeTheRequest,
    /// With the record and its version.
    BesideTheRequest(Box<(VerificationRecord, u64)>),
}

type Outcome = Result<Option<VerificationRecord>, Error>;

impl Default for Rechecks {
    fn default() -> Self {
        Self {
            tasks: TaskTracker::new(),
            checks: Mutex::default(),
            permits: Semaphore::new(MAX_RECHECKS),
            is_failing: AtomicBool::new(false),
        }
    }
}

/// By default a confirmation counts for this long.
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long a verdict counts that could not be confirmed.
const GRACE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Between two checks of one user beside requests.
const RETRY_AFTER: Duration = Duration::from_secs(600);
/// The limit of concurrent checks beside requests. At 300 ms each they are 400 a minute; Didit allows 600.
const MAX_RECHECKS: usize = 2;
