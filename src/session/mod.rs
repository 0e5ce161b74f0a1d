//! Sessions: their rules, where they are kept, and how they are refreshed and ended.

mod codec;
#[cfg(feature = "test-util")]
pub mod conformance;
mod data;
mod deletions;
mod ended;
pub(crate) mod lifecycle;
pub(crate) mod memory;
#[cfg(feature = "redis")]
pub(crate) mod redis;
mod refreshes;

pub(crate) mod replay_cache;
mod retry;
mod rules;
mod sealed;
mod sealed_tokens;
mod session_cookies;
mod sessions;
pub(crate) mod store;
mod stored;
mod stored_data;
mod stored_refresh;
mod unseal_cache;
mod user_sessions;

use std::{sync::Arc, time::Duration};

pub(crate) use data::{DataChange, SessionData};
pub(crate) use lifecycle::Admission;
pub(crate) use refreshes::{Outcome, Refresh, RefreshFlight, Refreshes, Replacement};
pub(crate) use rules::{Rules, Validity};
pub(crate) use sealed::SealedSessions;
pub(crate) use sealed_tokens::TokenSealer;
pub(crate) use session_cookies::PresentedCookies;
pub(crate) use sessions::{Backend, Lookup, Sessions};
pub(crate) use stored::{Loaded, StoreEntry, StoredSessions};
pub(crate) use stored_refresh::RefreshCalls;
pub(crate) use user_sessions::{Epoch, Generation};

use crate::{
    clock::Timestamp,
    lock::lock,
    seal::random,
    tokens::{DiditTokens, IdClaims, UserInfo},
};

/// A session: a signed-in user, from the sign-in to the end of the session. Cloning copies a pointer.
#[derive(Clone, Debug)]
pub(crate) struct Session(Arc<State>);

#[derive(Clone, Debug)]
struct State {
    id: SessionId,
    tokens: DiditTokens,
    /// The user information of the sign-in, if it is kept.
    user_info: Option<UserInfo>,
    /// The application's own data.
    data: SessionData,
    /// Whether the raw ID token is kept, for a provider that asks for it at sign-out.
    keeps_id_token: bool,
    /// When the user signed in.
    started: Timestamp,
    /// When the session was last written. The idle limit counts from here: a use that is not written does not extend
    /// it.
    written: Timestamp,
    /// The end of the idle limit, not after `end`.
    idle_end: Timestamp,
    /// The end of the absolute limit.
    end: Timestamp,
}

/// Differs for each session, also for successive ones of one browser. Not a secret, unlike the cookie
/// id of a session in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionId([u8; 16]);

impl SessionId {
    /// A stand-in for the id of the session under `key`, if only the key is known.
    fn of_key(key: store::SessionKey) -> Self {
        let name = key.as_bytes().first_chunk();
        Self(*name.expect("a key has 32 bytes"))
    }
}

/// What the response does to the session's cookies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CookieChange {
    /// Writes them, if the session is in cookies.
    Write,
    /// Removes them, unless they may belong to a newer session by now: the provider or another request has ended this
    /// session.
    RemoveUnlessNewer(SessionId),
    /// Removes them: a handler has ended the session, or it had ended before the request.
    Remove,
}

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
}

impl Session {
    /// A new session.
    pub(crate) fn start(
        tokens: DiditTokens,
        keeps_id_token: bool,
        limits: Limits,
        now: Timestamp,
    ) -> Self {
        let end = now.plus(limits.absolute);
        Self(Arc::new(State {
            id: SessionId(random()),
            tokens,
            user_info: None,
            data: SessionData::default(),
            keeps_id_token,
            started: now,
            written: now,
            idle_end: now.plus(limits.idle).min(end),
            end,
        }))
    }

    pub(crate) fn id(&self) -> SessionId {
        self.0.id
    }

    pub(crate) fn tokens(&self) -> &DiditTokens {
        &self.0.tokens
    }

    /// The user information of the sign-in, if the session keeps it.
    pub(crate) fn user_info(&self) -> Option<&UserInfo> {
        self.0.user_info.as_ref()
    }

    /// The application's own data.
    pub(crate) fn data(&self) -> &SessionData {
        &self.0.data
    }

    /// Whether the session has the access token of `tokens`.
    pub(crate) fn carries(&self, tokens: &DiditTokens) -> bool {
        let own = self.tokens().access_token();
        own.is(tokens.access_token())
    }

    /// The same session with other tokens of its user.
    pub(crate) fn with_tokens(mut self, tokens: DiditTokens) -> Self {
        Arc::make_mut(&mut self.0).tokens = tokens;
        self
    }

    /// The same session, which keeps this user information.
    pub(crate) fn with_user_info(mut self, user_info: UserInfo) -> Self {
        Arc::make_mut(&mut self.0).user_info = Some(user_info);
        self
    }

    /// The same session with other data.
    pub(crate) fn with_data(mut self, data: SessionData) -> Self {
        Arc::make_mut(&mut self.0).data = data;
        self
    }

