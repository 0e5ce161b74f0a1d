//! What a browser got.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use serde_json::Value;
use url::Url;

/// The answer to a request of a [`Browser`](crate::Browser).
///
/// Its `Debug` shows neither body nor query nor header values: codes and cookies are there.
#[derive(Clone)]
pub struct Page {
    url: Url,
    history: Vec<String>,
    response: Response<Bytes>,
}

impl Page {
    pub(crate) fn new(url: Url, history: Vec<String>, response: Response<Bytes>) -> Self {
        Self {
            url,
            history,
            response,
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The absolute URL that gave this answer.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    pub(crate) fn parsed_url(&self) -> &Url {
        &self.url
    }

    /// All URLs on the way here, the first and this one included.
    pub fn history(&self) -> &[String] {
        &self.history
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The `Location` header as it was sent.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn location(&self) -> &str {
        let location = self.header(header::LOCATION.as_str());
        location.unwrap_or_else(|| {
            panic!(
                "no Location in the {} of {}: {}",
                self.status(),
                self.url,
                self.text()
            )
        })
    }

    /// The body.
    pub fn bytes(&self) -> &Bytes {
        self.response.body()
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// When it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.bytes()).expect("the page is UTF-8")
    }

    /// The body, if it is text that may be HTML.
    pub(crate) fn html(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes()).ok()
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(self.bytes()).unwrap_or_else(|error| {
            panic!(
                "no JSON in the {} of {}: {error}: {}",
                self.status(),
                self.url,
                self.text()
            )
        })
    }

    /// The absolute URL to go on to, when this is a redirect.
    pub(crate) fn redirect(&self) -> Option<Url> {
        let location = self
            .header(header::LOCATION.as_str())
            .filter(|_| self.status().is_redirection())?;
        let mut to = self
            .url
            .join(location)
            .unwrap_or_else(|_| panic!("a Location that is not a URL: {location:?}"));
        // Fetch, "location URL": a redirect keeps the fragment, unless it has one of its own.
        if to.fragment().is_none() {
            to.set_fragment(self.url.fragment());
        }
        Some(to)
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("status", &self.status())
            .field("origin", &self.url.origin().ascii_serialization())
            .field("path", &self.url.path())
            .finish_non_exhaustive()
    }
}
