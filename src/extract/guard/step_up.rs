//! Step-up: the user has to have authenticated as recently and as strongly as a guard requires.

use std::{sync::Arc, time::Duration};

use super::RequireSignIn;
use crate::{
    clock::Timestamp,
    error::{Error, RequiredAuthentication},
    json::numeric_date,
    oidc::{IdTokenRules, InvalidParameter, check_authentication, check_support},
    tokens::IdClaims,
};

impl RequireSignIn {
    /// Only users who have authenticated at the provider no longer ago than this: `auth_time` of the ID token
    /// (OpenID Connect Core §2). The tolerance is [`with_clock_skew`](crate::ConfigBuilder::with_clock_skew).
    ///
    /// Otherwise it takes a [step-up](crate::docs::recipes::step_up): a person who opens a page is sent to the provider
    /// with `max_age`, and comes back to the page; a program gets 401 with the challenge of RFC 9470,
    /// [`ErrorKind::StepUpRequired`](crate::ErrorKind::StepUpRequired).
    ///
    /// The provider must be declared to return the claim: see
    /// [`Provider::with_auth_time`](crate::Provider::with_auth_time). Otherwise [`check`](Self::check) reports a
    /// [`ConfigError`](crate::ConfigError), and each request is refused with
    /// [`InvalidSignIn`](crate::reason::WiringError::InvalidSignIn), 500. Of several durations the shortest one counts, in
    /// whole seconds.
    ///
    /// Default: no limit.
    ///
    /// ```
    /// # fn app(auth: tower_didit::DiditAuth) -> axum::Router {
    /// use std::time::Duration;
    ///
    /// use axum::{Router, routing::get};
    /// use tower_didit::RequireSignIn;
    ///
    /// let recent = RequireSignIn::new().max_age(Duration::from_secs(15 * 60));
    /// Router::new()
    ///     .route("/bank-account", get(|| async { "your bank account" }))
    ///     .route_layer(recent)
    ///     .layer(auth)
    /// # }
    /// ```
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        let required = Arc::make_mut(self.authentication.get_or_insert_default());
        let earlier = required.max_age.into_iter();
        required.max_age = earlier.chain([max_age.as_secs()]).min();
        self
    }

    /// Only users whose authentication is of one of these classes, the preferred one first: `acr` of the ID token
    /// (OpenID Connect Core §2).
    ///
    /// Otherwise it takes a [step-up](crate::docs::recipes::step_up), as with [`max_age`](Self::max_age). The provider must
    /// be declared to return the claim: see [`Provider::with_acr`](crate::Provider::with_acr). If it is called several times, the class has to be
    /// in every list.
    ///
    /// Default: any class.
    ///
    /// ```
    /// # fn app(auth: tower_didit::DiditAuth) -> axum::Router {
    /// use axum::{Router, routing::get};
    /// use tower_didit::RequireSignIn;
    ///
    /// let strong = RequireSignIn::new().acr_values(["urn:example:gold", "urn:example:silver"]);
    /// Router::new()
    ///     .route("/bank-account", get(|| async { "your bank account" }))
    ///     .route_layer(strong)
    ///     .layer(auth)
    /// # }
    /// ```
    #[must_use]
    pub fn acr_values(mut self, values: impl IntoIterator<Item: Into<String>>) -> Self {
        let required = Arc::make_mut(self.authentication.get_or_insert_default());
        let mut values: Vec<String> = values.into_iter().map(Into::into).collect();
        if let Some(earlier) = &required.acr_values {
            values.retain(|value| earlier.contains(value));
        }
        required.acr_values = Some(values);
        self
    }
}

/// Checks that the provider can meet the requirement, and that its ID tokens show it.
pub(super) fn check(
    required: Option<&RequiredAuthentication>,
    rules: &IdTokenRules,
) -> Result<(), InvalidParameter> {
    let Some(required) = required else {
        return Ok(());
    };
    check_authentication(required)?;
    check_support(required, &rules.provider, &rules.authentication)
}

/// Checks that the user meets the requirement. Fails closed: a claim that is missing or has another type meets none.
/// `skew` is the tolerated difference between the provider's clock and this one.
pub(super) fn check_claims(
    required: &RequiredAuthentication,
    claims: &IdClaims,
    skew: Duration,
    now: Timestamp,
) -> Result<(), Error> {
    let is_recent = required.max_age.is_none_or(|seconds| {
        let authenticated = claims.value("auth_time").and_then(numeric_date);
        authenticated.is_some_and(|then| {
            let end = then.plus(Duration::from_secs(seconds)).plus(skew);
            now <= end && then <= now.plus(skew)
        })
    });
    let has_class = required.acr_values.as_ref().is_none_or(|accepted| {
        let class = claims.value("acr");
        class.is_some_and(|class| accepted.iter().any(|one| class == one))
    });
    if is_recent && has_class {
        Ok(())
    } else {
        Err(Error::step_up(required.clone()))
    }
}
