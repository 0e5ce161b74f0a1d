//! The JSON API: what [`crate::program`] documents.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::{
    call::{Answered, Call},
    faults, people,
    problem::Problem,
    record, state,
};
use crate::{
    FakeDidit, Person,
    program::lifetime,
    provider::answer::{self, Answer},
};

/// Answers a request below `/fake/api/`.
pub(super) fn answer(
    didit: &FakeDidit,
    path: &str,
    request: &Request<Bytes>,
) -> Result<Answer, Problem> {
    let methods = ROUTES.iter().find(|(known, _)| *known == path);
    let (_, methods) = methods.ok_or_else(|| {
        Problem::not_found("There is no such call; GET /fake/api/ lists all of them.")
    })?;
    let method = request.method().as_str();
    let call = methods.iter().find(|(known, _)| *known == method);
    let (_, call) = call.ok_or_else(|| Problem::method_not_allowed(allow(methods)))?;
    let answered = call(&Call { didit, request })?;
    Ok(answer::json(StatusCode::OK, &answered))
}

type Methods = [(&'static str, fn(&Call<'_>) -> Answered)];

const ROUTES: &[(&str, &Methods)] = &[
    ("", &[("GET", index)]),
    (
        "state",
        &[("GET", |call| Ok(state::view(&call.didit.lock())))],
    ),
    ("approve", &[("POST", approve)]),
    ("decline", &[("POST", decline)]),
    (
        "people",
        &[
            ("GET", people::list),
            ("POST", people::add),
            ("DELETE", people::remove),
        ],
    ),
    (
        "requests",
        &[("GET", record::list), ("DELETE", record::clear)],
    ),
    (
        "faults",
        &[
            ("GET", faults::list),
            ("POST", faults::add),
            ("DELETE", faults::clear),
        ],
    ),
    ("keys", &[("GET", keys), ("POST", change_keys)]),
    ("clock", &[("GET", clock), ("POST", advance)]),
    ("revocation", &[("POST", revoke)]),
    ("product", &[("GET", product), ("POST", switch)]),
];

fn allow(methods: &Methods) -> &'static str {
    let names: Vec<_> = methods.iter().map(|(name, _)| *name).collect();
    match names[..] {
        ["GET", "POST", "DELETE"] => "GET, POST, DELETE",
        ["GET", "POST"] => "GET, POST",
        ["GET", "DELETE"] => "GET, DELETE",
        ["POST"] => "POST",
        _ => "GET",
    }
}

fn index(_: &Call<'_>) -> Answered {
    let calls = ROUTES.iter().flat_map(|(path, methods)| {
        methods
            .iter()
            .map(move |(method, _)| format!("{method} /fake/api/{path}"))
    });
    Ok(json!({"calls": calls.collect::<Vec<_>>()}))
}

/// A sign-in without a browser, up to the redirect.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {
    authorization_url: String,
    subject: String,
}

fn approve(call: &Call<'_>) -> Answered {
    let approval: Approval = call.body(r#"{"authorization_url": "…", "subject": "…"}"#)?;
    let person = call
        .didit
        .lock()
        .accounts
        .by_subject(&approval.subject)
        .cloned();
    let person = person.ok_or_else(|| Problem::impossible(people::NOBODY))?;
    decide(call, &approval.authorization_url, Some(person))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    authorization_url: String,
}

fn decline(call: &Call<'_>) -> Answered {
    let refusal: Refusal = call.body(r#"{"authorization_url": "…"}"#)?;
    decide(call, &refusal.authorization_url, None)
}

fn decide(call: &Call<'_>, authorization_url: &str, person: Option<Person>) -> Answered {
    if call.didit.lock().is_off {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            r#"The product is switched off; POST {"on": true} to /fake/api/product first."#,
        ));
    }
    match call.didit.decided(authorization_url, person) {
        Ok(redirect_url) => Ok(json!({"redirect_url": redirect_url})),
        Err(why) => Err(Problem::impossible(format!(
            "Correct the authorization request: {why}."
        ))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyChange {
    action: KeyAction,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeyAction {
    Announce,
    RotateGently,
    Retire,
    Rotate,
}

fn keys(call: &Call<'_>) -> Answered {
    Ok(state::keys(&call.didit.lock()))
}

fn change_keys(call: &Call<'_>) -> Answered {
    let change: KeyChange =
        call.body(r#"{"action": "announce"}, or "rotate_gently", "retire", "rotate""#)?;
    match change.action {
        KeyAction::Announce => call.didit.announce_keys(),
        KeyAction::RotateGently => call.didit.rotate_keys_gently(),
        KeyAction::Retire => call.didit.retire_keys(),
        KeyAction::Rotate => call.didit.rotate_keys(),
    }
    keys(call)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance: Time,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Seconds(u64),
    Text(String),
}

fn clock(call: &Call<'_>) -> Answered {
    Ok(state::clock(&call.didit.lock()))
}

fn advance(call: &Call<'_>) -> Answered {
    let example = r#"{"advance": 300} or {"advance": "5m"}"#;
    let text = match call.body::<Advance>(example)?.advance {
        Time::Seconds(seconds) => seconds.to_string(),
        Time::Text(text) => text,
    };
    let by =
        lifetime::parse(&text).map_err(|why| Problem::impossible(format!("advance {why}.")))?;
    let clock = call.didit.clock();
    let ahead = clock
        .now()
        .duration_since(SystemTime::now())
        .unwrap_or_default();
    if ahead + by > Duration::from_secs(lifetime::LONGEST) {
        return Err(Problem::impossible(
            "The clock is at most 100 years ahead; start the program again to set it back.",
        ));
    }
    clock.advance(by);
    self::clock(call)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn revoke(call: &Call<'_>) -> Answered {
    let Nothing {} = call.body("{}")?;
    let mut state = call.didit.lock();
    let revoked = state.ledger.living();
    state.ledger.revoke_all();
    Ok(json!({"revoked": revoked}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    on: bool,
}

fn product(call: &Call<'_>) -> Answered {
    Ok(json!({"on": !call.didit.lock().is_off}))
}

fn switch(call: &Call<'_>) -> Answered {
    let Switch { on } = call.body(r#"{"on": true} or {"on": false}"#)?;
    if on {
        call.didit.switch_on();
    } else {
        call.didit.switch_off();
    }
    product(call)
}
