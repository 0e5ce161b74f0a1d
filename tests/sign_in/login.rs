//! The start of a sign-in: the redirect to Didit and its parameters.

mod other_hosts;
mod starters;

use std::collections::{BTreeMap, HashSet};

use aws_lc_rs::digest;
use axum::{
    Router,
    routing::{any, get},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use tower_didit::{
    ConfigBuilder, DiditTokens, Provider, ReturnTo, SignIn,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Page, Person},
};

use crate::support::{
    query::parameters,
    sign_in::end_of,
    site::{CALLBACK, HOME, auth, didit},
};

/// Public pages, a guarded page, and pages that start a sign-in.
fn browser(config: ConfigBuilder) -> Browser {
    let elsewhere = ReturnTo::parse("/elsewhere?x=1").expect("a page of this site");
    let app = Router::new()
        .route("/members", get(|_: DiditTokens| async { "members" }))
        .route("/start", any(|| async { SignIn::new() }))
        .route(
            "/start-elsewhere",
            any(|| async { SignIn::returning_to(elsewhere) }),
        )
        .route("/start-home", any(|| async { SignIn::returning_to(None) }))
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async { back }),
        )
        .fallback(|| async { "the application" })
        .layer(auth(config));
    Browser::new(HOME, app)
}

/// A Didit, and a browser at an application that signs in with it.
fn visitor(configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> (FakeDidit, Browser) {
    let didit = didit();
    let browser = browser(configure(didit.config(CALLBACK)));
    (didit, browser)
}

/// The authorization request that a response redirects to. Each parameter appears
/// once.
fn asked(page: &Page) -> BTreeMap<String, String> {
    assert_eq!(page.status(), StatusCode::SEE_OTHER, "{}", page.url());
    assert!(page.location().starts_with("https://auth.didit.me/?"));
    parameters(page.location())
}

// OpenID Connect Core §3.1.2.1, RFC 7636 §4.3; behaviour 1.
#[tokio::test]
async fn login_redirects_to_didit_with_a_complete_authorization_request() {
    let redirect_uri = "https://app.example/callback?tenant=a%20b&x=%2F";
    for from in ["/login", "/login?return_to=/x", "/members", "/start"] {
        let didit = didit();
        let config = didit.config(redirect_uri);
        let config = config.with_scopes(["openid", "email", "offline"]);
        let browser = browser(config);
        let page = browser.get(from).await;

        let asked = asked(&page);
        let names: Vec<_> = asked.keys().map(String::as_str).collect();
        let all = "client_id code_challenge code_challenge_method nonce redirect_uri response_type \
                   scope state";
        assert_eq!(names.join(" "), all);
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], "client");
        assert_eq!(asked["redirect_uri"], redirect_uri);
        assert_eq!(asked["scope"], "openid email offline");
        assert_eq!(asked["code_challenge_method"], "S256");
        for random in ["state", "nonce", "code_challenge"] {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(&asked[random]).unwrap();
            assert_eq!(bytes.len(), 32, "{random}");
        }

        // Didit has received no request so far, and accepts this one.
        assert!(didit.requests().is_empty());
        end_of(&page, &browser, &didit).await;
        assert_eq!(didit.count(Endpoint::Token), 1);
    }
}

// RFC 6749 §3.1; behaviour 1.
#[tokio::test]
async fn the_query_of_the_authorization_endpoint_is_kept() {
    for (endpoint, start) in [
        (
            "https://auth.didit.me/?tenant=a%20b&tenant=%C3%A9&flag",
            "https://auth.didit.me/?tenant=a%20b&tenant=%C3%A9&flag&response_type=code&",
        ),
        (
            "https://auth.didit.me/",
            "https://auth.didit.me/?response_type=code&",
        ),
    ] {
        let provider = Provider::didit().with_authorization_endpoint(endpoint);
        let (_, browser) = visitor(|config| config.with_provider(provider));
        let page = browser.get("/login").await;
        assert!(page.location().starts_with(start), "{}", page.location());
    }
}

