use std::{collections::HashSet, time::Duration};

use axum::{Router, routing::post};
use serde_json::{Value, json};

use super::didit;
use crate::{FakeDidit, FakeVerification, RecordedRequest, WebhookFault};

fn receiving() -> (FakeDidit, FakeVerification) {
    let didit = didit();
    let verification = didit.verification();
    let app = Router::new().route("/", post(|| async {}));
    verification.send_webhooks_to_service("https://app.example/", app);
    (didit, verification)
}

/// The webhooks about an approval with this fault.
async fn approved(fault: WebhookFault) -> Vec<RecordedRequest> {
    let (_didit, verification) = receiving();
    let url = verification.create("user-42");
    verification.on_every_webhook(fault);
    verification.complete(&url, "approve");
    let mut sent = verification.deliver().await;
    sent.retain(|webhook| {
        let event: Value = webhook.json().unwrap_or_default();
        event["status"] != "Not Started"
    });
    sent
}

/// The last event about an approval with this fault, and its headers.
async fn event(fault: WebhookFault) -> (Value, RecordedRequest) {
    let webhook = approved(fault).await.pop().unwrap();
    (webhook.json().unwrap(), webhook)
}

#[tokio::test]
async fn a_duplicate_has_the_same_event_id() {
    let sent = approved(WebhookFault::DUPLICATE).await;
    let ids: Vec<_> = sent
        .iter()
        .map(|webhook| webhook.json().unwrap()["event_id"].clone())
        .collect();
    assert_eq!((ids.len(), &ids[0]), (4, &ids[1]));
    assert_eq!(
        ids.iter()
            .map(Value::to_string)
            .collect::<HashSet<_>>()
            .len(),
        2
    );
}

#[tokio::test]
async fn a_reordered_event_comes_after_the_next_one() {
    let (_didit, verification) = receiving();
    verification.on_next_webhook(WebhookFault::REORDERED);
    let url = verification.create("user-42");
    assert!(verification.deliver().await.is_empty());
    verification.complete(&url, "approve");
    let sent = verification.deliver().await;
    let statuses: Vec<_> = sent
        .iter()
        .map(|webhook| webhook.json().unwrap()["status"].clone())
        .collect();
    assert_eq!(statuses, ["In Progress", "Not Started", "Approved"]);
}

#[tokio::test]
async fn a_late_event_is_signed_when_it_is_sent() {
    let (didit, verification) = receiving();
    verification.on_next_webhook(WebhookFault::LATE);
    verification.create("user-42");
    assert!(verification.deliver().await.is_empty());
    didit.clock().advance(Duration::from_secs(3600));
    let event = verification.deliver().await.remove(0).json().unwrap();
    let ages = event["timestamp"].as_u64().unwrap() - event["created_at"].as_u64().unwrap();
    assert_eq!(ages, 3600);
}

#[tokio::test]
async fn an_event_can_be_lost() {
    assert!(approved(WebhookFault::NEVER).await.is_empty());
}

#[tokio::test]
async fn replays_are_old_in_header_or_body() {
    let (didit, verification) = receiving();
    let now = didit
        .clock()
        .now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    for (fault, header) in [
        (WebhookFault::STALE, now - 3600),
        (WebhookFault::RESTAMPED, now),
    ] {
        verification.on_next_webhook(fault);
        verification.create(fault.name());
        let sent = verification.deliver().await.remove(0);
        assert_eq!(sent.header("x-timestamp").unwrap(), header.to_string());
        assert_eq!(sent.json().unwrap()["timestamp"], now - 3600);
    }
}

#[tokio::test]
async fn signatures_can_be_missing() {
    let has = |webhook: &RecordedRequest| {
        [
            "x-signature",
            "x-signature-v2",
            "x-signature-simple",
            "x-didit-test-webhook",
        ]
        .map(|name| webhook.header(name).is_some())
    };
    for (fault, expected) in [
        (WebhookFault::UNSIGNED, [false, false, false, false]),
        (WebhookFault::UNSIGNED_TEST, [false, false, false, true]),
        (
            WebhookFault::SIMPLE_SIGNATURE_ONLY,
            [false, false, true, false],
        ),
        (WebhookFault::TEST, [true, true, true, true]),
    ] {
        assert_eq!(has(&event(fault).await.1), expected, "{fault:?}");
    }
}

#[tokio::test]
async fn an_authentic_fault_changes_what_its_name_says() {
    let sent = event(WebhookFault::TEST).await.0;
    assert_eq!(
        (&sent["metadata"]["test_webhook"], sent.get("event_id")),
        (&json!(true), None)
    );

    let sent = event(WebhookFault::V2_PAYLOAD).await.0;
    assert_eq!(sent["decision"]["face_match"]["status"], "Approved");
    assert!(sent["decision"].get("face_matches").is_none());

    let sent = event(WebhookFault::UNKNOWN_STATUS).await.0;
    assert_eq!(
        (&sent["status"], &sent["decision"]["status"]),
        (&json!("Verified"), &json!("Verified"))
    );

    let sent = event(WebhookFault::MISSING_CHECKS).await.0;
    assert_eq!(
        (&sent["status"], sent["decision"].get("id_verifications")),
        (&json!("Approved"), None)
    );

    let sent = event(WebhookFault::DECLINED_FACE_MATCH).await.0;
    assert_eq!(
        (
            &sent["status"],
            &sent["decision"]["face_matches"][0]["status"]
        ),
        (&json!("Approved"), &json!("Declined"))
    );

    for (fault, member, value) in [
        (WebhookFault::OTHER_ENVIRONMENT, "environment", "sandbox"),
        (
            WebhookFault::OTHER_SESSION,
            "session_id",
            "00000000-0000-4000-a000-000000000001",
        ),
        (WebhookFault::OTHER_USER, "vendor_data", "another-user"),
        (
            WebhookFault::OTHER_WORKFLOW,
            "workflow_id",
            "00000000-0000-4000-a000-000000000002",
        ),
    ] {
        let sent = event(fault).await.0;
        assert_eq!(
            (&sent[member], &sent["decision"][member]),
            (&json!(value), &json!(value)),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_long_number_is_a_json_number() {
    let sent = event(WebhookFault::LONG_NUMBER).await.1;
    let body = std::str::from_utf8(sent.body()).unwrap();
    assert!(
        body.contains("\"serial_number\":118120836164494130086420187336801405660,"),
        "{body}"
    );
}

#[tokio::test]
async fn a_body_can_be_changed_after_it_was_signed() {
    let valid = approved(WebhookFault::LONG_NUMBER).await.pop().unwrap();
    let tampered = event(WebhookFault::TAMPERED).await;
    assert_eq!(tampered.0["vendor_data"], "tampered-user");
    let encoded = event(WebhookFault::REENCODED).await.1;
    assert!(encoded.body().contains(&b'\n') && !valid.body().contains(&b'\n'));
    let repeated = approved(WebhookFault::REPEATED_MEMBER).await.pop().unwrap();
    assert_eq!(
        std::str::from_utf8(repeated.body())
            .unwrap()
            .matches("\"status\":\"Declined\"")
            .count(),
        1
    );
}

#[test]
fn names_and_texts_are_unique() {
    let names: HashSet<_> = WebhookFault::all().map(|fault| fault.name()).collect();
    let texts: HashSet<_> = WebhookFault::all().map(|fault| fault.to_string()).collect();
    assert_eq!(names.len(), WebhookFault::all().count());
    assert_eq!(texts.len(), names.len());
}
