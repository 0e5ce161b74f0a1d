//! What reaches a log at its most talkative, over the real transport: never a secret.
use std::{
    io,
    sync::{Arc, Mutex, Once},
    time::Duration,
};

use axum::{Router, routing::get};
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tower_didit::{
    Config, ConfigBuilder, DiditAuth, DiditTokens, Error, Provider, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, Fault, Page, Person},
    store::{MemoryStore, RedisStore, SessionStore},
};
use tracing_subscriber::fmt::format::FmtSpan;

const HOME: &str = "https://app.example";
const CALLBACK: &str = "https://app.example/callback";
const CLIENT_SECRET: &str = "the-client-secret-of-this-test";
const COOKIE_KEY: &str = "the-cookie-key-of-this-test-32-bytes";

/// All that is logged in this process, by this crate and by those that it uses.
static LOGS: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(|| Logs)
            .init();
    });
}

struct Logs;

impl io::Write for Logs {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        LOGS.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logs() -> String {
    String::from_utf8(LOGS.lock().unwrap().clone()).unwrap()
}

/// An application whose every secret is known.
struct Story {
    didit: FakeDidit,
    browser: Browser,
    secrets: Arc<Mutex<Vec<String>>>,
}

impl Story {
    async fn begin() -> Self {
        let didit = FakeDidit::new("client-id", CLIENT_SECRET);
        let address = didit.listen("127.0.0.1:0").await.unwrap();
        Self::at(didit, &format!("http://{address}"), |config| config)
    }

    /// Likewise, with sessions in a store.
    async fn begin_with(store: impl SessionStore) -> Self {
        let didit = FakeDidit::new("client-id", CLIENT_SECRET);
        let address = didit.listen("127.0.0.1:0").await.unwrap();
        Self::at(didit, &format!("http://{address}"), |config| {
            config.with_session_store(store)
        })
    }

    /// Over the real transport, where Didit is at this origin.
    fn at(
        didit: FakeDidit,
        origin: &str,
        settings: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        capture();
        let didit = didit.with_redirect_uri(CALLBACK);
        let secrets = Arc::new(Mutex::new(vec![
            CLIENT_SECRET.to_owned(),
            COOKIE_KEY.to_owned(),
        ]));
        let provider = Provider::didit()
            .with_token_endpoint(format!("{origin}/auth/v2/token"))
            .with_jwks_uri(format!("{origin}/auth/config/jwks"));
        let config = Config::builder("client-id", CALLBACK)
            .with_client_secret(CLIENT_SECRET)
            .with_cookie_keys([COOKIE_KEY])
            .with_scopes(["openid", "offline"])
            .with_provider(provider)
            .with_clock(didit.clock())
            .with_error_page(log_and_fail);
        let config = settings(config).build().unwrap();
        tracing::info!(?config, "an application may log its configuration");

        let kept = Arc::clone(&secrets);
        let callback = move |tokens: DiditTokens, back: ReturnTo| async move {
            tracing::info!(?tokens, "and the tokens");
            let refresh_token = tokens.refresh_token().unwrap().secret();
            let id_token = tokens.id_token().unwrap().secret();
            let tokens = [tokens.access_token().secret(), refresh_token, id_token];
            kept.lock().unwrap().extend(tokens.map(str::to_owned));
            back
        };
        let app = Router::new()
            .route(
                "/",
                get(|tokens: Option<DiditTokens>| async move { format!("{tokens:?}") }),
            )
            .route("/callback", get(callback))
            .layer(DiditAuth::new(config));
        let browser = Browser::new(HOME, app);
        Self {
            didit,
            browser,
            secrets,
        }
    }

    /// Starts a sign-in: gives the address at Didit.
    async fn start(&self) -> String {
        let page = self.browser.get("/login").await;
        let to = page.location().to_owned();
        for name in ["&state=", "&nonce="] {
            let (_, value) = to.split_once(name).unwrap();
            self.keep(value.split('&').next().unwrap());
        }
        self.keep_cookies();
        to
    }

    /// Comes back with a code.
    async fn come_back(&self) -> Page {
        let back = self.didit.approve(&self.start().await, Person::Alejandra);
        let (_, code) = back.split_once("code=").unwrap();
        self.keep(code.split('&').next().unwrap());
        let page = self.browser.get(&back).await;
        self.keep_cookies();
        page
    }

    fn keep(&self, secret: &str) {
        self.secrets.lock().unwrap().push(secret.to_owned());
    }

    fn keep_cookies(&self) {
        for cookie in self.browser.cookies() {
            self.keep(cookie.value());
        }
    }

