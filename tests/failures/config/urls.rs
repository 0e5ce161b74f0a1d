//! URLs and paths of a configuration.

use tower_didit::{ConfigBuilder, Provider};

use super::{assert_refused, good, redirect_uri};

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

// RFC 6749 §3.2; behaviours 41 and 95.
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
            ("https://app.example/callback\n", "has invalid characters"),
            ("https://app.example/a\\b", "has invalid characters"),
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

// Behaviour 95. Whatever else is wrong with the URL.
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

// Behaviours 95 and 108.
#[test]
fn the_host_of_a_request_selects_one_redirect_uri() {
    let first = "https://app.example/callback";
    for (uri, why) in [
        (first, SAME_HOST),
        ("https://app.example/other", SAME_HOST),
        ("https://APP.example:443/callback", SAME_HOST),
        ("/callback", "is not an absolute URL"),
        (
            "http://app.example/callback",
            "must be https, or http on loopback",
        ),
    ] {
        let config = redirect_uri(first).add_redirect_uri(uri);
        assert_refused(config, &format!("the redirect URI {uri:?} {why}"));
    }
    // `Host: localhost` may be either.
    let plain = redirect_uri("https://localhost/callback");
    let uri = "http://localhost/callback";
    assert_refused(
        plain.add_redirect_uri(uri),
        &format!("the redirect URI {uri:?} {SAME_HOST}"),
    );
    let config = redirect_uri(first)
        .add_redirect_uri("https://app.example:8443/callback")
        .add_redirect_uri("https://other.example/sign-in/callback")
        .add_redirect_uri("http://localhost:3000/callback")
        .add_redirect_uri("https://localhost:3443/callback");
    assert!(config.build().is_ok());
    // Of each origin.
    assert_refused(
        redirect_uri(first)
            .add_redirect_uri("https://other.example/back")
            .with_login_path("/back"),
        r#"the login path "/back" is already the callback, login or logout path"#,
    );
    assert_refused(
        good().add_post_logout_redirect_uri("/goodbye"),
        r#"the post-logout redirect URI "/goodbye" is not an absolute URL"#,
    );
}

// Behaviour 95.
#[test]
fn paths_are_of_this_site_and_differ() {
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
            good().with_login_path("/login#x"),
            format!(r#"the login path "/login#x" {no_path}"#),
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

const SAME_HOST: &str =
    "has the host of another redirect URI; the host of a request has to select one of them";
