//! A site of two processes that share a Redis, with refresh tokens that work once.

use std::collections::HashSet;

use axum::{Router, routing::get};
use http::{Method, StatusCode};
use tower_didit::{
    DiditTokens, IdClaims, ReturnTo,
    fake::{Browser, FakeDidit, FakeDiditExt, Page, Person, RecordedRequest},
    store::RedisStore,
};

use crate::{
    harness::{member::key, moment::eventually},
    support::{
        cookies::{self, copy_cookies},
        site::{CALLBACK, HOME, auth},
    },
};

/// Both processes, each with a connection of its own.
pub(crate) struct Site {
    pub(crate) didit: FakeDidit,
    processes: [Router; 2],
}

/// What became of a request during a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// 503 with `Retry-After`.
    TryAgain,
    /// 401.
    Nobody,
}

/// Somebody who is signed in, in a browser that both processes know.
pub(crate) struct User {
    person: Person,
    browsers: [Browser; 2],
}

impl Site {
    pub(crate) fn new(url: &str) -> Self {
        Self::with_store(|| RedisStore::new(url).expect("a good URL"))
    }

    pub(crate) fn with_store(store: impl Fn() -> RedisStore) -> Self {
        let didit = FakeDidit::authentication("app");
        let processes = [(); 2].map(|()| process(&didit, store()));
        Self { didit, processes }
    }

    /// Somebody who is not signed in, at the start of a sign-in.
    pub(crate) async fn newcomer(&self, person: Person) -> (User, String) {
        let browsers = self.processes.clone().map(|app| Browser::new(HOME, app));
        let started = browsers[0].get("/login").await;
        let back = self.didit.approve(started.location(), &person);
        (User { person, browsers }, back)
    }

    pub(crate) async fn signed_in(&self, person: Person) -> User {
        let (user, back) = self.newcomer(person).await;
        eventually("a sign-in", async || user.comes_back(&back).await.done()).await;
        user
    }

    pub(crate) fn assert_nothing_came_twice(&self) {
        for member in ["refresh_token", "code"] {
            assert_eq!(self.came_twice(member), [""; 0], "a {member} came twice");
        }
    }

    /// The refresh tokens or codes that the provider got more than once.
    pub(crate) fn came_twice(&self, member: &str) -> Vec<String> {
        let requests = self.didit.requests();
        let bodies = requests.iter().filter_map(RecordedRequest::json);
        let sent = bodies.filter_map(|body| Some(body.get(member)?.as_str()?.to_owned()));
        let mut seen = HashSet::new();
        sent.filter(|sent| !seen.insert(sent.clone())).collect()
    }
}

impl Outcome {
    pub(crate) fn done(self) -> Option<()> {
        (self == Self::Done).then_some(())
    }

    fn of(page: &Page) -> Self {
        if page.status() == StatusCode::SERVICE_UNAVAILABLE {
            assert!(page.header("retry-after").is_some(), "{}", page.text());
            return Self::TryAgain;
        }
        if page.status() == StatusCode::UNAUTHORIZED {
            return Self::Nobody;
        }
        assert!(
            page.status().as_u16() < 400,
            "{}: {}",
            page.status(),
            page.text()
        );
        Self::Done
    }
}

impl User {
    /// The name of the session in Redis.
    pub(crate) fn key(&self) -> String {
        key(&cookies::session(&self.browsers[0]))
    }

    /// Ends a sign-in.
    pub(crate) async fn comes_back(&self, back: &str) -> Outcome {
        let page = self.browsers[0].get(back).await;
        let outcome = Outcome::of(&page);
        if outcome == Outcome::Done {
            copy_cookies(&self.browsers[0], &self.browsers[1]);
        }
        outcome
    }

    /// Asks who this is, at one of the processes.
    pub(crate) async fn asks(&self, process: usize) -> Outcome {
        let page = self.browsers[process].fetch(Method::GET, "/").await;
        let outcome = Outcome::of(&page);
        if outcome == Outcome::Done {
            assert_eq!(page.text(), self.person.subject());
        }
        outcome
    }

    /// Asks both.
    pub(crate) async fn asks_everywhere(&self) -> Outcome {
        match (self.asks(0).await, self.asks(1).await) {
            (Outcome::Done, other) | (other, Outcome::Done) => other,
            (Outcome::Nobody, _) | (_, Outcome::Nobody) => Outcome::Nobody,
            (Outcome::TryAgain, Outcome::TryAgain) => Outcome::TryAgain,
        }
    }

    /// Asks for tokens, which were refreshed since `old` was asked for.
    pub(crate) async fn refreshes(&self, old: &str) -> Outcome {
        let page = self.browsers[1].fetch(Method::GET, "/tokens").await;
        let outcome = Outcome::of(&page);
        assert!(page.text() != old, "the tokens have expired");
        outcome
    }

    pub(crate) async fn token(&self) -> String {
        let page = self.browsers[0].fetch(Method::GET, "/tokens").await;
        assert_eq!(page.status(), StatusCode::OK, "{}", page.text());
        page.text().to_owned()
    }

    pub(crate) async fn signs_out(&self) -> Outcome {
        let page = self.browsers[0].post_form("/logout", &[]).await;
        Outcome::of(&page)
    }

    /// Whether a copy of the cookie signs nobody in, at the process that knows of no sign-out.
    pub(crate) async fn is_signed_out(&self) -> Outcome {
        match self.asks(1).await {
            Outcome::Nobody => Outcome::Done,
            Outcome::Done | Outcome::TryAgain => Outcome::TryAgain,
        }
    }

    /// The refresh token, if a process gives it.
    pub(crate) async fn refresh_token(&self, process: usize) -> Option<String> {
        let page = self.browsers[process]
            .fetch(Method::GET, "/refresh-token")
            .await;
        (page.status() == StatusCode::OK).then(|| page.text().to_owned())
    }
}

fn process(didit: &FakeDidit, store: RedisStore) -> Router {
    let config = didit
        .config(CALLBACK)
        .with_cookie_keys([[7; 32]])
        .with_scopes(["openid", "offline_access"])
        .with_session_store(store);
    let user = |user: IdClaims| async move { user.subject().to_owned() };
    let tokens = |tokens: DiditTokens| async move { tokens.access_token().secret().to_owned() };
    let refresh_token = |tokens: DiditTokens| async move {
        let token = tokens
            .refresh_token()
            .map(|token| token.secret().to_owned());
        token.unwrap_or_default()
    };
    Router::new()
        .route("/", get(user))
        .route("/refresh-token", get(refresh_token))
        .route("/tokens", get(tokens))
        .route(
            "/callback",
            get(|_: IdClaims, back: ReturnTo| async { back }),
        )
        .layer(auth(config))
}
