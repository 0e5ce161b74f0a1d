//! The begin of a session, at the end of a sign-in.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, request::Parts};

use super::{
    Flow,
    answer::{Later, Settled, append_cookies, see_other},
};
use crate::{
    error::Error,
    handle::Handle,
    return_to::ReturnTo,
    session::{ExistingChunks, Found, Session},
};

/// A good callback, whose session is about to begin.
pub(super) struct Admission {
    /// What the answer needs of the request, should it fail.
    pub(super) head: Parts,
    pub(super) return_to: ReturnTo,
    /// The `Set-Cookie` value that ends the sign-in.
    pub(super) flow_cookie_removal: HeaderValue,
    pub(super) existing: ExistingChunks,
    /// The session that this one takes the place of.
    pub(super) replaced: Found,
}

impl Flow {
    /// Begins a session that takes the place of another one. The handle of the callback's handler learns
    /// where it is.
    pub(super) fn begin_session(
        self: &Arc<Self>,
        session: Session,
        admission: Admission,
        handle: Option<Arc<Handle>>,
    ) -> Later {
        let flow = Arc::clone(self);
        Box::pin(async move {
            let upkeep = &flow.upkeep;
            let existing = admission.existing;
            let created = upkeep.sessions.create(&session, existing, flow.now()).await;
            if created.is_ok() {
                upkeep.replace(&admission.replaced).await;
            }
            let written = match created {
                // Its handler has signed out, in a task of its own.
                Ok((_, Some(key))) if upkeep.has_ended(session.id()) => {
                    upkeep.forget(key).await;
                    Ok(upkeep.sessions.removals(existing).collect())
                }
                Ok((cookies, key)) => {
                    if let (Some(handle), Some(key)) = (handle, key) {
                        handle.note_key(key);
                    }
                    Ok(cookies)
                }
                Err(error) => Err(error),
            };
            flow.begun(written, admission)
        })
    }

    fn begun(&self, written: Result<Vec<HeaderValue>, Error>, admission: Admission) -> Settled {
        let Admission {
            head,
            return_to,
            flow_cookie_removal,
            ..
        } = admission;
        match written {
            Ok(mut cookies) => {
                tracing::debug!("signed in");
                cookies.push(flow_cookie_removal);
                Settled::With(cookies)
            }
            Err(error) => {
                Settled::Reply(self.ended(&error, &head, &return_to, flow_cookie_removal))
            }
        }
    }

    /// The answer to a sign-in that failed for good.
    pub(super) fn ended(
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
}

/// The redirect that ends a sign-in, if nothing is in its way.
pub(super) fn go_to(return_to: ReturnTo, settled: Settled) -> Response<Bytes> {
    match settled {
        Settled::With(cookies) => see_other(return_to.into_location(), cookies),
        Settled::Reply(reply) => reply,
    }
}
