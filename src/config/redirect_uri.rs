//! Where the provider sends the browser back.

use http::uri::Authority;

use super::ConfigError;
use crate::{oidc::Callback, provider::Endpoint};

/// An address of the application, from a redirect URI (RFC 6749 §3.1.2). The `Host` of a request selects one of several
/// redirect URIs; no header changes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedirectUri {
    /// The URI as it is registered at the provider.
    pub(crate) text: String,
    /// The callback's path.
    pub(crate) path: String,
    /// The origin of this site, as browsers write it.
    pub(crate) origin: String,
    /// The name or address in the origin.
    pub(crate) host: String,
    port: u16,
    /// `false`: http on loopback.
    pub(crate) is_https: bool,
}

/// How well the host of a request matches a redirect URI, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HostMatch {
    OtherHost,
    OtherPort,
    /// The same name without the redirect URI's port: some proxies leave it out.
    PortMissing,
    Same,
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
            let is_https = url.scheme() == "https";
            return Ok(Self {
                text: given.to_owned(),
                path: url.path().to_owned(),
                origin: url.origin().ascii_serialization(),
                host: url.host_str().unwrap_or_default().to_owned(),
                port: url.port().unwrap_or(default_port(is_https)),
                is_https,
            });
        };
        Err(ConfigError::InvalidValue {
            name,
            value: given.to_owned(),
            why,
        })
    }

    /// Whether browsers send the cookies of one of these URIs to the other, under the same names: they ignore ports.
    pub(crate) fn shares_cookies(&self, other: &Self) -> bool {
        (self.is_https, &self.host) == (other.is_https, &other.host)
    }

    /// Compares with the host of a request, which is attacker-controlled.
    pub(crate) fn compare(&self, host: &Authority) -> HostMatch {
        if !host.host().eq_ignore_ascii_case(&self.host) {
            return HostMatch::OtherHost;
        }
        match host.port_u16() {
            Some(port) if port == self.port => HostMatch::Same,
            Some(_) => HostMatch::OtherPort,
            None if self.port == default_port(self.is_https) => HostMatch::Same,
            None => HostMatch::PortMissing,
        }
    }

    /// Whether a `Host` header cannot distinguish these URIs.
    pub(crate) fn shares_host_header(&self, other: &Self) -> bool {
        let has_default_port = |uri: &Self| uri.port == default_port(uri.is_https);
        self.host == other.host
            && (self.port == other.port || (has_default_port(self) && has_default_port(other)))
    }
}

fn default_port(is_https: bool) -> u16 {
    if is_https { 443 } else { 80 }
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
    fn the_host_of_a_request_matches_by_its_name_then_by_its_port() {
        use HostMatch::{OtherHost, OtherPort, PortMissing, Same};

        let uri = |given| RedirectUri::parse(given).unwrap();
        for (given, host, expected) in [
            ("https://app.example/cb", "app.example", Same),
            ("https://app.example/cb", "APP.example:443", Same),
            ("https://app.example/cb", "app.example:80", OtherPort),
            ("https://app.example/cb", "app.example.", OtherHost),
            ("https://app.example/cb", "evil.app.example", OtherHost),
            ("https://app.example:8443/cb", "app.example:8443", Same),
            ("https://app.example:8443/cb", "app.example", PortMissing),
            ("http://localhost/cb", "localhost", Same),
            ("http://[::1]:3000/cb", "[::1]:3000", Same),
            ("http://127.1:3000/cb", "127.0.0.1:3000", Same),
        ] {
            let found = uri(given).compare(&host.parse().unwrap());
            assert_eq!(found, expected, "{given} {host}");
        }
        let [first, second] = ["http://localhost/cb", "https://localhost/cb"].map(uri);
        assert!(first.shares_host_header(&second) && !first.shares_cookies(&second));
        let [first, second] = ["https://a.example/cb", "https://a.example:8443/cb"].map(uri);
        assert!(!first.shares_host_header(&second) && first.shares_cookies(&second));
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
