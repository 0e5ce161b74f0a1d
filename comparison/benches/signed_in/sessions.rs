//! Applications, and the cookies of those who are signed in there.

use std::time::SystemTime;

use axum::{Router, extract::FromRef, routing::get};
use axum_extra::extract::{PrivateCookieJar, cookie};
use http::{HeaderValue, Request, header};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tower::ServiceExt;
use tower_didit::{
    ConfigBuilder, DiditAuth, DiditTokens, IdClaims,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
    store::{MemoryStore, RedisStore},
};
use tower_sessions::{Session, SessionManagerLayer};

pub(crate) struct Signed {
    pub(crate) app: Router,
    pub(crate) cookies: Vec<HeaderValue>,
}

/// More than the layer remembers.
pub(crate) const MANY: usize = 8_192;

pub(crate) fn in_cookies(runtime: &Runtime, count: usize) -> Signed {
    didit(runtime, count, |config| config)
}

pub(crate) fn in_memory(runtime: &Runtime) -> Signed {
    didit(runtime, 1, |config| {
        config.with_session_store(MemoryStore::new())
    })
}

pub(crate) fn in_redis(runtime: &Runtime, url: &str) -> Signed {
    let store = RedisStore::new(url).expect("the URL of a Redis");
    didit(runtime, 1, |config| config.with_session_store(store))
}

fn didit(
    runtime: &Runtime,
    count: usize,
    settings: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
) -> Signed {
    let didit = FakeDidit::new("client-id", "client-secret").with_system_clock();
    // Its access tokens are short: what they lack of 1 KB is among the claims.
    let claims = Fault::edit_id_token(|_, claims| {
        claims.insert("more".to_owned(), "c".repeat(500).into());
    });
    didit.on_every(Endpoint::Token, claims);
    let config = didit
        .config("https://app.example/callback")
        .with_clock(System)
        .with_scopes(["openid", "email", "names"]);
    let config = settings(config).build().expect("a good configuration");
    let app = Router::new()
        .route(
            "/",
            get(|user: IdClaims, tokens: DiditTokens| async move {
                let length = user.subject().len() + tokens.access_token().secret().len();
                length.to_string()
            }),
        )
        .route("/callback", get(|_: DiditTokens| async {}))
        .layer(DiditAuth::new(config));
    let cookies = (0..count).map(|_| {
        let browser = Browser::new("https://app.example", app.clone());
        runtime.block_on(async {
            let login = browser.get("/login").await;
            let callback = didit.approve(login.location(), &Person::alejandra());
            assert!(browser.get(&callback).await.status().is_success());
        });
        let cookie = browser.cookie("__Host-didit").expect("signed in");
        HeaderValue::try_from(format!("__Host-didit={}", cookie.value())).expect("ASCII")
    });
    let cookies = cookies.collect();
    Signed { app, cookies }
}

/// What the applications put together themselves keep: as much as `DiditTokens` and `IdClaims` are.
#[derive(Serialize, Deserialize)]
struct User {
    subject: String,
    access_token: String,
    claims: String,
    expires_at: u64,
}

impl User {
    fn someone() -> Self {
        Self {
            subject: "8a1d4f0e-52c7-4c0b-9d3f-0b6a1e77c001".to_owned(),
            access_token: "a".repeat(400),
            claims: "c".repeat(400),
            expires_at: 4_102_444_800,
        }
    }

    fn length(&self) -> String {
        (self.subject.len() + self.access_token.len()).to_string()
    }
}

#[derive(Clone)]
struct Keys(cookie::Key);

impl FromRef<Keys> for cookie::Key {
    fn from_ref(keys: &Keys) -> Self {
        keys.0.clone()
    }
}

pub(crate) fn private_cookie_jar(runtime: &Runtime) -> Signed {
    let read = |jar: PrivateCookieJar| async move {
        let cookie = jar.get("user").expect("signed in");
        let user: User = serde_json::from_str(cookie.value()).expect("a user");
        user.length()
    };
    let sign_in = |jar: PrivateCookieJar| async move {
        let user = serde_json::to_string(&User::someone()).expect("JSON");
        jar.add(cookie::Cookie::new("user", user))
    };
    let app = Router::new()
        .route("/", get(read))
        .route("/login", get(sign_in))
        .with_state(Keys(cookie::Key::generate()));
    let cookies = vec![cookie_of_login(runtime, &app)];
    Signed { app, cookies }
}

pub(crate) fn tower_sessions(runtime: &Runtime) -> Signed {
    let read = |session: Session| async move {
        let user: Option<User> = session.get("user").await.expect("the store answers");
        user.expect("signed in").length()
    };
    let sign_in = |session: Session| async move {
        let inserted = session.insert("user", User::someone()).await;
        inserted.expect("the store answers");
    };
    let app = Router::new()
        .route("/", get(read))
        .route("/login", get(sign_in))
        .layer(SessionManagerLayer::new(
            tower_sessions::MemoryStore::default(),
        ));
    let cookies = vec![cookie_of_login(runtime, &app)];
    Signed { app, cookies }
}

fn cookie_of_login(runtime: &Runtime, app: &Router) -> HeaderValue {
    let request = Request::get("/login").body(axum::body::Body::empty());
    let answer = app.clone().oneshot(request.expect("a good request"));
    let answer = runtime.block_on(answer).expect("infallible");
    let line = answer.headers()[header::SET_COOKIE]
        .to_str()
        .expect("ASCII");
    let pair = line.split_once(';').map_or(line, |(pair, _)| pair);
    HeaderValue::from_str(pair).expect("ASCII")
}

/// The time of the machine.
#[derive(Debug)]
struct System;

impl Clock for System {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
