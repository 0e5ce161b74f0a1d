//! Starting a sign-in.

use bytes::Bytes;
use http::{HeaderValue, Response, request::Parts};
use url::form_urlencoded;

use super::{
    RelyingParty, RequestKind, answer::see_other, failure::Failure, flow_cookies::FlowCookies,
};
use crate::{
    cookie::CookieLines,
    error::{Error, ErrorKind},
    oidc::{Interaction, PendingSignIn},
    provider::Metadata,
    return_to::ReturnTo,
};

impl RelyingParty {
    /// `GET /login?return_to=…`. Of the query only `return_to` is read.
    pub(super) async fn login(&self, head: &Parts) -> Result<Response<Bytes>, Failure> {
        if RequestKind::of(&head.headers) == RequestKind::Script {
            return Err(Error::new(ErrorKind::NotANavigation).into());
        }
        let query = head.uri.query().unwrap_or_default();
        let target = form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "return_to")
            .map(|(_, target)| target);
        let return_to = self.return_to(target.as_deref().and_then(ReturnTo::parse));
        let cookies = CookieLines::of(&head.headers);
        self.sign_in(return_to, &cookies).await
    }

    /// Sends a browser to the provider, once that is found.
    pub(super) async fn sign_in(
        &self,
        return_to: ReturnTo,
        cookies: &CookieLines,
    ) -> Result<Response<Bytes>, Failure> {
        if self.is_going_in_circles(cookies).await? {
            let error = Error::new(ErrorKind::SessionNotKept);
            return Err(Failure::from(error).returning_to(&return_to));
        }
        let metadata = self.lifecycle.calls.metadata().await;
        let metadata = metadata.map_err(|error| Failure::from(error).returning_to(&return_to))?;
        let interaction = self.config.request.interaction();
        Ok(self.start_sign_in(&metadata, interaction, return_to, None, cookies))
    }

    /// Sends the browser to the provider. All that the callback needs goes into a cookie of this
    /// browser; the server keeps nothing. `replaced` is the state of a sign-in that this one goes on
    /// for.
    pub(super) fn start_sign_in(
        &self,
        metadata: &Metadata,
        interaction: Interaction,
        return_to: ReturnTo,
        replaced: Option<&str>,
        cookies: &CookieLines,
    ) -> Response<Bytes> {
        let now = self.now();
        let request = &self.config.request;
        let pending = PendingSignIn::begin(self.config.provider(), interaction, return_to, now);
        let url = request.url(&metadata.authorization_endpoint, &pending);
        let location =
            HeaderValue::try_from(url).expect("a URL is written in visible ASCII characters");
        tracing::debug!("sign-in started");
        let flows = self.flow_cookies();
        see_other(
            location,
            flows.begin(cookies.iter(), &pending, replaced, now),
        )
    }

    /// Whether the browser comes back signed out from completed sign-ins: another one would end here again.
    async fn is_going_in_circles(&self, cookies: &CookieLines) -> Result<bool, Error> {
        let (_, existing) = self.lifecycle.sessions.find(cookies.iter(), || self.now());
        Ok(existing.completions() >= CIRCLE && !self.is_signed_in(cookies).await?)
    }

    /// The page to come back to, else the landing page: also for the layer's own
    /// paths, which would start over, and for a page whose address would not fit the flow cookies.
    pub(super) fn return_to(&self, page: Option<ReturnTo>) -> ReturnTo {
        let config = &self.config;
        page.filter(|page| page.as_str().len() <= MAX_RETURN_TO)
            .filter(|page| {
                let path = Some(page.path());
                path != Some(&*config.redirect_uri.path)
                    && path != config.login_path.as_deref()
                    && path != config.logout_path.as_deref()
            })
            .unwrap_or_else(|| config.landing_page.clone())
    }

    pub(super) fn flow_cookies(&self) -> FlowCookies<'_> {
        FlowCookies {
            sealer: &self.config.flow_sealer,
            scope: &self.lifecycle.sessions.scope,
        }
    }
}

/// Sign-ins that a browser has completed, each less than 30 s after the last.
const CIRCLE: u8 = 2;
/// In bytes.
const MAX_RETURN_TO: usize = 512;
