//! What the layer does with the head of the application's answer.

use std::sync::Arc;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header, request, response::Parts,
    uri::PathAndQuery,
};

use super::{
    Flow,
    answer::{append_cookies, forbid_storing, keep_private},
    flow_cookies::FlowCookies,
    navigation::Asker,
};
use crate::{
    handle::{Handle, SignInWanted},
    oidc::Callback,
    session::{ExistingChunks, Session},
};

/// Goes with a forwarded request until the head of its answer is ready.
pub(crate) struct Departure {
    flow: Arc<Flow>,
    handle: Arc<Handle>,
    origin: Origin,
}

/// What is rare is boxed: an ordinary request carries little with it.
enum Origin {
    Application {
        page: Option<Box<AskedPage>>,
        renewed: Option<Box<(Session, ExistingChunks)>>,
    },
    Callback(Box<SignedIn>),
}

/// A good callback, on its way through the application's handler.
pub(super) struct SignedIn {
    pub(super) session_cookies: Vec<HeaderValue>,
    pub(super) flow_cookie_removal: HeaderValue,
}

/// The page that a person asked for, should they have to sign in first.
pub(super) struct AskedPage {
    /// To come back to; not after a `POST`, which is not repeated.
    address: Option<Uri>,
    /// The `Cookie` lines, if there are sign-ins under way among them.
    cookie_lines: Vec<HeaderValue>,
}

impl AskedPage {
    pub(super) fn of(request: &request::Parts, flow_cookies: FlowCookies<'_>) -> Option<Box<Self>> {
        if !matches!(request.method, Method::GET | Method::POST)
            || !Asker::is_page(&request.headers)
        {
            return None;
        }
        let lines = request.headers.get_all(header::COOKIE);
        let cookie_lines = if flow_cookies.any(lines) {
            let lines = request.headers.get_all(header::COOKIE);
            lines.into_iter().cloned().collect()
        } else {
            Vec::new()
        };
        Some(Box::new(Self {
            address: (request.method == Method::GET).then(|| request.uri.clone()),
            cookie_lines,
        }))
    }
}

impl Departure {
    pub(super) fn of_application(
        flow: Arc<Flow>,
        handle: Arc<Handle>,
        page: Option<Box<AskedPage>>,
        renewed: Option<Box<(Session, ExistingChunks)>>,
    ) -> Self {
        let origin = Origin::Application { page, renewed };
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
    pub(crate) fn see(self, head: &mut Parts) -> Option<Response<Bytes>> {
        match self.origin {
            Origin::Application { page, renewed } => {
                let wanted = head.extensions.remove::<SignInWanted>();
                if let (StatusCode::UNAUTHORIZED, Some(wanted), Some(page)) =
                    (head.status, wanted, page)
                    && let Some(mut reply) = self.flow.ask_to_sign_in(&wanted, &page)
                {
                    // What the application set on the way stays set.
                    let cookies = head.headers.get_all(header::SET_COOKIE);
                    append_cookies(reply.headers_mut(), cookies.into_iter().cloned());
                    return Some(reply);
                }
                if self.handle.session_was_read() {
                    vary_by_session(&mut head.headers);
                }
                if let Some(renewed) = renewed {
                    self.flow.renew(&renewed.0, renewed.1, &mut head.headers);
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
                    append_cookies(&mut head.headers, signed_in.session_cookies);
                } else {
                    tracing::debug!(
                        status = head.status.as_u16(),
                        "the callback's handler refused"
                    );
                }
            }
        }
        None
    }
}

impl Flow {
    fn ask_to_sign_in(&self, wanted: &SignInWanted, page: &AskedPage) -> Option<Response<Bytes>> {
        let asked = page.address.as_ref().and_then(Uri::path_and_query);
        if asked.is_some_and(|asked| self.is_stray_callback(asked, &page.cookie_lines)) {
            self.reported.stray_callback.call_once(|| {
                tracing::error!(
                    callback = self.config.redirect_uri.path(),
                    "a callback arrived at another path: the layer is inside of a nested router, \
                     or behind a proxy that strips a prefix"
                );
            });
            return None;
        }
        let return_to = match (wanted, asked) {
            (
                SignInWanted::Now {
                    return_to: Some(return_to),
                },
                _,
            ) => self.return_to(return_to.as_str()),
            (_, Some(asked)) => self.return_to(asked.as_str()),
            (SignInWanted::Now { return_to: None }, None) => self.return_to(""),
            (SignInWanted::ToGoOn, None) => return Some(self.sign_in_first()),
        };
        Some(self.start_sign_in(return_to, &page.cookie_lines))
    }

    /// Whether a page that asks for a sign-in is itself the answer to one, whose path was changed on
    /// the way to the layer: another sign-in would end here again, and again.
    fn is_stray_callback(&self, page: &PathAndQuery, cookie_lines: &[HeaderValue]) -> bool {
        let query = page.query().unwrap_or_default();
        Callback::parse(query).is_ok_and(|callback| {
            let pending = self.flow_cookies().open(cookie_lines, callback.state());
            pending.is_some()
        })
    }

    fn renew(&self, session: &Session, existing: ExistingChunks, headers: &mut HeaderMap) {
        match self.config.sessions.write(session, existing, self.now()) {
            Ok(cookies) => {
                append_cookies(headers, cookies);
                forbid_storing(headers);
            }
            // The limit was lowered since: the session goes on until it would have ended anyway.
            Err(error) => tracing::warn!(%error, "session not renewed"),
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
