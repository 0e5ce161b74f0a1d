//! A configuration from environment variables.

use std::{ffi::OsString, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{ConfigBuilder, ConfigError};
use crate::provider::Provider;

/// Fills a builder from the variables that `lookup` finds. The first that cannot be read is kept
/// for `build` to report.
pub(super) fn read(lookup: impl Fn(&str) -> Option<OsString>) -> ConfigBuilder {
    let variable = |name: &'static str| Variable::read(name, &lookup);
    let text = |name| variable(name).map(|found| found.map(|variable| variable.value));

    let start = || -> Result<ConfigBuilder, ConfigError> {
        let mut builder = ConfigBuilder::new(
            text("DIDIT_CLIENT_ID")?.unwrap_or_default(),
            text("DIDIT_REDIRECT_URI")?.unwrap_or_default(),
        );
        if let Some(secret) = text("DIDIT_CLIENT_SECRET")? {
            builder = builder.with_client_secret(secret);
        }
        if let Some(scopes) = text("DIDIT_SCOPES")? {
            builder = builder.with_scopes(scopes.split_ascii_whitespace());
        }
        let mut provider = read_provider(&lookup)?;
        if let Some(url) = text("DIDIT_AUTHORIZATION_ENDPOINT")? {
            provider = provider.with_authorization_endpoint(url);
        }
        if let Some(url) = text("DIDIT_TOKEN_ENDPOINT")? {
            provider = provider.with_token_endpoint(url);
        }
        if let Some(url) = text("DIDIT_USERINFO_ENDPOINT")? {
            provider = provider.with_user_info_endpoint(url);
        }
        if let Some(url) = text("DIDIT_JWKS_URI")? {
            provider = provider.with_jwks_uri(url);
        }
        builder = builder.with_provider(provider);
        if let Some(keys) = variable("DIDIT_COOKIE_KEYS")? {
            builder = builder.with_cookie_keys(keys.base64_list()?);
        }
        if let Some(name) = variable("DIDIT_COOKIE_NAME")? {
            builder = builder.with_cookie_name(name.value);
        }
        if let Some(path) = variable("DIDIT_ROOT_CERTIFICATES")? {
            builder = builder.add_root_certificates(path.file()?);
        }
        if let Some(seconds) = variable("DIDIT_HTTP_TIMEOUT")? {
            builder = builder.with_http_timeout(seconds.seconds()?);
        }
        if let Some(seconds) = variable("DIDIT_SESSION_IDLE")? {
            builder = builder.with_session_idle_timeout(seconds.seconds()?);
        }
        if let Some(seconds) = variable("DIDIT_SESSION_ABSOLUTE")? {
            builder = builder.with_session_lifetime(seconds.seconds()?);
        }
        if let Some(url) = variable("DIDIT_REDIS_URL")? {
            builder = url.session_store(builder)?;
        }
        if let Some(callback) = variable("DIDIT_CALLBACK")? {
            builder = match callback.value.as_str() {
                "forward" => builder,
                "redirect" => builder.with_redirect_after_sign_in(),
                _ => return Err(callback.invalid("must be `forward` or `redirect`")),
            };
        }
        Ok(builder)
    };
    start().unwrap_or_else(ConfigBuilder::failed)
}

/// `DIDIT_PROVIDER` and what it is found by.
fn read_provider(lookup: &impl Fn(&str) -> Option<OsString>) -> Result<Provider, ConfigError> {
    let variable = |name| Variable::read(name, lookup);
    let issuers = variable("DIDIT_ISSUER")?.map(|issuers| issuers.words());
    let publishable_key = variable("DIDIT_PUBLISHABLE_KEY")?;
    let kind = variable("DIDIT_PROVIDER")?;
    let kind = kind.as_ref().map_or("sign-in", |kind| &kind.value);
    if let Some(key) = publishable_key {
        if kind != "authentication" || issuers.is_some() {
            let why = "is for `DIDIT_PROVIDER=authentication`, in place of `DIDIT_ISSUER`";
            return Err(key.invalid(why));
        }
        return Ok(Provider::from_publishable_key(key.value));
    }
    let provider = match kind {
        "sign-in" => Provider::didit(),
        "authentication" => Provider::authentication(first(issuers.as_deref())),
        "discovered" => Provider::discovered(first(issuers.as_deref())),
        _ => {
            return Err(ConfigError::InvalidVariable {
                name: "DIDIT_PROVIDER",
                why: "must be `sign-in`, `authentication` or `discovered`".to_owned(),
            });
        }
    };
    Ok(match issuers {
        Some(issuers) => provider.with_issuers(issuers),
        None => provider,
    })
}

fn first(issuers: Option<&[String]>) -> &str {
    let first = issuers.and_then(<[_]>::first);
    first.map_or("", String::as_str)
}

/// A variable that is there and not empty.
struct Variable {
    name: &'static str,
    value: String,
}

impl Variable {
    fn read(
        name: &'static str,
        lookup: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>, ConfigError> {
        let Some(value) = lookup(name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        match value.into_string() {
            Ok(value) => Ok(Some(Self { name, value })),
            Err(_) => Err(ConfigError::InvalidVariable {
                name,
                why: "is not UTF-8".to_owned(),
            }),
        }
    }

    fn words(&self) -> Vec<String> {
        let words = self.value.split_ascii_whitespace();
        words.map(str::to_owned).collect()
    }

    fn seconds(&self) -> Result<Duration, ConfigError> {
        let seconds = self.value.trim().parse();
        seconds
            .map(Duration::from_secs)
            .map_err(|_| self.invalid("must be a whole number of seconds"))
    }

    fn base64_list(&self) -> Result<Vec<Vec<u8>>, ConfigError> {
        let keys = self.value.split_ascii_whitespace();
        keys.map(|key| BASE64_STANDARD.decode(key))
            .collect::<Result<_, _>>()
            .map_err(|_| self.invalid("must be base64, with spaces between several keys"))
    }

    #[cfg(feature = "redis")]
    fn session_store(&self, builder: ConfigBuilder) -> Result<ConfigBuilder, ConfigError> {
        let store = crate::session::redis::RedisStore::new(self.value.trim());
        let store = store.map_err(|_| self.invalid("is not the URL of a Redis"))?;
        Ok(builder.with_session_store(store))
    }

    #[cfg(not(feature = "redis"))]
    fn session_store(&self, _builder: ConfigBuilder) -> Result<ConfigBuilder, ConfigError> {
        Err(self.invalid("needs the feature `redis`"))
    }

    fn file(&self) -> Result<Vec<u8>, ConfigError> {
        std::fs::read(&self.value)
            .map_err(|error| self.invalid(format!("names a file that cannot be read: {error}")))
    }

    fn invalid(&self, why: impl Into<String>) -> ConfigError {
        ConfigError::InvalidVariable {
            name: self.name,
            why: why.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{Endpoint, MetadataSource, Signatures};

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
    fn what_is_missing_is_named_with_its_variable() {
        assert_eq!(
            build(&[]).unwrap_err().to_string(),
            "the client id is empty; it is in Didit's console (`DIDIT_CLIENT_ID`)"
        );
        assert!(matches!(
            build(&NEEDED[..1]).unwrap_err(),
            ConfigError::EmptyRedirectUri
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
    fn a_value_that_cannot_be_read_is_named_and_not_repeated() {
        let with = |name, value| {
            let variables = [&NEEDED[..], &[(name, value)]].concat();
            build(&variables).unwrap_err().to_string()
        };
        assert_eq!(
            with("DIDIT_HTTP_TIMEOUT", "10s"),
            "the environment variable `DIDIT_HTTP_TIMEOUT` must be a whole number of seconds"
        );
        assert_eq!(
            with("DIDIT_COOKIE_KEYS", "hunter2!"),
            "the environment variable `DIDIT_COOKIE_KEYS` must be base64, with spaces between \
             several keys"
        );
        assert_eq!(
            with("DIDIT_CALLBACK", "maybe"),
            "the environment variable `DIDIT_CALLBACK` must be `forward` or `redirect`"
        );
    }

    #[cfg(feature = "redis")]
    #[test]
    fn a_redis_keeps_the_sessions() {
        let with = |url| build(&[&NEEDED[..], &[("DIDIT_REDIS_URL", url)]].concat());
        let config = with("redis://user:hunter2@127.0.0.1:7/").unwrap();
        let debug = format!("{config:?}");
        assert!(debug.contains("RedisStore"), "{debug}");
        assert!(!debug.contains("hunter2"), "{debug}");
        for wrong in ["hunter2@127.0.0.1", "https://hunter2.example/"] {
            assert_eq!(
                with(wrong).unwrap_err().to_string(),
                "the environment variable `DIDIT_REDIS_URL` is not the URL of a Redis"
            );
        }
    }

    #[cfg(not(feature = "redis"))]
    #[test]
    fn a_redis_needs_its_feature() {
        let redis = [("DIDIT_REDIS_URL", "redis://127.0.0.1/")];
        assert_eq!(
            build(&[&NEEDED[..], &redis].concat())
                .unwrap_err()
                .to_string(),
            "the environment variable `DIDIT_REDIS_URL` needs the feature `redis`"
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
                (
                    "DIDIT_AUTHORIZATION_ENDPOINT",
                    "https://a.example/authorize",
                ),
                ("DIDIT_TOKEN_ENDPOINT", "https://a.example/token/"),
                ("DIDIT_JWKS_URI", "https://a.example/jwks"),
                ("DIDIT_USERINFO_ENDPOINT", "https://a.example/me"),
                ("DIDIT_COOKIE_KEYS", &keys),
                ("DIDIT_HTTP_TIMEOUT", "3"),
                ("DIDIT_SESSION_IDLE", "60"),
                ("DIDIT_SESSION_ABSOLUTE", "600"),
                ("DIDIT_CALLBACK", "redirect"),
            ],
        ]
        .concat();
        let config = build(&variables).unwrap();
        assert_eq!(config.request.scopes.as_str(), "openid offline");
        assert!(config.provider().accepts_issuer("https://b.example/"));
        assert!(!config.provider().accepts_issuer("https://apx.didit.me"));
        let MetadataSource::Known(metadata) = &config.metadata else {
            panic!("the endpoints are known");
        };
        let path = |endpoint: &Endpoint| endpoint.url().path().to_owned();
        assert_eq!(path(&metadata.authorization_endpoint), "/authorize");
        assert_eq!(path(&metadata.token_endpoint), "/token/");
        let Signatures::KeysAt(jwks_uri) = &metadata.signatures else {
            panic!("signatures are verified");
        };
        assert_eq!(path(jwks_uri), "/jwks");
        assert_eq!(
            metadata.user_info_endpoint.as_ref().map(path).unwrap(),
            "/me"
        );
        assert_eq!(config.sessions.rules.limits.idle, Duration::from_secs(60));
        assert_eq!(
            config.sessions.rules.limits.absolute,
            Duration::from_secs(600)
        );
        assert_eq!(config.completion, crate::config::Completion::Redirect);
    }
}
