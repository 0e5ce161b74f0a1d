//! Starting a sign-in.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, header, request::Parts};
use url::form_urlencoded;

use super::{Arrival, Flow, Step, answer::see_other, flow_cookies::FlowCookies, navigation::Asker};
use crate::{
    error::{Error, ErrorKind},
    oidc::{Interaction, PendingSignIn},
    provider::Metadata,
    return_to::ReturnTo,
};

impl Flow {
    /// `GET /login?return_to=…`. Of the query only `return_to` is read.
    pub(super) fn login(self: &Arc<Self>, request: &Parts) -> Step {
        if Asker::of(&request.headers) == Asker::Script {
            let error = Error::new(ErrorKind::NotANavigation);
            return Step::Reply(self.failure(&error, request, None));
        }
        let query = request.uri.query().unwrap_or_default();
        let target = form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "return_to")
            .map(|(_, target)| target);
        let return_to = self.return_to(target.as_deref().unwrap_or_default());
        let now = self.now();
        if let Some(metadata) = self.upkeep.calls.known_metadata(now) {
            return Step::Reply(self.sign_in_at(Ok(metadata), return_to, request));
        }
        let calls = self.upkeep.calls.clone();
        Step::Wait(Box::pin(async move {
            Arrival::ForLogin(calls.metadata(now).await, return_to)
        }))
    }

    /// Sends the browser of this request to the provider, if that was found.
    pub(super) fn sign_in_at(
        &self,
        metadata: Result<Arc<Metadata>, Error>,
        return_to: ReturnTo,
        request: &Parts,
    ) -> Response<Bytes> {
        match metadata {
            Ok(metadata) => {
                let interaction = self.config.request.interaction();
                self.start_sign_in(&metadata, interaction, return_to, None, request)
            }
            Err(error) => self.failure(&error, request, Some(&return_to)),
        }
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
        asked: &Parts,
    ) -> Response<Bytes> {
        let now = self.now();
        let request = &self.config.request;
        let pending = PendingSignIn::begin(self.config.provider(), interaction, return_to, now);
        let url = request.url(&metadata.authorization_endpoint, &pending);
        let location =
            HeaderValue::try_from(url).expect("a URL is written in visible ASCII characters");
        tracing::debug!("sign-in started");
        let cookie_lines = asked.headers.get_all(header::COOKIE);
        let cookies = self.flow_cookies();
        see_other(
            location,
            cookies.begin(cookie_lines, &pending, replaced, now),
        )
    }

    /// The page of this site that `target` names, else the landing page: also for the layer's own
    /// paths, which would start over, and for a page whose address would not fit the flow cookies.
    pub(super) fn return_to(&self, target: &str) -> ReturnTo {
        let config = &self.config;
        ReturnTo::parse(target)
            .filter(|page| page.as_str().len() <= MAX_RETURN_TO)
            .filter(|page| {
                let path = Some(page.path());
                path != Some(config.redirect_uri.path())
                    && path != config.routes.login.as_deref()
                    && path != config.routes.logout.as_deref()
            })
            .unwrap_or_else(|| config.landing_page.clone())
    }

    pub(super) fn flow_cookies(&self) -> FlowCookies<'_> {
        FlowCookies {
            sealer: &self.config.flow_sealer,
            scope: self.config.redirect_uri.cookie_scope(),
        }
    }
}

/// In bytes.
const MAX_RETURN_TO: usize = 512;
