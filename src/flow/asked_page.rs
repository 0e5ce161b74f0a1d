//! A page that asks for a sign-in.

use std::sync::Arc;

use http::{Method, Request, header, request::Parts, uri::PathAndQuery};

use super::{Flow, Seen, Settled, navigation::Asker};
use crate::{handle::SignInWanted, oidc::Callback};

/// The page that a person asked for, should they have to sign in first: what of the request's head
/// that takes.
pub(super) struct AskedPage(Parts);

impl AskedPage {
    pub(super) fn of(request: &Parts, flow: &Flow) -> Option<Box<Self>> {
        if !matches!(request.method, Method::GET | Method::POST)
            || !Asker::is_page(&request.headers)
        {
            return None;
        }
        let (mut head, ()) = Request::new(()).into_parts();
        head.method = request.method.clone();
        head.uri = request.uri.clone();
        if !flow.upkeep.calls.has_metadata(|| flow.now()) {
            // The provider has yet to be found. Should that fail, the error page may ask for more.
            head.version = request.version;
            head.headers = request.headers.clone();
        } else if flow.flow_cookies().any(cookie_lines(request)) {
            for line in cookie_lines(request) {
                head.headers.append(header::COOKIE, line.clone());
            }
        }
        Some(Box::new(Self(head)))
    }

    /// To come back to; not after a `POST`, which is not repeated.
    fn address(&self) -> Option<&PathAndQuery> {
        let uri = Some(&self.0.uri).filter(|_| self.0.method == Method::GET);
        uri?.path_and_query()
    }
}

fn cookie_lines(head: &Parts) -> http::header::GetAll<'_, http::HeaderValue> {
    head.headers.get_all(header::COOKIE)
}

impl Flow {
    /// What a person gets who has to sign in: the way to Didit, or a page that says so.
    pub(super) fn ask_to_sign_in(
        self: &Arc<Self>,
        wanted: &SignInWanted,
        page: Box<AskedPage>,
    ) -> Seen {
        let asked = page.address();
        if asked.is_some_and(|asked| self.is_stray_callback(asked, &page.0)) {
            self.reported.stray_callback.call_once(|| {
                tracing::error!(
                    callback = self.config.redirect_uri.path(),
                    "a callback arrived at another path: the layer is inside of a nested router, \
                     or behind a proxy that strips a prefix"
                );
            });
            return Seen::AsItIs;
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
            (SignInWanted::ToGoOn | SignInWanted::ForTokens, None) => {
                return Seen::Reply(self.sign_in_first());
            }
        };
        let now = self.now();
        if let Some(metadata) = self.upkeep.calls.known_metadata(now) {
            return Seen::Reply(self.sign_in_at(Ok(metadata), return_to, &page.0));
        }
        let flow = Arc::clone(self);
        Seen::Later(Box::pin(async move {
            let metadata = flow.upkeep.calls.metadata(now).await;
            Settled::Reply(flow.sign_in_at(metadata, return_to, &page.0))
        }))
    }

    /// Whether a page that asks for a sign-in is itself the answer to one, whose path was changed on
    /// the way to the layer: another sign-in would end here again, and again.
    fn is_stray_callback(&self, page: &PathAndQuery, head: &Parts) -> bool {
        let query = page.query().unwrap_or_default();
        Callback::parse(query).is_ok_and(|callback| {
            let pending = self
                .flow_cookies()
                .open(cookie_lines(head), callback.state());
            pending.is_some()
        })
    }
}
