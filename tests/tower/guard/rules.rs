//! Who meets a rule.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use http::header;
use serde_json::{Value, json};
use tower_didit::{
    Provider, RequireSignIn, UserInfo,
    fake::{Endpoint, FakeDiditExt, Person},
    scope,
    tokens::Claim,
};

use super::{
    WithUserInfo, authentication, get, guarded, outcome, outcome_for, passed, refused, send,
    session, sign_in_api,
};
use crate::support::{
    faults::{with, without},
    site::{CALLBACK, auth, didit},
};

type Setter = fn(RequireSignIn) -> RequireSignIn;

const FLAGS: [(&str, Setter); 3] = [
    ("is_verified", RequireSignIn::verified),
    ("is_over_18", RequireSignIn::over_18),
    ("is_over_21", RequireSignIn::over_21),
];

/// The values of a member, and whether it counts as true; `None` is an absent member.
fn values() -> Vec<(Option<Value>, bool)> {
    let mut values: Vec<_> = [
        json!(false),
        json!(null),
        json!("true"),
        json!("True"),
        json!(""),
        json!(1),
        json!(1.0),
        json!(0),
        json!([]),
        json!([true]),
        json!({}),
        json!({"is_verified": true}),
        json!({"value": true}),
    ]
    .map(|value| (Some(value), false))
    .into();
    values.extend([(None, false), (Some(json!(true)), true)]);
    values
}

// RFC 9110 §15.5.4; behaviours 93 and 119.
#[tokio::test]
async fn only_a_json_true_meets_a_rule() {
    for provider in WithUserInfo::BOTH {
        for (member, rule) in FLAGS {
            for (value, is_met) in values() {
                let didit = didit();
                let guard = rule(RequireSignIn::new());
                let fault = match &value {
                    Some(value) => with(member, value.clone()),
                    None => without(member),
                };
                didit.on_next(Endpoint::UserInfo, fault);
                let config = provider.config(&didit);
                let outcome = outcome_for(&Person::alejandra(), &guard, &didit, config).await;
                let expected = if is_met {
                    passed()
                } else {
                    refused(403, "not-allowed")
                };
                assert_eq!(outcome, expected, "{provider:?} {member} {value:?}");
                assert_eq!(didit.count(Endpoint::UserInfo), 1, "only at the sign-in");
            }
        }
    }
}

// Behaviour 119. Its claim `verified` lists facts: none of them stands for a member.
#[tokio::test]
async fn didit_authentication_meets_no_rule_about_user_information() {
    let claims = [
        json!({}),
        json!(null),
        json!(true),
        json!({"email": true}),
        json!({"identity": true, "is_verified": true, "is_over_18": true, "is_over_21": true}),
    ];
    for (member, rule) in FLAGS {
        for claim in &claims {
            let (didit, config) = authentication();
            let person = Person::alejandra()
                .with_claim("verified", claim.clone())
                .with_claim(member, json!(true));
            let guard = rule(RequireSignIn::new());
            let outcome = outcome_for(&person, &guard, &didit, config).await;
            assert_eq!(
                outcome,
                refused(500, "user-info-not-kept"),
                "{member} {claim}"
            );
        }
    }
}

// Behaviour 119. Behind Didit Authentication a condition reads the facts of the claim `verified`.
#[tokio::test]
async fn a_condition_reads_the_claims_of_the_id_token() {
    let guard = RequireSignIn::new().when(|claims, user| {
        assert!(user.is_none(), "it has no user information");
        let identity = claims.verified().and_then(|facts| facts.get("identity"));
        identity.and_then(Claim::as_bool) == Some(true)
    });
    for (fact, is_met) in values() {
        let verified = fact.as_ref().map_or(
            json!({"email": true}),
            |fact| json!({"email": true, "identity": fact}),
        );
        let (didit, config) = authentication();
        let person = Person::john().with_claim("verified", verified);
        let outcome = outcome_for(&person, &guard, &didit, config).await;
        let expected = if is_met {
            passed()
        } else {
            refused(403, "not-allowed")
        };
        assert_eq!(outcome, expected, "{fact:?}");
    }
    for verified in [json!(null), json!(true), json!("identity"), json!([])] {
        let (didit, config) = authentication();
        let person = Person::john().with_claim("verified", verified.clone());
        let outcome = outcome_for(&person, &guard, &didit, config).await;
        assert_eq!(outcome, refused(403, "not-allowed"), "{verified}");
    }
}

#[tokio::test]
async fn a_condition_reads_user_information_only_if_the_session_keeps_it() {
    let guard =
        RequireSignIn::new().when(|_, user| user.is_some_and(|user| user.email().is_some()));
    let (alejandra, no_address) = (Person::alejandra(), Person::new("u-1"));
    for provider in WithUserInfo::BOTH {
        for (person, expected) in [
            (&alejandra, passed()),
            (&no_address, refused(403, "not-allowed")),
        ] {
            let didit = didit();
            let config = provider.config(&didit);
            assert_eq!(
                outcome_for(person, &guard, &didit, config).await,
                expected,
                "{provider:?}"
            );
        }
    }
    let didit = didit();
    let config = didit.config(CALLBACK).with_scopes(["openid", "email"]);
    let outcome = outcome_for(&alejandra, &guard, &didit, config).await;
    assert_eq!(outcome, refused(403, "not-allowed"));
    assert_eq!(didit.count(Endpoint::UserInfo), 0);
}

