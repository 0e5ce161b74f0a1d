//! What a signed-in browser has.

mod sealed;

use std::time::Duration;

pub(crate) use sealed::{ExistingChunks, SealedSessions};

use crate::{clock::Timestamp, tokens::DiditTokens};

/// A signed-in user, from one sign-in to its end.
#[derive(Clone, Debug)]
pub(crate) struct Session {
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
            tokens,
            started: now,
            written: now,
            idle_end: now.plus(limits.idle).min(end),
            end,
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
