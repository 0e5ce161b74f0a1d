//! Where the browser goes after the sign-in.

use std::borrow::Cow;

use axum_core::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header, uri::PathAndQuery};
use percent_encoding::{AsciiSet, percent_decode_str, utf8_percent_encode};

/// A page of this site: a path, perhaps with a query and a fragment, which cannot lead anywhere else.
///
/// Every sign-in remembers the page that it started from. The callback's handler extracts it and
/// may return it: it answers 303 to that page.
///
/// ```
/// use tower_didit::{DiditTokens, ReturnTo};
///
/// async fn callback(_tokens: DiditTokens, back: ReturnTo) -> ReturnTo {
///     back
/// }
/// # let _router: axum::Router = axum::Router::new().route("/callback", axum::routing::get(callback));
/// ```
///
/// A browser does not send the fragment of a page's address, so a page that asks for a sign-in comes back without
/// it. A link to the sign-in can name one: `/login?return_to=/docs%23part`.
///
/// [`parse`](Self::parse) is strict (RFC 9700 §4.11): what a browser, a proxy or a router could
/// take for another site's address is not a `ReturnTo`.
///
/// ```
/// use tower_didit::ReturnTo;
///
/// let page = ReturnTo::parse("/orders?page=2").unwrap();
/// assert_eq!(page.as_str(), "/orders?page=2");
///
/// for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example", "/%09/evil"] {
///     assert!(ReturnTo::parse(elsewhere).is_none());
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(HeaderValue);

impl ReturnTo {
    /// Takes `target` if it is a path on this site, with its query and fragment, byte for byte; gives `None`
    /// otherwise.
    ///
    /// Refused are: anything that does not start with exactly one `/`; characters that a browser does not send,
    /// such as spaces, control characters and all that is not ASCII; in the path, `\`, also encoded, encoded control characters, empty
    /// segments at the start, and `.` and `..` segments, encoded or not.
    pub fn parse(target: &str) -> Option<Self> {
        let (page, fragment) = target.split_once('#').unwrap_or((target, ""));
        let (path, query) = page.split_once('?').unwrap_or((page, ""));
        if !path.starts_with('/')
            || !path.bytes().all(is_path_byte)
            || !query.bytes().chain(fragment.bytes()).all(is_query_byte)
        {
            return None;
        }
        // What a router behind a decoding proxy sees, or behind several: `%252f`.
        let mut seen = path.to_owned();
        for _ in 0..=DECODINGS {
            if !stays_here(&seen) {
                return None;
            }
            seen = percent_decode_str(&seen).decode_utf8_lossy().into_owned();
        }
        HeaderValue::from_str(target).ok().map(Self)
    }

    /// The page that a request asks for. Characters that are not ASCII are percent-encoded, as browsers do it
    /// before they send an address (RFC 3987 §3.1).
    pub(crate) fn of_request(page: &PathAndQuery) -> Option<Self> {
        let page: Cow<'_, str> = utf8_percent_encode(page.as_str(), NON_ASCII).into();
        Self::parse(&page)
    }

    /// The path, query and fragment.
    pub fn as_str(&self) -> &str {
        self.0
            .to_str()
            .expect("made from a string of visible ASCII characters")
    }

    /// The path alone.
    pub(crate) fn path(&self) -> &str {
        let target = self.as_str();
        target.split(['?', '#']).next().unwrap_or(target)
    }

    /// As the value of a `Location` header.
    pub(crate) fn into_location(self) -> HeaderValue {
        self.0
    }
}

impl IntoResponse for ReturnTo {
    fn into_response(self) -> Response {
        (StatusCode::SEE_OTHER, [(header::LOCATION, self.0)]).into_response()
    }
}

/// Whether a path, decoded this far, still cannot be read as another site's.
fn stays_here(path: &str) -> bool {
    !path.starts_with("//")
        && !path.contains(|c: char| c == '\\' || c.is_control())
        && !path.split('/').any(|segment| matches!(segment, "." | ".."))
}

/// `pchar` and `/` (RFC 3986 §3.3), and what browsers leave in a path as it is.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@/[]|".contains(&byte)
}

/// The same with `?` (RFC 3986 §3.4), and what browsers leave in a query as it is: behind the `?` a backslash
/// separates nothing (WHATWG URL, query state).
fn is_query_byte(byte: u8) -> bool {
    is_path_byte(byte) || b"?{}^`\\".contains(&byte)
}

/// No ASCII character; all others are always encoded.
const NON_ASCII: &AsciiSet = &AsciiSet::EMPTY;
const DECODINGS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_site_are_kept_byte_for_byte() {
        for page in [
            "/",
            "/a",
            "/a/b/",
            "/a//b",
            "/search?q=a%20b&next=https://elsewhere.example//x",
            "/files/a%2Fb",
            "/~user/@me;v=1,2/(x)!$&'*+",
            "/caf%C3%A9?x=%0A",
            "/list?ids[]=1&ids[]=2|3",
            "/s?filter={%22a%22:[`1`,x^2]}",
            "/100%25",
            "/.well-known/x",
            "/a...b",
            "/?",
            r"/search?q=C:\dir",
            "/docs#part-2",
            "/docs?page=2#/a?b",
            "/docs%23part",
        ] {
            assert_eq!(
                ReturnTo::parse(page).as_ref().map(ReturnTo::as_str),
                Some(page)
            );
        }
    }

    // Behaviour 117.
    #[test]
    fn characters_of_a_request_that_are_not_ascii_are_encoded() {
        let page: PathAndQuery = "/café?q=日本".parse().unwrap();
        let page = ReturnTo::of_request(&page).unwrap();
        assert_eq!(page.as_str(), "/caf%C3%A9?q=%E6%97%A5%E6%9C%AC");
    }

    #[test]
    fn the_path_is_what_stands_before_the_query() {
        let page = ReturnTo::parse("/a/b?c?d").unwrap();
        assert_eq!(page.path(), "/a/b");
    }

    #[test]
    fn it_answers_see_other() {
        let answer = ReturnTo::parse("/orders").unwrap().into_response();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[header::LOCATION], "/orders");
    }
}
