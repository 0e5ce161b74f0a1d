//! What `build` makes of a configuration: all that is wrong is said before the first request.

use std::time::Duration;

use axum::{Router, routing::get};
use http::StatusCode;
use tower_didit::{
    Config, ConfigBuilder, ConfigError, DiditAuth, DiditTokens, Provider, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, Person},
    protocol::ClientAuthentication,
};
use url::Url;

const CALLBACK: &str = "https://app.example/callback";

fn good() -> ConfigBuilder {
    Config::builder("client-id", CALLBACK).with_client_secret("client-secret")
}

fn redirect_uri(uri: &str) -> ConfigBuilder {
    Config::builder("client-id", uri).with_client_secret("client-secret")
}

fn public() -> ConfigBuilder {
    Config::builder("client-id", CALLBACK)
}

fn authorization_endpoint(url: &str) -> ConfigBuilder {
    good().with_provider(Provider::didit().with_authorization_endpoint(url))
}

fn token_endpoint(url: &str) -> ConfigBuilder {
    good().with_provider(Provider::didit().with_token_endpoint(url))
}

fn jwks_uri(url: &str) -> ConfigBuilder {
    good().with_provider(Provider::didit().with_jwks_uri(url))
}

fn user_info_endpoint(url: &str) -> ConfigBuilder {
    good().with_provider(Provider::didit().with_user_info_endpoint(url))
}

fn issuer(url: &str) -> ConfigBuilder {
    good().with_provider(Provider::discovered(url))
}

/// Of Didit Authentication: its clients have keys of their own, and no secret.
fn authentication() -> ConfigBuilder {
    public()
        .with_provider(Provider::authentication("https://acme.auth.didit.me"))
        .with_cookie_keys([[7; 32]])
}

/// What `build` says, in the exact words.
#[track_caller]
fn assert_refused(config: ConfigBuilder, words: &str) {
    match config.build() {
        Ok(_) => panic!("not refused: {words}"),
        Err(error) => assert_eq!(error.to_string(), words),
    }
}

// Behaviour 95: a wrong configuration fails when it is built.
#[test]
fn what_is_missing_is_named_with_where_to_find_it() {
    for id in ["", " \t"] {
        assert_refused(
            Config::builder(id, CALLBACK).with_client_secret("s"),
            "the client id is empty; it is in Didit's console (`DIDIT_CLIENT_ID`)",
        );
    }
    for secret in ["", " \n"] {
        assert_refused(
            good().with_client_secret(secret),
            "the client secret is empty; it is in Didit's console (`DIDIT_CLIENT_SECRET`); a \
             public client sets none",
        );
    }
    assert_refused(
        good().with_client_secret("s3cret\n"),
        "the client secret starts or ends with white space; a file may have added a new line",
    );
    assert_refused(
        Config::builder(" id", CALLBACK).with_client_secret("s"),
        "the client id starts or ends with white space; a file may have added a new line",
    );
    assert_refused(good().with_cookie_keys(Vec::<Vec<u8>>::new()), NO_KEYS);
    assert_refused(
        redirect_uri(""),
        "the redirect URI is empty; it is one that is registered at Didit (`DIDIT_REDIRECT_URI`)",
    );
    assert_refused(public(), NO_KEYS);
    assert_refused(
        good().with_provider(Provider::didit().with_issuers([""; 0])),
        NO_ISSUER,
    );
    let nameless = [
        Provider::authentication(""),
        Provider::from_publishable_key("pk_live_"),
        Provider::discovered(""),
        Provider::didit().add_issuer(""),
    ];
    for provider in nameless {
        assert_refused(good().with_provider(provider), NO_ISSUER);
    }
    assert_eq!(
        ConfigError::NoTransport.to_string(),
        "there is no HTTP transport: switch the feature `reqwest` on, or give one to \
         `with_transport`"
    );
}

