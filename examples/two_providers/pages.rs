//! The pages.

use axum::response::Html;
use tower_didit::{IdClaims, UserInfo};

use crate::page::{self, SIGN_OUT, escaped};

/// The home page, with both sessions.
pub(crate) fn home(customer: Option<&IdClaims>, staff: Option<&IdClaims>) -> Html<String> {
    let customer = match customer {
        Some(user) => format!(
            r#"<dl><dt>Signed in as</dt><dd><code id="customer">{}</code></dd></dl>
<div class="actions"><a class="button" id="orders" href="/orders">Your orders</a>{SIGN_OUT}</div>"#,
            escaped(user.subject())
        ),
        None => r#"<p>Not signed in.</p>
<div class="actions"><a class="button" id="sign-in" href="/login?return_to=/orders">Sign in as a customer</a></div>"#
            .to_owned(),
    };
    let staff = match staff {
        Some(user) => format!(
            r#"<dl><dt>Signed in as</dt><dd><code id="staff">{}</code></dd></dl>
<div class="actions"><a class="button" id="tasks" href="/staff">Today's tasks</a>{STAFF_SIGN_OUT}</div>"#,
            escaped(user.subject())
        ),
        None => r#"<p>Not signed in.</p>
<div class="actions"><a class="button quiet" id="staff-sign-in" href="/staff/login?return_to=/staff">Sign in as staff</a></div>"#
            .to_owned(),
    };
    page(&format!(
        "<h1>One site, two sign-ins</h1>
<section><h2>Customers: Sign in API</h2>
{customer}</section>
<section><h2>Staff: Didit Authentication</h2>
{staff}</section>"
    ))
}

/// A page for customers.
pub(crate) fn orders(customer: &IdClaims, told: &UserInfo) -> Html<String> {
    let name = told.full_name().unwrap_or("customer");
    page(&format!(
        r#"<h1>Your orders</h1>
<p>Hello, <span id="name">{}</span>. You have not ordered anything yet.</p>
<dl><dt>Customer ID</dt><dd><code id="customer">{}</code></dd></dl>
<div class="actions">{SIGN_OUT}<a class="button quiet" id="home" href="/">Home</a></div>"#,
        escaped(name),
        escaped(customer.subject())
    ))
}

/// A page for staff.
pub(crate) fn tasks(staff: &IdClaims) -> Html<String> {
    page(&format!(
        r#"<h1>Today's tasks</h1>
<p>All orders are shipped.</p>
<dl><dt>Staff ID</dt><dd><code id="staff">{}</code></dd></dl>
<div class="actions">{STAFF_SIGN_OUT}<a class="button quiet" id="home" href="/">Home</a></div>"#,
        escaped(staff.subject())
    ))
}

/// For an address that leads nowhere.
pub(crate) fn not_found() -> Html<String> {
    page(
        r#"<h1>Page not found</h1>
<p>There is no page at this address.</p>
<div class="actions"><a class="button" id="home" href="/">Home</a></div>"#,
    )
}

fn page(content: &str) -> Html<String> {
    page::page("tower-didit: two providers", content)
}

const STAFF_SIGN_OUT: &str = r#"<form method="post" action="/staff/logout"><button class="quiet" id="staff-sign-out">Sign out as staff</button></form>"#;