    /// Whether the user signed in less than a minute ago: another sign-in would bring the same tokens. A start that
    /// lies minutes in the future, written by a process whose clock is ahead, does not count.
    pub(crate) fn is_recent(&self, now: Timestamp) -> bool {
        now.since(self.0.started) < RECENT && self.0.started.since(now) < RECENT
    }

    /// Whether the session is within its limits: those written into it, and those of the configuration, which may
    /// have become tighter since.
    fn is_within(&self, limits: Limits, now: Timestamp) -> bool {
        !self.has_reached_end(limits, now)
            && now < self.0.idle_end
            && now.since(self.0.written) < limits.idle
    }

    /// Whether the session has reached its absolute limit.
    pub(crate) fn has_reached_end(&self, limits: Limits, now: Timestamp) -> bool {
        now >= self.0.end || now.since(self.0.started) >= limits.absolute
    }

    /// The absolute limit. A session that [ends with its access token](Rules), and has no refresh token, ends with it if that
    /// is earlier.
    pub(crate) fn latest_end(&self, rules: &Rules) -> Timestamp {
        let end = self.end(rules.limits);
        let tokens = self.tokens();
        let ends_with_it = rules.sessions_end_with_access_token && tokens.refresh_token().is_none();
        let expiry = tokens.expiry().filter(|_| ends_with_it);
        expiry.map_or(end, |expiry| expiry.min(end))
    }

    /// The absolute limit.
    fn end(&self, limits: Limits) -> Timestamp {
        self.0.end.min(self.0.started.plus(limits.absolute))
    }

    /// The end of the idle limit, if the session is not used.
    fn idle_end(&self, limits: Limits) -> Timestamp {
        self.0.idle_end.min(self.0.written.plus(limits.idle))
    }

    /// When the user signed in.
    pub(crate) fn started(&self) -> Timestamp {
        self.0.started
    }

    /// The last use that was written.
    pub(crate) fn last_used(&self) -> Timestamp {
        self.0.written
    }

    /// The claims of the ID token, with the latest possible end of the session.
    pub(crate) fn claims(&self, rules: &Rules) -> IdClaims {
        let claims = self.tokens().claims().clone();
        claims.with_session_end(self.latest_end(rules))
    }

    /// The session with its last use set to `now`, if a tenth of the idle limit has passed since the session was
    /// written: not every request writes the session.
    pub(crate) fn touched_if_due(&self, limits: Limits, now: Timestamp) -> Option<Self> {
        (now.since(self.0.written).as_secs() >= limits.idle.as_secs() / WRITES_PER_IDLE)
            .then(|| self.clone().touched(limits, now))
    }

    /// The session with its last use set to `now`. The absolute limit stays.
    pub(crate) fn touched(mut self, limits: Limits, now: Timestamp) -> Self {
        let state = Arc::make_mut(&mut self.0);
        state.written = now;
        state.idle_end = now.plus(limits.idle).min(state.end);
        self
    }
}

const WRITES_PER_IDLE: u64 = 10;
const RECENT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::{AccessToken, Scopes, TokenSet};

    const LIMITS: Limits = Limits {
        idle: Duration::from_secs(100),
        absolute: Duration::from_secs(250),
    };

    fn session() -> Session {
        let tokens = DiditTokens::new(
            TokenSet {
                access_token: AccessToken::new("at"),
                refresh_token: None,
                id_token: None,
                scopes: Scopes::new("openid"),
                expires_at: None,
                received_at: Timestamp::from_unix(1000),
            },
            IdClaims::of_subject("john"),
        );
        Session::start(tokens, false, LIMITS, Timestamp::from_unix(1000))
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1000 + seconds)
    }

    // Behaviour 80.
    #[test]
    fn a_session_that_is_not_used_ends_at_its_idle_limit() {
        assert!(session().is_within(LIMITS, at(99)));
        assert!(!session().is_within(LIMITS, at(100)));
    }

    // Behaviour 80.
    #[test]
    fn use_restarts_the_idle_limit_after_a_tenth_of_it_but_not_the_absolute_one() {
        assert!(session().touched_if_due(LIMITS, at(9)).is_none());
        let mut session = session();
        for used in [10, 90, 170, 249] {
            session = session
                .touched_if_due(LIMITS, at(used))
                .expect("a tenth has passed");
            assert!(session.is_within(LIMITS, at(used)));
        }
        assert!(!session.is_within(LIMITS, at(250)));
    }

    #[test]
    fn a_sign_in_is_recent_for_a_minute_on_either_side_of_the_clock() {
        for (now, is_recent) in [
            (900, false),
            (941, true),
            (1000, true),
            (1059, true),
            (1060, false),
        ] {
            let now = Timestamp::from_unix(now);
            assert_eq!(session().is_recent(now), is_recent, "{now:?}");
        }
    }

    // Behaviour 80.
    #[test]
    fn tighter_limits_hold_for_older_sessions() {
        let tighter = Limits {
            idle: Duration::from_secs(10),
            ..LIMITS
        };
        assert!(!session().is_within(tighter, at(10)));
    }
}
