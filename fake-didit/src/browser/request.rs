//! Requests that do not open a page.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use url::Url;

use crate::browser::{
    Browser,
    cookie_jar::SiteContext,
    initiator::Initiator,
    page::Page,
    visit::{Mode, Visit},
};

impl Browser {
    /// Sends the request of a script (`fetch` with credentials) on the current page, without following
    /// redirects. Without a current page, the script is on a page of the application.
    ///
    /// ```
    /// use axum::{Router, http::{HeaderMap, Method}, routing::post};
    /// use fake_didit::Browser;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mode = |headers: HeaderMap| async move { headers["sec-fetch-mode"].to_str().unwrap().to_owned() };
    /// let app = Router::new().route("/api", post(mode));
    /// let browser = Browser::new("https://app.example", app);
    /// assert_eq!(browser.fetch(Method::POST, "/api").await.text(), "cors");
    /// # }
    /// ```
    pub async fn fetch(&self, method: Method, url: &str) -> Page {
        let from = self
            .initiator()
            .unwrap_or_else(|| Initiator::at(self.home.clone()));
        let visit = Visit::new(method, self.resolve(url), Mode::Fetch, Some(from));
        let history = vec![visit.url.to_string()];
        let request = visit.request(None);
        self.exchange(visit.url.clone(), request, visit.context(), history)
            .await
    }

    /// Sends a request unmodified, except that it gets the cookies for its URL if it has no `Cookie` header.
    ///
    /// ```
    /// use axum::{Router, routing::put};
    /// use fake_didit::Browser;
    /// use http::Request;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let app = Router::new().route("/name", put(|name: String| async { name }));
    /// let browser = Browser::new("https://app.example", app);
    /// let request = Request::put("/name").body("Ada").unwrap();
    /// assert_eq!(browser.send(request).await.text(), "Ada");
    /// # }
    /// ```
    pub async fn send(&self, request: Request<impl Into<Bytes>>) -> Page {
        let url = self.resolve(&request.uri().to_string());
        let history = vec![url.to_string()];
        self.exchange(url, request.map(Into::into), SiteContext::SameSite, history)
            .await
    }

    pub(super) async fn exchange(
        &self,
        url: Url,
        mut request: Request<Bytes>,
        context: SiteContext,
        history: Vec<String>,
    ) -> Page {
        let origin = url.origin().ascii_serialization();
        let site = self.sites.get(&origin).unwrap_or_else(|| {
            panic!("no site was added for {origin}, the origin of {url}; history: {history:#?}")
        });
        if !request.headers().contains_key(header::COOKIE) {
            let cookies = self.jar().header(&url, context);
            if let Some(cookies) = cookies {
                let cookies = HeaderValue::from_maybe_shared(Bytes::from(cookies))
                    .expect("cookies without control characters");
                request.headers_mut().insert(header::COOKIE, cookies);
            }
        }
        let response = site.send(&url, request).await;
        self.jar().receive(&url, response.headers());
        Page::new(url, history, response)
    }
}
