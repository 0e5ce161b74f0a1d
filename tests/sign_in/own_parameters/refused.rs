//! Sign-ins that cannot start.

use http::Method;
use tower_didit::store::MemoryStore;

use super::*;

type Configure = fn(&FakeDidit) -> ConfigBuilder;

/// Asserts that a sign-in is refused with this text.
async fn assert_refused(config: ConfigBuilder, sign_in: SignIn, text: &str) {
    let browser = site(config, [("/own", sign_in)]);
    let page = browser.get("/own").await;
    assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR, "{text}");
    assert_eq!(page.text(), "invalid-sign-in", "{text}");
    let text = format!("a parameter of the sign-in cannot be sent: {text}");
    assert_eq!(page.header("x-error"), Some(&*text));
    assert!(browser.cookies().is_empty(), "{text}");
    // The layer works on.
    let login = browser.get("/login").await;
    assert_eq!(login.status(), StatusCode::SEE_OTHER, "{text}");
}

// Behaviour 121.
#[tokio::test]
async fn parameters_of_the_layer_and_dangerous_ones_are_refused() {
    let why = "is set by the layer, has a setter of its own, or is not allowed";
    for name in [
        "response_type",
        "client_id",
        "redirect_uri",
        "state",
        "code_challenge",
        "code_challenge_method",
        "scope",
        "nonce",
        "prompt",
        "max_age",
        "login_hint",
        "ui_locales",
        "acr_values",
        "response_mode",
        "request",
        "request_uri",
        "claims",
        "id_token_hint",
        "Request_URI",
    ] {
        let sign_in = SignIn::new().add_parameter(name, "x");
        let text = format!("the parameter {name:?} {why}");
        assert_refused(config(&didit()), sign_in, &text).await;
    }
}

// Behaviour 121.
#[tokio::test]
async fn wrong_parameters_are_named() {
    for (sign_in, text) in [
        (
            SignIn::new().with_prompt("none login"),
            r#"the prompt "none login" has `none` beside something else"#,
        ),
        (
            SignIn::new().with_prompt(""),
            r#"the prompt "" is not a list of words with a space in between"#,
        ),
        (
            SignIn::new().with_ui_locales(["es en"]),
            r#"the ui_locales "es en" is empty, or has white space"#,
        ),
        (
            SignIn::new().with_acr_values([""]),
            r#"the acr_values "" is empty, or has white space"#,
        ),
        (
            SignIn::new().with_acr_values(None::<String>),
            "the list of required acr_values is empty",
        ),
        (
            SignIn::new().with_scopes(["openid", "e mail"]),
            r#"the scope "e mail" is not visible ASCII without space, quote and backslash"#,
        ),
        (
            SignIn::new().with_scopes(["email"]),
            r#"the list of scopes "email" lacks `openid`"#,
        ),
        (
            SignIn::new().with_scopes(None::<String>),
            r#"the list of scopes "" lacks `openid`"#,
        ),
        (
            SignIn::new().add_parameter("", "x"),
            r#"the parameter "" must have letters, digits, `-`, `.` and `_` only"#,
        ),
        (
            SignIn::new().add_parameter("state&x", "x"),
            r#"the parameter "state&x" must have letters, digits, `-`, `.` and `_` only"#,
        ),
        (
            SignIn::new()
                .add_parameter("a", "x")
                .add_parameter("a", "y"),
            r#"the parameter "a" is added twice"#,
        ),
        (
            SignIn::new().with_login_hint("é".repeat(86)),
            "the parameters of the sign-in take more than 512 bytes in the provider's address",
        ),
        (
            SignIn::new().with_scopes(["openid", &"s".repeat(250)]),
            "the parameters of the sign-in take more than 256 bytes in the flow cookie",
        ),
        (
            SignIn::new().add_parameter("vendor_data", "x".repeat(500)),
            "the parameters of the sign-in take more than 512 bytes in the provider's address",
        ),
    ] {
        assert_refused(config(&didit()), sign_in, text).await;
    }
}

