mod signing;

use std::time::Duration;

use std::time::SystemTime;

use serde_json::json;

use self::signing::{EcKey, RSA, rsa_jwk, rsa_key, rsa_sign};
use super::*;
use crate::{
    error::{ErrorKind, RequiredAuthentication},
    provider::Provider,
};

const NOW: u64 = 1_767_225_600;
const HOUR: u64 = 3600;

fn rules() -> IdTokenRules {
    IdTokenRules {
        provider: Provider::didit(),
        client_id: "app".to_owned(),
        trusted_audiences: Vec::new(),
        clock_skew: Duration::from_secs(60),
        authentication: RequiredAuthentication::default(),
    }
}

fn claims() -> Object {
    let claims = json!({
        "iss": "https://apx.didit.me",
        "sub": "john",
        "aud": "app",
        "exp": NOW + HOUR,
        "iat": NOW,
        "nonce": "n-0S6_WzA2Mj",
    });
    claims.as_object().unwrap().clone()
}

/// Verifies a token with these claims under these rules.
fn verify_at(rules: &IdTokenRules, claims: &Object, now: u64) -> Result<IdClaims, Error> {
    let key = EcKey::new(SigningAlgorithm::Es256);
    let token = key.sign(&json!({"alg": "ES256"}), claims);
    let keys = Jwks::parse(json!({"keys": [key.jwk()]}).to_string().as_bytes())?;
    verify(rules, &token, &keys, now)
}

fn verify(rules: &IdTokenRules, token: &str, keys: &Jwks, now: u64) -> Result<IdClaims, Error> {
    let token = IdToken::new(token);
    let received = ReceivedIdToken::read(&token, rules, SigningAlgorithm::ALL)?;
    received.verify_signature(keys)?;
    let now = Timestamp::from_unix(now);
    let grant = grant(Some("n-0S6_WzA2Mj"), now);
    received
        .into_signed()
        .accept(rules, &grant, ACCESS_TOKEN, now)
}

fn grant(nonce: Option<&str>, started: Timestamp) -> Grant {
    Grant {
        code: CODE.to_owned().into(),
        redirect_uri: String::new(),
        code_verifier: String::new().into(),
        nonce: nonce.map(|nonce| nonce.to_owned().into()),
        started,
        scopes: None,
        authentication: RequiredAuthentication::default(),
    }
}

/// OpenID Connect Core appendix A.4 and A.3.
const CODE: &str = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
const ACCESS_TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";

/// The kind of error with one claim changed. `None` if the token is accepted.
fn refusal(name: &str, value: Value) -> Option<ErrorKind> {
    refusal_under(&rules(), &[(name, value)])
}

fn refusal_under(rules: &IdTokenRules, edits: &[(&str, Value)]) -> Option<ErrorKind> {
    let mut claims = claims();
    for (name, value) in edits {
        claims.insert((*name).to_owned(), value.clone());
    }
    verify_at(rules, &claims, NOW)
        .err()
        .map(|error| error.kind())
}

fn refusal_without(name: &str) -> Option<ErrorKind> {
    let mut claims = claims();
    claims.remove(name).expect("it is there");
    verify_at(&rules(), &claims, NOW)
        .err()
        .map(|error| error.kind())
}

#[test]
fn a_good_token_says_who_the_user_is() {
    let mut claims = claims();
    claims.insert("amr".to_owned(), json!(["pwd", "otp"]));
    claims.insert("auth_time".to_owned(), json!(NOW - 5));
    claims.insert("verified".to_owned(), json!({}));
    claims.insert("act".to_owned(), json!({"sub": "agent"}));
    let user = verify_at(&rules(), &claims, NOW).unwrap();
    assert_eq!(user.issuer(), "https://apx.didit.me");
    assert_eq!(user.subject(), "john");
    assert_eq!(user.audiences().collect::<Vec<_>>(), ["app"]);
    assert_eq!(user.amr().collect::<Vec<_>>(), ["pwd", "otp"]);
    let time = |seconds| SystemTime::from(Timestamp::from_unix(seconds));
    assert_eq!(user.issued_at(), time(NOW));
    assert_eq!(user.auth_time(), Some(time(NOW - 5)));
    assert!(user.verified().is_none());
    assert!(user.organization().is_none());
    let actor = user.actor().and_then(|actor| actor.get("sub")).unwrap();
    assert_eq!(actor.as_str(), Some("agent"));
    let extra: Object = user.extra().unwrap();
    assert_eq!(extra, claims);

    // The same claims, read from a session.
    let again = IdClaims::new(user.payload().into());
    assert_eq!(again.subject(), "john");
    assert_eq!(
        format!("{again:?}"),
        r#"IdClaims { issuer: "https://apx.didit.me", .. }"#
    );
}

