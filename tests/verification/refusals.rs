//! What is not authentic is answered 401, without a word, and reaches no handler.

use axum::{Router, routing::post};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;
use tower_didit::{
    ConfigError, ErrorKind,
    reason::WiringError,
    verification::{DiditWebhooks, WebhookEvent},
};

use crate::delivery::{Delivery, NOW, SECRET, Site, approved, sign, with};

fn good() -> Delivery {
    Delivery::of(&approved())
}

// Behaviour 127.
#[tokio::test]
async fn each_forged_header_is_refused() {
    let timestamp = NOW.to_string();
    let signature = sign(SECRET, &good().body);
    let other = sign("another-secret", &good().body);
    let forged = [
        good().without("x-timestamp"),
        good().with("x-timestamp", ""),
        good().with("x-timestamp", "soon"),
        good().with("x-timestamp", format!("+{timestamp}")),
        good().with("x-timestamp", format!("0{timestamp}")),
        good().with("x-timestamp", format!(" {timestamp}")),
        good().with("x-timestamp", format!("{timestamp}.0")),
        good().with("x-timestamp", format!("{timestamp}000")),
        good().with("x-timestamp", "-1"),
        good().with("x-timestamp", "18446744073709551616"),
        good().with("x-timestamp", b"\xff"),
        good().with("x-timestamp", (NOW + 1).to_string()),
        good().with("x-timestamp", (NOW - 1).to_string()),
        good().without("x-signature"),
        good().with("x-signature", ""),
        good().with("x-signature", &signature[..62]),
        good().with("x-signature", &signature[..63]),
        good().with("x-signature", format!("{signature}0")),
        good().with("x-signature", format!("{signature} ")),
        good().with("x-signature", format!("sha256={signature}")),
        good().with("x-signature", signature.to_uppercase()),
        good().with("x-signature", "0".repeat(64)),
        good().with("x-signature", b"\xff".repeat(64)),
        good().with("x-signature", &other),
    ];
    let site = Site::new();
    for delivery in forged {
        let headers = delivery.headers.clone();
        let response = site.respond(delivery, |_| async { Response::default() });
        let response = response.await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{headers:?}");
        assert!(response.headers().is_empty());
        assert!(
            response
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .is_empty()
        );
    }
    assert_eq!(site.count(), 0);
    assert_eq!(site.answer(good()).await, StatusCode::OK);
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn a_header_that_is_there_twice_is_refused() {
    let site = Site::new();
    for name in ["x-timestamp", "x-signature"] {
        let mut delivery = good();
        let value = delivery.headers[name].clone();
        delivery.headers.append(name, value);
        assert_eq!(site.answer(delivery).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(site.count(), 0);
}

// Behaviour 127.
#[tokio::test]
async fn the_timestamp_is_within_300_seconds_of_the_clock() {
    for (difference, answer) in [
        (-301, StatusCode::UNAUTHORIZED),
        (-300, StatusCode::OK),
        (300, StatusCode::OK),
        (301, StatusCode::UNAUTHORIZED),
    ] {
        let at = NOW.checked_add_signed(difference).unwrap();
        let delivery = Delivery::of(&with(approved(), "/timestamp", at.into()));
        assert_eq!(Site::new().answer(delivery).await, answer, "{difference}");
    }
}

// Behaviour 127.
#[tokio::test]
async fn a_signed_body_that_is_no_object_with_this_timestamp_is_refused() {
    let timestamp = NOW.to_string();
    for body in [
        String::new(),
        "null".to_owned(),
        format!("[{NOW}]"),
        "{}".to_owned(),
        "{\"timestamp\":null}".to_owned(),
        format!("{{\"timestamp\":\"{NOW}\"}}"),
        format!("{{\"timestamp\":{NOW}.0}}"),
        format!("{{\"timestamp\":{NOW}.5}}"),
        format!("{{\"timestamp\":{}}}", NOW - 1),
        format!("{{\"timestamp\":[{NOW}]}}"),
        format!("{{\"timestamp\":{NOW}}}}}"),
        format!("{{\"timestamp\":{NOW},\"timestamp\":{NOW}}}"),
        format!("{{\"timestamp\":{NOW},\"a\":{{\"b\":1,\"b\":1}}}}"),
        format!("{{\"timestamp\":{NOW},\"a\":NaN}}"),
        format!("{{\"timestamp\":{NOW},\"a\":\"\\ud83d\"}}"),
        format!(
            "{{\"timestamp\":{NOW},\"a\":{}{}}}",
            "[".repeat(9999),
            "]".repeat(9999)
        ),
    ] {
        let site = Site::new();
        let delivery = Delivery::signed(body.as_str(), &timestamp);
        assert_eq!(
            site.answer(delivery).await,
            StatusCode::UNAUTHORIZED,
            "{body}"
        );
        assert_eq!(site.count(), 0);
    }
    let delivery = Delivery::signed(format!(" {{\"timestamp\": {NOW}}}\n"), &timestamp);
    assert_eq!(Site::new().answer(delivery).await, StatusCode::OK);
}

#[tokio::test]
async fn other_methods_and_empty_requests_are_refused() {
    let webhooks = DiditWebhooks::new([SECRET]).unwrap();
    let handler = post(|_: WebhookEvent| async {}).layer(webhooks);
    let app = Router::new().route("/didit", handler);
    for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS] {
        let request = Request::builder().method(method).uri("/didit");
        let request = request.body(String::new()).unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn either_secret_of_a_rotation_is_accepted() {
    let site = Site::of(DiditWebhooks::new(["the-new-one", SECRET]).unwrap());
    assert_eq!(site.answer(good()).await, StatusCode::OK);
    let body = good().body;
    let renewed = good().with("x-signature", sign("the-new-one", &body));
    assert_eq!(site.answer(renewed).await, StatusCode::OK);
    let forged = good().with("x-signature", sign("a-third-one", &body));
    assert_eq!(site.answer(forged).await, StatusCode::UNAUTHORIZED);
}

#[test]
fn a_missing_or_malformed_secret_is_refused_when_the_layer_is_built() {
    let space = "starts or ends with white space; a file may have added a new line";
    for (secrets, expected) in [
        (&[][..], "is missing"),
        (&[""], "is empty"),
        (&["secret", ""], "is empty"),
        (&["secret\n"], space),
        (&[" secret"], space),
    ] {
        let error = DiditWebhooks::new(secrets).unwrap_err();
        let ConfigError::Invalid { name, why } = error else {
            panic!("{error}");
        };
        assert_eq!((name, why), ("webhook secret", expected));
    }
}

// Behaviour 95.
#[test]
fn the_layer_shows_no_secret() {
    let webhooks = DiditWebhooks::new(["hunter2-secret"]).unwrap();
    for debug in [format!("{webhooks:?}"), format!("{webhooks:#?}")] {
        let unspaced: String = debug.split_whitespace().collect();
        assert!(debug.contains("[redacted]"), "{debug}");
        assert!(
            !debug.contains("hunter2") && !unspaced.contains("104,117"),
            "{debug}"
        );
    }
}

#[tokio::test]
async fn without_the_layer_the_extractor_names_it() {
    let app: Router = Router::new().route("/didit", post(|_: WebhookEvent| async {}));
    let answer = app.oneshot(good().request()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let error = answer.extensions().get::<tower_didit::Error>().unwrap();
    assert_eq!(
        error.kind(),
        ErrorKind::Wiring(WiringError::WebhooksMissing)
    );
    let problem = answer.into_body().collect().await.unwrap().to_bytes();
    let problem: serde_json::Value = serde_json::from_slice(&problem).unwrap();
    assert_eq!(problem["code"], "webhooks-missing");
}

#[tokio::test]
async fn a_body_that_a_gateway_encoded_anew_needs_the_canonical_signature() {
    let event = with(
        approved(),
        "/metadata",
        json!({"name": "Jos\u{e9}", "score": 87.5}),
    );
    let canonical = event.to_string(); // serde_json sorts keys
    let encoded = serde_json::to_string_pretty(&event).unwrap();
    let encoded = encoded
        .replace('\u{e9}', "\\u00E9")
        .replace("92.0", "9.20e1");
    let canonical = canonical.replace("92.0", "92");
    let delivery = good().with("x-signature-v2", sign(SECRET, canonical.as_bytes()));
    let delivery = Delivery {
        body: encoded.into_bytes(),
        ..delivery
    };

    assert_eq!(
        Site::new().answer(delivery.clone()).await,
        StatusCode::UNAUTHORIZED
    );
    let webhooks = DiditWebhooks::new([SECRET]).unwrap();
    let site = Site::of(webhooks.accept_canonical_signature());
    assert_eq!(site.answer(delivery.clone()).await, StatusCode::OK);
    assert_eq!(site.received()[0].1, delivery.body);

    let restamped = delivery.with("x-timestamp", (NOW + 1).to_string());
    assert_eq!(site.answer(restamped).await, StatusCode::UNAUTHORIZED);
}
