//! The forward proxy of the default transport.

use std::{error::Error as StdError, iter};

use ::reqwest::{NoProxy, Proxy};
use http::Uri;
use url::{Position, Url};

/// A forward proxy for calls to the provider, except for those to loopback.
#[derive(Clone)]
pub(crate) struct ForwardProxy {
    /// May contain credentials.
    url: Url,
    /// Hosts that are called directly, as in `NO_PROXY`.
    exempt: String,
}

impl ForwardProxy {
    /// `http` is the scheme if the text has none, as with `curl`.
    ///
    /// # Errors
    ///
    /// What is wrong with the URL.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let scheme = if text.contains("://") { "" } else { "http://" };
        let url = Url::parse(&format!("{scheme}{text}")).map_err(|_| NOT_A_PROXY)?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        // reqwest ignores a proxy that is no `Uri`, and connects directly.
        let is_uri = Uri::try_from(url.as_str()).is_ok();
        if !matches!(url.scheme(), "http" | "https") {
            Err("must be http or https")
        } else if url.has_host() && is_bare && is_uri {
            Ok(Self {
                url,
                exempt: String::new(),
            })
        } else {
            Err(NOT_A_PROXY)
        }
    }

    /// The proxy that the environment names for https, if any: `HTTPS_PROXY`, else `ALL_PROXY`, and `NO_PROXY`, each
    /// in lower case where the upper-case one is not set. Plain http goes only to loopback, never through a proxy.
    ///
    /// # Errors
    ///
    /// The name of the variable, and what is wrong with it.
    pub(crate) fn from_variables(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, (&'static str, &'static str)> {
        let first = |names: [&'static str; 2]| {
            names
                .into_iter()
                .find_map(|name| Some((name, lookup(name)?)))
        };
        let is_set = |(_, url): &(_, String)| !url.trim().is_empty();
        let https = first(["HTTPS_PROXY", "https_proxy"]).filter(is_set);
        let all = || first(["ALL_PROXY", "all_proxy"]).filter(is_set);
        let Some((name, url)) = https.or_else(all) else {
            return Ok(None);
        };
        let mut proxy = Self::parse(&url).map_err(|why| (name, why))?;
        if let Some((_, exempt)) = first(["NO_PROXY", "no_proxy"]) {
            proxy.exempt = exempt;
        }
        Ok(Some(proxy))
    }

    /// The rule for reqwest.
    pub(super) fn rule(&self) -> Proxy {
        let proxy = Proxy::all(self.url.as_str()).expect("`parse` checked the URL");
        proxy.no_proxy(NoProxy::from_string(&self.all_exempt()))
    }

    /// The hosts that are called directly, as reqwest reads them: its `*` is every name, but no address.
    fn all_exempt(&self) -> String {
        let is_every_host = self.exempt.split(',').any(|host| host.trim() == "*");
        let addresses = if is_every_host { ALL_ADDRESSES } else { "" };
        format!("{LOOPBACK},{addresses},{}", self.exempt)
    }

    /// Adds to an error the proxy and what to do, if the proxy caused it.
    pub(super) fn explain(&self, error: ::reqwest::Error) -> Box<dyn StdError + Send + Sync> {
        // hyper-util's error has no public type.
        let causes = iter::successors(error.source(), |&cause| cause.source());
        let tunnel = causes
            .map(ToString::to_string)
            .find_map(|cause| Some(cause.strip_prefix("tunnel error: ")?.to_owned()));
        let what = match tunnel.as_deref() {
            None if error.is_timeout() => {
                "did not respond in time: check its address and the network"
            }
            None => return error.into(),
            Some("proxy authorization required") => {
                "wants credentials (407): put the right user and password into its URL"
            }
            Some("failed to create underlying connection") => {
                "cannot be reached: check its address and the network"
            }
            Some("unsuccessful") => {
                "did not connect to the provider: check that it allows `CONNECT` to this host, and the \
                 credentials in its URL"
            }
            Some(_) => "did not answer `CONNECT`: check that it is an HTTP proxy",
        };
        Box::new(ProxyError {
            proxy: self.host().to_owned(),
            what,
            source: error,
        })
    }

    /// Host and port, without credentials.
    fn host(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the proxy {proxy} {what}")]
struct ProxyError {
    proxy: String,
    what: &'static str,
    source: ::reqwest::Error,
}

const NOT_A_PROXY: &str =
    "must be a scheme, a host and a port, such as `http://proxy.example:3128`";
/// The hosts that may be called over plain http.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";
const ALL_ADDRESSES: &str = "0.0.0.0/0,::/0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_scheme_a_host_and_a_port() {
        for (text, host) in [
            ("http://proxy.example:3128", "proxy.example:3128"),
            ("https://proxy.example/", "proxy.example"),
            ("proxy.example:3128", "proxy.example:3128"),
            ("me:hunter2@proxy.example:3128", "proxy.example:3128"),
            ("http://me:p%40ss@[2001:db8::1]:3128", "[2001:db8::1]:3128"),
            (" http://10.0.0.1:8080\n", "10.0.0.1:8080"),
        ] {
            assert_eq!(ForwardProxy::parse(text).unwrap().host(), host, "{text}");
        }
        for (text, why) in [
            ("", NOT_A_PROXY),
            ("http://", NOT_A_PROXY),
            ("http://proxy.example:99999", NOT_A_PROXY),
            ("http://proxy.example:3128/path", NOT_A_PROXY),
            ("http://proxy.example:3128?x", NOT_A_PROXY),
            ("socks5://proxy.example:1080", "must be http or https"),
        ] {
            assert_eq!(ForwardProxy::parse(text).err(), Some(why), "{text}");
        }
    }

    // Behaviour 106.
    #[test]
    fn a_star_in_no_proxy_is_every_name_and_every_address() {
        let all_exempt = |no_proxy: &str| {
            let lookup = |name: &str| match name {
                "ALL_PROXY" => Some("proxy.example:3128".to_owned()),
                "NO_PROXY" => Some(no_proxy.to_owned()),
                _ => None,
            };
            let proxy = ForwardProxy::from_variables(lookup).unwrap().unwrap();
            proxy.all_exempt()
        };
        for every in ["*", "x.example, *", " * "] {
            assert!(all_exempt(every).contains(ALL_ADDRESSES), "{every}");
        }
        for some in ["", "x.example", "*.example"] {
            assert!(!all_exempt(some).contains(ALL_ADDRESSES), "{some}");
        }
    }

    #[test]
    fn the_variables_are_those_of_curl() {
        let read = |variables: &[(&str, &str)]| {
            let lookup = |name: &str| {
                let (_, value) = variables.iter().find(|(candidate, _)| *candidate == name)?;
                Some((*value).to_owned())
            };
            let proxy = ForwardProxy::from_variables(lookup)?;
            Ok(proxy.map(|proxy| format!("{} {}", proxy.host(), proxy.exempt)))
        };
        let found = |variables: &[(&str, &str)], expected: &str| {
            assert_eq!(read(variables), Ok(Some(expected.to_owned())));
        };
        found(&[("HTTPS_PROXY", "a:1"), ("https_proxy", "b:2")], "a:1 ");
        found(&[("https_proxy", "b:2"), ("ALL_PROXY", "c:3")], "b:2 ");
        found(&[("HTTPS_PROXY", ""), ("ALL_PROXY", "c:3")], "c:3 ");
        found(&[("all_proxy", "d:4"), ("no_proxy", "x, .y")], "d:4 x, .y");
        found(
            &[("ALL_PROXY", "c:3"), ("NO_PROXY", "*"), ("no_proxy", "x")],
            "c:3 *",
        );
        for none in [
            &[][..],
            &[("HTTP_PROXY", "e:5"), ("http_proxy", "e:5")],
            &[("NO_PROXY", "x")],
            &[("HTTPS_PROXY", " ")],
        ] {
            assert_eq!(read(none), Ok(None));
        }
        assert_eq!(
            read(&[("all_proxy", "socks5://a")]),
            Err(("all_proxy", "must be http or https"))
        );
    }
}
