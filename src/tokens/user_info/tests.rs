use serde_json::json;

use super::*;

/// As Didit's documentation has it, byte for byte.
const EXAMPLE: &str = r#"{
    "sub": "user-unique-identifier",
    "email":   {"email": "alejandro.rosas@example.com", "is_verified": true, "is_primary": true},
    "phone":   {"phone_number": "+34123456789", "is_verified": true, "is_primary": true},
    "picture": "https://example.com/picture.png",
    "names":   {"first_name": "John", "family_name": "Doe", "full_name": "John Doe", "is_verified": true}}"#;

fn user_info(members: Value) -> UserInfo {
    let every_scope = Scopes::new("email phone names picture gender birthdate address");
    match members {
        Value::Object(members) => UserInfo::new(members, every_scope, Timestamp::from_unix(1000)),
        _ => panic!("an object"),
    }
}

/// Every boolean getter, and a body in which `value` is what it reads.
type Flag = (fn(&UserInfo) -> bool, fn(Value) -> Value);

const FLAGS: [Flag; 20] = [
    (UserInfo::is_verified, |v| json!({"is_verified": v})),
    (UserInfo::is_over_18, |v| json!({"is_over_18": v})),
    (UserInfo::is_over_21, |v| json!({"is_over_21": v})),
    (
        UserInfo::email_is_verified,
        |v| json!({"email": {"email": "a@b", "is_verified": v}}),
    ),
    (
        UserInfo::email_is_verified,
        |v| json!({"email": "a@b", "email_verified": v}),
    ),
    (
        UserInfo::email_is_primary,
        |v| json!({"email": {"email": "a@b", "is_primary": v}}),
    ),
    (
        UserInfo::phone_number_is_verified,
        |v| json!({"phone": {"phone_number": "+34", "is_verified": v}}),
    ),
    (
        UserInfo::phone_number_is_verified,
        |v| json!({"phone_number": "+34", "phone_number_verified": v}),
    ),
    (
        UserInfo::phone_number_is_primary,
        |v| json!({"phone": {"phone_number": "+34", "is_primary": v}}),
    ),
    (
        UserInfo::names_are_verified,
        |v| json!({"names": {"full_name": "John", "is_verified": v}}),
    ),
    (
        |user| user.gender().is_some_and(Claim::is_verified),
        |v| json!({"gender": {"is_verified": v}}),
    ),
    (
        |user| user.gender().is_some_and(Claim::is_primary),
        |v| json!({"gender": {"is_primary": v}}),
    ),
    (
        |user| user.birthdate().is_some_and(Claim::is_verified),
        |v| json!({"birthdate": {"is_verified": v}}),
    ),
    (
        |user| user.address().is_some_and(Claim::is_verified),
        |v| json!({"address": {"is_verified": v}}),
    ),
    (
        |user| user.document_detail().is_some_and(Claim::is_verified),
        |v| json!({"document_detail": {"is_verified": v}}),
    ),
    (
        |user| user.bank_account().is_some_and(Claim::is_verified),
        |v| json!({"bank_account": {"is_verified": v}}),
    ),
    (
        |user| user.preferences().is_some_and(Claim::is_verified),
        |v| json!({"preferences": {"is_verified": v}}),
    ),
    (
        |user| user.instagram_account().is_some_and(Claim::is_verified),
        |v| json!({"instagram_account": {"is_verified": v}}),
    ),
    (
        |user| user.x_account().is_some_and(Claim::is_verified),
        |v| json!({"x_account": {"is_verified": v}}),
    ),
    (
        |user| user.tiktok_account().is_some_and(Claim::is_verified),
        |v| json!({"tiktok_account": {"is_verified": v}}),
    ),
];

#[test]
fn didits_example_is_read_as_it_stands() {
    let example = UserInfo::kept(EXAMPLE, Scopes::new("openid"), Timestamp::from_unix(1000));
    let user = example.expect("an object");
    assert_eq!(user.email(), Some("alejandro.rosas@example.com"));
    assert!(user.email_is_verified() && user.email_is_primary());
    assert_eq!(user.phone_number(), Some("+34123456789"));
    assert!(user.phone_number_is_verified() && user.phone_number_is_primary());
    assert_eq!(user.picture(), Some("https://example.com/picture.png"));
    assert_eq!(user.full_name(), Some("John Doe"));
    assert_eq!(user.first_name(), Some("John"));
    assert_eq!(user.family_name(), Some("Doe"));
    assert!(user.names_are_verified());
    assert!(user.gender().is_none() && user.birthdate().is_none());
    assert!(!user.is_verified() && !user.is_over_18() && !user.is_over_21());
}

