//! What a signed-in browser has.

mod changes;
mod codec;
#[cfg(feature = "test-util")]
pub mod conformance;
mod ended;
pub(crate) mod lifecycle;
pub(crate) mod memory;
#[cfg(feature = "redis")]
pub(crate) mod redis;
mod refreshes;
mod renewal;
pub(crate) mod replay_cache;
mod rules;
mod sealed;
mod session_cookies;
mod sessions;
pub(crate) mod store;
mod stored;
mod unseal_cache;
mod user_sessions;

use std::{sync::Arc, time::Duration};

use aws_lc_rs::rand;

pub(crate) use lifecycle::Admission;
pub(crate) use refreshes::{Outcome, Refresh, Refreshes, Saved};
pub(crate) use renewal::RefreshCalls;
pub(crate) use rules::{Rules, Validity};
pub(crate) use sealed::SealedSessions;
pub(crate) use session_cookies::ExistingChunks;
pub(crate) use sessions::{Backend, Lookup, Sessions};
pub(crate) use stored::{StoreEntry, StoredSessions};
pub(crate) use user_sessions::Generation;

use crate::{clock::Timestamp, tokens::DiditTokens};

/// A signed-in user, from one sign-in to its end. Cloning copies a pointer.
#[derive(Clone, Debug)]
pub(crate) struct Session(Arc<State>);

#[derive(Clone, Debug)]
struct State {
    id: SessionId,
    tokens: DiditTokens,
    /// Whether the raw ID token goes into it: for a provider that asks for it when somebody signs out.
    keeps_id_token: bool,
    /// When the user signed in.
    started: Timestamp,
    /// When it was last written: use since then does not count towards the idle limit until it is
    /// written again.
    written: Timestamp,
    /// When it ends unless it is used; not after `end`.
    idle_end: Timestamp,
    /// When it ends in any case.
    end: Timestamp,
}

/// What tells a session from others, the same browser's included: not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionId([u8; 16]);

impl SessionId {
    fn random() -> Self {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).expect("the system's random source works");
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What the browser has to be told of its session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CookieChange {
    /// Its cookies, where the session is in them.
    Written,
    /// It has ended by itself. The cookies may be those of a newer one by now.
    Removed(SessionId),
    /// A handler has ended it, or it had ended before the request came.
    Forgotten,
}

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
}

impl Session {
    /// A new session: every sign-in makes one.
    pub(crate) fn start(
        tokens: DiditTokens,
        keeps_id_token: bool,
        limits: Limits,
        now: Timestamp,
    ) -> Self {
        let end = now.plus(limits.absolute);
        Self(Arc::new(State {
            id: SessionId::random(),
            tokens,
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

    /// When it ends in any case.
    pub(crate) fn end(&self) -> Timestamp {
        self.0.end
    }

    pub(crate) fn tokens(&self) -> &DiditTokens {
        &self.0.tokens
    }

    /// The same session with other tokens of its user.
    pub(crate) fn carrying(mut self, tokens: DiditTokens) -> Self {
        Arc::make_mut(&mut self.0).tokens = tokens;
        self
    }

    /// Whether the user has signed in a moment ago: asking for the same again leads nowhere.
    pub(crate) fn is_young(&self, now: Timestamp) -> bool {
        now.since(self.0.started) < MOMENT
    }

    /// Whether it can still be used: by the limits that were written into it, and by those that
    /// hold now, should they have been tightened since.
    fn lives(&self, limits: Limits, now: Timestamp) -> bool {
        now < self.0.idle_end
            && now.since(self.0.started) < limits.absolute
            && now.since(self.0.written) < limits.idle
    }

    /// The same session, used now: after a tenth of the idle limit, so that not every request has to
    /// write it. The absolute limit stays what it was.
    pub(crate) fn renewed(&self, limits: Limits, now: Timestamp) -> Option<Self> {
        (now.since(self.0.written).as_secs() >= limits.idle.as_secs() / RENEWALS_PER_IDLE)
            .then(|| self.clone().used(limits, now))
    }

    /// The same session, used now.
    pub(crate) fn used(mut self, limits: Limits, now: Timestamp) -> Self {
        let state = Arc::make_mut(&mut self.0);
        state.written = now;
        state.idle_end = now.plus(limits.idle).min(state.end);
        self
    }

    /// For how long it is kept unless it is used.
    fn idle_rest(&self, now: Timestamp) -> Duration {
        self.0.idle_end.since(now)
    }

    /// For how long it is kept at most.
    fn rest(&self, now: Timestamp) -> Duration {
        self.0.end.since(now)
    }
}

const RENEWALS_PER_IDLE: u64 = 10;
const MOMENT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::{AccessToken, IdClaims, Scopes, TokenSet};

    const LIMITS: Limits = Limits {
        idle: Duration::from_secs(100),
        absolute: Duration::from_secs(250),
    };

    fn session() -> Session {
        let tokens = DiditTokens::new(TokenSet {
            access_token: AccessToken::new("at"),
            refresh_token: None,
            id_token: None,
            scopes: Scopes::new("openid"),
            expires_at: None,
            received_at: Timestamp::from_unix(1000),
            claims: IdClaims::of_subject("john"),
        });
        Session::start(tokens, false, LIMITS, Timestamp::from_unix(1000))
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1000 + seconds)
    }

    // Behaviour 80.
    #[test]
    fn it_ends_when_it_is_not_used() {
        assert!(session().lives(LIMITS, at(99)));
        assert!(!session().lives(LIMITS, at(100)));
    }

    // Behaviour 80.
    #[test]
    fn use_renews_it_after_a_tenth_of_the_idle_limit_but_never_past_the_absolute_one() {
        assert!(session().renewed(LIMITS, at(9)).is_none());
        let mut session = session();
        for used in [10, 90, 170, 249] {
            session = session.renewed(LIMITS, at(used)).expect("due");
            assert!(session.lives(LIMITS, at(used)));
        }
        assert!(!session.lives(LIMITS, at(250)));
    }

    // Behaviour 80.
    #[test]
    fn limits_that_were_tightened_hold_for_old_sessions() {
        let tighter = Limits {
            idle: Duration::from_secs(10),
            ..LIMITS
        };
        assert!(!session().lives(tighter, at(10)));
    }
}
