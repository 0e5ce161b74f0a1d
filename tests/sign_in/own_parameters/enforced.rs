//! What a sign-in asks for is enforced when the user returns.

use super::*;
use crate::support::{
    cookies::{COMPLETED, copy_cookies},
    faults::with_claim,
};
use tower_didit::fake::Fault;

const REFUSED: &str = "insufficient-authentication";

fn fresh() -> SignIn {
    SignIn::new().with_max_age(Duration::from_secs(300))
}

fn gold() -> SignIn {
    SignIn::new().with_acr_values(["gold", "platinum"])
}

/// An ID token of a user who has authenticated so many seconds ago; `None` for a token that does not say when.
fn authenticated(ago: Option<u64>) -> Fault {
    Fault::edit_id_token(move |_, claims| {
        let now = claims["iat"].as_u64().expect("a time");
        claims.remove("auth_time");
        if let Some(ago) = ago {
            claims.insert("auth_time".to_owned(), (now - ago).into());
        }
    })
}

// OpenID Connect Core §3.1.3.7 steps 12 and 13; behaviours 57 and 120.
#[tokio::test]
async fn an_authentication_that_is_too_old_or_too_weak_is_refused() {
    let alejandra = Person::alejandra();
    for (page, fault, outcome) in [
        ("/fresh", authenticated(Some(360)), alejandra.subject()),
        ("/fresh", authenticated(Some(361)), REFUSED),
        ("/fresh", authenticated(None), REFUSED),
        (
            "/fresh",
            with_claim("auth_time", true),
            "malformed-id-token",
        ),
        ("/gold", with_claim("acr", "platinum"), alejandra.subject()),
        ("/gold", with_claim("acr", "silver"), REFUSED),
        ("/gold", with_claim("acr", "gold platinum"), REFUSED),
        ("/gold", with_claim("acr", 1), REFUSED),
        ("/gold", authenticated(Some(0)), REFUSED),
        // Not asked for.
        ("/plain", authenticated(None), alejandra.subject()),
        ("/login", authenticated(None), alejandra.subject()),
    ] {
        let didit = didit();
        let pages = [
            ("/fresh", fresh()),
            ("/gold", gold()),
            ("/plain", SignIn::new()),
        ];
        let browser = site(config(&didit), pages);
        didit.on_next(Endpoint::Token, fault);
        let started = browser.get(page).await;
        let callback = approve(&started, &browser, &didit).await;
        assert_eq!(callback.text(), outcome, "{page}");
        let is_signed_in = outcome == alejandra.subject();
        let user = if is_signed_in { outcome } else { NOBODY };
        assert_eq!(browser.get("/").await.text(), user, "{page}");
    }
}

// Behaviour 120. Another process, with another configuration, completes the sign-in.
#[tokio::test]
async fn what_was_asked_for_is_enforced_whatever_the_configuration_is_at_the_end() {
    type Configure = fn(ConfigBuilder) -> ConfigBuilder;
    let plain: Configure = |config| config;
    let strict: Configure = |config| {
        let config = config.with_max_age(Duration::from_secs(300));
        config.require_acr_values(["gold"])
    };
    let lax: Configure = |config| {
        let config = config.with_max_age(Duration::from_secs(3600));
        config.require_acr_values(["gold", "silver"])
    };
    let step_up = || fresh().with_acr_values(["gold"]);
    for (before, after, sign_in, is_enforced) in [
        (plain, plain, SignIn::new(), false),
        (lax, plain, step_up(), true),
        (strict, plain, SignIn::new(), true),
        (strict, lax, SignIn::new(), true),
        (plain, strict, SignIn::new(), true),
        (plain, lax, step_up(), true),
        (lax, lax, SignIn::new(), false),
    ] {
        for (acr, ago) in [("silver", 0), ("gold", 400)] {
            let didit = didit();
            let first = site(before(config(&didit)), [("/own", sign_in.clone())]);
            let second = site(after(config(&didit)), []);
            let started = first.get("/own").await;
            copy_cookies(&first, &second);
            let fault = Fault::edit_id_token(move |_, claims| {
                let now = claims["iat"].as_u64().expect("a time");
                claims.insert("auth_time".to_owned(), (now - ago).into());
                claims.insert("acr".to_owned(), acr.into());
            });
            didit.on_next(Endpoint::Token, fault);
            let callback = approve(&started, &second, &didit).await;
            let is_refused = callback.text() == REFUSED;
            assert_eq!(is_refused, is_enforced, "{sign_in:?} {acr} {ago}");
        }
    }
}

// RFC 9700 §4.7; behaviours 3, 120 and 121. Whichever tab comes first.
#[tokio::test]
async fn sign_ins_of_two_tabs_keep_their_own_parameters() {
    let alejandra = Person::alejandra();
    for first in ["/fresh", "/gold", "/email"] {
        let didit = didit();
        let email = SignIn::new().with_scopes(["openid", "email"]);
        let pages = [("/fresh", fresh()), ("/gold", gold()), ("/email", email)];
        let browser = site(config(&didit), pages);
        let mut tabs = Vec::new();
        for page in ["/fresh", "/gold", "/email"] {
            tabs.push((page, browser.get(page).await));
        }
        tabs.sort_by_key(|(page, _)| *page != first);
        for (page, started) in tabs {
            // Old, and of the class gold: it suffices for the two others.
            let fault = Fault::edit_id_token(|_, claims| {
                let now = claims["iat"].as_u64().expect("a time");
                claims.insert("auth_time".to_owned(), (now - 3600).into());
                claims.insert("acr".to_owned(), "gold".into());
            });
            didit.on_next(Endpoint::Token, fault);
            let callback = approve(&started, &browser, &didit).await;
            if page == "/fresh" {
                assert_eq!(callback.text(), REFUSED);
                continue;
            }
            assert_eq!(callback.text(), alejandra.subject(), "{page}");
            let scopes = if page == "/email" {
                "openid email"
            } else {
                "openid"
            };
            assert_eq!(browser.get("/scopes").await.text(), scopes);
        }
    }
}

// Behaviour 120. A handler that sends the user to the provider until it gets the scope, which is never granted.
#[tokio::test]
async fn a_handler_that_is_never_satisfied_causes_no_redirect_loop() {
    let didit = didit();
    let more = SignIn::new().with_scopes(["openid", "phone"]);
    let browser = site(config(&didit), [("/own", more)]);
    let mut rounds = 0;
    let end = loop {
        let started = browser.get("/own").await;
        if started.status() != StatusCode::SEE_OTHER {
            break started;
        }
        approve(&started, &browser, &didit).await;
        rounds += 1;
        assert!(rounds < 100, "it goes in circles");
    };
    assert_eq!(end.text(), REFUSED);
    assert_eq!(rounds, 5);
    // The user stays signed in, and may try again.
    assert_eq!(browser.get("/").await.text(), Person::alejandra().subject());
    // Half a minute later.
    browser.remove_cookie(COMPLETED);
    assert_eq!(browser.get("/own").await.status(), StatusCode::SEE_OTHER);
}
