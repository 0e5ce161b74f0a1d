//! The API of webhook destinations.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    provider::{response, state::State},
    verification::{
        create::object,
        ids::is_uuid,
        routes::{bad_request, method_not_allowed, not_found_page},
        time,
        webhook::outbox::{Destination, Version},
    },
};

pub(crate) fn respond(state: &mut State, request: &Request<Bytes>) -> Response<Bytes> {
    let path = request.uri().path();
    let id = path.strip_prefix(PATH).unwrap_or_default();
    match (request.method(), id.strip_suffix('/').unwrap_or(id)) {
        (&Method::GET, "") => {
            let destinations = state.verification.outbox.destinations.iter();
            let rows: Vec<_> = destinations.map(row).collect();
            response::json(StatusCode::OK, &rows.into())
        }
        (&Method::POST, "") => create(state, request),
        (method, "") => method_not_allowed(method, &Method::POST),
        (_, id) if !is_uuid(id) => not_found_page(),
        (method, id) => {
            let destinations = &mut state.verification.outbox.destinations;
            let others = destinations.iter().filter(|other| other.id != id);
            let taken: Vec<_> = others.map(|other| other.url.clone()).collect();
            let known = destinations
                .iter_mut()
                .find(|destination| destination.id == id);
            let Some(destination) = known else {
                return unknown();
            };
            match *method {
                Method::GET => response::json(StatusCode::OK, &describe(destination)),
                Method::PATCH => change(destination, &taken, request),
                Method::DELETE => {
                    destinations.retain(|destination| destination.id != id);
                    let mut response = Response::new(Bytes::new());
                    *response.status_mut() = StatusCode::NO_CONTENT;
                    response
                }
                _ => method_not_allowed(method, &Method::GET),
            }
        }
    }
}

fn create(state: &mut State, request: &Request<Bytes>) -> Response<Bytes> {
    let members = match object(request) {
        Ok(members) => members,
        Err(rejection) => return *rejection,
    };
    let now = state.now();
    let verification = &mut state.verification;
    let mut errors = Map::new();
    for name in ["label", "url", "subscribed_events"] {
        if members.get(name).is_none_or(Value::is_null) {
            errors.insert(name.to_owned(), json!(["This field is required."]));
        }
    }
    if !errors.is_empty() {
        return bad_request(&Value::Object(errors));
    }
    let mut destination = Destination {
        id: verification.ids.uuid(),
        label: String::new(),
        url: String::new(),
        is_enabled: true,
        version: Version::V3,
        events: Vec::new(),
        secret: verification.ids.secret(),
        created_at: now,
    };
    if let Err(errors) = apply(&mut destination, &members) {
        return bad_request(&errors);
    }
    let body = describe(&destination);
    let destinations = &mut verification.outbox.destinations;
    if destinations
        .iter()
        .any(|known| known.url == destination.url)
    {
        return url_is_taken();
    }
    destinations.push(destination);
    response::json(StatusCode::CREATED, &body)
}

/// `taken` are the URLs of the other destinations.
fn change(
    destination: &mut Destination,
    taken: &[String],
    request: &Request<Bytes>,
) -> Response<Bytes> {
    let members = match object(request) {
        Ok(members) => members,
        Err(rejection) => return *rejection,
    };
    let mut changed = destination.clone();
    if let Err(errors) = apply(&mut changed, &members) {
        return bad_request(&errors);
    }
    if taken.contains(&changed.url) {
        return url_is_taken();
    }
    *destination = changed;
    response::json(StatusCode::OK, &describe(destination))
}

fn url_is_taken() -> Response<Bytes> {
    let taken = "This webhook destination already exists for the application.";
    bad_request(&json!({ "url": [taken] }))
}