// RFC 8725 §3.1; behaviour 47.
#[test]
fn each_algorithm_verifies_its_own_tokens_and_no_others() {
    let keys: Vec<_> = [
        SigningAlgorithm::Es256,
        SigningAlgorithm::Es384,
        SigningAlgorithm::Es512,
    ]
    .map(EcKey::new)
    .into();
    let rsa = rsa_key();
    let mut set: Vec<_> = keys.iter().map(EcKey::jwk).collect();
    set.push(rsa_jwk(&rsa));
    let set = Jwks::parse(json!({ "keys": set }).to_string().as_bytes()).unwrap();

    let mut tokens: Vec<_> = keys
        .iter()
        .map(|key| key.sign(&json!({"alg": key.algorithm.name()}), &claims()))
        .collect();
    for (algorithm, encoding) in RSA {
        tokens.push(rsa_sign(
            &rsa,
            encoding,
            &json!({"alg": algorithm}),
            &claims(),
        ));
    }
    assert_eq!(tokens.len(), SigningAlgorithm::ALL.len());
    for token in &tokens {
        assert!(verify(&rules(), token, &set, NOW).is_ok(), "{token}");
        // The same signature under the name of another algorithm.
        for other in SigningAlgorithm::ALL.iter().copied() {
            let header = json!({"alg": other.name()}).to_string();
            let header = BASE64_URL_SAFE_NO_PAD.encode(header);
            let (own, rest) = token.split_once('.').unwrap();
            if header != own {
                let renamed = format!("{header}.{rest}");
                let error = verify(&rules(), &renamed, &set, NOW).unwrap_err();
                assert_eq!(
                    error.kind(),
                    ErrorKind::IdToken(IdTokenError::Signature),
                    "{other}"
                );
            }
        }
    }
}

// RFC 8725 §3.1; behaviour 47.
#[test]
fn only_algorithms_that_are_allowed_are_tried() {
    let key = EcKey::new(SigningAlgorithm::Es256);
    let token = IdToken::new(key.sign(&json!({"alg": "ES256"}), &claims()));
    let refused = ReceivedIdToken::read(&token, &rules(), &[SigningAlgorithm::Rs256]).err();
    assert_eq!(
        refused.unwrap().to_string(),
        r#"the ID token's algorithm is not allowed: allowed are RS256; received was "ES256""#
    );
}

// OpenID Connect Core §3.1.3.7 step 2; behaviour 43.
#[test]
fn the_issuer_is_compared_byte_for_byte() {
    assert_eq!(refusal("iss", json!("https://auth.didit.me/")), None);
    for issuer in [
        "https://apx.didit.me/",
        "https://APX.didit.me",
        "http://apx.didit.me",
        "",
    ] {
        let refused = refusal("iss", json!(issuer));
        assert_eq!(
            refused,
            Some(ErrorKind::IdToken(IdTokenError::Issuer)),
            "{issuer}"
        );
    }
    for issuer in [json!(["https://apx.didit.me"]), json!(null)] {
        assert_eq!(
            refusal("iss", issuer),
            Some(ErrorKind::IdToken(IdTokenError::Malformed))
        );
    }
    assert_eq!(
        refusal_without("iss"),
        Some(ErrorKind::IdToken(IdTokenError::Malformed))
    );
    let mut foreign = claims();
    foreign.insert("iss".to_owned(), json!("https://evil.example"));
    assert_eq!(
        verify_at(&rules(), &foreign, NOW).unwrap_err().to_string(),
        "the ID token has another issuer: accepted are https://apx.didit.me, https://didit.me, \
         https://auth.didit.me/, https://auth.didit.me; received was \"https://evil.example\""
    );
}

