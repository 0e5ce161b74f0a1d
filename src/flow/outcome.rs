//! What the layer does with the head of the application's answer.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, response};

use super::{
    Flow,
    admission::Admission,
    answer::{Later, Settled, append_cookies, forbid_storing, keep_private},
    asked_page::AskedPage,
};
use crate::{
    handle::{Change, Handle, NobodyKnows, SignInWanted},
    session::{Found, Place, Session, SessionId},
};

/// Goes with a forwarded request until the head of its answer is ready.
pub(crate) struct Departure {
    flow: Arc<Flow>,
    handle: Arc<Handle>,
    origin: Origin,
}

/// What becomes of the application's answer.
pub(crate) enum Seen {
    AsItIs,
    /// Another one in its place.
    Reply(Response<Bytes>),
    /// That is known later.
    Later(Later),
}

/// What is rare is boxed: an ordinary request carries little with it.
enum Origin {
    Application {
        page: Option<Box<AskedPage>>,
        change: Option<CookieChange>,
    },
    Callback(Box<Admission>),
}

/// What the browser has to be told of its session, where that is in its cookies.
#[derive(Clone, Copy, Debug)]
pub(super) enum CookieChange {
    Written,
    Removed(SessionId),
}

impl Departure {
    pub(super) fn of_application(
        flow: Arc<Flow>,
        handle: Arc<Handle>,
        page: Option<Box<AskedPage>>,
        change: Option<CookieChange>,
    ) -> Self {
        let origin = Origin::Application { page, change };
        Self {
            flow,
            handle,
            origin,
        }
    }

    pub(super) fn of_callback(flow: Arc<Flow>, handle: Arc<Handle>, admission: Admission) -> Self {
        let origin = Origin::Callback(Box::new(admission));
        Self {
            flow,
            handle,
            origin,
        }
    }

    /// Adds to the head what happened to the session, or gives an answer to send instead.
    pub(crate) fn see(self, head: &mut response::Parts) -> Seen {
        let Self {
            flow,
            handle,
            origin,
        } = self;
        match origin {
            Origin::Application { page, change } => {
                let cookies = flow.cookies_of(&handle, change);
                let changes = !cookies.is_empty();
                append_cookies(&mut head.headers, cookies);
                if head.extensions.remove::<NobodyKnows>().is_some() && page.is_some() {
                    return Seen::Reply(flow.not_now()).with_cookies_of(head);
                }
                let wanted = head.extensions.remove::<SignInWanted>();
                // Tokens that end at once would lead to Didit and back for ever.
                let is_young = |session: &Session| session.is_young(flow.now());
                let wanted = wanted.filter(|wanted| {
                    !matches!(wanted, SignInWanted::ForTokens)
                        || !handle.session().is_some_and(is_young)
                });
                if let (StatusCode::UNAUTHORIZED, Some(wanted), Some(page)) =
                    (head.status, wanted, page)
                {
                    let seen = flow.ask_to_sign_in(&wanted, page);
                    if !matches!(seen, Seen::AsItIs) {
                        return seen.with_cookies_of(head);
                    }
                }
                if handle.session_was_read() {
                    vary_by_session(&mut head.headers);
                }
                if changes {
                    forbid_storing(&mut head.headers);
                }
                Seen::AsItIs
            }
            Origin::Callback(admission) => flow.see_callback(&handle, *admission, head),
        }
    }
}

impl Seen {
    /// What the application set on the way stays set.
    fn with_cookies_of(self, head: &response::Parts) -> Self {
        let cookies = head.headers.get_all(header::SET_COOKIE);
        let cookies: Vec<_> = cookies.into_iter().cloned().collect();
        match self {
            Self::AsItIs => self,
            Self::Reply(mut reply) => {
                append_cookies(reply.headers_mut(), cookies);
                Self::Reply(reply)
            }
            Self::Later(later) => Self::Later(Box::pin(async move {
                let mut settled = later.await;
                if let Settled::Reply(reply) = &mut settled {
                    append_cookies(reply.headers_mut(), cookies);
                }
                settled
            })),
        }
    }
}

