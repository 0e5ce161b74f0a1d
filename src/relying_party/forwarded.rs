//! The layer's part in the response to a forwarded request.

use std::{future::ready, sync::Arc};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Response, header, request, response};

use super::{
    RelyingParty,
    application_error::unrendered_error,
    new_session::NewSession,
    responses::{append_cookies, forbid_storing},
};
use crate::context::RequestContext;

/// Accompanies a forwarded request until its response headers are ready.
pub(crate) struct Forwarded {
    pub(super) relying_party: Arc<RelyingParty>,
    pub(super) context: Arc<RequestContext>,
    /// Set at the callback, with the request head.
    pub(super) new_session: Option<Box<(NewSession, request::Parts)>>,
}

/// A change to the response that takes time: cookies to append, or `Err` with the response to send instead.
pub(crate) type ResponseUpdate = BoxFuture<'static, Result<Vec<HeaderValue>, Response<Bytes>>>;

impl Forwarded {
    /// Updates the response headers. If an update takes time, returns it as a future.
    pub(crate) fn process_response(self, head: &mut response::Parts) -> Option<ResponseUpdate> {
        let (relying_party, context) = (self.relying_party, self.context);
        if let Some(new_session) = self.new_session {
            let (new_session, request) = *new_session;
            return relying_party.process_callback_response(context, new_session, request, head);
        }
        let session = context.close();
        if let Some(error) = unrendered_error(head)
            && context.requested_page().is_some()
        {
            return Some(relying_party.replace_error(error, context, head));
        }
        let mut sets_cookies = false;
        if let Some(cookies) = session.and_then(|session| session.cookies(false)) {
            sets_cookies = !cookies.is_empty();
            append_cookies(&mut head.headers, cookies);
        }
        let is_asked = session.is_some();
        if is_asked && let Some(reply) = relying_party.replace_sign_out_redirect(&context, head) {
            return Some(Box::pin(ready(Err(reply))));
        }
        if is_asked {
            vary_by_session(&mut head.headers);
        }
        if sets_cookies {
            forbid_storing(&mut head.headers);
        }
        None
    }
}

/// Keeps shared caches from giving one user's response to another.
fn vary_by_session(headers: &mut HeaderMap) {
    let (mut varies, mut is_controlled) = (false, false);
    for (name, value) in &*headers {
        varies |= name == header::VARY && names_cookies(value);
        is_controlled |= name == header::CACHE_CONTROL;
    }
    if !varies {
        headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
    if !is_controlled {
        let private = HeaderValue::from_static("private");
        headers.append(header::CACHE_CONTROL, private);
    }
}

/// Whether this `Vary` makes a response depend on cookies.
fn names_cookies(vary: &HeaderValue) -> bool {
    vary.as_bytes().split(|byte| *byte == b',').any(|field| {
        let field = field.trim_ascii();
        field == b"*" || field.eq_ignore_ascii_case(b"cookie")
    })
}
