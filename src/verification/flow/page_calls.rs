//! The calls to Didit that the requests of people cause: few for each user, because all users share Didit's limits.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use http::HeaderValue;
use tokio_util::task::TaskTracker;

use super::{Verification, guard::location};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, VerificationError},
    flight::Flight,
    lock::lock,
    verification::VerificationRecord,
};

impl Verification {
    /// Asks Didit for a page that a person waits for. The record counts afterwards, not the outcome of the call, which
    /// another request may have begun before a webhook arrived.
    pub(super) async fn ask_for_page(
        &self,
        user: &str,
    ) -> Result<Option<VerificationRecord>, Error> {
        let calls = &self.0.page_calls;
        let (verification, asked) = (self.clone(), user.to_owned());
        let call = async move { verification.ask(&asked).await.map(drop) };
        let flight = calls.asks.join(user, || calls.start(self, user, call))?;
        outcome_of(flight).await?;
        Ok(self.record(user).await?.map(|(record, _)| record))
    }

    /// Starts or resumes the user's session, and returns its URL. `None` if the record has changed meanwhile.
    pub(super) async fn start_for_page(
        &self,
        user: &str,
        page: &str,
    ) -> Result<Option<HeaderValue>, Error> {
        let calls = &self.0.page_calls;
        let (verification, asked, page) = (self.clone(), user.to_owned(), page.to_owned());
        let call = async move {
            let session = verification.start(&asked, &page).await?;
            session.map(|session| location(session.url())).transpose()
        };
        let flight = calls.starts.join(user, || calls.start(self, user, call))?;
        outcome_of(flight).await
    }
}

/// The calls of this process.
#[derive(Default)]
pub(super) struct PageCalls {
    tasks: TaskTracker,
    asks: InFlight<()>,
    starts: InFlight<Option<HeaderValue>>,
    counts: Mutex<Counts>,
}

impl PageCalls {
    fn start<T: Clone + Send + Sync + 'static>(
        &self,
        verification: &Verification,
        user: &str,
        call: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<Flight<Result<T, Error>>, Error> {
        lock(&self.counts)
            .count(user, verification.now())
            .map_err(|wait| {
                let context = "this user has caused too many calls";
                let error = Error::with_context(VerificationError::RateLimited, context);
                error.with_retry_after(wait)
            })?;
        Ok(Flight::start(&self.tasks, call))
    }
}

/// Calls in flight, by user: concurrent requests of a user share one.
struct InFlight<T>(Mutex<HashMap<String, Flight<Result<T, Error>>>>);

impl<T: Clone + Send + Sync + 'static> InFlight<T> {
    /// The call in flight, or a new one.
    fn join(
        &self,
        user: &str,
        start: impl FnOnce() -> Result<Flight<Result<T, Error>>, Error>,
    ) -> Result<Flight<Result<T, Error>>, Error> {
        let mut flights = lock(&self.0);
        flights.retain(|_, flight| flight.is_in_flight());
        if let Some(flight) = flights.get(user) {
            return Ok(flight.clone());
        }
        let flight = start()?;
        flights.insert(user.to_owned(), flight.clone());
        Ok(flight)
    }
}

impl<T> Default for InFlight<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// How many calls each user has caused in this window.
struct Counts {
    since: Timestamp,
    by_user: HashMap<String, u32>,
}

impl Counts {
    /// Counts a call; otherwise how long to wait.
    fn count(&mut self, user: &str, now: Timestamp) -> Result<(), Duration> {
        let age = now.distance(self.since);
        if age >= WINDOW {
            self.since = now;
            self.by_user.clear();
        }
        let count = self.by_user.entry(user.to_owned()).or_default();
        if *count >= MAX_CALLS {
            return Err(WINDOW.saturating_sub(age));
        }
        *count += 1;
        Ok(())
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            since: Timestamp::from_unix(0),
            by_user: HashMap::new(),
        }
    }
}

async fn outcome_of<T: Clone + Send + Sync + 'static>(
    flight: Flight<Result<T, Error>>,
) -> Result<T, Error> {
    let lost = || Err(Error::new(ErrorKind::ProviderUnreachable));
    flight.outcome().await.unwrap_or_else(lost)
}

const WINDOW: Duration = Duration::from_secs(60);
/// A user who opens the guarded page causes two calls: a question about the session, and its resumption.
const MAX_CALLS: u32 = 20;
