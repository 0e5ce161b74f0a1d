//! The checks of `build`.

#[cfg(feature = "reqwest")]
use std::env;
use std::time::Duration;

use http::HeaderValue;

#[cfg(feature = "reqwest")]
use super::ProxySetting;
use super::{ConfigBuilder, DAY};
use crate::{
    config::{ConfigError, RedirectUri},
    cookie::CookieScope,
    error::RequiredAuthentication,
    oidc::{self, SignInParameters},
    provider::{Endpoint, MetadataSource},
    return_to::ReturnTo,
    scope,
    tokens::Scopes,
};
#[cfg(feature = "reqwest")]
use crate::{provider::InvalidUrl, transport::ForwardProxy};

impl ConfigBuilder {
    pub(super) fn check_client(&self) -> Result<(), ConfigError> {
        let secret = self.client_secret.as_ref().map(|secret| secret.0.as_str());
        for (name, credential, missing) in [
            ("client id", &*self.client_id, NO_CLIENT_ID),
            ("client secret", secret.unwrap_or("none"), NO_CLIENT_SECRET),
        ] {
            let trimmed = credential.trim();
            ensure(!trimmed.is_empty(), invalid(name, missing))?;
            // A file that holds a credential often ends with a new line.
            let why = "starts or ends with white space; a file may have added a new line";
            ensure(trimmed == credential, invalid(name, why))?;
        }
        let issuers = &self.provider.issuers;
        let has_issuer = !issuers.is_empty() && !issuers.iter().any(String::is_empty);
        ensure(has_issuer, ConfigError::NoIssuer)?;
        let fits = secret.is_none() || !self.provider.is_for_public_clients();
        ensure(fits, ConfigError::UnwantedClientSecret)
    }

    /// Introspection needs a client secret, unless the provider's clients are public (RFC 7662 §2.1).
    pub(super) fn check_introspection(&self, metadata: &MetadataSource) -> Result<(), ConfigError> {
        let introspects = match metadata {
            MetadataSource::Known(metadata) => metadata.introspection_endpoint.is_some(),
            // Known at the first request.
            MetadataSource::Discovered(_) => false,
        };
        let has_credentials = self.client_secret.is_some() || self.provider.is_for_public_clients();
        let why = "is missing: without it the provider introspects no access token";
        ensure(
            has_credentials || !introspects,
            invalid("client secret", why),
        )
    }

    /// The redirect URIs. The `Host` header of a request (host and port) selects one of them, so they differ in it.
    pub(super) fn check_redirect_uris(&self) -> Result<Vec<RedirectUri>, ConfigError> {
        let mut checked: Vec<RedirectUri> = Vec::new();
        for given in &self.redirect_uris {
            let uri = RedirectUri::parse(given)?;
            let is_selectable = !checked.iter().any(|other| uri.shares_host_header(other));
            let why = "has the host of another redirect URI; the host of a request has to select one of them";
            ensure(is_selectable, invalid_value("redirect URI", given, why))?;
            checked.push(uri);
        }
        Ok(checked)
    }

    /// Each with its origin.
    pub(super) fn check_post_logout_redirect_uris(
        &self,
    ) -> Result<Vec<(String, String)>, ConfigError> {
        let uris = self.post_logout_redirect_uris.iter().map(|uri| {
            let checked = Endpoint::parse("post-logout redirect URI", uri)?;
            let origin = checked.url().origin().ascii_serialization();
            Ok((origin, uri.clone()))
        });
        uris.collect()
    }

    /// The scopes that were set, else the provider's (RFC 6749 §3.3).
    pub(super) fn check_scopes(&self) -> Result<Scopes, ConfigError> {
        let Some(scopes) = &self.scopes else {
            return Ok(Scopes::new(self.provider.default_scopes.join(" ")));
        };
        oidc::check_scopes(scopes)?;
        let scopes = Scopes::new(scopes.join(" "));
        oidc::check_openid(&scopes, &self.provider)?;
        Ok(scopes)
    }

