//! Step-up: guards for users who have authenticated recently or strongly.

mod circles;
mod wiring;

use std::time::Duration;

use axum::{
    Router,
    routing::{get, post},
};
use http::{Method, StatusCode, request::Parts};
use serde_json::{Value, json};
use tower_didit::{
    ConfigBuilder, Error, IdClaims, Provider, RequireSignIn, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Page, Person},
};

use crate::support::{
    faults::with_claim,
    query::{parameter, parameters},
    sign_in::{sign_in, sign_in_as},
    site::{CALLBACK, HOME, NOBODY, auth, didit},
};

const MINUTE: Duration = Duration::from_secs(60);

fn recent() -> RequireSignIn {
    RequireSignIn::new().max_age(5 * MINUTE)
}

fn strong() -> RequireSignIn {
    RequireSignIn::new().acr_values(["gold", "silver"])
}

async fn who(user: Option<IdClaims>) -> String {
    user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
}

/// The guard as a function.
async fn function(request: Parts) -> Result<String, Error> {
    let user = recent().check_request(&request).await?;
    Ok(user.subject().to_owned())
}

/// Guarded routes below `/recent`, `/strong` and `/both`.
fn app(config: ConfigBuilder) -> Router {
    let guarded = |page: &str, guard: RequireSignIn| {
        let routes = Router::new()
            .route(page, get(who))
            .route(&format!("{page}/form"), post(who));
        routes.route_layer(guard)
    };
    Router::new()
        .route("/", get(who))
        .route(
            "/callback",
            get(|_: IdClaims, back: ReturnTo| async { back }),
        )
        .route("/function", get(function))
        .merge(guarded("/recent", recent()))
        .merge(guarded("/strong", strong()))
        .merge(guarded("/both", recent().acr_values(["gold"])))
        .merge(guarded("/api", recent().always_401()))
        .merge(guarded("/never", strong().acr_values(["bronze"])))
        .layer(auth(config))
}

fn config(didit: &FakeDidit) -> ConfigBuilder {
    let provider = Provider::didit().with_auth_time().with_acr();
    didit.config(CALLBACK).with_provider(provider)
}

/// Alejandra's browser, and her Didit.
async fn visitor() -> (FakeDidit, Browser) {
    let didit = didit();
    let browser = Browser::new(HOME, app(config(&didit)));
    sign_in(&browser, &didit).await;
    (didit, browser)
}

/// Has Alejandra approve of a step-up, with this fault at the token endpoint. Gives the page of the callback.
async fn approve(started: &Page, browser: &Browser, didit: &FakeDidit, fault: Fault) -> Page {
    didit.on_next(Endpoint::Token, fault);
    let back = didit.approve(started.location(), &Person::alejandra());
    browser.get(&back).await
}

/// An ID token with these values of `auth_time` and `acr`; null removes the claim.
fn with_claims(auth_time: Value, acr: Value) -> Fault {
    Fault::edit_id_token(move |_, claims| {
        for (name, value) in [("auth_time", &auth_time), ("acr", &acr)] {
            claims.insert(name.to_owned(), value.clone());
            if value.is_null() {
                claims.remove(name);
            }
        }
    })
}

fn subject() -> String {
    Person::alejandra().subject().to_owned()
}

// OpenID Connect Core §3.1.2.1; behaviours 57 and 120: asked, and done.
#[tokio::test]
async fn an_authentication_that_is_too_old_is_repeated_and_leads_back_to_the_page() {
    let (didit, browser) = visitor().await;
    assert_eq!(browser.get("/recent?a=1").await.text(), subject());
    // The tolerance for clocks is a minute.
    didit.clock().advance(6 * MINUTE);
    assert_eq!(browser.get("/recent?a=1").await.text(), subject());
    didit.clock().advance(Duration::from_secs(1));

    let started = browser.get("/recent?a=1").await;
    assert_eq!(started.status(), StatusCode::SEE_OTHER);
    let said = parameters(started.location());
    assert_eq!(said["max_age"], "300");
    assert!(!said.contains_key("acr_values"));
    // Nothing else has changed.
    assert_eq!(browser.get("/").await.text(), subject());

    let back = didit.approve(started.location(), &Person::alejandra());
    let callback = browser.get(&back).await;
    assert_eq!(callback.location(), "/recent?a=1");
    assert_eq!(browser.get("/recent?a=1").await.text(), subject());
    let tokens = didit.count(Endpoint::Token);
    assert_eq!(tokens, 2);
}

// OpenID Connect Core §3.1.2.1; behaviours 57 and 120: asked, and done.
#[tokio::test]
async fn an_authentication_that_is_too_weak_is_repeated_and_leads_back_to_the_page() {
    let (didit, browser) = visitor().await;
    for (page, acr_values, max_age) in [
        ("/strong", "gold silver", None),
        ("/both", "gold", Some("300")),
    ] {
        let started = browser.get(page).await;
        let said = parameters(started.location());
        assert_eq!(said["acr_values"], acr_values);
        assert_eq!(said.get("max_age").map(String::as_str), max_age);
        let gold = with_claim("acr", "gold");
        let callback = approve(&started, &browser, &didit, gold).await;
        assert_eq!(callback.location(), page);
        assert_eq!(browser.get(page).await.text(), subject());
        sign_in(&browser, &didit).await;
    }
}

// Behaviour 120.
#[tokio::test]
async fn the_guard_as_a_function_asks_for_the_same() {
    let (didit, browser) = visitor().await;
    assert_eq!(browser.get("/function").await.text(), subject());
    didit.clock().advance(10 * MINUTE);
    let script = browser.fetch(Method::GET, "/function").await;
    let guarded = browser.fetch(Method::GET, "/recent").await;
    for name in ["www-authenticate", "content-type"] {
        assert_eq!(script.header(name), guarded.header(name), "{name}");
    }
    assert_eq!(script.text(), guarded.text());
    let started = browser.get("/function").await;
    assert_eq!(parameter(started.location(), "max_age"), "300");
    let back = didit.approve(started.location(), &Person::alejandra());
    assert_eq!(browser.get(&back).await.location(), "/function");
    assert_eq!(browser.get("/function").await.text(), subject());
}

