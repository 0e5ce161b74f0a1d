//! The sign-in page, and the person's decision.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use crate::{
    fault::FaultKind,
    person::Person,
    provider::{
        authorize::{AuthorizeRequest, Refusal, Registration},
        form::Form,
        grant::Grant,
        response, sign_in_page,
        state::State,
    },
};

/// Responds to an authorization request: the sign-in page, or an error.
pub(crate) fn authorize(
    state: &mut State,
    request: &Request<Bytes>,
    fault: Option<&FaultKind>,
) -> Response<Bytes> {
    if request.method() != Method::GET {
        return response::method_not_allowed("GET");
    }
    let authorization = match parse(state, request) {
        Ok(authorization) => authorization,
        Err(Refusal::Redirect { to, why }) => {
            return response::with_problem(response::redirect(&to), why);
        }
        Err(Refusal::Page(why)) => return error_page(&why),
    };
    if let Some(to) = fault.and_then(|fault| injected_error(&authorization, fault)) {
        return response::redirect(&to);
    }
    let (id, now) = (state.tokens.new_id("interaction"), state.now());
    let html = sign_in_page::sign_in(
        &state.client.id,
        &authorization.scope,
        &state.accounts,
        &id,
        state.product.decision_path(&state.issuer),
    );
    state.interactions.open(id, authorization, now);
    response::page(StatusCode::OK, html)
}

/// Parses and checks the query of an authorization request.
pub(crate) fn parse(state: &State, request: &Request<Bytes>) -> Result<AuthorizeRequest, Refusal> {
    let query = request.uri().query().unwrap_or_default();
    let registration = Registration {
        product: state.product,
        client: &state.client,
        scopes: &state.scopes,
        redirect_uris: &state.redirect_uris,
        iss: state.sends_iss.then(|| state.issuer.as_str()),
    };
    AuthorizeRequest::parse(query, &registration)
}

/// The redirect that carries an injected error to the client, as it carries the provider's own errors.
pub(crate) fn injected_error(
    authorization: &AuthorizeRequest,
    fault: &FaultKind,
) -> Option<String> {
    let FaultKind::Error(error) = fault else {
        return None;
    };
    let description = error.description.as_deref().unwrap_or("injected error");
    Some(authorization.refused(&error.code, description))
}

/// Responds to the forms of the sign-in page.
pub(crate) fn decide(state: &mut State, request: &Request<Bytes>) -> Response<Bytes> {
    if request.method() != Method::POST {
        return response::method_not_allowed("POST");
    }
    let form = std::str::from_utf8(request.body())
        .ok()
        .and_then(|text| Form::parse(text).ok());
    let Some(form) = form else {
        return error_page("the form is malformed");
    };

    let is_approval = request.uri().path().ends_with("/approve");
    let person = form
        .get("person")
        .and_then(|subject| state.accounts.by_subject(subject).cloned());
    if is_approval && person.is_none() {
        return error_page("the form selects no listed person");
    }
    let now = state.now();
    let id = form.get("interaction").unwrap_or_default();
    let Some(authorization) = state.interactions.take(id, now) else {
        return error_page(
            "this sign-in page has expired or was used before: start again from the application",
        );
    };
    match person.filter(|_| is_approval) {
        Some(person) => response::redirect(&approve(state, &authorization, person)),
        None => response::redirect(&decline(&authorization)),
    }
}

/// An error for the person only, not for the client.
fn error_page(why: &str) -> Response<Bytes> {
    let page = response::page(StatusCode::BAD_REQUEST, sign_in_page::error(why));
    response::with_problem(page, why)
}

/// Issues a code, and gives the URL that returns it to the client.
pub(crate) fn approve(
    state: &mut State,
    authorization: &AuthorizeRequest,
    person: Person,
) -> String {
    let (now, lifetime) = (state.now(), state.code_lifetime);
    let session = state.tokens.new_id("session");
    let grant = Grant::new(authorization.clone(), person, session, now);
    let code = state.tokens.issue_code(grant, now, lifetime);
    authorization.approved(&code)
}

/// The URL that returns `access_denied` to the client.
pub(crate) fn decline(authorization: &AuthorizeRequest) -> String {
    authorization.refused("access_denied", "the user declined")
}
