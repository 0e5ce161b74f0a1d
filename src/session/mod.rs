//! What a signed-in browser has.

mod sealed;
mod single_flight;

use std::time::Duration;

use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

pub(crate) use sealed::{ExistingChunks, SealedSessions};
pub(crate) use single_flight::{Outcome, Refresh, SingleFlight};

use crate::{clock::Timestamp, tokens::DiditTokens};

/// A signed-in user, from one sign-in to its end.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// What tells it from others, the same browser's included: not a secret.
    id: SessionId,
    tokens: DiditTokens,
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

/// 16 random bytes, in base64url.
#[derive(Clone, Debug)]
pub(crate) struct SessionId(Box<str>);

impl SessionId {
    fn random() -> Self {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).expect("the system's random source works");
        Self(BASE64_URL_SAFE_NO_PAD.encode(bytes).into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
}

impl Session {
    /// A new session: every sign-in makes one.
    pub(crate) fn start(tokens: DiditTokens, limits: Limits, now: Timestamp) -> Self {
        let end = now.plus(limits.absolute);
        Self {
            id: SessionId::random(),
            tokens,
            started: now,
            written: now,
            idle_end: now.plus(limits.idle).min(end),
            end,
        }
    }

    pub(crate) fn id(&self) -> &SessionId {
        &self.id
    }

    pub(crate) fn tokens(&self) -> &DiditTokens {
        &self.tokens
    }

    /// The same session with other tokens of its user, used now.
    pub(crate) fn with_tokens(self, tokens: DiditTokens, limits: Limits, now: Timestamp) -> Self {
        Self {
            tokens,
            written: now,
            idle_end: now.plus(limits.idle).min(self.end),
            ..self
        }
    }

    /// The tokens, which name the user; the access token may have ended.
    pub(crate) fn into_tokens(self) -> DiditTokens {
        self.tokens
    }

    /// Whether the user has signed in a moment ago: asking for the same again leads nowhere.
    pub(crate) fn is_young(&self, now: Timestamp) -> bool {
        now.since(self.started) < MOMENT
    }

    /// Whether it can still be used: by the limits that were written into it, and by those that
    /// hold now, should they have been tightened since.
    fn lives(&self, limits: Limits, now: Timestamp) -> bool {
        now < self.idle_end
            && now.since(self.started) < limits.absolute
            && now.since(self.written) < limits.idle
    }

    /// The same session, used now: after a tenth of the idle limit, so that not every answer has to
    /// set a cookie. The absolute limit stays what it was.
    pub(crate) fn renewed(&self, limits: Limits, now: Timestamp) -> Option<Self> {
        (now.since(self.written) >= limits.idle / RENEWALS_PER_IDLE).then(|| Self {
            written: now,
            idle_end: now.plus(limits.idle).min(self.end),
            ..self.clone()
        })
    }
}

const RENEWALS_PER_IDLE: u32 = 10;
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
        Session::start(tokens, LIMITS, Timestamp::from_unix(1000))
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1000 + seconds)
    }

    #[test]
    fn it_ends_when_it_is_not_used() {
        assert!(session().lives(LIMITS, at(99)));
        assert!(!session().lives(LIMITS, at(100)));
    }

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

    #[test]
    fn limits_that_were_tightened_hold_for_old_sessions() {
        let tighter = Limits {
            idle: Duration::from_secs(10),
            ..LIMITS
        };
        assert!(!session().lives(tighter, at(10)));
    }
}
