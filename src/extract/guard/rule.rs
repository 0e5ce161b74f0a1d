//! The rules of a guard.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    clock::Timestamp,
    config::{Config, ConfigError},
    error::GuardError,
    provider::Provider,
    scope,
    session::Session,
    tokens::{IdClaims, Scopes, UserInfo},
};

/// One rule. All rules fail closed: they refuse a user about whom they know nothing.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    Verified,
    Over18,
    Over21,
    /// The user information is no older than this.
    NoOlderThan(Duration),
    /// The scope is granted.
    Scope(Arc<str>),
    When(Condition),
}

/// A condition of the application.
#[derive(Clone)]
pub(super) struct Condition(pub(super) Arc<Check>);

type Check = dyn Fn(&IdClaims, Option<&UserInfo>) -> bool + Send + Sync;

/// The user whom the rules are for.
pub(super) struct User<'a> {
    pub(super) session: &'a Session,
    pub(super) claims: &'a IdClaims,
    /// The granted scopes.
    pub(super) scopes: &'a Scopes,
    pub(super) now: Timestamp,
}

impl Rule {
    /// Whether the rule reads the user information, which the session has to keep.
    pub(super) fn reads_user_info(&self) -> bool {
        match self {
            Self::Verified | Self::Over18 | Self::Over21 | Self::NoOlderThan(_) => true,
            Self::Scope(_) | Self::When(_) => false,
        }
    }

    /// The scope without which the rule refuses everybody. The scopes of a discovered provider's members are unknown.
    fn needed_scope(&self, provider: &Provider) -> Option<&str> {
        let scope = match self {
            Self::Scope(scope) => return Some(scope),
            Self::Verified => scope::IS_VERIFIED,
            Self::Over18 => scope::IS_OVER_18,
            Self::Over21 => scope::IS_OVER_21,
            Self::NoOlderThan(_) | Self::When(_) => return None,
        };
        (!provider.is_discovered()).then_some(scope)
    }

    /// Refuses a configuration with which the rule refuses everybody.
    pub(super) fn check_config(&self, config: &Config) -> Result<(), ConfigError> {
        if self.reads_user_info() && !config.user_info_at_sign_in {
            return Err(ConfigError::UserInfoNotKept);
        }
        let (requested, provider) = (&config.request.scopes, config.provider());
        match self.needed_scope(provider) {
            Some(scope) if !requested.contains(scope) => Err(ConfigError::ScopeNotRequested {
                scope: scope.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Refuses a user who does not meet the rule.
    pub(super) fn check(&self, user: &User<'_>) -> Result<(), GuardError> {
        let session = user.session;
        let user_info = || session.user_info().ok_or(GuardError::UserInfoMissing);
        let (is_met, otherwise) = match self {
            Self::Verified => (user_info()?.is_verified(), GuardError::NotVerified),
            Self::Over18 => (user_info()?.is_over_18(), GuardError::NotOver18),
            Self::Over21 => (user_info()?.is_over_21(), GuardError::NotOver21),
            Self::NoOlderThan(most) => {
                let age = user.now.distance(user_info()?.received());
                (age <= *most, GuardError::UserInfoTooOld)
            }
            Self::Scope(scope) => (user.scopes.contains(scope), GuardError::ScopeNotGranted),
            Self::When(Condition(is_met)) => {
                let is_met = is_met(user.claims, session.user_info());
                (is_met, GuardError::ConditionNotMet)
            }
        };
        if is_met { Ok(()) } else { Err(otherwise) }
    }

    /// Logs, once in a process for each scope, that the rule refuses everybody because its scope is not requested. The
    /// getters of [`UserInfo`] do the same for the other rules.
    pub(super) fn report_scope(&self, requested: &Scopes) {
        if let Self::Scope(scope) = self
            && !requested.contains(scope)
            && scope::is_first_report(scope)
        {
            tracing::warn!(
                scope = &**scope,
                "guard refuses everybody because its scope is not requested: request it with `with_scopes`"
            );
        }
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Condition")
    }
}
