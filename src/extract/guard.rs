//! A guard for a group of routes.

mod rule;
mod service;
mod step_up;

use std::{sync::Arc, time::Duration};

use http::{header, request::Parts};

use self::rule::{Condition, Rule, User};
pub use self::service::RequireSignInService;
use super::context;
use crate::{
    config::{Config, ConfigError},
    context::{RequestContext, check_same_origin},
    error::{Error, ErrorKind, GuardError, RequiredAuthentication, WiringError},
    tokens::{DiditTokens, IdClaims, UserInfo},
};

/// Guards a group of routes: refuses requests of users who are not signed in, as the extractors do, and of users who do
/// not meet its rules.
///
/// Add it inside [`DiditAuth`](crate::DiditAuth), around the routes that it guards:
///
/// ```
/// # fn app(auth: tower_didit::DiditAuth) -> axum::Router {
/// use axum::{Router, routing::get};
/// use tower_didit::RequireSignIn;
///
/// let members = Router::new()
///     .route("/orders", get(|| async { "your orders" }))
///     .route("/invoices", get(|| async { "your invoices" }))
///     .route_layer(RequireSignIn::new());
///
/// Router::new()
///     .route("/", get(|| async { "welcome" }))
///     .merge(members)
///     .layer(auth)
/// # }
/// ```
///
/// The inner service finds the [`IdClaims`](crate::IdClaims) in the request's extensions.
///
/// # Rules
///
/// | setter | lets in |
/// |---|---|
/// | [`verified`](Self::verified) | users whose identity Didit has verified |
/// | [`over_18`](Self::over_18), [`over_21`](Self::over_21) | users over this age |
/// | [`scope`](Self::scope) | users whose tokens have this scope |
/// | [`when`](Self::when) | users who meet a condition of the application |
/// | [`no_older_than`](Self::no_older_than) | users about whom the session has recent user information |
/// | [`max_age`](Self::max_age), [`acr_values`](Self::acr_values) | users who have authenticated recently, or strongly |
/// | [`same_origin`](Self::same_origin) | requests that change nothing, or come from a page of this site |
///
/// A user must meet all rules. Rules fail closed: a member that is missing, or is anything but the JSON `true`, refuses
/// the user, and so does a session that keeps no user information.
///
/// Rules read what the session keeps, and never call the provider. `verified`, `over_18`, `over_21` and `no_older_than`
/// need [`with_user_info_at_sign_in`](crate::ConfigBuilder::with_user_info_at_sign_in), and the scope of the same name.
/// [`check`](Self::check) reports at start-up if one is missing. If you do not call it, a missing setting makes the guard
/// refuse every request with [`UserInfoNotKept`](crate::reason::WiringError::UserInfoNotKept) and log an `ERROR` once; a
/// missing scope makes it refuse every user and log a `WARN` once, which names the scope.
///
/// | request | response |
/// |---|---|
/// | nobody is signed in | 401 [`not-signed-in`](crate::ErrorKind::NotSignedIn), or a sign-in |
/// | the user does not meet a rule | 403 [`not-allowed`](crate::ErrorKind::NotAllowed), with the [rule](crate::reason::GuardError) |
/// | the user information is missing or too old | 401 [`user-info-outdated`](crate::reason::GuardError::UserInfoTooOld), or a sign-in |
/// | the user has not authenticated recently or strongly enough | 401 [`step-up-required`](crate::ErrorKind::StepUpRequired), or a [step-up](crate::docs::recipes::step_up) |
/// | [`same_origin`](Self::same_origin) refuses it | 403 [`cross-site-request`](crate::ErrorKind::CrossSiteRequest) |
///
/// [Who may pass](crate::docs::recipes::age_gate) is a whole application.
#[derive(Clone, Debug, Default)]
pub struct RequireSignIn {
    with_tokens: bool,
    is_api: bool,
    same_origin: bool,
    /// `None` if there are none: a clone then touches no shared counter.
    rules: Option<Arc<[Rule]>>,
    /// Checked after the rules: a user who may not pass is not asked to authenticate again.
    authentication: Option<Arc<RequiredAuthentication>>,
}

