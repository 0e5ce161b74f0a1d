//! How a browser goes from page to page.

use http::Method;

use crate::browser::{
    Browser, Memory,
    html::Document,
    initiator::Initiator,
    page::Page,
    visit::{Mode, Visit},
};

impl Browser {
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

    /// Sends the tab's last navigation again, and follows redirects: the one that led to the page it is
    /// on, or that lost its connection after that. As in a browser, a form is sent again, and redirects
    /// on the way to the page are not repeated.
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
    /// When the tab has navigated nowhere yet, or there are more than 20 redirects.
    pub async fn reload(&self) -> Page {
        let visit = self.memory().visit.clone();
        let visit = visit.expect("reload needs a navigation that came before it in this tab");
        self.all(visit.reloaded()).await
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
            self.initiator(),
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
    /// The page is read as the HTML standard says, with scripts switched off. A form sends the fields
    /// that it has when the page is opened; [`click_with`](Self::click_with) fills some in.
    ///
    /// # Panics
    ///
    /// With the reason, when a click sends no request, or one that this browser cannot send: an `id`
    /// that is missing or there twice, an element that is disabled or neither link nor button, a
    /// required field that is empty, a URL that is neither http nor https, a `target` in another
    /// window, an `enctype` other than `application/x-www-form-urlencoded`. When there are more than
    /// 20 redirects.
    pub async fn click(&self, page: &Page, id: &str) -> Page {
        self.click_with(page, id, &[]).await
    }

    /// Fills in fields by their names, and then clicks as [`click`](Self::click) does. The value of a
    /// check box, a radio button or an option selects it.
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
    /// As [`click`](Self::click) does, and when the form of the button has no such field, or one that a
    /// person cannot change.
    pub async fn click_with(&self, page: &Page, id: &str, fields: &[(&str, &str)]) -> Page {
        let click = page
            .html()
            .ok_or_else(|| "the page is not UTF-8".to_owned())
            .and_then(|html| Document::parse(html).click(page.parsed_url(), id, fields))
            .unwrap_or_else(|reason| {
                let (status, url) = (page.status(), page.url());
                panic!("cannot click {id:?} in the {status} of {url}: {reason}")
            });
        self.all(Visit::click(click, Initiator::from(page))).await
    }

    fn form(&self, url: &str, form: &[(&str, &str)]) -> Visit {
        let url = self.resolve(url);
        let from = self
            .initiator()
            .unwrap_or_else(|| Initiator::at(url.clone()));
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
            visit = visit.redirected(&page, to);
        }
    }

    /// Navigates to one URL.
    async fn one(&self, visit: Visit, mut history: Vec<String>) -> Page {
        history.push(visit.url.to_string());
        self.memory().visit = Some(visit.clone());
        let request = visit.request(self.worker.as_ref());
        let page = self
            .exchange(visit.url.clone(), request, visit.cause(), history)
            .await;
        if page.redirect().is_none() {
            *self.memory() = Memory {
                page: Some(page.clone()),
                visit: Some(visit),
            };
        }
        page
    }
}

const MAX_REDIRECTS: usize = 20;