    /// User information at the sign-in needs a provider that has an endpoint for it, and a scope that yields a member.
    pub(super) fn check_user_info(&self, scopes: &Scopes) -> Result<(), ConfigError> {
        if !self.user_info_at_sign_in {
            return Ok(());
        }
        let why = "has no user information, which `with_user_info_at_sign_in` asks for: the claims of Didit \
                   Authentication are in its ID token";
        ensure(self.provider.may_have_user_info(), invalid("provider", why))?;
        let yields =
            |scope| ![scope::OPENID, scope::OFFLINE, scope::OFFLINE_ACCESS].contains(&scope);
        let why = "yields no user information, which `with_user_info_at_sign_in` asks for: add a scope such as \
                   `email` or `names` to `with_scopes`";
        let error = invalid_value("list of scopes", scopes.as_str(), why);
        ensure(scopes.iter().any(yields), error)
    }

    /// The parameters of the authorization request (OpenID Connect Core §3.1.2.1).
    pub(super) fn check_parameters(&self) -> Result<RequiredAuthentication, ConfigError> {
        if let Some(prompt) = &self.prompt {
            oidc::check_prompt(prompt)?;
        }
        let authentication = RequiredAuthentication {
            max_age: self.max_age.map(|age| age.as_secs()),
            acr_values: self.required_acr_values.clone(),
        };
        oidc::check_words("ui_locales", &self.ui_locales)?;
        oidc::check_authentication(&authentication)?;
        oidc::check_words("acr_values", &self.acr_values)?;
        oidc::check_not_absent(&authentication, &self.provider)?;
        SignInParameters::requiring(authentication.clone()).check_size()?;
        Ok(authentication)
    }

    /// Checks the paths of this site, which must differ; gives the landing page.
    pub(super) fn check_paths(&self, callbacks: &[RedirectUri]) -> Result<ReturnTo, ConfigError> {
        let mut own: Vec<_> = callbacks.iter().map(|uri| uri.path.as_str()).collect();
        let login = self.login_path.iter().map(|path| ("login path", path));
        let logout = self.logout_path.iter().map(|path| ("logout path", path));
        for (name, path) in login.chain(logout) {
            let is_path = ReturnTo::parse(path).is_some_and(|page| page.path() == path);
            ensure(is_path, invalid_value(name, path, NOT_A_PATH))?;
            let why = "is already the callback, login or logout path";
            let is_free = !own.contains(&path.as_str());
            ensure(is_free, invalid_value(name, path, why))?;
            own.push(path);
        }
        let refused = |why| invalid_value("landing page", &self.landing_page, why);
        let page = ReturnTo::parse(&self.landing_page).ok_or_else(|| refused(NOT_A_PATH))?;
        let why = "is the callback, login or logout path";
        ensure(!own.contains(&page.path()), refused(why))?;
        Ok(page)
    }

    /// `Location` values: paths of this site, and URLs that a browser may be sent to.
    pub(super) fn check_sign_out_pages(
        &self,
        landing_page: &ReturnTo,
    ) -> Result<Vec<HeaderValue>, ConfigError> {
        if self.sign_out_pages.is_empty() {
            return Ok(vec![landing_page.clone().into_location()]);
        }
        let name = "page after sign-out";
        let location = |page: &String| {
            if !page.starts_with('/') {
                let why = "must be a path of this site, which starts with `/`, or an absolute URL";
                ensure(page.contains("://"), invalid_value(name, page, why))?;
                Endpoint::parse(name, page)?;
                return Ok(HeaderValue::from_str(page).expect("an endpoint is visible ASCII"));
            }
            let path = ReturnTo::parse(page).map(ReturnTo::into_location);
            path.ok_or_else(|| invalid_value(name, page, NOT_A_PATH))
        };
        self.sign_out_pages.iter().map(location).collect()
    }

