//! All sessions of one user.

use std::{cmp::Reverse, collections::HashSet, future::Future, sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt, future::join_all, stream};

use super::{
    PageAfterSignOut, SessionLifecycle,
    sign_out::{EndedSession, report},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    session::{
        Loaded, Lookup, Session, StoredSessions,
        retry::with_timeout,
        store::{SessionKey, StoreError},
        user_sessions::begin_end_of_all,
    },
    tokens::IdClaims,
};

/// A session in the list of its user.
#[derive(Clone)]
pub(crate) struct PublicSession {
    pub(crate) session: Session,
    pub(crate) public_id: String,
}

impl PublicSession {
    fn order(&self) -> (Reverse<[Timestamp; 2]>, &str) {
        let times = [self.session.last_used(), self.session.started()];
        (Reverse(times), &self.public_id)
    }
}

impl SessionLifecycle {
    /// # Errors
    ///
    /// [`ErrorKind::StoreRequired`] if sessions are in cookies.
    pub(crate) fn require_store(&self) -> Result<&Arc<StoredSessions>, Error> {
        let stored = self.sessions.stored();
        stored.ok_or_else(|| Error::new(ErrorKind::StoreRequired))
    }

    /// The sessions of a user, the last used first.
    pub(crate) async fn sessions_of(&self, user: &IdClaims) -> Result<Vec<PublicSession>, Error> {
        let stored = self.require_store()?;
        let found = self.find_all(stored, user).await?;
        let mut known = HashSet::new();
        let mut sessions: Vec<_> = found
            .into_iter()
            .filter(|(session, _)| known.insert(session.id()))
            .filter_map(|(session, _)| {
                let public_id = stored.public_ids(&session).into_iter().next()?;
                Some(PublicSession { session, public_id })
            })
            .collect();
        sessions.sort_by(|one, other| one.order().cmp(&other.order()));
        Ok(sessions)
    }

    /// The session of a user that has a public id. There are several entries if a begin of the session has failed and
    /// was repeated.
    pub(crate) async fn find_public(
        &self,
        user: &IdClaims,
        public_id: &str,
    ) -> Result<Vec<Loaded>, Error> {
        let stored = self.require_store()?;
        let mut found = self.find_all(stored, user).await?;
        found.retain(|(session, _)| stored.public_ids(session).iter().any(|id| id == public_id));
        Ok(found)
    }

    /// The sessions of a user, at all origins, that have not ended.
    ///
    /// The store is not trusted with the list: the sealed session says who its user is.
    async fn find_all(
        &self,
        stored: &StoredSessions,
        user: &IdClaims,
    ) -> Result<Vec<Loaded>, Error> {
        let (issuer, subject) = (user.issuer(), user.subject());
        let find = async {
            let users = stored.all_users(issuer, subject).into_iter();
            let lists = join_all(users.map(|user| with_timeout(stored.store.list(user)))).await;
            let lists: Vec<_> = lists.into_iter().collect::<Result<_, _>>()?;
            let keys: HashSet<SessionKey> = lists.into_iter().flatten().collect();
            let loads = stream::iter(keys).map(|key| self.load_at_any_origin(stored, key));
            loads
                .buffer_unordered(AT_ONCE)
                .try_collect::<Vec<_>>()
                .await
        };
        let found = tokio::time::timeout(MAX_WAIT, find).await;
        let found = found.unwrap_or_else(|_| Err(StoreError::new("no response in time")))?;
        let own = found.into_iter().flatten().filter(|(session, entry)| {
            stored.is_of(session, issuer, subject) && self.is_signed_in(session, Some(*entry))
        });
        Ok(own.collect())
    }

    async fn load_at_any_origin(
        &self,
        stored: &StoredSessions,
        key: SessionKey,
    ) -> Result<Option<Loaded>, StoreError> {
        let entry = with_timeout(stored.store.load(key)).await?;
        let read = |entry| {
            self.all_stored
                .iter()
                .find_map(|stored| stored.read(key, &entry))
        };
        Ok(entry.and_then(read))
    }

