//! Whether a request is a browser navigation: a person is waiting for a page.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts};

use crate::context::RequestMode;

/// The request's head, if a person is waiting for the page that it requests.
pub(super) fn page_request(head: &Parts) -> Option<&Parts> {
    let metadata = FetchMetadata::of(&head.headers);
    metadata.is_page_request(&head.method).then_some(head)
}

/// The Fetch Metadata request headers, or `Accept` if the browser sends none.
///
/// All headers are read in one pass: each of eight lookups would hash a name.
#[derive(Default)]
pub(super) struct FetchMetadata {
    navigates: Option<bool>,
    accepts_html: bool,
    pub(super) is_prefetch: bool,
    /// For a script, a frame or an image.
    is_subresource: bool,
}

impl FetchMetadata {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut metadata = Self::default();
        for (name, value) in headers {
            metadata.read(name, value);
        }
        metadata
    }

    /// Takes one header into account.
    #[inline]
    pub(super) fn read(&mut self, name: &HeaderName, value: &HeaderValue) {
        match name.as_str() {
            "accept" => self.accepts_html |= names_html(value),
            "sec-fetch-mode" => {
                self.navigates.get_or_insert(value == "navigate");
            }
            // A service worker forwards a navigation as a new request: the mode stays, and the destination is
            // empty (Fetch, "new `Request(input, init)`").
            "sec-fetch-dest" => self.is_subresource |= value != "document" && value != "empty",
            "sec-purpose" | "purpose" | "x-moz" => {
                self.is_prefetch |= value.as_bytes().starts_with(b"prefetch");
            }
            "next-router-prefetch" => self.is_prefetch = true,
            // Scripts send this value. Android's `WebView` sends its app's name with every request, navigations
            // included.
            "x-requested-with" => {
                self.is_subresource |= value.as_bytes().eq_ignore_ascii_case(b"XMLHttpRequest");
            }
            _ => {}
        }
    }

    /// Whether a person is waiting for the page that a request with this method asks for. Only a navigation can be
    /// sent to a sign-in page.
    pub(super) fn is_page_request(&self, method: &Method) -> bool {
        matches!(*method, Method::GET | Method::POST)
            && self.navigates.unwrap_or(self.accepts_html)
            && !(self.is_prefetch || self.is_subresource)
    }

    pub(super) fn mode(&self) -> RequestMode {
        match self.navigates {
            Some(true) if !self.is_subresource => RequestMode::Navigation,
            Some(false) => RequestMode::Script,
            None if self.is_subresource => RequestMode::Script,
            Some(true) | None => RequestMode::Unknown,
        }
    }

    /// Whether the request comes from a script, or is for a prefetch or a sub-resource. Command-line clients send none
    /// of these headers, so the result is `false` for them.
    pub(super) fn is_script(&self) -> bool {
        self.navigates == Some(false) || self.is_prefetch || self.is_subresource
    }
}

/// Whether `Accept` names JSON.
pub(super) fn accepts_json(headers: &HeaderMap) -> bool {
    let is_json = |range: &[u8]| range.eq_ignore_ascii_case(b"application/json");
    let accept = headers.get_all(header::ACCEPT);
    accept.iter().flat_map(media_ranges).any(is_json)
}

/// Whether `Accept` names HTML itself. Programs send `*/*`.
fn names_html(accept: &HeaderValue) -> bool {
    accept != "*/*"
        && media_ranges(accept).any(|range| {
            range.eq_ignore_ascii_case(b"text/html")
                || range.eq_ignore_ascii_case(b"application/xhtml+xml")
        })
}

/// The media ranges of an `Accept` header, without parameters.
fn media_ranges(accept: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    let ranges = accept.as_bytes().split(|byte| *byte == b',');
    let bare = ranges.filter_map(|range| range.split(|byte| *byte == b';').next());
    bare.map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether these headers are of a page request, and whether of a script.
    fn kind(headers: &[(&'static str, &'static str)]) -> (bool, bool) {
        let headers = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        let metadata = FetchMetadata::of(&headers.collect());
        (metadata.is_page_request(&Method::GET), metadata.is_script())
    }

    const PAGE: (bool, bool) = (true, false);
    const SCRIPT: (bool, bool) = (false, true);
    const UNKNOWN: (bool, bool) = (false, false);

    #[test]
    fn a_navigation_is_a_page_request() {
        let html = ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
        let navigate = ("sec-fetch-mode", "navigate");
        assert_eq!(kind(&[html]), PAGE);
        assert_eq!(kind(&[navigate]), PAGE);
        for destination in ["document", "empty"] {
            let headers = [navigate, ("sec-fetch-dest", destination)];
            assert_eq!(kind(&headers), PAGE, "{destination}");
        }
    }

    // Behaviours 10 and 11.
    #[test]
    fn scripts_frames_images_and_prefetches_are_not_page_requests() {
        let html = ("accept", "text/html");
        let navigate = ("sec-fetch-mode", "navigate");
        for headers in [
            [html, ("sec-fetch-mode", "cors")],
            [navigate, ("sec-fetch-dest", "iframe")],
            [html, ("sec-fetch-dest", "image")],
            [navigate, ("sec-purpose", "prefetch;prerender")],
            [navigate, ("purpose", "prefetch")],
            [navigate, ("next-router-prefetch", "1")],
            [html, ("x-requested-with", "XMLHttpRequest")],
        ] {
            assert_eq!(kind(&headers), SCRIPT, "{headers:?}");
        }
    }

    #[test]
    fn the_kind_of_a_command_line_request_is_unknown() {
        assert_eq!(kind(&[]), UNKNOWN);
        assert_eq!(kind(&[("accept", "*/*")]), UNKNOWN);
        assert_eq!(kind(&[("accept", "application/json")]), UNKNOWN);
    }
}
