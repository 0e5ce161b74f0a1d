//! Rechecks of verified users, in case webhooks were lost.

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

use super::{NextStep, PAUSE, Verification};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, VerificationError},
    flight::Flight,
    lock::lock,
    verification::VerificationRecord,
};

impl Verification {
    /// How long a verdict counts before Didit is [asked again](Self#lost-webhooks), in the background of a request of the
    /// user.
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

    /// The record that decides on a request. If the verdict on a verified user is older than the period, Didit is asked: in
    /// the background, or, if the verdict no longer counts, before the request passes.
    pub(super) async fn rechecked(
        &self,
        user: &str,
        record: VerificationRecord,
        version: u64,
    ) -> Result<Option<VerificationRecord>, Error> {
        if !matches!(self.next_step(user, &record)?, NextStep::Admit) {
            return Ok(Some(record));
        }
        let (age, period) = (self.distance(record.asked_at), self.0.recheck_after);
        if age >= period.saturating_add(GRACE) {
            let check = self.start_check(user, When::BeforeTheRequest);
            let lost = || Err(Error::new(ErrorKind::ProviderUnreachable));
            let checked = check.outcome().await.unwrap_or_else(lost)?;
            // Didit cannot confirm a record without a session: only the application can have written it.
            if checked.as_ref() == Some(&record) {
                return Err(Error::new(VerificationError::Required));
            }
            return Ok(checked);
        }
        if age >= period && self.distance(record.rechecked_at) >= RETRY_AFTER {
            let known = (record.clone(), version);
            self.start_check(user, When::InBackground(Box::new(known)));
        }
        Ok(Some(record))
    }

    /// The check of this user in this process: the one in flight, one that has just been completed, or a new one.
    fn start_check(&self, user: &str, when: When) -> Flight<Outcome> {
        let now = self.now();
        let rechecks = &self.0.rechecks;
        let mut checks = lock(&rechecks.checks);
        checks.retain(|_, check| check.flight.is_in_flight() || now.distance(check.begun) < PAUSE);
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
                    When::InBackground(known) => {
                        verification.recheck(&user, *known).await;
                        Ok(None)
                    }
                }
            });
            Check { begun: now, flight }
        });
        check.flight.clone()
    }

    /// Asks Didit, unless another process does. The attempt is recorded first, so that other processes see it, and so that
    /// a failed one is not repeated at once.
    async fn recheck(&self, user: &str, (record, version): (VerificationRecord, u64)) {
        // A check that is skipped is due again at the next request.
        let Ok(_permit) = self.0.rechecks.permits.try_acquire() else {
            return;
        };
        // The other half of the reads is for people who wait.
        if self.0.client.is_busy() {
            return;
        }
        let attempt = VerificationRecord {
            rechecked_at: self.now().as_unix(),
            ..record
        };
        let checked = match self.put(user, attempt, version).await {
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
    pub(super) fn distance(&self, seconds: u64) -> Duration {
        self.now().distance(Timestamp::from_unix(seconds))
    }
}

/// The checks of this process.
pub(super) struct Rechecks {
    tasks: TaskTracker,
    /// By user, and whether a request waits for the check. A completed check stays for [`PAUSE`], so that a burst of
    /// requests asks once.
    checks: Mutex<HashMap<(String, bool), Check>>,
    /// Limits the checks in the background.
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
    InBackground(Box<(VerificationRecord, u64)>),
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

/// The default period.
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long a verdict counts beyond the period.
const GRACE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Between two checks of one user in the background.
const RETRY_AFTER: Duration = Duration::from_secs(600);
/// The limit of concurrent checks in the background. At 300 ms each, two make 400 reads a minute; Didit allows 600.
const MAX_RECHECKS: usize = 2;
