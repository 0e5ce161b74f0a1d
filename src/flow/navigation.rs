//! Whether a person is waiting for a page.

use http::{HeaderMap, header};

/// What the headers say about who asked (Fetch Metadata Request Headers; `Accept` where a browser
/// sends none).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// A person who follows links: only they can be sent to a sign-in page.
    Page,
    /// A script, a prefetch or a sub-resource.
    Script,
    /// The headers do not say: a command line, an old client.
    Unknown,
}

impl Asker {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let is = |name: &str, expected: &[&str]| {
            headers
                .get(name)
                .map(|value| expected.iter().any(|expected| value == *expected))
        };
        let speculative = ["sec-purpose", "purpose", "x-moz"]
            .into_iter()
            .filter_map(|name| headers.get(name))
            .any(|value| value.as_bytes().starts_with(b"prefetch"));
        if speculative
            || headers.contains_key("next-router-prefetch")
            || headers.contains_key("x-requested-with")
            || is("sec-fetch-mode", &["navigate"]) == Some(false)
            || is("sec-fetch-dest", &["document"]) == Some(false)
        {
            Self::Script
        } else if headers.contains_key("sec-fetch-mode") || accepts_html(headers) {
            Self::Page
        } else {
            Self::Unknown
        }
    }
}

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
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn asker(headers: &[(&'static str, &'static str)]) -> Asker {
        let headers = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        Asker::of(&headers.collect())
    }

    #[test]
    fn a_browser_that_follows_a_link_is_a_page() {
        let html = ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
        let navigate = ("sec-fetch-mode", "navigate");
        assert_eq!(asker(&[html]), Asker::Page);
        assert_eq!(asker(&[navigate]), Asker::Page);
        assert_eq!(
            asker(&[navigate, ("sec-fetch-dest", "document")]),
            Asker::Page
        );
    }

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
            assert_eq!(asker(&headers), Asker::Script, "{headers:?}");
        }
    }

    #[test]
    fn a_command_line_does_not_say() {
        assert_eq!(asker(&[]), Asker::Unknown);
        assert_eq!(asker(&[("accept", "*/*")]), Asker::Unknown);
        assert_eq!(asker(&[("accept", "application/json")]), Asker::Unknown);
    }
}
