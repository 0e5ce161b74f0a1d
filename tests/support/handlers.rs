//! An application whose handlers renew the tokens of their requests, and sign people out.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::header;
use tower_didit::{
    ConfigBuilder, DiditAuth, DiditClient, DiditTokens, Error, IdClaims, ReturnTo,
    fake::{Browser, FakeDidit, FakeDiditExt, Person},
};

use super::{
    sign_in::sign_in,
    site::{CALLBACK, HOME, NOBODY, auth, didit, memory},
};

const SECOND: Duration = Duration::from_secs(1);

/// Where sessions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Cookies,
    Memory,
}

/// What the handlers were given at the last sign-in.
pub(crate) type Kept = Arc<Mutex<Option<DiditTokens>>>;

pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) auth: DiditAuth,
    pub(crate) kept: Kept,
}

impl Place {
    pub(crate) const BOTH: [Self; 2] = [Self::Cookies, Self::Memory];

    /// Tokens of the Sign in API, whose refresh token can be used again.
    pub(crate) fn config(self, didit: &FakeDidit) -> ConfigBuilder {
        let config = didit.config(CALLBACK).with_scopes(["openid", "offline"]);
        match self {
            Self::Cookies => config,
            Self::Memory => config.with_session_store(memory(didit)),
        }
    }
}

/// Tokens of Didit Authentication, whose refresh tokens are single-use: in memory.
pub(crate) fn once(didit: &FakeDidit) -> ConfigBuilder {
    didit
        .config(CALLBACK)
        .with_cookie_keys([[7; 32]])
        .with_scopes(["openid", "offline_access"])
}

/// An application to be, and what its sessions are like.
pub(crate) struct Case {
    pub(crate) didit: FakeDidit,
    pub(crate) config: ConfigBuilder,
    pub(crate) is_stored: bool,
    pub(crate) works_once: bool,
    /// When an access token is in its last second.
    pub(crate) last_second: Duration,
}

/// In cookies; in memory; in memory, with a single-use refresh token.
pub(crate) fn cases() -> [Case; 3] {
    let [cookies, memory] = Place::BOTH.map(|place| {
        let didit = didit();
        Case {
            config: place.config(&didit),
            didit,
            is_stored: place == Place::Memory,
            works_once: false,
            last_second: 3599 * SECOND,
        }
    });
    let didit = FakeDidit::authentication("app");
    let once = Case {
        config: once(&didit),
        didit,
        is_stored: true,
        works_once: true,
        last_second: 299 * SECOND,
    };
    [cookies, memory, once]
}

pub(crate) fn app(config: ConfigBuilder) -> App {
    let auth = auth(config);
    let kept = Kept::default();
    let router = Router::new()
        .route("/", get(token))
        .route("/user", get(user))
        .route("/refresh", get(refresh))
        .route("/refresh-kept", get(refresh_kept))
        .route("/stream", get(stream))
        .route("/sign-out", post(sign_out))
        .route("/change", post(refresh_and_sign_out))
        .route("/callback", get(callback))
        .with_state(Arc::clone(&kept))
        .layer(auth.clone());
    App { router, auth, kept }
}

/// A signed-in browser, and its access token.
pub(crate) async fn user_of(didit: &FakeDidit, router: &Router) -> (Browser, String) {
    let browser = Browser::new(HOME, router.clone());
    let page = sign_in(&browser, didit).await;
    (browser, page.text().to_owned())
}

/// Signs somebody in for `page`: gives the callback's answer.
pub(crate) async fn sign_in_for(
    browser: &Browser,
    didit: &FakeDidit,
    page: &str,
    who: &Person,
) -> String {
    let page: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
    let login = browser.get(&format!("/login?return_to={page}")).await;
    let back = didit.approve(login.location(), who);
    browser.get(&back).await.text().to_owned()
}

fn access_token(tokens: &DiditTokens) -> String {
    tokens.access_token().secret().to_owned()
}

async fn token(tokens: Option<DiditTokens>) -> String {
    tokens.map_or(NOBODY.to_owned(), |tokens| access_token(&tokens))
}

async fn user(user: Option<IdClaims>) -> String {
    user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
}

/// It sets a cookie of its own, and thinks that anybody may keep the response.
async fn refresh(client: DiditClient, tokens: DiditTokens) -> Result<Response, Error> {
    let tokens = client.refresh(&tokens).await?;
    let headers = [
        (header::SET_COOKIE, "theme=dark; Path=/; Secure"),
        (header::CACHE_CONTROL, "public, max-age=60"),
    ];
    Ok((headers, access_token(&tokens)).into_response())
}

/// The tokens of whoever signed in last.
async fn refresh_kept(State(kept): State<Kept>, client: DiditClient) -> Result<String, Error> {
    let tokens = kept.lock().expect("no panic").clone();
    let tokens = tokens.expect("somebody has signed in");
    Ok(access_token(&client.refresh(&tokens).await?))
}

/// After the response headers: `?sign-out` signs out, else there are new tokens.
async fn stream(uri: http::Uri, client: DiditClient, tokens: DiditTokens) -> Response {
    let signs_out = uri.query() == Some("sign-out");
    let chunk = async move {
        if signs_out {
            return client.sign_out().await.map(|_| "signed out".to_owned());
        }
        let tokens = client.refresh(&tokens).await;
        tokens.map(|tokens| access_token(&tokens))
    };
    Body::from_stream(futures_util::stream::once(chunk)).into_response()
}

async fn sign_out(client: DiditClient) -> Result<Response, Error> {
    let signed_out = client.sign_out().await?;
    assert!(!format!("{signed_out:?}").contains("id_token_hint"));
    let cookie = [(header::SET_COOKIE, "theme=dark; Path=/; Secure")];
    Ok((cookie, signed_out).into_response())
}

/// New tokens, no session, and then none for the old tokens and for the new ones.
async fn refresh_and_sign_out(client: DiditClient, tokens: DiditTokens) -> Result<String, Error> {
    let new = client.refresh(&tokens).await?;
    client.sign_out().await?;
    client.sign_out().await?;
    let error = client.refresh(&new).await.expect_err("the session is over");
    Ok(error.kind().code().to_owned())
}

/// Does what the sign-in's page to return to says, and shows the access token.
async fn callback(
    State(kept): State<Kept>,
    client: DiditClient,
    tokens: DiditTokens,
    back: ReturnTo,
) -> Result<String, Error> {
    *kept.lock().expect("no panic") = Some(tokens.clone());
    Ok(match back.as_str() {
        "/?refresh" => access_token(&client.refresh(&tokens).await?),
        "/?refresh-in-vain" => {
            let error = client.refresh(&tokens).await.expect_err("as scripted");
            error.kind().code().to_owned()
        }
        "/?sign-out" => {
            client.sign_out().await?;
            "signed out".to_owned()
        }
        _ => access_token(&tokens),
    })
}
