//! Webhook destinations.

use axum::{Router, http::StatusCode, routing::post};
use serde_json::{Value, json};
use tower_didit::{
    Error, ErrorKind,
    fake::{FakeDidit, FakeDiditExt, RecordedRequest},
    reason::VerificationError,
    verification::{
        DestinationSettings, DiditWebhooks, EventKind, VerificationClient, WebhookDestination,
        WebhookEvent,
    },
};

use crate::{
    client::{Didit, KEY},
    delivery::with,
};

const ID: &str = "11111111-2222-3333-4444-555555555555";
const URL: &str = "https://app.example/didit?token=t0ken";
const SECRET: &str = "tno2NTeRC1ZK3sBOYlBJDyEzBVENl3pQ1AcZyAW0xnQ";

fn settings() -> DestinationSettings {
    DestinationSettings::new("Production", URL)
}

/// A single destination.
fn row() -> Value {
    json!({
        "uuid": ID,
        "label": "Production",
        "url": URL,
        "enabled": true,
        "webhook_version": "v3",
        "secret_shared_key": SECRET,
        "subscribed_events": ["status.updated", "transaction.created", "a.new.one"],
        "created_at": "2026-05-17T10:00:00Z",
        "updated_at": "2026-05-17T10:00:00Z",
        "summary": {}
    })
}

/// Which Didit lists.
async fn destination() -> WebhookDestination {
    let didit = Didit::answers(200, &json!([row()]));
    let mut listed = didit.client().destinations().await.unwrap();
    listed.remove(0)
}

fn path_of(url: &str) -> &str {
    url.strip_prefix("https://verification.didit.me/v3/webhook/destinations/")
        .unwrap()
}

#[tokio::test]
async fn a_destination_is_created_for_the_events_about_people() {
    let didit = Didit::answers(201, &row());
    let created = didit.client().create_destination(settings()).await.unwrap();
    let (method, url, body) = didit.sent();
    assert_eq!((method.as_str(), path_of(&url)), ("POST", ""));
    let expected = json!({
        "label": "Production",
        "url": URL,
        "enabled": true,
        "webhook_version": "v3",
        "subscribed_events": ["status.updated", "data.updated", "user.status.updated"]
    });
    assert_eq!(body, expected);
    assert_eq!(created.id(), ID);
    assert_eq!(created.label(), Some("Production"));
    assert_eq!(created.url(), URL);
    assert!(created.is_enabled());
    assert_eq!(created.version(), "v3");
    let events = [
        EventKind::StatusUpdated,
        EventKind::TransactionCreated,
        EventKind::Other,
    ];
    assert_eq!(created.events(), events);
    assert_eq!(created.secret(), Some(SECRET));
}

#[tokio::test]
async fn debug_shows_neither_the_secret_nor_the_url() {
    let didit = Didit::answers(201, &row());
    let created = didit.client().create_destination(settings()).await.unwrap();
    let shown = format!("{created:?} {:?}", settings());
    assert_eq!(
        shown,
        "WebhookDestination { id: \"11111111-2222-3333-4444-555555555555\", is_enabled: true, version: \"v3\", \
         events: [StatusUpdated, TransactionCreated, Other], .. } \
         DestinationSettings { label: Some(String(\"Production\")), .. }"
    );
}

