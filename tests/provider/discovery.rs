//! A provider that is found by its issuer.

use std::{collections::BTreeMap, time::Duration};

use crate::support::identity::{ALEJANDRA, CALLBACK, NOBODY, sign_in, visit};
use http::{Response, StatusCode};
use serde_json::{Value, json};
use tower_didit::{
    ConfigBuilder, Provider,
    fake::{Browser, Endpoint, FakeDidit, Fault, Person},
    protocol::SigningAlgorithm,
};
use url::Url;

const ISSUER: &str = "https://apx.didit.me";
const HOUR: Duration = Duration::from_secs(60 * 60);
/// After several failures it is looked for so often.
const MOMENT: Duration = Duration::from_secs(2);

fn visitor_of(didit: &FakeDidit, issuer: &str) -> Browser {
    visit(config(didit).with_provider(Provider::discovered(issuer)))
}

fn config(didit: &FakeDidit) -> ConfigBuilder {
    didit.config(CALLBACK)
}

fn visitor() -> (FakeDidit, Browser) {
    let didit = FakeDidit::new("client", "secret");
    let browser = visitor_of(&didit, ISSUER);
    (didit, browser)
}

/// A metadata document with another member.
fn with(member: &'static str, value: Value) -> Fault {
    Fault::edit(move |document| {
        document.insert(member.to_owned(), value.clone());
    })
}

fn without(member: &'static str) -> Fault {
    Fault::edit(move |document| {
        document.remove(member);
    })
}

/// How often the provider was asked for what, but for the sign-in pages.
fn asked(didit: &FakeDidit) -> [usize; 3] {
    [Endpoint::Discovery, Endpoint::Jwks, Endpoint::Token].map(|endpoint| didit.count(endpoint))
}

// Behaviours 1 and 63.
#[tokio::test]
async fn it_is_found_when_it_is_first_needed_and_then_known() {
    let (didit, browser) = visitor();
    assert_eq!(browser.get("/").await.text(), NOBODY);
    assert_eq!(asked(&didit), [0, 0, 0], "nobody wants to sign in yet");
    for sign_ins in 1..=3 {
        assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA);
        assert_eq!(asked(&didit), [1, 1, sign_ins]);
    }
    let found = didit.last(Endpoint::Discovery).expect("it was asked");
    assert_eq!(
        found.uri().to_string(),
        "https://apx.didit.me/.well-known/openid-configuration"
    );
    let login = browser.get("/login").await;
    let location = Url::parse(login.location()).expect("an absolute URL");
    let sent: BTreeMap<_, _> = location.query_pairs().into_owned().collect();
    assert_eq!(sent["scope"], "openid");
    assert!(sent.contains_key("nonce") && sent["code_challenge_method"] == "S256");

    // It expires, and is fetched behind the back of the next sign-in.
    didit.clock().advance(HOUR);
    assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA);
    assert_eq!(didit.count(Endpoint::Discovery), 2);
}

// Behaviour 63.
#[tokio::test]
async fn sign_ins_at_the_same_time_look_for_it_once() {
    let (didit, browser) = visitor();
    didit.on_next(Endpoint::Discovery, Fault::delay(Duration::from_millis(1)));
    let all = (0..20).map(|_| sign_in(&browser, &didit));
    for outcome in futures_util::future::join_all(all).await {
        assert_eq!(outcome, ALEJANDRA);
    }
    assert_eq!(asked(&didit), [1, 1, 20]);
}

// Behaviours 14 and 63.
#[tokio::test]
async fn while_it_is_down_nobody_can_sign_in_and_then_everybody_can() {
    let didit = FakeDidit::new("client", "secret");
    let browser = visit(
        config(&didit)
            .with_provider(Provider::discovered(ISSUER))
            .with_http_timeout(Duration::from_millis(20)),
    );
    let unavailable = Response::builder().status(503).body("busy").expect("good");
    for (fault, code, status) in [
        (
            Fault::hang(),
            "provider-timeout",
            StatusCode::GATEWAY_TIMEOUT,
        ),
        (
            Fault::answer(unavailable),
            "invalid-answer",
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
        // It is not asked all the time because strangers want to sign in.
        assert!(didit.count(Endpoint::Discovery) <= before + 11);
        // Whoever does not want to sign in sees nothing of it.
        assert_eq!(browser.get("/").await.text(), NOBODY);
    }
    didit.clear_faults();
    didit.clock().advance(MOMENT);
    assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA);

    // Once found, it may be down.
    didit.on_every(Endpoint::Discovery, Fault::hang());
    didit.clock().advance(HOUR);
    assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA);
}

