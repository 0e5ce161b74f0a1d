//! Starts a sign-in.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Response, Uri, request::Parts};
use url::form_urlencoded;

use super::{
    FetchMetadata, RelyingParty,
    failure::Failure,
    flow_cookies::FlowCookies,
    origins::host,
    responses::{append_cookies, see_other},
};
use crate::{
    config::ConfigError,
    cookie::CookieHeaders,
    error::{Error, ErrorKind, WiringError},
    oidc::{Interaction, PendingSignIn, SignInParameters},
    provider::Metadata,
    return_to::ReturnTo,
};

/// One authorization request.
pub(super) struct SignInRequest<'a> {
    pub(super) prompt: Option<&'a str>,
    pub(super) parameters: &'a SignInParameters,
    pub(super) return_to: ReturnTo,
}

impl<'a> SignInRequest<'a> {
    pub(super) fn without_prompt(parameters: &'a SignInParameters, return_to: ReturnTo) -> Self {
        let prompt = None;
        Self {
            prompt,
            parameters,
            return_to,
        }
    }
}

impl RelyingParty {
    /// `GET /login?return_to=…`. Only `return_to` is read from the query.
    pub(super) async fn login(&self, head: &Parts) -> Result<Response<Bytes>, Failure> {
        if FetchMetadata::of(&head.headers).is_script() {
            return Err(Error::new(ErrorKind::NotANavigation).into());
        }
        let page = return_to_parameter(&head.uri);
        let return_to = self.return_to(page.as_deref().and_then(ReturnTo::parse));
        let host = host(&head.uri, &head.headers);
        let cookies = CookieHeaders::of(&head.headers);
        self.sign_in(None, return_to, host, &cookies).await
    }

    /// Gets the provider's metadata, and redirects the browser to the provider. `parameters` are those of the
    /// application, if it starts the sign-in, and not a person. `host` is the host of the request.
    pub(super) async fn sign_in(
        &self,
        parameters: Option<&SignInParameters>,
        return_to: ReturnTo,
        host: Option<&str>,
        cookies: &CookieHeaders,
    ) -> Result<Response<Bytes>, Failure> {
        self.check_host(host);
        let failure = |error| Failure::from(error).returning_to(&return_to);
        let counter_removal = self.check_no_loop(parameters.is_none(), cookies).await;
        let counter_removal =
            counter_removal.map_err(|failure| failure.returning_to(&return_to))?;
        let metadata = self.lifecycle.calls.metadata().await;
        let metadata = metadata.map_err(failure)?;
        let none = SignInParameters::default();
        let parameters = parameters.unwrap_or(&none);
        self.check_parameters(parameters, &metadata)
            .map_err(failure)?;
        let request = SignInRequest {
            prompt: self.config.request.prompt(parameters),
            parameters,
            return_to,
        };
        let mut redirect = self.start_sign_in(&metadata, request, None, cookies);
        append_cookies(redirect.headers_mut(), counter_removal);
        Ok(redirect)
    }

    /// Redirects the browser to the provider. A flow cookie has all data for the callback; the server keeps nothing.
    /// `replaced` is the state of the sign-in that this one repeats.
    pub(super) fn start_sign_in(
        &self,
        metadata: &Metadata,
        sign_in: SignInRequest<'_>,
        replaced: Option<&str>,
        cookies: &CookieHeaders,
    ) -> Response<Bytes> {
        let now = self.lifecycle.now();
        let SignInRequest {
            prompt,
            parameters,
            return_to,
        } = sign_in;
        let request = &self.config.request;
        let (provider, redirect_uri) = (self.config.provider(), &self.origin.redirect_uri.text);
        let sealed = request.for_callback(parameters, prompt);
        let interaction = Interaction::of(prompt);
        let pending =
            PendingSignIn::begin(provider, redirect_uri, interaction, sealed, return_to, now);
        let endpoint = &metadata.authorization_endpoint;
        let url = request.url(parameters, prompt, endpoint, redirect_uri, &pending);
        let location =
            HeaderValue::try_from(url).expect("a URL is written in visible ASCII characters");
        tracing::debug!("sign-in started");
        let cookies = self
            .flow_cookies(cookies)
            .set_cookies(&pending, replaced, now);
        see_other(location, cookies)
    }

