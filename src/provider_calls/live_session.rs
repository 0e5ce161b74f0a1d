//! Checks at Didit that a session is still active, and the limit of these checks.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use http::{HeaderValue, Method, header};

use super::{ProviderCalls, with_access_token};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    lock::lock,
    oidc::live_session,
    tokens::{AccessClaims, DiditTokens},
};

impl ProviderCalls {
    /// Asks the session endpoint for the session of these tokens (Didit Authentication).
    pub(crate) async fn session(&self, tokens: &DiditTokens) -> Result<AccessClaims, Error> {
        let metadata = self.metadata().await?;
        let not_offered = || Error::with_context(ErrorKind::NotOffered, "session");
        let url = metadata.session_endpoint.as_ref().ok_or_else(not_offered)?;
        self.session_checks.take(self.now())?;
        let mut request = with_access_token(url.request(Method::GET), tokens)?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::ACCEPT, json);
        let response = self.send(request, url).await?;
        let user = tokens.claims();
        let members = live_session(&response, user).map_err(|error| error.at(url.host()))?;
        let (issuer, scopes) = (user.issuer().into(), tokens.scopes().clone());
        Ok(AccessClaims::new(members, issuer, scopes, tokens.expiry()))
    }
}

/// Allows as many checks as Didit allows a client IP address: 30 in any minute, 300 in any hour.
#[derive(Debug, Default)]
pub(super) struct SessionChecks(Mutex<VecDeque<Timestamp>>);

impl SessionChecks {
    /// Counts a check, or says when the next one is allowed.
    fn take(&self, now: Timestamp) -> Result<(), Error> {
        let mut latest = lock(&self.0);
        // Checks from before a clock was set back do not count.
        latest.retain(|&at| at <= now);
        for (limit, period) in LIMITS {
            let nth = latest
                .len()
                .checked_sub(limit)
                .and_then(|nth| latest.get(nth));
            let wait = nth.and_then(|&at| period.checked_sub(now.since(at)));
            if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
                return Err(Error::new(ErrorKind::TooManySessionChecks).with_retry_after(wait));
            }
        }
        if latest.len() == MAX_LIMIT {
            latest.pop_front();
        }
        latest.push_back(now);
        Ok(())
    }
}

const MAX_LIMIT: usize = 300;
const LIMITS: [(usize, Duration); 2] = [
    (MAX_LIMIT, Duration::from_secs(60 * 60)),
    (30, Duration::from_secs(60)),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(checks: &SessionChecks, seconds: u64) -> (usize, Duration) {
        let now = Timestamp::from_unix(1_000_000 + seconds);
        let mut taken = 0;
        loop {
            match checks.take(now) {
                Ok(()) => taken += 1,
                Err(error) => return (taken, error.retry_after().unwrap()),
            }
        }
    }

    #[test]
    fn thirty_checks_a_minute_and_three_hundred_an_hour_are_allowed() {
        let checks = SessionChecks::default();
        let wait = Duration::from_secs;
        assert_eq!(taken(&checks, 0), (30, wait(60)));
        assert_eq!(taken(&checks, 59), (0, wait(1)));
        for minute in 1..9 {
            assert_eq!(taken(&checks, 60 * minute), (30, wait(60)));
        }
        assert_eq!(taken(&checks, 60 * 9), (30, wait(60 * 51)));
        assert_eq!(taken(&checks, 60 * 60 - 1), (0, wait(1)));
        assert_eq!(taken(&checks, 60 * 60), (30, wait(60)));
        // The clock is set back: checks from the future do not count.
        assert_eq!(taken(&checks, 10).0, 30);
    }
}
