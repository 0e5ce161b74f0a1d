//! Customers and staff, each with a provider, a session and paths of their own, in one application:
//! `cargo run --example two_providers`, then open the address that it prints. Customers sign in with Didit's Sign in API,
//! staff with Didit Authentication, at fakes of its own; with `DIDIT_CLIENT_ID` customers sign in with the real Didit.
//!
//! `LISTEN` is where it listens (default `127.0.0.1:3000`), `RUST_LOG` what it logs (default `info`).

#[path = "../support/page.rs"]
mod page;
mod pages;
#[path = "../support/site.rs"]
mod site;
mod staff;
#[cfg(test)]
mod tests;

use std::error::Error;

use axum::{
    Extension, Router,
    extract::Request,
    http::StatusCode,
    middleware::{Next, from_fn},
    response::{Html, Response},
    routing::get,
};
use tower_didit::{DiditAuth, DiditTokens, IdClaims, ReturnTo, UserInfo, scope};

use site::Site;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let customers = site.didit([scope::OPENID, scope::NAMES]).await?.build()?;
    let staff = staff::didit(&site.origin).await?.build()?;
    site.serve(app(DiditAuth::new(customers), DiditAuth::new(staff)))
        .await
}

fn app(customers: DiditAuth, staff: DiditAuth) -> Router {
    // An extractor reads the session of the innermost layer, so this page gets the other one from a middleware
    // between the two.
    let both = Router::new()
        .route("/", get(home))
        .layer(staff.clone())
        .layer(from_fn(remember_customer));
    let for_staff = Router::new()
        .route("/staff", get(tasks))
        .route("/staff/callback", get(callback))
        // The layer of a merged router sees only the routes of that router: these two are its own paths.
        .route("/staff/login", get(|| async {}))
        .route("/staff/logout", get(|| async {}))
        .layer(staff);
    Router::new()
        .route("/orders", get(orders))
        .route("/callback", get(callback))
        .route("/favicon.ico", get(page::icon))
        .merge(both)
        .merge(for_staff)
        .fallback(not_found)
        .layer(customers)
}

/// The customer who has sent a request, for handlers inside the layer of the staff.
#[derive(Clone)]
struct Customer(Option<IdClaims>);

async fn remember_customer(
    customer: Option<IdClaims>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(Customer(customer));
    next.run(request).await
}

/// Open to everyone. Shows both sessions.
async fn home(
    Extension(Customer(customer)): Extension<Customer>,
    staff: Option<IdClaims>,
) -> Html<String> {
    pages::home(customer.as_ref(), staff.as_ref())
}

/// For customers. Anyone else signs in with the Sign in API first.
async fn orders(customer: IdClaims, told: UserInfo) -> Html<String> {
    pages::orders(&customer, &told)
}

/// For staff. Anyone else, customers included, signs in with Didit Authentication first.
async fn tasks(staff: IdClaims) -> Html<String> {
    pages::tasks(&staff)
}

/// Where either provider sends the browser back.
async fn callback(_tokens: DiditTokens, back: ReturnTo) -> ReturnTo {
    back
}

async fn not_found() -> (StatusCode, Html<String>) {
    (StatusCode::NOT_FOUND, pages::not_found())
}
