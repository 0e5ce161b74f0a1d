//! Faults as JSON.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    call::{Answered, Call},
    problem::Problem,
};
use crate::{Endpoint, Fault, Forgery, provider::state::State};

/// A fault and what it takes.
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

/// How often a fault comes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Times {
    Number(usize),
    Text(String),
}

/// The faults still to come, and what there is to choose from.
pub(super) fn list(call: &Call<'_>) -> Answered {
    let state = call.didit.lock();
    Ok(json!({
        "faults": coming(&state),
        "endpoints": state.endpoints().map(Endpoint::name).collect::<Vec<_>>(),
        "kinds": KINDS,
        "forgeries": Forgery::all().map(Forgery::name).collect::<Vec<_>>(),
    }))
}

/// Those to come, in the order in which each endpoint has them.
pub(super) fn coming(state: &State) -> Value {
    let coming = state.script.coming().map(|(endpoint, fault, is_every)| {
        json!({
            "endpoint": endpoint.name(),
            "what": fault.to_string(),
            "times": if is_every { json!("every") } else { json!(1) },
        })
    });
    coming.collect()
}

/// Adds one, for the next calls of an endpoint or for every call.
pub(super) fn add(call: &Call<'_>) -> Answered {
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
    if matches!(
        fault.0,
        crate::fault::FaultKind::Forge(_) | crate::fault::FaultKind::EditIdToken(_)
    ) && endpoint != Endpoint::Token
    {
        return Err(Problem::impossible(
            r#"Send "endpoint": "token", which is where ID tokens come from."#,
        ));
    }
    let mut state = call.didit.lock();
    match times {
        None => state.script.on_every(endpoint, fault),
        Some(times) if state.script.coming().count() + times <= MOST => {
            (0..times).for_each(|_| state.script.on_next(endpoint, fault.clone()));
        }
        Some(_) => {
            return Err(Problem::impossible(format!(
                "At most {MOST} faults wait at a time; \"times\": \"every\" is one."
            )));
        }
    }
    Ok(json!({"faults": coming(&state)}))
}

/// Forgets all, or those of one endpoint.
pub(super) fn clear(call: &Call<'_>) -> Answered {
    match call.query("endpoint")? {
        None => call.didit.clear_faults(),
        Some(name) => {
            let endpoint = endpoint(call, Some(&name))?;
            call.didit.lock().script.clear_at(endpoint);
        }
    }
    Ok(json!({"faults": coming(&call.didit.lock())}))
}

fn endpoint(call: &Call<'_>, name: Option<&str>) -> Result<Endpoint, Problem> {
    let state = call.didit.lock();
    let found = state
        .endpoints()
        .find(|endpoint| Some(endpoint.name()) == name);
    found.ok_or_else(|| {
        let names: Vec<_> = state.endpoints().map(Endpoint::name).collect();
        Problem::impossible(format!("Send as `endpoint` one of {}.", names.join(", ")))
    })
}

/// `None` for every call.
fn read_times(times: Value) -> Result<Option<usize>, Problem> {
    match serde_json::from_value(times) {
        Ok(Times::Number(times)) if (1..=MOST).contains(&times) => Ok(Some(times)),
        Ok(Times::Text(text)) if text == "every" => Ok(None),
        _ => Err(Problem::impossible(format!(
            "Send as `times` a number from 1 to {MOST}, or \"every\"."
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
                Some(status) => fault.with_status(checked(status)?.as_u16()),
                None => fault,
            }
        }
        Kind::Answer {
            status,
            headers,
            body,
        } => answer(status, &headers, body)?,
        Kind::Html { status } => {
            let headers = [(
                "content-type".to_owned(),
                "text/html; charset=utf-8".to_owned(),
            )];
            answer(status, &headers.into(), HTML.into())?
        }
        Kind::Empty { status } => answer(status, &BTreeMap::new(), Value::Null)?,
        Kind::Truncated {} => Fault::truncate(),
        Kind::Slow { seconds } => match Duration::try_from_secs_f64(seconds) {
            Ok(by) if by <= SLOWEST => Fault::delay(by),
            _ => {
                return Err(Problem::impossible(
                    "Send as `seconds` a number from 0 to 600.",
                ));
            }
        },
        Kind::Silence {} => Fault::hang(),
        Kind::Forgery { name } => {
            let forgery = Forgery::all().find(|forgery| forgery.name() == name);
            let forgery = forgery.ok_or_else(|| {
                Problem::impossible(
                    "There is no such forgery; GET /fake/api/faults lists all of them.",
                )
            })?;
            Fault::forge(forgery)
        }
        Kind::Edit { members } => Fault::edit(move |answer| merge(answer, &members)),
        Kind::EditIdToken { header, claims } => {
            Fault::edit_id_token(move |own_header, own_claims| {
                merge(own_header, &header);
                merge(own_claims, &claims);
            })
        }
    })
}

/// Exactly this answer: a text as it is, nothing for `null`, anything else as JSON.
fn answer(
    status: Option<u16>,
    headers: &BTreeMap<String, String>,
    body: Value,
) -> Result<Fault, Problem> {
    let (media_type, body) = match body {
        Value::Null => (None, Bytes::new()),
        Value::String(text) => (Some("text/plain; charset=utf-8"), text.into()),
        json => (Some("application/json"), json.to_string().into()),
    };
    let mut response = Response::builder().status(checked(status.unwrap_or(200))?);
    for (name, value) in headers {
        if FRAMING
            .iter()
            .any(|framing| name.eq_ignore_ascii_case(framing))
        {
            return Err(Problem::impossible(format!("Leave out the header {name}.")));
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
        .map_err(|_| Problem::impossible("Send as `headers` names and values of HTTP headers."))
}

fn checked(status: u16) -> Result<StatusCode, Problem> {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| (200..600).contains(&status.as_u16()))
        .ok_or_else(|| Problem::impossible("Send as `status` a number from 200 to 599."))
}

/// `null` takes a member away (RFC 7396, one level).
fn merge(own: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, value) in changes {
        if value.is_null() {
            own.remove(name);
        } else {
            own.insert(name.clone(), value.clone());
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

const HTML: &str = "<!doctype html><title>Fault</title><h1>This is not what was asked for</h1>";

/// Headers that say where an answer ends: hyper's business.
const FRAMING: [&str; 3] = ["connection", "content-length", "transfer-encoding"];

/// Of faults that wait.
const MOST: usize = 1000;
const SLOWEST: Duration = Duration::from_secs(600);
