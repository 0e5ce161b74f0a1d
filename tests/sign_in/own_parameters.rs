//! Sign-ins with parameters of their own: what reaches the provider, and what cannot.

mod enforced;
mod refused;

use std::{collections::BTreeMap, time::Duration};

use axum::{Router, routing::get};
use bytes::Bytes;
use http::{Response, StatusCode, header};
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config as Cases, TestRunner},
};
use tower_didit::{
    ConfigBuilder, DiditTokens, IdClaims, Provider, SignIn,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Page, Person},
};

use crate::support::{
    cookies::set_cookies,
    faults::without,
    query::{parameter, parameters},
    site::{CALLBACK, HOME, NOBODY, auth, didit},
};

/// A browser at an application that starts these sign-ins on these pages. Every other page is the user's subject, every
/// failure its code, with its text in a header.
fn site<const N: usize>(config: ConfigBuilder, sign_ins: [(&'static str, SignIn); N]) -> Browser {
    let config = config.with_error_page(|error, _, _| {
        let code = Bytes::from_static(error.kind().code().as_bytes());
        let text = error
            .to_string()
            .replace(|c: char| !c.is_ascii_graphic(), " ");
        let response = Response::builder().status(error.kind().status());
        let response = response.header("x-error", text);
        response.body(code).expect("a good answer")
    });
    let who = |user: Option<IdClaims>| async move {
        user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
    };
    let scopes = |tokens: DiditTokens| async move { tokens.scopes().to_string() };
    let mut app = Router::new()
        .route("/", get(who))
        .route("/callback", get(who))
        .route("/scopes", get(scopes));
    for (page, sign_in) in sign_ins {
        let start = || std::future::ready(sign_in);
        app = app.route(page, get(start));
    }
    Browser::new(HOME, app.layer(auth(config)))
}

/// A provider that is declared to return what a step-up needs.
fn declared() -> Provider {
    Provider::didit().with_auth_time().with_acr()
}

fn config(didit: &FakeDidit) -> ConfigBuilder {
    didit.config(CALLBACK).with_provider(declared())
}

/// Has Alejandra approve of a sign-in, and gives the page of the callback.
async fn approve(started: &Page, browser: &Browser, didit: &FakeDidit) -> Page {
    let back = didit.approve(started.location(), &Person::alejandra());
    browser.get(&back).await
}

/// The parameters of an authorization request that differ between any two sign-ins.
const RANDOM: [&str; 3] = ["state", "nonce", "code_challenge"];

fn steady(location: &str) -> BTreeMap<String, String> {
    let mut said = parameters(location);
    assert!(RANDOM.iter().all(|name| said.remove(*name).is_some()));
    said
}

/// All setters.
fn changed() -> SignIn {
    SignIn::new()
        .with_prompt("login")
        .with_login_hint("john@example.com")
        .with_max_age(Duration::from_secs(60))
        .with_acr_values(["gold"])
        .with_ui_locales(["de"])
        .with_scopes(["openid", "phone"])
        .add_parameter("display", "popup")
        .add_parameter("vendor_data", "ä&b=c")
}

// OpenID Connect Core §3.1.2.1; behaviours 13 and 121.
#[tokio::test]
async fn the_parameters_of_one_sign_in_replace_those_of_the_configuration() {
    let didit = didit();
    let configured = config(&didit)
        .with_prompt("consent")
        .with_login_hint("alejandra@example.com")
        .with_max_age(Duration::from_secs(300))
        .with_acr_values(["silver"])
        .with_ui_locales(["es"])
        .with_scopes(["openid", "email"]);
    let browser = site(configured, [("/plain", SignIn::new()), ("/own", changed())]);
    let plain = steady(browser.get("/plain").await.location());
    let own = steady(browser.get("/own").await.location());
    let expected = [
        ("prompt", "consent", "login"),
        ("login_hint", "alejandra@example.com", "john@example.com"),
        ("max_age", "300", "60"),
        ("acr_values", "silver", "gold"),
        ("ui_locales", "es", "de"),
        ("scope", "openid email", "openid phone"),
    ];
    let mut after = plain.clone();
    for (name, configured, own) in expected {
        assert_eq!(plain[name], configured, "{name}");
        after.insert(name.to_owned(), own.to_owned());
    }
    after.insert("display".to_owned(), "popup".to_owned());
    after.insert("vendor_data".to_owned(), "ä&b=c".to_owned());
    assert_eq!(own, after);
    // Only for the one sign-in.
    for page in ["/plain", "/login"] {
        assert_eq!(steady(browser.get(page).await.location()), plain, "{page}");
    }
}

// OpenID Connect Core §3.1.2.1; behaviour 121. Of two `max_age` the shorter one is sent.
#[tokio::test]
async fn a_sign_in_does_not_loosen_the_configured_max_age() {
    let didit = didit();
    let browser = site(
        config(&didit).with_max_age(Duration::from_secs(300)),
        [("/own", SignIn::new().with_max_age(Duration::from_secs(301)))],
    );
    let started = browser.get("/own").await;
    assert_eq!(parameter(started.location(), "max_age"), "300");
}

// Behaviours 9 and 121.
#[tokio::test]
async fn no_parameter_comes_from_a_query() {
    let didit = didit();
    let page = ("/own", SignIn::new().with_ui_locales(["de"]));
    let browser = site(config(&didit), [page]);
    let query = "prompt=none&login_hint=evil&max_age=9&acr_values=weak&ui_locales=xx&scope=all&display=popup\
                 &state=s&nonce=n&request_uri=https://evil.example&response_mode=fragment&claims={}&id_token_hint=t";
    for page in ["/login", "/own"] {
        let plain = steady(browser.get(page).await.location());
        let asked = browser.get(&format!("{page}?{query}")).await;
        assert_eq!(steady(asked.location()), plain, "{page}");
    }
}

// Behaviour 121.
#[test]
fn no_parameter_replaces_one_of_the_layer() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime");
    let didit = didit();
    let plain = site(config(&didit), [("/plain", SignIn::new())]);
    let plain = runtime.block_on(plain.get("/plain"));
    let plain = steady(plain.location());
    let special = select(vec![
        "state",
        "State",
        "scope",
        "nonce",
        "client_id",
        "redirect_uri",
        "response_type",
        "request",
        "state%20",
        "state&state",
        "state#",
        "",
    ]);
    let name = prop_oneof![
        special.prop_map(str::to_owned),
        "[a-z_&=# %]{0,9}",
        ".{0,9}"
    ];
    let added = proptest::collection::vec((name, ".{0,20}"), 0..4);
    let mut runner = TestRunner::new(Cases::with_cases(200));
    let outcome = runner.run(&added, |added| {
        let mut sign_in = SignIn::new();
        for (name, value) in &added {
            sign_in = sign_in.add_parameter(name, value);
        }
        let browser = site(config(&didit), [("/own", sign_in)]);
        let started = runtime.block_on(browser.get("/own"));
        if started.status() != StatusCode::SEE_OTHER {
            prop_assert_eq!(started.text(), "invalid-sign-in");
            prop_assert!(browser.cookies().is_empty());
            return Ok(());
        }
        // `steady` refuses a parameter that is there twice.
        let mut said = steady(started.location());
        for (name, value) in &added {
            let sent = said.remove(name);
            prop_assert_eq!(sent.as_ref(), Some(value));
        }
        prop_assert_eq!(&said, &plain);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

// RFC 6749 §3.3 and §5.1; behaviour 121.
#[tokio::test]
async fn the_scopes_of_one_sign_in_are_those_of_its_session() {
    let didit = didit();
    let phone = SignIn::new().with_scopes(["openid", "phone"]);
    let configured = config(&didit).with_scopes(["openid", "email"]);
    let browser = site(configured, [("/phone", phone)]);
    let started = browser.get("/phone").await;
    approve(&started, &browser, &didit).await;
    assert_eq!(browser.get("/scopes").await.text(), "openid phone");

    // A response without `scope` grants what was requested.
    let fault = without("scope");
    didit.on_next(Endpoint::Token, fault);
    let started = browser.get("/phone").await;
    approve(&started, &browser, &didit).await;
    assert_eq!(browser.get("/scopes").await.text(), "openid phone");

    let started = browser.get("/login").await;
    approve(&started, &browser, &didit).await;
    assert_eq!(browser.get("/scopes").await.text(), "openid email");
}

// OpenID Connect Core §3.1.2.6; behaviours 22 and 121.
#[tokio::test]
async fn a_silent_sign_in_that_needs_interaction_keeps_its_other_parameters() {
    let didit = didit();
    let configured = config(&didit)
        .with_prompt("login")
        .with_acr_values(["silver"])
        .with_max_age(Duration::from_secs(300));
    let silent = changed().with_prompt("none");
    let only_silent = SignIn::new().with_prompt("none");
    let browser = site(configured, [("/own", silent), ("/silent", only_silent)]);
    for page in ["/own", "/silent"] {
        let started = browser.get(page).await;
        let mut said = steady(started.location());
        assert_eq!(said.remove("prompt").as_deref(), Some("none"));
        let state = parameter(started.location(), "state");
        let refused = format!("{CALLBACK}?error=login_required&state={state}");
        let again = browser.get(&refused).await;
        assert_eq!(steady(again.location()), said, "{page}");
        assert_ne!(parameter(again.location(), "state"), state);

        // The second refusal is an error.
        let state = parameter(again.location(), "state");
        let refused = format!("{CALLBACK}?error=login_required&state={state}");
        assert_eq!(browser.get(&refused).await.text(), "provider-refused");
    }
}

/// The longest parameters: in the address, and in the flow cookie.
fn longest() -> [SignIn; 2] {
    let scopes = format!("openid {}", "s".repeat(256 - 20));
    let scopes: Vec<_> = scopes.split(' ').collect();
    let long = "x".repeat(512 - scopes.join("&").len() - "&vendor_data&&".len());
    let silent = "x".repeat(256 - r#"{"added":[["vendor_data",""]]}"#.len());
    [
        SignIn::new()
            .with_scopes(scopes)
            .add_parameter("vendor_data", long),
        SignIn::new()
            .with_prompt("none")
            .add_parameter("vendor_data", silent),
    ]
}

// Behaviours 5 and 105. With the longest address to return to.
#[tokio::test]
async fn the_longest_sign_in_passes_a_stock_proxy() {
    let page = "/own?".to_owned() + &"y".repeat(507);
    let long_name = "n".repeat(32);
    for sign_in in longest() {
        let didit = didit();
        let config = config(&didit).with_cookie_name(&long_name);
        let browser = site(
            config,
            [("/own", sign_in.clone()), ("/more", longer(sign_in))],
        );
        let started = browser.get(&page).await;
        assert_eq!(
            started.status(),
            StatusCode::SEE_OTHER,
            "{:?}",
            started.headers()
        );
        let headers = started.headers().iter();
        let size: usize = headers
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        assert!(size < 3072, "{size}");
        assert!(started.headers()[header::LOCATION].len() < 1024);
        let cookies: usize = set_cookies(&started).iter().map(|line| line.len()).sum();
        assert!(cookies < 1664, "{cookies}");
        // One byte more is refused.
        assert_eq!(browser.get("/more").await.text(), "invalid-sign-in");
    }
}

fn longer(sign_in: SignIn) -> SignIn {
    sign_in.with_ui_locales(["e"])
}

// Behaviours 5 and 105. Whatever came before.
#[tokio::test]
async fn long_parameters_leave_room_for_fewer_sign_ins() {
    let didit = didit();
    let [long, silent] = longest();
    let pages = [
        ("/short", SignIn::new()),
        ("/long", long),
        ("/silent", silent),
    ];
    let config = config(&didit).with_cookie_name("n".repeat(32));
    let browser = site(config, pages);
    let query = "y".repeat(500);
    for page in ["/short", "/long", "/silent", "/short", "/long"] {
        for tab in 0..8 {
            didit.clock().advance(Duration::from_secs(1));
            let address = if page == "/short" {
                page.to_owned()
            } else {
                format!("{page}?{query}")
            };
            let started = browser.get(&address).await;
            let lines = set_cookies(&started);
            let size: usize = lines.iter().map(|line| line.len()).sum();
            assert!(size <= 2048, "{page} {tab}: {size}");
            let in_request = browser.cookie_header_len("/");
            assert!(in_request <= 3 * 1024, "{page} {tab}: {in_request}");
            assert!(browser.cookies().len() <= 5, "{page} {tab}");
        }
    }
}