    /// Also what only the token request had.
    fn end(self) -> Vec<String> {
        for request in self.didit.requests() {
            if let Some(verifier) = request.form_value("code_verifier") {
                self.keep(&verifier);
                let credentials = request.header("authorization").unwrap();
                self.keep(credentials.strip_prefix("Basic ").unwrap());
            }
        }
        self.keep(Person::Alejandra.subject());
        std::mem::take(&mut self.secrets.lock().unwrap())
    }
}

/// What an application's own error page may do: log all that the error says.
fn log_and_fail(error: &Error, _: &http::request::Parts) -> Response<Bytes> {
    let source = std::error::Error::source(error);
    tracing::error!(%error, ?error, source, "an application may log the error");
    let code = Bytes::from_static(error.kind().code().as_bytes());
    let response = Response::builder().status(error.kind().status());
    response.body(code).unwrap()
}

#[track_caller]
fn assert_none_is_logged(secrets: &[String], at_least: usize) {
    let logs = logs();
    assert!(
        secrets.len() >= at_least,
        "only {} secrets are known",
        secrets.len()
    );
    for secret in secrets {
        assert!(secret.len() >= 16, "not telling enough: {secret:?}");
        if let Some(line) = logs.lines().find(|line| line.contains(secret.as_str())) {
            panic!("{secret:?} is in the logs: {line}");
        }
    }
}

// Behaviour 95.
#[tokio::test]
async fn a_whole_sign_in_and_its_end() {
    let story = Story::begin().await;
    assert_eq!(story.come_back().await.status(), StatusCode::SEE_OTHER);
    assert!(story.browser.get("/").await.text().contains("[redacted]"));
    story.didit.clock().advance(Duration::from_secs(10_000));
    let renewed = story.browser.get("/").await;
    assert!(renewed.headers().contains_key("set-cookie"));
    story.keep_cookies();
    let page = story.browser.post_form("/logout", &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    // The sign-in and a refresh.
    assert_eq!(story.didit.count(Endpoint::Token), 2);
    assert_eq!(story.didit.count(Endpoint::Jwks), 1);

    // Client secret, key, state, nonce, code, three tokens, two sessions, flow cookie, verifier,
    // credentials, subject.
    assert_none_is_logged(&story.end(), 14);
    let logs = logs();
    for said in [
        "sign-in started",
        "signed in",
        "signed out",
        "an application may log its configuration",
        "access_token: [redacted]",
        // That the transport's own logs are among them.
        "starting new connection",
    ] {
        assert!(logs.contains(said), "{said:?} is not in {logs}");
    }
}

// Behaviour 95.
#[tokio::test]
async fn sessions_in_a_store() {
    let story = Story::begin_with(MemoryStore::new()).await;
    assert_eq!(story.come_back().await.status(), StatusCode::SEE_OTHER);
    assert!(story.browser.get("/").await.text().contains("[redacted]"));
    story.didit.clock().advance(Duration::from_secs(10_000));
    assert!(story.browser.get("/").await.text().contains("[redacted]"));
    let page = story.browser.post_form("/logout", &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(story.didit.count(Endpoint::Token), 2);
    assert_none_is_logged(&story.end(), 12);
}

// Behaviours 82 and 95.
#[tokio::test]
async fn a_store_that_cannot_be_reached() {
    const PASSWORD: &str = "the-password-of-redis-in-this-test";
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let store = RedisStore::new(&format!("redis://user:{PASSWORD}@{address}/")).unwrap();
    let story = Story::begin_with(store).await;
    story.keep(PASSWORD);
    let page = story.come_back().await;
    assert_eq!(page.text(), "session-unavailable");
    let id = "A".repeat(43);
    story.keep(&id);
    story.browser.set_cookie("__Host-didit", &id);
    let page = story.browser.get("/").await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_none_is_logged(&story.end(), 7);
    assert!(logs().contains("the session store does not answer"));
}

/// Answers of the token endpoint that repeat what they should not.
fn leaks(leaked: &'static str) -> Vec<(Fault, &'static str)> {
    let leak = |status: u16, body: String| {
        Fault::answer(Response::builder().status(status).body(body).unwrap())
    };
    let claim = |name: &'static str, value: Value| {
        Fault::edit_id_token(move |_, claims| {
            claims.insert(name.to_owned(), value.clone());
        })
    };
    vec![
        (
            Fault::error("invalid_grant").with_description(leaked),
            "invalid-grant",
        ),
        (
            Fault::error("odd")
                .with_status(401)
                .with_description(leaked),
            "provider-refused",
        ),
        (leak(200, format!("<h1>{leaked}</h1>")), "invalid-answer"),
        (leak(500, format!("<h1>{leaked}</h1>")), "invalid-answer"),
        (leak(302, leaked.to_owned()), "invalid-answer"),
        (leak(200, format!(r#"["{leaked}"]"#)), "invalid-answer"),
        (
            leak(200, format!(r#"{{"access_token":["{leaked}"]}}"#)),
            "invalid-answer",
        ),
        (
            leak(
                200,
                format!(r#"{{"access_token":"{leaked}","id_token":7}}"#),
            ),
            "invalid-answer",
        ),
        (
            leak(200, format!(r#"{{"access_token":"{leaked}"}}"#)),
            "invalid-answer",
        ),
        (
            leak(
                200,
                format!(r#"{{"access_token":"a","token_type":"{leaked}"}}"#),
            ),
            "invalid-answer",
        ),
        (
            leak(200, format!(r#"{{"access_token":"{leaked}"#)),
            "invalid-answer",
        ),
        (
            leak(400, format!(r#"{{"detail":"{leaked}"}}"#)),
            "invalid-answer",
        ),
        (
            leak(400, format!(r#"{{"error":{{"a":"{leaked}"}}}}"#)),
            "invalid-answer",
        ),
        (claim("sub", json!([leaked])), "malformed-id-token"),
        (claim("iat", json!(leaked)), "malformed-id-token"),
        (claim("nonce", json!(leaked)), "invalid-nonce"),
        (claim("at_hash", json!(leaked)), "invalid-token-hash"),
    ]
}

// Behaviours 34 and 95.
#[tokio::test]
async fn sign_ins_that_fail() {
    const LEAKED: &str = "what-the-provider-should-not-repeat";
    let story = Story::begin().await;
    story.keep(LEAKED);

    for (fault, expected) in leaks(LEAKED) {
        let case = format!("{fault:?}");
        story.didit.on_next(Endpoint::Token, fault);
        let page = story.come_back().await;
        assert_eq!(page.text(), expected, "{case}");
    }
    let faults = story.didit.count(Endpoint::Token);
    assert_eq!(faults, leaks(LEAKED).len());

    let too_large = |answer: &mut serde_json::Map<_, _>| {
        answer.insert("refresh_token".to_owned(), LEAKED.repeat(200).into());
    };
    story.didit.on_next(Endpoint::Token, Fault::edit(too_large));
    assert_eq!(story.come_back().await.text(), "session-too-large");

    let declined = story.didit.decline(&story.start().await);
    assert_eq!(story.browser.get(&declined).await.text(), "access-denied");
    let said = format!("{declined}&error_description={LEAKED}&error=x");
    assert_eq!(story.browser.get(&said).await.text(), "malformed-callback");
    let unknown = format!("{CALLBACK}?code={LEAKED}&state={LEAKED}");
    assert_eq!(story.browser.get(&unknown).await.text(), "unknown-sign-in");
    let to = story.didit.approve(&story.start().await, Person::Alejandra);
    let foreign = format!("{to}&iss=https%3A%2F%2Fevil.example%2F{LEAKED}");
    assert_eq!(story.browser.get(&foreign).await.text(), "foreign-issuer");
    assert_eq!(story.didit.count(Endpoint::Token), faults + 1);

    story
        .browser
        .set_cookie("__Host-didit", &format!("1.{LEAKED}"));
    assert_eq!(story.browser.get("/").await.text(), "None");
    let page = story.browser.fetch(Method::GET, "/logout").await;
    assert_eq!(page.text(), "method-not-allowed");

    assert_none_is_logged(&story.end(), 5 * faults);
    let logs = logs();
    for said in [
        "invalid-grant",
        "provider-refused",
        "invalid-answer",
        "invalid-nonce",
        "session-too-large",
        "access-denied",
        "malformed-callback",
        "unknown-sign-in",
        "foreign-issuer",
        "an application may log the error",
    ] {
        assert!(logs.contains(said), "{said:?} is not in {logs}");
    }
}

// Behaviour 95.
#[tokio::test]
async fn a_provider_that_cannot_be_reached() {
    // Nobody listens there, and nobody else is given the port.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let didit = FakeDidit::new("client-id", CLIENT_SECRET);
    let story = Story::at(didit, &format!("http://{address}"), |config| config);
    let page = story.come_back().await;
    assert_eq!(page.text(), "provider-unreachable");
    assert_eq!(story.didit.count(Endpoint::Token), 0);
    assert_none_is_logged(&story.end(), 6);
    assert!(logs().contains("the provider cannot be reached"));
}
