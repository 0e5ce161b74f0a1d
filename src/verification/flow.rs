//! The verification of signed-in users: guard, return page, webhooks, rechecks.

mod events;
mod guard;
mod outage;
mod page_calls;
mod recheck;
mod return_page;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::uri::Authority;
use tokio::time::timeout;
use url::Url;

pub use self::{
    guard::{RequireVerified, RequireVerifiedService},
    return_page::VerificationReturnPage,
};
use self::{
    page_calls::PageCalls,
    recheck::{DAY, Rechecks},
};
use super::{
    NewVerification, Reason, Requirements, Status, Verdict, VerificationClient, VerificationRecord,
    VerificationRecords, VerificationSession, id::is_uuid, invalid_request,
    new_verification::vendor_data,
};
use crate::{
    clock::{Clock, Timestamp},
    config::ConfigError,
    context::RequestedPage,
    error::{Error, ErrorKind, VerificationError},
    provider::{Endpoint, InvalidUrl},
    session::store::StoreFuture,
    tokens::IdClaims,
};

/// Verifies signed-in users at Didit, and keeps a record of each.
///
/// Three parts share it: [`RequireVerified`] guards routes, the browser returns to [`return_page`](Self::return_page), and
/// [`receive`](Self::receive) handles Didit's webhooks. Only a decision that Didit returns over its API makes a user
/// verified: neither the browser's return nor a webhook's payload grants anything. So a webhook may arrive twice, in any
/// order, before the return or never.
///
/// ```
/// use axum::{
///     Router,
///     extract::State,
///     http::StatusCode,
///     routing::{get, get_service, post},
/// };
/// use tower_didit::{
///     Config, ConfigError, DiditAuth, Error, RequireSignIn,
///     store::MemoryStore,
///     verification::{
///         DiditWebhooks, RequireVerified, Requirements, Verification, VerificationClient, WebhookEvent,
///     },
/// };
///
/// fn app(config: Config) -> Result<Router, ConfigError> {
///     let requirements = Requirements::identity()
///         .with_liveness()
///         .with_face_match()
///         .with_workflow("99999999-8888-4777-8666-555555555555");
///     let verification = Verification::new(
///         VerificationClient::new("the-API-key", &config)?,
///         requirements,
///         "https://app.example/verified",
///         MemoryStore::new(), // in production `RedisStore`, or a table of your database
///     )?;
///     let webhooks = DiditWebhooks::new(["the secret of the destination"])?;
///     Ok(Router::new()
///         .route("/account", get(|| async { "only for verified users" }))
///         .route_layer(RequireVerified::new(&verification))
///         .route_layer(RequireSignIn::new())
///         .route("/verified", get_service(verification.return_page()))
///         .route("/didit", post(webhook).layer(webhooks))
///         .with_state(verification)
///         .layer(DiditAuth::new(config)))
/// }
///
/// async fn webhook(State(verification): State<Verification>, event: WebhookEvent) -> Result<StatusCode, Error> {
///     verification.receive(&event).await?;
///     Ok(StatusCode::NO_CONTENT)
/// }
/// # let config = Config::builder("id", "https://app.example/callback").with_client_secret("s").build()?;
/// # app(config)?;
/// # Ok::<_, ConfigError>(())
/// ```
///
/// # What the guard does
///
/// | status of the user's session | the guard |
/// |---|---|
/// | no session, `Not Started`, `In Progress`, `Resubmitted` | sends the person to Didit, to begin or continue |
/// | `In Review`, `Awaiting User`, or an unknown status | sends the person to the return page, which waits for the decision |
/// | `Approved`, and the [requirements](Requirements) are met | lets the user pass |
/// | `Approved`, but a check is missing or not approved; `Declined` | 403 [`verification-declined`](VerificationError::Declined), until an employee lets the person repeat steps |
/// | `Expired`, `Abandoned`, `Kyc Expired`, or the session was deleted | sends the person to Didit, to start again |
/// | any, and the user is blocked in Didit's console | 403 [`verification-user-blocked`](VerificationError::UserBlocked) |
///
/// A verdict counts only for the user and the requirements that it was made for. If the requirements change, Didit is
/// asked again; if the workflow changes, the user starts again. Deploy another workflow to all processes at once: each
/// process replaces the record of another workflow.
///
/// Didit is asked about a session at most every 10 s for a browser, and for each webhook that may change the record.
/// All users share Didit's limits. So concurrent requests of a user cause one call, and the pages that a user opens cause at
/// most 20 calls a minute in each process. Webhooks and checks of verified users do not count.
/// If the records do not respond within 1 s, nobody passes: 503. While Didit does not respond, or
/// [limits the calls](VerificationClient#rate-limits), verified users pass, and other people see a page that reloads itself:
/// the return page, or that of [`verification-unavailable`](VerificationError::Unavailable).
///
/// # Lost webhooks
///
/// Didit drops a webhook after three failed attempts. So a verdict counts for [a period](Self::with_recheck_after) after
/// Didit has confirmed it. The user's next request then still passes, and a check in the background asks Didit: in one
/// process, at most every 10 minutes, and only while half of the [reads of the minute](VerificationClient#rate-limits) are
/// left. If Didit no longer approves, or the session was deleted, for which there is no webhook, the user is no longer
/// verified. A decision does not say that the user is blocked: if that webhook is lost, send it again from Didit's console.
///
/// While Didit does not respond, the verdict still counts, and one `WARN` is [logged](crate::docs::logs#verification).
/// From 7 days after the period, it no longer counts: the request waits for Didit's decision. So does the first request of a
/// user who was away for that long.
#[derive(Clone)]
pub struct Verification(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    client: VerificationClient,
    requirements: Requirements,
    workflow: String,
    /// The URL of the return page.
    return_url: String,
    records: Arc<dyn VerificationRecords>,
    clock: Arc<dyn Clock>,
    recheck_after: Duration,
    rechecks: Arc<Rechecks>,
    page_calls: Arc<PageCalls>,
}

