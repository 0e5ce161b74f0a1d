//! Applications with the same routes, and the cookies of users who are signed in there.
//!
//! `/` asks for nothing. `/user` asks who is signed in. `/session` asks for the access token too. All answer
//! the same text.

use std::{
    collections::HashMap, convert::Infallible, hint::black_box, sync::Arc, time::SystemTime,
};

use axum::{Router, body::Body, extract::FromRef, routing::get};
use axum_extra::extract::{PrivateCookieJar, cookie};
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend};
use http::{HeaderValue, Request, header};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tower::ServiceExt;
use tower_didit::{
    AccessClaims, Config, ConfigBuilder, DiditAuth, DiditBearer, DiditTokens, IdClaims, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
    store::{MemoryStore, RedisStore},
};
use tower_sessions::{Session, SessionManagerLayer};

use crate::floor::FloorLayer;

pub struct Application {
    pub router: Router,
    /// The `Cookie` header of each user.
    pub cookies: Vec<HeaderValue>,
}

/// More than the layer remembers.
pub const MANY: usize = 8_192;

async fn hello() -> &'static str {
    "hello"
}

/// No session at all.
pub fn bare() -> Router {
    Router::new()
        .route("/", get(hello))
        .route("/user", get(hello))
        .route("/session", get(hello))
}

/// The floor of a layer with sessions.
pub fn floor() -> Router {
    bare().layer(FloorLayer)
}

/// Sessions in cookies.
pub fn tower_didit(runtime: &Runtime, users: usize) -> Application {
    didit(runtime, users, |config| config)
}

/// An API whose requests carry an access token.
pub fn tower_didit_bearer() -> Router {
    let didit = access_tokens();
    let config = Config::api(didit.client_id())
        .with_provider(Provider::authentication(didit.issuer()))
        .with_transport(didit);
    let user = |access: AccessClaims| async move {
        black_box(access.subject().len());
        hello().await
    };
    Router::new()
        .route("/user", get(user))
        .layer(DiditBearer::new(config).expect("a good configuration"))
}

/// An access token that the API accepts, for 5 minutes.
pub fn access_token() -> String {
    let issued = access_tokens().issue_tokens(&Person::alejandra(), ["openid"]);
    issued.access_token().to_owned()
}

/// All of these sign with the same keys.
fn access_tokens() -> FakeDidit {
    FakeDidit::authentication("client-id").with_system_clock()
}

pub fn tower_didit_memory(runtime: &Runtime) -> Application {
    didit(runtime, 1, |config| {
        config.with_session_store(MemoryStore::new())
    })
}

pub fn tower_didit_redis(runtime: &Runtime, url: &str) -> Application {
    let store = RedisStore::new(url).expect("the URL of a Redis");
    didit(runtime, 1, |config| config.with_session_store(store))
}

fn didit(
    runtime: &Runtime,
    users: usize,
    settings: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
) -> Application {
    let didit = FakeDidit::new("client-id", "client-secret").with_system_clock();
    // The fake's access tokens are short: the claims make up for it, so that a session has 1 KB.
    let claims = Fault::edit_id_token(|_, claims| {
        claims.insert("more".to_owned(), "c".repeat(500).into());
    });
    didit.on_every(Endpoint::Token, claims);
    let config = didit
        .config("https://app.example/callback")
        .with_clock(SystemTime::now)
        .with_scopes(["openid", "email", "names"]);
    let config = settings(config).build().expect("a good configuration");
    let user = |user: IdClaims| async move {
        black_box(user.subject().len());
        hello().await
    };
    let session = |user: IdClaims, tokens: DiditTokens| async move {
        black_box(user.subject().len() + tokens.access_token().secret().len());
        hello().await
    };
    let router = Router::new()
        .route("/", get(hello))
        .route("/user", get(user))
        .route("/session", get(session))
        .route("/callback", get(|_: DiditTokens| async {}))
        .layer(DiditAuth::new(config));
    let cookies = (0..users).map(|_| {
        let browser = Browser::new("https://app.example", router.clone());
        runtime.block_on(async {
            let login = browser.get("/login").await;
            let callback = didit.approve(login.location(), &Person::alejandra());
            assert!(browser.get(&callback).await.status().is_success());
        });
        let cookie = browser.cookie("__Host-didit").expect("signed in");
        HeaderValue::try_from(format!("__Host-didit={}", cookie.value())).expect("ASCII")
    });
    let cookies = cookies.collect();
    Application { router, cookies }
}

