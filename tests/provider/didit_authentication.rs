//! Didit Authentication: a public client, JSON token requests, no nonce.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::{Map, Value};
use tower_didit::{
    ConfigBuilder, ConfigError, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
};

use crate::support::{
    faults::with_claim,
    identity::{ALEJANDRA, attempt, visit},
    query::parameters,
    sign_in::approved,
    site::{CALLBACK, NOBODY},
};

const CLIENT_ID: &str = "7d3c1a52-0f64-4be1-8b02-5d9f43aa0002";
const ISSUER: &str = "https://app.auth.didit.me";

fn config(didit: &FakeDidit) -> ConfigBuilder {
    didit.config(CALLBACK).with_cookie_keys([[7; 32]])
}

fn visitor(configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> (FakeDidit, Browser) {
    let didit = FakeDidit::authentication(CLIENT_ID);
    let browser = visit(configure(config(&didit)));
    (didit, browser)
}

async fn asked(browser: &Browser) -> BTreeMap<String, String> {
    let login = browser.new_browser().get("/login").await;
    assert!(login.location().starts_with(&format!("{ISSUER}/sign-in?")));
    parameters(login.location())
}

// OpenID Connect Core §3.1.2.1, RFC 6749 §2.3, RFC 9700 §4.5.3; behaviours 1, 32 and 55.
#[tokio::test]
async fn a_sign_in_sends_only_documented_parameters() {
    let (didit, browser) = visitor(|config| config);
    let names: BTreeSet<_> = asked(&browser).await.into_keys().collect();
    assert_eq!(
        names.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "redirect_uri",
            "response_type",
            "state"
        ]
    );

    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    let request = didit.last(Endpoint::Token).expect("it was asked");
    assert_eq!(request.uri().to_string(), format!("{ISSUER}/token/"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("authorization"), None);
    let body = request.json().expect("JSON");
    let members: Vec<_> = body.as_object().expect("an object").keys().collect();
    assert_eq!(
        members,
        [
            "client_id",
            "code",
            "code_verifier",
            "grant_type",
            "redirect_uri"
        ]
    );
    assert_eq!(body["grant_type"], "authorization_code");
    assert_eq!(body["redirect_uri"], CALLBACK);
    assert_eq!(body["client_id"], CLIENT_ID);
}

#[tokio::test]
async fn only_configured_scopes_are_requested_and_openid_is_optional() {
    let (_, browser) = visitor(|config| config.with_scopes(["email", "phone"]));
    assert_eq!(asked(&browser).await["scope"], "email phone");
    let (didit, browser) = visitor(|config| config.with_scopes(["email"]));
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    let (didit, browser) = visitor(|config| config.with_scopes(Vec::<String>::new()));
    assert!(!asked(&browser).await.contains_key("scope"));
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
}

// RFC 9700 §4.14.2; behaviour 87.
#[tokio::test]
async fn a_single_use_refresh_token_is_in_no_cookie() {
    let didit = FakeDidit::authentication(CLIENT_ID);
    let offline = config(&didit).with_scopes(["offline_access"]);
    let offline = offline.with_sessions_in_cookies().build();
    assert!(matches!(offline, Err(ConfigError::SingleUseRefreshTokens)));
    let secret = config(&didit).with_client_secret("secret").build();
    assert!(matches!(secret, Err(ConfigError::UnwantedClientSecret)));
}

#[tokio::test]
async fn the_issuer_is_read_from_the_publishable_key() {
    let didit = FakeDidit::authentication(CLIENT_ID);
    let issuer = BASE64_URL_SAFE_NO_PAD.encode(ISSUER);
    for key in [format!("pk_live_{issuer}"), format!("pk_test_{issuer}")] {
        let provider = Provider::from_publishable_key(key);
        let browser = visit(config(&didit).with_provider(provider));
        assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    }
    let provider = Provider::from_publishable_key("pk_live_");
    let broken = config(&didit).with_provider(provider).build();
    assert!(matches!(broken, Err(ConfigError::NoIssuer)));
}

// OpenID Connect Core §3.1.3.7 step 2; behaviour 43.
#[tokio::test]
async fn during_the_switch_to_a_custom_domain_both_issuers_are_accepted() {
    let of_old = with_claim("iss", "https://old.auth.didit.me");
    for (provider, outcome) in [
        (Provider::authentication(ISSUER), "invalid-issuer"),
        (
            Provider::authentication(ISSUER).add_issuer("https://old.auth.didit.me"),
            ALEJANDRA,
        ),
    ] {
        let (didit, browser) = visitor(|config| config.with_provider(provider));
        assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
        didit.on_next(Endpoint::Token, of_old.clone());
        assert_eq!(attempt(&browser, &didit).await, outcome);
    }
}

// RFC 8725 §3.11; behaviour 58.
#[tokio::test]
async fn an_access_token_signed_with_the_same_key_is_no_id_token() {
    let (didit, browser) = visitor(|config| config);
    let swapped = Fault::edit(|answer: &mut Map<String, Value>| {
        let access_token = answer["access_token"].clone();
        answer.insert("id_token".to_owned(), access_token);
    });
    didit.on_next(Endpoint::Token, swapped);
    assert_eq!(attempt(&browser, &didit).await, "wrong-token-type");
}

// RFC 6749 §5.2; behaviours 33 and 34.
#[tokio::test]
async fn error_codes_of_didit_authentication_have_kinds() {
    let (didit, browser) = visitor(|config| config);
    for (code, status, outcome) in [
        ("unknown_field", 400, "provider-refused"),
        ("invalid_client", 401, "invalid-client"),
        ("invalid_grant", 400, "invalid-grant"),
        ("invalid_redirect_uri", 400, "provider-refused"),
    ] {
        didit.on_next(Endpoint::Token, Fault::error(code).with_status(status));
        assert_eq!(attempt(&browser, &didit).await, outcome, "{code}");
    }
    // The product is switched off between sign-in page and callback.
    let back = approved("/login", &browser, &didit).await;
    didit.switch_off();
    assert_eq!(browser.get(&back).await.text(), "invalid-response");
    assert_eq!(browser.get("/").await.text(), NOBODY);
    didit.switch_on();
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
}

#[tokio::test]
async fn a_user_signs_in_through_the_pages() {
    let didit = FakeDidit::authentication(CLIENT_ID);
    let browser = visit(config(&didit)).add_didit(&didit);
    let page = browser.visit("/login").await;
    assert_eq!(page.status(), StatusCode::OK, "{}", page.text());
    assert!(page.url().starts_with(ISSUER));
    let home = browser.click(&page, "approve-john").await;
    assert_eq!(home.text(), Person::john().subject());
    let page = browser.new_browser().visit("/login").await;
    let refused = browser.new_browser().click(&page, "decline").await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}