// Behaviour 120: denied.
#[tokio::test]
async fn a_user_who_declines_stays_signed_in_and_outside() {
    let (didit, browser) = visitor().await;
    didit.clock().advance(10 * MINUTE);
    for _ in 0..3 {
        let started = browser.get("/recent").await;
        let declined = browser.get(&didit.decline(started.location())).await;
        assert_eq!(declined.status(), StatusCode::FORBIDDEN);
        assert!(declined.text().contains("<code>access-denied</code>"));
        assert_eq!(browser.get("/").await.text(), subject());
        assert_eq!(browser.get("/recent").await.status(), StatusCode::SEE_OTHER);
    }
}

// Behaviour 120. The last sign-in of a browser decides who its user is.
#[tokio::test]
async fn a_step_up_of_another_user_replaces_the_session() {
    let (didit, browser) = visitor().await;
    didit.clock().advance(10 * MINUTE);
    let started = browser.get("/recent").await;
    let john = Person::john();
    let callback = browser.get(&didit.approve(started.location(), &john)).await;
    assert_eq!(callback.location(), "/recent");
    for page in ["/recent", "/"] {
        assert_eq!(browser.get(page).await.text(), john.subject());
    }
}

// RFC 9470 §3; behaviours 93 and 120.
#[tokio::test]
async fn a_program_gets_the_challenge_and_no_sign_in() {
    let (didit, browser) = visitor().await;
    didit.clock().advance(10 * MINUTE);
    let challenge = r#"Didit realm="sign-in", error="insufficient_user_authentication", error_description="a more recent or stronger authentication is required""#;
    let (max_age, any, gold) = (
        r#", max_age="300""#,
        r#", acr_values="gold silver""#,
        r#", acr_values="gold", max_age="300""#,
    );
    for (page, required) in [
        ("/recent", max_age),
        ("/strong", any),
        ("/both", gold),
        ("/api", max_age),
    ] {
        let mut responses = vec![
            browser.fetch(Method::GET, page).await,
            browser.fetch(Method::POST, &format!("{page}/form")).await,
        ];
        if page == "/api" {
            responses.push(browser.get(page).await);
        }
        for response in responses {
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{page}");
            assert_eq!(response.json()["code"], "step-up-required", "{page}");
            let expected = format!("{challenge}{required}");
            assert_eq!(response.header("www-authenticate"), Some(&*expected));
            assert_eq!(response.header("location"), None);
        }
    }
    // Who is not signed in has to sign in first.
    let stranger = browser.new_browser();
    let response = stranger.fetch(Method::GET, "/recent").await;
    assert_eq!(response.json()["code"], "not-signed-in");
}

// Behaviour 120. A sign-in does not repeat a form.
#[tokio::test]
async fn a_form_is_not_sent_to_the_provider() {
    let (didit, browser) = visitor().await;
    didit.clock().advance(10 * MINUTE);
    let page = browser.post_form("/recent/form", &[]).await;
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    assert!(page.text().contains("Please confirm that it is you"));
    assert!(page.text().contains("<code>step-up-required</code>"));
}

// OpenID Connect Core §3.1.3.7 steps 12 and 13; behaviours 57, 119 and 120: absent, another type, another value.
#[tokio::test]
async fn a_claim_that_is_absent_or_has_another_type_meets_no_requirement() {
    let didit = didit();
    let now = didit.clock().now().duration_since(std::time::UNIX_EPOCH);
    let now = now.expect("after 1970").as_secs();
    let good = json!(now);
    let gold = json!("gold");
    for (auth_time, acr, is_recent, is_strong) in [
        (json!(null), json!(null), false, false),
        (good.clone(), gold.clone(), true, true),
        (json!(now - 360), json!("silver"), true, true),
        (json!(now - 361), json!("bronze"), false, false),
        (json!(now + 60), gold.clone(), true, true),
        (json!(now + 61), gold.clone(), false, true),
        (
            serde_json::from_str(&format!("{now}.5")).expect("a number"),
            gold.clone(),
            true,
            true,
        ),
        (json!(now.to_string()), json!("Gold"), false, false),
        (json!("true"), json!("true"), false, false),
        (json!(true), json!(true), false, false),
        (json!(false), json!(false), false, false),
        (json!(1), json!(1), false, false),
        (json!(0), json!(0), false, false),
        (json!(-1), json!(""), false, false),
        (json!([now]), json!(["gold"]), false, false),
        (
            json!({ "time": now }),
            json!({ "gold": true }),
            false,
            false,
        ),
        (json!(1e300), json!("gold silver"), false, false),
    ] {
        let browser = Browser::new(HOME, app(config(&didit)));
        didit.on_next(Endpoint::Token, with_claims(auth_time.clone(), acr.clone()));
        // Nothing is required of an ordinary sign-in.
        sign_in_as(&Person::alejandra(), &browser, &didit).await;
        assert_eq!(
            browser.get("/").await.text(),
            subject(),
            "{auth_time} {acr}"
        );
        let is_both = is_recent && acr == gold;
        for (page, is_met) in [
            ("/recent", is_recent),
            ("/strong", is_strong),
            ("/both", is_both),
        ] {
            let response = browser.fetch(Method::GET, page).await;
            let status = if is_met { 200 } else { 401 };
            assert_eq!(response.status(), status, "{page} {auth_time} {acr}");
        }
    }
}
