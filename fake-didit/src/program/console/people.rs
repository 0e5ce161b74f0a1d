//! The people who can sign in, as JSON.

use serde_json::{Value, json};

use super::{
    call::{Call, CallResult},
    problem::Problem,
};
use crate::{
    Person,
    program::MAX_PEOPLE,
    provider::{product::Product, scope::Scope, state::State},
};

pub(super) fn list(call: &Call<'_>) -> CallResult {
    Ok(json!({"people": all(&call.didit.lock())}))
}

/// All people, with their user information for all scopes, or with Didit Authentication, the claims of their
/// tokens.
pub(super) fn all(state: &State) -> Value {
    let scope = state.scopes.join(" ");
    let scope = Scope::parse(&scope, &state.scopes).unwrap_or_else(|_| Scope::none());
    let people = state.accounts.to_vec().into_iter().map(|person| {
        json!({
            "subject": person.subject(),
            "name": person.full_name(),
            "email": person.email(),
            "members": match state.product {
                Product::SignIn => person.user_info(&scope),
                Product::Authentication => person.claims(),
            },
        })
    });
    people.collect()
}

/// Adds people, or replaces those with the same subjects.
pub(super) fn add(call: &Call<'_>) -> CallResult {
    let body = str::from_utf8(call.request.body())
        .map_err(|_| Problem::malformed("Send UTF-8."))?
        .trim();
    let people = if body.starts_with('[') {
        Person::from_json(body)
    } else {
        Person::from_json(&format!("[{body}]"))
    };
    let people =
        people.map_err(|error| Problem::malformed(format!("Correct the person: {error}.")))?;
    let mut state = call.didit.lock();
    let is_new = |person: &&Person| state.accounts.by_subject(person.subject()).is_none();
    if state.accounts.len() + people.iter().filter(is_new).count() > MAX_PEOPLE {
        return Err(Problem::invalid(format!(
            "The limit is {MAX_PEOPLE} people; DELETE /fake/api/people?subject=… removes one."
        )));
    }
    for person in people {
        state.accounts.put(person);
    }
    Ok(json!({"people": all(&state)}))
}

/// Removes a person from the sign-in page. Their tokens stay valid.
pub(super) fn remove(call: &Call<'_>) -> CallResult {
    let subject = call.query("subject")?;
    let subject = subject.ok_or_else(|| Problem::malformed("Send the `subject` in the query."))?;
    let mut state = call.didit.lock();
    if !state.accounts.remove(&subject) {
        return Err(Problem::not_found(UNKNOWN_SUBJECT));
    }
    Ok(json!({"people": all(&state)}))
}

/// The person who has this subject.
pub(super) fn by_subject(call: &Call<'_>, subject: &str) -> Result<Person, Problem> {
    let state = call.didit.lock();
    let person = state.accounts.by_subject(subject).cloned();
    person.ok_or_else(|| Problem::invalid(UNKNOWN_SUBJECT))
}

const UNKNOWN_SUBJECT: &str = "No person has this subject; GET /fake/api/people lists all people.";