// Behaviours 41 and 95.
#[test]
fn a_url_is_absolute_https_and_bare() {
    type Place = (&'static str, fn(&str) -> ConfigBuilder);
    let places: [Place; 6] = [
        ("redirect URI", redirect_uri),
        ("token endpoint", token_endpoint),
        ("authorization endpoint", authorization_endpoint),
        ("JWKS URI", jwks_uri),
        ("user information endpoint", user_info_endpoint),
        ("issuer", issuer),
    ];
    for (name, config) in places {
        for (url, why) in [
            ("/callback", "is not an absolute URL"),
            ("app.example/callback", "is not an absolute URL"),
            ("https://", "is not an absolute URL"),
            (
                "http://app.example/callback",
                "must be https, or http on loopback",
            ),
            (
                "http://localhost.evil.example/",
                "must be https, or http on loopback",
            ),
            ("http://10.0.0.1/", "must be https, or http on loopback"),
            ("ftp://app.example/", "must be https, or http on loopback"),
            ("javascript:alert(1)", "is not an absolute URL"),
            (" https://app.example/callback", "is not an absolute URL"),
            ("https:app.example/callback", "is not an absolute URL"),
            (
                "https://app.example/callback\n",
                "has characters that no URL has",
            ),
            ("https://app.example/a\\b", "has characters that no URL has"),
            ("https://app.example/callback#", "must not have a fragment"),
            ("https://app.example/callback#x", "must not have a fragment"),
        ] {
            assert_refused(config(url), &format!("the {name} {url:?} {why}"));
        }
        for url in [
            "https://app.example/callback",
            "https://app.example:8443/callback/",
            "http://localhost:3000/callback",
            "http://app.localhost/callback",
            "http://127.0.0.1:3000/callback",
            "http://[::1]:3000/callback",
        ] {
            assert!(config(url).build().is_ok(), "{name} {url}");
        }
        let with_query = "https://app.example/callback/?tenant=1";
        if name == "issuer" {
            let words = format!("the issuer {with_query:?} must not have a query");
            assert_refused(config(with_query), &words);
        } else {
            assert!(config(with_query).build().is_ok(), "{name}");
        }
    }
}

// Behaviour 95: whatever else is wrong with the URL, its password is not repeated.
#[test]
fn a_password_in_a_url_is_not_repeated() {
    for config in [
        redirect_uri,
        authorization_endpoint,
        token_endpoint,
        jwks_uri,
        user_info_endpoint,
        issuer,
    ] {
        for url in [
            "https://me:hunter2@app.example/",
            "https://hunter2@app.example/",
            "http://me:hunter2@app.example/",
            "https://me:hunter2@app.example/#fragment",
        ] {
            let error = config(url).build().unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains("[redacted]"), "{shown}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}

// Behaviour 95.
#[test]
fn the_scopes_are_scopes_and_openid_is_among_them() {
    for (scopes, words) in [
        (
            &["email", "offline"][..],
            r#"the scopes "email offline" lack `openid` (scopes have spaces in between)"#,
        ),
        (
            &["OpenID"],
            r#"the scopes "OpenID" lack `openid` (scopes have spaces in between)"#,
        ),
        (
            &[],
            r#"the scopes "" lack `openid` (scopes have spaces in between)"#,
        ),
        (&["openid", ""], &not_a_scope("")),
        (&["openid email"], &not_a_scope("openid email")),
        (&["openid", "caf\u{e9}"], &not_a_scope("caf\u{e9}")),
        (&["openid", "a\"b"], &not_a_scope("a\"b")),
        (&["openid", "a\\b"], &not_a_scope("a\\b")),
        (&["openid", "a\nb"], &not_a_scope("a\nb")),
    ] {
        assert_refused(good().with_scopes(scopes.iter().copied()), words);
    }
    assert!(
        good()
            .with_scopes(["email", "openid", "urn:x:y"])
            .build()
            .is_ok()
    );
}

// Behaviour 95: Didit Authentication gives an ID token whatever was asked for.
#[tokio::test]
async fn didit_authentication_needs_no_scope_openid() {
    for (config, sent) in [
        (authentication(), None),
        (authentication().with_scopes([""; 0]), None),
        (
            authentication().with_scopes(["profile", "email"]),
            Some("profile email"),
        ),
        (authentication().with_scopes(["openid"]), Some("openid")),
    ] {
        let app = Router::new().layer(DiditAuth::new(config.build().unwrap()));
        let page = Browser::new("https://app.example", app).get("/login").await;
        let to = Url::parse(page.location()).unwrap();
        let scope = to.query_pairs().find(|(name, _)| name == "scope");
        assert_eq!(scope.as_ref().map(|(_, scope)| &**scope), sent);
    }
    assert_refused(
        authentication().with_scopes(["openid email"]),
        &not_a_scope("openid email"),
    );
}

// Behaviour 87: a cookie of before would bring a spent one back.
#[test]
fn a_refresh_token_that_works_once_is_not_kept_in_cookies() {
    for scopes in [&["openid", "offline_access"][..], &["offline_access"]] {
        assert_refused(
            authentication()
                .with_scopes(scopes.iter().copied())
                .with_sessions_in_cookies(),
            "the provider's refresh tokens work once, so a session in cookies cannot keep one: \
             use `with_session_store` with a `MemoryStore` (one process) or a `RedisStore` \
             (several; `DIDIT_REDIS_URL`), or leave the scope `offline_access` or `offline` out",
        );
        let by_default = authentication().with_scopes(scopes.iter().copied());
        assert!(by_default.build().is_ok(), "in memory");
    }
    let reusable = good().with_scopes(["openid", "offline_access"]);
    assert!(reusable.build().is_ok());
}

// Behaviour 95.
#[test]
fn a_secret_that_no_client_of_the_provider_has_is_refused() {
    let public = Provider::didit().with_client_authentication(ClientAuthentication::None);
    for config in [
        authentication(),
        authentication().with_provider(public.clone()),
    ] {
        assert_refused(
            config.with_client_secret("client-secret"),
            "this provider's clients have no secret: leave the client secret \
             (`DIDIT_CLIENT_SECRET`) out, and give 32 random bytes to `with_cookie_keys` \
             (`DIDIT_COOKIE_KEYS`) instead",
        );
    }
    assert!(authentication().build().is_ok());
    assert!(authentication().with_provider(public).build().is_ok());
}

fn not_a_scope(scope: &str) -> String {
    format!("{scope:?} is not a scope: a scope is visible ASCII without space, quote and backslash")
}

// Behaviour 95.
#[test]
fn cookie_keys_are_long_enough() {
    for (lengths, position, length) in
        [(&[31][..], 1, 31), (&[32, 0], 2, 0), (&[64, 32, 16], 3, 16)]
    {
        let keys = lengths.iter().map(|length| vec![7; *length]);
        let words = format!(
            "cookie key {position} has {length} bytes, and at least 32 random ones are needed"
        );
        assert_refused(good().with_cookie_keys(keys), &words);
    }
    assert!(public().with_cookie_keys([[7; 32]]).build().is_ok());
}

#[test]
fn paths_are_of_this_site_and_mean_one_thing_each() {
    let no_path = "is not a path of this site";
    let taken = "is already the callback, login or logout path";
    let own = "is the callback, login or logout path";
    for (config, words) in [
        (
            good().with_login_path("login"),
            format!(r#"the login path "login" {no_path}"#),
        ),
        (
            good().with_login_path(""),
            format!(r#"the login path "" {no_path}"#),
        ),
        (
            good().with_login_path("//evil"),
            format!(r#"the login path "//evil" {no_path}"#),
        ),
        (
            good().with_login_path("/login?x"),
            format!(r#"the login path "/login?x" {no_path}"#),
        ),
        (
            good().with_login_path("/callback"),
            format!(r#"the login path "/callback" {taken}"#),
        ),
        (
            good().with_logout_path("https://x/"),
            format!(r#"the logout path "https://x/" {no_path}"#),
        ),
        (
            good().with_logout_path("/login"),
            format!(r#"the logout path "/login" {taken}"#),
        ),
        (
            good().with_logout_path("/callback"),
            format!(r#"the logout path "/callback" {taken}"#),
        ),
        (
            redirect_uri("https://app.example/login"),
            format!(r#"the login path "/login" {taken}"#),
        ),
        (
            good().with_landing_page("/a b"),
            format!(r#"the landing page "/a b" {no_path}"#),
        ),
        (
            good().with_landing_page("https://x/"),
            format!(r#"the landing page "https://x/" {no_path}"#),
        ),
        (
            good().with_landing_page("/login?x"),
            format!(r#"the landing page "/login?x" {own}"#),
        ),
        (
            good().with_landing_page("/callback"),
            format!(r#"the landing page "/callback" {own}"#),
        ),
        (
            good().with_landing_page("/callback"),
            format!(r#"the landing page "/callback" {own}"#),
        ),
        (
            redirect_uri("https://app.example"),
            r#"the redirect URI "https://app.example" needs a path of its own, such as /callback"#
                .to_owned(),
        ),
    ] {
        assert_refused(config, &words);
    }
    let switched_off = good().without_login_path().with_logout_path("/login");
    assert!(switched_off.build().is_ok());
    assert!(
        good()
            .without_logout_path()
            .with_landing_page("/logout")
            .build()
            .is_ok()
    );
}

// Behaviour 95: bounds at start-up.
#[test]
fn durations_and_sizes_have_a_range() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    type Setter = fn(ConfigBuilder, Duration) -> ConfigBuilder;
    let timeout = (
        "between 1 millisecond and 5 minutes",
        Duration::from_millis(1),
        Duration::from_secs(300),
    );
    let life = (
        "between 1 second and 400 days",
        Duration::from_secs(1),
        400 * DAY,
    );
    let settings: [(&str, Setter, _); 4] = [
        ("HTTP time-out", ConfigBuilder::with_http_timeout, timeout),
        (
            "connect time-out",
            ConfigBuilder::with_connect_timeout,
            timeout,
        ),
        (
            "session's idle limit",
            ConfigBuilder::with_session_idle,
            life,
        ),
        (
            "session's absolute limit",
            ConfigBuilder::with_session_absolute,
            life,
        ),
    ];
    for (name, set, (range, least, most)) in settings {
        let nanosecond = Duration::from_nanos(1);
        for bad in [
            Duration::ZERO,
            least.saturating_sub(nanosecond),
            most + nanosecond,
            Duration::MAX,
        ] {
            assert_refused(set(good(), bad), &format!("the {name} must be {range}"));
        }
        assert!(
            set(good(), least).build().is_ok() && set(good(), most).build().is_ok(),
            "{name}"
        );
    }
    let most_skew = Duration::from_secs(300);
    for bad in [most_skew + Duration::from_nanos(1), Duration::MAX] {
        assert_refused(
            good().with_clock_skew(bad),
            "the clock skew must be at most 5 minutes",
        );
    }
    for skew in [Duration::ZERO, most_skew] {
        assert!(good().with_clock_skew(skew).build().is_ok());
    }
    for bad in [0, 1023, 40_961, usize::MAX] {
        assert_refused(
            good().with_session_cookie_limit(bad),
            "the session cookie limit must be between 1,024 and 40,960 bytes",
        );
    }
    for limit in [1024, 40_960] {
        assert!(good().with_session_cookie_limit(limit).build().is_ok());
    }
}

#[test]
fn the_first_thing_that_is_wrong_is_reported() {
    let all_wrong = Config::builder("", "")
        .with_client_secret("")
        .with_scopes(["email"]);
    assert!(matches!(all_wrong.build(), Err(ConfigError::EmptyClientId)));
}

#[tokio::test]
async fn two_facts_and_a_secret_are_enough() {
    let didit = FakeDidit::new("client-id", "client-secret").with_redirect_uri(CALLBACK);
    // With the default transport it builds, and sends nothing.
    DiditAuth::new(good().build().unwrap());

    let config = good()
        .with_transport(didit.clone())
        .with_clock(didit.clock());
    let app = Router::new()
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async move { back }),
        )
        .layer(DiditAuth::new(config.build().unwrap()));
    let browser = Browser::new("https://app.example", app);
    let page = browser.get("/login").await;
    let to = page.location();
    assert!(to.starts_with("https://auth.didit.me/?response_type=code&client_id=client-id&"));
    assert!(to.contains("&scope=openid&"), "{to}");

    let back = didit.approve(to, Person::John);
    let page = browser.get(&back).await;
    assert_eq!(
        (page.status(), page.location()),
        (StatusCode::SEE_OTHER, "/")
    );
    let token_request = didit.last(Endpoint::Token).unwrap();
    assert_eq!(token_request.uri(), "https://apx.didit.me/auth/v2/token");
    let page = browser.post_form("/logout", &[]).await;
    assert_eq!(
        (page.status(), page.location()),
        (StatusCode::SEE_OTHER, "/")
    );
}

const NO_KEYS: &str = "there are no cookie keys: set the client secret (`DIDIT_CLIENT_SECRET`), from \
                       which they are derived, or give 32 random bytes to `with_cookie_keys` \
                       (`DIDIT_COOKIE_KEYS`), the same to every instance";
const NO_ISSUER: &str = "the provider has no issuer: give at least one to \
                         `Provider::with_issuers` (`DIDIT_ISSUER`), or the whole publishable key \
                         (`DIDIT_PUBLISHABLE_KEY`)";
