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

/// Whether one of the published keys signed the token, as its own text says.
fn is_signed(token: &str, keys: &[Value]) -> bool {
    let whole = token.split('.').count() == 3;
    whole && keys.iter().any(|key| verifies(token, key))
}

#[test]
fn names_are_those_of_the_variants_and_unique() {
    let names: HashSet<_> = Forgery::ALL.iter().map(|forgery| forgery.name()).collect();
    assert_eq!(names.len(), Forgery::ALL.len());
    assert!(names.len() > 100);
    assert_eq!(Forgery::IssuerOther.name(), "IssuerOther");
}

#[tokio::test]
async fn each_forgery_differs_from_the_honest_token_and_from_all_others() {
    // Signatures with RS256 are the same each time, so the forgery alone makes a difference.
    let honest = id_token(&didit().with_rs256()).await;
    let mut keys = Keys::default();
    keys.algorithm = Algorithm::Rs256;
    let mut seen = HashSet::from([honest.clone()]);
    for forgery in Forgery::ALL {
        let token = forgery.of(&honest, &keys).unwrap();
        assert!(token.len() < 1_000_000, "{forgery:?}");
        assert!(seen.insert(token), "{forgery:?}");
    }
}

/// The members of a part that are not as in the honest token; null: it lacks them.
async fn differences(forgery: Forgery, at: usize) -> BTreeMap<String, Value> {
    let honest = id_token(&didit()).await;
    let forged = part(&forgery.of(&honest, &Keys::default()).unwrap(), at);
    let honest = part(&honest, at);
    let names = [&honest, &forged].map(|part| part.as_object().unwrap().keys());
    names
        .into_iter()
        .flatten()
        .filter(|name| honest.get(name) != forged.get(name))
        .map(|name| (name.clone(), forged[name].clone()))
        .collect()
}

#[tokio::test]
async fn only_one_claim_is_wrong() {
    for (forgery, expected) in [
        (
            Forgery::IssuerWithSlash,
            ("iss", json!("https://apx.didit.me/")),
        ),
        (
            Forgery::IssuerInCapitals,
            ("iss", json!("HTTPS://APX.DIDIT.ME")),
        ),
        (
            Forgery::IssuerOtherScheme,
            ("iss", json!("http://apx.didit.me")),
        ),
        (Forgery::AudienceMissing, ("aud", Value::Null)),
        (
            Forgery::AudienceExtraWithoutAuthorizedParty,
            ("aud", json!(["app", "stranger"])),
        ),
        (Forgery::SubjectTooLong, ("sub", json!("s".repeat(256)))),
        (Forgery::ExpirationPast, ("exp", json!(1_767_222_000))),
        (Forgery::ExpirationText, ("exp", json!("1767229200"))),
        (Forgery::ExpirationHuge, ("exp", json!(1e300))),
        (Forgery::IssuedAtFuture, ("iat", json!(1_767_312_000))),
        (Forgery::NonceMissing, ("nonce", Value::Null)),
        (
            Forgery::AccessTokenHashOther,
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
        (Forgery::TypeLogoutToken, ("typ", json!("logout+jwt"))),
        (Forgery::KeyIdUnknown, ("kid", json!("unknown"))),
        (Forgery::CriticalEmpty, ("crit", json!([]))),
        (Forgery::AlgorithmMissing, ("alg", Value::Null)),
        (Forgery::AlgorithmNone, ("alg", json!("none"))),
        (Forgery::AlgorithmSwapped, ("alg", json!("RS256"))),
        (Forgery::HmacEcPem, ("alg", json!("HS256"))),
        (
            Forgery::HeaderJku,
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
async fn the_signature_is_good_unless_it_is_what_is_wrong() {
    let unsigned = |forgery: Forgery| {
        let name = forgery.name();
        let by_stranger = [
            Forgery::KeyIdUrl,
            Forgery::KeyIdJwk,
            Forgery::HeaderJwk,
            Forgery::HeaderJku,
            Forgery::HeaderX5u,
            Forgery::HeaderX5c,
        ];
        let not_three_parts_of_base64 = [
            Forgery::Empty,
            Forgery::NotAToken,
            Forgery::TwoParts,
            Forgery::FourParts,
            Forgery::FiveParts,
            Forgery::PaddedSignature,
            Forgery::LineBreakInSignature,
            Forgery::LineBreakAtEnd,
        ];
        name.starts_with("Signature")
            || name.starts_with("Hmac")
            || by_stranger.contains(&forgery)
            || not_three_parts_of_base64.contains(&forgery)
            || [
                Forgery::AlgorithmNone,
                Forgery::AlgorithmNoneInMixedCase,
                Forgery::PayloadSwapped,
            ]
            .contains(&forgery)
    };
    for didit in [didit(), didit().with_rs256()] {
        let keys = keys(&didit).await;
        for forgery in Forgery::ALL {
            let token = forged(&didit, *forgery).await;
            let signed = is_signed(&token, &keys);
            assert_eq!(signed, !unsigned(*forgery), "{forgery:?}");
        }
        assert!(is_signed(&id_token(&didit).await, &keys));
    }
}

#[tokio::test]
async fn a_stranger_signs_with_the_key_that_the_header_gives() {
    for didit in [didit(), didit().with_rs256()] {
        let token = forged(&didit, Forgery::HeaderJwk).await;
        assert!(verifies(&token, &part(&token, 0)["jwk"]));
        let token = forged(&didit, Forgery::KeyIdJwk).await;
        let kid = part(&token, 0)["kid"].as_str().unwrap().to_owned();
        assert!(verifies(&token, &serde_json::from_str(&kid).unwrap()));
    }
}

#[test]
fn a_token_without_a_nonce_is_forged_in_all_other_ways() {
    let keys = Keys::new(&[Algorithm::Es256], "k_fake");
    let claims =
        json!({"iss": "https://x.example", "aud": "app", "sub": "s", "iat": 9000, "exp": 9300});
    let honest = keys.sign(&keys.header(), claims.as_object().unwrap());
    let signed = |token: &str| token.rsplit_once('.').unwrap_or_default().0.to_owned();
    for forgery in Forgery::ALL {
        let forged = forgery.of(&honest, &keys).unwrap();
        let changes_what_is_signed = signed(&forged) != signed(&honest);
        let about_signature = forgery.name().contains("Signature")
            || [Forgery::LineBreakAtEnd, Forgery::NonceMissing].contains(forgery);
        assert_eq!(changes_what_is_signed, !about_signature, "{forgery:?}");
        assert_ne!(forged, honest, "{forgery:?}");
    }
}

#[tokio::test]
async fn a_swapped_payload_is_the_other_persons() {
    let token = forged(&didit(), Forgery::PayloadSwapped).await;
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

    let remove = Fault::edit(|answer| {
        answer.remove("id_token");
    });
    didit.on_next(Endpoint::Token, remove);
    assert!(super::signed_in(&didit).await.get("id_token").is_none());
}

#[tokio::test]
async fn an_answer_without_an_id_token_stays_as_it_is() {
    let didit = didit();
    let tokens = super::signed_in(&didit).await;
    didit.on_next(Endpoint::Token, Fault::forge(Forgery::Empty));
    let form = super::refresh_form(tokens["refresh_token"].as_str().unwrap());
    assert!(super::tokens(&didit, form).await.get("id_token").is_none());
}
