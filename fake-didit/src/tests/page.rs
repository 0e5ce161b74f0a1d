use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::{authorize_url, code_form, didit, get, query, send, tokens, user_info};
use crate::{FakeDidit, Person, person::JOHN};

/// Opens the sign-in page and returns its interaction id.
async fn opened(didit: &FakeDidit) -> String {
    let page = send(didit, get(&authorize_url(&[]))).await;
    let html = std::str::from_utf8(page.body()).unwrap();
    let (_, rest) = html.split_once("name=\"interaction\" value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

async fn post(didit: &FakeDidit, path: &str, form: String) -> Response<Bytes> {
    send(
        didit,
        Request::post(format!("https://auth.didit.me{path}"))
            .body(form.into())
            .unwrap(),
    )
    .await
}

#[tokio::test]
async fn the_chosen_person_is_signed_in() {
    let didit = didit();
    let form = format!("interaction={}&person={JOHN}", opened(&didit).await);
    let response = post(&didit, "/approve", form).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let code = query(response.headers()["location"].to_str().unwrap(), "code").unwrap();
    let tokens = tokens(&didit, code_form(&code, &[])).await;
    let (_, body) = user_info(&didit, &tokens["access_token"]).await;
    assert_eq!(body["sub"], Person::john().subject());
}

#[tokio::test]
async fn declining_redirects_with_access_denied() {
    let didit = didit();
    let form = format!("interaction={}&person={JOHN}", opened(&didit).await);
    let response = post(&didit, "/decline", form).await;
    let location = response.headers()["location"].to_str().unwrap();
    assert_eq!(query(location, "error").as_deref(), Some("access_denied"));
    assert_eq!(query(location, "state").as_deref(), Some("the state"));
}

#[tokio::test]
async fn an_interaction_can_be_used_once() {
    let didit = didit();
    let form = format!("interaction={}&person={JOHN}", opened(&didit).await);
    post(&didit, "/decline", form.clone()).await;
    assert_eq!(
        post(&didit, "/approve", form).await.status(),
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn an_interaction_expires_after_ten_minutes() {
    let didit = didit();
    for (waited, status) in [(599, StatusCode::SEE_OTHER), (600, StatusCode::BAD_REQUEST)] {
        let form = format!("interaction={}&person={JOHN}", opened(&didit).await);
        didit.clock().advance(Duration::from_secs(waited));
        assert_eq!(post(&didit, "/approve", form).await.status(), status);
    }
}

#[tokio::test]
async fn the_oldest_interaction_is_removed_above_the_limit() {
    let didit = didit();
    let oldest = opened(&didit).await;
    let second = opened(&didit).await;
    for _ in 0..255 {
        opened(&didit).await;
    }
    for (interaction, status) in [
        (oldest, StatusCode::BAD_REQUEST),
        (second, StatusCode::SEE_OTHER),
    ] {
        let form = format!("interaction={interaction}&person={JOHN}");
        assert_eq!(post(&didit, "/approve", form).await.status(), status);
    }
}

#[tokio::test]
async fn approving_requires_a_person_and_an_interaction() {
    let didit = didit();
    let interaction = opened(&didit).await;
    for form in [
        format!("interaction={interaction}&person=unknown"),
        format!("person={JOHN}"),
        "%".to_owned(),
    ] {
        assert_eq!(
            post(&didit, "/approve", form).await.status(),
            StatusCode::BAD_REQUEST
        );
    }
    let response = send(&didit, get("https://auth.didit.me/approve")).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_page_may_load_its_icon_and_nothing_else() {
    let response = send(&didit(), get(&authorize_url(&[]))).await;
    assert_eq!(
        response.headers()["content-security-policy"],
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
         frame-ancestors 'none'"
    );
}
