//! Ending a session.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, header, request::Parts};
use url::form_urlencoded;

use super::{RelyingParty, answer::see_other, failure::Failure};
use crate::{
    cookie::CookieLines,
    error::{Error, ErrorKind},
};

impl RelyingParty {
    /// `POST /logout`: the session, its chunks and all sign-ins under way are gone, whether or not anybody was
    /// signed in. Then the provider is told, and the browser goes on to the provider's page, or to one of this
    /// site.
    pub(super) async fn sign_out(
        self: &Arc<Self>,
        head: &Parts,
    ) -> Result<Response<Bytes>, Failure> {
        if !is_same_origin(&head.headers, &self.config.redirect_uri.origin) {
            return Err(Error::new(ErrorKind::CrossSiteSignOut).into());
        }
        let cookies = CookieLines::of(&head.headers);
        let sessions = &self.lifecycle.sessions;
        let (lookup, existing) = sessions.find(cookies.iter(), || self.now());
        let mut removals: Vec<_> = sessions.removals(existing).collect();
        removals.extend(self.flow_cookies().end_all(cookies.iter()));
        // A callback under way in another tab signs nobody in again.
        for state in self.flow_cookies().states(cookies.iter()) {
            self.flights.cancel(&state, self.now());
        }
        tracing::debug!("signed out");

        let page = match self.lifecycle.sign_out(lookup).await {
            Ok(page) => page,
            // Signed out in this browser, at least.
            Err(error) => return Err(Failure::from(error).with_cookies(removals)),
        };
        let query = head.uri.query().unwrap_or_default();
        let wanted = form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "return_to")
            .map(|(_, page)| page);
        let next = self.lifecycle.way_on(page, wanted.as_deref());
        Ok(see_other(next, removals))
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
