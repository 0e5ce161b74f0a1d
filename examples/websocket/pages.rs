//! The pages of the chat.

use axum::response::Html;
use tower_didit::IdClaims;

use crate::page::{self, SIGN_OUT, escaped};

/// Open to everyone.
pub(crate) async fn home(user: Option<IdClaims>) -> Html<String> {
    let sign_out = if user.is_some() { SIGN_OUT } else { "" };
    page(&format!(
        r#"<h1>Welcome</h1>
<p>A chat for people who have signed in. Open it in two tabs, and sign out in one of them.</p>
<div class="actions">
<a class="button" id="enter" href="/chat">Enter the chat</a>
{sign_out}
</div>"#
    ))
}

/// For signed-in users. `chat.js` fills it, and replaces all of it once the session has ended.
pub(crate) fn chat(name: &str) -> Html<String> {
    let name = escaped(name);
    page(&format!(
        r#"<div id="view" style="display: contents">
<h1>Hello, {name}</h1>
<p class="note" id="connecting" role="status">Connecting…</p>
<ul id="messages" aria-live="polite"></ul>
<form class="actions" id="say">
<input id="text" maxlength="400" required autocomplete="off" aria-label="Your message" placeholder="Your message">
<button id="send" disabled>Send</button>
</form>
{SIGN_OUT}
</div>
<template id="ended">
<h1>You are signed out</h1>
<p>Your session has ended, for example by a sign-out in another tab. The chat is closed here too.</p>
<div class="actions"><a class="button" id="sign-in" href="/login?return_to=/chat">Sign in again</a></div>
</template>
<script type="module" src="/chat.js"></script>"#
    ))
}

fn page(content: &str) -> Html<String> {
    page::page("tower-didit chat", content)
}
