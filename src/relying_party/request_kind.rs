//! Whether a person is waiting for a page.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts};

/// What the headers say about who asked (Fetch Metadata Request Headers; `Accept` where a browser
/// sends none).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    /// A person who follows links: only they can be sent to a sign-in page.
    Page,
    /// A script, a prefetch or a sub-resource.
    Script,
    /// The headers do not say: a command line, an old client.
    Unknown,
}

impl RequestKind {
    /// Whether a person is waiting for the page that a request asks for.
    pub(super) fn of_page(request: &Parts) -> bool {
        matches!(request.method, Method::GET | Method::POST) && Self::is_page(&request.headers)
    }

    pub(super) fn of(headers: &HeaderMap) -> Self {
        if Self::is_page(headers) {
            Self::Page
        } else if headers.contains_key(&SEC_FETCH_MODE) || is_not_for_a_person(headers) {
            Self::Script
        } else {
            Self::Unknown
        }
    }

    /// Whether it is [`RequestKind::Page`]. Most requests of programs are told apart by two look-ups.
    pub(super) fn is_page(headers: &HeaderMap) -> bool {
        let navigates = match headers.get(&SEC_FETCH_MODE) {
            Some(mode) => mode == "navigate",
            None => accepts_html(headers),
        };
        navigates && !is_not_for_a_person(headers)
    }
}

/// Whether a browser asks in case a person might follow a link.
pub(super) fn is_prefetch(headers: &HeaderMap) -> bool {
    let prefetches = [&SEC_PURPOSE, &PURPOSE, &X_MOZ]
        .into_iter()
        .filter_map(|name| headers.get(name))
        .any(|value| value.as_bytes().starts_with(b"prefetch"));
    prefetches || headers.contains_key(&NEXT_ROUTER_PREFETCH)
}

/// Whether a script asks, a frame, an image, or a prefetch.
///
/// The destination of a navigation that a service worker passes on is empty: it is a new request of the
/// worker's, which keeps the mode alone (Fetch, "new `Request(input, init)`").
fn is_not_for_a_person(headers: &HeaderMap) -> bool {
    let destination = headers.get(&SEC_FETCH_DEST);
    is_prefetch(headers)
        || destination
            .is_some_and(|destination| destination != "document" && destination != "empty")
        || headers.get(&X_REQUESTED_WITH).is_some_and(is_script)
}

/// Scripts name themselves `XMLHttpRequest`. Android's `WebView` sends its app's name with every
/// request, those of pages included.
fn is_script(requested_with: &HeaderValue) -> bool {
    requested_with
        .as_bytes()
        .eq_ignore_ascii_case(b"XMLHttpRequest")
}

static NEXT_ROUTER_PREFETCH: HeaderName = HeaderName::from_static("next-router-prefetch");
static PURPOSE: HeaderName = HeaderName::from_static("purpose");
static SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
static X_MOZ: HeaderName = HeaderName::from_static("x-moz");
static X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// Whether `Accept` names HTML itself; `*/*` is what programs send.
fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .into_iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|range| range.split(|byte| *byte == b';').next())
        .any(|range| {
            let range = range.trim_ascii();
            range.eq_ignore_ascii_case(b"text/html")
                || range.eq_ignore_ascii_case(b"application/xhtml+xml")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(headers: &[(&'static str, &'static str)]) -> RequestKind {
        let headers = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        RequestKind::of(&headers.collect())
    }

    #[test]
    fn a_browser_that_follows_a_link_is_a_page() {
        let html = ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
        let navigate = ("sec-fetch-mode", "navigate");
        assert_eq!(asker(&[html]), RequestKind::Page);
        assert_eq!(asker(&[navigate]), RequestKind::Page);
        for destination in ["document", "empty"] {
            let headers = [navigate, ("sec-fetch-dest", destination)];
            assert_eq!(asker(&headers), RequestKind::Page, "{destination}");
        }
    }

    // Behaviours 10 and 11.
    #[test]
    fn a_script_a_frame_and_a_prefetch_are_not() {
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
            assert_eq!(asker(&headers), RequestKind::Script, "{headers:?}");
        }
    }

    #[test]
    fn a_command_line_does_not_say() {
        assert_eq!(asker(&[]), RequestKind::Unknown);
        assert_eq!(asker(&[("accept", "*/*")]), RequestKind::Unknown);
        assert_eq!(
            asker(&[("accept", "application/json")]),
            RequestKind::Unknown
        );
    }
}
