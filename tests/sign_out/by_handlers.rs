//! Handlers that sign users out.

use http::{Method, StatusCode};
use tower_didit::fake::{Browser, Endpoint, FakeDidit, Fault, Person};

use super::at_the_provider::lives_there;
use crate::support::{
    cookies::{SESSION, set_cookies},
    handlers::{Case, Place, app, cases, once, sign_in_for, user_of},
    sign_out::leads_to,
    site::{HOME, NOBODY, didit},
};

// Behaviours 81 and 89.
#[tokio::test]
async fn a_handler_signs_out_like_the_logout_path() {
    for Case {
        didit,
        config,
        is_stored,
        works_once,
        ..
    } in cases()
    {
        let app = app(config.with_sign_out_pages(["/bye", "/see-you"]));
        let (browser, token) = user_of(&didit, &app.router).await;
        let copy = browser.clone();
        let page = browser.post_form("/sign-out", &[]).await;
        assert_eq!(page.status(), StatusCode::SEE_OTHER);
        assert_eq!(page.location(), "/bye");
        assert_eq!(page.header("cache-control"), Some("private, no-store"));
        // The handler's own cookie stays.
        assert_eq!(set_cookies(&page).len(), 3);
        assert!(browser.cookie("theme").is_some());
        assert!(browser.cookie(SESSION).is_none());

        // A copy of the cookie signs nobody in, and is removed.
        assert_eq!(copy.get("/user").await.text(), NOBODY);
        assert_eq!(copy.cookie(SESSION).is_some(), is_stored);
        if works_once {
            assert!(!lives_there(&didit, &token).await);
        }

        let again = browser.post_form("/sign-out", &[]).await;
        assert_eq!(again.status(), StatusCode::SEE_OTHER);
        assert_eq!(set_cookies(&again).len(), 1);
    }
}

// OpenID Connect RP-Initiated Logout §2; behaviours 90 and 95.
#[tokio::test]
async fn a_handler_redirects_to_the_provider_and_logs_no_id_token() {
    for place in Place::BOTH {
        let didit = didit().with_end_session_endpoint();
        let app = app(place.config(&didit));
        let (browser, _) = user_of(&didit, &app.router).await;
        let page = browser.post_form("/sign-out", &[]).await;
        let there = leads_to(&page);
        assert!(there.starts_with("https://apx.didit.me/auth/v2/logout?id_token_hint=e"));
        // The handler's own cookie stays.
        assert!(browser.cookie("theme").is_some());
        assert!(browser.cookie(SESSION).is_none());
    }
}

// Behaviours 75 and 89.
#[tokio::test]
async fn a_sign_out_by_the_callback_handler_begins_no_session_and_ends_the_old_one() {
    for Case {
        didit,
        config,
        works_once,
        ..
    } in cases()
    {
        let app = app(config);
        let (browser, _) = user_of(&didit, &app.router).await;
        let copy = browser.clone();
        assert_eq!(
            browser.get("/user").await.text(),
            Person::alejandra().subject()
        );
        let told = sign_in_for(&browser, &didit, "/?sign-out", &Person::john()).await;
        assert_eq!(told, "signed out");
        assert!(browser.cookies().is_empty());
        assert_eq!(browser.get("/user").await.text(), NOBODY);
        assert_eq!(copy.get("/user").await.text(), NOBODY);
        if works_once {
            let kept = app.kept.lock().expect("no panic").clone().expect("tokens");
            assert!(!lives_there(&didit, kept.access_token().secret()).await);
        }

        // Nor if there was no session before.
        let stranger = Browser::new(HOME, app.router);
        sign_in_for(&stranger, &didit, "/?sign-out", &Person::john()).await;
        assert!(stranger.cookies().is_empty());
    }
}

// Behaviour 89.
#[tokio::test]
async fn after_a_refresh_the_provider_session_is_ended_with_the_new_tokens() {
    for Case {
        didit,
        config,
        works_once,
        ..
    } in cases()
    {
        let app = app(config);
        let (browser, first) = user_of(&didit, &app.router).await;
        let page = browser.post_form("/change", &[]).await;
        assert_eq!(page.text(), "session-ended");
        assert!(browser.cookies().is_empty());
        assert_eq!(browser.get("/user").await.text(), NOBODY);
        assert_eq!(didit.count(Endpoint::Token), 2);
        if works_once {
            let deletion = didit.last(Endpoint::Session).expect("it was asked");
            assert_eq!(deletion.method(), Method::DELETE);
            assert_ne!(
                deletion.header("authorization"),
                Some(&*format!("Bearer {first}"))
            );
            assert_eq!(didit.count(Endpoint::Session), 1);
        }
    }
}

// Behaviour 89.
#[tokio::test]
async fn new_tokens_that_are_refused_are_refreshed_once_more() {
    let didit = FakeDidit::authentication("app");
    let app = app(once(&didit));
    let (browser, _) = user_of(&didit, &app.router).await;
    let refused = Fault::error("invalid_credentials").with_status(401);
    didit.on_next(Endpoint::Session, refused);
    let page = browser.post_form("/change", &[]).await;
    assert_eq!(page.text(), "session-ended");
    assert_eq!(didit.count(Endpoint::Session), 2);
    assert_eq!(didit.count(Endpoint::Token), 3);
}

// Behaviour 89. Another tab signed out.
#[tokio::test]
async fn a_signed_out_session_is_not_refreshed() {
    for place in Place::BOTH {
        let didit = didit();
        let app = app(place.config(&didit));
        let (browser, _) = user_of(&didit, &app.router).await;
        let copy = browser.clone();
        browser.post_form("/sign-out", &[]).await;
        let refused = copy.fetch(Method::GET, "/refresh").await;
        match place {
            Place::Memory => assert_eq!(refused.json()["code"], "not-signed-in"),
            // Its cookie is not written again.
            Place::Cookies => assert_eq!(set_cookies(&refused).len(), 2),
        }
    }
}

// Behaviour 81. Cookies are set with the response headers.
#[tokio::test]
async fn after_the_head_was_sent_no_cookie_is_removed() {
    for Case { didit, config, .. } in cases() {
        let app = app(config);
        let (browser, _) = user_of(&didit, &app.router).await;
        let page = browser.get("/stream?sign-out").await;
        assert_eq!(page.text(), "signed out");
        assert_eq!(set_cookies(&page).len(), 0);
        assert!(browser.cookie(SESSION).is_some());
        assert_eq!(browser.get("/user").await.text(), NOBODY);
    }
}
