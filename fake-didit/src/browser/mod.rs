//! A browser for tests.

mod cookie_jar;
mod cookies;
mod html;
mod initiator;
mod navigation;
pub(crate) mod page;
mod referrer_policy;
mod relation;
mod request;
mod request_headers;
mod service_worker;
mod sign_in;
pub(crate) mod site;
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

/// A browser with a cookie jar for Tower services, without a socket.
///
/// It remembers its current page: links, forms and scripts send the headers (`Sec-Fetch-Site`, `Origin`,
/// `Referer`) and the `SameSite` cookies that Chromium would send from there. A clone has a copy of the
/// cookies, [`new_tab`](Self::new_tab) shares them, and [`new_browser`](Self::new_browser) starts without.
/// It runs no scripts.
///
///
/// ```
/// use axum::{Router, routing::get};
/// use fake_didit::Browser;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let app = Router::new().route("/", get(|| async { "home" }));
/// let browser = Browser::new("https://app.example", app);
/// assert_eq!(browser.visit("/").await.text(), "home");
/// # }
/// ```
///
/// # Closed connections
///
/// A request is sent when its future is first polled. Dropping the future closes the connection: the service's
/// future is dropped, as a server does when its client disconnects. The browser receives neither the response
/// nor its cookies, and stays on its page; [`reload`](Self::reload) sends the request again.
///
/// ```
/// use std::{future::pending, sync::Arc};
/// use axum::{Router, routing::get};
/// use fake_didit::Browser;
/// use tokio::sync::Notify;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // A handler that signals its start and never completes.
/// let started = Arc::new(Notify::new());
/// let start = started.clone();
/// let app = Router::new().route("/", get(|| async move {
///     start.notify_one();
///     pending::<()>().await
/// }));
///
/// let browser = Browser::new("https://app.example", app);
/// tokio::select! {
///     _ = browser.visit("/") => panic!("the handler never completes"),
///     () = started.notified() => {} // drops the future of the request
/// }
/// # }
/// ```
///
/// # Panics
///
/// All methods panic at an origin for which no site was added.
pub struct Browser {
    home: Url,
    sites: HashMap<String, Site>,
    worker: Option<ServiceWorker>,
    jar: Arc<Mutex<CookieJar>>,
    tab: Mutex<Tab>,
}

/// The state of a tab.
#[derive(Clone, Debug, Default)]
struct Tab {
    /// The current page.
    page: Option<Page>,
    /// The latest navigation: the one that led to the page, or a later one without a response.
    visit: Option<Visit>,
}

impl Browser {
    /// A browser for an application at an origin such as `https://app.example`, to which relative URLs
    /// refer. [Example](Self).
    ///
    /// The application is an axum `Router`, or any other service for requests with an axum body. Use
    /// `map_request` of tower's `ServiceExt` for another type of body.
    ///
    /// # Panics
    ///
    /// If `origin` is not a URL.
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
            tab: Mutex::default(),
        };
        browser.add_site(origin, app)
    }

    /// Adds another site.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use fake_didit::Browser;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let other = Router::new().route("/page", get(|| async { "other site" }));
    /// let browser = Browser::new("https://app.example", Router::new()).add_site("https://other.example", other);
    /// assert_eq!(browser.visit("https://other.example/page").await.text(), "other site");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If `origin` is not a URL.
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
        self.insert_site(origin, Site::new(service))
    }

    /// Adds the fake at the origin of its issuer and at `https://verify.didit.me`, where people are verified; the
    /// Sign in API also at `https://auth.didit.me` and `https://apx.didit.me`. [`sign_in_as`](Self::sign_in_as) has an example.
    ///
    /// # Panics
    ///
    /// If the issuer is not a URL.
    #[must_use]
    pub fn add_didit(self, didit: &FakeDidit) -> Self {
        let site = Site::of_bytes(didit.clone());
        didit.origins().iter().fold(self, |browser, origin| {
            browser.insert_site(origin, site.clone())
        })
    }

    /// Expires cookies by this clock. Default: cookies expire only when a server deletes them.
    ///
    /// ```
    /// use std::time::Duration;
    /// use axum::{Router, http::header::SET_COOKIE, routing::get};
    /// use fake_didit::{Browser, FakeClock};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let clock = FakeClock::new();
    /// let app = Router::new().route("/", get(|| async { [(SET_COOKIE, "seen=1; Max-Age=60")] }));
    /// let browser = Browser::new("https://app.example", app).with_clock(clock.clone());
    /// browser.visit("/").await;
    /// clock.advance(Duration::from_secs(60));
    /// assert!(browser.cookie("seen").is_none());
    /// # }
    /// ```
    #[must_use]
    pub fn with_clock(self, clock: FakeClock) -> Self {
        *self.jar() = CookieJar::new(Some(clock));
        self
    }

    /// Another browser for the same sites and clock, without cookies.
    ///
    /// ```
    /// use axum::Router;
    /// use fake_didit::Browser;
    ///
    /// let browser = Browser::new("https://app.example", Router::new());
    /// browser.set_cookie("theme", "dark");
    /// assert!(browser.new_browser().cookies().is_empty());
    /// ```
    #[must_use]
    pub fn new_browser(&self) -> Self {
        self.with_jar(Arc::new(Mutex::new(self.jar().emptied())))
    }

    /// Another tab, without a page. Tabs share their cookies: each sends those that the other receives.
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

    fn insert_site(mut self, origin: &str, site: Site) -> Self {
        let url = Url::parse(origin).unwrap_or_else(|_| panic!("not an origin: {origin:?}"));
        self.sites.insert(url.origin().ascii_serialization(), site);
        self
    }

    fn resolve(&self, url: &str) -> Url {
        self.home
            .join(url)
            .unwrap_or_else(|_| panic!("not a URL: {url:?}"))
    }

    /// The current page as the initiator of the next request.
    fn initiator(&self) -> Option<Initiator> {
        self.tab().page.as_ref().map(Initiator::from)
    }

    /// A browser for the same sites, without a page.
    fn with_jar(&self, jar: Arc<Mutex<CookieJar>>) -> Self {
        Self {
            home: self.home.clone(),
            sites: self.sites.clone(),
            worker: self.worker.clone(),
            jar,
            tab: Mutex::default(),
        }
    }

    fn jar(&self) -> MutexGuard<'_, CookieJar> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tab(&self) -> MutexGuard<'_, Tab> {
        self.tab.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Browser {
    fn clone(&self) -> Self {
        let jar = Arc::new(Mutex::new(self.jar().clone()));
        Self {
            tab: Mutex::new(self.tab().clone()),
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
