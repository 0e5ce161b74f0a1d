//! Rules whose settings are missing.

use std::time::Duration;

use http::header;
use tower_didit::{
    ConfigBuilder, ConfigError, Provider, RequireSignIn,
    fake::{Endpoint, FakeDiditExt, Person},
    scope,
};

use super::{authentication, get, guarded, open, outcome, outcome_for, passed, refused, send};
use crate::support::{
    logs::{capture, logs},
    site::{CALLBACK, auth, didit},
};

fn keeping(scopes: &[&str]) -> ConfigBuilder {
    let config = didit().config(CALLBACK);
    config
        .with_scopes(scopes.iter().copied())
        .with_user_info_at_sign_in()
}

/// The guards with a rule that reads the user information.
fn readers() -> [RequireSignIn; 4] {
    [
        RequireSignIn::new().verified(),
        RequireSignIn::new().over_18(),
        RequireSignIn::new().over_21(),
        RequireSignIn::new().no_older_than(Duration::from_secs(60)),
    ]
}

// Behaviour 119.
#[test]
fn a_missing_setting_is_reported_at_start_up() {
    for guard in readers() {
        let config = didit().config(CALLBACK).build().expect("a configuration");
        let error = guard.check(&config).expect_err("nothing is kept");
        assert_eq!(
            error.to_string(),
            "a rule of `RequireSignIn` reads the user information, which sessions do not keep: add \
             `with_user_info_at_sign_in`, or, with Didit Authentication, whose claims are in the ID token, use \
             `RequireSignIn::when`"
        );
        assert!(matches!(error, ConfigError::UserInfoNotKept));
        let (_, config) = authentication();
        let config = config.build().expect("a configuration");
        assert!(matches!(
            guard.check(&config),
            Err(ConfigError::UserInfoNotKept)
        ));
    }
}

// Behaviour 119.
#[test]
fn a_scope_that_is_not_requested_is_reported_at_start_up() {
    for (guard, needed) in [
        (RequireSignIn::new().verified(), scope::IS_VERIFIED),
        (RequireSignIn::new().over_18(), scope::IS_OVER_18),
        (RequireSignIn::new().over_21(), scope::IS_OVER_21),
        (RequireSignIn::new().scope(scope::NAMES), scope::NAMES),
        (
            RequireSignIn::new().scope(scope::EMAIL).verified(),
            scope::IS_VERIFIED,
        ),
    ] {
        let config = keeping(&["openid", "email"])
            .build()
            .expect("a configuration");
        let error = guard.check(&config).expect_err("a scope is missing");
        assert_eq!(
            error.to_string(),
            format!(
                "a rule of `RequireSignIn` needs the scope `{needed}`, which is not requested: add it to \
                 `with_scopes` (`DIDIT_SCOPES`)"
            )
        );
        let config = keeping(&["openid", "email", needed]).build();
        assert!(guard.check(&config.expect("a configuration")).is_ok());
    }
}

#[test]
fn rules_that_read_nothing_need_no_setting() {
    let config = didit().config(CALLBACK).build().expect("a configuration");
    for guard in [
        RequireSignIn::new(),
        RequireSignIn::new()
            .with_tokens()
            .always_401()
            .same_origin(),
        RequireSignIn::new().when(|_, _| true),
        RequireSignIn::new().scope(scope::OPENID),
    ] {
        assert!(guard.check(&config).is_ok(), "{guard:?}");
    }
}

// Which scope yields a member is not known of a discovered provider.
#[test]
fn the_scope_of_a_member_is_not_asked_of_a_discovered_provider() {
    let discovered = || Provider::discovered("https://op.example");
    let config = keeping(&["openid", "profile"]).with_provider(discovered());
    let config = config.build().expect("a configuration");
    assert!(RequireSignIn::new().over_18().check(&config).is_ok());
    let error = RequireSignIn::new().scope("groups").check(&config);
    assert!(matches!(
        error,
        Err(ConfigError::ScopeNotRequested { scope }) if scope == "groups"
    ));
}

// Behaviour 119.
#[tokio::test]
async fn without_kept_user_information_the_guard_refuses_everybody_and_logs_it_once() {
    let didit = didit();
    let auth = auth(didit.config(CALLBACK).with_scopes(["openid", "is_over_18"]));
    let alejandra = didit.session_cookies(&auth, &Person::alejandra()).await;
    let alejandra = alejandra.expect("a session");
    capture();
    for guard in readers() {
        let app = guarded(guard, &auth);
        let expected = refused(500, "user-info-not-kept");
        assert_eq!(outcome(&app, get()).await, expected);
        let signed_in = get().header(header::COOKIE, &alejandra);
        assert_eq!(outcome(&app, signed_in).await, expected);
        let (status, _, page) = send(&app, open()).await;
        assert_eq!(status, 500);
        assert!(page.contains("user-info-not-kept"), "{page}");
    }
    let logs = logs();
    let errors: Vec<_> = logs.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(errors[0].contains("add `with_user_info_at_sign_in`"));
    assert_eq!(didit.count(Endpoint::UserInfo), 0);
}

fn scope_warnings() -> Vec<String> {
    let logs = logs();
    let warnings = logs.lines().filter(|line| line.contains("WARN"));
    let about = warnings.filter(|line| line.contains("scope="));
    about.map(str::to_owned).collect()
}

// Each scope is logged once in a process: no other test of this program may miss these two.
//
// Behaviour 119.
#[tokio::test]
async fn a_rule_whose_scope_is_not_requested_refuses_everybody_and_says_so_once() {
    for (guard, missing) in [
        (RequireSignIn::new().over_21(), "is_over_21"),
        (RequireSignIn::new().scope("bank_account"), "bank_account"),
    ] {
        capture();
        for _ in 0..3 {
            let didit = didit();
            let config = didit
                .config(CALLBACK)
                .with_scopes(["openid", "email"])
                .with_user_info_at_sign_in();
            let outcome = outcome_for(&Person::alejandra(), &guard, &didit, config).await;
            assert_eq!(outcome, refused(403, "not-allowed"), "{missing}");
        }
        let warnings = scope_warnings();
        assert_eq!(warnings.len(), 1, "{warnings:#?}");
        assert!(warnings[0].contains(&format!("scope=\"{missing}\"")));
        assert!(warnings[0].contains("`with_scopes`"));
    }
}

#[tokio::test]
async fn a_user_who_meets_the_rules_causes_no_warning() {
    capture();
    let (didit, config) = super::sign_in_api();
    let guard = RequireSignIn::new()
        .verified()
        .over_18()
        .over_21()
        .scope(scope::EMAIL);
    let outcome = outcome_for(&Person::alejandra(), &guard, &didit, config).await;
    assert_eq!(outcome, passed());
    assert_eq!(scope_warnings(), [""; 0]);
    assert!(!logs().contains("ERROR"));
}
