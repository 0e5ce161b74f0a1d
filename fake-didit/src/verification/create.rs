//! The creation of a session.

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    provider::{media_type, response, state::State},
    verification::{
        ids::is_uuid,
        routes::{Rejection, bad_request},
        scenario::Scenario,
        session::{CallbackMethod, Session, SessionKind},
        status::Status,
    },
};

/// A request for a session.
#[derive(Debug, Default)]
pub(crate) struct NewSession {
    workflow_id: String,
    vendor_data: Option<String>,
    callback: Option<String>,
    callback_method: CallbackMethod,
    metadata: Value,
    language: Option<String>,
    contact_details: Value,
    expected_details: Value,
    scenario: Option<Scenario>,
}

impl NewSession {
    /// A request with the members that an application always sends.
    pub(crate) fn of(workflow_id: String, vendor_data: &str) -> Self {
        Self {
            workflow_id,
            vendor_data: Some(vendor_data.to_owned()),
            ..Self::default()
        }
    }
}

/// The errors of a request, by member.
type Errors = Map<String, Value>;

pub(crate) fn respond(state: &mut State, request: &Request<Bytes>) -> Response<Bytes> {
    let new = match object(request).and_then(|members| parse(state, &members)) {
        Ok(new) => new,
        Err(rejection) => return *rejection,
    };
    let now = state.now();
    let verification = &mut state.verification;
    let vendor_data = new.vendor_data.as_deref();
    if vendor_data.is_some_and(|user| verification.blocked.contains(user)) {
        return bad_request(&json!({
            "vendor_data": "This user or business has been blocked and cannot create new verification sessions."
        }));
    }
    if verification.is_sandbox {
        let recent = &mut verification.sandbox_creations;
        recent.retain(|at| at + DAY > now);
        if recent.len() >= SANDBOX_QUOTA {
            let oldest = recent.first().copied().unwrap_or(now);
            return quota_exceeded(oldest + DAY - now);
        }
        recent.push(now);
    }
    let id = session(state, new);
    created(state, &id)
}

/// The 429 of a sandbox, which has no headers of a rate limit but `Retry-After`.
fn quota_exceeded(seconds: u64) -> Response<Bytes> {
    let detail = format!(
        "Sandbox session quota exceeded (500 sessions per 24h). Wait for the window to reset. Expected available in \
         {seconds} seconds."
    );
    let mut response = response::json(StatusCode::TOO_MANY_REQUESTS, &json!({ "detail": detail }));
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, seconds.into());
    response::with_problem(response, "500 sessions in 24 hours")
}

/// The id of the user's unfinished session, which gets the new callback and metadata, or of a new session.
pub(crate) fn session(state: &mut State, new: NewSession) -> String {
    let (now, verification) = (state.now(), &mut state.verification);
    let callback = new.callback.or_else(|| verification.callback.clone());
    let user = new.vendor_data.as_deref();
    if let Some(session) = user.and_then(|user| verification.reusable(user, &new.workflow_id)) {
        session.callback = callback;
        session.metadata = new.metadata;
        return session.id.clone();
    }
    let kind = if new.workflow_id == verification.business_workflow {
        SessionKind::Business
    } else {
        SessionKind::User
    };
    let session = Session {
        id: verification.ids.uuid(),
        number: verification.next_number(),
        token: verification.ids.token(),
        workflow_id: new.workflow_id,
        kind,
        vendor_data: new.vendor_data,
        callback,
        callback_method: new.callback_method,
        metadata: new.metadata,
        language: new.language,
        contact_details: new.contact_details,
        expected_details: new.expected_details,
        status: Status::NotStarted,
        created_at: now,
        expires_at: now.saturating_add(verification.session_lifetime),
        armed: new.scenario,
        ended: None,
        is_opened: false,
        finished_by_initiator: true,
        resubmit: None,
        reviews: Vec::new(),
        edit: None,
    };
    let id = session.id.clone();
    verification.add(session);
    state.emit_status(&id);
    id
}

fn created(state: &State, id: &str) -> Response<Bytes> {
    let Some(session) = state.verification.session(id) else {
        return bad_request(&json!({"detail": "The session was removed."}));
    };
    let body = json!({
        "session_id": session.id,
        "session_number": session.number,
        "session_token": session.token,
        "url": state.verification_url(session),
        "vendor_data": session.vendor_data,
        "metadata": session.metadata,
        "status": session.status.as_str(),
        "callback": session.callback,
        "workflow_id": session.workflow_id,
        "workflow_version": WORKFLOW_VERSION,
    });
    response::json(StatusCode::CREATED, &body)
}

/// The JSON object in the body of a request.
pub(crate) fn object(request: &Request<Bytes>) -> Result<Map<String, Value>, Rejection> {
    if !media_type::is(request.headers(), "application/json") {
        let body = json!({"detail": "Unsupported media type in request."});
        let response = response::json(StatusCode::UNSUPPORTED_MEDIA_TYPE, &body);
        let why = "Content-Type must be application/json";
        return Err(Box::new(response::with_problem(response, why)));
    }
    match serde_json::from_slice(request.body()) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Box::new(bad_request(&json!({
            "non_field_errors": ["Invalid data. Expected a dictionary."]
        })))),
        Err(error) => {
            let detail = format!("JSON parse error - {error}");
            Err(Box::new(bad_request(&json!({ "detail": detail }))))
        }
    }
}

