//! The pages of the bar.

use axum::{
    http::{Response, header},
    response::{Html, IntoResponse},
};
use tower_didit::{ErrorKind, reason::GuardError};

/// For everyone.
pub(crate) fn home(is_signed_in: bool) -> Html<String> {
    let sign_out = if is_signed_in { SIGN_OUT } else { "" };
    Html(page(
        "The Bar",
        &format!(
            r#"<p>Open to verified people over 18. Didit confirms both; this site learns neither your name nor your
birthday.</p>
<div class="actions">
<a class="button" id="enter" href="/bar">Enter</a>
{sign_out}
</div>"#
        ),
    ))
}

/// Behind the guard.
pub(crate) async fn bar() -> Html<String> {
    Html(page(
        "Cheers!",
        &format!(
            r#"<p id="inside">You are in. What will it be?</p>
<ul><li>Negroni</li><li>Espresso Martini</li><li>A glass of Rioja</li></ul>
<div class="actions">
{SIGN_OUT}
<a class="button quiet" id="home" href="/">Home</a>
</div>"#
        ),
    ))
}

/// Why somebody did not get in, and what they can do. `next` leads to a sign-in, or back to the site.
pub(crate) fn error(kind: ErrorKind, next: &str) -> Response<axum::body::Bytes> {
    let (title, text) = match kind {
        ErrorKind::NotAllowed(GuardError::NotOver18) => (
            "Sorry, adults only",
            "Didit does not confirm that you are over 18. If you have turned 18 since your last sign-in, sign out and \
             sign in again.",
        ),
        ErrorKind::NotAllowed(GuardError::NotVerified) => (
            "Please get verified first",
            "Didit has not verified your identity yet. Verify it in the Didit app, which takes a few minutes, then sign \
             out here and sign in again.",
        ),
        ErrorKind::AccessDenied => (
            "You did not sign in",
            "Without Didit this site cannot know your age. Nothing was shared. You can try again at any time.",
        ),
        _ => (
            "That did not work",
            "Something went wrong on the way. Please try again in a moment.",
        ),
    };
    let is_signed_in = matches!(kind, ErrorKind::NotAllowed(_));
    let (sign_out, class, label) = if is_signed_in {
        (SIGN_OUT, "button quiet", "Home")
    } else {
        ("", "button", "Try again")
    };
    let next = next.replace('&', "&amp;").replace('"', "&quot;");
    let code = kind.code();
    let html = page(
        title,
        &format!(
            r#"<p id="{code}">{text}</p>
<div class="actions">
{sign_out}
<a class="{class}" id="next" href="{next}">{label}</a>
</div>"#
        ),
    );
    Response::builder()
        .status(kind.status())
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .body(html.into())
        .expect("the parts are valid")
}

pub(crate) async fn style() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "max-age=3600"),
    ];
    (headers, include_str!("style.css"))
}

fn page(title: &str, content: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
<title>{title}</title>
</head>
<body>
<main>
<a class="brand" href="/">tower-didit age gate</a>
<h1>{title}</h1>
{content}
</main>
<script>{RELOAD}</script>
</body>
</html>
"#
    )
}

const SIGN_OUT: &str = r#"<form method="post" action="/logout"><button class="quiet" id="sign-out">Sign out</button></form>"#;

/// The Back button shows a page as it was, from the browser's memory. A page that comes from there is loaded again: the
/// visitor may have signed out since.
const RELOAD: &str = "addEventListener('pageshow', event => {
    const [navigation] = performance.getEntriesByType('navigation');
    if (event.persisted || navigation.type === 'back_forward') location.reload();
});";