/// The session of the other crates: as much as `DiditTokens` and `IdClaims` are.
#[derive(Clone, Debug, Serialize, Deserialize)]
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

    fn read(&self) -> &'static str {
        black_box(self.subject.len() + self.access_token.len());
        "hello"
    }
}

pub fn private_cookie_jar(runtime: &Runtime) -> Application {
    let read = async |jar: PrivateCookieJar| {
        let cookie = jar.get("user").expect("signed in");
        let user: User = serde_json::from_str(cookie.value()).expect("a user");
        user.read()
    };
    let sign_in = async |jar: PrivateCookieJar| {
        let user = serde_json::to_string(&User::someone()).expect("JSON");
        jar.add(cookie::Cookie::new("user", user))
    };
    let router = Router::new()
        .route("/", get(hello))
        .route("/user", get(read))
        .route("/session", get(read))
        .route("/login", get(sign_in))
        .with_state(Keys(cookie::Key::generate()));
    signed_in(runtime, router)
}

#[derive(Clone)]
struct Keys(cookie::Key);

impl FromRef<Keys> for cookie::Key {
    fn from_ref(keys: &Keys) -> Self {
        keys.0.clone()
    }
}

/// Sessions in memory.
pub fn tower_sessions(runtime: &Runtime) -> Application {
    let read = async |session: Session| {
        let user: Option<User> = session.get("user").await.expect("the store answers");
        user.expect("signed in").read()
    };
    let sign_in = async |session: Session| {
        let inserted = session.insert("user", User::someone()).await;
        inserted.expect("the store answers");
    };
    let store = tower_sessions::MemoryStore::default();
    let router = Router::new()
        .route("/", get(hello))
        .route("/user", get(read))
        .route("/session", get(read))
        .route("/login", get(sign_in))
        .layer(SessionManagerLayer::new(store));
    signed_in(runtime, router)
}

/// Sessions in memory, and users too.
pub fn axum_login(runtime: &Runtime) -> Application {
    let read = async |session: AuthSession<Users>| session.user.expect("signed in").read();
    let sign_in = async |mut session: AuthSession<Users>| {
        let signed_in = session.login(&User::someone()).await;
        signed_in.expect("the store answers");
    };
    let user = User::someone();
    let users = Users(Arc::new(HashMap::from([(user.subject.clone(), user)])));
    let store = tower_sessions_0_14::MemoryStore::default();
    let sessions = tower_sessions_0_14::SessionManagerLayer::new(store);
    let router = Router::new()
        .route("/", get(hello))
        .route("/user", get(read))
        .route("/session", get(read))
        .route("/login", get(sign_in))
        .layer(AuthManagerLayerBuilder::new(users, sessions).build());
    signed_in(runtime, router)
}

#[derive(Clone)]
struct Users(Arc<HashMap<String, User>>);

impl AuthUser for User {
    type Id = String;

    fn id(&self) -> String {
        self.subject.clone()
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.subject.as_bytes()
    }
}

impl AuthnBackend for Users {
    type User = User;
    type Credentials = ();
    type Error = Infallible;

    async fn authenticate(&self, (): ()) -> Result<Option<User>, Infallible> {
        Ok(None)
    }

    async fn get_user(&self, id: &String) -> Result<Option<User>, Infallible> {
        Ok(self.0.get(id).cloned())
    }
}

/// Takes the cookie that `/login` sets.
fn signed_in(runtime: &Runtime, router: Router) -> Application {
    let request = Request::get("/login").body(Body::empty());
    let answer = router.clone().oneshot(request.expect("a good request"));
    let answer = runtime.block_on(answer).expect("infallible");
    let line = answer.headers()[header::SET_COOKIE].as_bytes();
    let pair = line.split(|byte| *byte == b';').next().unwrap_or(line);
    let cookies = vec![HeaderValue::from_bytes(pair).expect("the start of a header value")];
    Application { router, cookies }
}
