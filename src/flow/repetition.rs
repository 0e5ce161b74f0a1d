//! A callback that was used before, or is a stranger's.

use std::{future::Future, sync::Arc};

use bytes::Bytes;
use http::{Response, request::Parts};

use super::{Arrival, Flow, Step, answer::see_other};
use crate::{
    error::{Error, ErrorKind},
    session::Found,
};

/// What is known of the sign-in of a callback.
pub(crate) enum Repetition {
    /// It was completed, and now somebody is signed in.
    OfUser,
    /// It was completed.
    OfNobody,
    /// This browser never had it.
    Unknown,
}

impl Flow {
    /// A callback whose sign-in this browser does not have under way: a repetition, which leads a
    /// signed-in user to the landing page, or a stranger's.
    pub(super) fn without_sign_in(self: &Arc<Self>, state: String, request: &Parts) -> Step {
        let is_known = self.completed.contains(state.as_bytes());
        let signed_in = self.is_signed_in(request);
        let flow = Arc::clone(self);
        Step::Wait(Box::pin(async move {
            let is_known = if is_known {
                Ok(true)
            } else {
                flow.upkeep.sessions.knows_state(&state).await
            };
            Arrival::Repeated(match is_known {
                Ok(true) => signed_in.await,
                Ok(false) => Ok(Repetition::Unknown),
                Err(error) => Err(error),
            })
        }))
    }

    /// Whether somebody is signed in who repeats a callback.
    pub(super) fn is_signed_in(
        &self,
        request: &Parts,
    ) -> impl Future<Output = Result<Repetition, Error>> + Send + use<> {
        let (found, _) = self.upkeep.sessions.find(&request.headers, || self.now());
        let upkeep = Arc::clone(&self.upkeep);
        async move {
            let is_signed_in = match found {
                Found::Nothing => false,
                Found::Session(_) => true,
                Found::Key(key) => upkeep.load(key).await?.is_some(),
            };
            Ok(if is_signed_in {
                Repetition::OfUser
            } else {
                Repetition::OfNobody
            })
        }
    }

    pub(super) fn repeated(
        &self,
        repetition: Result<Repetition, Error>,
        request: &Parts,
    ) -> Response<Bytes> {
        let error = match repetition {
            Ok(Repetition::OfUser) => {
                return see_other(self.config.landing_page.clone().into_location(), None);
            }
            Ok(Repetition::OfNobody) => Error::new(ErrorKind::SignInAlreadyCompleted),
            Ok(Repetition::Unknown) => Error::new(ErrorKind::UnknownSignIn),
            Err(error) => error,
        };
        self.failure(&error, request, None)
    }
}
