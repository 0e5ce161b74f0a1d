//! Sessions that have ended: their cookies sign nobody in.

use std::sync::{Arc, Mutex};

use axum::{Router, routing::get};
use tower_didit::{
    ConfigBuilder, DiditClient, DiditTokens, ErrorKind, IdClaims,
    fake::{Browser, Endpoint, FakeDidit, Person},
};

use crate::support::{
    cookies::{SESSION, session, sets_session},
    handlers::Place,
    sign_in::{sign_in, sign_in_as},
    site::{HOME, NOBODY, auth, didit},
};

type Kept = Arc<Mutex<Option<(DiditClient, DiditTokens)>>>;

fn browser(config: ConfigBuilder, kept: &Kept) -> Browser {
    let who = |user: Option<IdClaims>| async move {
        user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
    };
    let kept = Arc::clone(kept);
    let keep = move |client: DiditClient, tokens: DiditTokens| async move {
        *kept.lock().expect("no panic") = Some((client, tokens));
    };
    let app = Router::new()
        .route("/", get(who))
        .route("/keep", get(keep))
        .layer(auth(config.with_redirect_after_sign_in()));
    Browser::new(HOME, app)
}

fn cases() -> impl Iterator<Item = (FakeDidit, Browser, Kept)> {
    Place::BOTH.into_iter().map(|place| {
        let (didit, kept) = (didit(), Kept::default());
        let browser = browser(place.config(&didit), &kept);
        (didit, browser, kept)
    })
}

// Behaviour 103.
#[tokio::test]
async fn a_late_cookie_after_a_sign_out_signs_nobody_in_and_is_removed() {
    for (didit, browser, _) in cases() {
        sign_in(&browser, &didit).await;
        let late = session(&browser);
        browser.post_form("/logout", &[]).await;
        browser.set_cookie(SESSION, &late);
        // Until the absolute limit of the session.
        for hours in [0, 20] {
            didit
                .clock()
                .advance(std::time::Duration::from_secs(hours * 60 * 60));
            browser.set_cookie(SESSION, &late);
            assert_eq!(browser.get("/").await.text(), NOBODY, "{hours}");
        }
    }
    let (didit, browser, _) = cases().next().expect("in cookies");
    sign_in(&browser, &didit).await;
    let late = session(&browser);
    browser.post_form("/logout", &[]).await;
    browser.set_cookie(SESSION, &late);
    browser.get("/").await;
    assert!(browser.cookie(SESSION).is_none());
}

// Behaviour 103.
#[tokio::test]
async fn a_late_cookie_after_an_account_switch_signs_nobody_in() {
    for (didit, browser, _) in cases() {
        sign_in(&browser, &didit).await;
        let late = session(&browser);
        sign_in_as(&Person::john(), &browser, &didit).await;
        let current = session(&browser);
        browser.set_cookie(SESSION, &late);
        let page = browser.get("/").await;
        assert_eq!(page.text(), NOBODY);
        // The late response does not overwrite the new session's cookie.
        assert!(!sets_session(&page));
        assert_eq!(page.header("set-cookie"), None);
        browser.set_cookie(SESSION, &current);
        assert_eq!(browser.get("/").await.text(), Person::john().subject());
    }
}

// Behaviour 103.
#[tokio::test]
async fn a_client_of_an_ended_session_refuses() {
    for (didit, browser, kept) in cases() {
        sign_in(&browser, &didit).await;
        browser.get("/keep").await;
        browser.post_form("/logout", &[]).await;
        let (client, tokens) = kept.lock().unwrap().clone().expect("it was kept");
        let asked = didit.count(Endpoint::Token);
        let refused = client.refresh(&tokens).await.expect_err("it has ended");
        assert_eq!(refused.kind(), ErrorKind::SessionEnded);
        let refused = client.user_info(&tokens).await.expect_err("it has ended");
        assert_eq!(refused.kind(), ErrorKind::SessionEnded);
        assert_eq!(didit.count(Endpoint::Token), asked);
        assert_eq!(didit.count(Endpoint::UserInfo), 0);
    }
}

// Behaviours 80 and 103.
#[tokio::test]
async fn a_client_refuses_after_the_absolute_limit_of_its_session() {
    for (didit, browser, kept) in cases() {
        sign_in(&browser, &didit).await;
        browser.get("/keep").await;
        let (client, tokens) = kept.lock().unwrap().clone().expect("it was kept");
        didit
            .clock()
            .advance(std::time::Duration::from_secs(7 * 24 * 60 * 60));
        let asked = didit.count(Endpoint::Token);
        let refused = client.refresh(&tokens).await.expect_err("it has ended");
        assert_eq!(refused.kind(), ErrorKind::SessionEnded);
        let refused = client.user_info(&tokens).await.expect_err("it has ended");
        assert_eq!(refused.kind(), ErrorKind::SessionEnded);
        assert_eq!(didit.count(Endpoint::Token), asked);
        assert_eq!(didit.count(Endpoint::UserInfo), 0);
    }
}

// Behaviour 112.
#[tokio::test]
async fn a_session_is_found_among_two_hundred_cookies_of_others_on_any_line() {
    for (didit, browser, _) in cases() {
        sign_in(&browser, &didit).await;
        let own = format!("{SESSION}={}", session(&browser)).into_bytes();
        let mut lines: Vec<Vec<u8>> = (0..200)
            .map(|index| match index % 5 {
                0 => format!("c{index}=v").into_bytes(),
                1 => b"\xff\xfe=\x80\xc3".to_vec(),
                2 => b"no value".to_vec(),
                3 => b"=;;=".to_vec(),
                _ => format!("__Host-diditx{index}=1; caf\u{e9}=\"x").into_bytes(),
            })
            .collect();
        for place in [0, 100, 200] {
            lines.insert(place, own.clone());
            // All in one field, as in HTTP/1.1, and one in each field, as HTTP/2 may split them.
            for fields in [vec![lines.join(&b"; "[..])], lines.clone()] {
                let mut request = http::Request::get("/");
                for field in fields {
                    let field = http::HeaderValue::from_bytes(&field).expect("a header value");
                    request = request.header(http::header::COOKIE, field);
                }
                let page = browser.send(request.body("").expect("a request")).await;
                assert_eq!(page.text(), Person::alejandra().subject(), "{place}");
            }
            lines.remove(place);
        }
    }
}