    /// Ends the session of a request, then all others of its user. Returns the page where the provider ends its own
    /// session, if it has one. Completes even if the browser disconnects.
    pub(crate) async fn sign_out_everywhere(
        self: &Arc<Self>,
        own: Lookup,
        user: &IdClaims,
    ) -> Result<Option<PageAfterSignOut>, Error> {
        let (lifecycle, user) = (Arc::clone(self), user.clone());
        let end = async move {
            let page = lifecycle.sign_out(own).await;
            let ended = lifecycle.end_all(user.issuer(), user.subject()).await;
            ended.and(page)
        };
        self.complete(end).await
    }

    /// Ends all sessions of a user. Returns how many there were.
    pub(crate) async fn sign_out_user(
        self: &Arc<Self>,
        issuer: &str,
        subject: &str,
    ) -> Result<usize, Error> {
        self.require_store()?;
        let (lifecycle, issuer, subject) =
            (Arc::clone(self), issuer.to_owned(), subject.to_owned());
        let end = async move { lifecycle.end_all(&issuer, &subject).await };
        self.complete(end).await
    }

    /// Waits for a task that ends sessions, which completes even if nobody waits for it.
    async fn complete<T: Clone + Send + Sync + 'static>(
        &self,
        end: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let task = self.start(end);
        let ended = tokio::time::timeout(MAX_WAIT, task.outcome()).await;
        let late = || Err(StoreError::new("no response in time").into());
        let ended = ended.ok().flatten().unwrap_or_else(late);
        ended.map_err(|error| error.into_cause_of(ErrorKind::SignOutIncomplete))
    }

    /// Ends all sessions of a user in the application, including those that are beginning. Then ends the same
    /// sessions at the provider, in the background. Returns how many there were.
    async fn end_all(self: &Arc<Self>, issuer: &str, subject: &str) -> Result<usize, Error> {
        let stored = self.require_store()?;
        let (mut keys, mut result) = (HashSet::new(), Ok(()));
        for user in stored.all_users(issuer, subject) {
            match begin_end_of_all(&*stored.store, user).await {
                Ok(listed) => keys.extend(listed),
                Err(error) => result = Err(error),
            }
        }
        let keys: Vec<_> = keys.into_iter().collect();
        self.mark_keys_ended(&keys, false);
        let ends = stream::iter(keys).map(|key| self.end_locally(Lookup::Key(key), false));
        let ends: Vec<_> = ends.buffer_unordered(AT_ONCE).collect().await;
        let mut ended = Vec::new();
        for (session, deleted) in ends {
            ended.extend(
                session.filter(|ended| {
                    ended.is_first && stored.is_of(&ended.session, issuer, subject)
                }),
            );
            result = result.and(deleted);
        }
        let count = ended.len();
        if count > 0 {
            let lifecycle = Arc::clone(self);
            self.end_in_background(async move { lifecycle.end_all_at_provider(ended).await });
        }
        result.map(|()| count)
    }

    async fn end_all_at_provider(&self, ended: Vec<EndedSession>) {
        let metadata = match self.calls.metadata().await {
            Ok(metadata) => metadata,
            Err(error) => return report(&error),
        };
        let metadata = &*metadata;
        let end = |ended: EndedSession| async move {
            let (tokens, may_refresh) = (ended.session.tokens(), ended.may_refresh);
            let end = self.end_at_provider(metadata, tokens, may_refresh, true);
            end.await;
        };
        let ends = stream::iter(ended).for_each_concurrent(AT_PROVIDER_AT_ONCE, end);
        ends.await;
    }
}

/// How many entries of the store are read or deleted at once.
const AT_ONCE: usize = 64;
/// How many sessions of one user are ended at the provider at once.
const AT_PROVIDER_AT_ONCE: usize = 4;
/// How long a request waits.
const MAX_WAIT: Duration = Duration::from_secs(15);
