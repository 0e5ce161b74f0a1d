//! The pages.

use axum::{http::StatusCode, response::Html};

use crate::{
    page::{self, SIGN_OUT, escaped},
    users::User,
};

pub(crate) fn home(user: Option<&User>) -> Html<String> {
    let Some(user) = user else {
        return page(
            r#"<h1>Welcome</h1>
<p>The first user who signs in is the administrator.</p>
<div class="actions"><a class="button" id="sign-in" href="/login">Sign in with Didit</a></div>"#,
        );
    };
    let role = if user.is_administrator {
        "Administrator"
    } else {
        "User"
    };
    page(&format!(
        r#"<h1 id="signed-in">Welcome back</h1>
<dl>
<dt>User</dt><dd><code id="subject">{}</code></dd>
<dt>Role</dt><dd id="role">{role}</dd>
</dl>
<div class="actions"><a class="button" id="reports" href="/reports">Open the reports</a>{SIGN_OUT}</div>"#,
        escaped(&user.subject)
    ))
}

pub(crate) fn reports(user: Option<&User>) -> Html<String> {
    let subject = user.map_or("", |user| &user.subject);
    page(&format!(
        r#"<h1>Reports</h1>
<p>There are no reports for <code id="subject">{}</code> today.</p>
<div class="actions"><a class="button quiet" id="home" href="/">Home</a></div>"#,
        escaped(subject)
    ))
}

pub(crate) fn no_permission() -> (StatusCode, Html<String>) {
    let page = page(
        r#"<h1>Not for you</h1>
<p>Only administrators can read the reports.</p>
<div class="actions"><a class="button" id="home" href="/">Home</a></div>"#,
    );
    (StatusCode::FORBIDDEN, page)
}

pub(crate) fn no_account() -> (StatusCode, Html<String>) {
    let page = page(&format!(
        r#"<h1>This account is closed</h1>
<p>You cannot use this site with this account.</p>
<div class="actions">{SIGN_OUT}</div>"#
    ));
    (StatusCode::FORBIDDEN, page)
}

pub(crate) fn unavailable() -> (StatusCode, Html<String>) {
    let page = page(
        r#"<h1>Something went wrong</h1>
<p>Try again in a few minutes.</p>
<div class="actions"><a class="button" id="home" href="/">Home</a></div>"#,
    );
    (StatusCode::INTERNAL_SERVER_ERROR, page)
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
    page::page("tower-didit with axum-login", content)
}