    pub(super) fn check_durations(&self) -> Result<(), ConfigError> {
        let timeout = Duration::from_millis(1)..=5 * MINUTE;
        let timeout = (timeout, "must be between 1 millisecond and 5 minutes");
        let limit = Duration::from_secs(1)..=400 * DAY;
        let limit = (limit, "must be between 1 second and 400 days");
        let skew = (Duration::ZERO..=5 * MINUTE, "must be at most 5 minutes");
        for (name, duration, (range, why)) in [
            ("HTTP timeout", self.http_timeout, &timeout),
            ("connect timeout", self.connect_timeout, &timeout),
            ("session's idle timeout", self.limits.idle, &limit),
            ("session's lifetime", self.limits.absolute, &limit),
            ("clock skew", self.clock_skew, &skew),
        ] {
            ensure(range.contains(&duration), invalid(name, why))?;
        }
        Ok(())
    }

    /// The proxy for calls to the provider.
    #[cfg(feature = "reqwest")]
    pub(super) fn check_proxy(&self) -> Result<Option<ForwardProxy>, ConfigError> {
        match &self.proxy {
            ProxySetting::None => Ok(None),
            ProxySetting::System => {
                let lookup = |name: &str| Some(env::var_os(name)?.to_string_lossy().into_owned());
                let refused = |(name, why)| ConfigError::InvalidVariable { name, why };
                ForwardProxy::from_variables(lookup).map_err(refused)
            }
            ProxySetting::Url(url) => {
                let url = url.0.as_str();
                let proxy = ForwardProxy::parse(url);
                let refused = |why| InvalidUrl::new("proxy URL", url, why).into();
                proxy.map(Some).map_err(refused)
            }
        }
    }

    pub(super) fn check_cookies(&self) -> Result<(), ConfigError> {
        let is_good = (1024..=40 * 1024).contains(&self.session_cookie_limit);
        let why = "must be between 1,024 and 40,960 bytes";
        ensure(is_good, invalid("session cookie limit", why))?;
        let why = "must have 1 to 32 letters, digits, `-` and `_`, and neither contain `-flow-`, nor end \
                   with `-flow`, nor start with a prefix such as `__Host-`, which the layer adds";
        let name = &self.cookie_name;
        let is_name = CookieScope::is_name(name);
        ensure(is_name, invalid_value("cookie name", name, why))
    }

    /// The secrets that all keys are derived from: the cookie keys, else the client secret.
    pub(super) fn check_cookie_keys(&self) -> Result<Vec<&[u8]>, ConfigError> {
        let keys: Vec<&[u8]> = match (&self.cookie_keys, &self.client_secret) {
            (None, None) => Vec::new(),
            (None, Some(secret)) => return Ok(vec![secret.0.as_bytes()]),
            (Some(keys), _) => keys.iter().map(|key| key.as_slice()).collect(),
        };
        ensure(!keys.is_empty(), ConfigError::CookieKeysMissing)?;
        for (position, key) in (1..).zip(&keys) {
            let length = key.len();
            let too_short = ConfigError::ShortCookieKey { position, length };
            ensure(length >= MIN_KEY_LENGTH, too_short)?;
        }
        Ok(keys)
    }
}

fn ensure(is_good: bool, error: ConfigError) -> Result<(), ConfigError> {
    if is_good { Ok(()) } else { Err(error) }
}

fn invalid(name: &'static str, why: &'static str) -> ConfigError {
    ConfigError::Invalid { name, why }
}

fn invalid_value(name: &'static str, value: &str, why: &'static str) -> ConfigError {
    ConfigError::InvalidValue {
        name,
        value: value.to_owned(),
        why,
    }
}

const NO_CLIENT_ID: &str = "is empty; it is in Didit's console (`DIDIT_CLIENT_ID`)";
const NO_CLIENT_SECRET: &str =
    "is empty; it is in Didit's console (`DIDIT_CLIENT_SECRET`); a public client sets none";
const NOT_A_PATH: &str = "is not a path of this site";
const MIN_KEY_LENGTH: usize = 32;
const MINUTE: Duration = Duration::from_secs(60);
