//! A handler as a function, routes behind the layer, a whole sign-in.

use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_didit::{
    DiditAuth,
    fake::{Browser, FakeDidit, FakeDiditExt, Person},
};

const SITE: &str = "https://app.example";
const CALLBACK: &str = "https://app.example/callback";

/// A function is called with what its extractors would give.
#[tokio::test]
async fn a_handler_is_a_function() {
    let didit = FakeDidit::new("app", "secret");
    let alejandra = Person::alejandra();
    let page = super::profile(didit.id_claims(&alejandra)).await;
    assert_eq!(page, format!("your id is {}", alejandra.subject()));
    let page = super::scopes(didit.tokens(&alejandra, ["openid", "email"])).await;
    assert_eq!(page, "you granted openid email");
}

/// A request with the cookies of a session: routing, guards and middleware run as in production.
#[tokio::test]
async fn a_route_is_asked_with_a_session() {
    let didit = FakeDidit::new("app", "secret");
    let auth = DiditAuth::new(didit.config(CALLBACK).build().unwrap());
    let app = super::app(auth.clone());

    let request = Request::get("/profile").body(Body::empty()).unwrap();
    let answer = app.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);

    let john = Person::john();
    let cookies = didit.session_cookies(&auth, &john).await.unwrap();
    let request = Request::get("/profile").header(header::COOKIE, cookies);
    let answer = app.oneshot(request.body(Body::empty()).unwrap()).await;
    let page = answer.unwrap().into_body().collect().await.unwrap();
    assert_eq!(page.to_bytes(), format!("your id is {}", john.subject()));
}

/// A browser that is sent to the fake's sign-in page and comes back.
#[tokio::test]
async fn a_person_signs_in_on_the_way_to_a_page() {
    let didit = FakeDidit::new("app", "secret");
    let auth = DiditAuth::new(didit.config(CALLBACK).build().unwrap());
    let browser = Browser::new(SITE, super::app(auth)).add_didit(&didit);

    browser.visit("/profile").await;
    let alejandra = Person::alejandra();
    let page = browser.sign_in_as(&alejandra).await;
    assert_eq!(page.url(), "https://app.example/profile");
    assert_eq!(page.text(), format!("your id is {}", alejandra.subject()));
}
