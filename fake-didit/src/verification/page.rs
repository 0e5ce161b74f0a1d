//! The hosted page, on which a person is verified.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};

use crate::{
    provider::{
        document::{document, escape},
        form::Form,
        response,
        state::State,
    },
    verification::{
        callback, create::LANGUAGES, progress::CONTINUE, routes::method_not_allowed,
        session::Session, status::Status,
    },
};

/// The session's token in the path of its page.
pub(crate) fn token(path: &str) -> Option<&str> {
    let path = path.strip_prefix('/')?;
    let token = match path.split_once('/')? {
        ("session", token) => token,
        (language, rest) if LANGUAGES.contains(&language) => rest.strip_prefix("session/")?,
        _ => return None,
    };
    (!token.is_empty() && !token.contains('/')).then_some(token)
}

/// Responds to the page and to its buttons.
pub(crate) fn respond(state: &mut State, request: &Request<Bytes>) -> Response<Bytes> {
    state.settle_verifications();
    let token = token(request.uri().path()).unwrap_or_default();
    let session = state.verification.session_of_token(token);
    let Some(id) = session.map(|session| session.id.clone()) else {
        let page = message(
            "This link is invalid",
            "Go back to the application and start again.",
            "",
        );
        let page = response::page(StatusCode::NOT_FOUND, page);
        return response::with_problem(page, "no session has this token");
    };
    let is_initiator = has_cookie(request, token);
    if request.method() == Method::GET {
        return open(state, &id, is_initiator);
    }
    if request.method() != Method::POST {
        return method_not_allowed(request.method(), &Method::GET);
    }
    let form = std::str::from_utf8(request.body()).ok();
    let form = form.and_then(|text| Form::parse(text).ok());
    let slug = form
        .as_ref()
        .and_then(|form| form.get("outcome"))
        .unwrap_or_default();
    match state.finish_verification(&id, slug, is_initiator) {
        Ok(()) => {}
        Err(why) => {
            let page = message("This is not possible", &escape(&why), "");
            let page = response::page(StatusCode::BAD_REQUEST, page);
            return response::with_problem(page, why);
        }
    }
    let Some(session) = state.verification.session(&id) else {
        return response::page(
            StatusCode::GONE,
            message("Deleted", "This session was deleted.", ""),
        );
    };
    match callback::url(session) {
        Some(to) if session.status != Status::Expired && session.redirects(is_initiator) => {
            response::redirect(&to)
        }
        _ => response::page(StatusCode::OK, finished(session, is_initiator)),
    }
}

/// The page, after the first visit of which the session is in progress.
fn open(state: &mut State, id: &str, is_initiator: bool) -> Response<Bytes> {
    state.open_verification(id);
    let armed = state.verification.is_sandbox;
    let Some(session) = state.verification.session_mut(id) else {
        return response::page(
            StatusCode::GONE,
            message("Deleted", "This session was deleted.", ""),
        );
    };
    let is_first = !session.is_opened;
    session.is_opened = true;
    let html = if session.status.is_unfinished() {
        buttons(session, armed && session.armed.is_some())
    } else {
        finished(session, is_initiator)
    };
    let mut page = response::page(StatusCode::OK, html);
    if is_first {
        let cookie = format!(
            "{COOKIE}{}=1; Path=/; HttpOnly; SameSite=Lax",
            session.token
        );
        let cookie = HeaderValue::from_str(&cookie).expect("a token is visible ASCII");
        page.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    page
}

/// Whether this device has opened the page first.
fn has_cookie(request: &Request<Bytes>, token: &str) -> bool {
    let expected = format!("{COOKIE}{token}=1");
    let cookies = request.headers().get_all(header::COOKIE).iter();
    let mut cookies = cookies.filter_map(|value| value.to_str().ok());
    cookies.any(|pairs| pairs.split("; ").any(|pair| pair == expected))
}

fn buttons(session: &Session, is_armed: bool) -> String {
    let again = if session.resubmit.is_some() {
        "<p class=\"reason\">Some steps must be repeated.</p>\n"
    } else {
        ""
    };
    let user = session
        .vendor_data
        .as_deref()
        .map_or_else(String::new, |user| {
            format!(
                "<p>The application calls this person <code>{}</code>.</p>\n",
                escape(user)
            )
        });
    let buttons: String = if is_armed {
        button(CONTINUE, CONTINUE, "", "Continue with the armed scenario")
    } else {
        [
            ("approve", "", "Approve: every check passes"),
            ("decline", "danger", "Decline: the faces differ"),
            ("review", "quiet", "Review: a human must decide"),
        ]
        .map(|(id, class, label)| button(id, id, class, label))
        .concat()
    };
    let leave = button(
        "abandon",
        "abandon",
        "quiet",
        "Abandon: leave without finishing",
    ) + &button("expire", "expire", "quiet", "Expire: the link is too old");
    let main = format!(
        r#"<h1>Verify your identity</h1>
{again}{user}<form class="actions" method="post">
{buttons}{leave}</form>
<p class="note">This is a fake Didit for tests. It takes no pictures: choose how the verification ends.</p>"#
    );
    document("Verification", "card", &main)
}

fn button(id: &str, value: &str, class: &str, label: &str) -> String {
    format!(
        "<button id=\"{id}\" class=\"{class}\" name=\"outcome\" value=\"{value}\" type=\"submit\">{label}</button>\n"
    )
}

/// The page of a session that has ended.
fn finished(session: &Session, is_initiator: bool) -> String {
    let text = match session.status {
        Status::Expired => "This link has expired.",
        Status::Abandoned => "The verification was not finished.",
        _ => "You have finished the verification.",
    };
    let back = match callback::url(session) {
        Some(url) if session.redirects(is_initiator) => format!(
            "<p><a class=\"button\" id=\"back\" href=\"{}\">Back to the application</a></p>",
            escape(&url)
        ),
        _ => "<p>Go back to your first device. You can close this page.</p>".to_owned(),
    };
    message("Verification", text, &back)
}

/// A page with one text. The text and `more` are not escaped.
fn message(title: &str, text: &str, more: &str) -> String {
    document(
        title,
        "card",
        &format!("<h1>{title}</h1>\n<p>{text}</p>\n{more}"),
    )
}

impl State {
    /// The URL of a session's page.
    pub(crate) fn verification_url(&self, session: &Session) -> String {
        let language = session.language.as_ref();
        let language = language.map_or_else(String::new, |language| format!("/{language}"));
        let origin = self.verification_origin();
        format!("{origin}{language}/session/{}", session.token)
    }

    /// The origin of the hosted pages: the one that is set, or Didit's, or that of an issuer which is not Didit's.
    pub(crate) fn verification_origin(&self) -> &str {
        if let Some(origin) = &self.verification.page_origin {
            return origin;
        }
        let origin = self.issuer.origin();
        if origin == self.product.issuer().origin() {
            PAGES
        } else {
            origin
        }
    }
}

/// The origin of Didit's hosted pages.
pub(crate) const PAGES: &str = "https://verify.didit.me";

/// The prefix of the cookie of the device that opened the page first; the session's token follows.
const COOKIE: &str = "fake-didit-device-";
