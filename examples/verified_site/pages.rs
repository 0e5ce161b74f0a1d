//! The pages.

use axum::{
    body::Bytes,
    http::{Response, header},
    response::Html,
};
use tower_didit::{
    ErrorKind,
    reason::VerificationError,
    verification::{Status, VerificationRecord},
};

use crate::page::{self, SIGN_OUT, escaped};

/// The start page for a visitor who is not signed in.
pub(crate) fn welcome() -> Html<String> {
    page(&format!(
        r#"<h1>Open an account</h1>
<p>It takes a few minutes. Didit checks your identity; this site does not see your document.</p>
{}
<div class="actions"><a class="button" id="account" href="/account">Sign in with Didit</a></div>"#,
        steps("now", "Verify your identity", "next")
    ))
}

/// The start page for a user: the state of the verification, and the next step.
pub(crate) fn home(record: Option<&VerificationRecord>) -> Html<String> {
    let is_verified = record.is_some_and(VerificationRecord::is_verified);
    let is_blocked = record.is_some_and(VerificationRecord::is_blocked);
    let status = record.map(VerificationRecord::status);
    let (title, text, label) = match status {
        _ if is_verified => (
            "Your account is open",
            "You are signed in, and your identity is verified.",
            "Go to your account",
        ),
        _ if is_blocked => (
            "Your account is closed",
            "You are signed in, but blocked from verifying your identity.",
            "What you can do",
        ),
        None => (
            "Verify your identity",
            "You are signed in. Have your passport or identity card at hand.",
            "Verify your identity",
        ),
        Some(Status::NotStarted | Status::InProgress) => (
            "Finish your verification",
            "You have begun. Go on where you stopped.",
            "Go on",
        ),
        Some(Status::Resubmitted) => (
            "Please repeat a step",
            "Didit needs a part of your verification again. The rest still counts.",
            "Repeat the step",
        ),
        Some(Status::Expired | Status::Abandoned) => (
            "Your verification was not finished",
            "It ended before the last step. You can start again at any time.",
            "Start again",
        ),
        Some(Status::KycExpired) => (
            "Please verify your identity again",
            "Your last verification is too old to count.",
            "Verify your identity",
        ),
        Some(Status::Approved | Status::Declined) => (
            "You were not verified",
            "Didit could not confirm your identity.",
            "What you can do",
        ),
        Some(_) => (
            "Your verification is being checked",
            "You have done your part. This page knows the result as soon as Didit has it.",
            "See how it stands",
        ),
    };
    let (class, verification) = match status {
        _ if is_verified => ("done", "Identity verified".to_owned()),
        _ if is_blocked => ("failed", "Identity not verified".to_owned()),
        None => ("now", "Verify your identity".to_owned()),
        Some(Status::Approved | Status::Declined) => ("failed", "Identity not verified".to_owned()),
        Some(status) => ("now", format!("Verify your identity: {}", word(status))),
    };
    let steps = steps("done", &verification, class);
    page(&format!(
        r#"<h1 id="home-title">{title}</h1>
<p>{text}</p>
{steps}
<div class="actions">
<a class="button" id="account" href="/account">{label}</a>
{SIGN_OUT}
</div>"#
    ))
}

/// The page behind the guard.
pub(crate) fn account(record: Option<&VerificationRecord>) -> Html<String> {
    let since = record.and_then(VerificationRecord::verified_at);
    let since = since.map_or_else(String::new, httpdate::fmt_http_date);
    page(&format!(
        r#"<h1 id="inside">Your account</h1>
<p>Only verified people see this page.</p>
<ol class="steps">
<li class="done">Identity document</li>
<li class="done">A person, not a picture</li>
<li class="done">Your face and the document match</li>
</ol>
<dl><dt>Verified since</dt><dd id="since">{since}</dd></dl>
<div class="actions">
{SIGN_OUT}
<a class="button quiet" id="home" href="/">Home</a>
</div>"#
    ))
}