impl RequireSignIn {
    /// A guard that waits only for the session: at most 1 s for a session store, and 5 s for the refresh of a
    /// session that [ends with its access token](crate::docs::flow#when-a-session-ends).
    /// [Example](Self).
    pub fn new() -> Self {
        Self::default()
    }

    /// Also waits for a valid access token, as the [`DiditTokens`](crate::DiditTokens) extractor does, and adds the tokens to the
    /// request's extensions.
    ///
    /// Default: no tokens.
    ///
    /// ```
    /// use axum::{Extension, Router, routing::get};
    /// use tower_didit::{DiditTokens, RequireSignIn};
    ///
    /// let orders = |Extension(tokens): Extension<DiditTokens>| async move { tokens.scopes().to_string() };
    /// let members: Router = Router::new()
    ///     .route("/orders", get(orders))
    ///     .route_layer(RequireSignIn::new().with_tokens());
    /// ```
    #[must_use]
    pub fn with_tokens(self) -> Self {
        Self {
            with_tokens: true,
            ..self
        }
    }

    /// Refuses users whose identity Didit has not verified: the member `is_verified` of the user information must be
    /// `true`.
    ///
    /// Didit Authentication has no such member. Its claim [`verified`](crate::IdClaims::verified) lists facts, of which an
    /// e-mail address may be the only one, so it does not take the member's place: use [`when`](Self::when) with the fact
    /// that the application needs.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use tower_didit::{ConfigBuilder, ConfigError, DiditAuth, RequireSignIn, scope};
    ///
    /// fn app(config: ConfigBuilder) -> Result<Router, ConfigError> {
    ///     let adults = RequireSignIn::new().verified().over_18();
    ///     let config = config
    ///         .with_scopes([scope::OPENID, scope::IS_VERIFIED, scope::IS_OVER_18])
    ///         .with_user_info_at_sign_in()
    ///         .with_redirect_after_sign_in()
    ///         .build()?;
    ///     adults.check(&config)?;
    ///     Ok(Router::new()
    ///         .route("/bar", get(|| async { "cheers" }))
    ///         .route_layer(adults)
    ///         .layer(DiditAuth::new(config)))
    /// }
    /// # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), ConfigError> {
    /// # let didit = FakeDidit::new("client-id", "client-secret");
    /// # let app = app(didit.config("https://app.example/callback"))?;
    /// # for (person, status) in [(Person::alejandra(), 200), (Person::john(), 403)] {
    /// #     let browser = Browser::new("https://app.example", app.clone()).add_didit(&didit);
    /// #     browser.visit("/bar").await;
    /// #     assert_eq!(browser.sign_in_as(&person).await.status(), status);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn verified(self) -> Self {
        self.and(Rule::Verified)
    }

    /// Refuses users who are not over 18: the member `is_over_18` of the user information must be `true`. Didit
    /// Authentication has no such member.
    /// [Example](Self::verified).
    #[must_use]
    pub fn over_18(self) -> Self {
        self.and(Rule::Over18)
    }

    /// Refuses users who are not over 21: the member `is_over_21` of the user information must be `true`. Didit
    /// Authentication has no such member.
    /// [Example](Self::verified).
    #[must_use]
    pub fn over_21(self) -> Self {
        self.and(Rule::Over21)
    }

    /// Refuses users whose tokens lack this scope: it was not granted at the sign-in, or is not requested.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use tower_didit::{Config, ConfigError, RequireSignIn, scope};
    ///
    /// # fn main() -> Result<(), ConfigError> {
    /// let with_address = RequireSignIn::new().scope(scope::ADDRESS);
    /// let delivery: Router = Router::new()
    ///     .route("/delivery", get(|| async { "where to?" }))
    ///     .route_layer(with_address.clone());
    ///
    /// let config = Config::builder("client-id", "https://app.example/callback")
    ///     .with_client_secret("client-secret")
    ///     .with_scopes([scope::OPENID, scope::EMAIL])
    ///     .build()?;
    /// let error = with_address.check(&config).unwrap_err();
    /// assert!(matches!(error, ConfigError::ScopeNotRequested { scope } if scope == "address"));
    /// # let _ = delivery;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn scope(self, scope: impl AsRef<str>) -> Self {
        self.and(Rule::Scope(scope.as_ref().into()))
    }

    /// Refuses users for whom `condition` returns `false`. Its arguments are the claims of the ID token, and the user
    /// information if the session keeps it.
    ///
    /// The condition runs for each request, on the thread of the request: it must not block. A lookup in a database, or of
    /// a value that [`DiditClient::set`](crate::DiditClient::set) has kept, belongs in a
    /// [middleware](crate::docs::recipes::roles).
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use tower_didit::{RequireSignIn, UserInfo, tokens::Claim};
    ///
    /// // Didit Authentication: the phone number is verified, and no agent acts for the user.
    /// let in_person = RequireSignIn::new().when(|claims, _| {
    ///     let phone = claims.verified().and_then(|facts| facts.get("phone"));
    ///     phone.and_then(Claim::as_bool) == Some(true) && claims.actor().is_none()
    /// });
    /// // The Sign in API.
    /// let reachable = RequireSignIn::new()
    ///     .when(|_, user| user.is_some_and(UserInfo::email_is_verified));
    ///
    /// let routes: Router = Router::new()
    ///     .route("/contract", get(|| async { "sign here" }).layer(in_person))
    ///     .route("/newsletter", get(|| async { "subscribed" }).layer(reachable));
    /// # let _ = routes;
    /// ```
    #[must_use]
    pub fn when(
        self,
        condition: impl Fn(&IdClaims, Option<&UserInfo>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.and(Rule::When(Condition(Arc::new(condition))))
    }

    /// Refuses users whose user information is older than `age`: their last sign-in was longer ago. The other rules then
    /// never rest on older information.
    ///
    /// A person who opens a page is sent to a sign-in, which brings new user information, but not in the first minute
    /// after a sign-in: an `age` of a few seconds causes no redirect loop.
    ///
    /// Default: the user information is used for as long as the session lives.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_didit::RequireSignIn;
    ///
    /// let recently_verified = RequireSignIn::new()
    ///     .verified()
    ///     .no_older_than(Duration::from_secs(24 * 60 * 60));
    /// # let _: axum::Router = axum::Router::new()
    /// #     .route("/", axum::routing::get(|| async {}))
    /// #     .route_layer(recently_verified);
    /// ```
    #[must_use]
    pub fn no_older_than(mut self, age: Duration) -> Self {
        // Comes first: the other rules must not rest on outdated information.
        let first = [Rule::NoOlderThan(age)].into_iter();
        self.rules = Some(first.chain(self.rules().iter().cloned()).collect());
        self
    }

    /// For an API: every error of these routes is problem details, whoever sent the request. Without it, a request that
    /// [looks like a navigation](crate::docs::flow#what-is-a-navigation) is redirected to a sign-in, or gets a page.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use tower_didit::{DiditAuth, RequireSignIn, fake::{Browser, FakeDidit, FakeDiditExt}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_didit::ConfigError> {
    /// let didit = FakeDidit::new("client-id", "client-secret");
    /// let app = Router::new()
    ///     .route("/api/orders", get(|| async { "[]" }))
    ///     .route_layer(RequireSignIn::new().always_401())
    ///     .layer(DiditAuth::new(didit.config("https://app.example/callback").build()?));
    ///
    /// let browser = Browser::new("https://app.example", app);
    /// let refused = browser.get("/api/orders").await; // a navigation
    /// assert_eq!(refused.status(), 401);
    /// assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn always_401(self) -> Self {
        Self {
            is_api: true,
            ..self
        }
    }

    /// Refuses requests that may change something and come from another origin, by the rule of `POST /logout`:
    /// `Sec-Fetch-Site` must be `same-origin` or `none`, or else `Origin` must be that of the redirect URI. A request
    /// without both headers comes from a program and passes: browsers send them.
    ///
    /// Requests with a safe method (`GET`, `HEAD`, `OPTIONS`, `TRACE`) pass, so that links from other sites work, except
    /// those that open a `WebSocket`. See [forms and CSRF](crate::docs::recipes::csrf).
    ///
    /// ```
    /// use axum::{Router, routing::post};
    /// use http::Request;
    /// use tower::ServiceExt;
    /// use tower_didit::{DiditAuth, RequireSignIn, fake::{FakeDidit, FakeDiditExt}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_didit::ConfigError> {
    /// let didit = FakeDidit::new("client-id", "client-secret");
    /// let app: Router = Router::new()
    ///     .route("/orders", post(|| async { "ordered" }))
    ///     .route_layer(RequireSignIn::new().same_origin())
    ///     .layer(DiditAuth::new(didit.config("https://app.example/callback").build()?));
    ///
    /// let order = Request::post("/orders").header("sec-fetch-site", "same-site");
    /// let Ok(refused) = app.oneshot(order.body(String::new()).unwrap()).await;
    /// assert_eq!(refused.status(), 403);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn same_origin(self) -> Self {
        Self {
            same_origin: true,
            ..self
        }
    }

    /// Checks, before the first request, that the layer's configuration has what the rules need.
    ///
    /// ```
    /// use tower_didit::{Config, ConfigError, RequireSignIn, scope};
    ///
    /// # fn main() -> Result<(), ConfigError> {
    /// let config = Config::builder("client-id", "https://app.example/callback")
    ///     .with_client_secret("client-secret")
    ///     .with_scopes([scope::OPENID, scope::IS_OVER_18])
    ///     .build()?;
    /// let error = RequireSignIn::new().over_18().check(&config).unwrap_err();
    /// assert!(matches!(error, ConfigError::UserInfoNotKept));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`UserInfoNotKept`](ConfigError::UserInfoNotKept): a rule reads the user information, and the configuration lacks
    ///   [`with_user_info_at_sign_in`](crate::ConfigBuilder::with_user_info_at_sign_in);
    /// - [`ScopeNotRequested`](ConfigError::ScopeNotRequested): a rule needs a scope that is not requested. The scope of a
    ///   member is not known if the provider is [discovered](crate::Provider::discovered);
    /// - [`Invalid`](ConfigError::Invalid): [`max_age`](Self::max_age) or [`acr_values`](Self::acr_values) needs a claim that
    ///   the provider is not declared to return.
    pub fn check(&self, config: &Config) -> Result<(), ConfigError> {
        step_up::check(self.authentication.as_deref(), &config.id_token_rules)?;
        let mut rules = self.rules().iter();
        rules.try_for_each(|rule| rule.check_config(config))
    }

    /// The same checks for one request, without the layer: for a handler with several kinds of visitors, and for Tower
    /// services. The future borrows nothing, so a service can return it.
    ///
    /// Nothing is added to the extensions. Waits as the layer does.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use http::request::Parts;
    /// use tower_didit::{Error, RequireSignIn};
    ///
    /// async fn drinks(request: Parts) -> Result<&'static str, Error> {
    ///     if request.uri.query() == Some("soft") {
    ///         return Ok("lemonade");
    ///     }
    ///     let _adult = RequireSignIn::new().over_18().check_request(&request).await?;
    ///     Ok("beer")
    /// }
    /// # let _router: Router = Router::new().route("/drinks", get(drinks));
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`IdClaims::of`], with [`with_tokens`](Self::with_tokens) those of [`DiditTokens::of`], and
    ///
    /// - [`NotSignedIn`](ErrorKind::NotSignedIn): nobody is signed in;
    /// - [`NotAllowed`](ErrorKind::NotAllowed): the user does not meet a rule;
    /// - [`CrossSiteRequest`](ErrorKind::CrossSiteRequest): [`same_origin`](Self::same_origin) refuses the request;
    /// - [`StepUpRequired`](ErrorKind::StepUpRequired): the user has to authenticate again;
    /// - [`UserInfoNotKept`](WiringError::UserInfoNotKept): a rule reads the user information, which sessions do not keep;
    /// - [`InvalidSignIn`](WiringError::InvalidSignIn): a step-up needs a claim that the provider is not declared to return.
    pub fn check_request(
        &self,
        request: &Parts,
    ) -> impl Future<Output = Result<IdClaims, Error>> + Send + use<> {
        let (guard, context) = (self.clone(), self.enter(request));
        async move {
            let (claims, _) = guard.check_session(&*context?).await?;
            Ok(claims)
        }
    }

    fn and(mut self, rule: Rule) -> Self {
        self.rules = Some(self.rules().iter().cloned().chain([rule]).collect());
        self
    }

    fn rules(&self) -> &[Rule] {
        self.rules.as_deref().unwrap_or_default()
    }

    /// Admits a request: adds the claims and the tokens of the signed-in user to its extensions.
    async fn admit(&self, head: &mut Parts) -> Result<(), Error> {
        let context = self.enter(head)?;
        let (claims, tokens) = self.check_session(&context).await?;
        head.extensions.insert(claims);
        if let Some(tokens) = tokens {
            head.extensions.insert(tokens);
        }
        Ok(())
    }

    /// The checks that need no session.
    fn enter(&self, head: &Parts) -> Result<Arc<RequestContext>, Error> {
        let not_signed_in = || Error::new(ErrorKind::NotSignedIn);
        let context = context(&head.extensions)?.ok_or_else(not_signed_in)?;
        if self.is_api {
            context.declare_api();
        }
        let lifecycle = &context.lifecycle;
        if self.same_origin && may_change_something(head) {
            let (headers, origin) = (&head.headers, &lifecycle.origin);
            check_same_origin(headers, origin, ErrorKind::CrossSiteRequest)?;
        }
        if !lifecycle.keeps_user_info && self.rules().iter().any(Rule::reads_user_info) {
            lifecycle.user_info_logged.call_once(|| {
                tracing::error!(
                    "a rule of `RequireSignIn` reads the user information, which sessions do not keep: add \
                     `with_user_info_at_sign_in` to the configuration"
                );
            });
            return Err(Error::new(WiringError::UserInfoNotKept));
        }
        step_up::check(self.authentication.as_deref(), lifecycle.calls.rules())?;
        Ok(Arc::clone(context))
    }

    async fn check_session(
        &self,
        context: &RequestContext,
    ) -> Result<(IdClaims, Option<DiditTokens>), Error> {
        let asked = context.session()?;
        let session = asked.signed_in().await?;
        let session = session.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))?;
        let tokens = if self.with_tokens {
            Some(asked.tokens().await?)
        } else {
            None
        };
        let claims = session.claims(&context.lifecycle.sessions.rules);
        let user = User {
            session,
            claims: &claims,
            scopes: tokens.as_ref().unwrap_or(session.tokens()).scopes(),
            now: context.lifecycle.now(),
        };
        for rule in self.rules() {
            rule.check(&user).map_err(|reason| {
                rule.report_scope(context.lifecycle.calls.requested_scopes());
                not_allowed(reason)
            })?;
        }
        if let Some(required) = &self.authentication {
            let skew = context.lifecycle.calls.clock_skew();
            step_up::check_claims(required, &claims, skew, user.now)?;
        }
        Ok((claims, tokens))
    }
}

fn not_allowed(reason: GuardError) -> Error {
    Error::with_context(reason, reason.details()).with_public_context()
}

/// Whether a request may change something: its method is not safe (RFC 9110 §9.2.1), or it opens a `WebSocket`.
fn may_change_something(head: &Parts) -> bool {
    !head.method.is_safe() || head.headers.contains_key(header::UPGRADE)
}