#[tokio::test]
async fn destinations_are_listed_without_their_secrets() {
    let other = with(row(), "/secret_shared_key", json!(""));
    let paused = with(other.clone(), "/enabled", json!(false));
    let without = with(paused, "/secret_shared_key", Value::Null);
    let didit = Didit::answers(200, &json!([other, without]));
    let listed = didit.client().destinations().await.unwrap();
    let (method, url, _) = didit.sent();
    assert_eq!((method.as_str(), path_of(&url)), ("GET", ""));
    let facts = listed.iter().map(|row| (row.is_enabled(), row.secret()));
    assert_eq!(facts.collect::<Vec<_>>(), [(true, None), (false, None)]);

    let didit = Didit::answers(200, &json!([]));
    assert!(didit.client().destinations().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_destination_is_read_changed_and_deleted_by_its_id() {
    let shouted = json!([with(row(), "/uuid", json!(ID.to_uppercase()))]);
    let listed = Didit::answers(200, &shouted).client().destinations().await;
    let destination = &listed.unwrap()[0];
    let path = format!("{ID}/");

    let didit = Didit::answers(200, &row());
    let read = didit.client().destination(destination).await.unwrap();
    assert_eq!(read.secret(), Some(SECRET));
    let (method, url, _) = didit.sent();
    assert_eq!((method.as_str(), path_of(&url)), ("GET", path.as_str()));

    for (changes, expected) in [
        (DestinationSettings::changes(), json!({})),
        (
            DestinationSettings::changes().with_enabled(false),
            json!({"enabled": false}),
        ),
        (
            DestinationSettings::changes()
                .with_label("Moved")
                .with_url("https://app.example/moved")
                .with_events([EventKind::DataUpdated]),
            json!({"label": "Moved", "url": "https://app.example/moved", "subscribed_events": ["data.updated"]}),
        ),
    ] {
        let didit = Didit::answers(200, &row());
        let client = didit.client();
        client
            .update_destination(destination, changes)
            .await
            .unwrap();
        let (method, url, body) = didit.sent();
        assert_eq!((method.as_str(), path_of(&url)), ("PATCH", path.as_str()));
        assert_eq!(body, expected);
    }

    let didit = Didit::answers_text(204, "");
    let client = didit.client();
    client.delete_destination(destination).await.unwrap();
    let (method, url, body) = didit.sent();
    assert_eq!((method.as_str(), path_of(&url)), ("DELETE", path.as_str()));
    assert_eq!(body, Value::Null);
}

#[tokio::test]
async fn settings_that_didit_would_certainly_refuse_are_not_sent() {
    let long = "é".repeat(256);
    for (settings, expected) in [
        (settings().with_label(""), "`label` is empty or has more"),
        (settings().with_label(long), "`label` is empty or has more"),
        (settings().with_url("/didit"), "`url` is not an absolute"),
        (settings().with_url("ftp://a.example"), "`url` is not"),
        (settings().with_events([]), "`subscribed_events` is empty"),
        (
            settings().with_events([EventKind::Other]),
            "has an unknown event",
        ),
        (
            DestinationSettings::changes().with_label("Production"),
            "a new destination needs a label and a URL",
        ),
    ] {
        let didit = Didit::answers(201, &row());
        let error = didit.client().create_destination(settings).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), VerificationError::InvalidRequest.into());
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(didit.requests(), 0);
    }
    let didit = Didit::answers(201, &row());
    let fits = settings().with_label("é".repeat(255));
    assert!(didit.client().create_destination(fits).await.is_ok());
}

#[tokio::test]
async fn an_unusable_destination_is_an_error() {
    for (path, value) in [
        ("/uuid", json!("1")),
        ("/url", Value::Null),
        ("/enabled", json!("true")),
        ("/webhook_version", Value::Null),
        ("/subscribed_events", json!("status.updated")),
    ] {
        let row = with(row(), path, value);
        let didit = Didit::answers(201, &row);
        let error = didit.client().create_destination(settings()).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidResponse);
        let didit = Didit::answers(200, &json!([row]));
        let error = didit.client().destinations().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
        assert!(error.to_string().contains(&path[1..]), "{error}");
    }
    let twice = format!(
        "[{}]",
        row().to_string().replacen('{', r#"{"enabled":false,"#, 1)
    );
    for text in ["", "{}", "[1]", "null", &twice] {
        let didit = Didit::answers_text(200, text.to_owned());
        let error = didit.client().destinations().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{text}");
    }
}

#[tokio::test]
async fn a_response_about_another_destination_is_refused() {
    let other = with(
        row(),
        "/uuid",
        json!("22222222-3333-4444-5555-666666666666"),
    );
    let (didit, asked) = (Didit::answers(200, &other), destination().await);
    let client = didit.client();
    let changes = DestinationSettings::changes().with_enabled(false);
    for outcome in [
        client.destination(&asked).await,
        client.update_destination(&asked, changes).await,
    ] {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::InvalidResponse);
    }
}

#[tokio::test]
async fn each_refusal_has_its_kind() {
    use VerificationError::{InvalidRequest, KeyRefused, RateLimited, UnknownDestination};
    let asked = destination().await;
    let taken = json!({"url": ["This webhook destination already exists for the application."]});
    for (status, body, expected) in [
        (400, taken, InvalidRequest),
        (401, json!({}), KeyRefused),
        (403, json!({"detail": "No."}), KeyRefused),
        (
            404,
            json!({"detail": "Webhook destination not found."}),
            UnknownDestination,
        ),
        (
            429,
            json!({"detail": "Request was throttled."}),
            RateLimited,
        ),
    ] {
        let didit = Didit::answers(status, &body);
        let client = didit.client();
        let changes = DestinationSettings::changes();
        let updated = client.update_destination(&asked, changes).await;
        let error = updated.unwrap_err();
        assert_eq!(error.kind(), expected.into());
        if expected == InvalidRequest {
            assert_eq!(error.provider_code(), Some("url"));
        }
        if expected != UnknownDestination {
            continue;
        }
        let deleted = client.delete_destination(&asked).await;
        assert_eq!(deleted.unwrap_err().kind(), expected.into());
        // A wrong URL, not an unknown destination.
        let listed = client.destinations().await;
        assert_eq!(listed.unwrap_err().kind(), ErrorKind::InvalidResponse);
        let created = client.create_destination(settings()).await;
        assert_eq!(created.unwrap_err().kind(), ErrorKind::InvalidResponse);
    }
}

