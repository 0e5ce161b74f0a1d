//! A page that asks for a sign-in.

use bytes::Bytes;
use http::{HeaderValue, Method, Response, Uri, header, request::Parts, uri::PathAndQuery};

use super::{Flow, flow_cookies::FlowCookies, navigation::Asker};
use crate::{handle::SignInWanted, oidc::Callback};

/// The page that a person asked for, should they have to sign in first.
pub(super) struct AskedPage {
    /// To come back to; not after a `POST`, which is not repeated.
    address: Option<Uri>,
    /// The `Cookie` lines, if there are sign-ins under way among them.
    cookie_lines: Vec<HeaderValue>,
}

impl AskedPage {
    pub(super) fn of(request: &Parts, flow_cookies: FlowCookies<'_>) -> Option<Box<Self>> {
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

impl Flow {
    /// What a person gets who has to sign in: the way to Didit, or a page that says so. `None` leaves
    /// the application's refusal as it is.
    pub(super) fn ask_to_sign_in(
        &self,
        wanted: &SignInWanted,
        page: &AskedPage,
    ) -> Option<Response<Bytes>> {
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
}
