//! Stored cookies.

use std::{fmt, time::Duration};

use cookie::Cookie;
use url::{Host, Url};

/// A cookie that a [`Browser`](crate::Browser) stores. `Debug` omits the value.
///
/// ```
/// use axum::{Router, http::header::SET_COOKIE, routing::get};
/// use fake_didit::{Browser, SameSite};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let cookie = "__Host-id=1; Path=/; Secure; HttpOnly; SameSite=Lax";
/// let app = Router::new().route("/", get(move || async move { [(SET_COOKIE, cookie)] }));
/// let browser = Browser::new("https://app.example", app);
/// browser.visit("/").await;
///
/// let cookie = browser.cookie("__Host-id").unwrap();
/// assert_eq!((cookie.value(), cookie.path()), ("1", "/"));
/// assert!(cookie.is_secure() && cookie.is_http_only() && cookie.is_host_only());
/// assert_eq!(cookie.same_site(), Some(SameSite::Lax));
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StoredCookie {
    name: String,
    value: String,
    host: String,
    host_only: bool,
    path: String,
    secure: bool,
    http_only: bool,
    same_site: Option<SameSite>,
    max_age: Option<Duration>,
    expires_at: Option<u64>,
}

/// Which cross-site requests send a cookie. [`StoredCookie`] has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// None.
    Strict,
    /// Top-level navigations with a safe method.
    Lax,
    /// All.
    None,
}

impl StoredCookie {
    /// Parses a `Set-Cookie` line from `url` at `now` (RFC 6265bis §5.6, §5.7); the error is the reason for
    /// which a browser rejects it.
    pub(crate) fn parse(line: &str, url: &Url, now: u64) -> Result<Self, &'static str> {
        if line.len() > MAX_LENGTH {
            return Err("longer than 4096 bytes");
        }
        let parsed = Cookie::parse(line).map_err(|_| "not a cookie")?;
        let host = url.host_str().ok_or("from a URL without a host")?;
        let domain = parsed.domain().map(str::to_ascii_lowercase);
        let mut cookie = Self::host_only(parsed.name(), parsed.value(), host);
        if let Some(domain) = domain {
            if !domain_matches(url, &domain) {
                return Err("Domain does not cover the host");
            }
            cookie.host = domain;
            cookie.host_only = false;
        }
        cookie.path = match parsed.path() {
            Some(path) if path.starts_with('/') => path.to_owned(),
            _ => default_path(url.path()),
        };
        cookie.secure = parsed.secure().unwrap_or_default();
        cookie.http_only = parsed.http_only().unwrap_or_default();
        cookie.same_site = parsed.same_site().map(SameSite::from);
        cookie.max_age = parsed
            .max_age()
            .map(|age| age.try_into().unwrap_or_default());
        // RFC 6265bis §5.7 step 9: Max-Age takes precedence over Expires.
        cookie.expires_at = match cookie.max_age {
            Some(age) => Some(now.saturating_add(age.as_secs())),
            None => parsed
                .expires_datetime()
                .map(|at| u64::try_from(at.unix_timestamp()).unwrap_or_default()),
        };
        cookie.check(url, parsed.path())?;
        Ok(cookie)
    }

    /// A cookie without attributes, for all paths of a host.
    pub(crate) fn host_only(name: &str, value: &str, host: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
            host: host.to_owned(),
            host_only: true,
            path: "/".to_owned(),
            secure: false,
            http_only: false,
            same_site: None,
            max_age: None,
            expires_at: None,
        }
    }

    pub(crate) fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, as in the `Cookie` header.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The `Domain` attribute, or without one, the host that set the cookie.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether there is no `Domain` attribute, so that only one host receives the cookie.
    pub fn is_host_only(&self) -> bool {
        self.host_only
    }

    /// The path below which it is sent.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is sent only over https, or to a loopback address.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether scripts cannot read it.
    pub fn is_http_only(&self) -> bool {
        self.http_only
    }

    /// The `SameSite` attribute; without one, browsers apply `Lax`.
    pub fn same_site(&self) -> Option<SameSite> {
        self.same_site
    }

    /// The `Max-Age` attribute.
    pub fn max_age(&self) -> Option<Duration> {
        self.max_age
    }

    /// Whether `other` replaces this cookie (RFC 6265bis §5.7 step 22).
    pub(crate) fn is_replaced_by(&self, other: &Self) -> bool {
        (&self.name, &self.host, self.host_only, &self.path)
            == (&other.name, &other.host, other.host_only, &other.path)
    }

    pub(crate) fn is_expired(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Whether it is sent to `url`, regardless of `SameSite` (RFC 6265bis §5.8.3).
    pub(crate) fn belongs_to(&self, url: &Url) -> bool {
        let host = if self.host_only {
            url.host_str() == Some(&self.host)
        } else {
            domain_matches(url, &self.host)
        };
        host && path_matches(url.path(), &self.path) && (!self.secure || is_trustworthy(url))
    }

    fn check(&self, url: &Url, path: Option<&str>) -> Result<(), &'static str> {
        if self.name.is_empty() {
            return Err("without a name");
        }
        if self
            .name
            .bytes()
            .chain(self.value.bytes())
            .any(|byte| byte.is_ascii_control())
        {
            return Err("with a control character");
        }
        if self.secure && !is_trustworthy(url) {
            return Err("Secure from an insecure origin");
        }
        if self.same_site == Some(SameSite::None) && !self.secure {
            return Err("SameSite=None without Secure");
        }
        // RFC 6265bis §4.1.3; the prefixes are case-insensitive in browsers.
        let name = self.name.to_ascii_lowercase();
        if (name.starts_with("__secure-") || name.starts_with("__host-")) && !self.secure {
            return Err("a __Secure- or __Host- name without Secure");
        }
        if name.starts_with("__host-") && (!self.host_only || path != Some("/")) {
            return Err("a __Host- name with Domain or without Path=/");
        }
        Ok(())
    }
}

impl fmt::Debug for StoredCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredCookie")
            .field("name", &self.name)
            .field("value", &"[redacted]")
            .field("host", &self.host)
            .field("path", &self.path)
            .field("same_site", &self.same_site)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

impl From<cookie::SameSite> for SameSite {
    fn from(same_site: cookie::SameSite) -> Self {
        match same_site {
            cookie::SameSite::Strict => Self::Strict,
            cookie::SameSite::Lax => Self::Lax,
            cookie::SameSite::None => Self::None,
        }
    }
}

/// Whether the origin of a URL is potentially trustworthy: https, or this machine (Secure Contexts §3.1).
pub(crate) fn is_trustworthy(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
}

/// RFC 6265bis §5.1.3. Without a public suffix list, only top-level domains are rejected.
fn domain_matches(url: &Url, domain: &str) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    if host == domain {
        return true;
    }
    let under = host
        .strip_suffix(domain)
        .is_some_and(|rest| rest.ends_with('.'));
    under && domain.contains('.') && url.domain().is_some()
}

/// RFC 6265bis §5.1.4.
fn path_matches(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie_path.ends_with('/'))
}

fn default_path(path: &str) -> String {
    match path.rsplit_once('/') {
        None | Some(("", _)) => "/".to_owned(),
        Some((directory, _)) => directory.to_owned(),
    }
}

/// RFC 6265bis §5.6 limits name and value; some browsers count the attributes as well.
const MAX_LENGTH: usize = 4096;
