//! Sessions in a store.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use axum::{Router, routing::get};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{Method, StatusCode, header};
use tower_didit::{
    ConfigBuilder, DiditClient, DiditTokens, Error, IdClaims, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Forgery, Page, Person, SameSite},
    store::{SessionKey, SessionStore},
};

use crate::support::{
    cookies::{SESSION, chunk_name, copy_cookies, lasting, session},
    faults::with_claim,
    sign_in::{sign_in, sign_in_as},
    site::{CALLBACK, HOME, NOBODY, auth, didit, memory},
    tasks::{poll_until, run_background, yield_until},
};

const DAY: Duration = Duration::from_secs(24 * 3600);
const NEARLY_A_DAY: Duration = Duration::from_secs(24 * 3600 - 1);

fn routes() -> Router {
    Router::new()
        .route(
            "/",
            get(|tokens: DiditTokens| async move { tokens.access_token().secret().to_owned() }),
        )
        .route(
            "/user",
            get(|user: Option<IdClaims>| async move {
                user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
            }),
        )
        .route(
            "/refresh",
            get(|tokens: DiditTokens, client: DiditClient| async move {
                let tokens = client.refresh(&tokens).await?;
                Ok::<_, Error>(tokens.access_token().secret().to_owned())
            }),
        )
        .route("/callback", get(|_: IdClaims, _: ReturnTo| async {}))
}

fn browser(config: ConfigBuilder) -> Browser {
    Browser::new(HOME, routes().layer(auth(config)))
}

fn stored(didit: &FakeDidit) -> ConfigBuilder {
    didit
        .config(CALLBACK)
        .with_scopes(["openid", "email", "offline"])
        .with_session_store(memory(didit))
}

/// Didit Authentication, with single-use refresh tokens.
fn once() -> (FakeDidit, ConfigBuilder) {
    let didit = FakeDidit::authentication("app");
    let config = settings(&didit);
    (didit, config)
}

fn settings(didit: &FakeDidit) -> ConfigBuilder {
    didit
        .config(CALLBACK)
        .with_cookie_keys([[7; 32]])
        .with_scopes(["openid", "offline_access"])
}

