//! What Didit is answered after the handler.

use std::{convert::Infallible, future::ready, io};

use axum::{Router, body::Body, routing::post};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};
use tower_didit::{
    fake::{FakeDidit, FakeDiditExt},
    verification::{DiditWebhooks, Status, WebhookEvent},
};

use crate::{
    delivery::{Delivery, NOW, SECRET, Site, approved, time},
    support::site::{CALLBACK, auth},
};

fn webhooks() -> DiditWebhooks {
    let now = time(NOW);
    DiditWebhooks::new([SECRET])
        .unwrap()
        .with_clock(move || now)
}

fn response(status: StatusCode) -> Response<String> {
    let response = Response::builder().status(status).header("x-own", "1");
    response.body("own".to_owned()).unwrap()
}

#[tokio::test]
async fn a_handlers_failure_becomes_503_so_that_didit_tries_again() {
    for (own, answered) in [
        (StatusCode::OK, StatusCode::OK),
        (StatusCode::ACCEPTED, StatusCode::ACCEPTED),
        (StatusCode::NO_CONTENT, StatusCode::NO_CONTENT),
        (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND),
        (StatusCode::SEE_OTHER, StatusCode::SERVICE_UNAVAILABLE),
        (StatusCode::BAD_REQUEST, StatusCode::SERVICE_UNAVAILABLE),
        (StatusCode::UNAUTHORIZED, StatusCode::SERVICE_UNAVAILABLE),
        (StatusCode::CONFLICT, StatusCode::SERVICE_UNAVAILABLE),
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            StatusCode::SERVICE_UNAVAILABLE,
        ),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::SERVICE_UNAVAILABLE,
        ),
    ] {
        let site = Site::new();
        let delivery = Delivery::of(&approved());
        let answer = site
            .respond(delivery.clone(), move |_| ready(response(own)))
            .await;
        assert_eq!(answer.status(), answered, "{own}");
        assert_eq!(answer.headers()["x-own"], "1");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "own");
        // Only what was answered 2xx is known.
        assert_eq!(site.answer(delivery).await, StatusCode::OK);
        assert_eq!(site.count(), if own.is_success() { 1 } else { 2 }, "{own}");
    }
}

#[tokio::test]
async fn an_axum_handler_takes_the_event_and_the_same_body() {
    async fn webhook(event: WebhookEvent, body: Bytes) -> (StatusCode, Bytes) {
        assert_eq!(event.status(), Some(Status::Approved));
        (StatusCode::ACCEPTED, body)
    }
    let app: Router = Router::new().route("/didit", post(webhook).layer(webhooks()));
    let delivery = Delivery::of(&approved());
    let answer = app.oneshot(delivery.clone().request()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, delivery.body);
}

#[tokio::test]
async fn the_inner_service_may_have_any_body_that_is_made_of_bytes() {
    let echo = service_fn(|request: Request<Full<Bytes>>| {
        assert!(request.extensions().get::<WebhookEvent>().is_some());
        ready(Ok::<_, Infallible>(Response::new(request.into_body())))
    });
    let delivery = Delivery::of(&approved());
    let request = delivery.clone().request();
    let request = request.map(|_| Full::from(delivery.body.clone()));
    let Ok(answer) = webhooks().layer(echo).oneshot(request).await;
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, delivery.body);
}

#[tokio::test]
async fn an_error_of_the_inner_service_stays_one_and_the_event_comes_again() {
    let webhooks = webhooks();
    let delivery = Delivery::of(&approved());
    let broken =
        service_fn(|_: Request<Body>| ready(Err::<Response<Body>, _>(io::Error::other("x"))));
    let answer = webhooks
        .layer(broken)
        .oneshot(delivery.clone().request())
        .await;
    assert_eq!(answer.unwrap_err().to_string(), "x");
    assert_eq!(Site::of(webhooks).answer(delivery).await, StatusCode::OK);
}

#[tokio::test]
async fn the_route_may_be_inside_of_the_layer_of_the_sign_in() {
    let handler = |_: WebhookEvent| async { StatusCode::NO_CONTENT };
    let app = Router::new()
        .route("/didit", post(handler).layer(webhooks()))
        .layer(auth(FakeDidit::new("app", "secret").config(CALLBACK)));
    let delivery = Delivery::of(&approved());
    let answer = app.clone().oneshot(delivery.clone().request()).await;
    assert_eq!(answer.unwrap().status(), StatusCode::NO_CONTENT);
    let forged = delivery.with("x-signature", "0".repeat(64));
    let answer = app.oneshot(forged.request()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers().len(), 1); // content-length
    assert_eq!(answer.headers()[header::CONTENT_LENGTH], "0");
}

#[tokio::test]
async fn headers_of_the_handler_stay() {
    let site = Site::new();
    let answer = site.respond(Delivery::of(&approved()), |_| {
        let response = Response::builder().header(header::CACHE_CONTROL, "no-store");
        ready(response.body(String::new()).unwrap())
    });
    assert_eq!(answer.await.headers()[header::CACHE_CONTROL], "no-store");
}
