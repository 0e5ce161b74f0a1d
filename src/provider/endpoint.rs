//! The URL of an endpoint.

use std::fmt;

use http::Uri;
use url::{Host, Position, Url};

/// A URL that secrets may be sent to: https, or http on loopback; without a fragment and without
/// credentials in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint(Url);

impl Endpoint {
    /// `name` is what an error calls it.
    pub(crate) fn parse(name: &'static str, text: &str) -> Result<Self, InvalidUrl> {
        let refuse = |why| InvalidUrl::new(name, text, why);
        let url = Url::parse(text)
            .ok()
            .filter(|url| {
                let rest = text.get(url.scheme().len()..);
                let authority = rest.and_then(|rest| rest.strip_prefix("://"));
                authority.is_some_and(|authority| !authority.starts_with('/'))
            })
            .ok_or_else(|| refuse("is not an absolute URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("must not contain credentials"));
        }
        // A parser mends a tab, a new line or a backslash; what is sent is the text as it was given.
        if text
            .bytes()
            .any(|byte| !byte.is_ascii_graphic() || byte == b'\\')
        {
            return Err(refuse("has characters that no URL has"));
        }
        if !is_https_or_loopback(&url) {
            return Err(refuse("must be https, or http on loopback"));
        }
        if url.fragment().is_some() {
            // RFC 6749 §3.1 and §3.2.
            return Err(refuse("must not have a fragment"));
        }
        if Uri::try_from(url.as_str()).is_err() {
            return Err(refuse(
                "is too long, or has characters that no request can have",
            ));
        }
        Ok(Self(url))
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// The host, and the port if it is not the scheme's own.
    pub(crate) fn host(&self) -> &str {
        &self.0[Position::BeforeHost..Position::AfterPort]
    }

    pub(crate) fn uri(&self) -> Uri {
        let uri = Uri::try_from(self.0.as_str());
        uri.expect("`parse` tried it")
    }
}

/// Whether what is sent to this URL is protected on the way (RFC 6749 §3.1.2.1, RFC 8252 §7.3).
fn is_https_or_loopback(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// A URL that cannot be used, and why.
#[derive(Debug)]
pub(crate) struct InvalidUrl {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    pub(crate) why: &'static str,
}

impl InvalidUrl {
    pub(super) fn new(name: &'static str, text: &str, why: &'static str) -> Self {
        // What stands before an `@` may be a password. What a provider says may be long.
        let text = if text.contains('@') {
            "[redacted]".to_owned()
        } else {
            text.chars().take(MAX_SHOWN).collect()
        };
        Self { name, text, why }
    }
}

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.as_str() {
            "" => write!(f, "the {} {}", self.name, self.why),
            text => write!(f, "the {} {text:?} {}", self.name, self.why),
        }
    }
}

/// In characters.
const MAX_SHOWN: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Endpoint::parse("token endpoint", text)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn https_anywhere_and_http_on_loopback() {
        for good in [
            "https://apx.didit.me/auth/v2/token",
            "https://x.example/token/?tenant=1",
            "http://127.0.0.1:8080/token",
            "http://[::1]/token",
            "http://localhost/token",
            "http://didit.localhost/token",
        ] {
            assert!(Endpoint::parse("token endpoint", good).is_ok(), "{good}");
        }
    }

    #[test]
    fn anything_else_is_refused_in_words() {
        assert_eq!(
            refusal("/token"),
            r#"the token endpoint "/token" is not an absolute URL"#
        );
        for plain in [
            "http://didit.me/",
            "http://localhost.evil.example/",
            "ftp://x/",
        ] {
            assert!(refusal(plain).ends_with("must be https, or http on loopback"));
        }
        assert!(refusal("https://x/#y").ends_with("must not have a fragment"));
        for mended in [
            "https://x/cb\n",
            "https://x/a\tb",
            "https://x/a b",
            "https://x\\cb",
            "https://é/",
        ] {
            assert!(
                refusal(mended).ends_with("has characters that no URL has"),
                "{mended}"
            );
        }
        for hidden in [
            "https:/me:hunter2@x/",
            "https://me:hunter2@[x/",
            "me:hunter2@x",
        ] {
            assert!(!refusal(hidden).contains("hunter2"), "{hidden}");
        }
        let long = format!("https://x/{}", "a".repeat(1 << 16));
        assert!(refusal(&long).ends_with("has characters that no request can have"));
        for relative in [
            " https://x/",
            "https:///x/",
            "https:x/",
            "https:\\\\x/",
            "data:,x",
        ] {
            assert!(
                refusal(relative).ends_with("is not an absolute URL"),
                "{relative}"
            );
        }
        for scheme in ["https", "http"] {
            assert_eq!(
                refusal(&format!("{scheme}://me:hunter2@x/")),
                r#"the token endpoint "[redacted]" must not contain credentials"#
            );
        }
    }
}
