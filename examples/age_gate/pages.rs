//! The pages of the bar.

use axum::{body::Bytes, response::Html};
use http::{Response, header};
use tower_didit::{ErrorKind, reason::GuardError};

use super::page::{SIGN_OUT, escaped, page};

/// For everyone.
pub(crate) fn home(is_signed_in: bool) -> Html<String> {
    let sign_out = if is_signed_in { SIGN_OUT } else { "" };
    bar_page(&format!(
        r#"<h1>Welcome to the bar</h1>
<p>It is open to verified people over 18. Didit confirms both; this site learns neither your name nor your birthday.</p>
<div class="actions">
<a class="button" id="enter" href="/bar">Enter</a>
{sign_out}
</div>"#
    ))
}

/// Behind the guard.
pub(crate) async fn bar() -> Html<String> {
    bar_page(&format!(
        r#"<h1>Cheers!</h1>
<p id="inside">You are in. What will it be: a Negroni, an Espresso Martini, or a glass of Rioja?</p>
<div class="actions">
{SIGN_OUT}
<a class="button quiet" id="home" href="/">Home</a>
</div>"#
    ))
}

/// Why somebody did not get in, and what they can do. `next` leads to a sign-in, or back to the site.
pub(crate) fn error(kind: ErrorKind, next: &str) -> Response<Bytes> {
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
    let (sign_out, class, label) = match kind {
        ErrorKind::NotAllowed(_) => (SIGN_OUT, "button quiet", "Home"),
        _ => ("", "button", "Try again"),
    };
    let (code, next) = (kind.code(), escaped(next));
    let Html(html) = bar_page(&format!(
        r#"<h1>{title}</h1>
<p id="{code}">{text}</p>
<div class="actions">
{sign_out}
<a class="{class}" id="next" href="{next}">{label}</a>
</div>"#
    ));
    Response::builder()
        .status(kind.status())
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .body(html.into())
        .expect("the parts are valid")
}

fn bar_page(content: &str) -> Html<String> {
    page("tower-didit age gate", content)
}
