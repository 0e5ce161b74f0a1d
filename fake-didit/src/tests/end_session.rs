use std::time::Duration;

use http::{Method, Request, StatusCode};
use url::form_urlencoded;

use super::{Bytes, didit, get, request, send, signed_in, user_info};
use crate::{Endpoint, FakeDidit};

const PAGE: &str = "https://apx.didit.me/auth/v2/logout";
const BYE: &str = "https://app.example/bye";

fn ending() -> FakeDidit {
    didit()
        .with_end_session_endpoint()
        .with_post_logout_redirect_uri(BYE)
        .with_post_logout_redirect_uri("https://app.example/bye?kept=1")
}

fn form(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}

/// The redirect for a query; the error is the status and the page.
async fn ended(didit: &FakeDidit, query: &str) -> Result<String, (u16, String)> {
    let response = send(didit, get(&format!("{PAGE}?{query}"))).await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    match response.headers().get("location") {
        Some(location) => {
            assert_eq!(response.status(), StatusCode::SEE_OTHER);
            Ok(location.to_str().unwrap().to_owned())
        }
        None => Err((
            response.status().as_u16(),
            String::from_utf8(response.body().to_vec()).unwrap(),
        )),
    }
}

#[tokio::test]
async fn the_endpoint_does_not_exist_by_default() {
    let response = send(&didit(), get(PAGE)).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_registered_uri_is_redirected_to() {
    let didit = ending();
    let tokens = signed_in(&didit).await;
    let hint = tokens["id_token"].as_str().unwrap();
    // An expired ID token is accepted.
    didit.clock().advance(Duration::from_secs(24 * 3600));
    let bye = ("post_logout_redirect_uri", BYE);
    for (parameters, there) in [
        (&[("id_token_hint", hint), bye][..], BYE),
        (&[("client_id", "app"), bye], BYE),
        (
            &[
                ("id_token_hint", hint),
                ("client_id", "app"),
                bye,
                ("state", "a b&c"),
            ],
            "https://app.example/bye?state=a+b%26c",
        ),
        (
            &[
                ("client_id", "app"),
                ("post_logout_redirect_uri", "https://app.example/bye?kept=1"),
                ("state", "s"),
            ],
            "https://app.example/bye?kept=1&state=s",
        ),
    ] {
        assert_eq!(ended(&didit, &form(parameters)).await, Ok(there.to_owned()));
    }
    assert_eq!(didit.count(Endpoint::EndSession), 4);
    let (status, _) = user_info(&didit, &signed_in(&didit).await["access_token"]).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn without_a_redirect_uri_a_page_is_shown() {
    let didit = ending();
    for query in ["", "client_id=app", "client_id=app&state=s"] {
        let (status, html) = ended(&didit, query).await.unwrap_err();
        assert_eq!(status, 200);
        assert!(html.contains("Signed out"));
    }
}

#[tokio::test]
async fn an_invalid_request_is_not_redirected() {
    let didit = ending();
    let bye = form(&[("post_logout_redirect_uri", BYE)]);
    for (query, why) in [
        (
            format!("id_token_hint=a.b.c&client_id=app&{bye}"),
            "id_token_hint is not",
        ),
        (format!("client_id=other&{bye}"), "client_id is unknown"),
        (bye.clone(), "needs an id_token_hint or a client_id"),
        (format!("client_id=app&{bye}/"), "not registered"),
        (format!("client_id=app&{bye}&{bye}"), "is repeated"),
        (
            "client_id=app&post_logout_redirect_uri=https%3A%2F%2Fevil.example".to_owned(),
            "not registered",
        ),
        ("client_id=%".to_owned(), "not form-urlencoded"),
    ] {
        let (status, html) = ended(&didit, &query).await.unwrap_err();
        assert_eq!(status, 400, "{query}");
        assert!(html.contains(why), "{query}: {html}");
    }
}

#[tokio::test]
async fn parameters_may_be_in_a_form() {
    let didit = ending();
    let good = form(&[("client_id", "app"), ("post_logout_redirect_uri", BYE)]);
    for (kind, status) in [
        ("application/x-www-form-urlencoded", StatusCode::SEE_OTHER),
        ("application/json", StatusCode::BAD_REQUEST),
    ] {
        let request = Request::post(PAGE).header("content-type", kind);
        let request = request.body(Bytes::from(good.clone())).unwrap();
        assert_eq!(send(&didit, request).await.status(), status);
    }
    let response = send(&didit, request(Method::DELETE, PAGE)).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "GET, POST");
}

#[test]
#[should_panic(expected = "not an absolute redirect URI")]
fn a_relative_uri_panics() {
    let _ = didit().with_post_logout_redirect_uri("/bye");
}
