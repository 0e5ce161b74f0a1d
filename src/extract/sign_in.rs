//! The response that starts a sign-in.

use std::time::Duration;

use axum_core::response::{IntoResponse, Response};

use crate::{
    context::{Destination, SignInChallenge},
    error::{Error, ErrorKind},
    oidc::SignInParameters,
    return_to::ReturnTo,
};

/// A response that sends the browser to Didit.
///
/// ```
/// use axum::response::{Html, IntoResponse, Response};
/// use tower_didit::{DiditTokens, SignIn};
///
/// async fn orders(tokens: Option<DiditTokens>) -> Response {
///     match tokens {
///         Some(_) => Html("your orders").into_response(),
///         None => SignIn::new().into_response(),
///     }
/// }
/// # let _router: axum::Router = axum::Router::new().route("/orders", axum::routing::get(orders));
/// ```
///
/// [`DiditAuth`](crate::DiditAuth) turns the response into a 303 for a page navigation. A script gets the 401 of
/// [`ErrorKind::NotSignedIn`], or of [`ErrorKind::StepUpRequired`] if the sign-in has [`with_max_age`](Self::with_max_age)
/// or [`with_acr_values`](Self::with_acr_values).
///
/// # Parameters
///
/// A sign-in has the parameters of the [configuration](crate::ConfigBuilder). Those that are set here replace them, for
/// this sign-in. A form or a link cannot set them: `/login` reads only `return_to` from its query.
///
/// | setter | in place of |
/// |---|---|
/// | [`with_prompt`](Self::with_prompt), [`with_login_hint`](Self::with_login_hint), [`with_ui_locales`](Self::with_ui_locales), [`with_scopes`](Self::with_scopes) | the configuration's |
/// | [`with_max_age`](Self::with_max_age), [`with_acr_values`](Self::with_acr_values) | the configuration's; the ID token has to meet both |
/// | [`add_parameter`](Self::add_parameter) | nothing |
///
/// Together they take at most 512 bytes of the authorization request's URL, so that the response's headers pass a proxy.
/// The scopes and what the ID token has to meet are sealed into the [flow cookie](crate::docs::cookies); with
/// `prompt=none`, all parameters are. What is sealed takes at most 256 bytes. Wrong parameters start no sign-in. The response is then the error
/// [`InvalidSignIn`](crate::reason::WiringError::InvalidSignIn), 500, and the log says which parameter is wrong.
///
/// While a user is signed in, a handler or a guard sends the browser to the provider at most 5 times in a row, less than
/// 30 s apart. Then the response is [`ErrorKind::InsufficientAuthentication`]: a handler that starts a
/// sign-in until the provider grants what it asks for, such as a scope, causes no redirect loop.
#[derive(Clone, Debug, Default)]
#[must_use = "return it from the handler"]
pub struct SignIn {
    destination: Destination,
    parameters: SignInParameters,
}

impl SignIn {
    /// A sign-in that returns to the requested page, or to the landing page if the request was not a `GET`.
    /// [Example](Self).
    ///
    /// A handler that sends everybody to Didit needs [`returning_to`](Self::returning_to): the sign-in would lead back to
    /// that handler, which starts the next one.
    pub fn new() -> Self {
        Self::default()
    }

    /// A sign-in that returns to another page, or with `None` to the
    /// [landing page](crate::ConfigBuilder::with_landing_page). If the page's address has more than 512 bytes or is one of
    /// the layer's own paths, the sign-in returns to the landing page, too.
    ///
    /// ```
    /// use tower_didit::{ReturnTo, SignIn};
    ///
    /// async fn join() -> SignIn {
    ///     SignIn::returning_to(ReturnTo::parse("/welcome?step=1"))
    /// }
    /// # let _router: axum::Router = axum::Router::new().route("/join", axum::routing::get(join));
    /// ```
    pub fn returning_to(page: impl Into<Option<ReturnTo>>) -> Self {
        let page = page.into();
        Self {
            destination: page.map_or(Destination::LandingPage, Destination::Page),
            ..Self::default()
        }
    }

    /// `prompt`: what the provider shows the user (OpenID Connect Core §3.1.2.1).
    ///
    /// With `none` the provider shows nothing. If the provider has to ask the user, the layer redirects to it a second
    /// time, without `prompt`.
    ///
    /// Default: the [configuration's](crate::ConfigBuilder::with_prompt).
    ///
    /// ```
    /// use tower_didit::{ReturnTo, SignIn};
    ///
    /// async fn other_account() -> SignIn {
    ///     SignIn::returning_to(ReturnTo::parse("/profile")).with_prompt("select_account")
    /// }
    /// ```
    pub fn with_prompt(mut self, prompt: impl Into<String>) -> Self {
        self.parameters.prompt = Some(prompt.into());
        self
    }

    /// `login_hint`: the name of the user who is likely to sign in.
    ///
    /// Default: the [configuration's](crate::ConfigBuilder::with_login_hint).
    ///
    /// ```
    /// use axum::extract::Path;
    /// use tower_didit::{ReturnTo, SignIn};
    ///
    /// async fn invited(Path(email): Path<String>) -> SignIn {
    ///     SignIn::returning_to(ReturnTo::parse("/welcome")).with_login_hint(email)
    /// }
    /// # let _router: axum::Router = axum::Router::new().route("/invited/{email}", axum::routing::get(invited));
    /// ```
    pub fn with_login_hint(mut self, hint: impl Into<String>) -> Self {
        self.parameters.login_hint = Some(hint.into());
        self
    }

