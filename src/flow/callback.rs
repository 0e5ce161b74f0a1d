//! The callback: the browser comes back from the provider.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, header, request::Parts};

use super::{
    Arrival, Departure, Flow, Step,
    answer::{append_cookies, see_other},
    outcome::SignedIn,
};
use crate::{
    config::Completion,
    error::{Error, ErrorKind},
    handle::Handle,
    oidc::{Accepted, Callback, Interaction, PendingSignIn},
    provider::Metadata,
    return_to::ReturnTo,
    session::{ExistingChunks, Session, SessionId},
    tokens::DiditTokens,
};

/// A browser that came back to the sign-in that it started.
pub(crate) struct Returned {
    callback: Callback,
    pending: PendingSignIn,
}

/// How a sign-in ends, good or bad.
pub(crate) struct Ending {
    return_to: ReturnTo,
    /// The `Set-Cookie` value that ends it.
    flow_cookie_removal: HeaderValue,
    existing: ExistingChunks,
    /// The session of before, if there is one.
    replaced: Option<SessionId>,
}

impl Flow {
    /// Finds the sign-in that the browser comes back to; all of the request is attacker-controlled.
    pub(super) fn callback(self: &Arc<Self>, request: &Parts) -> Step {
        let query = request.uri.query().unwrap_or_default();
        let callback = match Callback::parse(query) {
            Ok(callback) => callback,
            Err(error) => return Step::Reply(self.failure(&error, request, None)),
        };
        let cookie_lines = request.headers.get_all(header::COOKIE);
        let Some(pending) = self.flow_cookies().open(cookie_lines, callback.state()) else {
            return self.without_sign_in(callback.state(), request);
        };
        let returned = Returned { callback, pending };
        let now = self.now();
        if let Some(metadata) = self.calls.known_metadata(now) {
            return self.accept(Ok(metadata), returned, request);
        }
        let calls = self.calls.clone();
        Step::Wait(Box::pin(async move {
            Arrival::ForCallback(calls.metadata(now).await, Box::new(returned))
        }))
    }

    /// Checks, in the order of the specifications, everything that can be checked before the code is
    /// sent.
    pub(super) fn accept(
        self: &Arc<Self>,
        metadata: Result<Arc<Metadata>, Error>,
        returned: Returned,
        request: &Parts,
    ) -> Step {
        let Returned { callback, pending } = returned;
        let return_to = pending.return_to().clone();
        let metadata = match metadata {
            Ok(metadata) => metadata,
            // The sign-in is not used up: a reload may find the provider.
            Err(error) => return Step::Reply(self.failure(&error, request, Some(&return_to))),
        };
        let state = callback.state().to_owned();
        let flow_cookie_removal = self.flow_cookies().end(&state);
        let now = self.now();
        let grant = match callback.accept(pending, self.config.provider(), &metadata, now) {
            Ok(Accepted::Grant(grant)) => grant,
            Ok(Accepted::InteractionNeeded) => {
                let asking = Interaction::Allowed;
                let replaced = Some(state.as_str());
                let reply = self.start_sign_in(&metadata, asking, return_to, replaced, request);
                return Step::Reply(reply);
            }
            Err(error) => {
                return Step::Reply(self.ended(&error, request, &return_to, flow_cookie_removal));
            }
        };
        // Before the claim: a sign-in that has to wait is not used up.
        let permit = match self.calls.permit_exchange() {
            Ok(permit) => permit,
            Err(error) => return Step::Reply(self.failure(&error, request, Some(&return_to))),
        };
        if !self.completed.claim(&state, now) {
            return self.without_sign_in(&state, request);
        }

        let sessions = &self.config.sessions;
        let cookies = sessions.read(&request.headers);
        let ending = Box::new(Ending {
            return_to,
            flow_cookie_removal,
            existing: cookies.existing(),
            replaced: sessions.open(&cookies, now).map(|old| old.id().clone()),
        });
        let calls = self.calls.clone();
        Step::Wait(Box::pin(async move {
            let outcome = calls.exchange(permit, metadata, grant, now).await;
            Arrival::Exchanged(outcome, ending)
        }))
    }

    /// After the exchange: on to the application's handler or straight to the page, or the error.
    pub(super) fn admit(
        self: &Arc<Self>,
        outcome: Result<DiditTokens, Error>,
        ending: Ending,
        request: &mut Parts,
    ) -> Step {
        let Ending {
            return_to,
            flow_cookie_removal,
            existing,
            replaced,
        } = ending;
        let now = self.now();
        let sessions = &self.config.sessions;
        // Written before the handler runs: it must not act on a sign-in that cannot be kept.
        let signed_in = outcome.and_then(|tokens| {
            let session = Session::start(tokens.clone(), sessions.limits(), now);
            Ok((tokens, sessions.write(&session, existing, now)?))
        });
        match (signed_in, self.config.completion) {
            (Err(error), _) => {
                Step::Reply(self.ended(&error, request, &return_to, flow_cookie_removal))
            }
            (Ok((_, session_cookies)), Completion::Redirect) => {
                tracing::debug!("signed in");
                self.end(replaced.as_ref());
                let cookies = session_cookies.into_iter().chain([flow_cookie_removal]);
                Step::Reply(see_other(return_to.into_location(), cookies))
            }
            (Ok((tokens, session_cookies)), Completion::Forward) => {
                let handle = Handle::new(true, self.calls.clone());
                request.extensions.insert(Arc::clone(&handle));
                request.extensions.insert(tokens.claims().clone());
                request.extensions.insert(tokens);
                request.extensions.insert(return_to);
                Step::Forward(Departure::of_callback(
                    Arc::clone(self),
                    handle,
                    SignedIn {
                        session_cookies,
                        flow_cookie_removal,
                        replaced,
                    },
                ))
            }
        }
    }

    /// The answer to a sign-in that failed for good.
    fn ended(
        &self,
        error: &Error,
        request: &Parts,
        return_to: &ReturnTo,
        flow_cookie_removal: HeaderValue,
    ) -> Response<Bytes> {
        let mut reply = self.failure(error, request, Some(return_to));
        append_cookies(reply.headers_mut(), [flow_cookie_removal]);
        reply
    }

    /// A callback whose sign-in this browser does not have under way: a repetition, which leads a
    /// signed-in user to the landing page, or a stranger's.
    fn without_sign_in(&self, state: &str, request: &Parts) -> Step {
        if !self.completed.contains(state) {
            let error = Error::new(ErrorKind::UnknownSignIn);
            return Step::Reply(self.failure(&error, request, None));
        }
        let sessions = &self.config.sessions;
        let session = sessions.open(&sessions.read(&request.headers), self.now());
        if session.is_some() {
            let landing_page = self.config.landing_page.clone();
            return Step::Reply(see_other(landing_page.into_location(), None));
        }
        let error = Error::new(ErrorKind::SignInAlreadyCompleted);
        Step::Reply(self.failure(&error, request, None))
    }
}