/// The page for an error: what went wrong, and what the person can do. `next` is the address of the next step.
pub(crate) fn error(kind: ErrorKind, next: &str) -> Response<Bytes> {
    let (title, text) = match kind {
        ErrorKind::Verification(VerificationError::Declined) => (
            "You were not verified",
            "Didit could not confirm your identity. Was the picture blurred, or the document of somebody else? Write to \
             <a href=\"mailto:help@example.com\">help@example.com</a>: we can let you repeat a step.",
        ),
        ErrorKind::Verification(VerificationError::UserBlocked) => (
            "Your account is closed",
            "If you think that this is a mistake, write to <a href=\"mailto:help@example.com\">help@example.com</a>.",
        ),
        ErrorKind::Verification(VerificationError::Required) => (
            "Please verify your identity first",
            "This page is open to verified people only.",
        ),
        ErrorKind::Verification(
            VerificationError::Unavailable | VerificationError::RateLimited,
        ) => (
            "Your identity cannot be verified right now",
            "Please wait a little: this page tries again by itself.",
        ),
        ErrorKind::AccessDenied => (
            "You did not sign in",
            "Nothing was shared. You can try again at any time.",
        ),
        _ => (
            "That did not work",
            "Something went wrong on the way. Please try again in a moment.",
        ),
    };
    let (sign_out, class, label) = match kind {
        ErrorKind::Verification(
            VerificationError::Declined
            | VerificationError::UserBlocked
            | VerificationError::Required,
        ) => (SIGN_OUT, "button quiet", "Home"),
        _ => ("", "button", "Try again"),
    };
    let (code, next) = (kind.code(), escaped(next));
    let Html(html) = page(&format!(
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

/// The page of Didit's employee.
pub(crate) fn desk(status: Option<&str>) -> Html<String> {
    let buttons = DECISIONS.map(|(id, status, label)| {
        format!(
            r#"<button class="quiet" id="{id}" name="status" value="{status}">{label}</button>"#
        )
    });
    let (status, buttons) = match status {
        Some(status) => (status, buttons.join("\n")),
        None => ("There is none yet.", String::new()),
    };
    page(&format!(
        r#"<h1>The desk of Didit's employee</h1>
<p>Here you decide about the last verification, as an employee does in Didit's console. The site hears of it by a webhook.</p>
<dl><dt>Last verification</dt><dd id="status">{status}</dd></dl>
<form class="actions" method="post" action="/desk">
{buttons}
</form>
<div class="actions"><a class="button" id="home" href="/">Home</a></div>"#
    ))
}

/// The page for an unknown address.
pub(crate) fn not_found() -> Html<String> {
    page(
        r#"<h1>Page not found</h1>
<p>There is no page at this address.</p>
<div class="actions"><a class="button" id="home" href="/">Home</a></div>"#,
    )
}

/// The three steps to an account. Their classes are `done`, `now`, `next` and `failed`.
fn steps(sign_in: &str, verification: &str, class: &str) -> String {
    let account = if class == "done" { "now" } else { "next" };
    format!(
        r#"<ol class="steps">
<li class="{sign_in}">Sign in</li>
<li class="{class}">{verification}</li>
<li class="{account}">Use your account</li>
</ol>"#
    )
}

fn word(status: Status) -> &'static str {
    match status {
        Status::NotStarted | Status::InProgress => "begun",
        Status::Resubmitted => "repeat a step",
        Status::Expired | Status::Abandoned => "not finished",
        Status::KycExpired => "too old",
        _ => "being checked",
    }
}

fn page(content: &str) -> Html<String> {
    page::page("tower-didit verified site", content)
}

/// What an employee can decide: the button, the status, the label.
pub(crate) const DECISIONS: [(&str, &str, &str); 4] = [
    ("approve", "Approved", "Approve"),
    ("decline", "Declined", "Decline"),
    ("repeat", "Resubmitted", "Let the person repeat a step"),
    ("expire", "Kyc Expired", "The approval is too old"),
];