// Behaviours 120 and 121.
#[tokio::test]
async fn parameters_that_do_not_fit_the_configuration_are_named() {
    let no_claim = |name: &str, claim: &str, setter: &str| {
        format!(
            "the {name} cannot be verified: the provider is not declared to return `{claim}`; declare it with \
             `Provider::{setter}` if its ID tokens have that claim"
        )
    };
    let no_auth_time = no_claim("max_age", "auth_time", "with_auth_time");
    let no_acr = no_claim("acr_values", "acr", "with_acr");
    let undeclared: Configure = |didit| didit.config(CALLBACK);
    let fresh = || SignIn::new().with_max_age(Duration::ZERO);
    let gold = || SignIn::new().with_acr_values(["gold"]);
    let cases: [(Configure, SignIn, &str); 7] = [
        (undeclared, fresh(), &no_auth_time),
        (undeclared, gold(), &no_acr),
        (
            |didit| {
                didit
                    .config(CALLBACK)
                    .with_provider(Provider::didit().with_acr())
            },
            fresh(),
            &no_auth_time,
        ),
        (
            |didit| {
                let provider = Provider::didit().with_auth_time();
                didit.config(CALLBACK).with_provider(provider)
            },
            gold(),
            &no_acr,
        ),
        (
            |didit| config(didit).require_acr_values(["silver", "bronze"]),
            gold(),
            r#"the list of acr_values "gold" has none of the values that `require_acr_values` accepts"#,
        ),
        (
            |didit| {
                let url = "https://auth.didit.me/?tenant=1";
                config(didit).with_provider(declared().with_authorization_endpoint(url))
            },
            SignIn::new().add_parameter("tenant", "2"),
            r#"the parameter "tenant" is already in the address of the authorization endpoint"#,
        ),
        (
            |didit| config(didit).with_provider(declared().with_single_use_refresh_tokens()),
            SignIn::new().with_scopes(["openid", "offline"]),
            "the provider's refresh tokens are single-use, so a session in cookies cannot keep one: use \
             `with_session_store` with a `MemoryStore` (one process) or a `RedisStore` (several), or leave the scope \
             `offline_access` or `offline` out",
        ),
    ];
    for (configure, sign_in, text) in cases {
        assert_refused(configure(&didit()), sign_in, text).await;
    }
}

// Behaviour 121. In a store a session may have a single-use refresh token.
#[tokio::test]
async fn a_sign_in_with_a_store_may_ask_for_a_single_use_refresh_token() {
    let provider = declared().with_single_use_refresh_tokens();
    let configured = config(&didit())
        .with_provider(provider)
        .with_session_store(MemoryStore::new());
    let sign_in = SignIn::new().with_scopes(["openid", "offline"]);
    let browser = site(configured, [("/own", sign_in)]);
    let started = browser.get("/own").await;
    assert_eq!(parameter(started.location(), "scope"), "openid offline");
}

// Behaviour 121.
#[tokio::test]
async fn a_script_meets_a_wrong_parameter_too() {
    let sign_in = SignIn::new().add_parameter("state", "x");
    let browser = site(config(&didit()), [("/own", sign_in)]);
    let script = browser.fetch(Method::GET, "/own").await;
    assert_eq!(script.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(script.json()["code"], "invalid-sign-in");
    assert!(!script.text().contains("state"), "{}", script.text());
}

// RFC 9470 §3; behaviours 93 and 120.
#[tokio::test]
async fn a_script_is_told_what_a_sign_in_requires() {
    let values = ["gold", r#"a"b\c"#];
    let step_up = SignIn::new().with_max_age(Duration::from_secs(90));
    let pages = [
        ("/plain", SignIn::new().with_prompt("login")),
        ("/fresh", step_up.clone()),
        ("/strong", step_up.with_acr_values(values)),
    ];
    let browser = site(config(&didit()), pages);
    let plain = r#"Didit realm="sign-in""#;
    let required = r#", error="insufficient_user_authentication", error_description="a more recent or stronger authentication is required""#;
    for (page, code, challenge) in [
        ("/plain", "not-signed-in", plain.to_owned()),
        (
            "/fresh",
            "step-up-required",
            format!(r#"{plain}{required}, max_age="90""#),
        ),
        (
            "/strong",
            "step-up-required",
            format!(r#"{plain}{required}, acr_values="gold a\"b\\c", max_age="90""#),
        ),
    ] {
        let script = browser.fetch(Method::GET, page).await;
        assert_eq!(script.status(), StatusCode::UNAUTHORIZED, "{page}");
        assert_eq!(script.json()["code"], code, "{page}");
        assert_eq!(script.header("www-authenticate"), Some(&*challenge));
        assert!(browser.cookies().is_empty());
    }
}
