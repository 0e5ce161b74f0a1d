//! A getter of user information whose scope was not granted.

use tower_didit::{
    UserInfo,
    fake::{FakeDiditExt, Person},
    scope,
};

use crate::support::{
    logs::{capture, logs},
    site::didit,
};

fn lines_about(scope: &str) -> Vec<String> {
    let logs = logs();
    let lines = logs.lines().filter(|line| line.contains("was not granted"));
    let named = lines.filter(|line| line.contains(&format!("scope=\"{scope}\"")));
    named.map(str::to_owned).collect()
}

// No other test of this program may read these two without their scopes: each is logged once in a process.
//
// Behaviour 119.
#[test]
fn a_getter_without_its_scope_says_so_once() {
    let didit = didit();
    let user = |scopes: &[&str]| didit.user_info(&Person::alejandra(), scopes);
    capture();
    // Granted, with and without a value.
    assert!(user(&[scope::IS_OVER_21]).is_over_21());
    let unknown = didit.user_info(&Person::new("u-1"), [scope::IS_OVER_21, scope::PICTURE]);
    assert!(!unknown.is_over_21() && unknown.picture().is_none());
    assert!(!logs().contains("was not granted"));

    for _ in 0..3 {
        assert!(!user(&[scope::OPENID]).is_over_21());
        assert!(user(&[scope::OPENID, scope::EMAIL]).picture().is_none());
    }
    for scope in ["is_over_21", "picture or profile"] {
        let lines = lines_about(scope);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].contains("WARN") && lines[0].contains("`with_scopes`"));
    }
}

// OpenID Connect Core §5.4.
#[test]
fn a_scope_of_openid_connect_is_as_good() {
    capture();
    let didit = didit().with_scopes([scope::OPENID, scope::PROFILE]);
    let person = Person::new("u-1");
    let user = didit.user_info(&person, [scope::OPENID, scope::PROFILE]);
    let absent: [fn(&UserInfo) -> bool; 4] = [
        |user| user.full_name().is_none(),
        |user| user.gender().is_none(),
        |user| user.birthdate().is_none(),
        |user| user.picture().is_none(),
    ];
    assert!(absent.iter().all(|is_absent| is_absent(&user)));
    assert!(!logs().contains("was not granted"));
}
