//! Secrets that a provider repeats in its responses.

use http::Response;
use serde_json::json;
use tower_didit::fake::Fault;

use crate::support::faults::with_claim;

/// Responses of the token endpoint that repeat secrets.
pub(super) fn leaks(leaked: &'static str) -> Vec<(Fault, &'static str)> {
    let leak = |status: u16, body: String| {
        Fault::answer(Response::builder().status(status).body(body).unwrap())
    };
    vec![
        (
            Fault::error("invalid_grant").with_description(leaked),
            "invalid-grant",
        ),
        (
            Fault::error("odd")
                .with_status(401)
                .with_description(leaked),
            "provider-refused",
        ),
        (leak(200, format!("<h1>{leaked}</h1>")), "invalid-response"),
        (leak(500, format!("<h1>{leaked}</h1>")), "invalid-response"),
        (leak(302, leaked.to_owned()), "invalid-response"),
        (leak(200, format!(r#"["{leaked}"]"#)), "invalid-response"),
        (
            leak(200, format!(r#"{{"access_token":["{leaked}"]}}"#)),
            "invalid-response",
        ),
        (
            leak(
                200,
                format!(r#"{{"access_token":"{leaked}","id_token":7}}"#),
            ),
            "invalid-response",
        ),
        (
            leak(200, format!(r#"{{"access_token":"{leaked}"}}"#)),
            "invalid-response",
        ),
        (
            leak(
                200,
                format!(r#"{{"access_token":"a","token_type":"{leaked}"}}"#),
            ),
            "invalid-response",
        ),
        (
            leak(200, format!(r#"{{"access_token":"{leaked}"#)),
            "invalid-response",
        ),
        (
            leak(400, format!(r#"{{"detail":"{leaked}"}}"#)),
            "invalid-response",
        ),
        (
            leak(400, format!(r#"{{"error":{{"a":"{leaked}"}}}}"#)),
            "invalid-response",
        ),
        (with_claim("sub", json!([leaked])), "malformed-id-token"),
        (with_claim("iat", json!(leaked)), "malformed-id-token"),
        (with_claim("nonce", json!(leaked)), "invalid-nonce"),
        (with_claim("at_hash", json!(leaked)), "invalid-token-hash"),
    ]
}
