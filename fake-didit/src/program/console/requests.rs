//! The recorded requests as JSON, without secrets.

use serde_json::{Value, json};

use super::{
    call::{Call, CallResult},
    problem::Problem,
    redaction::{Redaction, truncate},
};
use crate::{Endpoint, clock::unix_seconds, log::RecordedRequest, provider::form::Form};

/// The requests with a number above `since`, oldest first, one page.
pub(super) fn list(call: &Call<'_>) -> CallResult {
    let since = match call.query("since")? {
        None => 0,
        Some(since) => since
            .parse()
            .map_err(|_| Problem::malformed("Send the number of a request as `since`."))?,
    };
    let state = call.didit.lock();
    let requests: Vec<_> = state.log.since(since).take(PAGE).collect();
    let last = requests.last().map(|request| request.number());
    let redaction = Redaction {
        client_secret: state.client.secret(),
    };
    let views = requests.iter().map(|request| view(request, &redaction));
    Ok(json!({
        "requests": views.collect::<Value>(),
        "last": last.unwrap_or(state.log.recorded()),
    }))
}

pub(super) fn clear(call: &Call<'_>) -> CallResult {
    call.didit.clear_requests();
    Ok(json!({"requests": []}))
}

fn view(request: &RecordedRequest, redaction: &Redaction<'_>) -> Value {
    let shown = |name| request.header(name).map(|value| redaction.text(value));
    let authorization = request.header("authorization");
    json!({
        "number": request.number(),
        "at": unix_seconds(request.received_at()),
        "method": request.method().as_str(),
        "endpoint": request.endpoint().map(Endpoint::name),
        "path": redaction.text(&request.shown_path()),
        "status": request.status().map(|status| status.as_u16()),
        "problem": request.problem().map(|problem| redaction.text(problem)),
        "fault": request.fault().map(ToString::to_string),
        "parameters": parameters(request, redaction),
        "authorization": authorization.map(|value| redaction.authorization(value)),
        "content_type": shown("content-type"),
        "user_agent": shown("user-agent"),
    })
}

/// The parameters of query and body, in order, as pairs of name and value.
fn parameters(request: &RecordedRequest, redaction: &Redaction<'_>) -> Value {
    let query = request.uri().query().unwrap_or_default();
    let body = std::str::from_utf8(request.body()).unwrap_or_default();
    let members = match request.json() {
        Some(Value::Object(members)) => members
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(value) => (name, value),
                other => (name, other.to_string()),
            })
            .collect(),
        _ => pairs(body),
    };
    let all = pairs(query).into_iter().chain(members).take(MAX_PARAMETERS);
    let shown = all.map(|(name, value)| {
        let value = if IN_FULL.contains(&name.as_str()) {
            redaction.text(&value)
        } else {
            truncate(&value)
        };
        json!([redaction.name(&name), value])
    });
    shown.collect()
}

fn pairs(form: &str) -> Vec<(String, String)> {
    Form::with_repetitions(form)
        .map(Form::into_pairs)
        .unwrap_or_default()
}

/// The parameters whose values are not secret.
const IN_FULL: [&str; 17] = [
    "acr_values",
    "client_id",
    "code_challenge_method",
    "display",
    "error",
    "grant_type",
    "max_age",
    "person",
    "post_logout_redirect_uri",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
    "token_type_hint",
    "ui_locales",
    "resource",
];

/// The limit of parameters per request.
const MAX_PARAMETERS: usize = 50;
/// The limit of requests per response.
const PAGE: usize = 200;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;
    use crate::log::{Log, Outcome};

    fn viewed(request: &Request<Bytes>) -> Value {
        let mut log = Log::default();
        log.record(request, Outcome::default());
        let redaction = Redaction {
            client_secret: Some("secret"),
        };
        view(&log.requests()[0], &redaction)
    }

    #[test]
    fn secrets_are_truncated() {
        let body = "grant_type=authorization_code&code=code_0123456789abcdef0123456789abcdef\
                    &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&client_secret=secret\
                    &unknown=hunter2&redirect_uri=http://localhost:3000/callback";
        let request = Request::post("/auth/v2/token?refresh_token=rt_0123456789abcdef0123456789")
            .header("authorization", "Basic YXBwOnNlY3JldA==")
            .header("cookie", "session=hunter2")
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap();
        let shown = viewed(&request);
        assert_eq!(
            shown["parameters"],
            json!([
                ["refresh_token", "rt_012…"],
                ["grant_type", "authorization_code"],
                ["code", "code_0…"],
                ["code_verifier", "dBjftJ…"],
                ["client_secret", "s…"],
                ["unknown", "h…"],
                ["redirect_uri", "http://localhost:3000/callback"],
            ])
        );
        assert_eq!(shown["authorization"], "Basic app:…");
        for secret in ["\"secret\"", "hunter2", "c2VjcmV0", "0123456"] {
            assert!(!shown.to_string().contains(secret), "{secret}: {shown}");
        }
    }

    #[test]
    fn members_of_a_json_body_are_parameters() {
        let body = r#"{"grant_type":"refresh_token","refresh_token":"rt_0123456789abcdef0123456789","n":1}"#;
        let request = Request::post("/token/")
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap();
        assert_eq!(
            viewed(&request)["parameters"],
            json!([
                ["grant_type", "refresh_token"],
                ["n", "…"],
                ["refresh_token", "rt_012…"]
            ])
        );
    }
}
