//! A complete application that is configured only through the environment, so that it can be
//! pointed at anything that speaks OpenID Connect.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `DIDIT_CLIENT_ID`, `DIDIT_CLIENT_SECRET`, `DIDIT_REDIRECT_URI`, `DIDIT_SCOPES`, `DIDIT_PROVIDER`, `DIDIT_ISSUER`, `DIDIT_PUBLISHABLE_KEY`, `DIDIT_COOKIE_KEYS`, `DIDIT_PROXY` | those of `Config::from_env` | |
//! | `DIDIT_AUTHORIZATION_ENDPOINT`, `DIDIT_TOKEN_ENDPOINT`, `DIDIT_USERINFO_ENDPOINT`, `DIDIT_JWKS_URI` | single endpoints of the provider | the provider's |
//! | `DIDIT_ROOT_CERTIFICATES` | a PEM file with certificates to trust besides the system's | none |
//! | `DIDIT_HTTP_TIMEOUT` | timeout of a call to the provider, in seconds | 10 |
//! | `DIDIT_CLOCK_SKEW` | tolerated difference from the provider's clock, in seconds | 60 |
//! | `DIDIT_SESSION_IDLE` | idle timeout of a session, in seconds | 86,400 |
//! | `DIDIT_SESSION_ABSOLUTE` | lifetime of a session, in seconds | 604,800 |
//! | `DIDIT_REDIS_URL` | keep sessions in this Redis: any URL of `RedisStore::new`, also with Sentinels or a cluster | in cookies |
//! | `DIDIT_COOKIE_NAME` | name of the cookies | `didit` |
//! | `DIDIT_CALLBACK` | `forward`: the application answers the callback; `redirect`: the layer does | `forward` |
//! | `LISTEN` | address and port | `127.0.0.1:3000` |
//! | `RUST_LOG` | what is logged; `relying_party=debug` shows the configuration | `info` |
//!
//! A variable that is empty counts as missing. `listening on http://ADDRESS` is printed once it accepts
//! connections.
//!
//! ```text
//! GET  /                    {"signed_in": bool, "sub": …}
//! GET  /me                  the user's claims and user information, for members only; never a token
//! GET  /hello               the text `hello`, for members only
//! GET  /plain               the text `hello`
//! GET  /tokens/fingerprint  8 hex digits that change with the access token
//! GET  /sessions            the sessions of this user, for members only; needs `DIDIT_REDIS_URL`
//! POST /sessions/end        ends all of them
//! GET  /login, POST /logout
//! ```
//!
//! In JSON for `Accept: application/json`, as plain pages for a browser.

use std::{
    collections::BTreeSet,
    env,
    error::Error,
    fs,
    time::{Duration, SystemTime},
};

use aws_lc_rs::digest;
use axum::{
    Router,
    response::{Html, IntoResponse, Json, Response},
    routing::{get, post},
};
use http::{HeaderMap, header};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_didit::{
    Config, DiditAuth, DiditClient, DiditTokens, ErrorKind, IdClaims, RequireSignIn, ReturnTo,
    SignedOut, UserInfo, store::RedisStore,
};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::builder()
                .with_default_directive(LevelFilter::INFO.into())
                .from_env_lossy(),
        )
        .with_writer(std::io::stderr)
        .init();

    let config = config()?;
    tracing::debug!(?config);
    let callbacks = env::var("DIDIT_REDIRECT_URI")?;
    let callbacks = callbacks
        .split([' ', ',', '\n'])
        .filter(|uri| !uri.is_empty());
    let callbacks: Vec<http::Uri> = callbacks.map(str::parse).collect::<Result<_, _>>()?;
    let paths: BTreeSet<&str> = callbacks.iter().map(http::Uri::path).collect();
    let members = Router::new()
        .route("/me", get(me))
        .route("/tokens/fingerprint", get(fingerprint))
        .route("/sessions", get(sessions))
        .route("/sessions/end", post(end_sessions))
        .route_layer(RequireSignIn::new());
    let auth = DiditAuth::new(config);
    let mut app = Router::new()
        .route("/", get(home))
        .route("/plain", get(|| async { "hello" }))
        .route("/hello", get(|_: DiditTokens| async { "hello" }))
        .merge(members);
    for path in paths {
        let callback = async |_: DiditTokens, back: ReturnTo| back;
        app = app.route(path, get(callback));
    }
    let app = app.layer(auth.clone());

    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(&address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    println!("listening on http://{}", listener.local_addr()?);
    // Another name of the same machine, such as 127.0.0.1 for localhost, has other cookies.
    for callback in &callbacks {
        if let (Some(scheme), Some(authority)) = (callback.scheme(), callback.authority()) {
            println!("open {scheme}://{authority}/");
        }
    }
    axum::serve(listener, app)
        .with_graceful_shutdown(stop_signal())
        .await?;
    // Finishes what was sent to the provider, so that nobody loses a session.
    let _ = tokio::time::timeout(Duration::from_secs(20), auth.shutdown()).await;
    Ok(())
}

