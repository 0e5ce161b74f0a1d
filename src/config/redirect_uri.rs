//! Where the provider sends the browser back.

use super::ConfigError;
use crate::{oidc::Callback, provider::Endpoint};

/// The application's own address, from its redirect URI (RFC 6749 §3.1.2). `Host` and
/// `X-Forwarded-*` headers change nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedirectUri {
    /// The callback's path.
    pub(crate) path: String,
    /// The origin of this site, as browsers write it.
    pub(crate) origin: String,
    /// `false`: http on loopback.
    pub(crate) is_https: bool,
}

impl RedirectUri {
    /// Applies the rules of an endpoint to a redirect URI, because codes are sent there.
    pub(crate) fn parse(given: &str) -> Result<Self, ConfigError> {
        let name = "redirect URI";
        if given.is_empty() {
            let why = "is empty; it is one that is registered at Didit (`DIDIT_REDIRECT_URI`)";
            return Err(ConfigError::Invalid { name, why });
        }
        let checked = Endpoint::parse(name, given)?;
        let url = checked.url();
        let mut parameters = url.query_pairs();
        let why = if url.path() == "/" {
            "needs a path of its own, such as /callback"
        } else if parameters.any(|(name, _)| Callback::is_parameter(&name)) {
            // Every callback would contain the parameter twice.
            "must not have a parameter of the callback in its query"
        } else {
            return Ok(Self {
                path: url.path().to_owned(),
                origin: url.origin().ascii_serialization(),
                is_https: url.scheme() == "https",
            });
        };
        Err(ConfigError::InvalidValue {
            name,
            value: given.to_owned(),
            why,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(given: &str) -> String {
        RedirectUri::parse(given).unwrap_err().to_string()
    }

    #[test]
    fn parsing_gives_the_path_and_the_origin() {
        let uri = RedirectUri::parse("https://App.example:443/auth/callback?tenant=1").unwrap();
        assert_eq!(uri.path, "/auth/callback");
        assert_eq!(uri.origin, "https://app.example");
        assert!(uri.is_https);

        let local = RedirectUri::parse("http://localhost:3000/callback").unwrap();
        assert_eq!(local.origin, "http://localhost:3000");
        assert!(!local.is_https);
    }

    #[test]
    fn other_urls_are_refused_with_the_reason() {
        assert_eq!(
            refusal("/callback"),
            r#"the redirect URI "/callback" is not an absolute URL"#
        );
        assert_eq!(
            refusal("http://app.example/callback"),
            r#"the redirect URI "http://app.example/callback" must be https, or http on loopback"#
        );
        assert!(refusal("https://app.example/callback#").ends_with("must not have a fragment"));
        assert!(
            refusal("https://app.example").ends_with("needs a path of its own, such as /callback")
        );
        assert!(refusal("https://a:b@app.example/").ends_with("must not contain credentials"));
        assert!(
            refusal("https://app.example/cb?code=1")
                .ends_with("must not have a parameter of the callback in its query")
        );
    }
}
