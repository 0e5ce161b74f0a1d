//! Invalid responses of Didit's token endpoint: a typed error, no session, the code
//! sent once, and nothing of the response on a page or in a log. `Site::refuse` checks the latter.

use serde_json::json;
use tower_didit::fake::Fault;

use crate::support::exchange::{
    CANARY, JSON, Site, answer, good, good_with, good_with_more, start,
};

// RFC 6749 §4.1.2 and §5.2; behaviours 33 and 42.
#[tokio::test]
async fn each_error_of_rfc_6749_has_a_case_of_its_own() {
    let site = Site::new();
    for (error, code, status) in [
        ("invalid_request", "invalid-request", 500),
        ("invalid_client", "invalid-client", 500),
        ("invalid_grant", "invalid-grant", 400),
        ("unauthorized_client", "unauthorized-client", 500),
        ("unsupported_grant_type", "unsupported-grant-type", 500),
        ("invalid_scope", "invalid-scope", 500),
        ("unknown_field", "provider-refused", 502),
        ("server_error", "provider-refused", 502),
        ("INVALID_GRANT", "provider-refused", 502),
        ("", "provider-refused", 502),
    ] {
        for sent_as in [400, 401, 403, 422] {
            let fault = Fault::error(error).with_status(sent_as);
            let refused = site.refuse(fault.with_description(CANARY), error).await;
            let seen = (refused.kind().code(), refused.kind().status().as_u16());
            assert_eq!(seen, (code, status), "{error:?} with {sent_as}");
            assert_eq!(refused.provider_code(), Some(error));
            assert_eq!(refused.provider_description(), Some(CANARY));
        }
    }
}

// RFC 6749 §5.2; behaviour 33.
#[tokio::test]
async fn a_description_that_is_no_text_is_ignored() {
    let site = Site::new();
    for description in [json!(null), json!(42), json!([CANARY])] {
        let body = json!({"error": "invalid_grant", "error_description": description});
        let refused = site.refuse(answer(400, JSON, body.to_string()), "").await;
        assert_eq!(refused.kind().code(), "invalid-grant", "{body}");
        assert_eq!(refused.provider_description(), None);
    }
}