/// Sets the members that are present.
fn apply(destination: &mut Destination, members: &Map<String, Value>) -> Result<(), Value> {
    for (name, value) in members {
        let invalid = |message: &str| json!({name.as_str(): [message]});
        match name.as_str() {
            "label" => {
                let label = value.as_str().filter(|label| label.chars().count() <= 255);
                label
                    .ok_or_else(|| invalid("Not a valid string of at most 255 characters."))?
                    .clone_into(&mut destination.label);
            }
            "url" => {
                let url = value.as_str().filter(|url| is_deliverable(url));
                url.ok_or_else(|| invalid("Enter a valid HTTPS URL."))?
                    .clone_into(&mut destination.url);
            }
            "enabled" => {
                destination.is_enabled = value
                    .as_bool()
                    .ok_or_else(|| invalid("Must be a valid boolean."))?;
            }
            "webhook_version" => {
                let version = value.as_str().and_then(Version::parse);
                destination.version = version.ok_or_else(|| invalid("Not a valid choice."))?;
            }
            "subscribed_events" => {
                let names: Vec<_> = value.as_array().into_iter().flatten().collect();
                let names: Vec<_> = names
                    .iter()
                    .map(|name| name.as_str().unwrap_or("?"))
                    .collect();
                let unknown = names.iter().filter(|name| !EVENTS.contains(name));
                let unknown: Vec<_> = unknown.copied().collect();
                if names.is_empty() {
                    return Err(invalid("At least one subscribed event is required."));
                }
                if !unknown.is_empty() {
                    let unknown = unknown.join(", ");
                    return Err(invalid(&format!("Unsupported webhook events: {unknown}")));
                }
                let subscribed = EVENTS.into_iter().filter(|known| names.contains(known));
                destination.events = subscribed.collect();
            }
            _ => return Err(invalid("Unknown field.")),
        }
    }
    Ok(())
}

/// Didit allows only HTTPS; the fake also plain HTTP, because it cannot send HTTPS.
fn is_deliverable(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()))
}

/// A destination by itself.
fn describe(destination: &Destination) -> Value {
    let summary = json!({
        "total_deliveries": 0, "failed_deliveries": 0, "error_rate_percentage": 0,
        "min_response_time_ms": null, "avg_response_time_ms": null, "max_response_time_ms": null,
        "last_delivery_at": null,
    });
    let own = [
        ("secret_shared_key", json!(destination.secret)),
        ("summary", summary),
    ];
    common(destination).chain(own).collect()
}

/// A destination in the list, which has no secrets.
fn row(destination: &Destination) -> Value {
    let own = [
        ("subscribed_events_count", json!(destination.events.len())),
        ("deliveries_count", json!(0)),
        ("failed_deliveries_count", json!(0)),
        ("average_response_time_ms", Value::Null),
        ("error_rate_percentage", json!(0)),
        ("last_delivery_at", Value::Null),
    ];
    common(destination).chain(own).collect()
}

fn common(destination: &Destination) -> impl Iterator<Item = (&'static str, Value)> {
    let created_at = time::iso(destination.created_at);
    let members = [
        ("uuid", json!(destination.id)),
        ("label", json!(destination.label)),
        ("url", json!(destination.url)),
        ("enabled", json!(destination.is_enabled)),
        ("webhook_version", json!(destination.version.name())),
        ("subscribed_events", json!(destination.events)),
        ("created_at", json!(created_at)),
        ("updated_at", json!(created_at)),
    ];
    members.into_iter()
}

fn unknown() -> Response<Bytes> {
    let body = json!({"detail": "Webhook destination not found."});
    let response = response::json(StatusCode::NOT_FOUND, &body);
    response::with_problem(response, "no destination has this id")
}

/// The events to which a destination can subscribe.
pub(crate) const EVENTS: [&str; 10] = [
    "status.updated",
    "data.updated",
    "user.status.updated",
    "user.data.updated",
    "business.status.updated",
    "business.data.updated",
    "activity.created",
    "transaction.created",
    "transaction.status.updated",
    "travel_rule.status.updated",
];

const PATH: &str = "/v3/webhook/destinations/";