/// What becomes of a user, by the record.
enum NextStep {
    Admit,
    /// The user begins, or goes on, at Didit.
    Verify,
    /// Didit has not decided yet, or has not been asked.
    Wait,
    Refuse,
}

impl Verification {
    /// Users are verified by the [workflow](Requirements::with_workflow) of `requirements`. `return_url` is the absolute URL
    /// of the route with the [`return_page`](Self::return_page), inside of [`DiditAuth`](crate::DiditAuth).
    /// [Example](Self).
    ///
    /// # Errors
    ///
    /// - [`ConfigError::Invalid`]: the requirements have no workflow, or its id is not a UUID.
    /// - [`ConfigError::InvalidValue`]: the return URL is neither https nor http on loopback, or has a query.
    pub fn new(
        client: VerificationClient,
        requirements: Requirements,
        return_url: impl Into<String>,
        records: impl VerificationRecords,
    ) -> Result<Self, ConfigError> {
        let workflow = requirements.workflow_id.as_deref().unwrap_or_default();
        // Didit spells ids in lower case, and the verdict compares the spelling.
        let workflow = workflow.to_ascii_lowercase();
        if !is_uuid(&workflow) {
            return Err(ConfigError::Invalid {
                name: "workflow of the requirements",
                why: "is missing or not a UUID",
            });
        }
        let requirements = requirements.with_workflow(&workflow);
        let return_url = return_url.into();
        let url = Endpoint::parse("return URL", &return_url)?;
        if url.url().query().is_some() {
            return Err(InvalidUrl::new("return URL", &return_url, "must not have a query").into());
        }
        Ok(Self(Arc::new(Inner {
            client,
            requirements,
            workflow,
            return_url,
            records: Arc::new(records),
            clock: Arc::new(SystemTime::now),
            recheck_after: DAY,
            rechecks: Arc::default(),
            page_calls: Arc::default(),
        })))
    }

