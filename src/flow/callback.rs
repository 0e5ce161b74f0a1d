//! The callback: the browser comes back from the provider.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, header, request::Parts};

use super::{
    Arrival, Departure, Flow, Step, admission::Admission, answer::not_ahead_of_time,
    navigation::is_prefetch,
};
use crate::{
    config::Completion,
    error::Error,
    handle::{Handle, Presence},
    oidc::{Accepted, Callback, Interaction, PendingSignIn},
    provider::Metadata,
    return_to::ReturnTo,
    session::{Brought, Found, Session},
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
    brought: Brought,
    /// The session of before, if there is one.
    replaced: Found,
    keeps_id_token: bool,
}

/// What came of an exchange.
pub(crate) enum Exchanged {
    Tokens(DiditTokens),
    /// Another process was faster.
    Repeated,
}

impl Flow {
    /// Finds the sign-in that the browser comes back to; all of the request is attacker-controlled.
    pub(super) fn callback(self: &Arc<Self>, request: &Parts) -> Step {
        if is_prefetch(&request.headers) {
            return Step::Reply(not_ahead_of_time());
        }
        let query = request.uri.query().unwrap_or_default();
        let callback = match Callback::parse(query) {
            Ok(callback) => callback,
            Err(error) => return Step::Reply(self.failure(&error, request, None)),
        };
        let cookie_lines = request.headers.get_all(header::COOKIE);
        let Some(pending) = self.flow_cookies().open(cookie_lines, callback.state()) else {
            return self.without_sign_in(callback.state().to_owned(), request);
        };
        let returned = Returned { callback, pending };
        let now = self.now();
        if let Some(metadata) = self.upkeep.calls.known_metadata(now) {
            return self.accept(Ok(metadata), returned, request);
        }
        let calls = self.upkeep.calls.clone();
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
        let permit = match self.upkeep.calls.permit_exchange() {
            Ok(permit) => permit,
            Err(error) => return Step::Reply(self.failure(&error, request, Some(&return_to))),
        };
        if !self.completed.claim(state.as_bytes(), now) {
            return self.without_sign_in(state, request);
        }

        let (replaced, brought) = self.upkeep.sessions.find(&request.headers, || now);
        let ending = Box::new(Ending {
            return_to,
            flow_cookie_removal,
            brought,
            replaced,
            keeps_id_token: metadata.end_session_endpoint.is_some(),
        });
        let flow = Arc::clone(self);
        Step::Wait(Box::pin(async move {
            match flow.upkeep.sessions.claim_state(&state).await {
                Ok(true) => {
                    let calls = &flow.upkeep.calls;
                    let outcome = calls.exchange(permit, metadata, grant, now).await;
                    Arrival::Exchanged(outcome.map(Exchanged::Tokens), ending)
                }
                Ok(false) => Arrival::Exchanged(Ok(Exchanged::Repeated), ending),
                Err(error) => {
                    // Nothing was sent: a reload may find the store.
                    flow.completed.forget(state.as_bytes());
                    Arrival::Unclaimed(error, ending)
                }
            }
        }))
    }

    /// After a claim of which nobody knows whether it was made. The sign-in goes on.
    pub(super) fn unclaimed(
        &self,
        error: &Error,
        ending: &Ending,
        request: &Parts,
    ) -> Response<Bytes> {
        self.failure(error, request, Some(&ending.return_to))
    }

    /// After the exchange: on to the application's handler or straight to the page, or the error.
    pub(super) fn admit(
        self: &Arc<Self>,
        outcome: Result<Exchanged, Error>,
        ending: Ending,
        request: &mut Parts,
    ) -> Step {
        let Ending {
            return_to,
            flow_cookie_removal,
            brought,
            replaced,
            keeps_id_token,
        } = ending;
        let now = self.now();
        let sessions = &self.upkeep.sessions;
        let tokens = match outcome {
            Ok(Exchanged::Tokens(tokens)) => tokens,
            Ok(Exchanged::Repeated) => {
                let signed_in = self.is_signed_in(request);
                return Step::Wait(Box::pin(async move { Arrival::Repeated(signed_in.await) }));
            }
            Err(error) => {
                return Step::Reply(self.ended(&error, request, &return_to, flow_cookie_removal));
            }
        };
        let session = Session::start(tokens.clone(), keeps_id_token, sessions.rules.limits, now);
        // Before the handler runs: it must not act on a sign-in that cannot be kept.
        if let Err(error) = sessions.check(&session) {
            return Step::Reply(self.ended(&error, request, &return_to, flow_cookie_removal));
        }
        let admission = Admission {
            head: request.clone(),
            return_to: return_to.clone(),
            flow_cookie_removal,
            existing: brought.existing,
            replaced,
        };
        match self.config.completion {
            Completion::Redirect => {
                let begun = self.begin_session(session, admission, None);
                Step::Wait(Box::pin(
                    async move { Arrival::Begun(begun.await, return_to) },
                ))
            }
            Completion::Forward => {
                request.extensions.insert(tokens.claims().clone());
                request.extensions.insert(tokens);
                request.extensions.insert(return_to);
                let presence = Presence::SignedIn(session);
                // The key in its cookies, if any, is that of the session before.
                let brought = Brought {
                    key: None,
                    ..brought
                };
                let handle = Handle::new(presence, brought, Arc::clone(&self.upkeep));
                request.extensions.insert(Arc::clone(&handle));
                Step::Forward(Departure::of_callback(Arc::clone(self), handle, admission))
            }
        }
    }
}
