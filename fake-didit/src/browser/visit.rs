//! One request of a browser, before the cookies are added.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use url::{Origin, Url};

use crate::browser::{
    cookie_jar::Cause,
    html::{Click, click},
    page::Page,
    stored_cookie::is_trustworthy,
};

/// A request that knows who caused it, and follows redirects as the Fetch standard says.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Bytes>,
    pub(crate) mode: Mode,
    /// The page that caused it; `None`: the person typed it.
    pub(crate) initiator: Option<Url>,
    /// The most distant relation so far between the initiator and the URLs of the chain.
    pub(crate) relation: Relation,
}

/// How the browser fetches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A page in the window.
    Navigate,
    /// A script's request.
    Fetch,
}

/// The values of `Sec-Fetch-Site` between two URLs, near to far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    SameOrigin,
    SameSite,
    CrossSite,
}

impl Visit {
    pub(crate) fn new(method: Method, url: Url, mode: Mode, initiator: Option<Url>) -> Self {
        let relation = initiator
            .as_ref()
            .map_or(Relation::SameOrigin, |from| Relation::between(from, &url));
        Self {
            method,
            url,
            body: None,
            mode,
            initiator,
            relation,
        }
    }

    /// What a click on the element with this `id` leads to; `None` when the page has none.
    pub(crate) fn click(page: &Page, id: &str) -> Option<Self> {
        let from = page.parsed_url();
        let visit = |method, to: &str| {
            let to = from
                .join(to)
                .unwrap_or_else(|_| panic!("not a URL: {to:?}"));
            Self::new(method, to, Mode::Navigate, Some(from.clone()))
        };
        Some(match click(page.text(), id)? {
            Click::Link(to) => visit(Method::GET, &to),
            Click::Form(to, fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, value)| (&**name, &**value))
                    .collect();
                visit(Method::POST, &to).with_form(&fields)
            }
        })
    }

    pub(crate) fn with_form(mut self, form: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        self.body = Some(body.into());
        self
    }

    /// The next one after a redirect (Fetch §4.4, HTTP-redirect fetch).
    pub(crate) fn redirected(mut self, status: StatusCode, to: Url) -> Self {
        let becomes_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::GET && self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = None;
        }
        if let Some(from) = &self.initiator {
            self.relation = self.relation.max(Relation::between(from, &to));
        }
        self.url = to;
        self
    }

    /// What `SameSite` goes by: who caused the visit, not where redirects went in between.
    pub(crate) fn cause(&self) -> Cause {
        let related = self
            .initiator
            .as_ref()
            .map(|from| Relation::between(from, &self.url));
        match related {
            Some(Relation::CrossSite) if self.mode == Mode::Navigate && self.method.is_safe() => {
                Cause::ForeignLink
            }
            Some(Relation::CrossSite) => Cause::Foreign,
            _ => Cause::SameSite,
        }
    }

    /// The HTTP request, with the headers that a browser sends.
    pub(crate) fn request(&self) -> Request<Bytes> {
        let mut request = Request::new(self.body.clone().unwrap_or_default());
        *request.method_mut() = self.method.clone();
        let headers = request.headers_mut();
        let (accept, mode, destination) = match self.mode {
            Mode::Navigate => (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                "navigate",
                "document",
            ),
            Mode::Fetch => ("application/json", "cors", "empty"),
        };
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        if self.body.is_some() {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(header::CONTENT_TYPE, form);
        }
        // Fetch §3.1: with every method that may change something, and with a script's foreign request.
        let cross_origin = self.mode == Mode::Fetch && self.relation != Relation::SameOrigin;
        if let Some(from) = self
            .initiator
            .as_ref()
            .filter(|_| !self.method.is_safe() || cross_origin)
        {
            headers.insert(header::ORIGIN, origin_header(&from.origin()));
        }
        // Fetch Metadata §2: only to trustworthy URLs.
        if is_trustworthy(&self.url) {
            headers.insert("sec-fetch-mode", HeaderValue::from_static(mode));
            headers.insert("sec-fetch-dest", HeaderValue::from_static(destination));
            headers.insert(
                "sec-fetch-site",
                HeaderValue::from_static(self.fetch_site()),
            );
            if self.mode == Mode::Navigate {
                headers.insert("sec-fetch-user", HeaderValue::from_static("?1"));
            }
        }
        request
    }

    fn fetch_site(&self) -> &'static str {
        match (&self.initiator, self.relation) {
            (None, _) => "none",
            (_, Relation::SameOrigin) => "same-origin",
            (_, Relation::SameSite) => "same-site",
            (_, Relation::CrossSite) => "cross-site",
        }
    }
}

impl Relation {
    /// There is no public suffix list here: the last two labels of a name count as its site.
    fn between(one: &Url, other: &Url) -> Self {
        if one.origin() == other.origin() {
            Self::SameOrigin
        } else if one.scheme() == other.scheme() && site(one) == site(other) {
            Self::SameSite
        } else {
            Self::CrossSite
        }
    }
}

fn site(url: &Url) -> &str {
    let host = url.host_str().unwrap_or_default();
    let Some(name) = url.domain() else {
        return host;
    };
    match name.rmatch_indices('.').nth(1) {
        Some((dot, _)) => name.split_at(dot + 1).1,
        None => name,
    }
}

fn origin_header(origin: &Origin) -> HeaderValue {
    HeaderValue::from_str(&origin.ascii_serialization()).expect("an origin is ASCII")
}
