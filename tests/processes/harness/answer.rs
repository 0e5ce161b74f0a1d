//! What a program answers over HTTP.

use reqwest::{
    Client, Response, StatusCode, Url,
    header::{HeaderMap, LOCATION, RETRY_AFTER, SET_COOKIE},
    redirect,
};
use serde_json::Value;

/// One answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// `None`: the connection failed.
    pub(crate) async fn read(response: Response) -> Option<Self> {
        Some(Self {
            url: response.url().clone(),
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.ok()?,
        })
    }

    /// Where it leads.
    pub(crate) fn location(&self) -> Option<Url> {
        self.headers.get(LOCATION).map(|location| {
            let location = location.to_str().expect("a location is ASCII");
            self.url.join(location).expect("a location is a URL")
        })
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let json = serde_json::from_str(&self.body);
        json.unwrap_or_else(|_| panic!("JSON was asked for: {self:?}"))
    }

    pub(crate) fn set_cookies(&self) -> impl Iterator<Item = &str> {
        let cookies = self.headers.get_all(SET_COOKIE).iter();
        cookies.map(|cookie| cookie.to_str().expect("a cookie is ASCII"))
    }

    /// The name and value of the cookie that it sets and whose name starts like this.
    #[track_caller]
    pub(crate) fn cookie(&self, start: &str) -> String {
        let mut pairs = self.set_cookies().filter_map(|line| line.split(';').next());
        let pair = pairs.find(|pair| pair.starts_with(start));
        pair.unwrap_or_else(|| panic!("no cookie {start}: {self:?}"))
            .to_owned()
    }

    pub(crate) fn says_try_again(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE && self.headers.contains_key(RETRY_AFTER)
    }
}

/// Asks over plain HTTP, and follows no redirect.
pub(crate) fn client() -> Client {
    let client = Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build();
    client.expect("a client for plain HTTP")
}
