//! What the layer does with the head of the application's answer.

use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, request::Parts, response};

use super::{
    RelyingParty,
    admission::Admission,
    answer::{append_cookies, forbid_storing, keep_private},
    application_error::take_up_error,
    callback_flights::Landing,
};
use crate::{
    context::{Change, Conclusion, RequestContext, RequestSession},
    session::CookieChange,
};

/// Goes with a forwarded request until the head of its answer is ready.
pub(crate) struct Forwarded {
    relying_party: Arc<RelyingParty>,
    context: Arc<RequestContext>,
    /// Set at the callback.
    callback: Option<Box<(Admission, Parts)>>,
}

/// What becomes of the application's answer.
pub(crate) enum Disposition {
    AsItIs,
    /// Another one in its place.
    Reply(Response<Bytes>),
    /// That is known later.
    Later(Later),
}

/// What becomes of it, once the provider was found or the session has begun.
pub(crate) type Later = Pin<Box<dyn Future<Output = Settled> + Send>>;

/// What became of it.
pub(crate) enum Settled {
    /// It goes out, and sets these cookies.
    With(Vec<HeaderValue>),
    /// Another one in its place.
    Reply(Response<Bytes>),
}

impl Forwarded {
    pub(super) fn of_application(
        relying_party: Arc<RelyingParty>,
        context: Arc<RequestContext>,
    ) -> Self {
        Self {
            relying_party,
            context,
            callback: None,
        }
    }

    pub(super) fn of_callback(
        relying_party: Arc<RelyingParty>,
        context: Arc<RequestContext>,
        admission: Admission,
        head: &Parts,
    ) -> Self {
        Self {
            relying_party,
            context,
            callback: Some(Box::new((admission, head.clone()))),
        }
    }

    /// Adds to the head what became of the session, or gives an answer to send instead.
    pub(crate) fn dispose(self, head: &mut response::Parts) -> Disposition {
        let Self {
            relying_party,
            context,
            callback,
        } = self;
        match callback {
            Some(callback) => {
                let (admission, request) = *callback;
                relying_party.dispose_callback(context, admission, request, head)
            }
            None => relying_party.dispose(&context, head),
        }
    }
}

impl RelyingParty {
    #[inline]
    fn dispose(
        self: &Arc<Self>,
        context: &Arc<RequestContext>,
        head: &mut response::Parts,
    ) -> Disposition {
        let session = context.close();
        let mut sets_cookies = false;
        if let Some(asked) = session.and_then(RequestSession::conclude) {
            let cookies = self.cookies_of(asked);
            sets_cookies = !cookies.is_empty();
            append_cookies(&mut head.headers, cookies);
        }
        if let Some(error) = take_up_error(head)
            && let Some(page) = &context.asked_page
        {
            return self.answer_person(error, context, page, head);
        }
        if session.is_some() {
            vary_by_session(&mut head.headers);
        }
        if sets_cookies {
            forbid_storing(&mut head.headers);
        }
        Disposition::AsItIs
    }

    /// By what is known when the head of the answer is ready: a request that took long must not bring back a
    /// session that has ended meanwhile, or tokens that were replaced.
    fn cookies_of(&self, conclusion: Conclusion) -> Vec<HeaderValue> {
        let Conclusion {
            session,
            existing,
            change,
            replaced,
        } = conclusion;
        let sessions = &self.lifecycle.sessions;
        let removals = || sessions.removals(existing).collect();
        let now = self.now();
        let limits = sessions.rules.limits;
        let session = match change {
            // By now they may be the cookies of a new session.
            Some(CookieChange::Removed(id))
                if self.lifecycle.has_ended(id) || sessions.stored().is_some() =>
            {
                return Vec::new();
            }
            Some(CookieChange::Forgotten | CookieChange::Removed(_)) => return removals(),
            Some(CookieChange::Written) => session.map(|session| session.used(limits, now)),
            None => session.and_then(|session| session.renewed(limits, now)),
        };
        match session.filter(|session| !self.lifecycle.is_superseded(session)) {
            Some(session) => {
                if let Some(replaced) = replaced {
                    self.lifecycle.note_carried(&replaced);
                }
                sessions.rewrite(&session, existing, now)
            }
            None => Vec::new(),
        }
    }

    fn dispose_callback(
        self: &Arc<Self>,
        context: Arc<RequestContext>,
        mut admission: Admission,
        request: Parts,
        head: &mut response::Parts,
    ) -> Disposition {
        let missing = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
        if missing.contains(&head.status) {
            self.report_missing_callback_route();
        }
        keep_private(&mut head.headers);
        let Some(asked) = context.close() else {
            return Disposition::AsItIs;
        };
        if matches!(asked.change(), Some(Change::Ended)) {
            // Signed out in the callback's handler: no session begins, and that of before is over too.
            *admission.turn = Some(Landing::NotSignedIn);
            append_cookies(&mut head.headers, [admission.flow_cookie_removal]);
            let removals = self.lifecycle.sessions.removals(admission.existing);
            append_cookies(&mut head.headers, removals);
            let page = self.answer_person_at_callback(&request, &admission.return_to, head);
            let lifecycle = Arc::clone(&self.lifecycle);
            return Disposition::Later(Box::pin(async move {
                // A failure is logged with the sign-out of the handler.
                let _ = lifecycle.sign_out(admission.replaced).await;
                page.map_or(Settled::With(Vec::new()), Settled::Reply)
            }));
        }
        let Some(session) = asked.conclusion().session else {
            return Disposition::AsItIs;
        };
        // A handler that refuses a user has not signed them in.
        let status = head.status.as_u16();
        if status >= 400 {
            tracing::debug!(status, "callback handler refused the user");
            *admission.turn = Some(Landing::NotSignedIn);
            self.lifecycle.end_unused(session.tokens().clone());
            append_cookies(&mut head.headers, [admission.flow_cookie_removal]);
            let page = self.answer_person_at_callback(&request, &admission.return_to, head);
            return page.map_or(Disposition::AsItIs, Disposition::Reply);
        }
        let tokens = self.lifecycle.without_spent(session.tokens().clone());
        let session = session.carrying(tokens);
        let relying_party = Arc::clone(self);
        Disposition::Later(Box::pin(async move {
            let begun = relying_party.begin_session(session, admission, Some(context), &request);
            begun.await
        }))
    }

    fn report_missing_callback_route(&self) {
        self.reported.callback_route_missing.call_once(|| {
            tracing::error!(
                path = self.config.redirect_uri.path,
                "no route for the callback: add a handler for `GET` of this path, inside of the \
                 layer, or use `with_redirect_after_sign_in`"
            );
        });
    }
}

/// Keeps shared caches from giving one user's answer to another.
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

/// Whether `Vary` says that an answer depends on the cookies.
fn names_cookies(vary: &HeaderValue) -> bool {
    vary.as_bytes().split(|byte| *byte == b',').any(|field| {
        let field = field.trim_ascii();
        field == b"*" || field.eq_ignore_ascii_case(b"cookie")
    })
}
