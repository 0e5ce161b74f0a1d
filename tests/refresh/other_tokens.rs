//! Refreshes of tokens that are not those of the request's session.

use std::time::Duration;

use futures_util::future::join_all;
use http::{Method, StatusCode};
use tower_didit::{
    ErrorKind,
    fake::{Browser, Endpoint, Person},
};

use crate::support::{
    cookies::set_cookies,
    handlers::{Case, Place, app, cases, sign_in_for, user_of},
    site::{HOME, didit},
};

const SECOND: Duration = Duration::from_secs(1);

// Behaviour 88.
#[tokio::test]
async fn the_tokens_of_somebody_else_change_no_session() {
    for place in Place::BOTH {
        let didit = didit();
        let app = app(place.config(&didit));
        let (browser, own) = user_of(&didit, &app.router).await;
        let other = Browser::new(HOME, app.router.clone());
        sign_in_for(&other, &didit, "/", &Person::john()).await;
        let page = browser.get("/refresh-kept").await;
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(set_cookies(&page).len(), 0);
        assert_eq!(browser.get("/").await.text(), own);
        let user = browser.get("/user").await;
        assert_eq!(user.text(), Person::alejandra().subject());
        assert_eq!(other.get("/user").await.text(), Person::john().subject());

        // A request without a session may refresh tokens too.
        other.post_form("/logout", &[]).await;
        didit.revoke_all();
        didit.clock().advance(60 * SECOND);
        let refused = other.fetch(Method::GET, "/refresh-kept").await;
        assert_eq!(refused.json()["code"], "invalid-grant");
        assert_eq!(browser.get("/").await.text(), own);
    }
}

// RFC 9700 §4.14.2; behaviours 84 and 87.
#[tokio::test]
async fn a_client_of_the_layer_returns_refreshed_tokens() {
    for Case {
        didit,
        config,
        works_once,
        ..
    } in cases()
    {
        let app = app(config);
        let (browser, first) = user_of(&didit, &app.router).await;
        let kept = app.kept.lock().expect("no panic").clone().expect("tokens");
        let client = app.auth.client();
        let all = join_all((0..50).map(|_| client.refresh(&kept))).await;
        let new = all[0].as_ref().expect("new tokens");
        assert_ne!(new.access_token().secret(), first);
        for tokens in &all {
            let tokens = tokens.as_ref().expect("the same");
            assert_eq!(tokens.access_token().secret(), new.access_token().secret());
        }
        assert_eq!(didit.count(Endpoint::Token), 2);
        assert_eq!(browser.get("/").await.text(), first);

        // After the outcome is forgotten a single-use token is still not sent again.
        didit.clock().advance(120 * SECOND);
        let again = client.refresh(&kept).await;
        if works_once {
            assert_eq!(again.expect_err("spent").kind(), ErrorKind::TokensExpired);
        } else {
            assert!(again.is_ok());
        }
        let expected = if works_once { 2 } else { 3 };
        assert_eq!(didit.count(Endpoint::Token), expected);
    }
}

#[tokio::test]
async fn without_a_refresh_token_nothing_is_sent() {
    for place in Place::BOTH {
        let didit = didit();
        let app = app(place.config(&didit).with_scopes(["openid"]));
        let (browser, _) = user_of(&didit, &app.router).await;
        let refused = browser.fetch(Method::GET, "/refresh").await;
        assert_eq!(refused.json()["code"], "tokens-expired");
        let kept = app.kept.lock().expect("no panic").clone().expect("tokens");
        let refused = app.auth.client().refresh(&kept).await;
        assert_eq!(refused.expect_err("none").kind(), ErrorKind::TokensExpired);
        assert_eq!(didit.count(Endpoint::Token), 1);
    }
}
