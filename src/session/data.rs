//! The application's own data in a session.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

use super::{Session, SessionId, lock};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
};

/// The application's own data in a session: JSON values by key. Cloning copies a pointer.
#[derive(Clone, Default)]
pub(crate) struct SessionData(Option<Arc<Contents>>);

#[derive(Clone, Default)]
struct Contents {
    /// The number of changes. Of two states of one session's data the one with more changes is newer.
    version: u64,
    members: Members,
}

pub(super) type Members = BTreeMap<Box<str>, Box<RawValue>>;

/// A change of one member.
pub(crate) struct DataChange<'a> {
    key: &'a str,
    /// `None` removes the member.
    value: Option<Box<RawValue>>,
}

impl<'a> DataChange<'a> {
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedSessionData`] if the value is not JSON.
    pub(crate) fn set(key: &'a str, value: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        let value = to_raw_value(value);
        let value =
            value.map_err(|error| Error::with_source(ErrorKind::UnexpectedSessionData, error))?;
        Ok(Self {
            key,
            value: Some(value),
        })
    }

    pub(crate) fn remove(key: &'a str) -> Self {
        Self { key, value: None }
    }
}

impl SessionData {
    pub(super) fn new(version: u64, members: Members) -> Self {
        Self(Some(Arc::new(Contents { version, members })))
    }

    /// The version and the members. `None` if there never was a member.
    pub(super) fn contents(&self) -> Option<(u64, &Members)> {
        let contents = self.0.as_deref()?;
        Some((contents.version, &contents.members))
    }

    /// Whether there never was a member.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn version(&self) -> u64 {
        self.0.as_ref().map_or(0, |contents| contents.version)
    }

    pub(crate) fn is_newer_than(&self, other: &Self) -> bool {
        self.version() > other.version()
    }

    /// The newer of two states of one session's data.
    pub(crate) fn or_newer(self, other: &Self) -> Self {
        if other.is_newer_than(&self) {
            other.clone()
        } else {
            self
        }
    }

    /// The value under a key.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedSessionData`] if the value is not a `T`.
    pub(crate) fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let value = self.0.as_ref().and_then(|it| it.members.get(key));
        let value = value.map(|value| serde_json::from_str(value.get()));
        value
            .transpose()
            .map_err(|error| Error::with_source(ErrorKind::UnexpectedSessionData, error))
    }

    /// The data after a change.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionDataTooLarge`].
    pub(crate) fn changed(&self, change: &DataChange<'_>) -> Result<Self, Error> {
        let mut contents = self.0.as_deref().cloned().unwrap_or_default();
        contents.version += 1;
        match &change.value {
            Some(value) => {
                check(change.key.len(), MAX_KEY, "key")?;
                contents.members.insert(change.key.into(), value.clone());
                let json = serde_json::to_vec(&contents.members).expect("its values are JSON");
                check(json.len(), MAX_SIZE, "data")?;
            }
            None => drop(contents.members.remove(change.key)),
        }
        Ok(Self(Some(Arc::new(contents))))
    }
}

fn check(size: usize, limit: usize, what: &str) -> Result<(), Error> {
    if size <= limit {
        return Ok(());
    }
    let context = format!("the {what} has {size} bytes, where {limit} are allowed");
    Err(Error::with_context(ErrorKind::SessionDataTooLarge, context))
}

impl fmt::Debug for SessionData {
    /// Without the values, which may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contents = self.0.as_deref();
        let keys = contents.into_iter().flat_map(|it| it.members.keys());
        f.debug_set().entries(keys).finish()
    }
}

/// The data that requests of this process have written to sessions in cookies, for 10 minutes each.
///
/// Concurrent requests of one browser carry the same cookies, and each response replaces the cookies of the others. So
/// every response writes the newest data that this process knows.
#[derive(Default)]
pub(super) struct RecentData {
    /// Whether there was any data: most applications never write data.
    is_used: AtomicBool,
    sessions: Mutex<HashMap<SessionId, (SessionData, Timestamp)>>,
}

impl RecentData {
    /// Changes the data of a session. `check` is called with the changed data before it is kept.
    pub(super) fn change(
        &self,
        session: &Session,
        change: &DataChange<'_>,
        now: Timestamp,
        check: impl FnOnce(&SessionData) -> Result<(), Error>,
    ) -> Result<SessionData, Error> {
        let mut sessions = lock(&self.sessions);
        let mut data = session.data().clone();
        if let Some((recent, _)) = sessions.get(&session.id()) {
            data = data.or_newer(recent);
        }
        let data = data.changed(change)?;
        check(&data)?;
        if sessions.len() >= CAPACITY && !sessions.contains_key(&session.id()) {
            sessions.retain(|_, (_, changed)| *changed <= now && now.since(*changed) < KEPT);
            let oldest = sessions.iter().min_by_key(|(_, (_, changed))| *changed);
            let oldest = oldest.map(|(id, _)| *id);
            if let Some(oldest) = oldest.filter(|_| sessions.len() >= CAPACITY) {
                sessions.remove(&oldest);
            }
        }
        sessions.insert(session.id(), (data.clone(), now));
        self.is_used.store(true, Ordering::Release);
        Ok(data)
    }

    /// Data of a session that is newer than the session's own.
    #[inline]
    pub(super) fn newer(
        &self,
        session: &Session,
        now: impl FnOnce() -> Timestamp,
    ) -> Option<SessionData> {
        if !self.is_used.load(Ordering::Acquire) {
            return None;
        }
        let (data, changed) = lock(&self.sessions).get(&session.id()).cloned()?;
        let is_recent = now().since(changed) < KEPT;
        (is_recent && data.is_newer_than(session.data())).then_some(data)
    }

    /// Forgets the data of a session that has ended.
    pub(super) fn forget(&self, session: SessionId) {
        if self.is_used.load(Ordering::Acquire) {
            lock(&self.sessions).remove(&session);
        }
    }
}

/// The limit of a key, in bytes.
const MAX_KEY: usize = 64;
/// The limit of all data of a session as a JSON object, in bytes.
const MAX_SIZE: usize = 1024;
/// As long as refreshed tokens are kept that no response has carried.
const KEPT: Duration = Duration::from_secs(10 * 60);
/// The number of sessions whose data is kept.
const CAPACITY: usize = 10_000;

#[cfg(test)]
mod tests;
