//! The callback: the browser comes back from the provider.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, header, request::Parts};

use super::{
    Departure, Flow, Step,
    answer::{append_cookies, see_other},
    outcome::SignedIn,
};
use crate::{
    config::Completion,
    error::{Error, ErrorKind},
    handle::Handle,
    oidc::Callback,
    return_to::ReturnTo,
    session::{ExistingChunks, Session},
    tokens::DiditTokens,
};

/// What came of an exchange.
pub(crate) struct Admission {
    outcome: Result<DiditTokens, Error>,
    return_to: ReturnTo,
    /// The `Set-Cookie` value that ends this sign-in, good or bad.
    flow_cookie_removal: HeaderValue,
    existing: ExistingChunks,
}

impl Flow {
    /// Checks, in the order of the specification, everything that can be checked before the code
    /// is sent; all of the request is attacker-controlled.
    pub(super) fn callback(self: &Arc<Self>, request: &Parts) -> Step {
        let query = request.uri.query().unwrap_or_default();
        let callback = match Callback::parse(query) {
            Ok(callback) => callback,
            Err(error) => return Step::Reply(self.failure(&error, request, None)),
        };
        let state = callback.state().to_owned();
        let flow_cookies = self.flow_cookies();
        let cookie_lines = request.headers.get_all(header::COOKIE);
        let Some(pending) = flow_cookies.open(cookie_lines, &state) else {
            return self.without_sign_in(&state, request);
        };

        let now = self.now();
        let flow_cookie_removal = flow_cookies.end(&state);
        let return_to = pending.return_to().clone();
        let grant = match callback.accept(pending, &self.config.provider, now) {
            Ok(grant) => grant,
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

        let existing = self.config.sessions.read(&request.headers).existing();
        let flow = Arc::clone(self);
        Step::Admit(Box::pin(async move {
            let outcome = flow.calls.exchange(permit, grant, now).await;
            Admission {
                outcome: outcome.map(|unverified| DiditTokens::new(unverified.into_tokens())),
                return_to,
                flow_cookie_removal,
                existing,
            }
        }))
    }

    /// After the exchange: on to the application's handler or straight to the page, or the error.
    pub(crate) fn admit(self: &Arc<Self>, admission: Admission, request: &mut Parts) -> Step {
        let Admission {
            outcome,
            return_to,
            flow_cookie_removal,
            existing,
        } = admission;
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
                let cookies = session_cookies.into_iter().chain([flow_cookie_removal]);
                Step::Reply(see_other(return_to.into_location(), cookies))
            }
            (Ok((tokens, session_cookies)), Completion::Forward) => {
                let handle = Handle::new(true);
                request.extensions.insert(Arc::clone(&handle));
                request.extensions.insert(tokens);
                request.extensions.insert(return_to);
                Step::Forward(Departure::of_callback(
                    Arc::clone(self),
                    handle,
                    SignedIn {
                        session_cookies,
                        flow_cookie_removal,
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
