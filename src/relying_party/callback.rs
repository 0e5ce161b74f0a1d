//! The callback: the browser comes back from the provider.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, request::Parts};

use super::{
    Decision, Forwarded, RelyingParty, Settled,
    answer::{not_ahead_of_time, see_other},
    failure::Failure,
    request_kind::is_prefetch,
};
use crate::{
    config::Completion,
    context::RequestContext,
    cookie::CookieLines,
    error::Error,
    oidc::{Accepted, Callback, Interaction},
    return_to::ReturnTo,
    session::{ExistingChunks, Lookup, Session},
};

/// A sign-in whose session is about to begin.
pub(crate) struct Admission {
    pub(super) return_to: ReturnTo,
    /// The `Set-Cookie` value that ends the sign-in.
    pub(super) flow_cookie_removal: HeaderValue,
    pub(super) existing: ExistingChunks,
    /// The session that this one takes the place of.
    pub(super) replaced: Lookup,
}

/// How a callback ends that is no failure.
enum Completed {
    SignedIn(Session, Box<Admission>),
    /// Without a new session: a redirect.
    Redirected(Response<Bytes>),
}

impl RelyingParty {
    /// Ends a sign-in: on to the application's handler, or straight to the page that was asked for.
    pub(super) async fn callback(self: &Arc<Self>, mut head: Parts) -> Decision {
        if is_prefetch(&head.headers) {
            return Decision::Reply(not_ahead_of_time());
        }
        let (session, admission) = match self.complete(&head).await {
            Ok(Completed::SignedIn(session, admission)) => (session, admission),
            Ok(Completed::Redirected(redirect)) => return Decision::Reply(redirect),
            Err(failure) => return Decision::Reply(self.render(failure, &head)),
        };
        if self.config.completion == Completion::Redirect {
            let location = admission.return_to.clone().into_location();
            let settled = self.begin_session(session, *admission, None, &head).await;
            return Decision::Reply(match settled {
                Settled::With(cookies) => see_other(location, cookies),
                Settled::Reply(reply) => reply,
            });
        }
        let tokens = session.tokens().clone();
        head.extensions.insert(tokens.claims().clone());
        head.extensions.insert(tokens);
        head.extensions.insert(admission.return_to.clone());
        let return_to = admission.return_to.clone();
        let context = RequestContext::of_callback(&self.lifecycle, session, return_to);
        head.extensions.insert(Arc::clone(&context));
        let forwarded = Forwarded::of_callback(Arc::clone(self), context, admission, &head);
        Decision::Forward(head, forwarded)
    }

    /// Exchanges the code, after everything that can be checked before it is sent, in the order of the
    /// specifications. All of the request is attacker-controlled.
    async fn complete(self: &Arc<Self>, head: &Parts) -> Result<Completed, Failure> {
        let calls = &self.lifecycle.calls;
        let callback = Callback::parse(head.uri.query().unwrap_or_default())?;
        let state = callback.state().to_owned();
        let cookies = CookieLines::of(&head.headers);
        let Some(pending) = self.flow_cookies().open(cookies.iter(), &state) else {
            return self.without_flow(&state, &cookies).await;
        };
        let return_to = pending.return_to().clone();
        let again = |error: Error| Failure::from(error).returning_to(&return_to);
        let flow_cookie_removal = self.flow_cookies().end(&state);
        let over = |error| again(error).with_cookies([flow_cookie_removal.clone()]);

        // The sign-in is not used up: a reload may find the provider.
        let metadata = calls.metadata(self.now()).await.map_err(again)?;
        let now = self.now();
        let accepted = callback.accept(pending, self.config.provider(), &metadata, now);
        let grant = match accepted.map_err(over)? {
            Accepted::Grant(grant) => grant,
            Accepted::InteractionNeeded => {
                let asking = Interaction::Allowed;
                let again =
                    self.start_sign_in(&metadata, asking, return_to, Some(&state), &cookies);
                return Ok(Completed::Redirected(again));
            }
        };
        // Before the claim: a sign-in that has to wait is not used up.
        let permit = calls.permit_exchange().map_err(again)?;
        if !self.completed.claim(state.as_bytes(), now) {
            return self.without_flow(&state, &cookies).await;
        }

        // In a task of its own: a browser that goes away cancels nothing that was begun.
        let relying_party = Arc::clone(self);
        let keeps_id_token = metadata.end_session_endpoint.is_some();
        let exchange = async move {
            let lifecycle = &relying_party.lifecycle;
            match lifecycle.sessions.claim_state(&state).await {
                Ok(true) => {
                    let calls = &lifecycle.calls;
                    let tokens = calls.exchange(permit, &metadata, grant, now).await;
                    Ok(Exchange::Done(tokens))
                }
                Ok(false) => Ok(Exchange::DoneElsewhere(state)),
                Err(error) => {
                    // Nothing was sent: a reload may find the store.
                    relying_party.completed.forget(state.as_bytes());
                    Err(error)
                }
            }
        };
        let exchange = self.lifecycle.finish(exchange).await;
        let tokens = match exchange.map_err(over)?.map_err(again)? {
            Exchange::Done(tokens) => tokens.map_err(over)?,
            Exchange::DoneElsewhere(state) => return self.without_flow(&state, &cookies).await,
        };

        let now = self.now();
        let sessions = &self.lifecycle.sessions;
        let session = Session::start(tokens, keeps_id_token, sessions.rules.limits, now);
        // Before the handler runs: it must not act on a sign-in that cannot be kept.
        sessions.check(&session).map_err(over)?;
        let (replaced, presented) = sessions.find(cookies.iter(), || now);
        let admission = Admission {
            return_to,
            flow_cookie_removal,
            existing: presented.existing,
            replaced,
        };
        Ok(Completed::SignedIn(session, Box::new(admission)))
    }

    /// A callback whose sign-in this browser does not have under way: a repetition, which leads a signed-in
    /// user to the landing page, or a stranger's.
    async fn without_flow(&self, state: &str, cookies: &CookieLines) -> Result<Completed, Failure> {
        let redirect = self.repeated(state, cookies).await?;
        Ok(Completed::Redirected(redirect))
    }

    /// Begins a session that takes the place of another one. The context of the callback's handler learns where
    /// it is.
    pub(super) async fn begin_session(
        self: &Arc<Self>,
        session: Session,
        admission: Admission,
        context: Option<&RequestContext>,
        head: &Parts,
    ) -> Settled {
        let Admission {
            return_to,
            flow_cookie_removal,
            existing,
            replaced,
        } = admission;
        let lifecycle = &self.lifecycle;
        match lifecycle.begin(&session, existing, &replaced).await {
            Ok((mut cookies, key)) => {
                if let (Some(context), Some(key)) = (context, key) {
                    context.note_key(key);
                }
                tracing::debug!("signed in");
                cookies.push(flow_cookie_removal);
                Settled::With(cookies)
            }
            Err(error) => {
                let failure = Failure::from(error)
                    .returning_to(&return_to)
                    .with_cookies([flow_cookie_removal]);
                Settled::Reply(self.render(failure, head))
            }
        }
    }
}

/// What came of an exchange.
enum Exchange {
    Done(Result<crate::tokens::DiditTokens, Error>),
    /// Another process was faster.
    DoneElsewhere(String),
}
