//! What the quickstart shows.

use axum::response::Html;
use tower_didit::{DiditTokens, IdClaims, tokens::UserInfo};

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

pub(crate) fn profile(user: &IdClaims, tokens: &DiditTokens, told: &UserInfo) -> Html<String> {
    let name = escaped(told.full_name().unwrap_or("somebody who does not say"));
    let email = match (told.email(), told.email_is_verified()) {
        (Some(email), true) => format!("{}, which Didit has verified", escaped(email)),
        (Some(email), false) => format!("{}, which nobody has verified", escaped(email)),
        (None, _) => "not granted".to_owned(),
    };
    let subject = escaped(user.subject());
    let scopes: Vec<_> = tokens.scopes().iter().map(escaped).collect();
    let scopes = scopes.join("</code>, <code>");
    page(&format!(
        r#"<h1 id="signed-in">Hello, {name}</h1>
<dl>
<dt>You are</dt><dd><code id="subject">{subject}</code></dd>
<dt>Your e-mail address</dt><dd id="email">{email}</dd>
<dt>You granted</dt><dd><code>{scopes}</code></dd>
</dl>
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
dt { opacity: .7; font-size: .9rem }
dd { margin: 0 0 .8rem; overflow-wrap: anywhere }
.button, button { display: inline-block; padding: .65rem 1.3rem; border: 0; border-radius: .5rem;
       background: #2667ff; color: #fff; font: inherit; text-decoration: none; cursor: pointer }
:focus-visible { outline: 3px solid #2667ff; outline-offset: 3px }
";
