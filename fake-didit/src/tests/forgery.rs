use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use super::{
    didit,
    keys::{id_token, keys, part, verifies},
};
use crate::{
    Endpoint, FakeDidit, Fault, Forgery, Person,
    keys::{Algorithm, Keys},
};

async fn forged(didit: &FakeDidit, forgery: Forgery) -> String {
    didit.on_next(Endpoint::Token, Fault::forge(forgery));
    id_token(didit).await
}

/// Whether the token has three parts and a valid signature of a published key.
fn is_signed(token: &str, keys: &[Value]) -> bool {
    let whole = token.split('.').count() == 3;
    whole && keys.iter().any(|key| verifies(token, key))
}

#[test]
fn names_are_unique_and_those_of_the_constants() {
    let names: HashSet<_> = Forgery::all().map(Forgery::name).collect();
    assert_eq!(names.len(), Forgery::all().count());
    assert!(names.len() > 100);
    assert_eq!(Forgery::ISSUER_OTHER.name(), "ISSUER_OTHER");
    assert_eq!(
        format!("{:?}", Forgery::ISSUER_OTHER),
        "Forgery::ISSUER_OTHER"
    );
}

#[tokio::test]
async fn each_forgery_differs_from_the_valid_token_and_from_the_others() {
    // RS256 signatures are deterministic, so only the forgery makes a difference.
    let valid = id_token(&didit().with_rs256()).await;
    let mut keys = Keys::default();
    keys.algorithm = Algorithm::Rs256;
    let mut seen = HashSet::from([valid.clone()]);
    for forgery in Forgery::all() {
        let token = forgery.apply(&valid, &keys).unwrap();
        assert!(token.len() < 1_000_000, "{forgery:?}");
        assert!(seen.insert(token), "{forgery:?}");
    }
}

/// The members of a part that differ from the valid token; null for a missing one.
async fn differences(forgery: Forgery, at: usize) -> BTreeMap<String, Value> {
    let valid = id_token(&didit()).await;
    let forged = part(&forgery.apply(&valid, &Keys::default()).unwrap(), at);
    let valid = part(&valid, at);
    let names = [&valid, &forged].map(|part| part.as_object().unwrap().keys());
    names
        .into_iter()
        .flatten()
        .filter(|name| valid.get(name) != forged.get(name))
        .map(|name| (name.clone(), forged[name].clone()))
        .collect()
}

#[tokio::test]
async fn only_one_claim_is_wrong() {
    for (forgery, expected) in [
        (
            Forgery::ISSUER_TRAILING_SLASH,
            ("iss", json!("https://apx.didit.me/")),
        ),
        (
            Forgery::ISSUER_UPPERCASE,
            ("iss", json!("HTTPS://APX.DIDIT.ME")),
        ),
        (
            Forgery::ISSUER_OTHER_SCHEME,
            ("iss", json!("http://apx.didit.me")),
        ),
        (Forgery::AUDIENCE_MISSING, ("aud", Value::Null)),
        (
            Forgery::AUDIENCE_EXTRA_WITHOUT_AZP,
            ("aud", json!(["app", "other-client"])),
        ),
        (Forgery::SUBJECT_TOO_LONG, ("sub", json!("s".repeat(256)))),
        (Forgery::EXPIRATION_PAST, ("exp", json!(1_767_222_000))),
        (Forgery::EXPIRATION_STRING, ("exp", json!("1767229200"))),
        (Forgery::EXPIRATION_HUGE, ("exp", json!(1e300))),
        (Forgery::ISSUED_AT_FUTURE, ("iat", json!(1_767_312_000))),
        (Forgery::NONCE_MISSING, ("nonce", Value::Null)),
        (
            Forgery::ACCESS_TOKEN_HASH_OTHER,
            ("at_hash", json!("77QmUPtjPfzWtF2AnpK9RQ")),
        ),
    ] {
        let (name, value) = (expected.0.to_owned(), expected.1);
        assert_eq!(
            differences(forgery, 1).await,
            BTreeMap::from([(name, value)]),
            "{forgery:?}"
        );
        assert_eq!(
            differences(forgery, 0).await,
            BTreeMap::new(),
            "{forgery:?}"
        );
    }
}

#[tokio::test]
async fn only_one_member_of_the_header_is_wrong() {
    for (forgery, expected) in [
        (Forgery::TYPE_LOGOUT_TOKEN, ("typ", json!("logout+jwt"))),
        (Forgery::KEY_ID_UNKNOWN, ("kid", json!("unknown"))),
        (Forgery::CRITICAL_EMPTY, ("crit", json!([]))),
        (Forgery::ALGORITHM_MISSING, ("alg", Value::Null)),
        (Forgery::ALGORITHM_NONE, ("alg", json!("none"))),
        (Forgery::ALGORITHM_SWAPPED, ("alg", json!("RS256"))),
        (Forgery::HMAC_EC_PEM, ("alg", json!("HS256"))),
        (
            Forgery::HEADER_JKU,
            ("jku", json!("https://evil.example/jwks.json")),
        ),
    ] {
        let (name, value) = (expected.0.to_owned(), expected.1);
        assert_eq!(
            differences(forgery, 0).await,
            BTreeMap::from([(name, value)]),
            "{forgery:?}"
        );
        assert_eq!(
            differences(forgery, 1).await,
            BTreeMap::new(),
            "{forgery:?}"
        );
    }
}

