//! How long a session is valid.

use super::{Limits, Session, store::RefreshAttempt};
use crate::{clock::Timestamp, provider::Provider, tokens::DiditTokens};

/// When the sessions of an application end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) limits: Limits,
    /// Whether refresh tokens are single-use.
    pub(crate) single_use: bool,
    /// Whether a session ends with its access token.
    pub(super) sessions_end_with_access_token: bool,
}

/// Whether a session signs its user in, and whether its tokens need a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    /// Within its limits. Its access token may have expired, unless the session ends with it.
    Valid,
    /// Its access token is about to expire or has expired, and can be refreshed.
    RefreshDue,
    /// The session ends with its access token, which has expired and may not be refreshed again. A refresh that this
    /// process has under way may still save the session.
    EndedUnlessRefreshing,
    Expired,
}

impl Rules {
    pub(crate) fn new(limits: Limits, provider: &Provider) -> Self {
        Self {
            limits,
            single_use: provider.single_use_refresh_tokens,
            sessions_end_with_access_token: provider.sessions_end_with_access_token,
        }
    }

    /// The validity of a session whose refresh token another process may have sent.
    ///
    /// While the attempt is pending, its outcome may still arrive: requests wait for it once the access token has
    /// expired. Afterwards a single-use token counts as spent and is never sent.
    pub(crate) fn validity(
        &self,
        session: &Session,
        attempt: Option<RefreshAttempt>,
        now: Timestamp,
    ) -> Validity {
        if !session.is_within(self.limits, now) {
            return Validity::Expired;
        }
        let tokens = session.tokens();
        let may_refresh = || match attempt {
            None => true,
            Some(attempt) if attempt.is_pending(now) => !tokens.are_valid(now),
            Some(_) => !self.single_use,
        };
        if tokens.is_refresh_due(now) && may_refresh() {
            Validity::RefreshDue
        } else if self.has_ended_with_access_token(tokens, now) {
            Validity::EndedUnlessRefreshing
        } else {
            Validity::Valid
        }
    }

    /// Whether a session has ended with its access token, unless it is refreshed.
    pub(super) fn has_ended_with_access_token(&self, tokens: &DiditTokens, now: Timestamp) -> bool {
        self.sessions_end_with_access_token && !tokens.are_valid(now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::tokens::{AccessToken, IdClaims, RefreshToken, Scopes, TokenSet};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1000 + seconds)
    }

    fn rules(provider: &Provider) -> Rules {
        let limits = Limits {
            idle: Duration::from_secs(10_000),
            absolute: Duration::from_secs(10_000),
        };
        Rules::new(limits, provider)
    }

    /// A session whose access token is valid for 100 s.
    fn session(rules: Rules, refresh_token: Option<&str>) -> Session {
        let tokens = DiditTokens::new(
            TokenSet {
                access_token: AccessToken::new("at"),
                refresh_token: refresh_token.map(RefreshToken::new),
                id_token: None,
                scopes: Scopes::new("openid"),
                expires_at: Some(at(100)),
                received_at: at(0),
            },
            IdClaims::of_subject("john"),
        );
        Session::start(tokens, false, rules.limits, at(0))
    }

    #[test]
    fn validity_follows_from_the_tokens_the_attempt_and_the_provider() {
        use Validity::{EndedUnlessRefreshing, Expired, RefreshDue, Valid};

        let reusable = rules(&Provider::didit());
        let once = rules(&Provider::didit().with_single_use_refresh_tokens());
        let authentication = rules(&Provider::authentication("https://acme.auth.didit.me"));
        let pending = Some(RefreshAttempt::new(at(200)));
        let lapsed = Some(RefreshAttempt::new(at(0)));
        for (rules, attempt, alive, dead) in [
            (reusable, None, RefreshDue, RefreshDue),
            (reusable, pending, Valid, RefreshDue),
            (reusable, lapsed, RefreshDue, RefreshDue),
            (once, None, RefreshDue, RefreshDue),
            (once, pending, Valid, RefreshDue),
            (once, lapsed, Valid, Valid),
            (authentication, None, RefreshDue, RefreshDue),
            (authentication, pending, Valid, RefreshDue),
            (authentication, lapsed, Valid, EndedUnlessRefreshing),
        ] {
            let session = session(rules, Some("rt"));
            let validity = |now| rules.validity(&session, attempt, now);
            assert_eq!(validity(at(50)), Valid, "{rules:?} {attempt:?}");
            assert_eq!(validity(at(99)), alive, "{rules:?} {attempt:?}");
            assert_eq!(validity(at(100)), dead, "{rules:?} {attempt:?}");
            assert_eq!(validity(at(10_000)), Expired, "{rules:?} {attempt:?}");
        }
        for (rules, dead) in [(reusable, Valid), (authentication, EndedUnlessRefreshing)] {
            let session = session(rules, None);
            assert_eq!(rules.validity(&session, None, at(99)), Valid);
            assert_eq!(rules.validity(&session, None, at(100)), dead);
        }
    }
}
