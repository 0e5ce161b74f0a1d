//! An application with axum-login, whose users sign in with Didit: `cargo run --example axum_login`, then open the
//! address that it prints. Without `DIDIT_CLIENT_ID` it signs in with a fake Didit of its own.
//!
//! Each crate has a session. That of tower-didit decides who is signed in; the middleware [`follow`] makes axum-login's
//! equal to it before a handler runs, so the two cannot disagree. A new application needs no axum-login.
//!
//! `LISTEN` is where it listens (default `127.0.0.1:3000`), `RUST_LOG` what it logs (default `info`).

#[path = "../support/page.rs"]
mod page;
mod pages;
#[path = "../support/site.rs"]
mod site;
#[cfg(test)]
mod tests;
mod users;

use std::error::Error;

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    middleware::{Next, from_fn},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use axum_login::{AuthManagerLayerBuilder, predicate_required};
use tower_didit::{DiditAuth, DiditTokens, IdClaims, RequireSignIn, ReturnTo, scope};
use tower_sessions::{MemoryStore, SessionManagerLayer, cookie::SameSite};

use site::Site;
use users::{Permission, Users};

type AuthSession = axum_login::AuthSession<Users>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let config = site.didit([scope::OPENID]).await?.build()?;
    site.serve(app(DiditAuth::new(config), Users::default()))
        .await
}

fn app(auth: DiditAuth, users: Users) -> Router {
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        // A strict cookie is missing in the request that comes back from Didit.
        .with_same_site(SameSite::Lax);
    let reports = Router::new()
        .route("/reports", get(reports))
        .route_layer(predicate_required!(
            may_read_reports,
            pages::no_permission()
        ))
        .route_layer(RequireSignIn::new());
    Router::new()
        .route("/", get(home))
        .route("/callback", get(callback))
        .route("/favicon.ico", get(page::icon))
        .merge(reports)
        .fallback(not_found)
        .layer(from_fn(follow))
        .layer(AuthManagerLayerBuilder::new(users, sessions).build())
        // The outermost layer: what it says of the user comes first.
        .layer(auth)
}

/// Makes axum-login's session that of the user whom tower-didit knows, or nobody's.
///
/// During an outage of a session store, `Option<IdClaims>` answers 503 and ends nothing.
async fn follow(
    claims: Option<IdClaims>,
    mut session: AuthSession,
    mut request: Request,
    next: Next,
) -> Response {
    let known = session.user.as_ref().map(|user| &*user.subject);
    if known != claims.as_ref().map(IdClaims::subject) {
        if let Err(refusal) = replace_user(&mut session, claims).await {
            return refusal;
        }
        request.extensions_mut().insert(session);
    }
    next.run(request).await
}

async fn replace_user(session: &mut AuthSession, claims: Option<IdClaims>) -> Result<(), Response> {
    session.logout().await.map_err(failed)?;
    let Some(claims) = claims else {
        return Ok(());
    };
    // Another user does not get the id of the session that has ended: the logout alone keeps it.
    let renewed = session.session.cycle_id().await;
    renewed.map_err(|error| failed(error.into()))?;
    let user = session.authenticate(claims).await.map_err(failed)?;
    // As the response of the callback, a refusal begins no session of tower-didit either.
    let user = user.ok_or_else(|| pages::no_account().into_response())?;
    session.login(&user).await.map_err(failed)
}

/// Open to everyone.
async fn home(session: AuthSession) -> Html<String> {
    pages::home(session.user.as_ref())
}

/// For signed-in users with the permission.
async fn reports(session: AuthSession) -> Html<String> {
    pages::reports(session.user.as_ref())
}

async fn may_read_reports(session: AuthSession) -> bool {
    use axum_login::AuthzBackend;

    let Some(user) = &session.user else {
        return false;
    };
    let permission = session.backend.has_perm(user, Permission::ReadReports);
    permission.await.unwrap_or(false)
}

/// Where Didit sends the browser back. [`follow`] has signed the user in with axum-login.
async fn callback(_tokens: DiditTokens, back: ReturnTo) -> ReturnTo {
    back
}

async fn not_found() -> (StatusCode, Html<String>) {
    (StatusCode::NOT_FOUND, pages::not_found())
}

#[expect(clippy::needless_pass_by_value, reason = "map_err passes a value")]
fn failed(error: axum_login::Error<Users>) -> Response {
    tracing::error!(%error, "session of axum-login unavailable");
    pages::unavailable().into_response()
}
