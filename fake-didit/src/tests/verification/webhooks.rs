use std::{future::pending, time::Duration};

use aws_lc_rs::hmac;
use axum::{Router, routing::post};
use http::StatusCode;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{created, didit, text};
use crate::{FakeDidit, RecordedRequest, WebhookFault};

const URL: &str = "https://app.example/webhook";

/// A receiver that always gives this status.
fn receiver(status: u16) -> Router {
    let status = StatusCode::from_u16(status).unwrap();
    Router::new().route("/webhook", post(move || async move { status }))
}

/// A fake whose webhooks get this status.
fn answered_with(status: u16) -> FakeDidit {
    let didit = didit();
    didit
        .verification()
        .send_webhooks_to_service(URL, receiver(status));
    didit
}

fn is_signed(didit: &FakeDidit, webhook: &RecordedRequest, header: &str, message: &[u8]) -> bool {
    let secret = didit.verification().webhook_secret();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let digits = webhook.header(header).unwrap();
    assert_eq!(digits.len(), 64);
    let bytes = digits.as_bytes().chunks(2);
    let tag: Vec<_> = bytes
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    hmac::verify(&key, message, &tag).is_ok()
}

fn statuses(webhooks: &[RecordedRequest]) -> Vec<Value> {
    webhooks
        .iter()
        .map(|webhook| webhook.json().unwrap()["status"].clone())
        .collect()
}

#[tokio::test]
async fn each_change_of_status_is_sent_in_order() {
    let didit = answered_with(200);
    let session = created(&didit, json!({})).await;
    didit
        .verification()
        .complete(text(&session, "url"), "approve");
    let sent = didit.verification().deliver().await;
    assert_eq!(statuses(&sent), ["Not Started", "In Progress", "Approved"]);
    assert!(sent[1].json().unwrap().get("decision").is_none());
    let approved = sent[2].json().unwrap();
    assert_eq!(
        approved["decision"]["id_verifications"][0]["status"],
        "Approved"
    );
    assert_eq!(approved["session_id"], session["session_id"]);
    assert_eq!(approved["webhook_type"], "status.updated");
    assert_eq!(
        sent[2].header("user-agent"),
        Some("DiditWebhook/2.0 +https://didit.me")
    );
    assert_eq!(sent[2].status().unwrap(), 200);
    assert!(didit.verification().deliver().await.is_empty());
    assert_eq!(didit.verification().webhooks().len(), 3);
}

#[tokio::test]
async fn both_signatures_are_valid_in_utf_8_and_in_ascii() {
    for is_ascii in [false, true] {
        let didit = answered_with(200);
        let verification = didit.verification();
        if is_ascii {
            let _ = verification.clone().with_ascii_webhooks();
        }
        created(
            &didit,
            json!({"metadata": {"name": "José 日本 \u{1f600}", "a": 1}}),
        )
        .await;
        let sent = verification.deliver().await.remove(0);
        let body = std::str::from_utf8(sent.body()).unwrap();
        assert_eq!(body.is_ascii(), is_ascii);
        assert!(
            body.starts_with("{\"application_id\":\""),
            "sorted and compact: {body}"
        );
        assert!(is_signed(&didit, &sent, "x-signature", sent.body()));
        assert_eq!(
            is_signed(&didit, &sent, "x-signature-v2", sent.body()),
            !is_ascii
        );
        let event = sent.json().unwrap();
        assert_eq!(
            sent.header("x-timestamp").unwrap(),
            event["timestamp"].to_string()
        );
        let simple = format!(
            "{}:{}:Not Started:status.updated",
            event["timestamp"],
            text(&event, "session_id")
        );
        assert!(is_signed(
            &didit,
            &sent,
            "x-signature-simple",
            simple.as_bytes()
        ));
    }
}

#[tokio::test]
async fn an_unavailable_receiver_gets_the_same_request_twice_more() {
    for status in [404, 500, 503] {
        let didit = answered_with(status);
        let verification = didit.verification();
        verification.create("user-42");
        let first = verification.deliver().await;
        assert_eq!(first.len(), 1);
        for (early, late) in [(59, 1), (239, 1)] {
            didit.clock().advance(Duration::from_secs(early));
            assert!(verification.deliver().await.is_empty(), "{status}");
            didit.clock().advance(Duration::from_secs(late));
            let again = verification.deliver().await;
            assert_eq!(again.len(), 1, "{status}");
            assert_eq!(again[0].headers(), first[0].headers());
            assert_eq!(again[0].body(), first[0].body());
        }
        didit.clock().advance(Duration::from_secs(24 * 3600));
        assert!(
            verification.deliver().await.is_empty(),
            "{status}: it is sent three times at most"
        );
    }
}

