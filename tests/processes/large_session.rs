//! A session that takes several cookies, in a real browser.

use axum::{Router, response::Html, routing::get};
use tokio::net::TcpListener;
use tower_didit::{
    IdClaims, Provider, ReturnTo,
    fake::{Endpoint, FakeDiditExt, Person},
};

use crate::{
    harness::chromium::Chromium,
    support::{
        faults::with_refresh_token_of,
        site::{auth, didit},
    },
};

/// Starts an application whose sessions take more than 12 KB; gives its address.
async fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    let site = format!("http://localhost:{port}");

    let callback = format!("{site}/callback");
    let didit = didit().with_redirect_uri(&callback).with_system_clock();
    didit.on_every(Endpoint::Token, with_refresh_token_of(9000));
    let address = didit.listen("127.0.0.1:0").await.expect("a free port");
    let provider = Provider::didit().with_authorization_endpoint(format!("http://{address}/"));
    let config = didit
        .config(&callback)
        .with_provider(provider)
        .with_scopes(["openid", "offline"])
        .with_session_cookie_limit(16 * 1024);

    let home = async |user: Option<IdClaims>| {
        Html(match user {
            Some(user) => format!(
                "<p id=subject>{}</p><form method=post action=/logout><button id=sign-out>Sign out</button></form>",
                user.subject()
            ),
            None => "<a id=sign-in href=/login>Sign in</a>".to_owned(),
        })
    };
    let app = Router::new()
        .route("/", get(home))
        .route(
            "/callback",
            get(|_: IdClaims, back: ReturnTo| async { back }),
        )
        .layer(auth(config));
    tokio::spawn(async move { axum::serve(listener, app).await });
    site
}

// Behaviour 79.
#[tokio::test]
async fn a_session_of_twelve_kilobytes_survives_a_reload_and_not_a_sign_out() {
    let site = start().await;
    let browser = Chromium::open("large-session").await;

    browser.goto(&site).await;
    browser.click("sign-in").await;
    browser.click("approve-alejandra").await;
    browser.shows("subject").await;
    let cookies = browser.session_cookies().await;
    let sizes: Vec<_> = cookies.iter().map(String::len).collect();
    assert_eq!(sizes.len(), 4, "{sizes:?}");
    assert!(sizes.iter().sum::<usize>() > 12_000, "{sizes:?}");

    browser.reload().await;
    let subject = browser.shows("subject").await.text().await;
    assert_eq!(subject.expect("a text"), Person::alejandra().subject());
    assert_eq!(browser.session_cookies().await, cookies);

    browser.click("sign-out").await;
    browser.shows("sign-in").await;
    assert_eq!(browser.cookies().await, [""; 0], "a cookie was left behind");
    browser.close().await;
}
