//! A configuration from environment variables.

use std::ffi::OsString;

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{ConfigBuilder, ConfigError};
use crate::provider::Provider;

/// Fills a builder from the variables that `lookup` finds. `build` reports the first one that cannot be read.
pub(super) fn read(lookup: impl Fn(&str) -> Option<OsString>) -> ConfigBuilder {
    // An empty variable counts as missing.
    let text = |name| {
        let value = lookup(name);
        if name == COOKIE_KEYS && value.as_ref().is_some_and(|value| value.is_empty()) {
            tracing::warn!(
                "DIDIT_COOKIE_KEYS is empty: the keys are derived from the client secret"
            );
        }
        let value = value.filter(|value| !value.is_empty());
        let text = value.map(OsString::into_string).transpose();
        text.map_err(|_| invalid(name, "is not UTF-8"))
    };
    settings(text).unwrap_or_else(ConfigBuilder::failed)
}

fn settings(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<ConfigBuilder, ConfigError> {
    let redirect_uris = text("DIDIT_REDIRECT_URI")?.unwrap_or_default();
    let is_separator = |c: char| c.is_ascii_whitespace() || c == ',';
    let mut redirect_uris = redirect_uris
        .split(is_separator)
        .filter(|uri| !uri.is_empty());
    let mut config = ConfigBuilder::new(
        text("DIDIT_CLIENT_ID")?.unwrap_or_default(),
        redirect_uris.next().unwrap_or_default().to_owned(),
    );
    for uri in redirect_uris {
        config = config.add_redirect_uri(uri);
    }
    if let Some(secret) = text("DIDIT_CLIENT_SECRET")? {
        config = config.with_client_secret(secret);
    }
    if let Some(scopes) = text("DIDIT_SCOPES")? {
        config = config.with_scopes(scopes.split_ascii_whitespace());
    }
    if let Some(keys) = text(COOKIE_KEYS)? {
        let keys = keys.split_ascii_whitespace();
        let keys: Result<Vec<_>, _> = keys.map(|key| BASE64_STANDARD.decode(key)).collect();
        let why = "must be base64, with spaces between several keys";
        config = config.with_cookie_keys(keys.map_err(|_| invalid(COOKIE_KEYS, why))?);
    }
    if let Some(proxy) = text("DIDIT_PROXY")? {
        config = with_proxy(config, proxy)?;
    }
    Ok(config.with_provider(provider(text)?))
}

#[cfg(feature = "reqwest")]
#[expect(clippy::unnecessary_wraps, reason = "fails without the feature")]
fn with_proxy(config: ConfigBuilder, proxy: String) -> Result<ConfigBuilder, ConfigError> {
    Ok(match &*proxy {
        "system" => config.with_system_proxy(),
        _ => config.with_proxy(proxy),
    })
}

#[cfg(not(feature = "reqwest"))]
fn with_proxy(_: ConfigBuilder, _: String) -> Result<ConfigBuilder, ConfigError> {
    Err(invalid("DIDIT_PROXY", "needs the feature `reqwest`"))
}

fn provider(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<Provider, ConfigError> {
    let issuers = text("DIDIT_ISSUER")?.unwrap_or_default();
    let issuers: Vec<_> = issuers.split_ascii_whitespace().collect();
    let first = issuers.first().copied().unwrap_or_default();
    let kind = text("DIDIT_PROVIDER")?;
    let kind = kind.as_deref().unwrap_or("sign-in");
    if let Some(key) = text("DIDIT_PUBLISHABLE_KEY")? {
        if kind == "authentication" && issuers.is_empty() {
            return Ok(Provider::from_publishable_key(key));
        }
        let why = "is for `DIDIT_PROVIDER=authentication`, in place of `DIDIT_ISSUER`";
        return Err(invalid("DIDIT_PUBLISHABLE_KEY", why));
    }
    let provider = match kind {
        "sign-in" => Provider::didit(),
        "authentication" => Provider::authentication(first),
        "discovered" => Provider::discovered(first),
        _ => {
            let why = "must be `sign-in`, `authentication` or `discovered`";
            return Err(invalid("DIDIT_PROVIDER", why));
        }
    };
    if issuers.is_empty() {
        return Ok(provider);
    }
    Ok(provider.with_issuers(issuers))
}

fn invalid(name: &'static str, why: &'static str) -> ConfigError {
    ConfigError::InvalidVariable { name, why }
}

const COOKIE_KEYS: &str = "DIDIT_COOKIE_KEYS";

#[cfg(test)]
mod tests {
    use super::*;

    fn build(variables: &[(&str, &str)]) -> Result<crate::Config, ConfigError> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(candidate, _)| *candidate == name)?;
            Some(OsString::from(found.1))
        };
        read(lookup).build()
    }

    const NEEDED: [(&str, &str); 3] = [
        ("DIDIT_CLIENT_ID", "id"),
        ("DIDIT_CLIENT_SECRET", "secret"),
        ("DIDIT_REDIRECT_URI", "https://app.example/callback"),
    ];

    #[test]
    fn a_missing_setting_is_named_with_its_variable() {
        assert_eq!(
            build(&[]).unwrap_err().to_string(),
            "the client id is empty; it is in Didit's console (`DIDIT_CLIENT_ID`)"
        );
        assert!(matches!(
            build(&NEEDED[..1]).unwrap_err(),
            ConfigError::Invalid {
                name: "redirect URI",
                ..
            }
        ));
    }

    #[test]
    fn the_provider_is_one_of_three_kinds() {
        let key = format!("{} ", BASE64_STANDARD.encode([7; 32]));
        let built = |variables: &[(&str, &str)]| {
            let public = [
                ("DIDIT_CLIENT_ID", "id"),
                NEEDED[2],
                ("DIDIT_COOKIE_KEYS", &key),
            ];
            build(&[&public, variables].concat()).map(|config| config.provider().clone())
        };
        let acme = "https://acme.auth.didit.me";
        let publishable = "pk_live_aHR0cHM6Ly9hY21lLmF1dGguZGlkaXQubWU";
        assert_eq!(
            built(&[("DIDIT_PROVIDER", "authentication"), ("DIDIT_ISSUER", acme)]).unwrap(),
            Provider::authentication(acme)
        );
        assert_eq!(
            built(&[
                ("DIDIT_PROVIDER", "authentication"),
                ("DIDIT_PUBLISHABLE_KEY", publishable)
            ])
            .unwrap(),
            Provider::authentication(acme)
        );
        assert_eq!(
            built(&[
                ("DIDIT_PROVIDER", "discovered"),
                ("DIDIT_ISSUER", "https://a.example https://b.example"),
            ])
            .unwrap(),
            Provider::discovered("https://a.example").add_issuer("https://b.example")
        );
        for nameless in [
            &[("DIDIT_PROVIDER", "discovered")][..],
            &[("DIDIT_PROVIDER", "authentication")],
            &[
                ("DIDIT_PROVIDER", "authentication"),
                ("DIDIT_PUBLISHABLE_KEY", "pk_live"),
            ],
        ] {
            assert!(matches!(built(nameless), Err(ConfigError::NoIssuer)));
        }
        for misplaced in [
            &[("DIDIT_PUBLISHABLE_KEY", publishable)][..],
            &[
                ("DIDIT_PROVIDER", "authentication"),
                ("DIDIT_PUBLISHABLE_KEY", publishable),
                ("DIDIT_ISSUER", acme),
            ],
        ] {
            assert_eq!(
                built(misplaced).unwrap_err().to_string(),
                "the environment variable `DIDIT_PUBLISHABLE_KEY` is for \
                 `DIDIT_PROVIDER=authentication`, in place of `DIDIT_ISSUER`"
            );
        }
        assert_eq!(
            built(&[("DIDIT_PROVIDER", "sign_in")])
                .unwrap_err()
                .to_string(),
            "the environment variable `DIDIT_PROVIDER` must be `sign-in`, `authentication` or \
             `discovered`"
        );
    }

    #[test]
    fn an_error_names_the_variable_and_not_its_value() {
        let with = |name, value| {
            let variables = [&NEEDED[..], &[(name, value)]].concat();
            build(&variables).unwrap_err().to_string()
        };
        assert_eq!(
            with("DIDIT_COOKIE_KEYS", "hunter2!"),
            "the environment variable `DIDIT_COOKIE_KEYS` must be base64, with spaces between \
             several keys"
        );
        assert_eq!(
            with("DIDIT_PROVIDER", "hunter2"),
            "the environment variable `DIDIT_PROVIDER` must be `sign-in`, `authentication` or \
             `discovered`"
        );
    }

    #[test]
    fn every_variable_reaches_its_setting() {
        let key = BASE64_STANDARD.encode([7; 32]);
        let keys = format!("{key} {key}");
        let variables = [
            &NEEDED[..],
            &[
                ("DIDIT_SCOPES", "openid  offline"),
                ("DIDIT_ISSUER", "https://a.example https://b.example/"),
                ("DIDIT_COOKIE_KEYS", &keys),
            ],
        ]
        .concat();
        let config = build(&variables).unwrap();
        assert_eq!(config.request.client_id, "id");
        assert_eq!(config.client_secret.as_ref().unwrap().0.as_str(), "secret");
        let redirect_uris = |config: &crate::Config| {
            let uris = config.origins.iter();
            uris.map(|origin| origin.redirect_uri.text.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(redirect_uris(&config), [NEEDED[2].1]);
        let several =
            "https://a.example/callback, https://b.example/callback\n,http://[::1]/callback";
        let several = [NEEDED[0], NEEDED[1], ("DIDIT_REDIRECT_URI", several)];
        assert_eq!(
            redirect_uris(&build(&several).unwrap()),
            [
                "https://a.example/callback",
                "https://b.example/callback",
                "http://[::1]/callback"
            ]
        );
        assert_eq!(config.request.scopes.as_str(), "openid offline");
        assert!(config.provider().accepts_issuer("https://b.example/"));
        assert!(!config.provider().accepts_issuer("https://apx.didit.me"));
        // Without cookie keys a public client would be refused.
        let public = variables.iter().filter(|(name, _)| *name != NEEDED[1].0);
        assert!(build(&public.copied().collect::<Vec<_>>()).is_ok());
    }

    #[test]
    fn cookie_keys_of_spaces_are_refused() {
        let variables = [&NEEDED[..], &[("DIDIT_COOKIE_KEYS", " ")]].concat();
        assert!(matches!(
            build(&variables).unwrap_err(),
            ConfigError::CookieKeysMissing
        ));
    }

    #[test]
    fn empty_variables_leave_the_defaults() {
        let empty = [
            "DIDIT_SCOPES",
            "DIDIT_PROVIDER",
            "DIDIT_ISSUER",
            "DIDIT_COOKIE_KEYS",
        ];
        let config = build(&[&NEEDED[..], &empty.map(|name| (name, ""))].concat()).unwrap();
        assert_eq!(config.request.scopes.as_str(), "openid");
        assert_eq!(*config.provider(), Provider::didit());
    }
}
