//! Whether a person is waiting for a page.

use http::{HeaderMap, HeaderName, HeaderValue, Method, request::Parts};

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
        HeaderSigns::of(&request.headers).are_of_page(&request.method)
    }

    pub(super) fn of(headers: &HeaderMap) -> Self {
        HeaderSigns::of(headers).kind()
    }
}

/// Whether a browser asks in case a person might follow a link.
pub(super) fn is_prefetch(headers: &HeaderMap) -> bool {
    HeaderSigns::of(headers).is_prefetch
}

/// What the headers of a request say about its kind. They are read one by one: a look-up hashes the name that it
/// looks for, and there are eight.
#[derive(Default)]
pub(super) struct HeaderSigns {
    navigates: Option<bool>,
    accepts_html: bool,
    is_prefetch: bool,
    /// A script asks, a frame, or an image.
    is_for_a_program: bool,
}

impl HeaderSigns {
    fn of(headers: &HeaderMap) -> Self {
        let mut signs = Self::default();
        for (name, value) in headers {
            signs.read(name, value);
        }
        signs
    }

    /// Takes one header into account.
    #[inline]
    pub(super) fn read(&mut self, name: &HeaderName, value: &HeaderValue) {
        match name.as_str() {
            "accept" => self.accepts_html |= names_html(value),
            "sec-fetch-mode" => {
                self.navigates.get_or_insert(value == "navigate");
            }
            // The destination of a navigation that a service worker passes on is empty: it is a new request of the
            // worker's, which keeps the mode alone (Fetch, "new `Request(input, init)`").
            "sec-fetch-dest" => self.is_for_a_program |= value != "document" && value != "empty",
            "sec-purpose" | "purpose" | "x-moz" => {
                self.is_prefetch |= value.as_bytes().starts_with(b"prefetch");
            }
            "next-router-prefetch" => self.is_prefetch = true,
            // Scripts name themselves. Android's `WebView` sends its app's name with every request, those of pages
            // included.
            "x-requested-with" => {
                self.is_for_a_program |= value.as_bytes().eq_ignore_ascii_case(b"XMLHttpRequest");
            }
            _ => {}
        }
    }

    /// Whether a person is waiting for the page that a request with this method asks for.
    pub(super) fn are_of_page(&self, method: &Method) -> bool {
        matches!(*method, Method::GET | Method::POST) && self.kind() == RequestKind::Page
    }

    fn kind(&self) -> RequestKind {
        let is_not_for_a_person = self.is_prefetch || self.is_for_a_program;
        if self.navigates.unwrap_or(self.accepts_html) && !is_not_for_a_person {
            RequestKind::Page
        } else if self.navigates.is_some() || is_not_for_a_person {
            RequestKind::Script
        } else {
            RequestKind::Unknown
        }
    }
}

/// Whether `Accept` names HTML itself; `*/*` is what programs send.
fn names_html(accept: &HeaderValue) -> bool {
    accept != "*/*"
        && accept
            .as_bytes()
            .split(|byte| *byte == b',')
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
