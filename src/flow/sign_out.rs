//! Ending a session.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header, request::Parts};
use url::form_urlencoded;

use super::{
    Arrival, Flow, Step,
    answer::{append_cookies, see_other},
};
use crate::error::{Error, ErrorKind};

/// How a sign-out ends.
pub(crate) struct Ending {
    /// What became of the session, and the page where the provider ends its own.
    outcome: Result<Option<String>, Error>,
    removals: Vec<HeaderValue>,
}

impl Flow {
    /// `POST /logout`: the session, its chunks and all sign-ins under way are gone, whether or not
    /// anybody was signed in. Then the provider is told.
    pub(super) fn sign_out(self: &Arc<Self>, request: &Parts) -> Step {
        if !is_same_origin(&request.headers, self.config.redirect_uri.origin()) {
            let error = Error::new(ErrorKind::CrossSiteSignOut);
            return Step::Reply(self.failure(&error, request, None));
        }
        let (found, brought) = self.upkeep.sessions.find(&request.headers, || self.now());
        let mut removals: Vec<_> = self.upkeep.sessions.removals(brought.existing).collect();
        let lines = request.headers.get_all(header::COOKIE);
        removals.extend(self.flow_cookies().end_all(lines));
        tracing::debug!("signed out");

        let upkeep = Arc::clone(&self.upkeep);
        Step::Wait(Box::pin(async move {
            let outcome = upkeep.sign_out(found).await;
            Arrival::SignedOut(Box::new(Ending { outcome, removals }))
        }))
    }

    /// After the end of the session: to the provider's page, or to one of this site.
    pub(super) fn signed_out(&self, ending: Ending, request: &Parts) -> Response<Bytes> {
        let Ending { outcome, removals } = ending;
        match outcome {
            Ok(page) => {
                let query = request.uri.query().unwrap_or_default();
                let wanted = form_urlencoded::parse(query.as_bytes())
                    .find(|(name, _)| name == "return_to")
                    .map(|(_, page)| page);
                see_other(self.upkeep.way_on(page, wanted.as_deref()), removals)
            }
            // Signed out in this browser, at least.
            Err(error) => {
                let mut reply = self.failure(&error, request, None);
                append_cookies(reply.headers_mut(), removals);
                reply
            }
        }
    }
}

/// Whether this site itself asks: by `Sec-Fetch-Site`, else by `Origin`. With neither it is an old
/// browser or no browser, and the cookie is `SameSite=Lax`, which other sites' `POST`s do not
/// bring. `Origin: null` is anybody's.
fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    headers
        .get(header::ORIGIN)
        .is_none_or(|claimed| claimed == origin)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn allowed(site: Option<&'static str>, origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(site) = site {
            headers.insert("sec-fetch-site", HeaderValue::from_static(site));
        }
        if let Some(origin) = origin {
            headers.insert("origin", HeaderValue::from_static(origin));
        }
        is_same_origin(&headers, "https://app.example")
    }

    #[test]
    fn this_site_a_typed_request_and_no_browser_may() {
        assert!(allowed(Some("same-origin"), Some("https://app.example")));
        assert!(allowed(Some("none"), None));
        assert!(allowed(None, Some("https://app.example")));
        assert!(allowed(None, None));
    }

    // Behaviour 89.
    #[test]
    fn other_sites_may_not() {
        assert!(!allowed(Some("cross-site"), Some("https://app.example")));
        assert!(!allowed(Some("same-site"), None));
        assert!(!allowed(None, Some("https://evil.example")));
        assert!(!allowed(None, Some("https://app.example:8443")));
        assert!(!allowed(None, Some("null")));
    }
}
