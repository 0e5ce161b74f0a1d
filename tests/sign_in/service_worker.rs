//! An application whose service worker passes navigations on, as many do for offline use.

use axum::{Router, routing::get};
use http::{Method, Request, StatusCode};
use tower_didit::{
    IdClaims, ReturnTo,
    fake::{Browser, FakeDidit, FakeDiditExt, Page, Person},
};

use crate::support::site::{CALLBACK, HOME, auth, didit};

fn browser(didit: &FakeDidit) -> Browser {
    let app = Router::new()
        .route(
            "/page",
            get(|user: IdClaims| async move { user.subject().to_owned() }),
        )
        .route(
            "/callback",
            get(|_: IdClaims, back: ReturnTo| async move { back }),
        )
        .layer(auth(didit.config(CALLBACK)));
    Browser::new(HOME, app).add_didit(didit)
}

fn fetch_metadata(page: &Page) -> String {
    format!("{} {}", page.status(), page.url())
}

// Fetch Metadata Request Headers §2.2; behaviour 96.
#[tokio::test]
async fn a_person_signs_in_through_a_service_worker() {
    let didit = didit();
    let john = Person::john();
    for start in ["/page", "/login?return_to=/page"] {
        let mut seen = Vec::new();
        for browser in [browser(&didit), browser(&didit).with_service_worker()] {
            let sign_in = browser.visit(start).await;
            assert!(
                sign_in.url().starts_with("https://auth.didit.me/"),
                "{start}"
            );
            let page = browser.sign_in_as(&john).await;
            assert_eq!(page.text(), john.subject(), "{start}");
            seen.push(fetch_metadata(&page));
        }
        assert_eq!(seen[0], seen[1], "{start}");
    }
}

// Behaviour 96.
#[tokio::test]
async fn errors_are_pages_for_a_person_behind_a_service_worker() {
    let didit = didit();
    let browser = browser(&didit).with_service_worker();
    let sign_in = browser.visit("/page").await;
    let declined = browser.click(&sign_in, "decline").await;
    assert_eq!(declined.status(), StatusCode::FORBIDDEN);
    assert!(
        declined
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
    );
    let unknown = browser.visit("/callback?code=code&state=state").await;
    assert_eq!(unknown.status(), StatusCode::BAD_REQUEST);
    assert!(
        unknown
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
    );
}

// Behaviours 89 and 96.
#[tokio::test]
async fn a_cross_site_sign_out_through_a_service_worker_is_refused() {
    let didit = didit();
    let browser = browser(&didit).with_service_worker();
    browser.visit("/page").await;
    browser.sign_in_as(&Person::john()).await;
    let forged = Request::post("/logout")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "empty")
        .header("sec-fetch-site", "cross-site")
        .header("origin", "https://evil.example");
    let page = browser.send(forged.body("").unwrap()).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        browser.visit("/page").await.text(),
        Person::john().subject()
    );
}

// Behaviour 10.
#[tokio::test]
async fn a_script_behind_a_service_worker_is_a_script() {
    let didit = didit();
    let browser = browser(&didit).with_service_worker();
    let page = browser.fetch(Method::GET, "/page").await;
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(page.header("set-cookie"), None);
}