/// From no destination to a webhook that the application believes, with what Didit returns and nothing else.
#[tokio::test]
async fn a_webhook_is_authentic_with_the_secret_of_a_new_destination() -> Result<(), Error> {
    let didit = FakeDidit::new("app", "secret");
    let verification = didit.verification().with_api_key(KEY);
    let config = didit.config("https://app.example/callback");
    let client = VerificationClient::new(KEY, &config.build().unwrap()).unwrap();
    let url = "https://app.example/didit";
    let settings = DestinationSettings::new("Production", url);
    let created = client.create_destination(settings.clone()).await?;
    let again = client.create_destination(settings).await.unwrap_err();
    assert_eq!(again.provider_code(), Some("url"));

    let listed = client.destinations().await?;
    assert_eq!((listed[0].id(), listed[0].secret()), (created.id(), None));
    let read = client.destination(&listed[0]).await?;
    assert_eq!(read.secret(), created.secret());

    let webhooks = DiditWebhooks::new(created.secret()).unwrap();
    let webhooks = webhooks.with_clock(didit.clock());
    let handler = post(|_: WebhookEvent| async { StatusCode::NO_CONTENT });
    let app = Router::new().route("/didit", handler.layer(webhooks));
    // This adds another destination, with another secret.
    verification.send_webhooks_to_service("https://app.example/other", app);
    let listed = client.destinations().await?;
    client.delete_destination(&listed[1]).await?;
    verification.create("user-42");
    let sent = verification.deliver().await;
    let answers: Vec<_> = sent.iter().filter_map(RecordedRequest::status).collect();
    assert_eq!(answers, [204]);

    let paused = DestinationSettings::changes().with_enabled(false);
    assert!(
        !client
            .update_destination(&created, paused)
            .await?
            .is_enabled()
    );
    client.delete_destination(&created).await?;
    let gone = client.delete_destination(&created).await.unwrap_err();
    assert_eq!(gone.kind(), VerificationError::UnknownDestination.into());
    assert!(client.destinations().await?.is_empty());
    Ok(())
}

/// As `docs::verification` says: no event is refused between the steps.
#[tokio::test]
async fn a_secret_is_rotated_by_a_second_destination() -> Result<(), Error> {
    let didit = FakeDidit::new("app", "secret");
    let verification = didit.verification().with_api_key(KEY);
    let config = didit.config("https://app.example/callback");
    let client = VerificationClient::new(KEY, &config.build().unwrap()).unwrap();
    let settings = DestinationSettings::new("Old", "https://app.example/didit");
    let old = client.create_destination(settings).await?;
    let settings = DestinationSettings::new("New", "https://app.example/didit?2");
    let new = client.create_destination(settings.with_enabled(false));
    let new = new.await?;

    let secrets = [&new, &old].map(|destination| destination.secret().unwrap());
    let webhooks = DiditWebhooks::new(secrets).unwrap();
    let webhooks = webhooks.with_clock(didit.clock());
    let handler = post(|_: WebhookEvent| async { StatusCode::NO_CONTENT });
    let app = Router::new().route("/didit", handler.layer(webhooks));
    verification.send_webhooks_to_service("https://app.example/other", app);
    let listed = client.destinations().await?;
    let other = listed.iter().find(|row| row.url().ends_with("/other"));
    client.delete_destination(other.unwrap()).await?;

    let answers = async |user: &str| {
        verification.create(user);
        let sent = verification.deliver().await;
        let answers = sent.iter().filter_map(RecordedRequest::status);
        answers.collect::<Vec<_>>()
    };
    assert_eq!(answers("user-1").await, [204]);
    let enabled = DestinationSettings::changes().with_enabled(true);
    client.update_destination(&new, enabled).await?;
    assert_eq!(answers("user-2").await, [204, 204]);
    client.delete_destination(&old).await?;
    assert_eq!(answers("user-3").await, [204]);
    Ok(())
}