// RFC 6749 §10.10, RFC 7636 §7.1; behaviour 2.
#[tokio::test]
async fn a_thousand_sign_ins_have_different_secrets() {
    let (_, browser) = visitor(|config| config);
    let (mut seen, mut cookies) = (HashSet::new(), HashSet::new());
    let mut ones = [[0_u32; 256]; 3];
    for _ in 0..1000 {
        let page = browser.new_browser().get("/login").await;
        let asked = asked(&page);
        for (random, ones) in ["state", "nonce", "code_challenge"].iter().zip(&mut ones) {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(&asked[*random]).unwrap();
            for (bit, ones) in ones.iter_mut().enumerate() {
                *ones += u32::from(bytes[bit / 8] >> (bit % 8) & 1);
            }
            assert!(seen.insert(bytes), "{random} came back");
        }
        let cookie = page.header("set-cookie").unwrap();
        let (name, _) = cookie.split_once('=').unwrap();
        assert!(cookies.insert(name.to_owned()), "{name} came back");
    }
    // Each bit is set in about half of them (nine standard deviations).
    for count in ones.iter().flatten() {
        assert!((357..=643).contains(count), "set {count} times of 1000");
    }
}

// RFC 7636 §4.1 and §7.1; behaviour 2.
#[tokio::test]
async fn the_browser_never_sees_the_code_verifier() {
    let (didit, browser) = visitor(|config| config);
    let start = browser.get("/login?return_to=/members").await;
    let back = didit.approve(start.location(), &Person::alejandra());
    let callback = browser.get(&back).await;
    let members = browser.get(callback.location()).await;
    assert_eq!(members.text(), "members");

    let token_request = didit.last(Endpoint::Token).unwrap();
    let verifier = token_request.form_value("code_verifier").unwrap();
    assert!((43..=128).contains(&verifier.len()));
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    assert!(verifier.bytes().all(is_unreserved));
    let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(hash);
    assert_eq!(asked(&start)["code_challenge"], challenge);

    // Neither in clear nor in base64url, in anything that the browser has received.
    let contains = |haystack: &[u8]| {
        let needle = verifier.as_bytes();
        haystack.windows(needle.len()).any(|part| part == needle)
    };
    assert!(contains(token_request.body()));
    for page in [&start, &callback, &members] {
        assert!(!contains(page.bytes()));
        for value in page.headers().values() {
            assert!(!contains(value.as_bytes()));
            let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            for word in value.as_bytes().split(|byte| !is_base64url(*byte)) {
                let decoded = BASE64_URL_SAFE_NO_PAD.decode(word).unwrap_or_default();
                assert!(!contains(&decoded));
            }
        }
    }
}

// RFC 9111 §5.2.2.5; behaviour 7.
#[tokio::test]
async fn no_response_of_a_sign_in_is_stored_by_caches() {
    let (didit, browser) = visitor(|config| config);
    let mut pages = Vec::new();
    for from in ["/login", "/members", "/start", "/callback?state=unknown"] {
        pages.push(browser.get(from).await);
    }
    let code = didit.approve(pages[0].location(), &Person::alejandra());
    let declined = didit.decline(pages[1].location());
    for back in [&code, &declined, &code] {
        pages.push(browser.get(back).await);
    }
    for url in ["/logout", "/login"] {
        pages.push(browser.post_form(url, &[]).await);
    }
    pages.push(browser.fetch(Method::GET, "/login").await);
    for page in pages {
        let (status, url) = (page.status(), page.url());
        for (name, value) in [
            ("cache-control", "private, no-store"),
            ("referrer-policy", "no-referrer"),
        ] {
            let values: Vec<_> = page.headers().get_all(name).iter().collect();
            assert_eq!(values, [value], "{name} of the {status} of {url}");
        }
    }

    // The application's own responses are unchanged.
    assert_eq!(browser.get("/").await.header("cache-control"), None);
}

// Behaviour 9.
#[tokio::test]
async fn return_to_is_the_only_parameter_that_login_reads() {
    let (didit, browser) = visitor(|config| config);
    let plain = asked(&browser.get("/login").await);
    let names = "state nonce redirect_uri client_id scope response_type response_mode prompt \
                 code_challenge code_challenge_method code_verifier login_hint max_age request \
                 request_uri return_to[] Return_To next";
    for name in names.split_whitespace() {
        let page = browser
            .get(&format!("/login?{name}=/evil&{name}=/evil"))
            .await;
        let asked = asked(&page);
        assert!(asked.keys().eq(plain.keys()), "{name}");
        assert!(asked.values().all(|value| value != "/evil"), "{name}");
        for fixed in ["client_id", "redirect_uri", "response_type", "scope"] {
            assert_eq!(asked[fixed], plain[fixed], "{name}");
        }
        assert_eq!(end_of(&page, &browser, &didit).await, "/", "{name}");
    }
    // The control.
    let page = browser.get("/login?state=s&return_to=/x&nonce=n").await;
    assert_eq!(end_of(&page, &browser, &didit).await, "/x");
}
