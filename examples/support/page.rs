//! A page of an example.

use axum::{
    http::header,
    response::{Html, IntoResponse},
};

/// A page with this title and content, which are HTML.
pub(crate) fn page(title: &str, content: &str) -> Html<String> {
    Html(format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
<a class="brand" href="/">{title}</a>
{content}
</main>
<script>{RELOAD}</script>
</body>
</html>
"#
    ))
}

/// Text as HTML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

/// `GET /favicon.ico`.
pub(crate) async fn icon() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "max-age=86400"),
    ];
    (headers, include_str!("icon.svg"))
}

pub(crate) const SIGN_OUT: &str = r#"<form method="post" action="/logout"><button class="quiet" id="sign-out">Sign out</button></form>"#;

/// The Back button shows a page as it was, from the browser's memory: private ones too, after the sign-out. A page that
/// comes from there is loaded anew.
const RELOAD: &str = "addEventListener('pageshow', event => {
    const [navigation] = performance.getEntriesByType('navigation');
    if (event.persisted || navigation.type === 'back_forward') location.reload();
});";

const STYLE: &str = include_str!("style.css");
