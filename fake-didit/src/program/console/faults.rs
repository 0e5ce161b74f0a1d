//! Faults as JSON.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    call::{Call, CallResult},
    problem::Problem,
};
use crate::{Endpoint, Fault, Forgery, fault::FaultKind, provider::state::State};

/// A fault with its parameters.
#[derive(Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
enum Kind {
    Error {
        code: String,
        status: Option<u16>,
        description: Option<String>,
    },
    Answer {
        status: Option<u16>,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        body: Value,
    },
    Html {
        status: Option<u16>,
    },
    Empty {
        status: Option<u16>,
    },
    Truncated {},
    Slow {
        seconds: f64,
    },
    Silence {},
    Forgery {
        name: String,
    },
    Edit {
        members: Map<String, Value>,
    },
    EditIdToken {
        #[serde(default)]
        header: Map<String, Value>,
        #[serde(default)]
        claims: Map<String, Value>,
    },
}

/// How often a fault is injected.
#[derive(Deserialize)]
#[serde(untagged)]
enum Times {
    Number(usize),
    Text(String),
}

/// The waiting faults, and the available endpoints, kinds and forgeries.
pub(super) fn list(call: &Call<'_>) -> CallResult {
    let state = call.didit.lock();
    Ok(json!({
        "faults": pending(&state),
        "endpoints": state.endpoints().map(Endpoint::name).collect::<Vec<_>>(),
        "kinds": KINDS,
        "forgeries": Forgery::all().map(Forgery::name).collect::<Vec<_>>(),
    }))
}

/// The waiting faults, in order by endpoint.
pub(super) fn pending(state: &State) -> Value {
    let pending = state.faults.pending().map(|(endpoint, fault, is_every)| {
        json!({
            "endpoint": endpoint.name(),
            "what": fault.to_string(),
            "times": if is_every { json!("every") } else { json!(1) },
        })
    });
    pending.collect()
}

/// Adds a fault, for the next requests to an endpoint or for every request.
pub(super) fn add(call: &Call<'_>) -> CallResult {
    let mut members: Map<String, Value> = call.body(EXAMPLE)?;
    let endpoint = endpoint(
        call,
        members.remove("endpoint").as_ref().and_then(Value::as_str),
    )?;
    let times = match members.remove("times") {
        None => Some(1),
        Some(times) => read_times(times)?,
    };
    let kind = serde_json::from_value(members.into())
        .map_err(|error| Problem::malformed(format!("Send {EXAMPLE}; {error}.")))?;
    let fault = fault(kind)?;
    if matches!(fault.0, FaultKind::Forge(_) | FaultKind::EditIdToken(_))
        && endpoint != Endpoint::Token
    {
        return Err(Problem::invalid(
            r#"Send "endpoint": "token", the only one that returns ID tokens."#,
        ));
    }
    let mut state = call.didit.lock();
    match times {
        None => state.faults.on_every(endpoint, fault),
        Some(times) if state.faults.pending().count() + times <= MAX_FAULTS => {
            (0..times).for_each(|_| state.faults.on_next(endpoint, fault.clone()));
        }
        Some(_) => {
            return Err(Problem::invalid(format!(
                "The limit is {MAX_FAULTS} waiting faults; \"times\": \"every\" counts as one."
            )));
        }
    }
    Ok(json!({"faults": pending(&state)}))
}

/// Removes all faults, or those of one endpoint.
pub(super) fn clear(call: &Call<'_>) -> CallResult {
    match call.query("endpoint")? {
        None => call.didit.clear_faults(),
        Some(name) => {
            let endpoint = endpoint(call, Some(&name))?;
            call.didit.lock().faults.clear_at(endpoint);
        }
    }
    Ok(json!({"faults": pending(&call.didit.lock())}))
}

fn endpoint(call: &Call<'_>, name: Option<&str>) -> Result<Endpoint, Problem> {
    let state = call.didit.lock();
    let found = state
        .endpoints()
        .find(|endpoint| Some(endpoint.name()) == name);
    found.ok_or_else(|| {
        let names: Vec<_> = state.endpoints().map(Endpoint::name).collect();
        Problem::invalid(format!(
            "Send one of these as `endpoint`: {}.",
            names.join(", ")
        ))
    })
}

