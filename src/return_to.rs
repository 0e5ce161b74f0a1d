//! The page to return to after the sign-in.

use std::borrow::Cow;

use axum_core::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header, uri::PathAndQuery};
use percent_encoding::{AsciiSet, percent_decode_str, utf8_percent_encode};

/// A page of this site to return to: a path with an optional query and fragment, which cannot lead to another site.
///
/// Each sign-in remembers the page that it started from. The callback's handler extracts the page, and may return it as
/// a response: 303 to that page.
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
/// A browser does not send the fragment of an address, so after the sign-in the person returns to the page without
/// the fragment. A link to the sign-in can contain one: `/login?return_to=/docs%23part`.
///
/// [`parse`](Self::parse) is strict (RFC 9700 §4.11): it refuses addresses that a browser, a proxy or a router could
/// interpret as another site's.
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
    /// Keeps `target` byte for byte, if it is a path of this site with an optional query and fragment.
    ///
    /// `None` for a target that does not start with exactly one `/`, for characters that browsers encode (spaces,
    /// control characters, all that is not ASCII), and for these in the path, encoded or not: `\`, control characters,
    /// empty segments at the start, `.` and `..` segments.
    /// [Example](Self).
    pub fn parse(target: &str) -> Option<Self> {
        let (page, fragment) = target.split_once('#').unwrap_or((target, ""));
        let (path, query) = page.split_once('?').unwrap_or((page, ""));
        if !path.starts_with('/')
            || !path.bytes().all(is_path_byte)
            || !query.bytes().chain(fragment.bytes()).all(is_query_byte)
        {
            return None;
        }
        // Proxies on the way to a router may decode the path, several times: `%252f`.
        let mut decoded = path.to_owned();
        for _ in 0..=DECODINGS {
            if !is_local(&decoded) {
                return None;
            }
            decoded = percent_decode_str(&decoded)
                .decode_utf8_lossy()
                .into_owned();
        }
        HeaderValue::from_str(target).ok().map(Self)
    }

    /// The requested page. Characters that are not ASCII are percent-encoded, as browsers do (RFC 3987 §3.1).
    pub(crate) fn of_request(page: &PathAndQuery) -> Option<Self> {
        let page: Cow<'_, str> = utf8_percent_encode(page.as_str(), NON_ASCII).into();
        Self::parse(&page)
    }

    /// The path, query and fragment.
    /// [Example](Self).
    pub fn as_str(&self) -> &str {
        self.0
            .to_str()
            .expect("made from a string of visible ASCII characters")
    }

    /// The path without query and fragment.
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

/// Whether a path, decoded this far, cannot be interpreted as another site's.
fn is_local(path: &str) -> bool {
    !path.starts_with("//")
        && !path.contains(|c: char| c == '\\' || c.is_control())
        && !path.split('/').any(|segment| matches!(segment, "." | ".."))
}

/// `pchar` and `/` (RFC 3986 §3.3), and characters that browsers do not encode in a path.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@/[]|".contains(&byte)
}

/// The same with `?` (RFC 3986 §3.4), and characters that browsers do not encode in a query. A backslash separates
/// nothing there (WHATWG URL, query state).
fn is_query_byte(byte: u8) -> bool {
    is_path_byte(byte) || b"?{}^`\\".contains(&byte)
}

/// No ASCII character. All others are always encoded.
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
    fn path_excludes_the_query() {
        let page = ReturnTo::parse("/a/b?c?d").unwrap();
        assert_eq!(page.path(), "/a/b");
    }

    #[test]
    fn it_is_a_303_response() {
        let response = ReturnTo::parse("/orders").unwrap().into_response();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()[header::LOCATION], "/orders");
    }
}
