//! Sign-ins whose code exchange a test looks at.

use std::{
    error::Error as _,
    fmt::Write,
    sync::{Arc, Mutex},
};

use axum::{Router, response::Response, routing::get};
use http::StatusCode;
use serde_json::{Value, json};
use tower_didit::{
    DiditTokens, Error, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault},
};

use super::{
    id_token::{ID_TOKEN, trusted_didit},
    logs::{capture, logs},
    sign_in,
    site::{CALLBACK, HOME, auth},
};

/// An application and its Didit, and what the application and a middleware around it saw last.
pub(crate) struct Site {
    pub(crate) didit: FakeDidit,
    pub(crate) browser: Browser,
    tokens: Arc<Mutex<Option<DiditTokens>>>,
    error: Arc<Mutex<Option<Error>>>,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::at(Provider::didit())
    }

    /// For answers that are made by hand: nobody signed their ID token.
    pub(crate) fn trusting() -> Self {
        Self::at(trusted_didit())
    }

    fn at(provider: Provider) -> Self {
        capture();
        let didit = FakeDidit::new("app", "the-client-secret");
        let config = didit
            .config(CALLBACK)
            .with_provider(provider)
            .with_scopes(["openid", "offline"]);
        let tokens = Arc::<Mutex<Option<DiditTokens>>>::default();
        let error = Arc::<Mutex<Option<Error>>>::default();
        let (seen_tokens, seen_error) = (Arc::clone(&tokens), Arc::clone(&error));
        let page = get(move |tokens: DiditTokens| async move {
            *seen_tokens.lock().expect("no panic") = Some(tokens);
        });
        let app = Router::new()
            .route("/", page.clone())
            .route("/callback", page)
            .layer(auth(config))
            .layer(axum::middleware::map_response(move |response: Response| {
                *seen_error.lock().expect("no panic") = response.extensions().get().cloned();
                std::future::ready(response)
            }));
        Self {
            browser: Browser::new(HOME, app),
            didit,
            tokens,
            error,
        }
    }

    /// The callback that Didit's yes leads this browser to.
    pub(crate) async fn approved(&self, browser: &Browser) -> String {
        sign_in::approved("/login", browser, &self.didit).await
    }

    /// Signs in with a fault at the token endpoint that does no harm; gives the tokens.
    pub(crate) async fn accept(&self, fault: Fault, what: &str) -> DiditTokens {
        self.didit.on_next(Endpoint::Token, fault);
        let callback = self.approved(&self.browser).await;
        let page = self.browser.get(&callback).await;
        assert_eq!(page.status(), StatusCode::OK, "{what}");
        self.tokens()
    }

    /// The tokens that a handler saw last.
    pub(crate) fn tokens(&self) -> DiditTokens {
        self.tokens
            .lock()
            .expect("no panic")
            .take()
            .expect("the handler ran")
    }

    /// Signs in, with a new browser, with a fault at the token endpoint; gives the error after it
    /// was checked that there is no session, that the code was sent once, and that nothing of the
    /// answer got out.
    pub(crate) async fn refuse(&self, fault: Fault, what: &str) -> Error {
        capture();
        self.didit.on_next(Endpoint::Token, fault);
        let before = self.didit.count(Endpoint::Token);
        let browser = self.browser.new_browser();
        let callback = self.approved(&browser).await;
        let page = browser.get(&callback).await;
        let error = self.error.lock().expect("no panic").take();
        let error = error.unwrap_or_else(|| panic!("{}: {what}", page.status()));
        let logs = logs();

        assert_eq!(page.status(), error.kind().status(), "{what}");
        assert!(page.text().contains(error.kind().code()), "{what}");
        assert!(browser.cookies().is_empty(), "{what}");
        assert_eq!(self.didit.count(Endpoint::Token), before + 1, "{what}");

        let again = browser.get(&callback).await;
        assert_eq!(again.status(), StatusCode::CONFLICT, "{what}");
        assert_eq!(self.didit.count(Endpoint::Token), before + 1, "{what}");

        assert!(logs.contains(error.kind().code()), "{what}");
        assert!(!logs.contains(CANARY), "{what}: {logs}");
        let mut told = format!("{}{:?}{error:?}{error}", page.text(), page.headers());
        let mut source = error.source();
        while let Some(cause) = source {
            write!(told, "{cause:?}{cause}").expect("memory");
            source = cause.source();
        }
        assert!(!told.contains(CANARY), "{what}: {told}");
        error
    }
}

/// A good answer of the token endpoint, to a [`Site::trusting`].
pub(crate) fn good() -> Value {
    json!({
        "access_token": format!("at-{CANARY}"),
        "refresh_token": format!("rt-{CANARY}"),
        "id_token": ID_TOKEN,
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "openid offline",
    })
}

/// A good answer with one member that is other than it should be, as JSON.
pub(crate) fn good_with(name: &str, value: Value) -> String {
    let mut members = good();
    let replaced = members.as_object_mut().expect("an object");
    replaced.insert(name.to_owned(), value);
    members.to_string()
}

/// A good answer with more members in front, as JSON.
pub(crate) fn good_with_more(members: &str) -> String {
    good()
        .to_string()
        .replacen('{', &format!("{{{members},"), 1)
}

pub(crate) fn answer(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Fault {
    let response = Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(body.into())
        .expect("an answer");
    Fault::answer(response)
}

/// The start of a body, for the message of an assertion.
pub(crate) fn start(body: &[u8]) -> String {
    let start = body.get(..100).unwrap_or(body);
    String::from_utf8_lossy(start).into_owned()
}

pub(crate) const JSON: &str = "application/json";

/// Stands wherever the provider has a say, [`ID_TOKEN`] included.
pub(crate) const CANARY: &str = "cAnArY";
