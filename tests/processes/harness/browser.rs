//! A browser without a window.

use std::collections::BTreeMap;

use reqwest::{
    Client, Method, StatusCode, Url,
    header::{ACCEPT, COOKIE, ORIGIN},
};
use serde_json::Value;

use super::answer::{Answer, client};

/// A cookie jar and no more. All programs are on one host, and cookies know no ports: as in a
/// browser, each gets all of them. A clone has a copy of it.
#[derive(Clone)]
pub(crate) struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn new() -> Self {
        Self {
            http: client(),
            cookies: BTreeMap::new(),
        }
    }

    pub(crate) async fn json(&mut self, url: &Url) -> Value {
        let answer = self.get(url, "application/json").await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    /// Opens a page and follows where it leads; gives every response on the way.
    pub(crate) async fn follow(&mut self, url: &Url) -> Vec<Answer> {
        let mut visits = vec![self.get(url, "text/html").await];
        while let Some(next) = visits.last().and_then(Answer::location) {
            assert!(visits.len() < 20, "redirected in circles, last to {next}");
            visits.push(self.get(&next, "text/html").await);
        }
        visits
    }

    pub(crate) async fn get(&mut self, url: &Url, accept: &str) -> Answer {
        self.request(Method::GET, url, accept).await
    }

    pub(crate) async fn post(&mut self, url: &Url) -> Answer {
        self.request(Method::POST, url, "text/html").await
    }

    async fn request(&mut self, method: Method, url: &Url, accept: &str) -> Answer {
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
        let answer = Answer::read(response).await;
        let answer = answer.expect("an answer has an end");
        for cookie in answer.set_cookies() {
            self.keep(cookie);
        }
        answer
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