// Behaviour 14.
#[tokio::test]
async fn a_page_for_members_says_so_as_well() {
    use axum::{Router, routing::get};
    use tower_didit::{DiditAuth, IdClaims};

    let didit = FakeDidit::new("client", "secret");
    let config = config(&didit)
        .with_provider(Provider::discovered(ISSUER))
        .build()
        .expect("a good configuration");
    let app = Router::new()
        .route(
            "/members",
            get(|user: IdClaims| async move { user.subject().to_owned() }),
        )
        .route(
            "/callback",
            get(|_: IdClaims, back: tower_didit::ReturnTo| async { back }),
        )
        .layer(axum::middleware::map_response(
            |mut response: axum::response::Response| async {
                let headers = response.headers_mut();
                headers.append("set-cookie", "own=1; Path=/".parse().expect("good"));
                response
            },
        ))
        .layer(DiditAuth::new(config));
    let browser = Browser::new("https://app.example", app).add_didit(&didit);

    didit.on_next(
        Endpoint::Discovery,
        Fault::error("server_error").with_status(500),
    );
    let page = browser.visit("/members").await;
    assert_eq!(page.status(), StatusCode::BAD_GATEWAY);
    assert!(page.text().contains("<code>invalid-answer</code>"));
    assert!(page.text().contains("/login?return_to=%2Fmembers"));

    didit.clock().advance(MOMENT);
    let page = browser.visit("/members").await;
    assert!(
        page.url()
            .starts_with("https://apx.didit.me/auth/v2/authorize?")
    );
    let members = browser.click(&page, "approve-alejandra").await;
    assert_eq!(members.url(), "https://app.example/members");
    assert_eq!(members.text(), Person::Alejandra.subject());
    assert!(browser.cookie("own").is_some(), "the application's own");
    assert_eq!(didit.count(Endpoint::Discovery), 2);
}

// Behaviour 61; OpenID Connect Discovery §4.3.
#[tokio::test]
async fn the_metadata_of_another_issuer_sends_nobody_anywhere() {
    let (didit, browser) = visitor();
    for issuer in [
        json!("https://apx.didit.me/"),
        json!("https://APX.didit.me"),
        json!("http://apx.didit.me"),
        json!("https://evil.example"),
        json!(["https://apx.didit.me"]),
        json!(null),
    ] {
        didit.clock().advance(MOMENT);
        didit.on_next(Endpoint::Discovery, with("issuer", issuer.clone()));
        assert_eq!(
            sign_in(&browser, &didit).await,
            "invalid-metadata",
            "{issuer}"
        );
    }
    didit.clock().advance(MOMENT);
    didit.on_next(Endpoint::Discovery, without("issuer"));
    assert_eq!(sign_in(&browser, &didit).await, "invalid-metadata");
    let twice = format!(r#"{{"issuer":{ISSUER:?},"issuer":{ISSUER:?}}}"#);
    didit.clock().advance(MOMENT);
    didit.on_next(Endpoint::Discovery, Fault::answer(Response::new(twice)));
    assert_eq!(sign_in(&browser, &didit).await, "invalid-metadata");
    didit.clock().advance(MOMENT);
    assert_eq!(didit.count(Endpoint::Token), 0);
    assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA);
}