// RFC 6265bis §4.1.3.2; behaviours 75 and 76.
#[tokio::test]
async fn the_browser_has_a_random_cookie_id_and_a_new_one_after_each_sign_in() {
    let didit = didit();
    let browser = browser(stored(&didit));
    let mut ids = Vec::new();
    for person in [&Person::alejandra(), &Person::alejandra(), &Person::john()] {
        let page = sign_in_as(person, &browser, &didit).await;
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(browser.get("/user").await.text(), person.subject());
        let id = session(&browser);
        assert_eq!(id.len(), 43, "256 bits");
        let cookie = browser.cookie(SESSION).expect("a session");
        assert!(cookie.is_secure() && cookie.is_http_only() && cookie.is_host_only());
        assert_eq!(cookie.same_site(), Some(SameSite::Lax));
        assert_eq!(cookie.path(), "/");
        assert_eq!(lasting(&browser).len(), 1);
        ids.push(id);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

// Behaviour 80.
#[tokio::test]
async fn a_stored_session_ends_at_its_idle_and_absolute_limits() {
    let didit = didit();
    let browser = browser(stored(&didit));
    sign_in(&browser, &didit).await;
    for _ in 0..6 {
        didit.clock().advance(NEARLY_A_DAY);
        assert_ne!(browser.get("/user").await.text(), NOBODY);
        run_background().await;
    }
    didit.clock().advance(DAY);
    assert_eq!(browser.get("/user").await.text(), NOBODY);

    sign_in(&browser, &didit).await;
    for _ in 0..7 * 24 {
        assert_ne!(browser.get("/user").await.text(), NOBODY);
        run_background().await;
        didit.clock().advance(Duration::from_secs(3600));
    }
    assert_eq!(browser.get("/user").await.text(), NOBODY);
}

// RFC 6749 §6; behaviours 84 and 85.
#[tokio::test]
async fn single_use_tokens_are_refreshed_once() {
    let (didit, config) = once();
    let browser = browser(config);
    sign_in(&browser, &didit).await;
    let mut last = browser.get("/").await.text().to_owned();
    for round in 1..4 {
        didit.clock().advance(Duration::from_secs(400));
        let all = (0..50).map(|_| browser.get("/"));
        let pages = futures_util::future::join_all(all).await;
        let tokens: Vec<_> = pages.iter().map(Page::text).collect();
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        assert_ne!(tokens[0], last);
        last = tokens[0].to_owned();
        assert_eq!(didit.count(Endpoint::Token), 1 + round);
    }
    let handlers = browser.get("/refresh").await;
    assert_eq!(handlers.status(), StatusCode::OK);
    assert_ne!(handlers.text(), last);
    assert_eq!(browser.get("/").await.text(), handlers.text());
}

// RFC 9700 §4.14.2; behaviour 84. The other process reads the new tokens from the store.
#[tokio::test(start_paused = true)]
async fn two_processes_send_a_single_use_token_once() {
    let didit = FakeDidit::authentication("app");
    let store = memory(&didit);
    let config = || {
        let config = didit.config(CALLBACK).with_cookie_keys([[7; 32]]);
        let config = config.with_scopes(["openid", "offline_access"]);
        config.with_session_store(store.clone())
    };
    let here = browser(config());
    sign_in(&here, &didit).await;
    let there = browser(config());
    copy_cookies(&here, &there);

    let mut last = here.get("/").await.text().to_owned();
    for round in 1..4 {
        didit.clock().advance(Duration::from_secs(400));
        let both = [&here, &there].into_iter().cycle().take(20);
        let pages = futures_util::future::join_all(both.map(|browser| browser.get("/"))).await;
        let tokens: Vec<_> = pages.iter().map(Page::text).collect();
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        assert_ne!(tokens[0], last);
        last = tokens[0].to_owned();
        assert_eq!(didit.count(Endpoint::Token), 1 + round);
    }
}

// Behaviour 79.
#[tokio::test]
async fn a_session_that_moves_from_cookies_to_a_store_leaves_no_chunk_behind() {
    let didit = didit();
    let browser = browser(stored(&didit));
    browser.set_cookie(SESSION, "3.chunk");
    for index in 1..11 {
        browser.set_cookie(&chunk_name(index), "chunk");
    }
    assert_eq!(browser.get("/user").await.text(), NOBODY);
    sign_in(&browser, &didit).await;
    assert_eq!(lasting(&browser).len(), 1);
    assert_ne!(browser.get("/user").await.text(), NOBODY);
}

// RFC 9700 §4.14.2; behaviour 87.
#[tokio::test]
async fn a_single_use_token_that_may_have_been_sent_is_not_sent_again() {
    let (didit, config) = once();
    let browser = browser(config);
    sign_in(&browser, &didit).await;
    let first = browser.get("/").await.text().to_owned();
    didit.clock().advance(Duration::from_secs(290));
    didit.on_next(
        Endpoint::Token,
        Fault::error("server_error").with_status(500),
    );
    for _ in 0..10 {
        assert_eq!(browser.get("/").await.text(), first);
    }
    assert_eq!(didit.count(Endpoint::Token), 2);
    didit.clock().advance(Duration::from_secs(60));
    for _ in 0..10 {
        assert_eq!(browser.get("/user").await.text(), NOBODY);
    }
    assert_eq!(didit.count(Endpoint::Token), 2);
}

// RFC 9700 §4.14.2; behaviour 87.
#[tokio::test]
async fn no_refresh_token_is_spent_while_the_keys_cannot_be_fetched() {
    let (didit, config) = once();
    let store = memory(&didit);
    let process = |config: ConfigBuilder| browser(config.with_session_store(store.clone()));
    let first = process(config);
    sign_in(&first, &didit).await;
    let old = first.get("/").await.text().to_owned();

    // Another process, which has not fetched the keys.
    let second = process(settings(&didit));
    copy_cookies(&first, &second);
    didit.clock().advance(Duration::from_secs(285));
    didit.on_every(Endpoint::Jwks, Fault::error("down").with_status(500));
    assert_eq!(second.get("/").await.text(), old);
    assert_eq!(didit.count(Endpoint::Token), 1, "nothing was sent");
    didit.clear_faults();
    didit.clock().advance(Duration::from_secs(10));
    assert_ne!(second.get("/").await.text(), old);
    assert_eq!(didit.count(Endpoint::Token), 2);
}

// OpenID Connect Core §12.2; behaviour 86.
#[tokio::test]
async fn a_refresh_whose_id_token_is_not_this_sessions_changes_nothing() {
    for (fault, code) in [
        (
            with_claim("sub", Person::john().subject()),
            "refreshed-id-token-mismatch",
        ),
        (Fault::forge(Forgery::ISSUER_OTHER), "invalid-issuer"),
        (Fault::forge(Forgery::AUDIENCE_OTHER), "invalid-audience"),
        (
            Fault::forge(Forgery::AUTHORIZED_PARTY_OTHER),
            "invalid-audience",
        ),
        (Fault::forge(Forgery::EXPIRATION_PAST), "id-token-expired"),
        (
            Fault::forge(Forgery::SIGNATURE_BIT_FLIPPED),
            "invalid-signature",
        ),
        (Fault::forge(Forgery::ALGORITHM_NONE), "forbidden-algorithm"),
    ] {
        let (didit, config) = once();
        let browser = browser(config);
        sign_in(&browser, &didit).await;
        let first = browser.get("/").await.text().to_owned();
        didit.on_next(Endpoint::Token, fault);
        let refused = browser.fetch(Method::GET, "/refresh").await;
        assert_eq!(refused.json()["code"], code);
        assert_eq!(browser.get("/").await.text(), first, "{code}");
        let user = browser.get("/user").await;
        assert_eq!(user.text(), Person::alejandra().subject(), "{code}");
        assert_eq!(didit.count(Endpoint::Token), 2, "{code}");
    }
}

// Behaviour 84.
#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_a_refresh_that_was_sent() {
    let (didit, config) = once();
    let auth = auth(config);
    let browser = Browser::new(HOME, routes().layer(auth.clone()));
    sign_in(&browser, &didit).await;
    let first = browser.get("/").await.text().to_owned();
    didit.clock().advance(Duration::from_secs(400));
    didit.on_next(Endpoint::Token, Fault::delay(Duration::from_secs(1)));
    drop(poll_until(browser.get("/"), || didit.count(Endpoint::Token) > 1).await);
    auth.shutdown().await;
    didit.on_every(Endpoint::Token, Fault::hang());
    assert_ne!(browser.get("/").await.text(), first);
    assert_eq!(didit.count(Endpoint::Token), 2);
}

// Behaviour 84.
#[tokio::test(start_paused = true)]
async fn a_request_keeps_waiting_if_the_old_tokens_expire_meanwhile() {
    let (didit, config) = once();
    let browser = browser(config);
    sign_in(&browser, &didit).await;
    let first = browser.get("/").await.text().to_owned();
    didit.clock().advance(Duration::from_secs(299));
    let slow = Fault::delay(Duration::from_secs(4));
    didit.on_next(Endpoint::Token, slow);
    let time_goes_by = async {
        yield_until(|| didit.count(Endpoint::Token) == 2).await;
        didit.clock().advance(Duration::from_secs(1));
        // The session ends with its access token: a request for the claims waits as well.
        browser.get("/user").await
    };
    let (page, user) = tokio::join!(browser.get("/"), time_goes_by);
    assert_eq!(page.status(), StatusCode::OK);
    assert_ne!(page.text(), first);
    assert_eq!(user.text(), Person::alejandra().subject());
    assert_eq!(didit.count(Endpoint::Token), 2);
}

// Behaviour 89.
#[tokio::test]
async fn a_sign_out_ends_every_copy_of_the_cookie() {
    let didit = didit();
    let browser = browser(stored(&didit));
    sign_in(&browser, &didit).await;
    let copy = browser.clone();
    let page = browser.post_form("/logout", &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert!(browser.cookies().is_empty());
    assert_eq!(copy.get("/user").await.text(), NOBODY);
    let refused = copy.fetch(Method::GET, "/").await;
    assert_eq!(refused.json()["code"], "not-signed-in");
    assert!(!refused.headers().contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn a_value_that_was_changed_or_moved_in_the_store_signs_nobody_in() {
    let didit = didit();
    let store = memory(&didit);
    let alejandra = browser(didit.config(CALLBACK).with_session_store(store.clone()));
    let john = alejandra.new_browser();
    sign_in_as(&Person::alejandra(), &alejandra, &didit).await;
    sign_in_as(&Person::john(), &john, &didit).await;

    let (key, foreign) = (key(&alejandra), key(&john));
    let own = store.load(key).await.unwrap().unwrap();
    let foreign = store.load(foreign).await.unwrap().unwrap();
    let mut wrong = vec![foreign.value().to_vec(), Vec::new()];
    for position in (0..own.value().len()).step_by(13) {
        let mut changed = own.value().to_vec();
        changed[position] ^= 1;
        wrong.push(changed);
    }
    let mut version = own.version();
    let mut replace = async |value: Vec<u8>| {
        assert!(store.replace(key, version, value, DAY).await.unwrap());
        version += 1;
    };
    for value in wrong {
        replace(value).await;
        // A copy, as the response removes the cookie.
        assert_eq!(alejandra.clone().get("/user").await.text(), NOBODY);
    }
    replace(own.value().to_vec()).await;
    let user = alejandra.get("/user").await.text().to_owned();
    assert_eq!(user, Person::alejandra().subject());
}

/// The key of a browser's session in the store: the SHA-256 of its cookie id.
fn key(browser: &Browser) -> SessionKey {
    let cookie_id = BASE64_URL_SAFE_NO_PAD.decode(session(browser)).unwrap();
    let hash = digest(&SHA256, &cookie_id);
    SessionKey::from_bytes(hash.as_ref().try_into().unwrap())
}
