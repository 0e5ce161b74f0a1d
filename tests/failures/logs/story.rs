//! A sign-in with known secrets.

use std::sync::{Arc, Mutex};

use axum::{Router, routing::get};
use bytes::Bytes;
use http::Response;
use tower_didit::{
    Config, ConfigBuilder, DiditAuth, DiditTokens, Error, Provider, ReturnTo,
    fake::{Browser, FakeDidit, Page, Person},
    store::SessionStore,
};

use crate::support::{
    cookies::lasting,
    logs::{capture, logs},
    query::parameter,
    site::{CALLBACK, HOME},
};

pub(super) const CLIENT_SECRET: &str = "the-client-secret-of-this-test";
const COOKIE_KEY: &str = "the-cookie-key-of-this-test-32-bytes";

/// An application with known secrets.
pub(super) struct Story {
    pub(super) didit: FakeDidit,
    pub(super) browser: Browser,
    secrets: Arc<Mutex<Vec<String>>>,
}

impl Story {
    pub(super) async fn begin() -> Self {
        let didit = FakeDidit::new("client-id", CLIENT_SECRET);
        let address = didit.listen("127.0.0.1:0").await.unwrap();
        Self::at(didit, &format!("http://{address}"), |config| config)
    }

    /// Likewise, with sessions in a store.
    pub(super) async fn begin_with(store: impl SessionStore) -> Self {
        let didit = FakeDidit::new("client-id", CLIENT_SECRET);
        let address = didit.listen("127.0.0.1:0").await.unwrap();
        Self::at(didit, &format!("http://{address}"), |config| {
            config.with_session_store(store)
        })
    }

    /// Over the real transport, with Didit at this origin.
    pub(super) fn at(
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

    /// Starts a sign-in. Gives the authorization URL.
    pub(super) async fn start(&self) -> String {
        let page = self.browser.get("/login").await;
        let to = page.location().to_owned();
        for name in ["state", "nonce"] {
            self.keep(&parameter(&to, name));
        }
        self.keep_cookies();
        to
    }

    /// Sends the callback with a code.
    pub(super) async fn come_back(&self) -> Page {
        let back = self
            .didit
            .approve(&self.start().await, &Person::alejandra());
        self.keep(&parameter(&back, "code"));
        let page = self.browser.get(&back).await;
        self.keep_cookies();
        page
    }

    pub(super) fn keep(&self, secret: &str) {
        self.secrets.lock().unwrap().push(secret.to_owned());
    }

    pub(super) fn keep_cookies(&self) {
        for cookie in lasting(&self.browser) {
            self.keep(cookie.value());
        }
    }

    /// Adds the secrets of the token request.
    pub(super) fn end(self) -> Vec<String> {
        for request in self.didit.requests() {
            if let Some(verifier) = request.form_value("code_verifier") {
                self.keep(&verifier);
                let credentials = request.header("authorization").unwrap();
                self.keep(credentials.strip_prefix("Basic ").unwrap());
            }
        }
        self.keep(Person::alejandra().subject());
        std::mem::take(&mut self.secrets.lock().unwrap())
    }
}

/// An application's error page that logs the whole error.
fn log_and_fail(error: &Error, _: &http::request::Parts, _: &str) -> Response<Bytes> {
    let source = std::error::Error::source(error);
    tracing::error!(%error, ?error, source, "an application may log the error");
    let code = Bytes::from_static(error.kind().code().as_bytes());
    let response = Response::builder().status(error.kind().status());
    response.body(code).unwrap()
}

#[track_caller]
pub(super) fn assert_none_is_logged(secrets: &[String], at_least: usize) {
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