// Behaviours 41 and 61.
#[tokio::test]
async fn endpoints_that_must_not_be_used_are_not() {
    let (didit, browser) = visitor();
    for (member, value) in [
        (
            "authorization_endpoint",
            json!("http://apx.didit.me/authorize"),
        ),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("authorization_endpoint", json!("/authorize")),
        ("token_endpoint", json!("http://apx.didit.me/auth/v2/token")),
        ("token_endpoint", json!("http://127.0.0.1/auth/v2/token")),
        (
            "token_endpoint",
            json!("https://user:password@apx.didit.me/"),
        ),
        ("token_endpoint", json!("https://apx.didit.me/#fragment")),
        ("token_endpoint", json!(7)),
        ("jwks_uri", json!("file:///etc/passwd")),
        (
            "jwks_uri",
            json!(format!("https://x/{}", "a".repeat(70_000))),
        ),
        (
            "id_token_signing_alg_values_supported",
            json!(["none", "HS256"]),
        ),
    ] {
        didit.clock().advance(MOMENT);
        didit.on_next(Endpoint::Discovery, with(member, value.clone()));
        assert_eq!(
            sign_in(&browser, &didit).await,
            "invalid-metadata",
            "{member}"
        );
    }
    for member in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        didit.clock().advance(MOMENT);
        didit.on_next(Endpoint::Discovery, without(member));
        assert_eq!(
            sign_in(&browser, &didit).await,
            "invalid-metadata",
            "{member}"
        );
    }
    didit.clock().advance(MOMENT);
    assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA);
}

// Behaviour 62.
#[tokio::test]
async fn an_issuer_may_have_a_path_and_a_slash_at_its_end() {
    for (issuer, document) in [
        (
            "https://op.example/",
            "https://op.example/.well-known/openid-configuration",
        ),
        (
            "https://op.example/a/b",
            "https://op.example/a/b/.well-known/openid-configuration",
        ),
        (
            "https://op.example/a/",
            "https://op.example/a/.well-known/openid-configuration",
        ),
    ] {
        let didit = FakeDidit::new("client", "secret").with_issuer(issuer);
        let browser = visitor_of(&didit, issuer);
        assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA, "{issuer}");
        let found = didit.last(Endpoint::Discovery).expect("it was asked");
        assert_eq!(found.uri().to_string(), document);
    }
}

// Behaviour 64.
#[tokio::test]
async fn endpoints_are_those_of_the_metadata_of_today() {
    let (didit, browser) = visitor();
    assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA);

    let moved = Fault::edit(|document| {
        for (member, host) in [
            ("token_endpoint", "token.example"),
            ("jwks_uri", "keys.example"),
        ] {
            let url = document[member].as_str().expect("a URL");
            let url = url.replace("apx.didit.me", host);
            document.insert(member.to_owned(), url.into());
        }
    });
    didit.on_every(Endpoint::Discovery, moved);
    didit.clock().advance(HOUR);
    // The old ones are used while the new ones are fetched.
    assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA);
    assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA);
    let host = |endpoint| {
        let request = didit.last(endpoint).expect("it was asked");
        request.uri().host().expect("absolute").to_owned()
    };
    assert_eq!(host(Endpoint::Token), "token.example");
    assert_eq!(host(Endpoint::Jwks), "keys.example");
}

#[tokio::test]
async fn what_is_replaced_is_not_taken_from_the_metadata() {
    let didit = FakeDidit::new("client", "secret");
    let provider = Provider::discovered(ISSUER)
        .with_token_endpoint("https://proxy.example/auth/v2/token")
        .with_signing_algorithms([SigningAlgorithm::Rs256]);
    let browser = visit(config(&didit).with_provider(provider));
    assert_eq!(sign_in(&browser, &didit).await, "forbidden-algorithm");
    let token = didit.last(Endpoint::Token).expect("it was asked");
    assert_eq!(token.uri().host(), Some("proxy.example"));
    let didit = didit.with_rs256();
    assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA);
}

