use axum::{Router, routing::post};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{call, didit, text};
use crate::{FakeDidit, tests::send};

const PATH: &str = "/v3/webhook/destinations/";

async fn request(
    didit: &FakeDidit,
    method: Method,
    path: &str,
    body: Value,
) -> (StatusCode, Value) {
    let response = send(didit, call(&didit.verification(), method, path, &body)).await;
    (
        response.status(),
        serde_json::from_slice(response.body()).unwrap_or_default(),
    )
}

fn destination() -> Value {
    json!({"label": "Site", "url": "https://app.example/webhook", "subscribed_events": ["status.updated"]})
}

#[tokio::test]
async fn each_destination_has_a_secret_of_its_own() {
    let didit = didit();
    let (status, first) = request(&didit, Method::POST, PATH, destination()).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    assert_eq!(text(&first, "secret_shared_key").len(), 43);
    assert_ne!(
        first["secret_shared_key"],
        didit.verification().webhook_secret()
    );
    let (status, listed) = request(&didit, Method::GET, PATH, Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(listed[0]["uuid"], first["uuid"]);
    assert_eq!(listed[0].get("secret_shared_key"), None);
    let path = format!("{PATH}{}/", text(&first, "uuid"));
    assert_eq!(
        request(&didit, Method::GET, &path, Value::Null).await,
        (StatusCode::OK, first)
    );
    assert_eq!(
        request(&didit, Method::DELETE, &path, Value::Null).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        request(&didit, Method::GET, &path, Value::Null).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn an_invalid_destination_is_rejected() {
    let didit = didit();
    request(&didit, Method::POST, PATH, destination()).await;
    let with = |name: &str, value: Value| {
        let mut body = destination();
        body["url"] = "https://app.example/other".into();
        body[name] = value;
        body
    };
    for (body, expected) in [
        (
            destination(),
            json!({"url": ["This webhook destination already exists for the application."]}),
        ),
        (
            with("label", Value::Null),
            json!({"label": ["This field is required."]}),
        ),
        (
            with("url", json!("app")),
            json!({"url": ["Enter a valid HTTPS URL."]}),
        ),
        (
            with("webhook_version", json!("v4")),
            json!({"webhook_version": ["Not a valid choice."]}),
        ),
        (
            with("subscribed_events", json!([])),
            json!({"subscribed_events": ["At least one subscribed event is required."]}),
        ),
        (
            with("subscribed_events", json!(["foo.bar"])),
            json!({"subscribed_events": ["Unsupported webhook events: foo.bar"]}),
        ),
    ] {
        assert_eq!(
            request(&didit, Method::POST, PATH, body).await,
            (StatusCode::BAD_REQUEST, expected)
        );
    }
}

#[tokio::test]
async fn a_destination_gets_the_events_and_the_version_it_asked_for() {
    let didit = didit();
    let verification = didit.verification();
    let app = Router::new().route("/{*path}", post(|| async {}));
    verification.send_webhooks_to_service("https://app.example/all", app);
    let (_, created) = request(&didit, Method::POST, PATH, destination()).await;
    let path = format!("{PATH}{}/", text(&created, "uuid"));
    assert_eq!(
        request(
            &didit,
            Method::PATCH,
            &path,
            json!({"webhook_version": "v2"})
        )
        .await
        .0,
        StatusCode::OK
    );
    verification.block_user("blocked");
    assert_eq!(
        verification.deliver().await.len(),
        1,
        "only one is subscribed to events of users"
    );

    verification.complete(&verification.create("user-42"), "approve");
    let sent = verification.deliver().await;
    let approved: Vec<_> = sent
        .iter()
        .filter(|sent| sent.json().unwrap()["status"] == "Approved")
        .collect();
    let checks: Vec<_> = approved
        .iter()
        .map(|sent| {
            let decision = sent.json().unwrap()["decision"].clone();
            (
                sent.uri().path().to_owned(),
                decision.get("face_matches").is_some(),
                decision.get("face_match").is_some(),
            )
        })
        .collect();
    assert_eq!(
        checks,
        [
            ("/all".to_owned(), true, false),
            ("/webhook".to_owned(), false, true)
        ]
    );

    request(&didit, Method::PATCH, &path, json!({"enabled": false})).await;
    verification.create("user-43");
    assert_eq!(verification.deliver().await.len(), 1);
}
