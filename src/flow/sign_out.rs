//! Ending a session.

use bytes::Bytes;
use http::{HeaderMap, Response, header, request::Parts};

use super::{Flow, answer::see_other};
use crate::{
    error::{Error, ErrorKind},
    session::Session,
};

impl Flow {
    /// `POST /logout`: the session, its chunks and all sign-ins under way are gone, whether or not
    /// anybody was signed in. Then to the landing page.
    pub(super) fn sign_out(&self, request: &Parts) -> Response<Bytes> {
        if !is_same_origin(&request.headers, self.config.redirect_uri.origin()) {
            return self.failure(&Error::new(ErrorKind::CrossSiteSignOut), request, None);
        }
        let sessions = &self.config.sessions;
        let cookies = sessions.read(&request.headers);
        let session = sessions.open(&cookies, self.now());
        self.end(session.as_ref().map(Session::id));
        let mut removals = sessions.remove(cookies.existing());
        let lines = request.headers.get_all(header::COOKIE);
        removals.extend(self.flow_cookies().end_all(lines));
        tracing::debug!("signed out");
        see_other(self.config.landing_page.clone().into_location(), removals)
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

    #[test]
    fn other_sites_may_not() {
        assert!(!allowed(Some("cross-site"), Some("https://app.example")));
        assert!(!allowed(Some("same-site"), None));
        assert!(!allowed(None, Some("https://evil.example")));
        assert!(!allowed(None, Some("https://app.example:8443")));
        assert!(!allowed(None, Some("null")));
    }
}