// Behaviour 23; RFC 9207 §2.4.
#[tokio::test]
async fn a_provider_that_names_itself_in_its_answers_has_to() {
    let didit = FakeDidit::new("client", "secret").with_iss_parameter();
    let browser = visitor_of(&didit, ISSUER);
    assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA);
    let named = "&iss=https%3A%2F%2Fapx.didit.me";
    for replacement in [
        "",
        "&iss=",
        "&iss=https%3A%2F%2Fapx.didit.me%2F",
        "&iss=https%3A%2F%2Fevil.example",
    ] {
        for decision in [FakeDidit::decline, |didit: &FakeDidit, url: &str| {
            didit.approve(url, Person::Alejandra)
        }] {
            let browser = browser.new_browser();
            let login = browser.get("/login").await;
            let back = decision(&didit, login.location());
            assert!(back.contains(named), "{back}");
            let page = browser.get(&back.replace(named, replacement)).await;
            assert_eq!(page.text(), "foreign-issuer", "{replacement}");
            assert!(browser.cookies().is_empty());
        }
    }
    assert_eq!(didit.count(Endpoint::Token), 1);
    let login = browser.get("/login").await;
    let declined = didit.decline(login.location());
    assert_eq!(browser.get(&declined).await.text(), "access-denied");
}

// Behaviour 32.
#[tokio::test]
async fn the_client_authenticates_as_the_metadata_says() {
    let methods = "token_endpoint_auth_methods_supported";
    let didit = FakeDidit::new("client", "secret").with_client_secret_post();
    let post = json!(["private_key_jwt", "client_secret_post"]);
    didit.on_every(Endpoint::Discovery, with(methods, post));
    let browser = visitor_of(&didit, ISSUER);
    assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA);
    let request = didit.last(Endpoint::Token).expect("it was asked");
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.form_value("client_id").as_deref(), Some("client"));
    assert_eq!(
        request.form_value("client_secret").as_deref(),
        Some("secret")
    );

    // Both are possible, and the default where nothing is said: Basic.
    for fault in [
        without(methods),
        with(
            methods,
            json!(["client_secret_post", "client_secret_basic"]),
        ),
    ] {
        let didit = FakeDidit::new("client", "secret");
        didit.on_every(Endpoint::Discovery, fault);
        assert_eq!(
            sign_in(&visitor_of(&didit, ISSUER), &didit).await,
            ALEJANDRA
        );
        let request = didit.last(Endpoint::Token).expect("it was asked");
        assert!(request.header("authorization").is_some());
        assert_eq!(request.form_value("client_secret"), None);
    }

    // A public client says who it is, and no secret.
    let didit = FakeDidit::new_public("client");
    let provider = Provider::discovered(ISSUER);
    let browser = visit(
        config(&didit)
            .with_cookie_keys([[7; 32]])
            .with_provider(provider),
    );
    assert_eq!(sign_in(&browser, &didit).await, ALEJANDRA);
    let request = didit.last(Endpoint::Token).expect("it was asked");
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.form_value("client_id").as_deref(), Some("client"));
    assert_eq!(request.form_value("client_secret"), None);
}

// Behaviour 29; RFC 9700 §4.4.
#[tokio::test]
async fn a_sign_in_that_was_started_at_one_provider_does_not_end_at_another() {
    let one = FakeDidit::new("client", "secret");
    let other = FakeDidit::new("client", "secret").with_issuer("https://other.example");
    let keys = [[7; 32]];
    let at_one = visit(config(&one).with_cookie_keys(keys));
    let at_other = visit(
        config(&other)
            .with_cookie_keys(keys)
            .with_provider(Provider::discovered("https://other.example")),
    );
    assert_eq!(sign_in(&at_one, &one).await, ALEJANDRA);
    assert_eq!(sign_in(&at_other, &other).await, ALEJANDRA);

    // The same keys, the same client id, the same site: the cookies open, and are not believed.
    let login = at_one.get("/login").await;
    let back = one.approve(login.location(), Person::Alejandra);
    for cookie in at_one.cookies() {
        at_other.set_cookie(cookie.name(), cookie.value());
    }
    let refused = at_other.get(&back).await;
    assert_eq!(refused.text(), "unknown-sign-in");
    assert_eq!(other.count(Endpoint::Token), 1);

    // Nor is the session.
    assert_eq!(at_one.get(&back).await.status(), StatusCode::OK);
    for cookie in at_one.cookies() {
        at_other.set_cookie(cookie.name(), cookie.value());
    }
    assert_eq!(at_other.get("/").await.text(), NOBODY);
    assert_eq!(at_one.get("/").await.text(), Person::Alejandra.subject());
}
