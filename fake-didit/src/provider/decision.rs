//! The sign-in page: asking for the decision, and taking it.

use bytes::Bytes;
use http::{Method, Request, StatusCode};

use crate::{
    fault::FaultKind,
    person::Person,
    provider::{
        answer::{self, Answer},
        authorize::{AuthorizeRequest, Refusal, Registration},
        form::Form,
        grant::Grant,
        sign_in_page,
        state::State,
    },
};

/// Answers `GET` of the authorization endpoint: the sign-in page, or why not.
pub(crate) fn ask(
    state: &mut State,
    request: &Request<Bytes>,
    fault: Option<&FaultKind>,
) -> Answer {
    if request.method() != Method::GET {
        return answer::method_not_allowed("GET");
    }
    let asked = match read(state, request) {
        Ok(asked) => asked,
        Err(Refusal::Redirect { to, why }) => {
            return answer::because(answer::redirect(&to), why);
        }
        Err(Refusal::Page(why)) => return refused(&why),
    };
    if let Some(to) = fault.and_then(|fault| scripted(&asked, fault)) {
        return answer::redirect(&to);
    }
    let (id, now) = (state.ledger.new_id("interaction"), state.now());
    let path = state.product.decision_path(&state.issuer);
    let html = sign_in_page::sign_in(&state.client.id, &asked.scope, &state.accounts, &id, path);
    state.interactions.open(id, asked, now);
    answer::page(StatusCode::OK, html)
}

/// The authorization request in a query.
pub(crate) fn read(state: &State, request: &Request<Bytes>) -> Result<AuthorizeRequest, Refusal> {
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

/// Where a scripted error sends the browser: the client gets it like a real one.
pub(crate) fn scripted(asked: &AuthorizeRequest, fault: &FaultKind) -> Option<String> {
    let FaultKind::Refuse(error) = fault else {
        return None;
    };
    Some(asked.refused(
        &error.code,
        error.description.as_deref().unwrap_or("as scripted"),
    ))
}

/// Answers the forms of the sign-in page.
pub(crate) fn decide(state: &mut State, request: &Request<Bytes>) -> Answer {
    if request.method() != Method::POST {
        return answer::method_not_allowed("POST");
    }
    let form = std::str::from_utf8(request.body())
        .ok()
        .and_then(|text| Form::parse(text).ok());
    let Some(form) = form else {
        return refused("the form is malformed");
    };

    let approves = request.uri().path().ends_with("/approve");
    let person = form
        .get("person")
        .and_then(|subject| state.accounts.by_subject(subject).cloned());
    if approves && person.is_none() {
        return refused("nobody was chosen");
    }
    let now = state.now();
    let Some(asked) = state
        .interactions
        .take(form.get("interaction").unwrap_or_default(), now)
    else {
        return refused(
            "this sign-in has expired or was already decided: start again from the application",
        );
    };
    match person.filter(|_| approves) {
        Some(person) => answer::redirect(&approve(state, &asked, person)),
        None => answer::redirect(&decline(&asked)),
    }
}

/// The page for a request that cannot be answered.
fn refused(why: &str) -> Answer {
    let page = answer::page(StatusCode::BAD_REQUEST, sign_in_page::problem(why));
    answer::because(page, why)
}

/// Issues a code; gives where the browser goes with it.
pub(crate) fn approve(state: &mut State, asked: &AuthorizeRequest, person: Person) -> String {
    let (now, lifetime) = (state.now(), state.code_lifetime);
    let session = state.ledger.new_id("session");
    let grant = Grant::new(asked.clone(), person, session, now);
    let code = state.ledger.issue_code(grant, now, lifetime);
    asked.approved(&code)
}

/// Where the browser goes when the person said no.
pub(crate) fn decline(asked: &AuthorizeRequest) -> String {
    asked.refused("access_denied", "the user declined")
}