/// `None` stands for every request.
fn read_times(times: Value) -> Result<Option<usize>, Problem> {
    match serde_json::from_value(times) {
        Ok(Times::Number(times)) if (1..=MAX_FAULTS).contains(&times) => Ok(Some(times)),
        Ok(Times::Text(text)) if text == "every" => Ok(None),
        _ => Err(Problem::invalid(format!(
            "Send a number from 1 to {MAX_FAULTS} as `times`, or \"every\"."
        ))),
    }
}

fn fault(kind: Kind) -> Result<Fault, Problem> {
    Ok(match kind {
        Kind::Error {
            code,
            status,
            description,
        } => {
            let fault = Fault::error(code);
            let fault = match description {
                Some(description) => fault.with_description(description),
                None => fault,
            };
            match status {
                Some(status) => fault.with_status(checked_status(status)?.as_u16()),
                None => fault,
            }
        }
        Kind::Answer {
            status,
            headers,
            body,
        } => respond_with(status, &headers, body)?,
        Kind::Html { status } => {
            let headers = [(
                "content-type".to_owned(),
                "text/html; charset=utf-8".to_owned(),
            )];
            respond_with(status, &headers.into(), HTML.into())?
        }
        Kind::Empty { status } => respond_with(status, &BTreeMap::new(), Value::Null)?,
        Kind::Truncated {} => Fault::truncate(),
        Kind::Slow { seconds } => match Duration::try_from_secs_f64(seconds) {
            Ok(by) if by <= MAX_DELAY => Fault::delay(by),
            _ => {
                return Err(Problem::invalid(
                    "Send a number from 0 to 600 as `seconds`.",
                ));
            }
        },
        Kind::Silence {} => Fault::hang(),
        Kind::Forgery { name } => {
            let forgery = Forgery::all().find(|forgery| forgery.name() == name);
            let forgery = forgery.ok_or_else(|| {
                Problem::invalid("No forgery has this name; GET /fake/api/faults lists all.")
            })?;
            Fault::forge(forgery)
        }
        Kind::Edit { members } => Fault::edit(move |response| merge(response, &members)),
        Kind::EditIdToken { header, claims } => {
            Fault::edit_id_token(move |token_header, token_claims| {
                merge(token_header, &header);
                merge(token_claims, &claims);
            })
        }
    })
}

/// This response: a string as text, `null` as an empty body, anything else as JSON.
fn respond_with(
    status: Option<u16>,
    headers: &BTreeMap<String, String>,
    body: Value,
) -> Result<Fault, Problem> {
    let (media_type, body) = match body {
        Value::Null => (None, Bytes::new()),
        Value::String(text) => (Some("text/plain; charset=utf-8"), text.into()),
        json => (Some("application/json"), json.to_string().into()),
    };
    let mut response = Response::builder().status(checked_status(status.unwrap_or(200))?);
    for (name, value) in headers {
        if FRAMING
            .iter()
            .any(|framing| name.eq_ignore_ascii_case(framing))
        {
            return Err(Problem::invalid(format!("Leave out the header {name}.")));
        }
        response = response.header(name, value);
    }
    let has_type = headers
        .keys()
        .any(|name| name.eq_ignore_ascii_case("content-type"));
    if let Some(media_type) = media_type.filter(|_| !has_type) {
        response = response.header(header::CONTENT_TYPE, media_type);
    }
    response
        .body(body)
        .map(Fault::answer)
        .map_err(|_| Problem::invalid("Send names and values of HTTP headers as `headers`."))
}

fn checked_status(status: u16) -> Result<StatusCode, Problem> {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| (200..600).contains(&status.as_u16()))
        .ok_or_else(|| Problem::invalid("Send a number from 200 to 599 as `status`."))
}

/// Merges members; `null` removes one (RFC 7396, one level).
fn merge(object: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, value) in changes {
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
}

const EXAMPLE: &str =
    r#"{"endpoint": "token", "fault": "error", "code": "server_error", "times": 1}"#;

const KINDS: [&str; 10] = [
    "error",
    "answer",
    "html",
    "empty",
    "truncated",
    "slow",
    "silence",
    "forgery",
    "edit",
    "edit_id_token",
];

const HTML: &str = "<!doctype html><title>Fault</title><h1>Injected response</h1>";

/// Headers that hyper sets.
const FRAMING: [&str; 3] = ["connection", "content-length", "transfer-encoding"];

/// The limit of waiting faults.
const MAX_FAULTS: usize = 1000;
/// The limit of a delay.
const MAX_DELAY: Duration = Duration::from_secs(600);
