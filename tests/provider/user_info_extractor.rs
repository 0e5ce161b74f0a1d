//! User information as an argument of a handler.

use std::time::Duration;

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
    routing::get,
};
use http::{Method, StatusCode};
use serde_json::json;
use tokio::time::Instant;
use tower_didit::{
    ConfigBuilder, DiditClient, DiditTokens, Error, ErrorKind, IdClaims, Provider, ReturnTo,
    UserInfo,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
    reason::WiringError,
    scope,
};

use crate::support::{
    faults::{with, without},
    sign_in::{sign_in, sign_in_as},
    site::{CALLBACK, HOME, NOBODY, auth, didit, memory},
};

const SECOND: Duration = Duration::from_secs(1);
const ALEJANDRA: &str = "Alejandra Rosas";

fn start(config: ConfigBuilder) -> Browser {
    let twice = Router::new()
        .route("/twice", get(twice))
        .route_layer(from_fn(ask_first));
    let app = Router::new()
        .route("/", get(|user: UserInfo| async move { name(&user) }))
        .route("/optional", get(optional))
        .route("/result", get(result))
        .route("/user", get(|_: IdClaims| async {}))
        .route("/parked", get(parked))
        .route("/refreshed", get(refreshed))
        .route("/signed-out", get(signed_out))
        .route(
            "/callback",
            get(|_: IdClaims, back: ReturnTo| async { back }),
        )
        .merge(twice)
        .layer(auth(config));
    Browser::new(HOME, app)
}

fn name(user: &UserInfo) -> String {
    user.full_name().unwrap_or("no name").to_owned()
}

async fn optional(user: Option<UserInfo>) -> String {
    user.map_or(NOBODY.to_owned(), |user| name(&user))
}

async fn result(user: Result<UserInfo, Error>) -> String {
    user.map_or_else(|error| error.kind().code().to_owned(), |user| name(&user))
}

async fn ask_first(request: Request, next: Next) -> Response {
    let asked = UserInfo::of(request.extensions());
    let (first, second) = tokio::join!(UserInfo::of(request.extensions()), asked);
    assert_eq!(first.is_ok(), second.is_ok());
    next.run(request).await
}

async fn twice(one: Result<UserInfo, Error>, other: Result<UserInfo, Error>) -> String {
    result(one).await + &result(other).await
}

/// One extractor starts the call and is never polled again.
async fn parked(request: Request) -> Result<String, Error> {
    let mut parked = Box::pin(UserInfo::of(request.extensions()));
    assert!(futures_util::poll!(&mut parked).is_pending());
    let user = UserInfo::of(request.extensions()).await?;
    drop(parked);
    Ok(optional(user).await)
}

/// A handler whose access token was refused refreshes it first.
async fn refreshed(
    client: DiditClient,
    tokens: DiditTokens,
    request: Request,
) -> Result<String, Error> {
    client.refresh(&tokens).await?;
    Ok(optional(UserInfo::of(request.extensions()).await?).await)
}

async fn signed_out(client: DiditClient, request: Request) -> Result<String, Error> {
    client.sign_out().await?;
    Ok(optional(UserInfo::of(request.extensions()).await?).await)
}

fn config(didit: &FakeDidit) -> ConfigBuilder {
    let scopes = [scope::OPENID, scope::NAMES, scope::OFFLINE];
    didit.config(CALLBACK).with_scopes(scopes)
}

async fn signed_in(didit: &FakeDidit) -> Browser {
    let browser = start(config(didit));
    sign_in(&browser, didit).await;
    browser
}

#[tokio::test]
async fn a_handler_takes_it_and_the_provider_is_asked_once_for_each_request() {
    let didit = didit();
    let browser = signed_in(&didit).await;
    assert_eq!(didit.count(Endpoint::UserInfo), 0, "nobody has asked yet");
    for (index, path) in ["/", "/optional", "/twice"].into_iter().enumerate() {
        let page = browser.get(path).await;
        assert!(page.text().starts_with(ALEJANDRA), "{path}");
        assert_eq!(page.header("vary"), Some("Cookie"), "{path}");
        assert_eq!(didit.count(Endpoint::UserInfo), index + 1, "{path}");
    }
    browser.get("/user").await;
    assert_eq!(didit.count(Endpoint::UserInfo), 3);
}

