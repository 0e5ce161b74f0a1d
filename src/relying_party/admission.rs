//! The begin of a session.

use std::sync::Arc;

use http::{HeaderValue, request::Parts};

use super::{
    RelyingParty, Settled,
    callback_flights::{CallbackFlight, Landing, Turn},
    failure::Failure,
};
use crate::{
    context::RequestContext,
    error::{Error, ErrorKind},
    return_to::ReturnTo,
    session::{ExistingChunks, Generation, Lookup, Session},
};

/// A sign-in whose session is about to begin.
pub(crate) struct Admission {
    pub(super) return_to: ReturnTo,
    /// The `Set-Cookie` value that ends the sign-in.
    pub(super) flow_cookie_removal: HeaderValue,
    pub(super) generation: Generation,
    pub(super) existing: ExistingChunks,
    /// The session that this one takes the place of.
    pub(super) replaced: Lookup,
    pub(super) flight: Arc<CallbackFlight>,
    pub(super) turn: Turn,
}

impl RelyingParty {
    /// Begins a session that takes the place of another one. The session of the callback's request, if its handler
    /// has seen it, learns where it is.
    ///
    /// It is finished even if the browser goes away, so that a reload gets this session and no second one.
    pub(super) async fn begin_session(
        self: &Arc<Self>,
        session: Session,
        admission: Admission,
        context: Option<Arc<RequestContext>>,
        head: &Parts,
    ) -> Settled {
        let Admission {
            return_to,
            flow_cookie_removal,
            generation,
            existing,
            replaced,
            flight,
            mut turn,
        } = admission;
        let end_of_flow = flow_cookie_removal.clone();
        let lifecycle = Arc::clone(&self.lifecycle);
        let begin = async move {
            let signed_out = || Err(Error::new(ErrorKind::SessionEnded));
            let begun = if flight.is_cancelled() {
                signed_out()
            } else {
                let begin = lifecycle.begin(&session, generation, existing, replaced);
                match begin.await {
                    // Meanwhile, as a store may take its time.
                    Ok((_, key)) if flight.is_cancelled() => {
                        if let Some(key) = key {
                            let _ = lifecycle.forget(key).await;
                        }
                        signed_out()
                    }
                    begun => begun,
                }
            };
            let (mut cookies, key) = begun.inspect_err(|error| {
                if error.kind() == ErrorKind::SessionEnded {
                    *turn = Some(Landing::NotSignedIn);
                    lifecycle.end_unused(session.tokens().clone());
                }
            })?;
            let asked = context.as_ref().and_then(|context| context.asked_session());
            if let (Some(asked), Some(key)) = (asked, key) {
                asked.note_key(key);
            }
            cookies.push(flow_cookie_removal);
            cookies.push(lifecycle.sessions.count_completion(existing));
            *turn = Some(Landing::SignedIn {
                session: session.id(),
                cookies: cookies.clone(),
            });
            tracing::debug!("signed in");
            Ok(cookies)
        };
        let lost = || Err(Error::new(ErrorKind::SessionUnavailable));
        let begun = self.lifecycle.start(begin).outcome().await;
        match begun.unwrap_or_else(lost) {
            Ok(cookies) => Settled::With(cookies),
            Err(error) => {
                let failure = if error.kind() == ErrorKind::SessionEnded {
                    Failure::from(error).with_cookies([end_of_flow])
                } else {
                    Failure::from(error).returning_to(&return_to)
                };
                Settled::Reply(self.render(failure, head))
            }
        }
    }
}
