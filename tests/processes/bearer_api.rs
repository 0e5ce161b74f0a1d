//! The example of an API, called as a client calls it.

use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use tower_didit::fake::Person;

use crate::harness::example::Example;

// RFC 6750 §2.1 and §3; behaviour 124.
#[tokio::test]
async fn the_bearer_api_answers_the_request_that_it_prints() {
    let api = Example::start("bearer_api");
    let printed = api.wait_for("send: curl -i -H 'Authorization: Bearer ");
    assert!(printed.ends_with(&api.url("/orders")), "{printed}");
    let token = printed.split('\'').next().expect("a token").to_owned();
    let client = Client::builder().no_proxy().build().expect("a client");
    let get = async |path: &str, token: Option<&str>| {
        let mut request = client.get(api.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.expect("an answer")
    };

    let orders = json(get("/orders", Some(&token)).await).await;
    assert_eq!(orders["orders_of"], Person::alejandra().subject());
    assert_eq!(orders["sent_by"], "example");

    let refused = get("/orders", None).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        refused.headers()["www-authenticate"],
        r#"Bearer realm="api""#
    );
    let refused = get("/orders", Some("made-up")).await;
    assert_eq!(
        refused.headers()["www-authenticate"],
        r#"Bearer realm="api", error="invalid_token""#
    );
    let refused = get("/contacts", Some(&token)).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let challenge = r#"Bearer realm="api", error="insufficient_scope", scope="email""#;
    assert_eq!(refused.headers()["www-authenticate"], challenge);
    assert_eq!(json(refused).await["code"], "insufficient-scope");

    assert_eq!(get("/health", None).await.status(), StatusCode::OK);
}

async fn json(answer: Response) -> Value {
    let body = answer.bytes().await.expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}