    /// Checks the parameters of a sign-in against the configuration and the provider.
    fn check_parameters(
        &self,
        parameters: &SignInParameters,
        metadata: &Metadata,
    ) -> Result<(), Error> {
        let (request, provider) = (&self.config.request, self.config.provider());
        let endpoint = &metadata.authorization_endpoint;
        parameters.check_for(provider, &request.authentication, endpoint)?;
        let prompt = request.prompt(parameters);
        request.for_callback(parameters, prompt).check_size()?;
        let scopes = parameters.scopes();
        let needs_store = scopes.is_some_and(|scopes| provider.brings_single_use_tokens(&scopes));
        if needs_store && self.lifecycle.sessions.stored().is_none() {
            let context = ConfigError::SingleUseRefreshTokens.to_string();
            return Err(Error::with_context(WiringError::InvalidSignIn, context));
        }
        Ok(())
    }

    /// Refuses another sign-in of a browser that returned without a session after completing sign-ins: another one
    /// would end the same way. Likewise of a browser whose user is signed in, but whose last sign-ins have not given the
    /// application what it asks for. Returns the `Set-Cookie` value that resets the count if a person who is signed in
    /// starts the sign-in.
    ///
    /// The process that starts a sign-in decides, not the process that completes it: the former served the page on
    /// which nobody was signed in.
    async fn check_no_loop(
        &self,
        is_started_by_person: bool,
        cookies: &CookieHeaders,
    ) -> Result<Option<HeaderValue>, Failure> {
        let lifecycle = &self.lifecycle;
        let (_, existing) = lifecycle.sessions.find(cookies.iter(), || lifecycle.now());
        let is_last = existing.completions() >= MAX_COMPLETIONS;
        if existing.completions() == 0 {
            return Ok(None);
        }
        let sessions = &lifecycle.sessions;
        match self.is_signed_in(cookies).await {
            Ok(true) if is_started_by_person => Ok(sessions.completions_removal(existing)),
            Ok(true) if existing.completions() >= MAX_REPETITIONS => {
                let context = "the last sign-ins did not give the application what it asks for";
                let kind = ErrorKind::InsufficientAuthentication;
                let failure = Failure::from(Error::with_context(kind, context));
                Err(failure.with_cookies([sessions.completion_cookie(existing)]))
            }
            Ok(false) if is_last => {
                let failure = Failure::from(Error::new(ErrorKind::SessionNotKept));
                // A planted count may never expire: this one takes its place.
                Err(failure.with_cookies([sessions.completion_cookie(existing)]))
            }
            Err(error) if is_last => Err(error.into()),
            Ok(_) | Err(_) => Ok(None),
        }
    }

    /// The page to return to. The landing page takes the place of a missing page, of the layer's own paths, which would
    /// start another sign-in, and of an address that is too long for a flow cookie.
    pub(super) fn return_to(&self, page: Option<ReturnTo>) -> ReturnTo {
        let config = &self.config;
        page.filter(|page| page.as_str().len() <= MAX_RETURN_TO)
            .filter(|page| {
                let path = Some(page.path());
                path != Some(&*self.origin.redirect_uri.path)
                    && path != config.login_path.as_deref()
                    && path != config.logout_path.as_deref()
            })
            .unwrap_or_else(|| config.landing_page.clone())
    }

    pub(super) fn flow_cookies<'a>(&'a self, lines: &'a CookieHeaders) -> FlowCookies<'a> {
        FlowCookies {
            sealer: &self.origin.flow_sealer,
            scope: &self.lifecycle.sessions.scope,
            lines,
        }
    }
}

pub(super) fn return_to_parameter(uri: &Uri) -> Option<Cow<'_, str>> {
    let mut parameters = form_urlencoded::parse(uri.query()?.as_bytes());
    let return_to = parameters.find(|(name, _)| name == "return_to");
    return_to.map(|(_, page)| page)
}

/// Sign-ins that a browser may complete, each less than 30 s after the one before, without being signed in.
const MAX_COMPLETIONS: u8 = 2;
/// The same limit for a user who is signed in, and whom the application keeps sending to the provider.
const MAX_REPETITIONS: u8 = 5;
/// In bytes.
const MAX_RETURN_TO: usize = 512;
