//! A guard for a group of routes.

mod rule;
mod service;

use std::{sync::Arc, time::Duration};

use http::{header, request::Parts};

use self::rule::{Condition, Rule, User};
pub use self::service::RequireSignInService;
use super::context;
use crate::{
    config::{Config, ConfigError},
    context::{RequestContext, check_same_origin},
    error::{Error, ErrorKind, GuardError, WiringError},
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
#[derive(Clone, Debug, Default)]
pub struct RequireSignIn {
    with_tokens: bool,
    is_api: bool,
    same_origin: bool,
    rules: Arc<[Rule]>,
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

    /// Only people whose identity Didit has verified: `is_verified`.
    #[must_use]
    pub fn verified(self) -> Self {
        self.and(Rule::Verified)
    }

    /// Only people over 18: `is_over_18`.
    #[must_use]
    pub fn over_18(self) -> Self {
        self.and(Rule::Over18)
    }

    /// Only people over 21: `is_over_21`.
    #[must_use]
    pub fn over_21(self) -> Self {
        self.and(Rule::Over21)
    }

    /// Only users whose tokens have this scope.
    #[must_use]
    pub fn scope(self, scope: impl AsRef<str>) -> Self {
        self.and(Rule::Scope(scope.as_ref().into()))
    }

    /// Only users who meet a condition of the application.
    #[must_use]
    pub fn when(
        self,
        condition: impl Fn(&IdClaims, Option<&UserInfo>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.and(Rule::When(Condition(Arc::new(condition))))
    }

    /// Only while the user information that the session keeps is no older than this.
    #[must_use]
    pub fn no_older_than(mut self, age: Duration) -> Self {
        // The first rule: the others do not rest on outdated information.
        let rules = [Rule::NoOlderThan(age)].into_iter();
        self.rules = rules.chain(self.rules.iter().cloned()).collect();
        self
    }

    /// Answers with problem details, whoever sent the request: for an API.
    #[must_use]
    pub fn always_401(self) -> Self {
        Self {
            is_api: true,
            ..self
        }
    }

    /// Refuses requests of other sites that may change something.
    #[must_use]
    pub fn same_origin(self) -> Self {
        Self {
            same_origin: true,
            ..self
        }
    }

    /// Checks, before the first request, that the configuration has what the rules need.
    ///
    /// # Errors
    ///
    /// - [`ConfigError::UserInfoNotKept`]
    /// - [`ConfigError::ScopeNotRequested`]
    pub fn check(&self, config: &Config) -> Result<(), ConfigError> {
        self.rules
            .iter()
            .try_for_each(|rule| rule.check_config(config))
    }

    /// Checks one request, for a handler or a service that needs no layer. The future borrows nothing.
    ///
    /// # Errors
    ///
    /// Those of the layer.
    pub fn check_request(
        &self,
        head: &Parts,
    ) -> impl Future<Output = Result<IdClaims, Error>> + Send + use<> {
        let (guard, context) = (self.clone(), self.enter(head));
        async move {
            let (claims, _) = guard.check_session(&*context?).await?;
            Ok(claims)
        }
    }

    fn and(mut self, rule: Rule) -> Self {
        self.rules = self.rules.iter().cloned().chain([rule]).collect();
        self
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
        let context = context(&head.extensions)?;
        if self.is_api {
            context.declare_api();
        }
        let lifecycle = &context.lifecycle;
        if self.same_origin && may_change_something(head) {
            let (headers, origin) = (&head.headers, &lifecycle.origin);
            check_same_origin(headers, origin, ErrorKind::CrossSiteRequest)?;
        }
        if !lifecycle.keeps_user_info && self.rules.iter().any(Rule::reads_user_info) {
            lifecycle.user_info_logged.call_once(|| {
                tracing::error!(
                    "a rule of `RequireSignIn` reads the user information, which sessions do not keep: add \
                     `with_user_info_at_sign_in` to the configuration"
                );
            });
            return Err(Error::new(WiringError::UserInfoNotKept));
        }
        Ok(Arc::clone(context))
    }

    async fn check_session(
        &self,
        context: &RequestContext,
    ) -> Result<(IdClaims, Option<DiditTokens>), Error> {
        let asked = context.session()?;
        let session = asked.signed_in().await?;
        let session = session.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))?;
        let tokens = match self.with_tokens {
            true => Some(asked.tokens().await?),
            false => None,
        };
        let user = User {
            session,
            scopes: tokens.as_ref().unwrap_or(session.tokens()).scopes(),
            now: context.lifecycle.now(),
        };
        for rule in &*self.rules {
            rule.check(&user).map_err(|reason| {
                rule.report_scope(context.lifecycle.calls.requested_scopes());
                not_allowed(reason)
            })?;
        }
        Ok((session.tokens().claims().clone(), tokens))
    }
}

fn not_allowed(reason: GuardError) -> Error {
    Error::with_context(reason, reason.rule()).with_public_context()
}

/// Whether a request may change something: its method is not safe (RFC 9110 §9.2.1), or it opens a `WebSocket`.
fn may_change_something(head: &Parts) -> bool {
    !head.method.is_safe() || head.headers.contains_key(header::UPGRADE)
}
