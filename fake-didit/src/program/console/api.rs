//! The JSON API, which [`crate::program`] documents.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::{
    call::{Call, CallResult},
    faults, people,
    problem::Problem,
    requests, state, users, verifications,
    webhooks::{self, Sending},
};
use crate::{FakeDidit, Person, program::lifetime, provider::response};

/// The response to a request below `/fake/api/`.
pub(super) enum Reply {
    Ready(Response<Bytes>),
    /// The body, once webhooks were sent.
    Sending(Sending),
}

/// Responds to a request below `/fake/api/`.
pub(super) fn respond(
    didit: &FakeDidit,
    path: &str,
    request: &Request<Bytes>,
) -> Result<Reply, Problem> {
    let call = Call { didit, request };
    if let Some((_, send)) = SENDERS.iter().find(|(route, _)| *route == path) {
        if request.method() != Method::POST {
            return Err(Problem::method_not_allowed("POST"));
        }
        let Empty {} = call.body("{}")?;
        return Ok(Reply::Sending(send(didit)));
    }
    let methods = ROUTES.iter().find(|(route, _)| *route == path);
    let (_, methods) = methods
        .ok_or_else(|| Problem::not_found("The API has no such path; GET /fake/api/ lists all."))?;
    let method = request.method().as_str();
    let respond = methods.iter().find(|(name, _)| *name == method);
    let (_, respond) = respond.ok_or_else(|| Problem::method_not_allowed(allow(methods)))?;
    let body = respond(&call)?;
    Ok(Reply::Ready(response::json(StatusCode::OK, &body)))
}

type Methods = [(&'static str, fn(&Call<'_>) -> CallResult)];

type Sender = fn(&FakeDidit) -> Sending;

/// What waits for the receivers of webhooks. The method is `POST`, the body `{}`.
const SENDERS: &[(&str, Sender)] = &[
    ("webhooks/deliver", webhooks::deliver),
    ("webhooks/resend", webhooks::resend),
];

const ROUTES: &[(&str, &Methods)] = &[
    ("", &[("GET", index)]),
    (
        "state",
        &[("GET", |call| Ok(state::view(&call.didit.lock())))],
    ),
    ("approve", &[("POST", approve)]),
    ("decline", &[("POST", decline)]),
    ("tokens", &[("POST", issue_tokens)]),
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
        &[("GET", requests::list), ("DELETE", requests::clear)],
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
    (
        "verifications",
        &[
            ("GET", verifications::list),
            ("POST", verifications::change),
            ("DELETE", verifications::delete),
        ],
    ),
    (
        "webhooks",
        &[
            ("GET", webhooks::list),
            ("POST", webhooks::change),
            ("DELETE", webhooks::clear_faults),
        ],
    ),
    ("users", &[("GET", users::list), ("POST", users::change)]),
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

fn index(_: &Call<'_>) -> CallResult {
    let calls = ROUTES.iter().flat_map(|(path, methods)| {
        methods
            .iter()
            .map(move |(method, _)| format!("{method} /fake/api/{path}"))
    });
    let sending = SENDERS
        .iter()
        .map(|(path, _)| format!("POST /fake/api/{path}"));
    Ok(json!({"calls": calls.chain(sending).collect::<Vec<_>>()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {
    authorization_url: String,
    subject: String,
}

fn approve(call: &Call<'_>) -> CallResult {
    let approval: Approval = call.body(r#"{"authorization_url": "…", "subject": "…"}"#)?;
    let person = people::by_subject(call, &approval.subject)?;
    decide(call, &approval.authorization_url, Some(person))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decline {
    authorization_url: String,
}

fn decline(call: &Call<'_>) -> CallResult {
    let decline: Decline = call.body(r#"{"authorization_url": "…"}"#)?;
    decide(call, &decline.authorization_url, None)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenIssue {
    subject: String,
    scope: String,
}

fn issue_tokens(call: &Call<'_>) -> CallResult {
    let issue: TokenIssue = call.body(r#"{"subject": "…", "scope": "openid email"}"#)?;
    let person = people::by_subject(call, &issue.subject)?;
    let scopes = issue.scope.split_whitespace();
    let known = call.didit.lock().scopes.clone();
    if let Some(unknown) = scopes
        .clone()
        .find(|scope| !known.iter().any(|name| name == scope))
    {
        return Err(Problem::invalid(format!(
            "The scope {unknown:?} is not accepted; GET /fake/api/state lists the accepted ones."
        )));
    }
    let tokens = call.didit.issue_tokens(&person, scopes);
    Ok(json!({
        "access_token": tokens.access_token(),
        "refresh_token": tokens.refresh_token(),
        "id_token": tokens.id_token(),
        "scope": tokens.scope(),
        "expires_in": tokens.expires_in().as_secs(),
    }))
}

fn decide(call: &Call<'_>, authorization_url: &str, person: Option<Person>) -> CallResult {
    if call.didit.lock().is_off {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            r#"The product is switched off; POST {"on": true} to /fake/api/product first."#,
        ));
    }
    match call.didit.decide(authorization_url, person) {
        Ok(redirect_url) => Ok(json!({"redirect_url": redirect_url})),
        Err(why) => Err(Problem::invalid(format!(
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

fn keys(call: &Call<'_>) -> CallResult {
    Ok(state::keys(&call.didit.lock()))
}

fn change_keys(call: &Call<'_>) -> CallResult {
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
    advance: Lifetime,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Lifetime {
    Seconds(u64),
    Text(String),
}

fn clock(call: &Call<'_>) -> CallResult {
    Ok(state::clock(&call.didit.lock()))
}

fn advance(call: &Call<'_>) -> CallResult {
    let example = r#"{"advance": 300} or {"advance": "5m"}"#;
    let text = match call.body::<Advance>(example)?.advance {
        Lifetime::Seconds(seconds) => seconds.to_string(),
        Lifetime::Text(text) => text,
    };
    let by = lifetime::parse(&text).map_err(|why| Problem::invalid(format!("advance {why}.")))?;
    let clock = call.didit.clock();
    let ahead = clock
        .now()
        .duration_since(SystemTime::now())
        .unwrap_or_default();
    if ahead + by > Duration::from_secs(lifetime::LONGEST) {
        return Err(Problem::invalid(
            "The clock can be at most 100 years ahead; restart the program to set it back.",
        ));
    }
    clock.advance(by);
    self::clock(call)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

fn revoke(call: &Call<'_>) -> CallResult {
    let Empty {} = call.body("{}")?;
    let mut state = call.didit.lock();
    let revoked = state.tokens.active_grants();
    state.tokens.revoke_all();
    Ok(json!({"revoked": revoked}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    on: bool,
}

fn product(call: &Call<'_>) -> CallResult {
    Ok(json!({"on": !call.didit.lock().is_off}))
}

fn switch(call: &Call<'_>) -> CallResult {
    let Switch { on } = call.body(r#"{"on": true} or {"on": false}"#)?;
    if on {
        call.didit.switch_on();
    } else {
        call.didit.switch_off();
    }
    product(call)
}