// OpenID Connect Core §3.1.3.7 steps 3 to 5; behaviours 44, 45 and 60.
#[test]
fn the_audience_is_this_client_and_trusted_others() {
    assert_eq!(refusal("aud", json!(["app"])), None);
    for aud in [
        json!("other"),
        json!([]),
        json!(["other"]),
        json!(["app", "other"]),
    ] {
        let refused = refusal("aud", aud.clone());
        assert_eq!(
            refused,
            Some(ErrorKind::IdToken(IdTokenError::Audience)),
            "{aud}"
        );
    }
    for aud in [json!(7), json!({"app": 1}), json!(["app", 7]), json!(null)] {
        let refused = refusal("aud", aud.clone());
        assert_eq!(
            refused,
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
            "{aud}"
        );
    }
    assert_eq!(
        refusal_without("aud"),
        Some(ErrorKind::IdToken(IdTokenError::Malformed))
    );

    let trusting = IdTokenRules {
        trusted_audiences: vec!["friend".to_owned()],
        ..rules()
    };
    let both = ("aud", json!(["app", "friend"]));
    for (azp, refused) in [
        (json!("app"), None),
        (
            json!("friend"),
            Some(ErrorKind::IdToken(IdTokenError::Audience)),
        ),
        (
            json!(["app"]),
            Some(ErrorKind::IdToken(IdTokenError::Audience)),
        ),
        (
            json!(null),
            Some(ErrorKind::IdToken(IdTokenError::Audience)),
        ),
    ] {
        let edits = [both.clone(), ("azp", azp)];
        assert_eq!(refusal_under(&trusting, &edits), refused);
    }
    let without_azp = refusal_under(&trusting, &[both]);
    assert_eq!(
        without_azp,
        Some(ErrorKind::IdToken(IdTokenError::Audience))
    );
    let friend_alone = refusal_under(&trusting, &[("aud", json!("friend"))]);
    assert_eq!(
        friend_alone,
        Some(ErrorKind::IdToken(IdTokenError::Audience))
    );
    assert_eq!(refusal("azp", json!("app")), None);
    assert_eq!(
        refusal("azp", json!("other")),
        Some(ErrorKind::IdToken(IdTokenError::Audience))
    );
}

// OpenID Connect Core §3.1.3.7 steps 9 and 10, RFC 7519 §4.1.4 to §4.1.6; behaviours 51, 52 and 53.
#[test]
fn a_token_is_valid_between_its_times() {
    for (name, value, refused) in [
        ("exp", json!(NOW - 59), None),
        (
            "exp",
            json!(NOW - 60),
            Some(ErrorKind::IdToken(IdTokenError::Expired)),
        ),
        (
            "exp",
            json!(0),
            Some(ErrorKind::IdToken(IdTokenError::Expired)),
        ),
        (
            "exp",
            json!(NOW + 60).to_string().into(),
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
        ),
        (
            "exp",
            json!(1e300),
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
        ),
        (
            "exp",
            json!(-1),
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
        ),
        ("iat", json!(NOW + 60), None),
        (
            "iat",
            json!(NOW + 61),
            Some(ErrorKind::IdToken(IdTokenError::NotYetValid)),
        ),
        (
            "iat",
            json!("now"),
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
        ),
        ("nbf", json!(NOW + 60), None),
        (
            "nbf",
            json!(NOW + 61),
            Some(ErrorKind::IdToken(IdTokenError::NotYetValid)),
        ),
        (
            "nbf",
            json!([]),
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
        ),
    ] {
        assert_eq!(refusal(name, value.clone()), refused, "{name} {value}");
    }
    assert_eq!(
        refusal_without("exp"),
        Some(ErrorKind::IdToken(IdTokenError::Malformed))
    );
    assert_eq!(
        refusal_without("iat"),
        Some(ErrorKind::IdToken(IdTokenError::Malformed))
    );

    let exact = IdTokenRules {
        clock_skew: Duration::ZERO,
        ..rules()
    };
    let refused = |name, value| refusal_under(&exact, &[(name, json!(value))]);
    assert_eq!(
        refused("exp", NOW),
        Some(ErrorKind::IdToken(IdTokenError::Expired))
    );
    assert_eq!(
        refused("iat", NOW + 1),
        Some(ErrorKind::IdToken(IdTokenError::NotYetValid))
    );
}

