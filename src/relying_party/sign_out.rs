//! Ends a session.

use std::{borrow::Cow, mem};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, request::Parts, response};
use serde::Serialize;

use super::{
    RelyingParty,
    application_error::with_headers,
    failure::Failure,
    pages::forwarding_page,
    request_kind::{FetchMetadata, accepts_json},
    responses::{self, append_cookies, keep_private, see_other},
    sign_in::return_to_parameter,
};
use crate::{
    context::{RequestContext, RequestMode, SignOutRedirect},
    cookie::CookieHeaders,
    error::{Error, ErrorKind},
    session::lifecycle::PageAfterSignOut,
};

impl RelyingParty {
    /// `POST /logout`: removes the session, its cookies and all flow cookies, whether or not a user is signed in.
    /// Then terminates the session at the provider, and redirects to the provider's end-session page or to a page of this
    /// site.
    pub(super) async fn sign_out(&self, head: &Parts) -> Result<Response<Bytes>, Failure> {
        check_same_origin(&head.headers, &self.origin.redirect_uri.origin)?;
        let cookies = CookieHeaders::of(&head.headers);
        let (lifecycle, flows) = (&self.lifecycle, self.flow_cookies(&cookies));
        let sessions = &lifecycle.sessions;
        let (lookup, existing) = sessions.find(cookies.iter(), || lifecycle.now());
        let mut removals: Vec<_> = sessions.removals(existing).collect();
        removals.extend(flows.removals());
        // A callback that is under way in another tab must not sign the user in again.
        for state in flows.states() {
            self.flights.cancel(&state, lifecycle.now());
        }
        tracing::debug!("sign-out requested");

        let page = match lifecycle.sign_out(lookup).await {
            Ok(page) => page,
            // At least this browser is signed out.
            Err(error) => return Err(Failure::from(error).with_cookies(removals)),
        };
        let wanted = return_to_parameter(&head.uri);
        let page = lifecycle.page_after_sign_out(page, wanted.as_deref());
        let mode = match FetchMetadata::of(&head.headers).mode() {
            RequestMode::Unknown if accepts_json(&head.headers) => RequestMode::Script,
            mode => mode,
        };
        let mut response = self.signed_out(page, mode);
        append_cookies(response.headers_mut(), removals);
        Ok(response)
    }

    /// The response after a sign-out: a redirect, a page that forwards to another site, or the address for a script,
    /// which cannot follow a redirect to another site.
    pub(super) fn signed_out(&self, page: PageAfterSignOut, mode: RequestMode) -> Response<Bytes> {
        match mode {
            RequestMode::Script => {
                let location = String::from_utf8_lossy(page.url_for_scripts.as_bytes());
                responses::json(&Location { location })
            }
            RequestMode::Navigation if self.is_elsewhere(&page.url) => {
                let mut response = forwarding_page(&page.url);
                keep_private(response.headers_mut());
                response
            }
            RequestMode::Navigation | RequestMode::Unknown => see_other(page.url, []),
        }
    }

    /// Replaces the redirect that follows a handler's sign-out, unless a middleware has changed its status.
    pub(super) fn replace_sign_out_redirect(
        &self,
        context: &RequestContext,
        head: &mut response::Parts,
    ) -> Option<Response<Bytes>> {
        let SignOutRedirect(page) = head.extensions.remove()?;
        let is_followed = match context.mode {
            RequestMode::Navigation => !self.is_elsewhere(&page.url),
            RequestMode::Script => false,
            RequestMode::Unknown => true,
        };
        if is_followed || head.status != StatusCode::SEE_OTHER {
            return None;
        }
        let reply = self.signed_out(page, context.mode);
        let mut headers = mem::take(&mut head.headers);
        headers.remove(header::LOCATION);
        Some(with_headers(headers, reply))
    }

    /// Whether an address is on another origin.
    fn is_elsewhere(&self, url: &HeaderValue) -> bool {
        let origin = self.origin.redirect_uri.origin.as_bytes();
        let path = url.as_bytes().strip_prefix(origin);
        let path = path.unwrap_or(url.as_bytes());
        !matches!(path.first(), None | Some(b'/' | b'?' | b'#'))
    }
}

/// The response to a script's sign-out.
#[derive(Serialize)]
struct Location<'a> {
    location: Cow<'a, str>,
}

/// Refuses the requests of other sites: by `Sec-Fetch-Site`, else by `Origin`. A request without both comes from an old
/// browser or a program, and the `SameSite=Lax` cookie is not sent with other sites' `POST`s.
///
/// `Origin: null` can come from any site, and from a page of this one whose `Referrer-Policy` is `no-referrer`.
fn check_same_origin(headers: &HeaderMap, origin: &str) -> Result<(), Error> {
    let site = headers.get("sec-fetch-site");
    let claimed = headers.get(header::ORIGIN);
    match (site, claimed) {
        (Some(site), _) if site == "same-origin" || site == "none" => Ok(()),
        (None, None) => Ok(()),
        (None, Some(claimed)) if claimed == origin => Ok(()),
        (None, Some(claimed)) if claimed == "null" => {
            let error = Error::with_context(ErrorKind::CrossSiteSignOut, OPAQUE_ORIGIN);
            Err(error.with_public_context())
        }
        _ => Err(Error::new(ErrorKind::CrossSiteSignOut)),
    }
}

const OPAQUE_ORIGIN: &str = "the browser does not name the page of the form; if it is a page of this site, send it with \
     `Referrer-Policy: same-origin` instead of `no-referrer`";

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
        check_same_origin(&headers, "https://app.example").is_ok()
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
