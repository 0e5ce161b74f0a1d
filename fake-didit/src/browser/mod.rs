//! A browser for tests.

mod cookie_jar;
mod cookies;
pub(crate) mod disconnect;
mod html;
mod initiator;
mod navigation;
pub(crate) mod page;
mod referrer_policy;
pub(crate) mod rejected_cookie;
mod relation;
mod request;
mod request_headers;
mod service_worker;
mod sign_in;
mod site;
pub(crate) mod stored_cookie;
mod visit;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum_core::body::Body as RequestBody;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;
use url::Url;

use crate::{
    browser::{
        cookie_jar::CookieJar, initiator::Initiator, page::Page, service_worker::ServiceWorker,
        site::Site, visit::Visit,
    },
    clock::FakeClock,
    didit::FakeDidit,
};

/// A browser with a cookie jar that visits Tower services, without a socket.
///
/// It remembers the page it is on, so that forms, links and scripts carry the headers (`Sec-Fetch-Site`,
/// `Origin`, `Referer`) and the `SameSite` cookies that Chromium would send from there. A clone has a
/// copy of the cookies, [`new_tab`](Self::new_tab) shares them, [`new_browser`](Self::new_browser) has
/// none. It runs no scripts.
///
/// A request is sent while its future is polled. A future that is dropped is a connection that closes:
/// see [`Disconnect`](crate::Disconnect).
///
/// All its methods panic when they meet an origin that no site was added for.
pub struct Browser {
    home: Url,
    sites: HashMap<String, Site>,
    worker: Option<ServiceWorker>,
    jar: Arc<Mutex<CookieJar>>,
    memory: Mutex<Memory>,
}

/// What changes while browsing in one tab.
#[derive(Clone, Debug, Default)]
struct Memory {
    /// The page in the window.
    page: Option<Page>,
    /// The navigation that led to it, or that was sent after it and has no answer.
    visit: Option<Visit>,
}

impl Browser {
    /// A browser for an application at an origin such as `https://app.example`. Paths given to the
    /// other methods belong to this origin.
    ///
    /// The application is an axum `Router`, or any other service that takes an axum body; for one that
    /// takes another body, see `map_request` of tower's `ServiceExt`.
    ///
    /// # Panics
    ///
    /// When `origin` is not a URL.
    pub fn new<S, R>(origin: &str, app: S) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<R>> + Clone + Send + 'static,
        S::Error: fmt::Debug,
        S::Future: Send,
        R: Body + Send + 'static,
        R::Data: Send,
        R::Error: fmt::Debug,
    {
        let home = Url::parse(origin).unwrap_or_else(|_| panic!("not an origin: {origin:?}"));
        let browser = Self {
            home,
            sites: HashMap::new(),
            worker: None,
            jar: Arc::default(),
            memory: Mutex::default(),
        };
        browser.add_site(origin, app)
    }

    /// Another site.
    ///
    /// # Panics
    ///
    /// When `origin` is not a URL.
    #[must_use]
    pub fn add_site<S, R>(self, origin: &str, service: S) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<R>> + Clone + Send + 'static,
        S::Error: fmt::Debug,
        S::Future: Send,
        R: Body + Send + 'static,
        R::Data: Send,
        R::Error: fmt::Debug,
    {
        self.with(origin, Site::new(service))
    }

    /// The fake Didit, at the origin of its issuer; the Sign in API also at `https://auth.didit.me`
    /// and `https://apx.didit.me`.
    ///
    /// # Panics
    ///
    /// When the issuer is not a URL.
    #[must_use]
    pub fn add_didit(self, didit: &FakeDidit) -> Self {
        let site = Site::of_bytes(didit.clone());
        didit
            .origins()
            .iter()
            .fold(self, |browser, origin| browser.with(origin, site.clone()))
    }

    /// Lets cookies expire by this clock. Default: no cookie expires by time.
    #[must_use]
    pub fn with_clock(self, clock: FakeClock) -> Self {
        *self.jar() = CookieJar::new(Some(clock));
        self
    }

    /// Installs a service worker at the application's origin that answers each `fetch` event with
    /// `event.respondWith(fetch(event.request))`, as many progressive web apps do. Default: none.
    ///
    /// The application gets the worker's requests: a navigation comes with `Sec-Fetch-Mode: navigate`
    /// and `Sec-Fetch-Dest: empty`, without `Sec-Fetch-User`, and with `Sec-Fetch-Site: same-origin`
    /// where a typed URL has `none`. Cookies, `Origin` and `Referer` are those of the page. Redirects
    /// are followed by the browser, other origins are visited without the worker.
    ///
    /// ```
    /// use axum::{Router, http::HeaderMap, routing::get};
    /// use fake_didit::Browser;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let destination = |headers: HeaderMap| async move {
    ///     headers["sec-fetch-dest"].to_str().unwrap_or_default().to_owned()
    /// };
    /// let app = Router::new().route("/", get(destination));
    /// let browser = Browser::new("https://app.example", app);
    /// assert_eq!(browser.visit("/").await.text(), "document");
    /// assert_eq!(browser.with_service_worker().visit("/").await.text(), "empty");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When the application's origin is neither https nor a loopback host.
    #[must_use]
    pub fn with_service_worker(mut self) -> Self {
        self.worker = Some(ServiceWorker::new(self.home.clone()));
        self
    }

    /// Another browser for the same sites, on the same clock, without cookies.
    #[must_use]
    pub fn new_browser(&self) -> Self {
        self.with_jar(Arc::new(Mutex::new(self.jar().emptied())))
    }

    /// Another tab of this browser: on no page yet, with the same cookies. What one tab receives, the
    /// other sends.
    ///
    /// ```
    /// use axum::{Router, http::header::SET_COOKIE, routing::get};
    /// use fake_didit::Browser;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let app = Router::new().route("/", get(|| async { [(SET_COOKIE, "seen=1")] }));
    /// let browser = Browser::new("https://app.example", app);
    /// let tab = browser.new_tab();
    /// tab.visit("/").await;
    /// assert!(browser.cookie("seen").is_some());
    /// # }
    /// ```
    #[must_use]
    pub fn new_tab(&self) -> Self {
        self.with_jar(self.jar.clone())
    }

    fn with(mut self, origin: &str, site: Site) -> Self {
        let url = Url::parse(origin).unwrap_or_else(|_| panic!("not an origin: {origin:?}"));
        self.sites.insert(url.origin().ascii_serialization(), site);
        self
    }

    fn resolve(&self, url: &str) -> Url {
        self.home
            .join(url)
            .unwrap_or_else(|_| panic!("not a URL: {url:?}"))
    }

    /// The page that the tab is on, as the cause of what it does next.
    fn initiator(&self) -> Option<Initiator> {
        self.memory().page.as_ref().map(Initiator::from)
    }

    /// The same sites, on no page yet.
    fn with_jar(&self, jar: Arc<Mutex<CookieJar>>) -> Self {
        Self {
            home: self.home.clone(),
            sites: self.sites.clone(),
            worker: self.worker.clone(),
            jar,
            memory: Mutex::default(),
        }
    }

    fn jar(&self) -> MutexGuard<'_, CookieJar> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Browser {
    fn clone(&self) -> Self {
        let jar = Arc::new(Mutex::new(self.jar().clone()));
        Self {
            memory: Mutex::new(self.memory().clone()),
            ..self.with_jar(jar)
        }
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser")
            .field("home", &self.home.as_str())
            .field("cookies", &self.cookies())
            .finish_non_exhaustive()
    }
}
