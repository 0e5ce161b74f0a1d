//! The application's records of who is verified.

mod stores;

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::{Status, VerificationId, VerificationSession};
use crate::session::store::StoreFuture;

/// Keeps one [`VerificationRecord`] for each user, by the user's
/// [`vendor_data`](super::NewVerification::of_user).
///
/// | | for |
/// |---|---|
/// | a table of the application's database | several processes and machines |
/// | `RedisStore` (feature `redis`), which may keep the sessions as well | several processes and machines |
/// | [`MemoryStore`](crate::store::MemoryStore) | tests and demonstrations |
///
/// A change is a compare-and-set on the record's version: of two concurrent changes one fails, and is repeated. Records
/// must outlive the process, and must not be evicted: a user whose record is lost has to verify again, at Didit's price.
/// Each [`Verification`](super::Verification) needs records of its own. Whoever can write them can make users verified.
/// `conformance::check` (feature `test-util`) tests your own implementation.
///
/// The id may be any text, because webhooks name ids: without a record `get` returns `None`, not an error.
///
/// In SQL, for a table `verifications (user_id text primary key, record text, version bigint)`:
///
/// | `version` | statement of `put`: it has stored the record if it changes a row |
/// |---|---|
/// | 0 | `insert into verifications values ($1, $2, 1) on conflict do nothing` |
/// | n | `update verifications set record = $2, version = version + 1 where user_id = $1 and version = $3` |
///
/// ```
/// use std::{collections::HashMap, sync::Mutex};
/// use tower_didit::{
///     store::StoreFuture,
///     verification::{VerificationRecord, VerificationRecords},
/// };
///
/// /// User ids, with the record as JSON and its version.
/// #[derive(Debug)]
/// struct Table(Mutex<HashMap<String, (String, u64)>>);
///
/// impl VerificationRecords for Table {
///     fn get<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Option<(VerificationRecord, u64)>> {
///         Box::pin(async move {
///             let row = self.0.lock().unwrap().get(user).cloned();
///             Ok(row.map(|(json, version)| (serde_json::from_str(&json).unwrap(), version)))
///         })
///     }
///
///     fn put<'a>(&'a self, user: &'a str, record: VerificationRecord, version: u64) -> StoreFuture<'a, bool> {
///         Box::pin(async move {
///             let mut rows = self.0.lock().unwrap();
///             let is_unchanged = rows.get(user).map_or(0, |(_, version)| *version) == version;
///             if is_unchanged {
///                 let json = serde_json::to_string(&record).unwrap();
///                 rows.insert(user.to_owned(), (json, version + 1));
///             }
///             Ok(is_unchanged)
///         })
///     }
/// }
/// ```
pub trait VerificationRecords: fmt::Debug + Send + Sync + 'static {
    /// The record of a user, with its version. [Example](Self).
    ///
    /// # Errors
    ///
    /// The record cannot be read. The request is answered 503.
    fn get<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Option<(VerificationRecord, u64)>>;

    /// Stores the record with the version `version + 1` if the stored one has the version `version` (0: if there is none),
    /// in one atomic step. Returns whether it was stored. [Example](Self).
    ///
    /// # Errors
    ///
    /// It is unknown whether the record was stored. The request is answered 503.
    fn put<'a>(
        &'a self,
        user: &'a str,
        record: VerificationRecord,
        version: u64,
    ) -> StoreFuture<'a, bool>;
}

/// The state of a user's verification. It has no data of the person. Store it as JSON, or in another self-describing
/// format: a later version of this crate may add members.
///
/// ```
/// use tower_didit::{store::StoreError, verification::VerificationRecords};
///
/// /// For the administrators' page.
/// async fn describe(records: &impl VerificationRecords, user: &str) -> Result<String, StoreError> {
///     Ok(match records.get(user).await? {
///         Some((record, _)) if record.is_verified() => format!("since {:?}", record.verified_at()),
///         Some((record, _)) if record.is_blocked() => "blocked".to_owned(),
///         Some((record, _)) => format!("{}, session {:?}", record.status(), record.session_id()),
///         None => "has never begun".to_owned(),
///     })
/// }
/// # use tower_didit::store::MemoryStore;
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # let text = runtime.block_on(describe(&MemoryStore::new(), "user-42")).unwrap();
/// # assert_eq!(text, "has never begun");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationRecord {
    // Times are in seconds since 1970.
    /// The id of the session that the user has begun.
    pub(super) session: Option<String>,
    /// The id of the session's workflow.
    pub(super) workflow: String,
    /// The [rules](super::Requirements::rules_for) of the verdict.
    pub(super) rules: String,
    /// The status of the session, in Didit's spelling.
    pub(super) status: String,
    /// The verdict on the last decision.
    pub(super) is_verified: bool,
    /// When the user became verified; 0 for a user who is not.
    #[serde(default)]
    pub(super) verified_at: u64,
    /// Whether the user is blocked in Didit's console.
    pub(super) is_blocked: bool,
    /// The time of the event that `is_blocked` is from.
    pub(super) blocked_at: u64,
    /// When Didit was last asked for the decision.
    pub(super) asked_at: u64,
    /// When the last check in the background began.
    #[serde(default)]
    pub(super) rechecked_at: u64,
    /// The page to return to.
    pub(super) page: String,
}

impl VerificationRecord {
    /// The record of a user who begins. A page with an address of more than 512 bytes is replaced by `/`, as by a sign-in:
    /// a stock proxy drops a response whose headers have more than 4 KiB, cookies included.
    pub(super) fn new(session: &VerificationSession, workflow: &str, page: &str) -> Self {
        let page = if page.len() > MAX_PAGE { "/" } else { page };
        Self {
            session: Some(session.id().to_string()),
            status: session.status().to_string(),
            page: page.to_owned(),
            ..Self::without_session(workflow)
        }
    }

    /// The record of a user who has not begun.
    pub(super) fn without_session(workflow: &str) -> Self {
        Self {
            session: None,
            workflow: workflow.to_owned(),
            rules: String::new(),
            status: Status::NotStarted.to_string(),
            is_verified: false,
            verified_at: 0,
            is_blocked: false,
            blocked_at: 0,
            asked_at: 0,
            rechecked_at: 0,
            page: "/".to_owned(),
        }
    }

    /// Whether the user is verified now. [Example](Self).
    pub fn is_verified(&self) -> bool {
        self.is_verified && !self.is_blocked
    }

    /// Whether the user is blocked in Didit's console: not verified, whatever the status is. [Example](Self).
    pub fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// When the user became verified; later confirmations do not change it. `None` for a user who is not verified now.
    /// [Example](Self).
    pub fn verified_at(&self) -> Option<SystemTime> {
        let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.verified_at))?;
        self.is_verified().then_some(at)
    }

    /// The status of the user's session when Didit was last asked. [Example](Self).
    pub fn status(&self) -> Status {
        Status::from(self.status.as_str())
    }

    /// The id of the user's session. [Example](Self).
    pub fn session_id(&self) -> Option<VerificationId> {
        self.session.as_deref()?.parse().ok()
    }
}

impl fmt::Debug for VerificationRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationRecord")
            .field("session", &self.session)
            .field("status", &self.status)
            .field("is_verified", &self.is_verified())
            .finish_non_exhaustive()
    }
}

/// In bytes.
const MAX_PAGE: usize = 512;