    /// The clock that measures the pauses between calls and the age of a verdict.
    ///
    /// Default: the system's.
    ///
    /// ```
    /// use tower_didit::{fake::FakeClock, verification::Verification};
    ///
    /// fn in_a_test(verification: Verification, clock: FakeClock) -> Verification {
    ///     verification.with_clock(clock)
    /// }
    /// # let _ = in_a_test;
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        Arc::make_mut(&mut self.0).clock = Arc::new(clock);
        self
    }

    /// The page that the browser returns to: a service for the route of the return URL, inside of
    /// [`DiditAuth`](crate::DiditAuth). [Example](Self).
    ///
    /// It ignores the parameters that Didit adds to the query. It asks Didit for the decision about the signed-in user's
    /// own session, and redirects a verified user to the page that the guard has interrupted. While Didit has not decided,
    /// the page reloads itself every 10 s, six times. In a browser in which nobody is signed in, such as that of a phone on
    /// which the person has finished, it points back to the first device.
    pub fn return_page(&self) -> VerificationReturnPage {
        VerificationReturnPage::new(self.clone())
    }

    /// The record of a signed-in user, for pages that show how the verification stands. Didit is not asked. It admits
    /// nobody: [`RequireVerified`] does.
    ///
    /// ```
    /// use axum::extract::State;
    /// use tower_didit::{
    ///     Error, IdClaims,
    ///     verification::{Status, Verification},
    /// };
    ///
    /// async fn home(State(verification): State<Verification>, user: IdClaims) -> Result<&'static str, Error> {
    ///     Ok(match verification.record_of(&user).await? {
    ///         Some(record) if record.is_verified() => "You are verified.",
    ///         Some(record) if record.is_blocked() => "Please write to us.",
    ///         Some(record) if record.status() == Status::InReview => "Didit is checking your documents.",
    ///         _ => "Please verify your identity.",
    ///     })
    /// }
    /// # let _router: axum::Router<Verification> = axum::Router::new().route("/", axum::routing::get(home));
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionUnavailable`]: the records do not respond.
    pub async fn record_of(&self, user: &IdClaims) -> Result<Option<VerificationRecord>, Error> {
        let stored = self.record(&vendor_data(user)).await?;
        Ok(stored.map(|(record, _)| record))
    }

    /// Asks Didit for the decision about the user's session, and stores the verdict.
    ///
    /// The record is read before Didit is asked and replaced by its version, so an older decision never replaces the
    /// verdict on a newer one.
    async fn ask(&self, user: &str) -> Result<Option<VerificationRecord>, Error> {
        for _ in 0..ATTEMPTS {
            let Some((record, version)) = self.record(user).await? else {
                return Ok(None);
            };
            let session = record.session_id();
            let Some(session) = session.filter(|_| record.workflow == self.0.workflow) else {
                return Ok(Some(record));
            };
            let now = self.now().as_unix();
            let requirements = self.0.requirements.clone();
            let requirements = requirements.with_session(session).with_vendor_data(user);
            let (status, is_verified) = match self.0.client.decision(session).await {
                Ok(decision) => {
                    let verdict = decision.judge(&requirements);
                    log_refusal(decision.status(), &verdict);
                    (decision.status(), verdict.is_verified())
                }
                // The session was deleted: the user has to start again.
                Err(error) if error.kind() == VerificationError::UnknownSession.into() => {
                    (Status::Expired, false)
                }
                Err(error) => return Err(error),
            };
            let verified_at = match (is_verified, record.verified_at) {
                (true, 0) => now,
                (true, since) => since,
                (false, _) => 0,
            };
            let record = VerificationRecord {
                status: status.to_string(),
                is_verified,
                verified_at,
                rules: self.0.requirements.rules_for(user),
                asked_at: now,
                ..record
            };
            if self.put(user, record.clone(), version).await? {
                return Ok(Some(record));
            }
        }
        Err(contended())
    }

    /// Creates or resumes the user's session, and stores it with the page to return to. `None` if the record no longer
    /// allows it: the return page then shows the present state.
    async fn start(&self, user: &str, page: &str) -> Result<Option<VerificationSession>, Error> {
        let mut before = self.record(user).await?;
        if !self.may_start(user, before.as_ref())? {
            return Ok(None);
        }
        let new = NewVerification::new(&self.0.workflow, user).with_callback(&self.0.return_url);
        let session = self.0.client.create(new).await?;
        if !session.workflow_id().eq_ignore_ascii_case(&self.0.workflow) {
            let stable = session.workflow_id();
            let context =
                format!("`with_workflow` has the id of a version: the workflow is {stable}");
            return Err(invalid_request(context));
        }
        // Didit resumes an unfinished session. A new one means that the known one has ended meanwhile.
        let has_ended = before.as_ref().is_some_and(|(before, _)| {
            before.workflow == self.0.workflow
                && before.status().is_undecided()
                && before
                    .session_id()
                    .is_some_and(|known| known != session.id())
        });
        if has_ended {
            self.ask(user).await?;
            before = self.record(user).await?;
            if !self.may_start(user, before.as_ref())? {
                return Ok(None);
            }
        }
        let version = before.as_ref().map_or(0, |(_, version)| *version);
        let mut record = VerificationRecord::new(&session, &self.0.workflow, page);
        if let Some((before, _)) = before {
            record.is_blocked = before.is_blocked;
            record.blocked_at = before.blocked_at;
        }
        if self.put(user, record, version).await? {
            return Ok(Some(session));
        }
        // Another tab may have resumed the same session. Otherwise the outcome of a webhook counts.
        let now = self.record(user).await?;
        let is_same = now.is_some_and(|(now, _)| {
            now.session_id() == Some(session.id())
                && matches!(self.next_step(user, &now), Ok(NextStep::Verify))
        });
        Ok(is_same.then_some(session))
    }

    fn may_start(
        &self,
        user: &str,
        known: Option<&(VerificationRecord, u64)>,
    ) -> Result<bool, Error> {
        let Some((record, _)) = known else {
            return Ok(true);
        };
        Ok(matches!(self.next_step(user, record)?, NextStep::Verify))
    }

    /// What the guard does.
    fn next_step(&self, user: &str, record: &VerificationRecord) -> Result<NextStep, Error> {
        if record.is_blocked {
            return Err(Error::new(VerificationError::UserBlocked));
        }
        if record.workflow != self.0.workflow {
            return Ok(NextStep::Verify);
        }
        if record.is_verified {
            return Ok(if self.has_rules(user, record) {
                NextStep::Admit
            } else {
                NextStep::Wait
            });
        }
        Ok(match record.status() {
            Status::NotStarted
            | Status::InProgress
            | Status::Resubmitted
            | Status::Expired
            | Status::Abandoned
            | Status::KycExpired => NextStep::Verify,
            Status::AwaitingUser | Status::InReview | Status::Other => NextStep::Wait,
            Status::Approved | Status::Declined => NextStep::Refuse,
        })
    }

    /// Whether a browser's request may ask Didit again. A verdict by other requirements, such as those of a process before
    /// a deploy, is replaced at once: otherwise the guard and the return page of two processes redirect to each other.
    fn is_due(&self, user: &str, record: &VerificationRecord) -> bool {
        let has_other_rules = record.is_verified && !self.has_rules(user, record);
        has_other_rules || self.distance(record.asked_at) >= PAUSE
    }

    /// Whether the verdict was made by these requirements.
    fn has_rules(&self, user: &str, record: &VerificationRecord) -> bool {
        record.rules == self.0.requirements.rules_for(user)
    }

    /// Whether a page has the host and the path of the return URL.
    fn is_return_page(&self, page: &RequestedPage) -> bool {
        let Ok(url) = Url::parse(&self.0.return_url) else {
            return false;
        };
        let host = page.host().and_then(|host| host.parse().ok());
        let is_host = host.is_some_and(|host: Authority| {
            let port = host.port_u16();
            let is_port = port.is_none() || port == url.port_or_known_default();
            is_port && url.host_str() == Some(&host.host().to_ascii_lowercase())
        });
        is_host && page.address().is_some_and(|page| page.path() == url.path())
    }

    async fn record(&self, user: &str) -> Result<Option<(VerificationRecord, u64)>, Error> {
        within(self.0.records.get(user)).await
    }

    async fn put(
        &self,
        user: &str,
        record: VerificationRecord,
        version: u64,
    ) -> Result<bool, Error> {
        within(self.0.records.put(user, record, version)).await
    }

    fn now(&self) -> Timestamp {
        Timestamp::now(&*self.0.clock)
    }
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verification")
            .field("requirements", &self.0.requirements)
            .field("return_url", &self.0.return_url)
            .finish_non_exhaustive()
    }
}

/// Logs why an approved session does not verify its user, without data of the person.
fn log_refusal(status: Status, verdict: &Verdict) {
    let Verdict::Refused(reasons) = verdict else {
        return;
    };
    if status != Status::Approved {
        return;
    }
    if reasons.contains(&Reason::Environment) {
        tracing::warn!("decision of a sandbox not accepted: see Requirements::accept_sandbox");
    }
    tracing::debug!(?reasons, "approved session does not meet the requirements");
}

/// Waits for the records, at most 1 s.
async fn within<T>(call: StoreFuture<'_, T>) -> Result<T, Error> {
    match timeout(STORE_TIMEOUT, call).await {
        Ok(outcome) => Ok(outcome?),
        Err(_elapsed) => Err(Error::with_context(
            ErrorKind::SessionUnavailable,
            "the verification records did not respond within 1 s",
        )),
    }
}

fn contended() -> Error {
    let context = "the verification record changes too often";
    Error::with_context(ErrorKind::SessionUnavailable, context)
}

/// The limit of attempts to change a record that other requests change at the same time.
const ATTEMPTS: usize = 5;
/// Between two calls about one session for browsers.
const PAUSE: Duration = Duration::from_secs(10);
const STORE_TIMEOUT: Duration = Duration::from_secs(1);
