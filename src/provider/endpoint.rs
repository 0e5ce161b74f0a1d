//! The endpoints of a provider, and their URLs.

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, Uri};
use url::{Host, Position, Url};

/// An endpoint whose URL can be set, or read from a provider's metadata (RFC 8414 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EndpointName {
    Authorization,
    Token,
    Jwks,
    UserInfo,
    Revocation,
    EndSession,
    Session,
    Introspection,
}

impl EndpointName {
    /// The name in errors, and the member of the metadata that has the URL.
    pub(super) fn names(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Authorization => ("authorization endpoint", Some("authorization_endpoint")),
            Self::Token => ("token endpoint", Some("token_endpoint")),
            Self::Jwks => ("JWKS URI", Some("jwks_uri")),
            Self::UserInfo => ("user information endpoint", Some("userinfo_endpoint")),
            Self::Revocation => ("revocation endpoint", Some("revocation_endpoint")),
            Self::EndSession => ("end-session endpoint", Some("end_session_endpoint")),
            Self::Introspection => ("introspection endpoint", Some("introspection_endpoint")),
            // Didit's metadata does not have this endpoint.
            Self::Session => ("session endpoint", None),
        }
    }
}

/// A URL that secrets may be sent to: https, or http on loopback; without a fragment and without
/// credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint(Url);

impl Endpoint {
    /// `name` is the name in errors.
    pub(crate) fn parse(name: &'static str, text: &str) -> Result<Self, InvalidUrl> {
        let refuse = |why| InvalidUrl::new(name, text, why);
        let url = Url::parse(text)
            .ok()
            .filter(|url| {
                let authority = text.get(url.scheme().len()..).unwrap_or_default();
                authority.starts_with("://") && !authority.starts_with(":///")
            })
            .ok_or_else(|| refuse("is not an absolute URL"))?;
        // `Url` repairs tabs, new lines and backslashes, but the text is sent as it was given.
        let is_repaired = |byte: u8| !byte.is_ascii_graphic() || byte == b'\\';
        let why = if !url.username().is_empty() || url.password().is_some() {
            "must not contain credentials"
        } else if text.bytes().any(is_repaired) {
            "has invalid characters"
        } else if !is_https_or_loopback(&url) {
            "must be https, or http on loopback"
        } else if url.fragment().is_some() {
            // RFC 6749 §3.1 and §3.2.
            "must not have a fragment"
        } else if Uri::try_from(url.as_str()).is_err() {
            "is too long or has invalid characters"
        } else {
            return Ok(Self(url));
        };
        Err(refuse(why))
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// The host, and the port if it is not the scheme's own.
    pub(crate) fn host(&self) -> &str {
        &self.0[Position::BeforeHost..Position::AfterPort]
    }

    /// A request to this URL without a body.
    pub(crate) fn request(&self, method: Method) -> Request<Bytes> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        *request.uri_mut() = Uri::try_from(self.0.as_str()).expect("`parse` checked the URI");
        request
    }
}

/// RFC 6749 §3.1.2.1 for https, RFC 8252 §7.3 for loopback.
/// Whether what is sent to a URL stays secret on the way.
pub(crate) fn is_https_or_loopback(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", host) => host.is_some(),
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        ("http", Some(Host::Domain(name))) => name == "localhost" || name.ends_with(".localhost"),
        _ => false,
    }
}

/// A URL that cannot be used, with the reason.
#[derive(Debug)]
pub(crate) struct InvalidUrl {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) why: &'static str,
}

impl InvalidUrl {
    pub(crate) fn new(name: &'static str, text: &str, why: &'static str) -> Self {
        // The part before an `@` may be a password. A provider's text may be long.
        let value = if text.contains('@') {
            "[redacted]".to_owned()
        } else {
            text.chars().take(MAX_SHOWN).collect()
        };
        Self { name, value, why }
    }
}

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value.as_str() {
            "" => write!(f, "the {} {}", self.name, self.why),
            value => write!(f, "the {} {value:?} {}", self.name, self.why),
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
    fn other_urls_are_refused_with_a_reason() {
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
                refusal(mended).ends_with("has invalid characters"),
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
        assert!(refusal(&long).ends_with("is too long or has invalid characters"));
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
