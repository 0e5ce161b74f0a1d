//! Ends a session.

use std::{borrow::Cow, mem};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header, request::Parts, response};
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
    context::{RequestContext, RequestMode, SignOutRedirect, check_same_origin},
    cookie::CookieHeaders,
    error::ErrorKind,
    session::lifecycle::PageAfterSignOut,
};

impl RelyingParty {
    /// `POST /logout`: removes the session, its cookies and all flow cookies, whether or not a user is signed in.
    /// Then terminates the session at the provider, and redirects to the provider's end-session page or to a page of this
    /// site.
    pub(super) async fn sign_out(&self, head: &Parts) -> Result<Response<Bytes>, Failure> {
        let origin = &self.origin.redirect_uri.origin;
        check_same_origin(&head.headers, origin, ErrorKind::CrossSiteSignOut)?;
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
