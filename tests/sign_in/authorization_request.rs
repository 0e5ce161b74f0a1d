//! Parameters of the authorization request, and the checks that follow from them.

use std::time::Duration;

use tower_didit::{
    ConfigBuilder,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Page, Person},
};

use crate::support::{
    faults::with_claim,
    identity::{ALEJANDRA, attempt, visit},
    query::parameters,
    site::{CALLBACK, NOBODY, didit},
};

fn visitor(configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> (FakeDidit, Browser) {
    let didit = didit();
    let browser = visit(configure(didit.config(CALLBACK)));
    (didit, browser)
}

// OpenID Connect Core §3.1.2.1; behaviours 9 and 13.
#[tokio::test]
async fn the_authorization_request_has_the_configured_parameters_and_none_of_a_query() {
    let overriding = "/login?prompt=none&max_age=0&login_hint=evil&ui_locales=xx&acr_values=weak\
                      &nonce=n&state=s&scope=all&client_id=c&display=popup";
    let names = [
        "prompt",
        "max_age",
        "login_hint",
        "ui_locales",
        "acr_values",
    ];
    let (_, plain) = visitor(|config| config);
    let said = parameters(plain.get(overriding).await.location());
    assert!(
        names.iter().all(|name| !said.contains_key(*name)),
        "{said:?}"
    );
    assert!(!said.contains_key("display"));
    assert_eq!(said["scope"], "openid");

    let (_, browser) = visitor(|config| {
        config
            .with_prompt("login consent")
            .with_max_age(Duration::from_secs(300))
            .with_login_hint("alejandra@example.com")
            .with_ui_locales(["es-ES", "en"])
            .with_acr_values(["gold", "silver"])
    });
    let said = parameters(browser.get(overriding).await.location());
    for (name, value) in names.iter().zip([
        "login consent",
        "300",
        "alejandra@example.com",
        "es-ES en",
        "gold silver",
    ]) {
        assert_eq!(said[*name], value);
    }
}

// OpenID Connect Core §3.1.3.7 step 13; behaviour 57.
#[tokio::test]
async fn an_authentication_older_than_max_age_is_refused() {
    let (didit, browser) = visitor(|config| config.with_max_age(Duration::from_secs(300)));
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    let edited = |auth_time: Option<u64>| {
        Fault::edit_id_token(move |_, claims| match auth_time {
            Some(age) => {
                let now = claims["iat"].as_u64().expect("a time");
                claims.insert("auth_time".to_owned(), (now - age).into());
            }
            None => {
                claims.remove("auth_time");
            }
        })
    };
    didit.on_next(Endpoint::Token, edited(Some(360)));
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    for too_old in [Some(361), None] {
        didit.on_next(Endpoint::Token, edited(too_old));
        assert_eq!(
            attempt(&browser, &didit).await,
            "insufficient-authentication"
        );
    }
}

// OpenID Connect Core §3.1.3.7 step 12; behaviour 57.
#[tokio::test]
async fn an_authentication_without_the_required_acr_is_refused() {
    let (didit, browser) = visitor(|config| config.require_acr_values(["gold", "silver"]));
    let location = parameters(browser.get("/login").await.location());
    assert_eq!(location["acr_values"], "gold silver");
    assert_eq!(
        attempt(&browser.new_browser(), &didit).await,
        "insufficient-authentication"
    );
    for (acr, outcome) in [
        ("silver", ALEJANDRA),
        ("bronze", "insufficient-authentication"),
        ("gold silver", "insufficient-authentication"),
    ] {
        didit.on_next(Endpoint::Token, with_claim("acr", acr));
        assert_eq!(
            attempt(&browser.new_browser(), &didit).await,
            outcome,
            "{acr}"
        );
    }

    // Without a requirement the application reads the claim.
    let (didit, browser) = visitor(|config| config.with_acr_values(["gold"]));
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
}

// OpenID Connect Core §3.1.2.1 and §3.1.2.6; behaviour 22.
#[tokio::test]
async fn a_failed_silent_sign_in_is_repeated_once_with_interaction() {
    for code in [
        "login_required",
        "interaction_required",
        "consent_required",
        "account_selection_required",
    ] {
        let (didit, browser) = visitor(|config| config.with_prompt("none"));
        let login = browser.get("/login?return_to=/").await;
        assert_eq!(parameters(login.location())["prompt"], "none");

        let again = browser.get(&refused(&login, code)).await;
        let said = parameters(again.location());
        assert!(!said.contains_key("prompt"), "{code}");
        assert_ne!(said["state"], parameters(login.location())["state"]);
        assert_eq!(browser.cookies().len(), 1, "the first sign-in is over");

        // The second refusal is an error.
        let other = browser.new_browser();
        let login = other.get("/login").await;
        let once = other.get(&refused(&login, code)).await;
        let twice = other.get(&refused(&once, code)).await;
        assert_eq!(twice.text(), "provider-refused", "{code}");
        assert!(other.cookies().is_empty());
        assert_eq!(didit.count(Endpoint::Token), 0);

        let back = didit.approve(again.location(), &Person::alejandra());
        assert_eq!(
            browser.get(&back).await.text(),
            Person::alejandra().subject()
        );
    }
}

// OpenID Connect Core §3.1.2.6; behaviour 22.
#[tokio::test]
async fn a_silent_sign_in_leads_to_the_sign_in_page_if_interaction_is_needed() {
    let (didit, browser) = visitor(|config| config.with_prompt("none"));
    let browser = browser.add_didit(&didit);
    let page = browser.visit("/login").await;
    assert!(page.url().starts_with("https://auth.didit.me/"), "{page:?}");
    let prompts: Vec<_> = page
        .history()
        .iter()
        .filter(|url| url.starts_with("https://auth.didit.me/"))
        .map(|url| url.contains("prompt=none"))
        .collect();
    assert_eq!(prompts, [true, false]);
    let home = browser.click(&page, "approve-alejandra").await;
    assert_eq!(home.text(), Person::alejandra().subject());
}

// OpenID Connect Core §3.1.2.6; behaviour 22. The second sign-in evicts only the one that it
// continues.
#[tokio::test]
async fn a_repeated_silent_sign_in_evicts_no_other_sign_in() {
    let (didit, browser) = visitor(|config| config.with_prompt("none"));
    let mut tabs = Vec::new();
    for _ in 0..5 {
        tabs.push(browser.get("/login").await);
    }
    let before = browser.cookies();
    assert_eq!(before.len(), 5);
    let again = browser.get(&refused(&tabs[4], "login_required")).await;
    assert_eq!(browser.cookies().len(), 5);
    let kept = before
        .iter()
        .filter(|cookie| browser.cookie(cookie.name()).is_some());
    assert_eq!(kept.count(), 4);
    let back = didit.approve(again.location(), &Person::alejandra());
    assert_eq!(
        browser.get(&back).await.text(),
        Person::alejandra().subject()
    );
}

// Behaviour 95.
#[test]
fn invalid_parameters_are_refused_by_build() {
    type Configure = fn(ConfigBuilder) -> ConfigBuilder;
    let cases: [(Configure, &str); 9] = [
        (
            |config| config.with_prompt(""),
            r#"the prompt "" is not a list of words with a space in between"#,
        ),
        (
            |config| config.with_prompt("none login"),
            r#"the prompt "none login" has `none` beside something else"#,
        ),
        (
            |config| config.with_prompt("none "),
            r#"the prompt "none " has `none` beside something else"#,
        ),
        (
            |config| config.with_prompt("login\tconsent"),
            r#"the prompt "login\tconsent" is not a list of words with a space in between"#,
        ),
        (
            |config| config.with_ui_locales(["es en"]),
            r#"the ui_locales "es en" is empty, or has white space"#,
        ),
        (
            |config| config.with_acr_values([""]),
            r#"the acr_values "" is empty, or has white space"#,
        ),
        (
            |config| config.require_acr_values(["gold silver"]),
            r#"the acr_values "gold silver" is empty, or has white space"#,
        ),
        (
            |config| config.require_acr_values(Vec::<String>::new()),
            "the list of required acr_values is empty",
        ),
        (
            |config| config.with_clock_skew(Duration::from_secs(301)),
            "the clock skew must be at most 5 minutes",
        ),
    ];
    for (configure, text) in cases {
        let didit = didit();
        let error = configure(didit.config(CALLBACK)).build().err();
        assert_eq!(error.expect("a bad configuration").to_string(), text);
    }
}

// RFC 7519 §4.1.4 and §4.1.6; behaviours 51 and 52.
#[tokio::test]
async fn an_id_token_is_verified_at_the_time_of_its_arrival() {
    let didit = didit().with_jwks_max_age(Duration::from_secs(60));
    let slow = didit.clone();
    let transport = tower::service_fn(move |request: http::Request<bytes::Bytes>| {
        slow.clock().advance(Duration::from_secs(7));
        tower::ServiceExt::oneshot(slow.clone(), request)
    });
    let exact = didit
        .config(CALLBACK)
        .with_clock_skew(Duration::ZERO)
        .with_transport(transport);
    let browser = visit(exact);
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    // The ID token expires while the keys are fetched.
    didit.clock().advance(Duration::from_secs(3600));
    let short = Fault::edit_id_token(|_, claims| {
        let now = claims["iat"].as_u64().expect("a time");
        claims.insert("exp".to_owned(), (now + 7).into());
    });
    didit.on_next(Endpoint::Token, short);
    assert_eq!(attempt(&browser, &didit).await, "id-token-expired");
}

/// Where the provider sends the browser back with an error.
fn refused(started: &Page, code: &str) -> String {
    let mut said = parameters(started.location());
    let state = said.remove("state").expect("a state");
    format!("{CALLBACK}?error={code}&state={state}")
}

// OpenID Connect Core §3.1.2.6; behaviour 22.
#[tokio::test]
async fn without_prompt_none_a_needed_interaction_is_an_error() {
    for configure in [
        (|config| config) as fn(ConfigBuilder) -> ConfigBuilder,
        |config| config.with_prompt("login"),
    ] {
        let (didit, browser) = visitor(configure);
        let login = browser.get("/login").await;
        didit.on_next(Endpoint::Authorize, Fault::error("login_required"));
        let refused = didit.approve(login.location(), &Person::alejandra());
        assert_eq!(browser.get(&refused).await.text(), "provider-refused");
        assert_eq!(browser.get("/").await.text(), NOBODY);
    }
}
