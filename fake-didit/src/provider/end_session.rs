//! The end-session endpoint (OpenID Connect RP-Initiated Logout 1.0). Didit has none.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use url::form_urlencoded;

use crate::provider::{
    form::{self, Form},
    response, sign_in_page,
    state::State,
};

/// Redirects to the client, or shows a page: signed out, or an error.
///
/// The fake keeps no session of a browser, so none ends. Grants and their tokens stay valid.
pub(crate) fn respond(state: &State, request: &Request<Bytes>) -> Response<Bytes> {
    let parameters = match *request.method() {
        Method::GET => request.uri().query().unwrap_or_default(),
        Method::POST if form::has_form_type(request.headers()) => {
            std::str::from_utf8(request.body()).unwrap_or(NOT_A_FORM)
        }
        Method::POST => NOT_A_FORM,
        _ => return response::method_not_allowed("GET, POST"),
    };
    let redirect = Form::parse(parameters)
        .map_err(|error| error.description())
        .and_then(|form| redirect_url(state, &form).map_err(str::to_owned));
    match redirect {
        Ok(Some(url)) => response::redirect(&url),
        Ok(None) => response::page(StatusCode::OK, sign_in_page::signed_out()),
        Err(why) => {
            let html = sign_in_page::sign_out_error(&why);
            response::with_problem(response::page(StatusCode::BAD_REQUEST, html), why)
        }
    }
}

/// The post-logout redirect URI with the `state`, if the client sent one (RP-Initiated Logout §2, §3). An
/// error is shown to the person; the client does not get it.
fn redirect_url(state: &State, form: &Form) -> Result<Option<String>, &'static str> {
    let (hint, client_id) = (form.get("id_token_hint"), form.get("client_id"));
    // An expired ID token is accepted (§2).
    if hint.is_some_and(|hint| !state.tokens.knows_id_token(hint)) {
        return Err("id_token_hint is not an ID token of this provider");
    }
    if client_id.is_some_and(|id| id != state.client.id) {
        return Err("client_id is unknown");
    }
    let Some(uri) = form.get("post_logout_redirect_uri") else {
        return Ok(None);
    };
    if hint.is_none() && client_id.is_none() {
        return Err("post_logout_redirect_uri needs an id_token_hint or a client_id");
    }
    let registered = &state.post_logout_redirect_uris;
    if !registered.iter().any(|registered| registered == uri) {
        return Err("post_logout_redirect_uri is not registered");
    }
    let Some(client_state) = form.get("state") else {
        return Ok(Some(uri.to_owned()));
    };
    let separator = if uri.contains('?') { '&' } else { '?' };
    let client_state: String = form_urlencoded::byte_serialize(client_state.as_bytes()).collect();
    Ok(Some(format!("{uri}{separator}state={client_state}")))
}

/// A text that fails to parse as a form.
const NOT_A_FORM: &str = "%";