// OpenID Connect Core §2; behaviour 54.
#[test]
fn the_subject_is_a_text_of_at_most_255_bytes() {
    assert_eq!(refusal("sub", json!("x".repeat(255))), None);
    for sub in [
        json!(""),
        json!("x".repeat(256)),
        json!(7),
        json!(["john"]),
        json!(null),
    ] {
        let refused = refusal("sub", sub.clone());
        assert_eq!(
            refused,
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
            "{sub}"
        );
    }
    assert_eq!(
        refusal_without("sub"),
        Some(ErrorKind::IdToken(IdTokenError::Malformed))
    );
}

// OpenID Connect Core §3.1.3.7 step 11; behaviour 55.
#[test]
fn the_nonce_is_that_of_the_sign_in() {
    for nonce in [
        json!("n-0S6_WzA2M"),
        json!(""),
        json!(null),
        json!(["n-0S6_WzA2Mj"]),
    ] {
        let refused = refusal("nonce", nonce.clone());
        assert_eq!(
            refused,
            Some(ErrorKind::IdToken(IdTokenError::Nonce)),
            "{nonce}"
        );
    }
    assert_eq!(
        refusal_without("nonce"),
        Some(ErrorKind::IdToken(IdTokenError::Nonce))
    );

    let lenient = IdTokenRules {
        provider: Provider::didit().insecure_accept_missing_nonce(),
        ..rules()
    };
    let mut without = claims();
    without.remove("nonce");
    assert!(verify_at(&lenient, &without, NOW).is_ok());
    let other = refusal_under(&lenient, &[("nonce", json!("another"))]);
    assert_eq!(other, Some(ErrorKind::IdToken(IdTokenError::Nonce)));
}

// OpenID Connect Core §3.1.3.7 step 11; behaviour 55.
#[test]
fn a_cookie_without_a_nonce_does_not_waive_it() {
    let key = EcKey::new(SigningAlgorithm::Es256);
    let token = IdToken::new(key.sign(&json!({"alg": "ES256"}), &claims()));
    let accept = |provider: Provider| {
        let rules = IdTokenRules {
            provider,
            ..rules()
        };
        let now = Timestamp::from_unix(NOW);
        ReceivedIdToken::read(&token, &rules, SigningAlgorithm::ALL)?
            .into_signed()
            .accept(&rules, &grant(None, now), ACCESS_TOKEN, now)
    };
    let refused = accept(Provider::didit()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the ID token belongs to another sign-in: the sign-in sent no nonce"
    );
    let lenient = accept(Provider::didit().insecure_accept_missing_nonce());
    assert_eq!(
        lenient.unwrap_err().kind(),
        ErrorKind::IdToken(IdTokenError::Nonce)
    );
    let none = Provider::authentication("https://apx.didit.me");
    assert!(accept(none).is_ok());
}

#[test]
fn optional_claims_may_be_null() {
    for name in ["azp", "nbf", "auth_time", "at_hash", "c_hash", "acr", "act"] {
        assert_eq!(refusal(name, json!(null)), None, "{name}");
    }
    for name in ["iss", "sub", "aud", "exp", "iat"] {
        let refused = refusal(name, json!(null));
        assert_eq!(
            refused,
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
            "{name}"
        );
    }
}

