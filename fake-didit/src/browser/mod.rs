//! A browser for tests.

mod cookie_jar;
mod html;
pub(crate) mod page;
pub(crate) mod rejected_cookie;
mod site;
pub(crate) mod stored_cookie;
mod visit;

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum_core::body::Body as RequestBody;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use http_body::Body;
use tower_service::Service;
use url::Url;

use crate::{
    browser::{
        cookie_jar::{Cause, CookieJar},
        page::Page,
        rejected_cookie::RejectedCookie,
        site::Site,
        stored_cookie::{StoredCookie, is_trustworthy},
        visit::{Mode, Visit},
    },
    clock::FakeClock,
    didit::FakeDidit,
    person::Person,
    provider::sign_in_page::{self, NoButton},
};

/// A browser with a cookie jar that visits Tower services, without a socket.
///
/// It remembers the page it is on, so that forms, links and scripts carry the `Sec-Fetch-Site` and
/// `Origin` headers and the `SameSite` cookies that a real browser would send from there. A clone has
/// a copy of the cookies; [`new_browser`](Self::new_browser) has none.
///
/// All its methods panic when they meet an origin that no site was added for.
pub struct Browser {
    home: Url,
    sites: HashMap<String, Site>,
    memory: Mutex<Memory>,
}

/// What changes while browsing.
#[derive(Clone, Debug, Default)]
struct Memory {
    jar: CookieJar,
    /// The page that the browser is on.
    page: Option<Page>,
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
        self.memory().jar = CookieJar::new(Some(clock));
        self
    }

    /// Another browser for the same sites, on the same clock, without cookies.
    #[must_use]
    pub fn new_browser(&self) -> Self {
        let memory = Memory {
            jar: self.memory().jar.emptied(),
            page: None,
        };
        Self {
            home: self.home.clone(),
            sites: self.sites.clone(),
            memory: Mutex::new(memory),
        }
    }

    /// Types a URL, and stays there: redirects are not followed.
    pub async fn get(&self, url: &str) -> Page {
        self.one(
            Visit::new(Method::GET, self.resolve(url), Mode::Navigate, None),
            Vec::new(),
        )
        .await
    }

    /// Types a URL and follows up to 20 redirects.
    ///
    /// # Panics
    ///
    /// When there are more.
    pub async fn visit(&self, url: &str) -> Page {
        self.all(Visit::new(
            Method::GET,
            self.resolve(url),
            Mode::Navigate,
            None,
        ))
        .await
    }

    /// Follows a link of the page that the browser is on, and redirects.
    ///
    /// # Panics
    ///
    /// When there are more than 20.
    pub async fn follow(&self, url: &str) -> Page {
        self.all(Visit::new(
            Method::GET,
            self.resolve(url),
            Mode::Navigate,
            self.page(),
        ))
        .await
    }

    /// Sends a form of the page that the browser is on, or of one of the same origin when it is on
    /// none. Redirects are not followed.
    pub async fn post_form(&self, url: &str, form: &[(&str, &str)]) -> Page {
        self.one(self.form(url, form), Vec::new()).await
    }

    /// Presses the button, or follows the link, with this `id` on a page, and follows redirects.
    ///
    /// # Panics
    ///
    /// When the page has no such thing.
    pub async fn click(&self, page: &Page, id: &str) -> Page {
        let visit = Visit::click(page, id).unwrap_or_else(|| {
            panic!(
                "nothing to click with the id {id:?} in the {} of {}",
                page.status(),
                page.url()
            )
        });
        self.all(visit).await
    }

    /// Presses the button of a person on the [`FakeDidit`]'s sign-in page, which the browser is on, and
    /// follows redirects. The button is found by the person's subject.
    ///
    /// ```
    /// use axum::{Router, extract::RawQuery, routing::get};
    /// use fake_didit::{Browser, FakeDidit, Person};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let ada = Person::new("u-1815").with_names("Ada", "Lovelace");
    /// let didit = FakeDidit::new("app", "secret")
    ///     .with_redirect_uri("https://app.example/callback")
    ///     .add_person(ada.clone());
    /// let app = Router::new()
    ///     .route("/callback", get(|RawQuery(query): RawQuery| async { query.unwrap_or_default() }));
    ///
    /// let browser = Browser::new("https://app.example", app).add_didit(&didit);
    /// browser
    ///     .visit("https://auth.didit.me/?client_id=app&response_type=code&scope=openid&state=s\
    ///             &redirect_uri=https://app.example/callback")
    ///     .await;
    /// let callback = browser.sign_in_as(&ada).await;
    /// assert!(callback.text().starts_with("code="));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When the browser is on another page, or that page does not list the person.
    pub async fn sign_in_as(&self, person: &Person) -> Page {
        let page = self.memory().page.clone();
        let page = page.unwrap_or_else(|| {
            panic!("the browser is on no page: visit one that leads to the sign-in page first")
        });
        let html = std::str::from_utf8(page.bytes()).unwrap_or_default();
        let (subject, status, url) = (person.subject(), page.status(), page.url());
        let id = sign_in_page::button(html, person).unwrap_or_else(|why| match why {
            NoButton::OtherPage => panic!(
                "the browser is not on the sign-in page but on the {status} of {url}: nobody can sign in there"
            ),
            NoButton::NotListed => panic!(
                "the sign-in page does not list {subject:?}: add the person with FakeDidit::add_person"
            ),
        });
        self.click(&page, &id).await
    }

    /// A script's request (`fetch` with credentials) from the page that the browser is on, or from one
    /// of the application when it is on none. Redirects are not followed.
    pub async fn fetch(&self, method: Method, url: &str) -> Page {
        let from = self.page().unwrap_or_else(|| self.home.clone());
        let visit = Visit::new(method, self.resolve(url), Mode::Fetch, Some(from));
        let history = vec![visit.url.to_string()];
        self.exchange(visit.url.clone(), visit.request(), visit.cause(), history)
            .await
    }

    /// Sends a request as it is, with the cookies for its URL unless it brings its own.
    pub async fn send(&self, request: Request<impl Into<Bytes>>) -> Page {
        let url = self.resolve(&request.uri().to_string());
        let history = vec![url.to_string()];
        self.exchange(url, request.map(Into::into), Cause::SameSite, history)
            .await
    }

    /// The cookies that have not expired, oldest first.
    pub fn cookies(&self) -> Vec<StoredCookie> {
        self.memory().jar.cookies()
    }

    /// A cookie that has not expired.
    pub fn cookie(&self, name: &str) -> Option<StoredCookie> {
        self.cookies()
            .into_iter()
            .find(|cookie| cookie.name() == name)
    }

    /// Plants a cookie for the application's host and all its paths, in place of one of that name.
    pub fn set_cookie(&self, name: &str, value: &str) {
        let host = self.home.host_str().unwrap_or_default();
        let cookie = StoredCookie::host_only(name, value, host).secure(is_trustworthy(&self.home));
        self.memory().jar.put(cookie);
    }

    /// Removes all cookies of this name.
    pub fn remove_cookie(&self, name: &str) {
        self.memory().jar.remove(name);
    }

    /// How long the `Cookie` header for a URL is, in bytes.
    pub fn cookie_header_len(&self, url: &str) -> usize {
        self.memory()
            .jar
            .header(&self.resolve(url), Cause::SameSite)
            .map_or(0, |header| header.len())
    }

    /// The `Set-Cookie` lines that were dropped, oldest first.
    pub fn rejected_cookies(&self) -> Vec<RejectedCookie> {
        self.memory().jar.rejected().to_vec()
    }

    fn with(mut self, origin: &str, site: Site) -> Self {
        let url = Url::parse(origin).unwrap_or_else(|_| panic!("not an origin: {origin:?}"));
        self.sites.insert(url.origin().ascii_serialization(), site);
        self
    }

    fn form(&self, url: &str, form: &[(&str, &str)]) -> Visit {
        let url = self.resolve(url);
        let from = self.page().unwrap_or_else(|| url.clone());
        Visit::new(Method::POST, url, Mode::Navigate, Some(from)).with_form(form)
    }

    /// Navigates, following redirects.
    async fn all(&self, mut visit: Visit) -> Page {
        let mut history = Vec::new();
        loop {
            let page = self.one(visit.clone(), history).await;
            let Some(to) = page.redirect() else {
                return page;
            };
            history = page.history().to_vec();
            assert!(
                history.len() <= MAX_REDIRECTS,
                "more than {MAX_REDIRECTS} redirects: {history:#?}"
            );
            visit = visit.redirected(page.status(), to);
        }
    }

    /// Navigates to one URL.
    async fn one(&self, visit: Visit, mut history: Vec<String>) -> Page {
        history.push(visit.url.to_string());
        let page = self
            .exchange(visit.url.clone(), visit.request(), visit.cause(), history)
            .await;
        if page.redirect().is_none() {
            self.memory().page = Some(page.clone());
        }
        page
    }

    async fn exchange(
        &self,
        url: Url,
        mut request: Request<Bytes>,
        cause: Cause,
        history: Vec<String>,
    ) -> Page {
        let origin = url.origin().ascii_serialization();
        let site = self.sites.get(&origin).unwrap_or_else(|| {
            panic!("the browser was sent to {url}, but no site was added for {origin}; the way there: {history:#?}")
        });
        if !request.headers().contains_key(header::COOKIE) {
            let cookies = self.memory().jar.header(&url, cause);
            if let Some(cookies) = cookies {
                let cookies = HeaderValue::from_maybe_shared(bytes::Bytes::from(cookies))
                    .expect("cookies without control characters");
                request.headers_mut().insert(header::COOKIE, cookies);
            }
        }
        let response = site.answer(&url, request).await;
        self.memory().jar.receive(&url, response.headers());
        Page::new(url, history, response)
    }

    fn resolve(&self, url: &str) -> Url {
        self.home
            .join(url)
            .unwrap_or_else(|_| panic!("not a URL: {url:?}"))
    }

    fn page(&self) -> Option<Url> {
        let memory = self.memory();
        memory.page.as_ref().map(|page| page.parsed_url().clone())
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Browser {
    fn clone(&self) -> Self {
        let memory = Mutex::new(self.memory().clone());
        Self {
            home: self.home.clone(),
            sites: self.sites.clone(),
            memory,
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

const MAX_REDIRECTS: usize = 20;