#[test]
fn didits_objects_and_plain_strings_are_read() {
    let didit = user_info(json!({
        "email": {"email": "a@example.com", "is_verified": true},
        "phone": {"phone_number": "+34123456789", "is_verified": false},
        "names": {"full_name": "Alejandra Rosas", "first_name": "Alejandra", "family_name": "Rosas"},
    }));
    let plain = user_info(json!({
        "email": "a@example.com",
        "email_verified": true,
        "phone_number": "+34123456789",
        "name": "Alejandra Rosas",
        "given_name": "Alejandra",
        "family_name": "Rosas",
    }));
    for told in [didit, plain] {
        assert_eq!(told.email(), Some("a@example.com"));
        assert!(told.email_is_verified() && !told.email_is_primary());
        assert_eq!(told.phone_number(), Some("+34123456789"));
        assert!(!told.phone_number_is_verified());
        assert_eq!(told.full_name(), Some("Alejandra Rosas"));
        assert_eq!(told.first_name(), Some("Alejandra"));
        assert_eq!(told.family_name(), Some("Rosas"));
        assert!(!told.names_are_verified());
        assert_eq!(told.picture(), None);
    }
}

// OpenID Connect Core §5.1 and §5.1.1.
#[test]
fn standard_claims_are_read() {
    let user = user_info(json!({
        "sub": "248289761001",
        "gender": "female",
        "birthdate": "1990-04-12",
        "address": {"country": "ES", "formatted": "Carrer de Mallorca 1\nBarcelona"},
        "picture": "https://example.com/me.jpg",
    }));
    assert_eq!(user.gender().and_then(Claim::as_str), Some("female"));
    assert_eq!(user.birthdate().and_then(Claim::as_str), Some("1990-04-12"));
    let country = user.address().and_then(|address| address.get("country"));
    assert_eq!(country.and_then(Claim::as_str), Some("ES"));
    assert_eq!(user.picture(), Some("https://example.com/me.jpg"));
}

// OpenID Connect Core §5.1; behaviour 60.
#[test]
fn only_json_true_counts_as_verified() {
    for verified in [json!("true"), json!(1), json!(null), json!(["true"])] {
        let didit = user_info(json!({"email": {"email": "a@b", "is_verified": verified}}));
        let plain = user_info(json!({"email": "a@b", "email_verified": verified}));
        assert!(!didit.email_is_verified(), "{verified}");
        assert!(!plain.email_is_verified(), "{verified}");
    }
    // The verification of one form does not count for the other.
    let both = user_info(json!({
        "email": {"email": "a@b"},
        "email_verified": true,
        "phone": {"is_verified": true},
        "phone_number": "+34123456789",
    }));
    assert_eq!(both.email(), Some("a@b"));
    assert!(!both.email_is_verified());
    assert_eq!(both.phone_number(), Some("+34123456789"));
    assert!(!both.phone_number_is_verified());
}

// OpenID Connect Core §5.1; behaviours 60 and 119.
#[test]
fn every_flag_is_true_for_json_true_alone() {
    for (index, (flag, body)) in FLAGS.into_iter().enumerate() {
        assert!(flag(&user_info(body(json!(true)))), "{index}");
        for other in [
            json!(false),
            json!(null),
            json!("true"),
            json!("TRUE"),
            json!(1),
            json!(1.5),
            json!([true]),
            json!({"is_verified": true, "is_primary": true}),
        ] {
            assert!(!flag(&user_info(body(other.clone()))), "{index} {other}");
        }
        assert!(!flag(&user_info(json!({}))), "{index}");
    }
}

