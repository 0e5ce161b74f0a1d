//! The answer of the user information endpoint: it is about the user who signs in, and nothing but JSON `true` is true,
//! also after the session has kept it.
//!
//! OpenID Connect Core §5.1 and §5.3.2; behaviours 60, 73, 95 and 119.
#![no_main]

use bytes::Bytes;
use http::{Method, Request};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tower_didit::{UserInfo, tokens::Claim};
use tower_didit_fuzz::{GOOD_ES256, JWKS, Site, json, provider, token_answer};

fuzz_target!(|data: &[u8]| {
    let site = site(Bytes::copy_from_slice(data));
    let answer = site.sign_in();
    if !answer.is_signed_in() {
        assert!(!GOOD.contains(&data));
        return;
    }
    let told = json(data);
    assert_eq!(told["sub"], "user");
    let user = site.user_info_after(&answer).expect("a session");
    check_flags(&user, &told);
    check_texts(&user, &told);
    let kept: Value = user.extra().expect("an object");
    assert!(
        kept.as_object().map(|kept| kept.keys().collect::<Vec<_>>())
            == told.as_object().map(|told| told.keys().collect::<Vec<_>>())
    );
});

fn site(user_info: Bytes) -> Site {
    let config = Site::config(provider().with_user_info_endpoint(USER_INFO))
        .with_scopes(["openid", "email"])
        .with_user_info_at_sign_in()
        .with_session_cookie_limit(40 * 1024);
    Site::new(config, move |request: &Request<Bytes>| {
        if *request.method() == Method::POST {
            token_answer(GOOD_ES256)
        } else if request.uri() == USER_INFO {
            user_info.clone()
        } else {
            JWKS.into()
        }
    })
}

fn check_flags(user: &UserInfo, told: &Value) {
    for (flag, member) in [
        (user.is_verified(), "is_verified"),
        (user.is_over_18(), "is_over_18"),
        (user.is_over_21(), "is_over_21"),
    ] {
        assert_eq!(flag, told[member] == true);
    }
    let email = &told["email"];
    let is_verified = match email {
        Value::String(_) => told["email_verified"] == true,
        object => object["email"].is_string() && object["is_verified"] == true,
    };
    assert_eq!(user.email_is_verified(), is_verified);
    let is_primary = email["email"].is_string() && email["is_primary"] == true;
    assert_eq!(user.email_is_primary(), is_primary);
    let names = &told["names"];
    assert_eq!(user.names_are_verified(), names["is_verified"] == true);
    for (object, member) in [
        (user.gender(), "gender"),
        (user.birthdate(), "birthdate"),
        (user.address(), "address"),
        (user.document_detail(), "document_detail"),
        (user.bank_account(), "bank_account"),
        (user.preferences(), "preferences"),
        (user.instagram_account(), "instagram_account"),
        (user.x_account(), "x_account"),
        (user.tiktok_account(), "tiktok_account"),
    ] {
        let is_verified = told[member]["is_verified"] == true;
        assert_eq!(object.is_some_and(Claim::is_verified), is_verified);
    }
}

fn check_texts(user: &UserInfo, told: &Value) {
    let email = &told["email"];
    assert_eq!(user.email(), email.as_str().or(email["email"].as_str()));
    assert_eq!(user.picture(), told["picture"].as_str());
    let [full_name, first_name, family_name] = if told["names"].is_object() {
        ["full_name", "first_name", "family_name"].map(|name| &told["names"][name])
    } else {
        ["name", "given_name", "family_name"].map(|name| &told[name])
    };
    assert_eq!(user.full_name(), full_name.as_str());
    assert_eq!(user.first_name(), first_name.as_str());
    assert_eq!(user.family_name(), family_name.as_str());
}

const USER_INFO: &str = "https://op.example/user";
/// Answers about the user of the good token.
const GOOD: [&[u8]; 3] = [
    include_bytes!("../seeds/user_info/didit"),
    include_bytes!("../seeds/user_info/didit-all"),
    include_bytes!("../seeds/user_info/standard"),
];
