//! Ends a session.

use bytes::Bytes;
use http::{HeaderMap, Response, header, request::Parts};

use super::{RelyingParty, failure::Failure, responses::see_other, sign_in::return_to_parameter};
use crate::{
    cookie::CookieLines,
    error::{Error, ErrorKind},
};

impl RelyingParty {
    /// `POST /logout`: removes the session, its cookies and all flow cookies, whether or not anybody is signed in.
    /// Then ends the session at the provider, and redirects to the provider's end-session page or to a page of this
    /// site.
    pub(super) async fn sign_out(&self, head: &Parts) -> Result<Response<Bytes>, Failure> {
        if !is_same_origin(&head.headers, &self.config.redirect_uri.origin) {
            return Err(Error::new(ErrorKind::CrossSiteSignOut).into());
        }
        let cookies = CookieLines::of(&head.headers);
        let (lifecycle, flows) = (&self.lifecycle, self.flow_cookies(&cookies));
        let sessions = &lifecycle.sessions;
        let (lookup, existing) = sessions.find(cookies.iter(), || lifecycle.now());
        let mut removals: Vec<_> = sessions.removals(existing).collect();
        removals.extend(flows.removals());
        // A callback that is under way in another tab must not sign the user in again.
        for state in flows.states() {
            self.flights.cancel(&state, lifecycle.now());
        }
        tracing::debug!("signed out");

        let page = match lifecycle.sign_out(lookup).await {
            Ok(page) => page,
            // Signed out in this browser, at least.
            Err(error) => return Err(Failure::from(error).with_cookies(removals)),
        };
        let wanted = return_to_parameter(&head.uri);
        let next = lifecycle.page_after_sign_out(page, wanted.as_deref());
        Ok(see_other(next, removals))
    }
}

/// Whether the request comes from this site: by `Sec-Fetch-Site`, else by `Origin`. A request without both comes
/// from an old browser or a program, and the `SameSite=Lax` cookie is not sent with other sites' `POST`s. `Origin:
/// null` can come from any site.
fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let claimed = headers.get(header::ORIGIN);
    claimed.is_none_or(|claimed| claimed == origin)
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
    fn requests_of_this_site_and_of_no_site_are_allowed() {
        assert!(allowed(Some("same-origin"), Some("https://app.example")));
        assert!(allowed(Some("none"), None));
        assert!(allowed(None, Some("https://app.example")));
        assert!(allowed(None, None));
    }

    #[test]
    fn requests_of_other_sites_are_refused() {
        assert!(!allowed(Some("cross-site"), Some("https://app.example")));
        assert!(!allowed(Some("same-site"), None));
        assert!(!allowed(None, Some("https://evil.example")));
        assert!(!allowed(None, Some("https://app.example:8443")));
        assert!(!allowed(None, Some("null")));
    }
}
