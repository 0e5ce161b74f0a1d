//! Where the provider sends the browser back.

use crate::{
    oidc::Callback,
    provider::{Endpoint, InvalidUrl},
};

/// A redirect URI (RFC 6749 §3.1.2), held to the rules of an endpoint: codes are sent there.
///
/// It is sent exactly as it was given. All that the application must know of its own address comes
/// from here, never from a request: a `Host` or `X-Forwarded-*` header changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedirectUri {
    given: String,
    path: String,
    origin: String,
    is_https: bool,
}

impl RedirectUri {
    pub(crate) fn parse(given: &str) -> Result<Self, InvalidUrl> {
        let checked = Endpoint::parse("redirect URI", given)?;
        let url = checked.url();
        if url.path() == "/" {
            return Err(InvalidUrl {
                name: "redirect URI",
                text: given.to_owned(),
                why: "needs a path of its own, such as /callback",
            });
        }
        // They would be there twice at every callback.
        if url
            .query_pairs()
            .any(|(name, _)| Callback::is_parameter(&name))
        {
            return Err(InvalidUrl {
                name: "redirect URI",
                text: given.to_owned(),
                why: "must not have a parameter of the callback in its query",
            });
        }
        Ok(Self {
            given: given.to_owned(),
            path: url.path().to_owned(),
            origin: url.origin().ascii_serialization(),
            is_https: url.scheme() == "https",
        })
    }

    /// As it was given.
    pub(crate) fn as_str(&self) -> &str {
        &self.given
    }

    /// The callback's path.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The origin of this site, as browsers write it.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Else it is http on loopback.
    pub(crate) fn is_https(&self) -> bool {
        self.is_https
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(given: &str) -> String {
        RedirectUri::parse(given).unwrap_err().to_string()
    }

    #[test]
    fn its_parts_are_what_cookies_and_routes_need() {
        let uri = RedirectUri::parse("https://App.example:443/auth/callback?tenant=1").unwrap();
        assert_eq!(
            uri.as_str(),
            "https://App.example:443/auth/callback?tenant=1"
        );
        assert_eq!(uri.path(), "/auth/callback");
        assert_eq!(uri.origin(), "https://app.example");
        assert!(uri.is_https());

        let local = RedirectUri::parse("http://localhost:3000/callback").unwrap();
        assert_eq!(local.origin(), "http://localhost:3000");
        assert!(!local.is_https());
    }

    #[test]
    fn what_it_must_not_be_is_said() {
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