// Behaviours 60 and 119.
#[test]
fn nothing_is_verified_about_a_value_that_is_absent() {
    let user = user_info(json!({
        "email": {"email": 5, "is_verified": true, "is_primary": true},
        "phone": {"phone_number": [], "is_verified": true, "is_primary": true},
        "phone_number_verified": true,
        "names": "John",
    }));
    assert_eq!((user.email(), user.phone_number()), (None, None));
    assert!(!user.email_is_verified() && !user.email_is_primary());
    assert!(!user.phone_number_is_verified() && !user.phone_number_is_primary());
    assert_eq!(user.full_name(), None);
    assert!(!user.names_are_verified());
    // The names that are verified are Didit's own.
    let both = user_info(json!({"names": {"is_verified": true}, "name": "Mallory"}));
    assert_eq!(both.full_name(), None);
}

/// What all getters give, as text.
fn all(user: &UserInfo) -> Vec<(&'static str, String)> {
    let claim = |claim: Option<Claim<'_>>| claim.map(|claim| claim.read::<Value>().unwrap());
    vec![
        (
            "email",
            format!("{:?} {}", user.email(), user.email_is_verified()),
        ),
        (
            "phone",
            format!(
                "{:?} {}",
                user.phone_number(),
                user.phone_number_is_verified()
            ),
        ),
        (
            "names",
            format!("{:?} {}", user.full_name(), user.names_are_verified()),
        ),
        ("picture", format!("{:?}", user.picture())),
        ("gender", format!("{:?}", claim(user.gender()))),
        ("birthdate", format!("{:?}", claim(user.birthdate()))),
        ("address", format!("{:?}", claim(user.address()))),
        (
            "document_detail",
            format!("{:?}", claim(user.document_detail())),
        ),
        ("bank_account", format!("{:?}", claim(user.bank_account()))),
        ("preferences", format!("{:?}", claim(user.preferences()))),
        ("x_account", format!("{:?}", claim(user.x_account()))),
        (
            "instagram_account",
            format!("{:?}", claim(user.instagram_account())),
        ),
        (
            "tiktok_account",
            format!("{:?}", claim(user.tiktok_account())),
        ),
        ("is_verified", user.is_verified().to_string()),
        ("is_over_18", user.is_over_18().to_string()),
        ("is_over_21", user.is_over_21().to_string()),
    ]
}

// Behaviours 60 and 119.
#[test]
fn a_member_of_an_unexpected_type_counts_as_absent_and_spoils_no_other() {
    let whole = json!({
        "sub": "u-1",
        "email": {"email": "a@example.com", "is_verified": true},
        "phone": {"phone_number": "+34123456789", "is_verified": true},
        "names": {"full_name": "Alejandra Rosas", "is_verified": true},
        "picture": "https://example.com/alejandra.png",
        "gender": {"is_verified": true},
        "birthdate": {"is_verified": true},
        "address": {"is_verified": true},
        "document_detail": {"is_verified": true},
        "bank_account": {"is_verified": true},
        "preferences": {"a": [1]},
        "x_account": {"is_verified": true},
        "instagram_account": {"is_verified": true},
        "tiktok_account": {"is_verified": true},
        "is_verified": true,
        "is_over_18": true,
        "is_over_21": true,
        "unknown": {"kept": [null]},
    });
    let (good, empty) = (all(&user_info(whole.clone())), all(&user_info(json!({}))));
    for (name, _) in &good {
        for other in [json!(7), json!([]), json!([true]), json!(null)] {
            let mut members = whole.clone();
            members[*name] = other.clone();
            let user = user_info(members);
            for (index, got) in all(&user).iter().enumerate() {
                let expected = if got.0 == *name { &empty } else { &good };
                assert_eq!(got, &expected[index], "{name} {other}");
            }
            let unknown = user
                .claim("unknown")
                .and_then(|unknown| unknown.get("kept"));
            assert!(unknown.is_some());
        }
    }
}

#[test]
fn what_a_session_keeps_is_an_object() {
    let now = Timestamp::from_unix(1000);
    let kept = |payload| UserInfo::kept(payload, Scopes::new("openid"), now);
    for other in ["", "null", "[]", "\"{}\"", "1"] {
        assert!(kept(other).is_none(), "{other}");
    }
    let user = user_info(json!({"email": "a@example.com"}));
    let again = kept(user.payload()).expect("an object");
    assert_eq!(again.email(), Some("a@example.com"));
    assert_eq!(again.received(), user.received());
}

#[test]
fn debug_names_members_and_shows_none() {
    let told = user_info(json!({"email": "a@example.com"}));
    assert_eq!(format!("{told:?}"), r#"UserInfo(["email"])"#);
}