// RFC 6749 §5.1; behaviour 34.
#[tokio::test]
async fn a_response_that_is_not_a_json_object_is_refused() {
    let good = good().to_string();
    let utf_16: Vec<u8> = good.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let not_utf_8 = good_with("scope", json!("é"))
        .replace('é', "?")
        .into_bytes();
    let not_utf_8 = not_utf_8.iter().map(|b| if *b == b'?' { 0xe9 } else { *b });
    let nested = format!(r#"{{"{CANARY}":1,"scope":{}"#, "[".repeat(100_000));
    let bodies: Vec<Vec<u8>> = vec![
        format!("<html><h1>{CANARY}</h1></html>").into(),
        "".into(),
        " ".into(),
        good[..good.len() - 1].into(),
        good[..good.len() / 2].into(),
        format!("[{good}]").into(),
        format!(r#"["{CANARY}","Bearer",3600,null,null,null,"{CANARY}"]"#).into(),
        format!("{CANARY:?}").into(),
        "null".into(),
        "{}".into(),
        format!("\u{feff}{good}").into(),
        good.replace("\"scope\"", "scope").into(),
        nested.into(),
        good_with("x", json!("y".repeat(1024 * 1024))).into(),
        utf_16,
        not_utf_8.collect(),
        vec![0; 1000],
        vec![0xff; 1000],
    ];
    refused(200, JSON, bodies).await;
}

// RFC 6749 §5.1, RFC 8259 §2; behaviour 34.
#[tokio::test]
async fn data_after_the_json_object_is_refused() {
    let bodies = [good().to_string().as_str(), "}", "x", "\0", "<!-- more -->"]
        .map(|behind| format!("{}{behind}", good()));
    refused(200, JSON, bodies).await;
}

// RFC 6749 §5.1; behaviour 34.
#[tokio::test]
async fn a_content_type_other_than_json_is_refused() {
    for content_type in ["text/html", "text/plain", "application/jwt", "json", ""] {
        refused(200, content_type, [good().to_string()]).await;
    }
    let form = format!("access_token={CANARY}&token_type=Bearer");
    refused(200, "application/x-www-form-urlencoded", [form]).await;
}

// RFC 6749 §5.1; behaviour 34.
#[tokio::test]
async fn tokens_with_another_status_are_refused() {
    for status in [
        201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308, 400, 401, 404, 429, 500, 502, 599,
    ] {
        refused(status, JSON, [good().to_string(), String::new()]).await;
    }
}

// RFC 6749 §5.2; behaviour 34.
#[tokio::test]
async fn an_error_without_a_usable_code_is_refused() {
    let html = format!("<html><h1>{CANARY}</h1></html>");
    let detail = json!({"detail": CANARY}).to_string();
    for status in [400, 401, 403, 404, 429, 500, 502, 503] {
        refused(status, "text/html", [html.clone(), String::new()]).await;
        refused(status, JSON, [html.clone(), detail.clone()]).await;
    }
    let bodies = [
        format!(r#"[{{"error":"{CANARY}"}}]"#),
        format!(r#"["{CANARY}",null]"#),
        json!({"error": {"code": CANARY}}).to_string(),
        json!({"error": null, "error_description": CANARY}).to_string(),
        format!(r#"{{"error":"invalid_grant","error":"{CANARY}"}}"#),
    ];
    refused(400, JSON, bodies).await;
    // The status is not that of a refused request.
    let error = json!({"error": "invalid_grant", "error_description": CANARY}).to_string();
    for status in [500, 502, 503] {
        refused(status, JSON, [error.clone()]).await;
    }
    // The status is that of a success.
    refused(200, JSON, [error, detail]).await;
}

// RFC 6749 §7.1, OpenID Connect Core §3.1.3.3; behaviours 37 and 38.
#[tokio::test]
async fn a_missing_or_mistyped_member_is_refused() {
    let mut bodies = Vec::new();
    for name in ["access_token", "id_token"] {
        let mut members = good();
        members.as_object_mut().unwrap().remove(name);
        bodies.push(members.to_string());
        for value in [
            json!(null),
            json!(""),
            json!(42),
            json!([CANARY]),
            json!({}),
        ] {
            bodies.push(good_with(name, value));
        }
    }
    for token_type in ["mac", "DPoP", "N_A", "Bearer ", "Bearer,mac", ""] {
        bodies.push(good_with("token_type", json!(token_type)));
    }
    for name in ["token_type", "refresh_token"] {
        for value in [json!(42), json!(["Bearer"]), json!({})] {
            bodies.push(good_with(name, value));
        }
    }
    refused(200, JSON, bodies).await;
}

// RFC 6749 §5.1; behaviour 34.
#[tokio::test]
async fn a_duplicate_member_is_refused() {
    let members = good();
    let twice = members.as_object().unwrap().iter();
    refused(
        200,
        JSON,
        twice.map(|(name, value)| good_with_more(&format!("{name:?}:{value}"))),
    )
    .await;
}

/// Asserts that all of these responses are refused. A valid one is the control.
async fn refused(
    status: u16,
    content_type: &str,
    bodies: impl IntoIterator<Item = impl Into<Vec<u8>>>,
) {
    let site = Site::trusting();
    let mut count = 0;
    for body in bodies {
        let body = body.into();
        let what = format!("{status} {content_type} {}", start(&body));
        let error = site.refuse(answer(status, content_type, body), &what).await;
        assert_eq!(error.kind().code(), "invalid-response", "{what}");
        assert_eq!(error.kind().status().as_u16(), 502, "{what}");
        assert_eq!(error.provider_code(), None, "{what}");
        count += 1;
    }
    assert!(count > 0);
    site.accept(answer(200, JSON, good().to_string()), "the control")
        .await;
}