// OpenID Connect Core §3.1.3.7 steps 12 and 13; behaviour 57.
#[test]
fn an_authentication_is_as_fresh_and_as_strong_as_required() {
    let fresh = IdTokenRules {
        authentication: RequiredAuthentication {
            max_age: Some(300),
            acr_values: None,
        },
        ..rules()
    };
    let refused = |auth_time| refusal_under(&fresh, &[("auth_time", json!(auth_time))]);
    assert_eq!(refused(NOW - 360), None);
    assert_eq!(
        refused(NOW - 361),
        Some(ErrorKind::InsufficientAuthentication)
    );
    assert_eq!(refused(NOW + 60), None);
    assert_eq!(
        refused(NOW + 61),
        Some(ErrorKind::IdToken(IdTokenError::NotYetValid))
    );
    let without = refusal_under(&fresh, &[]);
    assert_eq!(without, Some(ErrorKind::InsufficientAuthentication));
    let broken = [("auth_time", json!("then"))];
    let refused = refusal_under(&fresh, &broken);
    assert_eq!(refused, Some(ErrorKind::IdToken(IdTokenError::Malformed)));
    assert_eq!(refusal_under(&rules(), &broken), None);

    let strong = IdTokenRules {
        authentication: RequiredAuthentication {
            max_age: None,
            acr_values: Some(vec!["gold".to_owned(), "silver".to_owned()]),
        },
        ..rules()
    };
    for (acr, refused) in [
        (json!("silver"), None),
        (json!("bronze"), Some(ErrorKind::InsufficientAuthentication)),
        (json!(["gold"]), Some(ErrorKind::InsufficientAuthentication)),
        (json!(null), Some(ErrorKind::InsufficientAuthentication)),
    ] {
        assert_eq!(refusal_under(&strong, &[("acr", acr)]), refused);
    }
    assert_eq!(
        refusal_under(&strong, &[]),
        Some(ErrorKind::InsufficientAuthentication)
    );
}

// OpenID Connect Core §3.1.3.8; behaviour 56. The hashes are those of OpenID Connect Core appendix
// A.4 and A.6.
#[test]
fn hashes_are_those_of_the_access_token_and_the_code() {
    assert_eq!(refusal("at_hash", json!("77QmUPtjPfzWtF2AnpK9RQ")), None);
    assert_eq!(refusal("c_hash", json!("LDktKdoQak3Pk0cnXxCltA")), None);
    for name in ["at_hash", "c_hash"] {
        for hash in [json!("77QmUPtjPfzWtF2AnpK9RR"), json!(""), json!(7)] {
            let refused = refusal(name, hash.clone());
            assert_eq!(
                refused,
                Some(ErrorKind::IdToken(IdTokenError::Hash)),
                "{name} {hash}"
            );
        }
    }
}

// RFC 8725 §3.11 and §3.12, OpenID Connect Back-Channel Logout §2.4; behaviour 58.
#[test]
fn another_kind_of_token_is_no_id_token() {
    let key = EcKey::new(SigningAlgorithm::Es256);
    let keys = Jwks::parse(json!({"keys": [key.jwk()]}).to_string().as_bytes()).unwrap();
    let refused = |typ: Value| {
        let token = key.sign(&json!({"alg": "ES256", "typ": typ}), &claims());
        let outcome = verify(&rules(), &token, &keys, NOW);
        outcome.err().map(|error| error.kind())
    };
    for typ in ["JWT", "jwt", "application/jwt"] {
        assert_eq!(refused(json!(typ)), None, "{typ}");
    }
    for typ in [
        "at+jwt",
        "application/at+jwt",
        "logout+jwt",
        "secevent+jwt",
        "",
    ] {
        assert_eq!(
            refused(json!(typ)),
            Some(ErrorKind::IdToken(IdTokenError::Type)),
            "{typ}"
        );
    }
    assert_eq!(refused(json!(null)), None);
    assert_eq!(
        refused(json!(7)),
        Some(ErrorKind::IdToken(IdTokenError::Malformed))
    );
    assert_eq!(
        refusal("events", json!({ BACK_CHANNEL_LOGOUT: {} })),
        Some(ErrorKind::IdToken(IdTokenError::Type))
    );
}

// RFC 7515 §4.1.1 and §4.1.11, RFC 7797 §7, RFC 8725 §3.2; behaviours 46 and 50.
#[test]
fn the_header_has_an_allowed_algorithm_and_no_critical_extension() {
    let key = EcKey::new(SigningAlgorithm::Es256);
    let keys = Jwks::parse(json!({"keys": [key.jwk()]}).to_string().as_bytes()).unwrap();
    for (header, refused) in [
        (json!({"alg": "ES256", "b64": true, "unknown": {}}), None),
        (
            json!({"alg": "none"}),
            Some(ErrorKind::IdToken(IdTokenError::Algorithm)),
        ),
        (
            json!({"alg": "NoNe"}),
            Some(ErrorKind::IdToken(IdTokenError::Algorithm)),
        ),
        (
            json!({"alg": ""}),
            Some(ErrorKind::IdToken(IdTokenError::Algorithm)),
        ),
        (
            json!({"alg": "HS256"}),
            Some(ErrorKind::IdToken(IdTokenError::Algorithm)),
        ),
        (
            json!({"alg": 256}),
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
        ),
        (json!({}), Some(ErrorKind::IdToken(IdTokenError::Malformed))),
        (
            json!({"alg": "ES256", "kid": 7}),
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
        ),
        (
            json!({"alg": "ES256", "crit": ["exp"]}),
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
        ),
        (
            json!({"alg": "ES256", "crit": []}),
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
        ),
        (
            json!({"alg": "ES256", "b64": false}),
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
        ),
    ] {
        let token = key.sign(&header, &claims());
        let outcome = verify(&rules(), &token, &keys, NOW);
        assert_eq!(outcome.err().map(|error| error.kind()), refused, "{header}");
    }
}