#[tokio::test]
async fn the_signature_is_valid_unless_it_is_forged() {
    let unsigned = |forgery: Forgery| {
        let name = forgery.name();
        let by_attacker = [
            Forgery::KEY_ID_URL,
            Forgery::KEY_ID_JWK,
            Forgery::HEADER_JWK,
            Forgery::HEADER_JKU,
            Forgery::HEADER_X5U,
            Forgery::HEADER_X5C,
        ];
        let not_three_parts_of_base64 = [
            Forgery::EMPTY,
            Forgery::NOT_A_TOKEN,
            Forgery::TWO_PARTS,
            Forgery::FOUR_PARTS,
            Forgery::FIVE_PARTS,
            Forgery::PADDED_SIGNATURE,
            Forgery::LINE_BREAK_IN_SIGNATURE,
            Forgery::TRAILING_LINE_BREAK,
        ];
        name.starts_with("SIGNATURE")
            || name.starts_with("HMAC")
            || by_attacker.contains(&forgery)
            || not_three_parts_of_base64.contains(&forgery)
            || [
                Forgery::ALGORITHM_NONE,
                Forgery::ALGORITHM_NONE_MIXED_CASE,
                Forgery::PAYLOAD_SWAPPED,
            ]
            .contains(&forgery)
    };
    for didit in [didit(), didit().with_rs256()] {
        let keys = keys(&didit).await;
        for forgery in Forgery::all() {
            let token = forged(&didit, forgery).await;
            let signed = is_signed(&token, &keys);
            assert_eq!(signed, !unsigned(forgery), "{forgery:?}");
        }
        assert!(is_signed(&id_token(&didit).await, &keys));
    }
}

#[tokio::test]
async fn an_attacker_signs_with_the_key_in_the_header() {
    for didit in [didit(), didit().with_rs256()] {
        let token = forged(&didit, Forgery::HEADER_JWK).await;
        assert!(verifies(&token, &part(&token, 0)["jwk"]));
        let token = forged(&didit, Forgery::KEY_ID_JWK).await;
        let kid = part(&token, 0)["kid"].as_str().unwrap().to_owned();
        assert!(verifies(&token, &serde_json::from_str(&kid).unwrap()));
    }
}

#[test]
fn all_forgeries_except_nonce_missing_change_a_token_without_a_nonce() {
    let keys = Keys::new(&[Algorithm::Es256], "k_fake");
    let claims =
        json!({"iss": "https://x.example", "aud": "app", "sub": "s", "iat": 9000, "exp": 9300});
    let valid = keys.sign(&keys.header(), claims.as_object().unwrap());
    let signed = |token: &str| token.rsplit_once('.').unwrap_or_default().0.to_owned();
    for forgery in Forgery::all() {
        let forged = forgery.apply(&valid, &keys).unwrap();
        let changes_what_is_signed = signed(&forged) != signed(&valid);
        let about_signature = forgery.name().contains("SIGNATURE")
            || [Forgery::TRAILING_LINE_BREAK, Forgery::NONCE_MISSING].contains(&forgery);
        assert_eq!(changes_what_is_signed, !about_signature, "{forgery:?}");
        assert_ne!(forged, valid, "{forgery:?}");
    }
}

#[tokio::test]
async fn a_swapped_payload_has_another_subject() {
    let token = forged(&didit(), Forgery::PAYLOAD_SWAPPED).await;
    assert_eq!(part(&token, 1)["sub"], Person::john().subject());
}

#[tokio::test]
async fn a_raw_token_can_be_replaced_and_removed() {
    let didit = didit();
    didit.on_next(
        Endpoint::Token,
        Fault::replace_id_token(|token| format!("{token}.more")),
    );
    let token = id_token(&didit).await;
    assert_eq!(token.split('.').nth(3), Some("more"));

    let remove = Fault::edit(|response| {
        response.remove("id_token");
    });
    didit.on_next(Endpoint::Token, remove);
    assert!(super::signed_in(&didit).await.get("id_token").is_none());
}

#[tokio::test]
async fn a_response_without_an_id_token_stays_unchanged() {
    let didit = didit();
    let tokens = super::signed_in(&didit).await;
    didit.on_next(Endpoint::Token, Fault::forge(Forgery::EMPTY));
    let form = super::refresh_form(tokens["refresh_token"].as_str().unwrap());
    assert!(super::tokens(&didit, form).await.get("id_token").is_none());
}