#[tokio::test]
async fn a_refusal_and_a_redirect_are_final() {
    for status in [204, 303, 400, 401, 403, 413] {
        let didit = answered_with(status);
        didit.verification().create("user-42");
        assert_eq!(
            didit.verification().deliver().await[0].status().unwrap(),
            status
        );
        didit.clock().advance(Duration::from_secs(3600));
        assert!(didit.verification().deliver().await.is_empty(), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_hangs_is_given_up_after_five_seconds() {
    let hangs = Router::new().route("/webhook", post(pending::<StatusCode>));
    let didit = didit();
    let verification = didit.verification();
    verification.send_webhooks_to_service(URL, hangs);
    verification.create("user-42");
    let started = tokio::time::Instant::now();
    let sent = verification.deliver().await;
    assert_eq!(started.elapsed(), Duration::from_secs(5));
    assert_eq!(
        (sent[0].status(), sent[0].problem()),
        (None, Some("no response within 5 s"))
    );
    didit.clock().advance(Duration::from_secs(60));
    assert_eq!(verification.deliver().await.len(), 1);
}

#[tokio::test]
async fn webhooks_are_sent_over_a_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let didit = didit();
    let verification = didit.verification();
    verification.send_webhooks_to(&format!("http://{address}/webhook"));
    verification.create("user-42");
    let server = tokio::spawn(async move { axum::serve(listener, receiver(202)).await });
    assert_eq!(verification.deliver().await[0].status().unwrap(), 202);
    server.abort();
    let _ = server.await;
    verification.create("user-43");
    let sent = verification.deliver().await;
    assert_eq!(sent[0].status(), None);
    assert!(sent[0].problem().is_some(), "the connection was refused");
}

#[tokio::test]
async fn the_task_in_the_background_retries_at_once_at_a_high_speed() {
    let didit = answered_with(503);
    let verification = didit.verification();
    verification.deliver_in_background(1000);
    verification.create("user-42");
    while verification.webhooks().len() < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(statuses(&verification.webhooks()), ["Not Started"; 3]);
}

#[tokio::test]
async fn a_webhook_that_is_sent_again_by_hand_has_a_new_time() {
    let didit = answered_with(401);
    let verification = didit.verification();
    verification.create("user-42");
    let first = verification.deliver().await.remove(0);
    didit.clock().advance(Duration::from_secs(1000));
    let again = verification.resend().await.unwrap();
    assert_ne!(again.header("x-timestamp"), first.header("x-timestamp"));
    assert_eq!(
        again.json().unwrap()["event_id"],
        first.json().unwrap()["event_id"]
    );
    assert!(is_signed(&didit, &again, "x-signature", again.body()));
}

#[tokio::test]
async fn a_resubmission_says_what_must_be_repeated() {
    let didit = answered_with(200);
    let verification = didit.verification();
    let url = verification.create("user-42");
    verification.complete(&url, "decline");
    verification.set_status(&verification.last_session_id().unwrap(), "Resubmitted");
    let sent = verification.deliver().await;
    let event = sent.last().unwrap().json().unwrap();
    assert_eq!(event["status"], "Resubmitted");
    assert_eq!(
        event["resubmit_info"]["nodes_to_resubmit"][0]["node_id"],
        "feature_ocr"
    );
    assert!(event.get("decision").is_none());
}

#[tokio::test]
async fn queued_webhooks_of_a_deleted_session_still_arrive() {
    let didit = answered_with(200);
    let verification = didit.verification();
    verification.create("user-42");
    verification.delete(&verification.last_session_id().unwrap());
    assert_eq!(verification.deliver().await.len(), 1);
}

#[tokio::test]
async fn any_event_can_be_sent() {
    let didit = answered_with(200);
    let members = json!({"webhook_type": "transaction.created", "event_id": "mine"});
    didit
        .verification()
        .queue_webhook(members.as_object().unwrap().clone());
    let sent = didit
        .verification()
        .deliver()
        .await
        .remove(0)
        .json()
        .unwrap();
    assert_eq!(
        (&sent["event_id"], &sent["environment"]),
        (&json!("mine"), &json!("live"))
    );
}

#[tokio::test]
async fn a_request_has_the_present_status_of_a_session() {
    let verification = didit().verification();
    let page = verification.create("user-42");
    let session = verification.last_session_id().unwrap();
    let sent = async |event: Value| {
        let body = verification.request("/webhook", event).into_body();
        let body = body.collect().await.unwrap().to_bytes();
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    let event = sent(json!({ "session_id": session })).await;
    assert_eq!(event["status"], "Not Started");
    assert_eq!(event.get("decision"), None);

    verification.complete(&page, "approve");
    let event = sent(json!({"session_id": session, "metadata": 1})).await;
    assert_eq!(event["webhook_type"], "status.updated");
    assert_eq!(event["vendor_data"], "user-42");
    assert_eq!(event["decision"]["status"], "Approved");
    assert_eq!(event["metadata"], 1);

    let event = sent(json!({"session_id": session, "webhook_type": "activity.created"})).await;
    assert_eq!(event["environment"], "live");
    assert_eq!(event.get("status"), None);
    let event = sent(json!({"session_id": "other", "webhook_type": "status.updated"})).await;
    assert_eq!(event.get("status"), None);
}

#[tokio::test]
async fn a_request_is_signed_as_a_webhook_and_has_its_fault() {
    let didit = answered_with(200);
    let verification = didit.verification();
    verification.create("user-42");
    let event = json!({"session_id": verification.last_session_id()});
    let sent = verification.deliver().await.remove(0);
    for fault in [None, Some(WebhookFault::WRONG_SECRET)] {
        if let Some(fault) = fault {
            verification.on_next_webhook(fault);
        }
        let request = verification.request("/webhook", event.clone());
        let mut names: Vec<_> = request.headers().keys().collect();
        let mut expected: Vec<_> = sent.headers().keys().collect();
        names.sort_unstable_by_key(|name| name.as_str());
        expected.sort_unstable_by_key(|name| name.as_str());
        assert_eq!(names, expected);
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let request = http::Request::from_parts(parts, body.clone());
        let recorded = RecordedRequest::new(&request, crate::log::Outcome::default());
        let is_signed = is_signed(&didit, &recorded, "x-signature", &body);
        assert_eq!(is_signed, fault.is_none());
    }
}

#[test]
#[should_panic(expected = "an event is a JSON object: []")]
fn a_request_needs_an_object() {
    didit().verification().request("/webhook", json!([]));
}
