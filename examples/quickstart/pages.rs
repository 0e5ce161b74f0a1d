//! What the quickstart shows.

use std::time::SystemTime;

use axum::response::Html;
use tower_didit::DiditTokens;

pub(crate) fn home(signed_in: bool) -> Html<String> {
    page(if signed_in {
        r#"<h1>Hello again</h1>
<p>You are signed in.</p>
<p><a class="button" id="profile" href="/profile">Your profile</a></p>"#
    } else {
        r#"<h1>A site with a sign-in</h1>
<p>This page is for everybody, the next one for those whom Didit knows.</p>
<p><a class="button" id="sign-in" href="/login?return_to=/profile">Sign in with Didit</a></p>
<p><a href="/profile">Go to your profile</a>, and be asked to sign in on the way.</p>"#
    })
}

pub(crate) fn profile(tokens: &DiditTokens) -> Html<String> {
    let scopes: Vec<_> = tokens.scopes().iter().map(escaped).collect();
    let scopes = scopes.join("</code></li><li><code>");
    let minutes = tokens
        .expires_at()
        .and_then(|end| end.duration_since(SystemTime::now()).ok())
        .map_or("an unknown time".to_owned(), |rest| {
            format!("{} minutes", rest.as_secs().div_ceil(60))
        });
    page(&format!(
        r#"<h1 id="signed-in">You are signed in</h1>
<p>You granted this site:</p>
<ul><li><code>{scopes}</code></li></ul>
<p>Its access token is good for another {minutes}. Your name is not here yet: it comes with verified
ID tokens.</p>
<form method="post" action="/logout"><button id="sign-out">Sign out</button></form>
<p><a href="/">Home</a></p>"#
    ))
}

fn page(content: &str) -> Html<String> {
    Html(format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>tower-didit quickstart</title>\n<style>{STYLE}</style>\n\
         <main>\n{content}\n</main>\n</html>\n"
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

const STYLE: &str = "
:root { color-scheme: light dark }
body { margin: 0; min-height: 100vh; display: grid; place-items: center;
       font: 1.05rem/1.6 system-ui, sans-serif; background: Canvas; color: CanvasText }
main { max-width: 28rem; padding: 2rem }
h1 { font-size: 1.6rem; line-height: 1.25 }
.button, button { display: inline-block; padding: .65rem 1.3rem; border: 0; border-radius: .5rem;
       background: #2667ff; color: #fff; font: inherit; text-decoration: none; cursor: pointer }
:focus-visible { outline: 3px solid #2667ff; outline-offset: 3px }
";
