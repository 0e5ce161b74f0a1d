//! Cookies: their names, their attributes, and how they are read.

use std::{iter, mem, slice, time::Duration};

use ::cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};
use memchr::memchr;

/// The names of a layer's cookies.
///
/// On https all names have the prefix `__Host-`: the browser then accepts the cookies from this host alone, with
/// `Secure` and `Path=/` (RFC 6265bis §4.1.3.2). Plain names are for http on loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CookieScope {
    is_secure: bool,
    session: String,
    /// The start of each flow cookie's name.
    pub(crate) flow_prefix: String,
}

impl CookieScope {
    pub(crate) fn new(name: &str, is_secure: bool) -> Self {
        let prefix = if is_secure { "__Host-" } else { "" };
        Self {
            is_secure,
            session: format!("{prefix}{name}"),
            flow_prefix: format!("{prefix}{name}{FLOW}"),
        }
    }

    /// Whether a layer's cookies can have this name: it is short, has only characters that no proxy changes, and
    /// differs from the names of another layer's flow cookies.
    pub(crate) fn is_name(name: &str) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        // Browsers match prefixes in any case (RFC 6265bis §5.7), and may add more prefixes.
        (1..=32).contains(&name.len())
            && name.bytes().all(is_plain)
            && !format!("{name}-").contains(FLOW)
            && !name.starts_with("__")
    }

    /// The name of the session cookie. Further chunks append `.1`, `.2`, ….
    pub(crate) fn session(&self) -> &str {
        &self.session
    }

    /// The name of the flow cookie with this suffix.
    pub(crate) fn flow_name(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.flow_prefix)
    }

    /// A `Set-Cookie` value. `SameSite=Lax`, because the callback is a navigation from another site, from which
    /// browsers omit `Strict` cookies.
    pub(crate) fn set(&self, name: &str, value: &str, max_age: Duration) -> HeaderValue {
        let seconds = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
        let cookie = Cookie::build((name, value))
            .path("/")
            .max_age(::cookie::time::Duration::seconds(seconds))
            .same_site(SameSite::Lax)
            .http_only(true)
            .secure(self.is_secure)
            .build();
        let mut value = HeaderValue::try_from(cookie.to_string())
            .expect("names and values are visible ASCII without separators");
        value.set_sensitive(true);
        value
    }

    /// The length of the `Set-Cookie` line of a cookie with this name and no value, for at most 400 days.
    pub(crate) fn line_length(&self, name: &str) -> usize {
        line_length(&self.set(name, "", Duration::from_secs(400 * 24 * 60 * 60)))
    }

    /// A `Set-Cookie` value that removes a cookie.
    pub(crate) fn remove(&self, name: &str) -> HeaderValue {
        self.set(name, "", Duration::ZERO)
    }
}

/// The length of a `Set-Cookie` line in the head of a response.
pub(crate) fn line_length(value: &HeaderValue) -> usize {
    "set-cookie: \r\n".len() + value.len()
}

/// As many of these `Set-Cookie` values as fit into `room` bytes.
pub(crate) fn fitting(
    mut room: usize,
    values: impl Iterator<Item = HeaderValue>,
) -> impl Iterator<Item = HeaderValue> {
    values.map_while(move |value| {
        room = room.checked_sub(line_length(&value))?;
        Some(value)
    })
}

/// The `Cookie` headers of a request. Clones of header values are cheap.
#[derive(Clone, Debug, Default)]
pub(crate) enum CookieHeaders {
    #[default]
    None,
    One(HeaderValue),
    /// HTTP/2 may split cookies into several headers (RFC 9113 §8.2.3).
    Many(Vec<HeaderValue>),
}

impl CookieHeaders {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut lines = Self::None;
        for line in headers.get_all(header::COOKIE) {
            lines.push(line.clone());
        }
        lines
    }

    #[inline]
    pub(crate) fn push(&mut self, line: HeaderValue) {
        match self {
            Self::None => *self = Self::One(line),
            _ => self.push_another(line),
        }
    }

    #[cold]
    fn push_another(&mut self, line: HeaderValue) {
        let mut lines = match mem::take(self) {
            Self::None => Vec::new(),
            Self::One(first) => vec![first],
            Self::Many(lines) => lines,
        };
        lines.push(line);
        *self = Self::Many(lines);
    }

    pub(crate) fn iter(&self) -> slice::Iter<'_, HeaderValue> {
        match self {
            Self::None => [].iter(),
            Self::One(line) => slice::from_ref(line).iter(),
            Self::Many(lines) => lines.iter(),
        }
    }
}

/// The cookies of some `Cookie` headers, as names and values. Other applications' cookies may contain any bytes.
pub(crate) fn cookies<'a>(
    lines: impl IntoIterator<Item = &'a HeaderValue>,
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    let mut lines = lines.into_iter();
    let mut rest = None;
    iter::from_fn(move || {
        loop {
            let line = match rest.take() {
                Some(line) => line,
                None => lines.next()?.as_bytes(),
            };
            let (pair, behind) = line.split_at(memchr(b';', line).unwrap_or(line.len()));
            rest = behind.get(1..);
            if let Some(equals) = memchr(b'=', pair) {
                let (name, value) = pair.split_at(equals);
                let value = value.get(1..).unwrap_or_default();
                return Some((name.trim_ascii(), value.trim_ascii()));
            }
        }
    })
}

const FLOW: &str = "-flow-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        for name in ["didit", "admin", "a", "my-app_2"] {
            assert!(CookieScope::is_name(name), "{name}");
        }
        let long = "x".repeat(33);
        for name in [
            "",
            "a.b",
            "a b",
            "é",
            "__Host-a",
            "__Secure-a",
            "a-flow-b",
            "a-flow",
            "__host-a",
            "__Http-a",
            &long,
        ] {
            assert!(!CookieScope::is_name(name), "{name}");
        }
    }

    #[test]
    fn on_https_a_cookie_is_locked_to_the_host() {
        assert_eq!(
            CookieScope::new("didit", true).set("__Host-didit", "v", Duration::from_secs(60)),
            "__Host-didit=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"
        );
    }

    #[test]
    fn on_loopback_http_the_name_is_plain() {
        assert_eq!(
            CookieScope::new("didit", false).remove("didit"),
            "didit=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn all_cookie_lines_are_read_and_cookies_without_a_name_are_skipped() {
        let lines = [
            HeaderValue::from_static("a=1; b = 2 ;c"),
            HeaderValue::from_bytes(b"caf\xc3\xa9=x;d=\"3\"; e=f=g").unwrap(),
        ];
        let read: Vec<_> = cookies(&lines).collect();
        assert_eq!(
            read,
            [
                (&b"a"[..], &b"1"[..]),
                (b"b", b"2"),
                (b"caf\xc3\xa9", b"x"),
                (b"d", b"\"3\""),
                (b"e", b"f=g")
            ]
        );
    }
}
