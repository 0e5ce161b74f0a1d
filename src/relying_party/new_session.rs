//! The beginning of a session, after a callback.

use std::sync::{Arc, atomic::Ordering};

use http::{HeaderValue, StatusCode, request::Parts, response};

use super::{
    Decision, Forwarded, RelyingParty, ResponseUpdate,
    callback_flights::{CallbackFlight, CallbackOutcome, Turn},
    failure::Failure,
    request_kind::page_request,
    responses::{append_cookies, keep_private},
};
use crate::{
    context::RequestContext,
    error::{Error, ErrorKind},
    return_to::ReturnTo,
    session::{Generation, Lookup, PresentedCookies, Session},
};

/// The data with which a callback begins its session, except the tokens, which the handler may refresh.
pub(crate) struct NewSession {
    pub(super) return_to: ReturnTo,
    /// The `Set-Cookie` value that removes the flow cookie.
    pub(super) flow_cookie_removal: HeaderValue,
    pub(super) generation: Generation,
    pub(super) existing: PresentedCookies,
    /// The session that this browser had before.
    pub(super) replaced: Lookup,
    pub(super) flight: Arc<CallbackFlight>,
    pub(super) turn: Turn,
}

impl RelyingParty {
    /// Forwards a callback to the application's handler, with the claims, the tokens and the page to return to as
    /// extensions.
    pub(super) fn forward_to_handler(
        self: &Arc<Self>,
        session: Session,
        new_session: NewSession,
        head: &mut Parts,
    ) -> Decision {
        let tokens = session.tokens().clone();
        let claims = session.claims(&self.lifecycle.sessions.rules);
        let return_to = &new_session.return_to;
        let context = RequestContext::of_callback(&self.lifecycle, session, return_to.clone());
        head.extensions.insert(claims);
        head.extensions.insert(tokens);
        head.extensions.insert(return_to.clone());
        head.extensions.insert(Arc::clone(&context));
        Decision::Forward(Some(Forwarded {
            relying_party: Arc::clone(self),
            context,
            new_session: Some(Box::new((new_session, head.clone()))),
        }))
    }

    /// Begins the session, unless the callback's handler has refused the user (400 and above) or signed them out.
    pub(super) fn process_callback_response(
        self: Arc<Self>,
        context: Arc<RequestContext>,
        mut new_session: NewSession,
        request: Parts,
        head: &mut response::Parts,
    ) -> Option<ResponseUpdate> {
        let no_route = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
        let reported = &self.reported.callback_route_missing;
        if no_route.contains(&head.status) && !reported.swap(true, Ordering::Relaxed) {
            tracing::error!(
                path = self.origin.redirect_uri.path,
                "no route for the callback: add a handler for `GET` of this path inside the layer, or use \
                 `with_redirect_after_sign_in`"
            );
        }
        keep_private(&mut head.headers);
        let asked = context.close()?;
        let was_signed_out = asked.was_signed_out();
        let session = asked.final_state().session?;
        let status = head.status.as_u16();
        if status < 400 && !was_signed_out {
            let tokens = self.lifecycle.without_spent(session.tokens().clone());
            let session = session.with_tokens(tokens);
            return Some(Box::pin(async move {
                let begun = self.begin_session(session, new_session, Some(context));
                let render = |failure| self.render(failure, page_request(&request));
                begun.await.map_err(render)
            }));
        }
        *new_session.turn = Some(CallbackOutcome::NotSignedIn);
        append_cookies(&mut head.headers, [new_session.flow_cookie_removal]);
        let mut ended = Lookup::Nothing;
        if was_signed_out {
            // The session that the browser had before ends too.
            ended = new_session.replaced;
            let removals = self.lifecycle.sessions.removals(new_session.existing);
            append_cookies(&mut head.headers, removals);
        } else {
            tracing::debug!(status, "callback handler refused the user");
            self.lifecycle.discard_unclaimed(session.tokens().clone());
        }
        let page = self.replace_callback_error(&request, &new_session.return_to, head);
        Some(Box::pin(async move {
            if let Err(error) = self.lifecycle.sign_out(ended).await {
                error.log("failed to end a replaced session");
            }
            page.map_or(Ok(Vec::new()), Err)
        }))
    }

    /// Begins a session in place of the one that this browser had before. Returns the `Set-Cookie` values.
    ///
    /// Completes even if the browser disconnects, so that a reload gets this session and not a second one.
    pub(super) async fn begin_session(
        &self,
        session: Session,
        mut new_session: NewSession,
        context: Option<Arc<RequestContext>>,
    ) -> Result<Vec<HeaderValue>, Failure> {
        let return_to = new_session.return_to.clone();
        let flow_cookie_removal = new_session.flow_cookie_removal.clone();
        let lifecycle = Arc::clone(&self.lifecycle);
        let begin = async move {
            let (flight, existing) = (&new_session.flight, new_session.existing);
            let create = async {
                let (generation, replaced) = (new_session.generation, new_session.replaced);
                flight.check_not_cancelled()?;
                let created = lifecycle.begin(&session, generation, existing, replaced);
                let (cookies, key) = created.await?;
                // The browser may have signed out while the store was slow.
                let checked = flight.check_not_cancelled();
                if let (Err(_), Some(key)) = (&checked, key) {
                    let _ = lifecycle.forget(key).await;
                }
                checked.map(|()| (cookies, key))
            };
            let (mut cookies, key) = create.await.inspect_err(|error| {
                if error.kind() == ErrorKind::SessionEnded {
                    *new_session.turn = Some(CallbackOutcome::NotSignedIn);
                    lifecycle.discard_unclaimed(session.tokens().clone());
                }
            })?;
            let asked = context.as_ref().and_then(|context| context.asked_session());
            if let (Some(asked), Some(key)) = (asked, key) {
                asked.set_key(key);
            }
            cookies.push(new_session.flow_cookie_removal);
            *new_session.turn = Some(CallbackOutcome::SignedIn {
                session: session.id(),
                cookies: cookies.clone(),
            });
            tracing::debug!("signed in");
            Ok(cookies)
        };
        let lost = || Err(Error::new(ErrorKind::SessionUnavailable));
        let begun = self.lifecycle.start(begin).outcome().await;
        let begun = begun.unwrap_or_else(lost);
        begun.map_err(|error| match error.kind() {
            ErrorKind::SessionEnded => Failure::from(error).with_cookies([flow_cookie_removal]),
            _ => Failure::from(error).returning_to(&return_to),
        })
    }
}