// Behaviour 119.
#[tokio::test]
async fn a_scope_is_met_only_if_it_was_granted() {
    let guard = RequireSignIn::new().scope(scope::EMAIL);
    for (scopes, expected) in [
        (&["openid", "email"][..], passed()),
        (&["openid", "names"], refused(403, "not-allowed")),
        (&["openid"], refused(403, "not-allowed")),
    ] {
        let didit = didit();
        let issuer = didit.issuer();
        for provider in [Provider::default(), Provider::discovered(issuer)] {
            let config = didit.config(CALLBACK).with_provider(provider);
            let config = config.with_scopes(scopes.iter().copied());
            let outcome = outcome_for(&Person::john(), &guard, &didit, config).await;
            assert_eq!(outcome, expected, "{scopes:?}");
        }
    }
    for (scopes, expected) in [
        (&["openid", "email"][..], passed()),
        (&["openid", "phone"], refused(403, "not-allowed")),
    ] {
        let (didit, config) = authentication();
        let config = config.with_scopes(scopes.iter().copied());
        let outcome = outcome_for(&Person::john(), &guard, &didit, config).await;
        assert_eq!(outcome, expected, "{scopes:?}");
    }
}

// RFC 6749 §5.1: the provider may grant fewer scopes than were requested.
#[tokio::test]
async fn a_requested_scope_that_was_not_granted_is_not_met() {
    use tower_didit::fake::Browser;

    use crate::support::{sign_in::sign_in, site::HOME};

    let didit = didit();
    let config = didit.config(CALLBACK).with_scopes(["openid", "email"]);
    let auth = auth(config.with_redirect_after_sign_in());
    let app = guarded(RequireSignIn::new().scope(scope::EMAIL), &auth);
    let browser = Browser::new(HOME, app);
    didit.on_next(Endpoint::Token, with("scope", json!("openid")));
    sign_in(&browser, &didit).await;
    assert_eq!(browser.get("/page").await.status(), 403);
    sign_in(&browser, &didit).await;
    assert_eq!(browser.get("/page").await.text(), "the page");
}

#[tokio::test]
async fn a_user_has_to_meet_every_rule() {
    let adult = Person::alejandra();
    let unverified = Person::john();
    let minor = Person::new("u-17").with_verified(true).with_over_18(false);
    let guards = [
        RequireSignIn::new().verified().over_18(),
        RequireSignIn::new().over_18().verified(),
        RequireSignIn::new().verified().when(|_, user| {
            let user = user.expect("kept");
            user.is_over_18()
        }),
    ];
    for guard in guards {
        for (person, expected) in [
            (&adult, passed()),
            (&unverified, refused(403, "not-allowed")),
            (&minor, refused(403, "not-allowed")),
        ] {
            let (didit, config) = sign_in_api();
            assert_eq!(outcome_for(person, &guard, &didit, config).await, expected);
        }
    }
}

#[tokio::test]
async fn the_problem_names_the_rule_and_nothing_about_the_person() {
    let nobody = Person::new("u-17").with_email("ada@example.com");
    for (guard, detail) in [
        (
            RequireSignIn::new().verified(),
            "only for people whose identity Didit has verified",
        ),
        (RequireSignIn::new().over_18(), "only for people over 18"),
        (RequireSignIn::new().over_21(), "only for people over 21"),
        (
            RequireSignIn::new().scope(scope::ADDRESS),
            "only for people who share the required data at the sign-in",
        ),
        (
            RequireSignIn::new().when(|_, _| false),
            "only for some people",
        ),
    ] {
        let (didit, config) = sign_in_api();
        let auth = auth(config);
        let cookie = session(&didit, &auth, &nobody).await;
        let app = guarded(guard, &auth);
        let problem = send(&app, get().header(header::COOKIE, &cookie)).await;
        let expected = format!(
            r#"{{"status":403,"code":"not-allowed","title":"the user is not allowed here","detail":"{detail}"}}"#
        );
        assert_eq!(problem.2, expected);
        assert_eq!(problem.1, "application/problem+json");

        let page = send(&app, super::open().header(header::COOKIE, cookie)).await;
        assert_eq!(page.0, 403);
        assert!(page.2.contains("This page is not open to you"));
        assert!(page.2.contains(detail), "{}", page.2);
        assert!(!page.2.contains("u-17") && !page.2.contains("ada@"));
    }
}

#[tokio::test]
async fn nobody_is_asked_about_a_user_who_is_not_signed_in() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let guard =
        RequireSignIn::new()
            .verified()
            .scope(scope::EMAIL)
            .when(move |_, _: Option<&UserInfo>| {
                counter.fetch_add(1, Ordering::SeqCst);
                true
            });
    for provider in WithUserInfo::BOTH {
        let didit = didit();
        let app = guarded(guard.clone(), &auth(provider.config(&didit)));
        let expected = refused(401, "not-signed-in");
        assert_eq!(outcome(&app, get()).await, expected);
        let (status, location, _) = send(&app, super::open()).await;
        assert_eq!(status, 303, "{provider:?}");
        assert!(location.contains("client_id="), "{location}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}
