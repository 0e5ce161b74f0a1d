//! The calls of the client, each with the operation of the document that it is, and what the client reads.

use std::{future::Future, pin::Pin};

use http::Response;
use serde_json::{Value, json};
use tower_didit::{
    Error,
    verification::{
        CallbackMethod, DestinationSettings, EventKind, NewVerification, ResubmitStep, Status,
        VerificationClient, VerificationFilter, VerificationSession, WebhookDestination,
    },
};

use super::document::Name;
use crate::{
    client::Didit,
    delivery::{USER, WORKFLOW},
};

/// What the client has read, by the names of the response's members.
type Read = Pin<Box<dyn Future<Output = Result<Value, Error>>>>;

pub(super) struct Call {
    pub(super) operation: Name,
    /// Calls about the session or the destination with this id.
    pub(super) make: fn(VerificationClient, String) -> Read,
}

/// All calls that the client has. The first of an operation is the one with every member.
pub(super) const CALLS: &[Call] = &[
    call("post /v3/session/", |client, _| {
        Box::pin(async move {
            client
                .create(whole_verification())
                .await
                .map(|session| created(&session))
        })
    }),
    call("post /v3/session/", |client, _| {
        let new = NewVerification::new(WORKFLOW, USER);
        Box::pin(async move { client.create(new).await.map(|session| created(&session)) })
    }),
    call("get /v3/session/{sessionId}/decision/", |client, id| {
        Box::pin(async move {
            let decision = client.decision(id.parse()?).await?;
            Ok(json!({
                "session_id": decision.session_id(),
                "status": decision.status().as_str(),
                "workflow_id": decision.workflow_id(),
                "vendor_data": decision.vendor_data(),
                "environment": decision.environment(),
            }))
        })
    }),
    call(
        "patch /v3/session/{sessionId}/update-status/",
        |client, id| {
            Box::pin(async move {
                client
                    .update_status(id.parse()?, Status::Approved, "seen")
                    .await?;
                Ok(json!({}))
            })
        },
    ),
    call(
        "patch /v3/session/{sessionId}/update-status/",
        |client, id| {
            Box::pin(async move {
                client
                    .update_status(id.parse()?, Status::Declined, "")
                    .await?;
                Ok(json!({}))
            })
        },
    ),
    call(
        "patch /v3/session/{sessionId}/update-status/",
        |client, id| {
            Box::pin(async move {
                let steps = [ResubmitStep::new("feature_ocr", "OCR")];
                client.resubmit(id.parse()?, &steps).await?;
                Ok(json!({}))
            })
        },
    ),
    call(
        "patch /v3/session/{sessionId}/update-status/",
        |client, id| {
            Box::pin(async move {
                client.resubmit(id.parse()?, &[]).await?;
                Ok(json!({}))
            })
        },
    ),
    call("delete /v3/session/{sessionId}/delete/", |client, id| {
        Box::pin(async move {
            client.delete(id.parse()?).await?;
            Ok(json!({}))
        })
    }),
    call("get /v3/sessions/", |client, _| {
        Box::pin(list(client, whole_filter()))
    }),
    call("get /v3/sessions/", |client, _| {
        Box::pin(list(client, VerificationFilter::new()))
    }),
    call("get /v3/session/{sessionId}/generate-pdf/", |client, id| {
        Box::pin(async move {
            client.report(id.parse()?).await?;
            Ok(json!({}))
        })
    }),
    call("get /v3/webhook/destinations/", |client, _| {
        Box::pin(async move {
            let listed = client.destinations().await?;
            Ok(listed.iter().map(destination).collect())
        })
    }),
    call("post /v3/webhook/destinations/", |client, _| {
        Box::pin(async move {
            let created = client.create_destination(whole_settings()).await?;
            Ok(destination(&created))
        })
    }),
    call(
        "get /v3/webhook/destinations/{destination_uuid}/",
        |client, id| {
            Box::pin(async move {
                client
                    .destination(&listed(&id).await)
                    .await
                    .map(|read| destination(&read))
            })
        },
    ),
    call(
        "patch /v3/webhook/destinations/{destination_uuid}/",
        |client, id| {
            Box::pin(async move {
                let updated = client
                    .update_destination(&listed(&id).await, whole_settings())
                    .await?;
                Ok(destination(&updated))
            })
        },
    ),
    call(
        "patch /v3/webhook/destinations/{destination_uuid}/",
        |client, id| {
            Box::pin(async move {
                let changes = DestinationSettings::changes().with_enabled(false);
                let updated = client
                    .update_destination(&listed(&id).await, changes)
                    .await?;
                Ok(destination(&updated))
            })
        },
    ),
    call(
        "delete /v3/webhook/destinations/{destination_uuid}/",
        |client, id| {
            Box::pin(async move {
                client.delete_destination(&listed(&id).await).await?;
                Ok(json!({}))
            })
        },
    ),
];

