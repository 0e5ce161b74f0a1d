//! A browser without a window.

use std::collections::BTreeMap;

use reqwest::{
    Client, Method, StatusCode, Url,
    header::{ACCEPT, COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE},
    redirect,
};
use serde_json::Value;

/// A cookie jar and no more. All programs are on one host, and cookies know no ports: as in a
/// browser, each gets all of them. A clone has a copy of it.
#[derive(Clone)]
pub(crate) struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
}

/// One answer.
pub(crate) struct Visit {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a client for plain HTTP");
        let cookies = BTreeMap::new();
        Self { http, cookies }
    }

    pub(crate) async fn json(&mut self, url: &Url) -> Value {
        let visit = self.get(url, "application/json").await;
        assert_eq!(visit.status, StatusCode::OK, "{url}: {}", visit.body);
        visit.json()
    }

    /// Opens a page and follows where it leads; gives every answer on the way.
    pub(crate) async fn follow(&mut self, url: &Url) -> Vec<Visit> {
        let mut visits = vec![self.get(url, "text/html").await];
        while let Some(next) = visits.last().and_then(Visit::location) {
            assert!(visits.len() < 20, "redirected in circles, last to {next}");
            visits.push(self.get(&next, "text/html").await);
        }
        visits
    }

    pub(crate) async fn get(&mut self, url: &Url, accept: &str) -> Visit {
        self.request(Method::GET, url, accept).await
    }

    pub(crate) async fn post(&mut self, url: &Url) -> Visit {
        self.request(Method::POST, url, "text/html").await
    }

    async fn request(&mut self, method: Method, url: &Url, accept: &str) -> Visit {
        let mut request = self
            .http
            .request(method.clone(), url.clone())
            .header(ACCEPT, accept);
        if method == Method::POST {
            request = request.header(ORIGIN, url.origin().ascii_serialization());
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self
                .cookies
                .iter()
                .map(|(n, v)| format!("{n}={v}"))
                .collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        let response = request.send().await.expect("an answer comes");
        for cookie in response.headers().get_all(SET_COOKIE) {
            self.keep(cookie.to_str().expect("a cookie is ASCII"));
        }
        Visit {
            url: url.clone(),
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.expect("an answer has an end"),
        }
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').expect("a cookie has a name");
        let attributes = attributes.to_ascii_lowercase();
        if attributes.contains("max-age=0") || attributes.contains("expires=thu, 01 jan 1970") {
            self.cookies.remove(name.trim());
        } else {
            self.cookies
                .insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
}

impl Visit {
    /// Where it leads.
    pub(crate) fn location(&self) -> Option<Url> {
        self.headers.get(LOCATION).map(|location| {
            let location = location.to_str().expect("a location is ASCII");
            self.url.join(location).expect("a location is a URL")
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON was asked for")
    }
}