fn parse(state: &State, members: &Map<String, Value>) -> Result<NewSession, Rejection> {
    let mut errors = Errors::new();
    let workflow_id = text(members, "workflow_id", &mut errors);
    let vendor_data = text(members, "vendor_data", &mut errors);
    let callback = text(members, "callback", &mut errors);
    let callback_method = text(members, "callback_method", &mut errors);
    let language = text(members, "language", &mut errors);
    let scenario = text(members, "sandbox_scenario", &mut errors);
    let mut error = |name: &str, message: String| {
        errors.entry(name).or_insert_with(|| json!([message]));
    };
    match workflow_id.as_deref() {
        None => error("workflow_id", "This field is required.".to_owned()),
        Some(id) if !is_uuid(id) => error("workflow_id", "Must be a valid UUID.".to_owned()),
        Some(_) => {}
    }
    if callback
        .as_deref()
        .is_some_and(|url| Url::parse(url).is_err())
    {
        error("callback", "Enter a valid URL.".to_owned());
    }
    for (name, value) in [
        (
            "callback_method",
            callback_method
                .as_deref()
                .filter(|text| CallbackMethod::parse(text).is_none()),
        ),
        (
            "language",
            language.as_deref().filter(|text| !LANGUAGES.contains(text)),
        ),
    ] {
        if let Some(value) = value {
            error(name, format!("\"{value}\" is not a valid choice."));
        }
    }
    for name in ["contact_details", "expected_details"] {
        if !matches!(
            members.get(name),
            None | Some(Value::Null | Value::Object(_))
        ) {
            error(name, "Invalid data. Expected a dictionary.".to_owned());
        }
    }
    let armed = scenario.as_deref().map(Scenario::of_sandbox);
    if scenario.is_some() && !state.verification.is_sandbox {
        error(
            "sandbox_scenario",
            "Only available for sandbox applications.".to_owned(),
        );
    } else if let (Some(slug), Some(None)) = (&scenario, armed) {
        error(
            "sandbox_scenario",
            format!("Unknown sandbox scenario: '{slug}'."),
        );
    }
    for name in members
        .keys()
        .filter(|name| !MEMBERS.contains(&name.as_str()))
    {
        error(name, "Unknown field.".to_owned());
    }
    if !errors.is_empty() {
        return Err(Box::new(bad_request(&Value::Object(errors))));
    }
    // Found later, so a string instead of an array.
    let workflow_id = workflow_id.unwrap_or_default().to_ascii_lowercase();
    let verification = &state.verification;
    if !verification.workflows.contains(&workflow_id)
        && workflow_id != verification.business_workflow
    {
        let body = json!({"workflow_id": "Invalid workflow_id."});
        return Err(Box::new(bad_request(&body)));
    }
    Ok(NewSession {
        workflow_id,
        vendor_data,
        callback,
        callback_method: callback_method
            .and_then(|text| CallbackMethod::parse(&text))
            .unwrap_or_default(),
        metadata: members.get("metadata").cloned().unwrap_or_default(),
        language,
        contact_details: members.get("contact_details").cloned().unwrap_or_default(),
        expected_details: members.get("expected_details").cloned().unwrap_or_default(),
        scenario: armed.flatten(),
    })
}

/// A text of the request; `None` also for null.
fn text(members: &Map<String, Value>, name: &str, errors: &mut Errors) -> Option<String> {
    let message = match members.get(name) {
        None | Some(Value::Null) => return None,
        Some(Value::String(text)) if !text.is_empty() => return Some(text.clone()),
        Some(Value::String(_)) => "This field may not be blank.",
        Some(_) => "Not a valid string.",
    };
    errors.insert(name.to_owned(), json!([message]));
    None
}

/// In seconds.
const DAY: u64 = 24 * 3600;

/// Sessions that a sandbox creates in a day.
const SANDBOX_QUOTA: usize = 500;

pub(crate) const WORKFLOW_VERSION: u32 = 1;

const MEMBERS: [&str; 10] = [
    "workflow_id",
    "vendor_data",
    "callback",
    "callback_method",
    "metadata",
    "language",
    "contact_details",
    "expected_details",
    "portrait_image",
    "sandbox_scenario",
];

/// The languages of the hosted page.
pub(crate) const LANGUAGES: &[&str] = &[
    "en", "ar", "bg", "bn", "bs", "ca", "cnr", "cs", "da", "de", "el", "es", "et", "fa", "fi",
    "fr", "he", "hi", "hr", "hu", "hy", "id", "it", "ja", "ka", "kk", "ko", "ky", "lt", "lv", "mk",
    "mn", "ms", "nl", "no", "pl", "pt-BR", "pt", "ro", "ru", "sk", "sl", "so", "sq", "sr", "sv",
    "th", "tr", "uk", "uz", "vi", "zh-CN", "zh-TW", "zh",
];
