//! The page that ends a session at the provider (OpenID Connect RP-Initiated Logout 1.0), which a real
//! Didit does not have.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use url::form_urlencoded;

use crate::provider::{
    answer::{self, Answer},
    form::{self, Form},
    sign_in_page,
    state::State,
};

/// Sends the browser back to the client, or shows a page: that the session has ended, or why it has not.
///
/// The fake knows no browser from another, so there is no session of its own to end, and what was granted
/// stays granted.
pub(crate) fn answer(state: &State, request: &Request<Bytes>) -> Answer {
    let parameters = match *request.method() {
        Method::GET => request.uri().query().unwrap_or_default(),
        Method::POST if form::is_announced(request.headers()) => {
            std::str::from_utf8(request.body()).unwrap_or(NOT_A_FORM)
        }
        Method::POST => NOT_A_FORM,
        _ => return answer::method_not_allowed("GET, POST"),
    };
    let ended = Form::parse(parameters)
        .map_err(|error| error.description())
        .and_then(|form| way_back(state, &form).map_err(str::to_owned));
    match ended {
        Ok(Some(way_back)) => answer::redirect(&way_back),
        Ok(None) => answer::page(StatusCode::OK, sign_in_page::signed_out()),
        Err(why) => {
            let html = sign_in_page::not_signed_out(&why);
            answer::because(answer::page(StatusCode::BAD_REQUEST, html), why)
        }
    }
}

/// Where the browser goes (RP-Initiated Logout §2, §3), if the client wants it back; the error says what is
/// wrong, and is for the person alone.
fn way_back(state: &State, form: &Form) -> Result<Option<String>, &'static str> {
    let (hint, client_id) = (form.get("id_token_hint"), form.get("client_id"));
    // One that has expired is as good (§2).
    if hint.is_some_and(|hint| !state.ledger.knows_id_token(hint)) {
        return Err("id_token_hint is not an ID token of this provider");
    }
    if client_id.is_some_and(|id| id != state.client.id) {
        return Err("client_id is unknown");
    }
    let Some(uri) = form.get("post_logout_redirect_uri") else {
        return Ok(None);
    };
    if hint.is_none() && client_id.is_none() {
        return Err("nobody says which client it is that wants the browser back");
    }
    let known = &state.post_logout_redirect_uris;
    if !known.iter().any(|known| known == uri) {
        return Err("post_logout_redirect_uri is not registered");
    }
    let Some(passed) = form.get("state") else {
        return Ok(Some(uri.to_owned()));
    };
    let joint = if uri.contains('?') { '&' } else { '?' };
    let passed: String = form_urlencoded::byte_serialize(passed.as_bytes()).collect();
    Ok(Some(format!("{uri}{joint}state={passed}")))
}

/// No form can be read from it.
const NOT_A_FORM: &str = "%";
