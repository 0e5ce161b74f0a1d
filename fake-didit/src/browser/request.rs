//! Requests that do not open a page.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use serde_json::Value;
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
        self.fetch_visit(self.script(method, url), None).await
    }

    /// Sends the request of a script with a JSON body, as [`fetch`](Self::fetch) does without one.
    ///
    /// ```
    /// use axum::{Json, Router, http::Method, routing::put};
    /// use fake_didit::Browser;
    /// use serde_json::{Value, json};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let app = Router::new().route("/name", put(|Json(name): Json<Value>| async { Json(name) }));
    /// let browser = Browser::new("https://app.example", app);
    /// let page = browser.fetch_json(Method::PUT, "/name", &json!({ "first": "Ada" })).await;
    /// assert_eq!(page.json()["first"], "Ada");
    /// # }
    /// ```
    pub async fn fetch_json(&self, method: Method, url: &str, body: &Value) -> Page {
        let mut visit = self.script(method, url);
        visit.body = Some(body.to_string().into());
        let json = HeaderValue::from_static("application/json");
        self.fetch_visit(visit, Some(json)).await
    }

    fn script(&self, method: Method, url: &str) -> Visit {
        let from = self
            .initiator()
            .unwrap_or_else(|| Initiator::at(self.home.clone()));
        Visit::new(method, self.resolve(url), Mode::Fetch, Some(from))
    }

    async fn fetch_visit(&self, visit: Visit, content_type: Option<HeaderValue>) -> Page {
        let history = vec![visit.url.to_string()];
        let mut request = visit.request(None);
        if let Some(content_type) = content_type {
            let headers = request.headers_mut();
            headers.insert(header::CONTENT_TYPE, content_type);
        }
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
