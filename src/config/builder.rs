//! The settings of a configuration.

mod build;
mod sessions;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Response, request::Parts};
use zeroize::Zeroizing;

use super::{Completion, ConfigError, ErrorPage, Routes, Secret};
use crate::{
    clock::{Clock, SystemClock},
    error::Error,
    provider::Provider,
    session::{Limits, store::SessionStore},
    transport::HttpTransport,
};

/// Collects the settings of a [`Config`](crate::Config). Setters store; [`build`](Self::build) checks.
#[must_use = "a builder does nothing until `build` is called"]
pub struct ConfigBuilder {
    client_id: String,
    client_secret: Option<Secret>,
    redirect_uri: String,
    scopes: Option<Vec<String>>,
    provider: Provider,
    prompt: Option<String>,
    max_age: Option<Duration>,
    login_hint: Option<String>,
    ui_locales: Vec<String>,
    acr_values: Vec<String>,
    required_acr_values: Option<Vec<String>>,
    trusted_audiences: Vec<String>,
    clock_skew: Duration,
    cookie_keys: Option<Vec<Zeroizing<Vec<u8>>>>,
    cookie_name: String,
    routes: Routes,
    landing_page: String,
    completion: Completion,
    limits: Limits,
    keeping: Keeping,
    session_cookie_limit: usize,
    sign_out_pages: Vec<String>,
    post_logout_redirect_uri: Option<String>,
    connect_timeout: Duration,
    http_timeout: Duration,
    root_certificates: Vec<Vec<u8>>,
    transport: Option<Arc<dyn HttpTransport>>,
    clock: Arc<dyn Clock>,
    error_page: Option<ErrorPage>,
    failure: Option<ConfigError>,
}

/// Where sessions are to be kept.
enum Keeping {
    Default,
    Cookies,
    Store(Arc<dyn SessionStore>),
}

impl ConfigBuilder {
    pub(super) fn new(client_id: String, redirect_uri: String) -> Self {
        Self {
            client_id,
            client_secret: None,
            redirect_uri,
            scopes: None,
            provider: Provider::didit(),
            prompt: None,
            max_age: None,
            login_hint: None,
            ui_locales: Vec::new(),
            acr_values: Vec::new(),
            required_acr_values: None,
            trusted_audiences: Vec::new(),
            clock_skew: Duration::from_secs(60),
            cookie_keys: None,
            cookie_name: "didit".to_owned(),
            routes: Routes {
                login: Some("/login".to_owned()),
                logout: Some("/logout".to_owned()),
            },
            landing_page: "/".to_owned(),
            completion: Completion::Forward,
            limits: Limits {
                idle: DAY,
                absolute: 7 * DAY,
            },
            keeping: Keeping::Default,
            session_cookie_limit: 4096,
            sign_out_pages: Vec::new(),
            post_logout_redirect_uri: None,
            connect_timeout: Duration::from_secs(5),
            http_timeout: Duration::from_secs(10),
            root_certificates: Vec::new(),
            transport: None,
            clock: Arc::new(SystemClock),
            error_page: None,
            failure: None,
        }
    }

    /// A builder whose `build` reports `failure`.
    pub(super) fn failed(failure: ConfigError) -> Self {
        Self {
            failure: Some(failure),
            ..Self::new(String::new(), String::new())
        }
    }

    /// The client secret. The client then authenticates as the provider wants it: with Didit by HTTP
    /// Basic (RFC 6749 §2.3.1).
    ///
    /// Default: none, a public client, which needs [`with_cookie_keys`](Self::with_cookie_keys).
    pub fn with_client_secret(mut self, secret: impl Into<String>) -> Self {
        self.client_secret = Some(Secret(Zeroizing::new(secret.into())));
        self
    }

    /// The scopes to ask for. `openid` must be among them, but with Didit Authentication; `offline`
    /// brings a refresh token.
    ///
    /// Default: the provider's, `openid` with Didit.
    pub fn with_scopes<I>(mut self, scopes: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Whom to sign in with.
    ///
    /// Default: [`Provider::didit`].
    pub fn with_provider(mut self, provider: Provider) -> Self {
        self.provider = provider;
        self
    }

    /// `prompt`: what the provider shows the user, for example `login` or `select_account` (OpenID
    /// Connect Core §3.1.2.1).
    ///
    /// With `none` it shows nothing; a user who has to be asked all the same is sent there again, once
    /// and without `prompt`. Default: the parameter is not sent.
    pub fn with_prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = Some(prompt.into());
        self
    }

    /// `max_age`: how long before the sign-in the user may have proved to the provider who they are, in
    /// whole seconds. An ID token that does not say when, or that says longer ago, is refused (OpenID
    /// Connect Core §3.1.3.7 step 13).
    ///
    /// Default: any time ago.
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// `login_hint`: who is likely to sign in.
    ///
    /// Default: the parameter is not sent.
    pub fn with_login_hint(mut self, hint: impl Into<String>) -> Self {
        self.login_hint = Some(hint.into());
        self
    }

    /// `ui_locales`: the languages for the provider's pages, the best first (RFC 5646).
    ///
    /// Default: the parameter is not sent.
    pub fn with_ui_locales<I>(mut self, locales: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.ui_locales = locales.into_iter().map(Into::into).collect();
        self
    }