#[tokio::test]
async fn nobody_has_no_user_information() {
    let didit = didit();
    let browser = start(config(&didit));
    assert_eq!(browser.get("/optional").await.text(), NOBODY);
    assert_eq!(browser.get("/result").await.text(), "not-signed-in");
    assert_eq!(browser.get("/").await.status(), StatusCode::SEE_OTHER);
    let page = browser.fetch(Method::GET, "/").await;
    assert_eq!(page.json()["code"], "not-signed-in");
    assert_eq!(didit.count(Endpoint::UserInfo), 0);
}

// Behaviour 126.
#[tokio::test]
async fn a_failure_is_the_answer_of_the_whole_request() {
    let didit = didit();
    let browser = signed_in(&didit).await;
    let cases = [
        (Fault::error("x").with_status(401), "access-token-refused"),
        (Fault::error("x").with_status(403), "insufficient-scope"),
        (Fault::error("x").with_status(500), "invalid-response"),
        (Fault::truncate(), "invalid-response"),
        (without("sub"), "user-info-mismatch"),
        (with("sub", json!("somebody else")), "user-info-mismatch"),
    ];
    for (index, (fault, code)) in cases.into_iter().enumerate() {
        didit.on_next(Endpoint::UserInfo, fault);
        let page = browser.get("/twice").await;
        assert_eq!(page.text(), [code, code].concat());
        assert_eq!(didit.count(Endpoint::UserInfo), index + 1, "{code}");
    }
    // The session continues.
    assert_eq!(browser.get("/").await.text(), ALEJANDRA);
}

