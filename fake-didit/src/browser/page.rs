//! A response that a browser received.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use serde_json::Value;
use url::Url;

use crate::browser::html::Document;

/// The response to a request of a [`Browser`](crate::Browser).
///
/// `Debug` omits body, query and header values, which may contain codes and cookies.
///
/// ```
/// use axum::{Router, routing::get};
/// use fake_didit::Browser;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let app = Router::new().route("/user", get(|| async { r#"{"name": "Ada"}"# }));
/// let page = Browser::new("https://app.example", app).visit("/user").await;
/// assert_eq!(page.status(), 200);
/// assert_eq!(page.url(), "https://app.example/user");
/// assert_eq!(page.history(), ["https://app.example/user"]);
/// assert_eq!(page.header("content-type"), Some("text/plain; charset=utf-8"));
/// assert_eq!(page.json()["name"], "Ada");
/// # }
/// ```
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

    /// The absolute URL of the response.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    pub(crate) fn parsed_url(&self) -> &Url {
        &self.url
    }

    /// The URLs of all redirects, and the one of this response.
    pub fn history(&self) -> &[String] {
        &self.history
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The first value of a header, if it is ASCII text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The unmodified `Location` header.
    ///
    /// # Panics
    ///
    /// If there is none.
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
    /// If it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.bytes()).expect("the page is UTF-8")
    }

    /// The body, if it is UTF-8.
    pub(crate) fn html(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes()).ok()
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// If it is not JSON.
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

    /// The absolute target URL of a redirect.
    pub(crate) fn redirect(&self) -> Option<Url> {
        let location = self
            .header(header::LOCATION.as_str())
            .filter(|_| self.status().is_redirection())?;
        let mut to = self
            .url
            .join(location)
            .unwrap_or_else(|_| panic!("a Location that is not a URL: {location:?}"));
        // Fetch, "location URL": a redirect keeps the fragment, unless the location has one.
        if to.fragment().is_none() {
            to.set_fragment(self.url.fragment());
        }
        Some(to)
    }

    /// The absolute target URL of a page that goes on at once.
    pub(crate) fn refresh(&self) -> Option<Url> {
        let content_type = self.header(header::CONTENT_TYPE.as_str())?;
        let html = self
            .html()
            .filter(|_| content_type.starts_with("text/html"))?;
        Document::parse(html).refresh(&self.url)
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
