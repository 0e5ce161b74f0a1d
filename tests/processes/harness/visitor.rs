//! Who asks the processes of the application.

use reqwest::{
    Client, Url,
    header::{ACCEPT, COOKIE},
};

use super::{
    answer::{Answer, client},
    member::Member,
};

/// Asks the processes. Cloning copies a pointer.
#[derive(Clone)]
pub(crate) struct Visitor {
    http: Client,
    origins: Vec<Url>,
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

    /// Sends an empty form as `member`.
    pub(crate) async fn post(&self, process: usize, path: &str, member: &Member) -> Answer {
        let url = self.origins[process].join(path);
        let request = self.http.post(url.expect("a path of the application"));
        let request = request.header(COOKIE, member.cookie());
        let response = request.send().await.expect("the process runs");
        Answer::read(response).await.expect("the process runs")
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
        Answer::read(response).await
    }
}

impl Default for Visitor {
    fn default() -> Self {
        Self {
            http: client(),
            origins: Vec::new(),
        }
    }
}
