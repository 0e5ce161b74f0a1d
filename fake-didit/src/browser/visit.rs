//! A request of a browser, without cookies.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use url::Url;

use crate::browser::{
    cookie_jar::SiteContext, html::Click, initiator::Initiator, page::Page,
    referrer_policy::ReferrerPolicy, relation::Relation, request_headers::request_headers,
    service_worker::ServiceWorker,
};

/// A request with its initiator and its redirects, according to the Fetch standard.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Bytes>,
    pub(crate) mode: Mode,
    /// The page that initiated it; `None` for a typed URL.
    pub(crate) initiator: Option<Initiator>,
    pub(crate) policy: ReferrerPolicy,
    /// The URLs that redirected to this one.
    redirected_from: Vec<Url>,
    /// The URL from which the next `Referer` is derived.
    referrer: Option<Url>,
}

/// The mode of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A navigation.
    Navigate,
    /// The request of a script.
    Fetch,
}

impl Visit {
    pub(crate) fn new(method: Method, url: Url, mode: Mode, initiator: Option<Initiator>) -> Self {
        Self {
            method,
            url,
            body: None,
            mode,
            policy: initiator
                .as_ref()
                .map(|from| from.policy)
                .unwrap_or_default(),
            referrer: initiator.as_ref().map(|from| from.url.clone()),
            initiator,
            redirected_from: Vec::new(),
        }
    }

    /// The navigation that a click starts.
    pub(crate) fn click(click: Click, mut from: Initiator) -> Self {
        from.policy = click.referrer_policy.unwrap_or(from.policy);
        let visit = |method| Self::new(method, click.url, Mode::Navigate, Some(from));
        match click.form {
            None => visit(Method::GET),
            Some(fields) => visit(Method::POST).with_form(&fields),
        }
    }

    pub(crate) fn with_form<K, V>(mut self, form: &[(K, V)]) -> Self
    where
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        self.body = Some(body.into());
        self
    }

    /// The request after a redirect (Fetch, "HTTP-redirect fetch").
    pub(crate) fn redirected(mut self, page: &Page, to: Url) -> Self {
        let becomes_get = match page.status() {
            StatusCode::SEE_OTHER => self.method != Method::GET && self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = None;
        }
        // A referrer that a policy has shortened stays short.
        self.referrer = self.referrer();
        // Referrer Policy §8.2.
        self.policy = ReferrerPolicy::of(page.headers()).unwrap_or(self.policy);
        self.redirected_from.push(self.url);
        self.url = to;
        self
    }

    /// The same request with the same initiator, but without its redirects.
    pub(crate) fn reloaded(mut self) -> Self {
        self.redirected_from.clear();
        self
    }

    /// The value of `Referer`.
    pub(crate) fn referrer(&self) -> Option<Url> {
        self.policy.referrer(self.referrer.as_ref()?, &self.url)
    }

    /// All URLs from the first to this one (Fetch §2.2.5, "URL list").
    pub(crate) fn urls(&self) -> impl Iterator<Item = &Url> {
        self.redirected_from.iter().chain([&self.url])
    }

    /// Whether a redirect crossed origins.
    pub(crate) fn has_crossed_origins(&self) -> bool {
        self.redirected_from
            .iter()
            .any(|url| url.origin() != self.url.origin())
    }

    /// The context for `SameSite`: it depends on the initiator, not on redirects.
    pub(crate) fn context(&self) -> SiteContext {
        let related = self
            .initiator
            .as_ref()
            .map(|from| Relation::between(&from.url, &self.url));
        match related {
            Some(Relation::CrossSite) if self.mode == Mode::Navigate && self.method.is_safe() => {
                SiteContext::CrossSiteNavigation
            }
            Some(Relation::CrossSite) => SiteContext::CrossSite,
            _ => SiteContext::SameSite,
        }
    }

    /// The HTTP request with the headers of a browser, or of the service worker if the URL is in its scope.
    pub(crate) fn request(&self, worker: Option<&ServiceWorker>) -> Request<Bytes> {
        let worker = worker.filter(|worker| worker.is_in_scope(&self.url));
        let mut request = Request::new(self.body.clone().unwrap_or_default());
        *request.method_mut() = self.method.clone();
        *request.headers_mut() = request_headers(self, worker);
        request
    }
}
