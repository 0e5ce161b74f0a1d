//! A callback that was used before, or is a stranger's.

use bytes::Bytes;
use http::Response;

use super::{RelyingParty, answer::see_other};
use crate::{
    cookie::CookieLines,
    error::{Error, ErrorKind},
    session::Lookup,
};

impl RelyingParty {
    /// The answer to a callback that was used before: the way to the landing page for somebody who is signed
    /// in.
    pub(super) async fn repeated(
        &self,
        state: &str,
        cookies: &CookieLines,
    ) -> Result<Response<Bytes>, Error> {
        let sessions = &self.lifecycle.sessions;
        let was_completed =
            self.completed.contains(state.as_bytes()) || sessions.knows_state(state).await?;
        if !was_completed {
            return Err(Error::new(ErrorKind::UnknownSignIn));
        }
        if !self.is_signed_in(cookies).await? {
            return Err(Error::new(ErrorKind::SignInAlreadyCompleted));
        }
        let landing_page = self.config.landing_page.clone();
        Ok(see_other(landing_page.into_location(), None))
    }

    async fn is_signed_in(&self, cookies: &CookieLines) -> Result<bool, Error> {
        let lifecycle = &self.lifecycle;
        let (lookup, _) = lifecycle.sessions.find(cookies.iter(), || self.now());
        Ok(match lookup {
            Lookup::Nothing => false,
            Lookup::Session(session) => !lifecycle.has_ended(session.id()),
            Lookup::Key(key) => lifecycle.load(key).await?.is_some(),
        })
    }
}
