//! What the layer does with the head of the application's answer.

use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, response::Parts};

use super::{
    Flow,
    answer::{append_cookies, forbid_storing, keep_private},
    asked_page::AskedPage,
};
use crate::{
    handle::{Handle, SignInWanted},
    session::{ExistingChunks, Session, SessionId},
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
    /// Likewise, once the provider was found.
    Later(Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>),
}

/// What is rare is boxed: an ordinary request carries little with it.
enum Origin {
    Application {
        page: Option<Box<AskedPage>>,
        just_signed_in: bool,
        change: Option<Box<SessionChange>>,
    },
    Callback(Box<SignedIn>),
}

/// What the browser has to be told of its session.
pub(super) enum SessionChange {
    Written(Session, ExistingChunks),
    Ended(Session, ExistingChunks),
}

/// A good callback, on its way through the application's handler.
pub(super) struct SignedIn {
    pub(super) session_cookies: Vec<HeaderValue>,
    pub(super) flow_cookie_removal: HeaderValue,
    /// The session that this one takes the place of.
    pub(super) replaced: Option<SessionId>,
}

impl Departure {
    pub(super) fn of_application(
        flow: Arc<Flow>,
        handle: Arc<Handle>,
        page: Option<Box<AskedPage>>,
        just_signed_in: bool,
        change: Option<Box<SessionChange>>,
    ) -> Self {
        let origin = Origin::Application {
            page,
            just_signed_in,
            change,
        };
        Self {
            flow,
            handle,
            origin,
        }
    }

    pub(super) fn of_callback(flow: Arc<Flow>, handle: Arc<Handle>, signed_in: SignedIn) -> Self {
        let origin = Origin::Callback(Box::new(signed_in));
        Self {
            flow,
            handle,
            origin,
        }
    }

    /// Adds to the head what happened to the session, or gives an answer to send instead.
    pub(crate) fn see(self, head: &mut Parts) -> Seen {
        match self.origin {
            Origin::Application {
                page,
                just_signed_in,
                change,
            } => {
                let cookies = change.map_or_else(Vec::new, |change| self.flow.cookies_of(*change));
                let changes = !cookies.is_empty();
                append_cookies(&mut head.headers, cookies);
                let wanted = head.extensions.remove::<SignInWanted>();
                // Tokens that end at once would lead to Didit and back for ever.
                let wanted = wanted.filter(|wanted| {
                    !(just_signed_in && matches!(wanted, SignInWanted::ForTokens))
                });
                if let (StatusCode::UNAUTHORIZED, Some(wanted), Some(page)) =
                    (head.status, wanted, page)
                {
                    let seen = self.flow.ask_to_sign_in(&wanted, page);
                    if !matches!(seen, Seen::AsItIs) {
                        return seen.with_cookies_of(head);
                    }
                }
                if self.handle.session_was_read() {
                    vary_by_session(&mut head.headers);
                }
                if changes {
                    forbid_storing(&mut head.headers);
                }
            }
            Origin::Callback(signed_in) => {
                let missing = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
                if missing.contains(&head.status) {
                    self.flow.report_missing_callback_route();
                }
                keep_private(&mut head.headers);
                append_cookies(&mut head.headers, [signed_in.flow_cookie_removal]);
                // A handler that refuses a user has not signed them in.
                if head.status.as_u16() < 400 {
                    tracing::debug!("signed in");
                    self.flow.end(signed_in.replaced.as_ref());
                    append_cookies(&mut head.headers, signed_in.session_cookies);
                } else {
                    tracing::debug!(
                        status = head.status.as_u16(),
                        "the callback's handler refused"
                    );
                }
            }
        }
        Seen::AsItIs
    }
}

impl Seen {
    /// What the application set on the way stays set.
    fn with_cookies_of(self, head: &Parts) -> Self {
        let cookies = head.headers.get_all(header::SET_COOKIE);
        let cookies: Vec<_> = cookies.into_iter().cloned().collect();
        match self {
            Self::AsItIs => self,
            Self::Reply(mut reply) => {
                append_cookies(reply.headers_mut(), cookies);
                Self::Reply(reply)
            }
            Self::Later(reply) => Self::Later(Box::pin(async move {
                let mut reply = reply.await;
                append_cookies(reply.headers_mut(), cookies);
                reply
            })),
        }
    }
}

impl Flow {
    /// No answer under way writes this session again.
    pub(super) fn end(&self, session: Option<&SessionId>) {
        if let Some(id) = session {
            self.ended.claim(id.as_str(), self.now());
        }
    }

    /// By what is known when the head of the answer is ready: a request that took long must not bring
    /// back a session that has ended meanwhile, or tokens that were replaced.
    fn cookies_of(&self, change: SessionChange) -> Vec<HeaderValue> {
        let sessions = &self.config.sessions;
        let now = self.now();
        match change {
            SessionChange::Written(session, _) | SessionChange::Ended(session, _)
                if self.ended.contains(session.id().as_str()) =>
            {
                Vec::new()
            }
            SessionChange::Written(session, _)
                if self.refreshes.replaces(session.tokens(), now) =>
            {
                Vec::new()
            }
            SessionChange::Written(session, existing) => sessions
                .write(&session, existing, now)
                .unwrap_or_else(|error| {
                    tracing::warn!(%error, "session not written: the old one goes on");
                    Vec::new()
                }),
            SessionChange::Ended(_, existing) => sessions.remove(existing),
        }
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
