//! Settings of the layer's own paths, and of pages.

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, request::Parts};

use super::ConfigBuilder;
use crate::{config::ErrorPage, error::Error};

impl ConfigBuilder {
    /// The path whose `GET` starts a sign-in. Its query may have `return_to`, a path of this site.
    ///
    /// Other methods get 405. The layer handles this path itself: no route of the application sees these requests.
    ///
    /// Default: `/login`.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_login_path("/account/login");
    /// # config.build().unwrap();
    /// ```
    pub fn with_login_path(mut self, path: impl Into<String>) -> Self {
        self.login_path = Some(path.into());
        self
    }

    /// Disables the login path. Handlers start sign-ins by returning [`SignIn`](crate::SignIn).
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.without_login_path();
    /// # config.build().unwrap();
    /// ```
    pub fn without_login_path(mut self) -> Self {
        self.login_path = None;
        self
    }

    /// The path whose `POST` from a page of this site ends the session. Other methods get 405.
    ///
    /// Default: `/logout`.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_logout_path("/account/logout");
    /// # config.build().unwrap();
    /// ```
    pub fn with_logout_path(mut self, path: impl Into<String>) -> Self {
        self.logout_path = Some(path.into());
        self
    }

    /// Disables the logout path. Handlers end sessions with
    /// [`DiditClient::sign_out`](crate::DiditClient::sign_out).
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.without_logout_path();
    /// # config.build().unwrap();
    /// ```
    pub fn without_logout_path(mut self) -> Self {
        self.logout_path = None;
        self
    }

    /// The page of this site that follows a sign-in without `return_to`, follows a sign-out, and is linked on the
    /// built-in error page. It must be valid for [`ReturnTo::parse`](crate::ReturnTo::parse).
    ///
    /// Default: `/`.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_landing_page("/dashboard");
    /// # config.build().unwrap();
    /// ```
    pub fn with_landing_page(mut self, path: impl Into<String>) -> Self {
        self.landing_page = path.into();
        self
    }

    /// Lets the layer respond to a successful callback itself: 303 to the page that the sign-in started from.
    ///
    /// Default: the application's handler for the callback's path responds.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_redirect_after_sign_in();
    /// # config.build().unwrap();
    /// ```
    pub fn with_redirect_after_sign_in(mut self) -> Self {
        self.redirects_after_sign_in = true;
        self
    }

    /// Makes the page for each [`Error`] that a person sees: a failed sign-in or sign-out, the refusal of an extractor
    /// or of [`RequireSignIn`](crate::RequireSignIn), a handler's `?`. A program gets problem details instead.
    ///
    /// `page` gets the error, the request head, and `next`: the address that the built-in page links to. `next` is one of:
    /// the URL of a sign-in that returns to the requested page; the landing page; an empty string, which means this URL
    /// again, if a retry may succeed. Inside a quoted HTML attribute, `&` is the only character of it to escape.
    ///
    /// Escape text from the request and from [`provider_description`](Error::provider_description).
    ///
    /// The layer adds its cookies, `Cache-Control: private, no-store`, `Referrer-Policy: no-referrer`, the
    /// challenge of a 401 and the `Retry-After` of a 503. A page that replaces a handler's response keeps that
    /// response's headers, except `Content-*` and those that the page has itself.
    ///
    /// Default: a small page with two links: one to the [landing page](Self::with_landing_page), and one that
    /// starts a sign-in which returns to the requested page or, if a retry may succeed, loads this URL again.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_error_page(|error, _request, next| {
    ///     let (code, next) = (error.kind().code(), next.replace('&', "&amp;"));
    ///     let html = format!(r#"<p>Sign-in failed: {code}. <a href="{next}">Continue</a></p>"#);
    ///     http::Response::builder()
    ///         .status(error.kind().status())
    ///         .header("content-type", "text/html; charset=utf-8")
    ///         .body(html.into())
    ///         .unwrap()
    /// });
    /// # config.build().unwrap();
    /// ```
    pub fn with_error_page(
        mut self,
        page: impl Fn(&Error, &Parts, &str) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        self.error_page = Some(ErrorPage(Arc::new(page)));
        self
    }
}