// RFC 7515 §5.2, RFC 7519 §4 and §7.2; behaviour 59. Each is a good token but for one thing.
#[test]
fn anything_but_signed_json_is_malformed() {
    let key = EcKey::new(SigningAlgorithm::Es256);
    let keys = Jwks::parse(json!({"keys": [key.jwk()]}).to_string().as_bytes()).unwrap();
    let good = key.sign(&json!({"alg": "ES256"}), &claims());
    assert!(verify(&rules(), &good, &keys, NOW).is_ok());
    let refused = |token: &str, why: &str| {
        let error = verify(&rules(), token, &keys, NOW).unwrap_err();
        let start: String = token.chars().take(200).collect();
        assert_eq!(
            error.kind(),
            ErrorKind::IdToken(IdTokenError::Malformed),
            "{start}"
        );
        assert_eq!(
            error.to_string(),
            format!("the ID token is malformed: {why}")
        );
    };

    let (unsigned, _) = good.rsplit_once('.').unwrap();
    for parts in [
        "",
        "a",
        unsigned,
        &format!("{good}."),
        &format!("{good}.e30.e30"),
    ] {
        refused(parts, "it does not have three parts");
    }
    let (header, rest) = good.split_once('.').unwrap();
    for text in [
        format!("{good}="),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{header}. {rest}"),
        format!("{header}.+{rest}"),
    ] {
        refused(&text, "a part of it is not base64url");
    }

    let claims = serde_json::to_string(&claims()).unwrap();
    let members = claims.strip_prefix('{').unwrap();
    let large = format!(r#"{{"large":"{}",{members}"#, "a".repeat(64 << 10));
    let too_large = key.sign_text(r#"{"alg":"ES256"}"#, large.as_bytes());
    refused(&too_large, "it is larger than 64 KiB");
    refused(&"a".repeat(10 << 20), "it is larger than 64 KiB");

    for header in [r#"{"alg":"ES256","alg":"ES256"}"#, r#"["ES256"]"#, "{", ""] {
        let token = key.sign_text(header, claims.as_bytes());
        refused(&token, "its header is not a JSON object");
    }
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    for payload in [
        format!(r#"{{"sub":"alejandra",{members}"#),
        format!(r#"{{"s\u0075b":"alejandra",{members}"#),
        format!(r#"{{"act":{{"sub":"a","sub":"b"}},{members}"#),
        format!(r#"{{"deep":{deep},{members}"#),
        format!("[{claims}]"),
        format!("{claims}{claims}"),
        format!("{claims}x"),
        members.to_owned(),
        String::new(),
    ] {
        let token = key.sign_text(r#"{"alg":"ES256"}"#, payload.as_bytes());
        refused(&token, "its payload is not a JSON object");
    }
    let mut not_utf8 = format!(r#"{{"name":"?",{members}"#).into_bytes();
    *not_utf8.iter_mut().find(|byte| **byte == b'?').unwrap() = 0xff;
    let token = key.sign_text(r#"{"alg":"ES256"}"#, &not_utf8);
    refused(&token, "its payload is not a JSON object");
}

// OpenID Connect Core §3.1.3.7 step 6; behaviour 48.
#[test]
fn without_signatures_all_other_checks_remain() {
    let mut foreign = claims();
    foreign.insert("nonce".to_owned(), json!("another"));
    let key = EcKey::new(SigningAlgorithm::Es256);
    let trusted = |claims: &Object| {
        let token = key.sign(&json!({"alg": "ES256"}), claims);
        let (unsigned, _) = token.rsplit_once('.').unwrap();
        let token = IdToken::new(format!("{unsigned}."));
        let now = Timestamp::from_unix(NOW);
        let grant = grant(Some("n-0S6_WzA2Mj"), now);
        ReceivedIdToken::read(&token, &rules(), SigningAlgorithm::ALL)
            .unwrap()
            .into_signed()
            .accept(&rules(), &grant, ACCESS_TOKEN, now)
    };
    assert!(trusted(&claims()).is_ok());
    assert_eq!(
        trusted(&foreign).unwrap_err().kind(),
        ErrorKind::IdToken(IdTokenError::Nonce)
    );
}

// OpenID Connect Core §12.2; behaviour 86.
#[test]
fn a_refreshed_token_continues_its_sign_in() {
    let mut original = claims();
    original.insert("auth_time".to_owned(), json!(NOW - 9));
    original.insert("azp".to_owned(), json!("app"));
    let first = verify_at(&rules(), &original, NOW).unwrap();
    let key = EcKey::new(SigningAlgorithm::Es256);
    let later = NOW + 2 * HOUR;
    let refused = |edits: &[(&str, Option<Value>)]| {
        let mut claims = original.clone();
        claims.remove("nonce");
        claims.remove("auth_time");
        claims.insert("iat".to_owned(), json!(later));
        claims.insert("exp".to_owned(), json!(later + HOUR));
        for (name, value) in edits {
            match value {
                Some(value) => claims.insert((*name).to_owned(), value.clone()),
                None => claims.remove(*name),
            };
        }
        let token = IdToken::new(key.sign(&json!({"alg": "ES256"}), &claims));
        let received = ReceivedIdToken::read(&token, &rules(), SigningAlgorithm::ALL);
        let accepted = received.and_then(|received| {
            let now = Timestamp::from_unix(later);
            received
                .into_signed()
                .check_refreshed(&rules(), &first, ACCESS_TOKEN, now)
        });
        accepted.err().map(|error| error.kind())
    };
    for fine in [
        &[][..],
        &[("nonce", Some(json!("n-0S6_WzA2Mj")))],
        &[("auth_time", Some(json!(NOW - 9)))],
        &[(
            "auth_time",
            Some(json!(f64::from(u32::try_from(NOW - 9).unwrap()))),
        )],
        &[("aud", Some(json!(["app"])))],
        &[("at_hash", Some(json!("77QmUPtjPfzWtF2AnpK9RQ")))],
    ] {
        assert_eq!(refused(fine), None, "{fine:?}");
    }
    for (name, value, kind) in [
        (
            "iss",
            json!("https://didit.me"),
            ErrorKind::IdToken(IdTokenError::Issuer),
        ),
        (
            "sub",
            json!("alejandra"),
            ErrorKind::IdToken(IdTokenError::RefreshMismatch),
        ),
        (
            "aud",
            json!("other"),
            ErrorKind::IdToken(IdTokenError::Audience),
        ),
        (
            "azp",
            json!(null),
            ErrorKind::IdToken(IdTokenError::Audience),
        ),
        (
            "auth_time",
            json!(NOW),
            ErrorKind::IdToken(IdTokenError::RefreshMismatch),
        ),
        (
            "nonce",
            json!("another"),
            ErrorKind::IdToken(IdTokenError::Nonce),
        ),
        (
            "exp",
            json!(NOW + HOUR),
            ErrorKind::IdToken(IdTokenError::Expired),
        ),
        (
            "iat",
            json!(later + 61),
            ErrorKind::IdToken(IdTokenError::NotYetValid),
        ),
        (
            "at_hash",
            json!("77QmUPtjPfzWtF2AnpK9RR"),
            ErrorKind::IdToken(IdTokenError::Hash),
        ),
    ] {
        let edits = [(name, Some(value))];
        assert_eq!(refused(&edits), Some(kind), "{name}");
    }
    for name in ["iss", "sub", "exp", "iat"] {
        let refused = refused(&[(name, None)]);
        assert_eq!(
            refused,
            Some(ErrorKind::IdToken(IdTokenError::Malformed)),
            "{name}"
        );
    }
}
