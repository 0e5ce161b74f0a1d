//! Navigation from page to page.

use http::Method;

use crate::browser::{
    Browser, Tab,
    html::Document,
    initiator::Initiator,
    page::Page,
    visit::{Mode, Visit},
};

impl Browser {
    /// Opens a typed URL without following redirects.
    ///
    /// ```
    /// use axum::{Router, response::Redirect, routing::get};
    /// use fake_didit::Browser;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let app = Router::new()
    ///     .route("/", get(|| async { Redirect::to("/home") }))
    ///     .route("/home", get(|| async { "home" }));
    /// let browser = Browser::new("https://app.example", app);
    /// assert_eq!(browser.get("/").await.location(), "/home");
    /// assert_eq!(browser.visit("/").await.url(), "https://app.example/home");
    /// # }
    /// ```
    pub async fn get(&self, url: &str) -> Page {
        self.load(
            Visit::new(Method::GET, self.resolve(url), Mode::Navigate, None),
            Vec::new(),
        )
        .await
    }

    /// Opens a typed URL and follows redirects, `<meta http-equiv="refresh" content="0;url=…">` included. See the
    /// example of [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// After 20 redirects.
    pub async fn visit(&self, url: &str) -> Page {
        self.navigate(Visit::new(
            Method::GET,
            self.resolve(url),
            Mode::Navigate,
            None,
        ))
        .await
    }

    /// Repeats the latest navigation of this tab, whether it led to the current page or lost its connection.
    /// Follows redirects. As in a real browser, a form is sent again, and redirects that led to the page are
    /// not.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use fake_didit::Browser;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let app = Router::new().route("/", get(|| async { "home" }));
    /// let browser = Browser::new("https://app.example", app);
    /// browser.visit("/").await;
    /// assert_eq!(browser.reload().await.text(), "home");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the tab has not navigated, or after 20 redirects.
    pub async fn reload(&self) -> Page {
        let visit = self.tab().visit.clone();
        let visit = visit.expect("reload needs an earlier navigation in this tab");
        self.navigate(visit.reloaded()).await
    }

    /// Opens a URL as a link of the current page does, and follows redirects. [`click`](Self::click) follows
    /// a link that exists on the page.
    ///
    /// ```
    /// use axum::{Router, http::HeaderMap, routing::get};
    /// use fake_didit::Browser;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let referer = |headers: HeaderMap| async move { headers["referer"].to_str().unwrap().to_owned() };
    /// let app = Router::new().route("/", get(|| async { "home" })).route("/next", get(referer));
    /// let browser = Browser::new("https://app.example", app);
    /// browser.visit("/").await;
    /// assert_eq!(browser.follow("/next").await.text(), "https://app.example/");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// After 20 redirects.
    pub async fn follow(&self, url: &str) -> Page {
        self.navigate(Visit::new(
            Method::GET,
            self.resolve(url),
            Mode::Navigate,
            self.initiator(),
        ))
        .await
    }

    /// Posts a form as the current page does, without following redirects. Without a current page, the
    /// initiator is a page of the same origin. [`click_with`](Self::click_with) sends a form that exists on
    /// the page.
    ///
    /// ```
    /// use axum::{Router, routing::post};
    /// use fake_didit::Browser;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let app = Router::new().route("/search", post(|form: String| async { form }));
    /// let browser = Browser::new("https://app.example", app);
    /// let page = browser.post_form("/search", &[("word", "tower didit")]).await;
    /// assert_eq!(page.text(), "word=tower+didit");
    /// # }
    /// ```
    pub async fn post_form(&self, url: &str, form: &[(&str, &str)]) -> Page {
        self.load(self.form(url, form), Vec::new()).await
    }

    /// Clicks the button or link with this `id` on a page, and follows redirects. The [crate](crate#example)
    /// has an example.
    ///
    /// The page is parsed according to the HTML standard, with scripting disabled. A form sends its initial
    /// values; [`click_with`](Self::click_with) changes them.
    ///
    /// # Panics
    ///
    /// If the click sends no request, or one that is not supported: an `id` that is missing or repeated, an
    /// element that is disabled or neither link nor button, an empty required field, a URL that is neither
    /// http nor https, a `target` in another window, an `enctype` other than
    /// `application/x-www-form-urlencoded`. The message gives the reason. Also after 20 redirects.
    pub async fn click(&self, page: &Page, id: &str) -> Page {
        self.click_with(page, id, &[]).await
    }

    /// Sets fields by name, and then clicks as [`click`](Self::click) does. The value of a check box, a
    /// radio button or an option selects it.
    ///
    /// ```
    /// use axum::{Router, response::Html, routing::get};
    /// use fake_didit::Browser;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// const FORM: &str = "<form action=/search><input name=word required><button id=go>Go</button></form>";
    /// let app = Router::new()
    ///     .route("/", get(|| async { Html(FORM) }))
    ///     .route("/search", get(|| async { "found" }));
    /// let browser = Browser::new("https://app.example", app);
    /// let page = browser.visit("/").await;
    /// let found = browser.click_with(&page, "go", &[("word", "tower")]).await;
    /// assert_eq!(found.url(), "https://app.example/search?word=tower");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`click`](Self::click), and if the form has no such field, or a person cannot change it.
    pub async fn click_with(&self, page: &Page, id: &str, fields: &[(&str, &str)]) -> Page {
        let click = page
            .html()
            .ok_or_else(|| "the page is not UTF-8".to_owned())
            .and_then(|html| Document::parse(html).click(page.parsed_url(), id, fields))
            .unwrap_or_else(|reason| {
                let (status, url) = (page.status(), page.url());
                panic!("cannot click {id:?} in the {status} of {url}: {reason}")
            });
        self.navigate(Visit::click(click, Initiator::from(page)))
            .await
    }

    fn form(&self, url: &str, form: &[(&str, &str)]) -> Visit {
        let url = self.resolve(url);
        let from = self
            .initiator()
            .unwrap_or_else(|| Initiator::at(url.clone()));
        Visit::new(Method::POST, url, Mode::Navigate, Some(from)).with_form(form)
    }

    /// Loads a page, and follows redirects, those in a `<meta>` element included.
    async fn navigate(&self, mut visit: Visit) -> Page {
        let mut history = Vec::new();
        loop {
            let page = self.load(visit.clone(), history).await;
            visit = if let Some(to) = page.redirect() {
                visit.redirected(&page, to)
            } else if let Some(to) = page.refresh() {
                Visit::new(
                    Method::GET,
                    to,
                    Mode::Navigate,
                    Some(Initiator::from(&page)),
                )
            } else {
                return page;
            };
            history = page.history().to_vec();
            assert!(
                history.len() <= MAX_REDIRECTS,
                "more than {MAX_REDIRECTS} redirects: {history:#?}"
            );
        }
    }

    /// Loads the page of one URL.
    async fn load(&self, visit: Visit, mut history: Vec<String>) -> Page {
        history.push(visit.url.to_string());
        self.tab().visit = Some(visit.clone());
        let request = visit.request(self.worker.as_ref());
        let page = self
            .exchange(visit.url.clone(), request, visit.context(), history)
            .await;
        if page.redirect().is_none() {
            *self.tab() = Tab {
                page: Some(page.clone()),
                visit: Some(visit),
            };
        }
        page
    }
}

const MAX_REDIRECTS: usize = 20;