    /// `max_age`: the maximum time since the user authenticated at the provider, in whole seconds. Zero makes the
    /// user authenticate again.
    ///
    /// An ID token without `auth_time`, or with an older one, is refused with
    /// [`ErrorKind::InsufficientAuthentication`] (OpenID Connect Core §3.1.3.7 step 13), whatever the configuration is
    /// when the user returns. If the configuration has a [`max_age`](crate::ConfigBuilder::with_max_age) too, the shorter
    /// one counts. The provider must be [declared to return `auth_time`](crate::Provider::with_auth_time).
    ///
    /// [`RequireSignIn::max_age`](crate::RequireSignIn::max_age) starts such a sign-in when it is needed.
    ///
    /// Default: the configuration's.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_didit::{ReturnTo, SignIn};
    ///
    /// async fn confirm() -> SignIn {
    ///     SignIn::returning_to(ReturnTo::parse("/orders/confirmed")).with_max_age(Duration::ZERO)
    /// }
    /// ```
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.parameters.authentication.max_age = Some(max_age.as_secs());
        self
    }

    /// `acr_values`: the authentication context classes that are accepted, the preferred one first. The ID token must
    /// have one of them.
    ///
    /// An ID token with another `acr`, or without, is refused with [`ErrorKind::InsufficientAuthentication`] (OpenID
    /// Connect Core §3.1.3.7 step 12), whatever the configuration is when the user returns. It has to meet the
    /// configuration's [`require_acr_values`](crate::ConfigBuilder::require_acr_values) too. The provider must be
    /// [declared to return `acr`](crate::Provider::with_acr).
    ///
    /// [`RequireSignIn::acr_values`](crate::RequireSignIn::acr_values) starts such a sign-in when it is needed.
    ///
    /// Default: the configuration's.
    ///
    /// ```
    /// use tower_didit::{ReturnTo, SignIn};
    ///
    /// async fn stronger() -> SignIn {
    ///     SignIn::returning_to(ReturnTo::parse("/vault")).with_acr_values(["urn:example:gold"])
    /// }
    /// ```
    pub fn with_acr_values(mut self, values: impl IntoIterator<Item: Into<String>>) -> Self {
        self.parameters.authentication.acr_values = Some(strings(values));
        self
    }

    /// `ui_locales`: the languages for the provider's pages (RFC 5646), the preferred one first.
    ///
    /// Default: the [configuration's](crate::ConfigBuilder::with_ui_locales).
    ///
    /// ```
    /// use tower_didit::{ReturnTo, SignIn};
    ///
    /// async fn entrar() -> SignIn {
    ///     SignIn::returning_to(ReturnTo::parse("/es")).with_ui_locales(["es", "en"])
    /// }
    /// ```
    pub fn with_ui_locales(mut self, locales: impl IntoIterator<Item: Into<String>>) -> Self {
        self.parameters.ui_locales = Some(strings(locales));
        self
    }

    /// The scopes to request, in place of the configuration's. `openid` must be one of them, except with Didit
    /// Authentication. [`DiditTokens::scopes`](crate::DiditTokens::scopes) are those that were granted.
    ///
    /// A single-use refresh token needs a session store, as in the
    /// [configuration](crate::Provider::with_single_use_refresh_tokens).
    ///
    /// Default: the [configuration's](crate::ConfigBuilder::with_scopes).
    ///
    /// ```
    /// use axum::response::{IntoResponse, Response};
    /// use tower_didit::{DiditTokens, SignIn, scope};
    ///
    /// async fn address(tokens: DiditTokens) -> Response {
    ///     if !tokens.scopes().contains(scope::ADDRESS) {
    ///         let scopes = [scope::OPENID, scope::EMAIL, scope::ADDRESS];
    ///         return SignIn::new().with_scopes(scopes).into_response();
    ///     }
    ///     "your address".into_response()
    /// }
    /// # let _router: axum::Router = axum::Router::new().route("/", axum::routing::get(address));
    /// ```
    pub fn with_scopes(mut self, scopes: impl IntoIterator<Item: Into<String>>) -> Self {
        self.parameters.scopes = Some(strings(scopes));
        self
    }

    /// Adds a parameter that has no setter, for example one of the provider's own.
    ///
    /// The layer refuses those that it sets itself (such as `state`), those that have a setter (such as `prompt`), and
    /// `response_mode`, `request`, `request_uri`, `claims` and `id_token_hint`. The value is part of a URL, which the user sees
    /// and the browser's history keeps.
    ///
    /// ```
    /// use tower_didit::{ReturnTo, SignIn};
    ///
    /// async fn join() -> SignIn {
    ///     SignIn::returning_to(ReturnTo::parse("/welcome")).add_parameter("screen_hint", "signup")
    /// }
    /// ```
    pub fn add_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.added.push((name.into(), value.into()));
        self
    }
}

impl IntoResponse for SignIn {
    fn into_response(self) -> Response {
        let Self {
            destination,
            parameters,
        } = self;
        if let Err(invalid) = parameters.check() {
            return Error::from(invalid).into_response();
        }
        let error = if parameters.authentication.is_any() {
            Error::new(ErrorKind::NotSignedIn)
        } else {
            Error::step_up(parameters.authentication.clone())
        };
        let mut response = error.into_response();
        let challenge = SignInChallenge {
            destination,
            parameters,
        };
        response.extensions_mut().insert(challenge);
        response
    }
}

fn strings(items: impl IntoIterator<Item: Into<String>>) -> Vec<String> {
    items.into_iter().map(Into::into).collect()
}
