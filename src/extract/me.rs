//! A ready handler for front ends.

use std::{pin::Pin, time::UNIX_EPOCH};

use axum_core::response::{IntoResponse, Response};
use http::header;
use serde_json::{Map, json};

use super::DiditClient;
use crate::error::{Error, ErrorKind};

/// A handler that tells a front end who is signed in, as JSON: the subject, these claims, and when the session ends.
///
/// ```
/// use axum::{Router, routing::get};
/// use http::Method;
/// use serde_json::json;
/// use tower_didit::{DiditAuth, fake::{Browser, FakeDidit, FakeDiditExt, Person}, me, scope};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_didit::ConfigError> {
/// let didit = FakeDidit::new("client-id", "client-secret");
/// let config = didit
///     .config("https://app.example/callback")
///     .with_scopes([scope::OPENID, scope::NAMES])
///     .with_user_info_at_sign_in()
///     .with_redirect_after_sign_in()
///     .build()?;
/// let app = Router::new()
///     .route("/api/me", get(me(["names", "picture"])))
///     .layer(DiditAuth::new(config));
///
/// let browser = Browser::new("https://app.example", app).add_didit(&didit);
/// browser.visit("/login").await;
/// browser.sign_in_as(&Person::john()).await;
/// let answer = browser.fetch(Method::GET, "/api/me").await.json();
/// assert_eq!(answer["sub"], Person::john().subject());
/// assert_eq!(answer["claims"]["names"]["first_name"], "John");
/// assert_eq!(answer["claims"]["picture"], json!(null)); // its scope was not requested
/// assert!(answer["session_ends"].is_u64()); // in seconds since 1970
/// # Ok(())
/// # }
/// ```
///
/// A claim comes from the ID token, or else from the user information if the session
/// [keeps it](crate::ConfigBuilder::with_user_info_at_sign_in); one that is in neither is absent. The provider is not
/// called. [`session_ends`](crate::IdClaims::session_ends) is the time at which the session ends at the latest.
///
/// Whoever can run a script in the page can read the answer: name only claims that the page shows.
///
/// The handler refuses a request as [`IdClaims`](crate::IdClaims) do: a `fetch` without a session gets 401.
pub fn me(
    claims: impl IntoIterator<Item = impl Into<String>>,
) -> impl Fn(DiditClient) -> MeFuture + Clone + Send + Sync + 'static {
    let names: Vec<String> = claims.into_iter().map(Into::into).collect();
    move |client| {
        let names = names.clone();
        Box::pin(async move { answer(&client, &names).await })
    }
}

type MeFuture = Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>;

async fn answer(client: &DiditClient, names: &[String]) -> Result<Response, Error> {
    let request = client.request.as_ref();
    let request = request.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))?;
    let session = request.session()?.signed_in().await?;
    let session = session.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))?;
    let claims = session.claims(&request.lifecycle.sessions.rules);
    let user_info = session.user_info();
    let named = |name: &String| {
        let claim = claims.claim(name);
        let claim = claim.or_else(|| user_info?.claim(name))?;
        Some((name.clone(), claim.value().clone()))
    };
    let chosen: Map<_, _> = names.iter().filter_map(named).collect();
    let ends = claims.session_ends();
    let ends = ends.and_then(|ends| ends.duration_since(UNIX_EPOCH).ok());
    let body = json!({
        "sub": claims.subject(),
        "claims": chosen,
        "session_ends": ends.map(|ends| ends.as_secs()),
    });
    let content_type = [(header::CONTENT_TYPE, "application/json")];
    Ok((content_type, body.to_string()).into_response())
}