    /// `acr_values`: how the user should prove who they are, the best class first. What the provider
    /// made of it is the claim `acr`.
    ///
    /// Default: the parameter is not sent.
    pub fn with_acr_values<I>(mut self, values: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.acr_values = values.into_iter().map(Into::into).collect();
        self
    }

    /// Classes of which a user must meet one, the best first: they are asked for before those of
    /// [`with_acr_values`](Self::with_acr_values), and a user whose `acr` is none of them is refused
    /// (OpenID Connect Core §3.1.3.7 step 12).
    ///
    /// Default: nothing is required.
    pub fn require_acr_values<I>(mut self, values: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.required_acr_values = Some(values.into_iter().map(Into::into).collect());
        self
    }

    /// Accepts ID tokens that are for this client and for `audience` as well, if they were given to
    /// this client (`azp`, OpenID Connect Core §3.1.3.7 steps 3 to 5).
    ///
    /// Default: an ID token is for this client alone.
    pub fn add_trusted_audience(mut self, audience: impl Into<String>) -> Self {
        self.trusted_audiences.push(audience.into());
        self
    }

    /// How far the clocks of the provider and of this machine may be apart: at most 5 minutes.
    ///
    /// Default: 60 seconds.
    pub fn with_clock_skew(mut self, skew: Duration) -> Self {
        self.clock_skew = skew;
        self
    }

    /// The path where `GET` starts a sign-in. Its query may hold `return_to`, a path of this site.
    /// Other methods get 405: a route of the application for this path is not reached.
    ///
    /// Default: `/login`.
    pub fn with_login_path(mut self, path: impl Into<String>) -> Self {
        self.routes.login = Some(path.into());
        self
    }

    /// No path starts a sign-in; handlers do, by returning [`SignIn`](crate::SignIn).
    pub fn without_login_path(mut self) -> Self {
        self.routes.login = None;
        self
    }

    /// The path where `POST` ends a session, if a page of this site asks for it. Other methods get
    /// 405.
    ///
    /// Default: `/logout`.
    pub fn with_logout_path(mut self, path: impl Into<String>) -> Self {
        self.routes.logout = Some(path.into());
        self
    }

    /// No path ends a session.
    pub fn without_logout_path(mut self) -> Self {
        self.routes.logout = None;
        self
    }

    /// Where people go after a sign-in that started nowhere in particular, after sign-out, and from the
    /// built-in error page: a path of this site, as [`ReturnTo::parse`](crate::ReturnTo::parse) takes it.
    ///
    /// Default: `/`.
    pub fn with_landing_page(mut self, path: impl Into<String>) -> Self {
        self.landing_page = path.into();
        self
    }

    /// After a good callback the layer itself answers 303 to the page that the sign-in started
    /// from.
    ///
    /// Default: the request goes on to the application's own handler for the callback's path.
    pub fn with_redirect_after_sign_in(mut self) -> Self {
        self.completion = Completion::Redirect;
        self
    }

    /// How long a call to the provider may take in all: 1 millisecond to 5 minutes.
    ///
    /// Default: 10 seconds.
    pub fn with_http_timeout(mut self, timeout: Duration) -> Self {
        self.http_timeout = timeout;
        self
    }

    /// How long the default transport tries to connect: 1 millisecond to 5 minutes, and at most half of
    /// [`with_http_timeout`](Self::with_http_timeout), so that it is known of a provider that cannot be reached
    /// that nothing was sent.
    ///
    /// Default: 5 seconds.
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Certificates in PEM form that the default transport trusts besides the system's.
    pub fn add_root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// What carries every request to the provider, instead of the default transport.
    pub fn with_transport(mut self, transport: impl HttpTransport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// What tells the time.
    ///
    /// Default: the system's clock.
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes every page that tells a person of an [`Error`]: of a sign-in or sign-out that failed, of an extractor or
    /// [`RequireSignIn`](crate::RequireSignIn) that refused, of a handler's `?`. A program gets a problem document
    /// instead.
    ///
    /// Escape what comes from the request or from
    /// [`provider_description`](Error::provider_description). The layer adds its cookies,
    /// `Cache-Control: private, no-store`, `Referrer-Policy: no-referrer`, the challenge that a 401
    /// owes and the `Retry-After` of a 503. In place of a handler's answer the page keeps the headers of that
    /// answer, but for `Content-*` and those that the page has itself.
    ///
    /// Default: a small page, with a link that goes on and one to the [landing page](Self::with_landing_page). The
    /// first leads to a sign-in that comes back to the page that was asked for, or to the same address where trying
    /// again helps.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # Config::builder("client-id", "https://app.example/callback").with_client_secret("s")
    /// .with_error_page(|error, _request| {
    ///     http::Response::builder()
    ///         .status(error.kind().status())
    ///         .body(format!("Sign-in failed: {}.", error.kind().code()).into())
    ///         .unwrap()
    /// })
    /// # .build().unwrap();
    /// ```
    pub fn with_error_page(
        mut self,
        page: impl Fn(&Error, &Parts) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        self.error_page = Some(ErrorPage(Arc::new(page)));
        self
    }
}

impl fmt::Debug for ConfigBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigBuilder")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("scopes", &self.scopes)
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
