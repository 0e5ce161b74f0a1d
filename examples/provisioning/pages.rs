//! The pages.

use axum::{http::StatusCode, response::Html};

use crate::{
    accounts::Account,
    page::{self, SIGN_OUT, escaped},
};

pub(crate) fn home(is_signed_in: bool) -> Html<String> {
    page(if is_signed_in {
        r#"<h1>Welcome back</h1>
<p>You are signed in.</p>
<div class="actions"><a class="button" id="account" href="/account">Your account</a></div>"#
    } else {
        r#"<h1>Welcome</h1>
<p>Your account is created when you sign in for the first time.</p>
<div class="actions"><a class="button" id="sign-in" href="/login?return_to=/account">Sign in with Didit</a></div>"#
    })
}

pub(crate) fn account(account: &Account) -> Html<String> {
    let shown = |value: &Option<String>| escaped(value.as_deref().unwrap_or("unknown"));
    page(&format!(
        r#"<h1>Your account</h1>
<dl>
<dt>Name</dt><dd id="name">{}</dd>
<dt>E-mail address</dt><dd id="email">{}</dd>
<dt>Account</dt><dd><code id="subject">{}</code></dd>
</dl>
<div class="actions">
{SIGN_OUT}
<form method="post" action="/account/ban"><button class="quiet" id="ban">Ban this account</button></form>
</div>
<p class="note">This button stands for the page of an administrator.</p>"#,
        shown(&account.name),
        shown(&account.email),
        escaped(&account.subject)
    ))
}

/// For a banned user. As the response of the callback it begins no session, because its status is not below 400.
pub(crate) fn banned() -> (StatusCode, Html<String>) {
    let page = page(&format!(
        r#"<h1 id="banned">This account is closed</h1>
<p>You cannot use this site with this account. If you think that this is a mistake, write to
<a href="mailto:help@example.com">help@example.com</a>.</p>
<div class="actions">{SIGN_OUT}<a class="button quiet" id="home" href="/">Home</a></div>"#
    ));
    (StatusCode::FORBIDDEN, page)
}

pub(crate) fn unavailable() -> (StatusCode, Html<String>) {
    let page = page(
        r#"<h1>Something went wrong</h1>
<p>Your account cannot be opened now. Try again in a few minutes.</p>
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
    page::page("tower-didit provisioning", content)
}
