//! The pages of the quickstart.

use axum::response::Html;
use tower_didit::{DiditTokens, IdClaims, UserInfo};

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
    Html(format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>tower-didit quickstart</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
<a class="brand" href="/">tower-didit quickstart</a>
{content}
</main>
<script>{RELOAD}</script>
</body>
</html>
"#
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

const SIGN_OUT: &str = r#"<form method="post" action="/logout"><button class="quiet" id="sign-out">Sign out</button></form>"#;

/// The Back button shows a page as it was, from the browser's memory: private ones too, after the sign-out. A page that
/// comes from there is loaded anew.
const RELOAD: &str = "addEventListener('pageshow', event => {
    const [navigation] = performance.getEntriesByType('navigation');
    if (event.persisted || navigation.type === 'back_forward') location.reload();
});";

const STYLE: &str = include_str!("style.css");