/// The settings of `Config::from_env`, and those that only this example reads.
fn config() -> Result<Config, Box<dyn Error>> {
    let mut config = Config::from_env();
    let mut provider = config.provider().clone();
    if let Some(url) = variable("DIDIT_AUTHORIZATION_ENDPOINT")? {
        provider = provider.with_authorization_endpoint(url);
    }
    if let Some(url) = variable("DIDIT_TOKEN_ENDPOINT")? {
        provider = provider.with_token_endpoint(url);
    }
    if let Some(url) = variable("DIDIT_USERINFO_ENDPOINT")? {
        provider = provider.with_user_info_endpoint(url);
    }
    if let Some(url) = variable("DIDIT_JWKS_URI")? {
        provider = provider.with_jwks_uri(url);
    }
    config = config.with_provider(provider);
    if let Some(file) = variable("DIDIT_ROOT_CERTIFICATES")? {
        let pem = fs::read(file).map_err(|error| {
            invalid(
                "DIDIT_ROOT_CERTIFICATES",
                &format!("names a file that cannot be read: {error}"),
            )
        })?;
        config = config.add_root_certificates(pem);
    }
    if let Some(timeout) = seconds("DIDIT_HTTP_TIMEOUT")? {
        config = config.with_http_timeout(timeout);
    }
    if let Some(skew) = seconds("DIDIT_CLOCK_SKEW")? {
        config = config.with_clock_skew(skew);
    }
    if let Some(timeout) = seconds("DIDIT_SESSION_IDLE")? {
        config = config.with_session_idle_timeout(timeout);
    }
    if let Some(lifetime) = seconds("DIDIT_SESSION_ABSOLUTE")? {
        config = config.with_session_lifetime(lifetime);
    }
    if let Some(url) = variable("DIDIT_REDIS_URL")? {
        let store = RedisStore::new(url.trim()).map_err(|error| {
            let what = error.source().map(ToString::to_string);
            invalid(
                "DIDIT_REDIS_URL",
                &format!("is {}", what.unwrap_or_default()),
            )
        })?;
        config = config.with_session_store(store);
    }
    if let Some(name) = variable("DIDIT_COOKIE_NAME")? {
        config = config.with_cookie_name(name);
    }
    config = match variable("DIDIT_CALLBACK")?.as_deref() {
        None | Some("forward") => config,
        Some("redirect") => config.with_redirect_after_sign_in(),
        Some(_) => return Err(invalid("DIDIT_CALLBACK", "must be `forward` or `redirect`").into()),
    };
    Ok(config.build()?)
}

fn variable(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(value) if !value.is_empty() => Ok(Some(value)),
        Ok(_) | Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(invalid(name, "is not UTF-8")),
    }
}

fn seconds(name: &str) -> Result<Option<Duration>, String> {
    let seconds = variable(name)?.map(|value| value.trim().parse().map(Duration::from_secs));
    let seconds = seconds.transpose();
    seconds.map_err(|_| invalid(name, "must be a whole number of seconds"))
}

/// The value is not repeated: it may be a secret.
fn invalid(name: &str, why: &str) -> String {
    format!("the environment variable `{name}` {why}")
}

#[cfg(unix)]
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate()).expect("the handler can be installed");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn stop_signal() {
    let _ = tokio::signal::ctrl_c().await;
}

async fn home(headers: HeaderMap, user: Option<IdClaims>) -> Response {
    let subject = user.as_ref().map(IdClaims::subject);
    show(
        &headers,
        &json!({ "signed_in": user.is_some(), "sub": subject }),
    )
}

async fn me(
    headers: HeaderMap,
    user: IdClaims,
    tokens: DiditTokens,
    told: Result<UserInfo, tower_didit::Error>,
) -> Result<Response, tower_didit::Error> {
    let expires_in = tokens.expires_at().map(|end| {
        let rest = end.duration_since(SystemTime::now());
        rest.unwrap_or_default().as_secs()
    });
    let user_info = match told {
        Ok(told) => told.extra()?,
        Err(error) if error.kind() == ErrorKind::NotOffered => Value::Null,
        Err(error) => return Err(error),
    };
    let me = json!({
        "sub": user.subject(),
        "claims": user.extra::<Value>()?,
        "scope": tokens.scopes().to_string(),
        "expires_in": expires_in,
        "has_refresh_token": tokens.refresh_token().is_some(),
        "user_info": user_info,
    });
    Ok(show(&headers, &me))
}

async fn sessions(headers: HeaderMap, client: DiditClient) -> Result<Response, tower_didit::Error> {
    let age = |time: SystemTime| time.elapsed().unwrap_or_default().as_secs();
    let sessions: Vec<_> = client
        .sessions()
        .await?
        .iter()
        .map(|session| {
            json!({
                "id": session.public_id(),
                "age": age(session.began()),
                "unused": age(session.last_used()),
                "is_this_one": session.is_this_one(),
            })
        })
        .collect();
    Ok(show(&headers, &json!(sessions)))
}

/// Other sites cannot request it for their visitors: the session's cookie is `SameSite=Lax`.
async fn end_sessions(client: DiditClient) -> Result<SignedOut, tower_didit::Error> {
    client.sign_out_everywhere().await
}

async fn fingerprint(tokens: DiditTokens) -> String {
    let hash = digest::digest(&digest::SHA256, tokens.access_token().secret().as_bytes());
    let [a, b, c, d, ..] = *hash.as_ref() else {
        unreachable!("SHA-256 gives 32 bytes");
    };
    format!("{a:02x}{b:02x}{c:02x}{d:02x}")
}

fn show(headers: &HeaderMap, facts: &Value) -> Response {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("application/json")) {
        return Json(facts).into_response();
    }
    let text = format!("{facts:#}")
        .replace('&', "&amp;")
        .replace('<', "&lt;");
    Html(format!(
        "<!doctype html><html lang=en><meta name=viewport content=width=device-width>\
         <link rel=icon href=data:,><title>Relying party</title><pre>{text}</pre>\
         <p><a href=/>Home</a> <a href=/me>Me</a> <a href=/login?return_to=/me>Sign in</a></p>\
         <form method=post action=/logout><button>Sign out</button></form>\
         <script>onpageshow = event => event.persisted && location.reload()</script>"
    ))
    .into_response()
}
