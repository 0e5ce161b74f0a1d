//! Scopes, and secrets that the provider's clients do not have.

use axum::Router;
use tower_didit::{ConfigBuilder, Provider, fake::Browser, protocol::ClientAuthentication};

use super::{assert_refused, good, public};
use crate::support::{
    query::parameters,
    site::{HOME, auth},
};

/// A client of Didit Authentication, which has no secret and needs cookie keys.
fn authentication() -> ConfigBuilder {
    public()
        .with_provider(Provider::authentication("https://acme.auth.didit.me"))
        .with_cookie_keys([[7; 32]])
}

fn not_a_scope(scope: &str) -> String {
    format!("the scope {scope:?} is not visible ASCII without space, quote and backslash")
}

// Behaviour 95.
#[test]
fn the_scopes_are_scopes_and_openid_is_among_them() {
    for (scopes, words) in [
        (
            &["email", "offline"][..],
            r#"the list of scopes "email offline" lacks `openid`"#,
        ),
        (&["OpenID"], r#"the list of scopes "OpenID" lacks `openid`"#),
        (&[], r#"the list of scopes "" lacks `openid`"#),
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

// Behaviour 95. Didit Authentication issues an ID token whatever the scopes are.
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
        let app = Router::new().layer(auth(config));
        let page = Browser::new(HOME, app).get("/login").await;
        let asked = parameters(page.location());
        assert_eq!(asked.get("scope").map(String::as_str), sent);
    }
    assert_refused(
        authentication().with_scopes(["openid email"]),
        &not_a_scope("openid email"),
    );
}

// RFC 9700 §4.14.2; behaviour 87. An old cookie would bring a spent token back.
#[test]
fn a_refresh_token_that_works_once_is_not_kept_in_cookies() {
    for scopes in [&["openid", "offline_access"][..], &["offline_access"]] {
        assert_refused(
            authentication()
                .with_scopes(scopes.iter().copied())
                .with_sessions_in_cookies(),
            "the provider's refresh tokens are single-use, so a session in cookies cannot keep one: \
             use `with_session_store` with a `MemoryStore` (one process) or a `RedisStore` \
             (several), or leave the scope `offline_access` or `offline` out",
        );
        let by_default = authentication().with_scopes(scopes.iter().copied());
        assert!(by_default.build().is_ok(), "in memory");
    }
    let reusable = good().with_scopes(["openid", "offline_access"]);
    assert!(reusable.build().is_ok());
}

// Behaviour 95.
#[test]
fn a_secret_for_public_clients_is_refused() {
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

// Behaviour 119.
#[test]
fn user_information_at_the_sign_in_needs_an_endpoint_and_a_scope() {
    let words = |scopes: &str| {
        format!(
            "the list of scopes {scopes:?} yields no user information, which \
             `with_user_info_at_sign_in` asks for: add a scope such as `email` or `names` to \
             `with_scopes`"
        )
    };
    let keeping = |config: ConfigBuilder| config.with_user_info_at_sign_in();
    assert_refused(keeping(good()), &words("openid"));
    let refresh_tokens = ["openid", "offline", "offline_access"];
    assert_refused(
        keeping(good().with_scopes(refresh_tokens)),
        &words("openid offline offline_access"),
    );
    let discovered = Provider::discovered("https://op.example");
    let discovered = || good().with_provider(discovered.clone());
    assert_refused(keeping(discovered()), &words("openid"));
    let none = "the provider has no user information, which `with_user_info_at_sign_in` asks for: the \
                claims of Didit Authentication are in its ID token";
    assert_refused(keeping(authentication().with_scopes(["email"])), none);

    let endpoint = "https://acme.auth.didit.me/user";
    let provider = Provider::authentication("https://acme.auth.didit.me");
    let with_endpoint = provider.with_user_info_endpoint(endpoint);
    for config in [
        good().with_scopes(["openid", "is_over_18"]),
        discovered().with_scopes(["openid", "profile"]),
        authentication()
            .with_provider(with_endpoint)
            .with_scopes(["email"]),
    ] {
        assert!(keeping(config).build().is_ok());
    }
}
