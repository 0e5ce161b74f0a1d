//! The pages of the quickstart.

use axum::response::Html;
use tower_didit::{DiditTokens, IdClaims, UserInfo};

use crate::page::{self, SIGN_OUT, escaped};

/// The home page of a visitor.
pub(crate) fn welcome() -> Html<String> {
    page(
        r#"<h1>Welcome</h1>
<p>Anyone can see this page. Your profile is only for people who have signed in.</p>
<div class="actions">
<a class="button" id="sign-in" href="/login?return_to=/profile">Sign in with Didit</a>
<a class="button quiet" id="profile" href="/profile">Open your profile</a>
</div>
<p class="note">Opening your profile asks you to sign in first.</p>"#,
    )
}

/// The home page of a user, who may have told a name.
pub(crate) fn home(name: Option<&str>) -> Html<String> {
    let hello = hello(name);
    page(&format!(
        r#"<h1 id="signed-in">{hello}</h1>
<p>You are signed in.</p>
<div class="actions">
<a class="button" id="profile" href="/profile">Open your profile</a>
{SIGN_OUT}
</div>"#
    ))
}

/// What this site knows of a user.
pub(crate) fn profile(user: &IdClaims, tokens: &DiditTokens, told: &UserInfo) -> Html<String> {
    let hello = hello(told.full_name());
    let email = match (told.email(), told.email_is_verified()) {
        (Some(email), true) => format!("{} (verified by Didit)", escaped(email)),
        (Some(email), false) => format!("{} (not verified)", escaped(email)),
        (None, _) => "Not shared with this site".to_owned(),
    };
    let subject = escaped(user.subject());
    let scopes: Vec<_> = tokens.scopes().iter().map(escaped).collect();
    let scopes = scopes.join("</code> <code>");
    page(&format!(
        r#"<h1 id="signed-in">{hello}</h1>
<dl>
<dt>User ID</dt><dd><code id="subject">{subject}</code></dd>
<dt>E-mail address</dt><dd id="email">{email}</dd>
<dt>Permissions you granted this site</dt><dd><code>{scopes}</code></dd>
</dl>
<div class="actions">
{SIGN_OUT}
<a class="button quiet" id="home" href="/">Home</a>
</div>"#
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

fn hello(name: Option<&str>) -> String {
    name.map_or_else(
        || "Hello".to_owned(),
        |name| format!("Hello, {}", escaped(name)),
    )
}

fn page(content: &str) -> Html<String> {
    page::page("tower-didit quickstart", content)
}
