//! Who asks the processes of the application.

use reqwest::{
    Client, StatusCode, Url,
    header::{ACCEPT, COOKIE, HeaderMap, LOCATION, RETRY_AFTER, SET_COOKIE},
    redirect,
};
use serde_json::Value;

use super::{member::Member, provider::Provider};

/// Asks the processes. Cloning copies a pointer.
#[derive(Clone)]
pub(crate) struct Visitor {
    http: Client,
    origins: Vec<Url>,
}

/// An answer of the application.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Visitor {
    /// Gets to know one more process.
    pub(crate) fn add(&mut self, origin: Url) {
        self.origins.push(origin);
    }

    /// Opens a page at one of the processes, with a cookie. `None`: the connection failed.
    pub(crate) async fn get(
        &self,
        process: usize,
        path: &str,
        cookie: Option<&str>,
    ) -> Option<Answer> {
        self.visit(process, path, cookie, "application/json").await
    }

    /// As a person does in a browser.
    pub(crate) async fn navigate(&self, process: usize, path: &str, member: &Member) -> Answer {
        let answer = self
            .visit(process, path, Some(member.cookie()), "text/html")
            .await;
        answer.expect("the process runs")
    }

    /// Opens a page as `member`.
    pub(crate) async fn ask(&self, process: usize, path: &str, member: &Member) -> Answer {
        let answer = self.get(process, path, Some(member.cookie())).await;
        answer.expect("the process runs")
    }

    /// Many requests at once, spread over some of the processes.
    pub(crate) async fn ask_all(
        &self,
        count: usize,
        processes: &[usize],
        member: &Member,
    ) -> Vec<Answer> {
        let all = (0..count).map(|index| {
            self.ask(
                processes[index % processes.len()],
                "/tokens/fingerprint",
                member,
            )
        });
        futures_util::future::join_all(all).await
    }

    async fn visit(
        &self,
        process: usize,
        path: &str,
        cookie: Option<&str>,
        accept: &str,
    ) -> Option<Answer> {
        let url = self.origins[process].join(path);
        let url = url.expect("a path of the application");
        let mut request = self.http.get(url).header(ACCEPT, accept);
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie);
        }
        let response = request.send().await.ok()?;
        Some(Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.ok()?,
        })
    }
}

impl Default for Visitor {
    fn default() -> Self {
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build();
        Self {
            http: http.expect("a client for plain HTTP"),
            origins: Vec::new(),
        }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        serde_json::from_str(&self.body).expect("JSON was asked for")
    }

    /// Asserts that it is good, and shows a token of `member`.
    #[track_caller]
    pub(crate) fn is_of(&self, member: &Member, provider: &Provider) {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        assert!(
            provider.has_given(&self.body, member.session()),
            "another's"
        );
    }

    pub(crate) fn says_try_again(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE && self.headers.contains_key(RETRY_AFTER)
    }

    /// Where it leads.
    pub(crate) fn location(&self) -> &str {
        let location = self.headers.get(LOCATION).expect("it leads somewhere");
        location.to_str().expect("a location is ASCII")
    }

    /// The cookie that it sets and whose name starts like this.
    pub(crate) fn cookie(&self, start: &str) -> String {
        let cookies = self.headers.get_all(SET_COOKIE).iter();
        let mut cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        let cookie = cookies.find(|cookie| cookie.starts_with(start));
        cookie
            .unwrap_or_else(|| panic!("no cookie {start}: {self:?}"))
            .to_owned()
    }
}
