//! Callbacks that are repeated or whose browser disconnects: one token request, one session.

mod connections;
mod endings;
mod without_a_flow;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use tokio::sync::Semaphore;
use tower_didit::{
    ConfigBuilder, DiditAuth, DiditTokens, IdClaims,
    fake::{Browser, FakeDidit, FakeDiditExt, Person},
};

use crate::support::{
    sign_in::approved,
    site::{CALLBACK, HOME, NOBODY, auth, didit},
};

/// An application whose callback handler can be blocked, and counts its runs.
struct Site {
    didit: FakeDidit,
    auth: DiditAuth,
    browser: Browser,
    handler: Handler,
}

#[derive(Clone)]
struct Handler {
    runs: Arc<AtomicUsize>,
    /// The number of runs that may end.
    ends: Arc<Semaphore>,
    status: StatusCode,
}

impl Site {
    fn new() -> Self {
        Self::with(didit(), StatusCode::OK, |config| config)
    }

    fn with(
        didit: FakeDidit,
        status: StatusCode,
        configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        let config = didit.config(CALLBACK).with_landing_page("/home");
        let auth = auth(configure(config.with_scopes(["openid", "offline"])));
        let handler = Handler {
            runs: Arc::default(),
            ends: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            status,
        };
        let who = |user: Option<IdClaims>| async move {
            user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
        };
        let app = Router::new()
            .route("/user", get(who))
            .route("/callback", get(callback))
            .with_state(handler.clone())
            .layer(auth.clone());
        Self {
            browser: Browser::new(HOME, app),
            didit,
            auth,
            handler,
        }
    }

    /// The callback of a sign-in that Alejandra has approved.
    async fn approved(&self) -> String {
        approved("/login?return_to=/orders", &self.browser, &self.didit).await
    }

    async fn user(&self) -> String {
        self.browser.get("/user").await.text().to_owned()
    }

    async fn assert_signed_in(&self) {
        assert_eq!(self.user().await, Person::alejandra().subject());
    }

    fn runs(&self) -> usize {
        self.handler.runs.load(Ordering::SeqCst)
    }

    /// Blocks the handler until [`go_on`](Self::go_on).
    fn hold_up(&self) {
        self.handler.ends.forget_permits(Semaphore::MAX_PERMITS);
    }

    fn go_on(&self) {
        self.handler.ends.add_permits(1_000);
    }
}

async fn callback(State(handler): State<Handler>, _: DiditTokens) -> (StatusCode, &'static str) {
    handler.runs.fetch_add(1, Ordering::SeqCst);
    let _end = handler.ends.acquire().await.expect("it is open");
    (handler.status, "signed in")
}

fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}