impl Flow {
    /// By what is known when the head of the answer is ready: a request that took long must not bring
    /// back a session that has ended meanwhile, or tokens that were replaced.
    fn cookies_of(&self, handle: &Handle, change: Option<CookieChange>) -> Vec<HeaderValue> {
        let sessions = &self.upkeep.sessions;
        let removals = || sessions.removals(handle.existing).collect();
        let session = match (handle.change(), change) {
            (None, None) => return Vec::new(),
            (Some(Change::Ended), _) => return removals(),
            (_, Some(CookieChange::Removed(id))) if self.upkeep.has_ended(id) => return Vec::new(),
            (_, Some(CookieChange::Removed(_))) => return removals(),
            (Some(Change::Renewed(tokens)), _) => {
                let session = handle.session().cloned();
                session.map(|session| session.carrying(tokens))
            }
            (None, Some(CookieChange::Written)) => handle.session().cloned(),
        };
        let session = session.filter(|session| !self.upkeep.is_superseded(session));
        let (Some(session), Place::Cookies(sealed)) = (session, &sessions.place) else {
            return Vec::new();
        };
        let now = self.now();
        let session = session.used(sessions.rules.limits, now);
        sealed
            .write(&session, handle.existing, now)
            .unwrap_or_else(|error| {
                tracing::warn!(%error, "session not written: the old one goes on");
                Vec::new()
            })
    }

    fn see_callback(
        self: &Arc<Self>,
        handle: &Arc<Handle>,
        admission: Admission,
        head: &mut response::Parts,
    ) -> Seen {
        let missing = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
        if missing.contains(&head.status) {
            self.report_missing_callback_route();
        }
        keep_private(&mut head.headers);
        let session = match (handle.session(), handle.change()) {
            (_, Some(Change::Ended)) => {
                append_cookies(&mut head.headers, [admission.flow_cookie_removal]);
                return self.leave(handle, admission.replaced, head);
            }
            // A handler that refuses a user has not signed them in.
            _ if head.status.as_u16() >= 400 => {
                let status = head.status.as_u16();
                tracing::debug!(status, "the callback's handler refused");
                None
            }
            (None, _) => None,
            (Some(session), change) => {
                let tokens = match change {
                    Some(Change::Renewed(tokens)) => tokens,
                    _ => session.tokens().clone(),
                };
                let tokens = self.upkeep.without_spent(tokens);
                Some(session.clone().carrying(tokens))
            }
        };
        let Some(session) = session else {
            append_cookies(&mut head.headers, [admission.flow_cookie_removal]);
            return Seen::AsItIs;
        };
        Seen::Later(self.begin_session(session, admission, Some(Arc::clone(handle))))
    }

    /// After a sign-out in the callback's handler: no session begins, and that of before is over too.
    fn leave(
        self: &Arc<Self>,
        handle: &Handle,
        replaced: Found,
        head: &mut response::Parts,
    ) -> Seen {
        let removals = self.upkeep.sessions.removals(handle.existing);
        append_cookies(&mut head.headers, removals);
        let upkeep = Arc::clone(&self.upkeep);
        Seen::Later(Box::pin(async move {
            upkeep.replace(&replaced).await;
            Settled::With(Vec::new())
        }))
    }

    fn report_missing_callback_route(&self) {
        self.reported.callback_route_missing.call_once(|| {
            tracing::error!(
                path = self.config.redirect_uri.path(),
                "no route for the callback: add a handler for `GET` of this path, inside of the \
                 layer, or use `with_redirect_after_sign_in`"
            );
        });
    }
}

/// Keeps shared caches from giving one user's answer to another.
fn vary_by_session(headers: &mut HeaderMap) {
    let varies = headers
        .get_all(header::VARY)
        .into_iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|field| {
            let field = field.trim_ascii();
            field == b"*" || field.eq_ignore_ascii_case(b"cookie")
        });
    if !varies {
        headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private"));
}
