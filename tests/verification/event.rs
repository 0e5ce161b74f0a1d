//! What the getters of an event read.

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use tower_didit::{
    ErrorKind,
    verification::{EventKind, Status},
};

use crate::delivery::{NOW, SESSION, USER, WORKFLOW, approved, event_of, time, with};

#[tokio::test]
async fn every_documented_member_is_read() {
    let event = event_of(&approved()).await;
    assert_eq!(event.kind(), EventKind::StatusUpdated);
    assert_eq!(
        event.event_id(),
        Some("5f3c0e4e-3b1f-4a57-9d0c-0c0f5a0d7b11")
    );
    assert_eq!(event.timestamp(), Some(time(NOW)));
    assert_eq!(event.created_at(), Some(time(NOW - 60)));
    assert_eq!(
        event.application_id(),
        Some("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
    );
    assert_eq!(event.environment(), Some("live"));
    assert_eq!(event.session_id(), Some(SESSION));
    assert_eq!(event.status(), Some(Status::Approved));
    assert_eq!(event.workflow_id(), Some(WORKFLOW));
    assert_eq!(event.workflow_version(), Some(4));
    assert_eq!(event.vendor_data(), Some(USER));
    assert_eq!(event.decision().unwrap().status(), Status::Approved);
    assert!(event.resubmit().is_none());
    assert!(!event.is_test() && !event.is_sandbox());
    assert_eq!(
        (event.entity_status(), event.previous_status()),
        (None, None)
    );
}

#[tokio::test]
async fn a_member_of_another_shape_is_none_and_the_others_are_read() {
    let members = [
        "event_id",
        "created_at",
        "application_id",
        "environment",
        "session_id",
        "status",
        "workflow_id",
        "workflow_version",
        "vendor_data",
        "decision",
        "metadata",
    ];
    for name in members {
        for value in [
            json!(true),
            json!([1]),
            json!(-1.5),
            json!({"a": 1}),
            Value::Null,
        ] {
            let event = with(
                with(approved(), &format!("/{name}"), json!(0)),
                &format!("/{name}"),
                value.clone(),
            );
            let event = event_of(&event).await;
            assert_eq!(event.timestamp(), Some(time(NOW)));
            let read = [
                ("event_id", event.event_id().is_some()),
                ("created_at", event.created_at().is_some()),
                ("application_id", event.application_id().is_some()),
                ("environment", event.environment().is_some()),
                ("session_id", event.session_id().is_some()),
                ("status", event.status().is_some()),
                ("workflow_id", event.workflow_id().is_some()),
                ("workflow_version", event.workflow_version().is_some()),
                ("vendor_data", event.vendor_data().is_some()),
                ("decision", event.decision().is_some()),
            ];
            for (other, is_read) in read {
                let is_object = other == "decision" && value.is_object();
                assert_eq!(
                    is_read,
                    other != name || is_object,
                    "{other} of {name}: {value}"
                );
            }
        }
    }
}

#[tokio::test]
async fn the_kind_of_each_event_is_known() {
    for (text, kind) in [
        ("status.updated", EventKind::StatusUpdated),
        ("data.updated", EventKind::DataUpdated),
        ("user.status.updated", EventKind::UserStatusUpdated),
        ("user.data.updated", EventKind::UserDataUpdated),
        ("business.status.updated", EventKind::BusinessStatusUpdated),
        ("business.data.updated", EventKind::BusinessDataUpdated),
        ("activity.created", EventKind::ActivityCreated),
        ("transaction.created", EventKind::TransactionCreated),
        (
            "transaction.status.updated",
            EventKind::TransactionStatusUpdated,
        ),
        (
            "travel_rule.status.updated",
            EventKind::TravelRuleStatusUpdated,
        ),
        ("kyc.completed", EventKind::Other),
        ("Status.Updated", EventKind::Other),
    ] {
        let event = event_of(&with(approved(), "/webhook_type", text.into())).await;
        assert_eq!(event.kind(), kind);
        // The approval of something else is not one of a session.
        let is_session = matches!(kind, EventKind::StatusUpdated | EventKind::DataUpdated);
        assert_eq!(event.status().is_some(), is_session, "{text}");
        assert_eq!(event.decision().is_some(), is_session, "{text}");
    }
    let event = event_of(&with(approved(), "/webhook_type", Value::Null)).await;
    assert_eq!((event.kind(), event.status()), (EventKind::Other, None));
}

#[tokio::test]
async fn a_blocked_user_is_told() {
    let event = json!({
        "webhook_type": "user.status.updated",
        "timestamp": NOW,
        "vendor_data": USER,
        "status": "BLOCKED",
        "previous_status": "ACTIVE",
    });
    let event = event_of(&event).await;
    assert_eq!(event.entity_status(), Some("BLOCKED"));
    assert_eq!(event.previous_status(), Some("ACTIVE"));
    assert_eq!(event.vendor_data(), Some(USER));
    assert_eq!(event.status(), None);
    assert!(!event.is_sandbox());
}

#[tokio::test]
async fn the_steps_to_repeat_are_read() {
    let info = json!({
        "nodes_to_resubmit": [{"node_id": "feature_ocr", "feature": "OCR"}, {"node_id": 7}, "x"],
        "reasons": {"feature_ocr": "blurred"},
    });
    let event = with(approved(), "/resubmit_info", info);
    let steps = event_of(&event).await.resubmit().unwrap();
    let steps: Vec<_> = steps
        .iter()
        .map(|step| (step.node_id(), step.feature(), step.reason()))
        .collect();
    let none = (None, None, None);
    let first = (Some("feature_ocr"), Some("OCR"), Some("blurred"));
    assert_eq!(steps, [first, none, none]);
    for other in [
        json!([]),
        json!("x"),
        json!({}),
        json!({"nodes_to_resubmit": {}}),
    ] {
        let event = event_of(&with(approved(), "/resubmit_info", other)).await;
        assert_eq!(event.resubmit(), None);
    }
}

#[tokio::test]
async fn test_and_sandbox_events_are_marked() {
    for (event, is_test, is_sandbox) in [
        (
            with(approved(), "/environment", "sandbox".into()),
            false,
            true,
        ),
        (
            with(approved(), "/environment", "staging".into()),
            false,
            true,
        ),
        (with(approved(), "/environment", 1.into()), false, true),
        (with(approved(), "/environment", Value::Null), false, false),
        (
            with(approved(), "/metadata", json!({"test_webhook": true})),
            true,
            false,
        ),
        (
            with(approved(), "/metadata", json!({"test_webhook": "yes"})),
            true,
            false,
        ),
        (
            with(approved(), "/metadata", json!({"test_webhook": false})),
            false,
            false,
        ),
    ] {
        let read = event_of(&event).await;
        assert_eq!(
            (read.is_test(), read.is_sandbox()),
            (is_test, is_sandbox),
            "{event}"
        );
    }
}

#[tokio::test]
async fn any_member_is_read_as_it_came() {
    #[derive(Deserialize)]
    struct Extra {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        serial: Box<RawValue>,
    }
    #[derive(Debug, Deserialize)]
    struct Wrong {
        #[expect(dead_code, reason = "it is not read")]
        vendor_data: u8,
    }
    let body = format!(
        "{{\"metadata\":{{\"serial\":118120836164494130000000000000000000001}},\"timestamp\":{NOW},\
         \"vendor_data\":\"personal\"}}"
    );
    let delivery = crate::delivery::Delivery::signed(body, &NOW.to_string());
    let site = crate::delivery::Site::new();
    site.answer(delivery).await;
    let event = site.received().remove(0).0;
    let extra: Extra = event.extra().unwrap();
    assert_eq!(
        extra.metadata.serial.get(),
        "118120836164494130000000000000000000001"
    );
    let error = event.extra::<Wrong>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedClaims);
    assert!(!format!("{error:?} {error} {event:?}").contains("personal"));
}