// RFC 6750 §3.1; behaviours 74 and 126.
#[tokio::test]
async fn a_refused_access_token_leads_a_person_to_a_sign_in_and_a_program_to_a_problem() {
    let didit = didit();
    let browser = signed_in(&didit).await;
    let refused = Fault::error("invalid_token").with_status(401);
    didit.on_every(Endpoint::UserInfo, refused);
    // Another sign-in right after the first one would be a loop.
    let page = browser.get("/").await;
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    assert!(page.text().contains("access-token-refused"));
    didit.clock().advance(60 * SECOND);
    for path in ["/", "/optional"] {
        let page = browser.get(path).await;
        assert_eq!(page.status(), StatusCode::SEE_OTHER, "{path}");
        assert!(page.location().starts_with("https://auth.didit.me/"));
        let page = browser.fetch(Method::GET, path).await;
        assert_eq!(page.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(page.json()["code"], "access-token-refused");
    }
}

// Behaviour 126.
#[tokio::test(start_paused = true)]
async fn a_provider_that_does_not_answer_is_waited_for_15_s_at_most() {
    let didit = didit();
    let browser = start(config(&didit).with_http_timeout(60 * SECOND));
    sign_in(&browser, &didit).await;
    didit.on_every(Endpoint::UserInfo, Fault::hang());
    let start = Instant::now();
    let page = browser.get("/twice").await;
    assert_eq!(page.text(), "provider-timeoutprovider-timeout");
    assert_eq!(start.elapsed().as_secs(), 15);
    assert_eq!(browser.get("/").await.status(), StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn an_extractor_that_is_no_longer_polled_delays_no_other() {
    let didit = didit();
    let browser = signed_in(&didit).await;
    didit.on_every(Endpoint::UserInfo, Fault::delay(SECOND));
    let start = Instant::now();
    assert_eq!(browser.get("/parked").await.text(), ALEJANDRA);
    assert_eq!(start.elapsed().as_secs(), 1);
    assert_eq!(didit.count(Endpoint::UserInfo), 1);
}

#[tokio::test]
async fn an_expired_access_token_is_refreshed_or_refused_first() {
    let didit = didit();
    let browser = signed_in(&didit).await;
    didit.clock().advance(3600 * SECOND);
    assert_eq!(browser.get("/").await.text(), ALEJANDRA);
    assert_eq!(didit.count(Endpoint::Token), 2);

    let without_refresh_token = config(&didit).with_scopes([scope::OPENID, scope::NAMES]);
    let browser = start(without_refresh_token);
    sign_in(&browser, &didit).await;
    didit.clock().advance(3600 * SECOND);
    assert_eq!(browser.get("/optional").await.text(), NOBODY);
    assert_eq!(browser.get("/result").await.text(), "tokens-expired");
    assert_eq!(browser.get("/user").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn it_uses_refreshed_tokens_and_refuses_after_a_sign_out() {
    let didit = didit();
    for stored in [false, true] {
        let config = config(&didit);
        let browser = start(if stored {
            config.with_session_store(memory(&didit))
        } else {
            config
        });
        sign_in(&browser, &didit).await;
        assert_eq!(browser.get("/refreshed").await.text(), ALEJANDRA);
        let asked = didit.last(Endpoint::UserInfo).expect("it was asked");
        let refreshed = asked.header("authorization").map(str::to_owned);
        assert_eq!(browser.get("/").await.text(), ALEJANDRA);
        let asked = didit.last(Endpoint::UserInfo).expect("it was asked");
        assert_eq!(asked.header("authorization"), refreshed.as_deref());

        let asked = didit.count(Endpoint::UserInfo);
        let page = browser.fetch(Method::GET, "/signed-out").await;
        assert_eq!(page.json()["code"], "session-ended", "{stored}");
        assert_eq!(didit.count(Endpoint::UserInfo), asked);
    }
}

#[tokio::test]
async fn the_callbacks_handler_takes_it_too() {
    let didit = didit();
    let app = Router::new()
        .route(
            "/callback",
            get(|user: UserInfo| async move { name(&user) }),
        )
        .layer(auth(config(&didit)));
    let browser = Browser::new(HOME, app);
    assert_eq!(sign_in(&browser, &didit).await.text(), ALEJANDRA);
    assert_eq!(didit.count(Endpoint::UserInfo), 1);
}

#[tokio::test]
async fn without_an_endpoint_the_extractor_refuses() {
    let didit = FakeDidit::authentication("app");
    let browser = start(didit.config(CALLBACK).with_cookie_keys([[7; 32]]));
    sign_in(&browser, &didit).await;
    assert_eq!(browser.get("/result").await.text(), "not-offered");
    let page = browser.fetch(Method::GET, "/optional").await;
    assert_eq!(page.json()["code"], "not-offered");
}

#[tokio::test]
async fn without_the_layer_there_is_no_user_information() {
    let request = http::Request::new(());
    let error = UserInfo::of(request.extensions()).await.expect_err("none");
    assert_eq!(error.kind(), ErrorKind::Wiring(WiringError::LayerMissing));
}

// OpenID Connect Core §5.1.
#[tokio::test]
async fn a_discovered_provider_answers_with_standard_claims() {
    let didit = didit();
    let john = Person::new("248289761001")
        .with_member("name", json!("Jane Doe"))
        .with_member("email", json!("janedoe@example.com"))
        .with_member("email_verified", json!(true));
    let didit = didit.add_person(john.clone());
    let provider = Provider::discovered("https://apx.didit.me");
    let config = didit
        .config(CALLBACK)
        .with_provider(provider)
        .with_scopes([scope::OPENID, scope::EMAIL]);
    let email = |user: UserInfo| async move {
        assert!(user.email_is_verified());
        format!("{} {}", name(&user), user.email().unwrap_or_default())
    };
    let app = Router::new()
        .route("/callback", get(email))
        .layer(auth(config));
    let browser = Browser::new(HOME, app);
    let page = sign_in_as(&john, &browser, &didit).await;
    assert_eq!(page.text(), "Jane Doe janedoe@example.com");
}

// Didit's example, byte for byte.
#[tokio::test]
async fn didits_example_is_user_information() {
    let user = Person::new("user-unique-identifier");
    let didit = didit().add_person(user.clone());
    let example = r#"{"sub": "user-unique-identifier",
     "email":   {"email": "alejandro.rosas@example.com", "is_verified": true, "is_primary": true},
     "phone":   {"phone_number": "+34123456789", "is_verified": true, "is_primary": true},
     "picture": "https://example.com/picture.png",
     "names":   {"first_name": "John", "family_name": "Doe", "full_name": "John Doe", "is_verified": true}}"#;
    // Didit's template has another name for the subject.
    for body in [
        example.to_owned(),
        example.replace(r#""sub""#, r#""user_id""#),
    ] {
        let browser = start(config(&didit));
        sign_in_as(&user, &browser, &didit).await;
        let answer = http::Response::new(body);
        didit.on_next(Endpoint::UserInfo, Fault::answer(answer));
        assert_eq!(browser.get("/").await.text(), "John Doe");
    }
}