const fn call(operation: Name, make: fn(VerificationClient, String) -> Read) -> Call {
    Call { operation, make }
}

/// With every setting.
fn whole_verification() -> NewVerification {
    NewVerification::new(WORKFLOW, USER)
        .with_callback("myapp://verified")
        .with_callback_method(CallbackMethod::Both)
        .with_language("pt-BR")
        .with_email("ana@example.com")
        .with_notification_emails("es")
        .with_phone("+34600000000")
        .with_metadata(json!({"plan": 1}))
        .with_expected_details(json!({
            "first_name": "Ana",
            "last_name": "García",
            "date_of_birth": "1990-05-15",
            "gender": "F",
            "nationality": "ESP",
            "country": "ESP",
            "id_country": "ESP",
            "poa_country": "ESP",
            "address": "Calle Mayor 1",
            "identification_number": "12345678Z",
            "ip_address": "192.0.2.1",
            "expected_document_types": ["P", "ID"],
            "company_name": "Acme",
            "registry_country": "ES",
            "registration_number": "B12345678",
        }))
        .with_portrait(b"\xff\xd8\xff")
        .with_sandbox_scenario("approve")
}

fn whole_filter() -> VerificationFilter {
    VerificationFilter::new()
        .add_status(Status::Approved)
        .add_status(Status::KycExpired)
        .with_workflow(WORKFLOW)
        .with_vendor_data("nobody")
        .with_limit(100)
        .with_offset(200)
}

pub(super) fn whole_settings() -> DestinationSettings {
    DestinationSettings::new("Production", "https://app.example/didit").with_events([
        EventKind::StatusUpdated,
        EventKind::DataUpdated,
        EventKind::UserStatusUpdated,
        EventKind::UserDataUpdated,
        EventKind::BusinessStatusUpdated,
        EventKind::BusinessDataUpdated,
        EventKind::ActivityCreated,
        EventKind::TransactionCreated,
        EventKind::TransactionStatusUpdated,
        EventKind::TravelRuleStatusUpdated,
    ])
}

/// A destination with this id.
async fn listed(id: &str) -> WebhookDestination {
    let row = json!({
        "uuid": id,
        "url": "https://app.example/didit",
        "enabled": true,
        "webhook_version": "v3",
        "subscribed_events": [],
    });
    let client = Didit::answers(200, &json!([row])).client();
    client.destinations().await.unwrap().remove(0)
}

async fn list(client: VerificationClient, filter: VerificationFilter) -> Result<Value, Error> {
    let page = client.list(&filter).await?;
    let rows = page.sessions().iter().map(|session| {
        let row: Value = session.extra().unwrap();
        assert_eq!(row["session_id"], session.id().to_string());
        assert_eq!(row["status"], session.status().as_str());
        assert_eq!(row["session_number"].as_u64(), session.number());
        assert_eq!(row["vendor_data"].as_str(), session.vendor_data());
        assert_eq!(row["created_at"].as_str(), session.created_at());
        row
    });
    Ok(json!({"count": page.total(), "results": rows.collect::<Value>()}))
}

fn created(session: &VerificationSession) -> Value {
    json!({
        "session_id": session.id().to_string(),
        "url": session.url(),
        "session_token": session.session_token(),
        "status": session.status().as_str(),
        "workflow_id": session.workflow_id(),
    })
}

fn destination(destination: &WebhookDestination) -> Value {
    let events = destination.events().iter().map(|event| event.as_str());
    json!({
        "uuid": destination.id(),
        "label": destination.label(),
        "url": destination.url(),
        "enabled": destination.is_enabled(),
        "webhook_version": destination.version(),
        "subscribed_events": events.collect::<Vec<_>>(),
        "secret_shared_key": destination.secret(),
    })
}

/// A client that gets this response.
pub(super) fn answering(status: u16, body: Vec<u8>, retry_after: Option<u64>) -> Didit {
    Didit::new(move || {
        let response = Response::builder().status(status);
        let response = match retry_after {
            Some(seconds) => response.header("retry-after", seconds),
            None => response,
        };
        Ok(response.body(body.clone().into()).unwrap())
    })
}
