use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use http::{Response, StatusCode};
use serde_json::json;
use tokio::time::Instant;
use tower_service::Service;

use super::{
    code, code_form, didit, get, rejection, send, send_json, signed_in, token_request, tokens,
    user_info,
};
use crate::{Endpoint, FakeDidit, Fault};

#[tokio::test]
async fn all_errors_of_rfc_6749_can_be_injected() {
    let didit = didit();
    for code in [
        "invalid_request",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "something_else",
    ] {
        didit.on_next(Endpoint::Token, Fault::error(code));
        assert_eq!(rejection(&didit, String::new()).await, code);
    }
    didit.on_next(Endpoint::Token, Fault::error("invalid_client"));
    let response = send(&didit, token_request(String::new())).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(response.headers().contains_key("www-authenticate"));
}

#[tokio::test]
async fn status_and_description_of_an_error_can_be_set() {
    let didit = didit();
    didit.on_next(
        Endpoint::Token,
        Fault::error("busy")
            .with_status(503)
            .with_description("later"),
    );
    let (status, body) = send_json(&didit, token_request(String::new())).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body, json!({"error": "busy", "error_description": "later"}));
}

#[tokio::test]
async fn any_response_can_be_injected_and_redeems_nothing() {
    let didit = didit();
    let code = code(&didit);
    let response = Response::builder()
        .status(502)
        .header("x-from", "proxy")
        .body("<h1>no</h1>")
        .unwrap();
    didit.on_next(Endpoint::Token, Fault::answer(response));
    let response = send(&didit, token_request(code_form(&code, &[]))).await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(response.headers()["x-from"], "proxy");
    assert_eq!(response.body(), "<h1>no</h1>");
    tokens(&didit, code_form(&code, &[])).await;
}

#[tokio::test]
async fn members_of_a_regular_response_can_be_edited() {
    let didit = didit();
    didit.on_next(
        Endpoint::Token,
        Fault::edit(|response| {
            response.remove("token_type");
            response.insert("expires_in".to_owned(), "3600".into());
        }),
    );
    let tokens = signed_in(&didit).await;
    assert!(tokens.get("token_type").is_none());
    assert_eq!(tokens["expires_in"], "3600");
    assert_eq!(
        user_info(&didit, &tokens["access_token"]).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_hanging_request_never_completes_and_is_counted() {
    let didit = didit();
    didit.on_next(Endpoint::Jwks, Fault::hang());
    let mut response = didit.clone().call(get("https://apx.didit.me/auth/jwks"));
    let pending =
        poll_fn(|context| Poll::Ready(response.as_mut().poll(context).is_pending())).await;
    assert!(pending);
    assert_eq!(didit.count(Endpoint::Jwks), 1);
    // The next request is not affected.
    assert_eq!(
        send(&didit, get("https://apx.didit.me/auth/jwks"))
            .await
            .status(),
        StatusCode::OK
    );
}

#[tokio::test(start_paused = true)]
async fn a_delayed_response_follows_a_request_that_is_processed_at_once() {
    let didit = didit();
    let code = code(&didit);
    didit.on_next(Endpoint::Token, Fault::delay(Duration::from_secs(7)));
    let started = Instant::now();
    let late = didit.clone().call(token_request(code_form(&code, &[])));
    assert_eq!(
        rejection(&didit, code_form(&code, &[])).await,
        "invalid_grant"
    );
    assert_eq!(late.await.unwrap().status(), StatusCode::OK);
    assert_eq!(started.elapsed(), Duration::from_secs(7));
}

#[tokio::test]
async fn queued_faults_precede_the_one_for_every_request() {
    let didit = didit();
    didit.on_every(Endpoint::Token, Fault::error("always"));
    didit.on_next(Endpoint::Token, Fault::error("first"));
    didit.on_next(Endpoint::Token, Fault::error("second"));
    for expected in ["first", "second", "always", "always"] {
        assert_eq!(rejection(&didit, String::new()).await, expected);
    }
    didit.clear_faults();
    signed_in(&didit).await;
}

#[tokio::test]
async fn an_edit_may_call_the_fake() {
    let didit = didit();
    let seen = Arc::new(AtomicUsize::new(0));
    let (fake, count) = (didit.clone(), Arc::clone(&seen));
    didit.on_next(
        Endpoint::Token,
        Fault::edit(move |_| count.store(fake.count(Endpoint::Token), Ordering::SeqCst)),
    );
    signed_in(&didit).await;
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn requests_to_unknown_paths_are_recorded() {
    let didit = didit();
    let (status, _) = send_json(&didit, get("https://apx.didit.me/auth/v2/token/?x=1")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(didit.count(Endpoint::Token), 0);
    assert_eq!(didit.requests()[0].path_and_query(), "/auth/v2/token/?x=1");

    didit.on_next(Endpoint::Token, Fault::error("invalid_grant"));
    rejection(&didit, "grant_type=x".to_owned()).await;
    assert_eq!(didit.count(Endpoint::Token), 1);
    assert_eq!(
        didit
            .last(Endpoint::Token)
            .unwrap()
            .form_value("grant_type")
            .as_deref(),
        Some("x")
    );
}

#[test]
fn debug_omits_secrets() {
    let didit = FakeDidit::new("app", "secret-value");
    assert_eq!(format!("{didit:?}"), "FakeDidit { client_id: \"app\", .. }");
    assert_eq!(
        format!("{:?}", Fault::error("invalid_grant")),
        "Fault::error(\"invalid_grant\")"
    );
    assert_eq!(
        format!("{:?}", Fault::answer(Response::new("secret-value"))),
        "Fault::answer(200 OK)"
    );
}

#[test]
fn the_fake_can_be_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<FakeDidit>();
    shared::<Fault>();
}
