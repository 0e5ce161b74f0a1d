//! A provider whose metadata is unavailable.

use axum::{Router, middleware, response::Response as Answer, routing::get};
use http::{Response, StatusCode};
use tower_didit::{
    IdClaims, Provider, ReturnTo,
    fake::{Browser, Endpoint, Fault, Person},
};

use super::{HOUR, ISSUER, MOMENT, config, visitor_of};
use crate::support::{
    identity::{ALEJANDRA, attempt},
    site::{HOME, NOBODY, auth, didit},
};

// Behaviours 14 and 63.
#[tokio::test(start_paused = true)]
async fn sign_ins_fail_while_the_metadata_is_unavailable() {
    let didit = didit();
    let browser = visitor_of(&didit, ISSUER);
    let unavailable = Response::builder().status(503).body("busy").expect("good");
    for (fault, code, status) in [
        (
            Fault::hang(),
            "provider-timeout",
            StatusCode::GATEWAY_TIMEOUT,
        ),
        (
            Fault::answer(unavailable),
            "invalid-response",
            StatusCode::BAD_GATEWAY,
        ),
        (
            Fault::answer(Response::new("<h1>hello</h1>")),
            "invalid-metadata",
            StatusCode::BAD_GATEWAY,
        ),
    ] {
        didit.on_every(Endpoint::Discovery, fault);
        didit.clock().advance(HOUR);
        let before = didit.count(Endpoint::Discovery);
        for _ in 0..20 {
            let login = browser.get("/login").await;
            assert_eq!((login.text(), login.status()), (code, status));
            assert!(browser.cookies().is_empty());
        }
        // Attempted sign-ins cause few requests.
        assert!(didit.count(Endpoint::Discovery) <= before + 11);
        // Other requests work.
        assert_eq!(browser.get("/").await.text(), NOBODY);
    }
    didit.clear_faults();
    didit.clock().advance(MOMENT);
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);

    // With cached metadata it may be down.
    didit.on_every(Endpoint::Discovery, Fault::hang());
    didit.clock().advance(HOUR);
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
}

// Behaviour 14.
#[tokio::test]
async fn a_guarded_page_reports_unavailable_metadata() {
    let didit = didit();
    let config = config(&didit).with_provider(Provider::discovered(ISSUER));
    let app = Router::new()
        .route(
            "/members",
            get(|user: IdClaims| async move { user.subject().to_owned() }),
        )
        .route(
            "/callback",
            get(|_: IdClaims, back: ReturnTo| async { back }),
        )
        .layer(middleware::map_response(|mut response: Answer| async {
            let headers = response.headers_mut();
            headers.append("set-cookie", "own=1; Path=/".parse().expect("good"));
            response
        }))
        .layer(auth(config));
    let browser = Browser::new(HOME, app).add_didit(&didit);

    didit.on_next(
        Endpoint::Discovery,
        Fault::error("server_error").with_status(500),
    );
    let page = browser.visit("/members").await;
    assert_eq!(page.status(), StatusCode::BAD_GATEWAY);
    assert!(page.text().contains("<code>invalid-response</code>"));
    assert!(page.text().contains("/login?return_to=%2Fmembers"));

    didit.clock().advance(MOMENT);
    let page = browser.visit("/members").await;
    assert!(
        page.url()
            .starts_with("https://apx.didit.me/auth/v2/authorize?")
    );
    let members = browser.click(&page, "approve-alejandra").await;
    assert_eq!(members.url(), "https://app.example/members");
    assert_eq!(members.text(), Person::alejandra().subject());
    assert!(browser.cookie("own").is_some(), "the application's own");
    assert_eq!(didit.count(Endpoint::Discovery), 2);
}
