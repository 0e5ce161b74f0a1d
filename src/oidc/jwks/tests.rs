use serde_json::{Value, json};

use super::*;
use crate::oidc::jws::TokenKind;

fn jwks(keys: &Value) -> Jwks {
    Jwks::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn verify(keys: &Jwks, token: &str) -> Result<(), KeyRefusal> {
    keys.verify(&Jws::parse(token, TokenKind::IdToken, SigningAlgorithm::ALL).unwrap())
}

/// The refusal of the RSA token of RFC 7515 by a set of this key. `None` if it is accepted.
fn rsa_refusal(edit: impl FnOnce(&mut Object)) -> Option<KeyRefusal> {
    let mut key = rsa();
    edit(key.as_object_mut().unwrap());
    verify(&jwks(&json!([key])), RSA_TOKEN).err()
}

fn ec_refusal(edit: impl FnOnce(&mut Object)) -> Option<KeyRefusal> {
    let mut key = ec();
    edit(key.as_object_mut().unwrap());
    verify(&jwks(&json!([key])), EC_TOKEN).err()
}

// OpenID Connect Core §3.1.3.7 step 6; behaviour 48.
#[test]
fn the_tokens_of_rfc_7515_a_2_and_a_3_verify() {
    let keys = jwks(&json!([rsa(), ec()]));
    assert_eq!(verify(&keys, RSA_TOKEN), Ok(()));
    assert_eq!(verify(&keys, EC_TOKEN), Ok(()));
    // The signature of one under the payload of another.
    let swapped = RSA_TOKEN.replace("eyJpc3MiOiJqb2Ui", "eyJpc3MiOiJqb2Yi");
    assert_eq!(verify(&keys, &swapped), Err(KeyRefusal::InvalidSignature));
}

// RFC 7517 §5; behaviour 71.
#[test]
fn only_public_signature_keys_of_rfc_7517_are_used() {
    // Appendix A.1; the RSA key is that of RFC 7638 §3.1 as well.
    let public = jwks(&json!([
        {"kty": "EC", "crv": "P-256", "use": "enc", "kid": "1",
         "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
         "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
        {"kty": "RSA", "n": N_OF_RFC_7638, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"},
    ]));
    assert_eq!(public.0.len(), 1);
    assert_eq!(public.0[0].kid.as_deref(), Some("2011-04-29"));
    assert_eq!(public.0[0].algorithm, SigningAlgorithm::Rs256);

    // Appendix A.2 and A.3: private and symmetric keys.
    let private = jwks(&json!([
        {"kty": "EC", "crv": "P-256", "kid": "1",
         "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
         "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
         "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"},
        {"kty": "oct", "alg": "A128KW", "k": "GawgguFyGrWKav7AX4VKUg"},
    ]));
    assert!(private.0.is_empty());
}

// OpenID Connect Core §10.1, RFC 7517 §5; behaviours 70 and 71. The second set is the example in
// Didit's documentation.
#[test]
fn a_key_set_as_didit_publishes_it_is_read() {
    let mut bare = ec();
    bare["crv"] = "secp256r1".into();
    let keys = jwks(&json!([bare, rsa()]));
    assert_eq!(verify(&keys, EC_TOKEN), Ok(()));
    assert_eq!(verify(&keys, RSA_TOKEN), Ok(()));

    let documented = jwks(&json!([{
        "crv": "secp256r1",
        "kty": "EC",
        "x": "N2i3CQilcOi7CtTRrBbu22gJE74p5vfdMfcxCYBiQbA",
        "y": "Hk4rrc5JRV3UKge2Hcf2OVbwAgvIYjCtprdjR2ZhUXs",
    }]));
    assert_eq!(documented.0.len(), 1);
}

// RFC 7517 §5; behaviour 71.
#[test]
fn malformed_and_unsupported_keys_are_left_out() {
    let keys = jwks(&json!([
        7,
        "key",
        [],
        {},
        {"kty": 1},
        {"kty": "EC"},
        {"kty": "EC", "crv": "P-257", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty": "RSA", "n": "!", "e": "AQAB"},
        {"kty": "RSA", "n": "", "e": ""},
        {"kty": "oct", "k": "c2VjcmV0"},
        ec(),
    ]));
    assert_eq!(keys.0.len(), 1);
    let twice = r#"{"kty":"EC","kty":"EC"}"#;
    let document = format!(r#"{{"keys":[{twice},{}],"extra":1}}"#, ec());
    assert_eq!(Jwks::parse(document.as_bytes()).unwrap().0.len(), 1);

    for nonsense in [
        "",
        "[]",
        "[[]]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
    ] {
        let error = Jwks::parse(nonsense.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{nonsense}");
    }
    let many = json!({ "keys": vec![7; 65] }).to_string();
    assert_eq!(
        Jwks::parse(many.as_bytes()).unwrap_err().to_string(),
        "the provider's response cannot be used: the key set has more than 64 keys"
    );
}

// RFC 7518 §3.3; behaviour 72.
#[test]
fn weak_and_impossible_keys_are_refused() {
    let n = BASE64_URL_SAFE_NO_PAD.decode(N).unwrap();
    let encoded = |bytes: &[u8]| Value::from(BASE64_URL_SAFE_NO_PAD.encode(bytes));
    assert_eq!(rsa_refusal(|_| {}), None);
    // Some providers write a leading zero.
    assert_eq!(
        rsa_refusal(|key| key["n"] = encoded(&[&[0], &n[..]].concat())),
        None
    );
    let mut short = n.clone();
    short[0] = 0x7f; // 2047 bits
    let long = [&[0xff; 769], &n[..]].concat(); // 8200 bits
    for modulus in [&short[..], &n[1..], &n[128..], &long] {
        let refusal = rsa_refusal(|key| key["n"] = encoded(modulus));
        assert_eq!(refusal, Some(KeyRefusal::Unknown), "{}", modulus.len());
    }
    for exponent in ["AQ", "Ag", "", "AA", "AQAC", "AQAAAAAB"] {
        let refusal = rsa_refusal(|key| key["e"] = exponent.into());
        assert_eq!(refusal, Some(KeyRefusal::Unknown), "{exponent}");
    }

    assert_eq!(ec_refusal(|_| {}), None);
    let x = BASE64_URL_SAFE_NO_PAD.decode(X).unwrap();
    for off_the_curve in [
        encoded(&[0; 32]),
        encoded(&[0xff; 32]),
        encoded(&x[1..]),
        encoded(&[&[0], &x[..]].concat()),
        Y.into(),
    ] {
        let refusal = ec_refusal(|key| key["x"] = off_the_curve);
        assert_eq!(refusal, Some(KeyRefusal::Unknown));
    }
}

// RFC 7517 §4 and §5; behaviour 71.
#[test]
fn a_key_has_only_its_declared_use() {
    for (member, value) in [
        ("use", json!("sig")),
        ("key_ops", json!(["verify"])),
        ("alg", json!("RS256")),
        ("alg", json!(null)),
        ("kid", json!(null)),
        ("x5c", json!(["ignored"])),
    ] {
        let refusal = rsa_refusal(|key| drop(key.insert(member.to_owned(), value)));
        assert_eq!(refusal, None, "{member}");
    }
    for (member, value) in [
        ("use", json!("enc")),
        ("use", json!(1)),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!("verify")),
        ("alg", json!("RS384")),
        ("alg", json!("RSA-OAEP")),
        ("kid", json!(7)),
        ("d", json!("AQAB")),
    ] {
        let refusal = rsa_refusal(|key| drop(key.insert(member.to_owned(), value)));
        assert_eq!(refusal, Some(KeyRefusal::Unknown), "{member}");
    }
}

// OpenID Connect Core §10.1, RFC 7517 §5; behaviours 70 and 71.
#[test]
fn a_key_is_chosen_by_kid_else_by_algorithm() {
    let named = |name: &str, mut key: Value| {
        key["kid"] = name.into();
        key
    };
    let token = |kid: &str| {
        let header = json!({"alg": "ES256", "kid": kid}).to_string();
        let rest = EC_TOKEN.split_once('.').unwrap().1;
        format!("{}.{rest}", BASE64_URL_SAFE_NO_PAD.encode(header))
    };
    let other = json!({"kty": "EC", "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"});

    // A token without a kid: any key that fits.
    for keys in [
        json!([ec(), other]),
        json!([named("b", other.clone()), named("a", ec())]),
    ] {
        assert_eq!(verify(&jwks(&keys), EC_TOKEN), Ok(()));
    }
    // With a kid: the keys that have it, and no others.
    let refusal = |keys: Value, kid: &str| verify(&jwks(&keys), &token(kid)).unwrap_err();
    let (a, b) = (named("a", other.clone()), named("b", other.clone()));
    assert_eq!(
        refusal(json!([a, named("a", ec()), ec()]), "a"),
        KeyRefusal::InvalidSignature
    );
    assert_eq!(refusal(json!([a, b]), "c"), KeyRefusal::Unknown);
    // An unknown kid: the keys without one.
    assert_eq!(refusal(json!([a, ec()]), "c"), KeyRefusal::InvalidSignature);
    // A key of another algorithm does not count.
    assert_eq!(
        refusal(json!([named("c", rsa())]), "c"),
        KeyRefusal::Unknown
    );
}

fn rsa() -> Value {
    json!({"kty": "RSA", "n": N, "e": "AQAB"})
}

fn ec() -> Value {
    json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y})
}

/// RFC 7515 appendix A.2.
const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

/// RFC 7515 appendix A.3.
const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const EC_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

const N_OF_RFC_7638: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
