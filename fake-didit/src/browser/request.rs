//! Single requests of a browser, for which no page is opened.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use url::Url;

use crate::browser::{
    Browser,
    cookie_jar::Cause,
    initiator::Initiator,
    page::Page,
    visit::{Mode, Visit},
};

impl Browser {
    /// A script's request (`fetch` with credentials) from the page that the browser is on, or from one
    /// of the application when it is on none. Redirects are not followed.
    pub async fn fetch(&self, method: Method, url: &str) -> Page {
        let from = self
            .initiator()
            .unwrap_or_else(|| Initiator::at(self.home.clone()));
        let visit = Visit::new(method, self.resolve(url), Mode::Fetch, Some(from));
        let history = vec![visit.url.to_string()];
        let request = visit.request(None);
        self.exchange(visit.url.clone(), request, visit.cause(), history)
            .await
    }

    /// Sends a request as it is, with the cookies for its URL unless it brings its own.
    pub async fn send(&self, request: Request<impl Into<Bytes>>) -> Page {
        let url = self.resolve(&request.uri().to_string());
        let history = vec![url.to_string()];
        self.exchange(url, request.map(Into::into), Cause::SameSite, history)
            .await
    }

    pub(super) async fn exchange(
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
            let cookies = self.jar().header(&url, cause);
            if let Some(cookies) = cookies {
                let cookies = HeaderValue::from_maybe_shared(Bytes::from(cookies))
                    .expect("cookies without control characters");
                request.headers_mut().insert(header::COOKIE, cookies);
            }
        }
        let response = site.answer(&url, request).await;
        self.jar().receive(&url, response.headers());
        Page::new(url, history, response)
    }
}
