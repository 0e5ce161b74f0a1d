//! Forged ID tokens: each has one fault. None signs in, and each is refused with the kind of its fault.

use tower_didit::{
    ErrorKind, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Forgery},
    protocol::SigningAlgorithm,
    reason::IdTokenError,
};

use crate::support::{
    identity::{ALEJANDRA, attempt, visit},
    site::{CALLBACK, didit},
};

/// Each Didit product, with an application.
fn visitors() -> Vec<(&'static str, FakeDidit, Browser)> {
    let sign_in_api = [
        ("ES256", didit()),
        ("RS256", didit().with_rs256()),
        ("keys without names", didit().with_bare_jwks()),
    ];
    let mut visitors: Vec<_> = sign_in_api
        .into_iter()
        .map(|(name, didit)| {
            let browser = visit(didit.config(CALLBACK));
            (name, didit, browser)
        })
        .collect();

    let every = didit();
    let provider = Provider::didit().with_signing_algorithms(SigningAlgorithm::ALL.iter().copied());
    let browser = visit(every.config(CALLBACK).with_provider(provider));
    visitors.push(("every algorithm", every, browser));

    let authentication = FakeDidit::authentication("client");
    let config = authentication.config(CALLBACK).with_cookie_keys([[7; 32]]);
    let browser = visit(config);
    visitors.push(("Didit Authentication", authentication, browser));
    visitors
}

// OpenID Connect Core §2, §3.1.3.7 and §3.1.3.8, RFC 7515 §4.1.11, RFC 7519 §4.1 and §7.2, RFC 8725
// §3, RFC 9700 §4.5.3; behaviours 43 to 56 and 58 to 60. The clause of each is with the forgery.
#[tokio::test]
async fn no_forged_token_signs_in() {
    for (name, didit, browser) in visitors() {
        let hosts = hosts_of(&didit, &browser).await;
        for forgery in Forgery::all() {
            if is_harmless(forgery, name) {
                continue;
            }
            didit.on_next(Endpoint::Token, Fault::forge(forgery));
            let tokens = didit.count(Endpoint::Token);
            let outcome = attempt(&browser, &didit).await;
            assert_eq!(
                outcome,
                refusal(forgery, name).code(),
                "{forgery:?}, {name}"
            );
            assert_eq!(didit.count(Endpoint::Token), tokens + 1, "{forgery:?}");
            // Unknown keys may be fetched again.
            didit.clock().advance(std::time::Duration::from_secs(60));
        }
        assert_eq!(attempt(&browser, &didit).await, ALEJANDRA, "{name}");
        // RFC 8725 §3.10; behaviour 49. No other host was asked.
        assert_eq!(hosts_of(&didit, &browser).await, hosts, "{name}");
    }
}

/// The hosts that got a request, including an honest sign-in.
async fn hosts_of(didit: &FakeDidit, browser: &Browser) -> Vec<String> {
    assert_eq!(attempt(browser, didit).await, ALEJANDRA);
    let requests = didit.requests();
    let mut hosts: Vec<_> = requests
        .iter()
        .filter_map(|request| request.uri().host().map(str::to_owned))
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

/// Forgeries that are no fault for this visitor.
fn is_harmless(forgery: Forgery, visitor: &str) -> bool {
    match forgery.name() {
        "KEY_ID_UNKNOWN" => visitor == "keys without names",
        "NONCE_MISSING" | "NONCE_OTHER" | "NONCE_NUMBER" => visitor == "Didit Authentication",
        _ => false,
    }
}

#[expect(clippy::too_many_lines, reason = "it is one list")]
fn refusal(forgery: Forgery, visitor: &str) -> ErrorKind {
    let nameless = visitor == "keys without names";
    let any_algorithm = visitor == "every algorithm";
    let es256_only = visitor == "Didit Authentication";
    match forgery.name() {
        "ISSUER_OTHER" | "ISSUER_TRAILING_SLASH" | "ISSUER_UPPERCASE" | "ISSUER_OTHER_SCHEME" => {
            ErrorKind::IdToken(IdTokenError::Issuer)
        }

        "AUDIENCE_OTHER"
        | "AUDIENCE_ARRAY_OF_OTHERS"
        | "AUDIENCE_EXTRA"
        | "AUDIENCE_EXTRA_WITHOUT_AZP"
        | "AUDIENCE_EMPTY_ARRAY"
        | "AUDIENCE_JOINED"
        | "AUTHORIZED_PARTY_OTHER" => ErrorKind::IdToken(IdTokenError::Audience),

        "EXPIRATION_PAST" => ErrorKind::IdToken(IdTokenError::Expired),
        "ISSUED_AT_FUTURE" | "NOT_BEFORE_FUTURE" => ErrorKind::IdToken(IdTokenError::NotYetValid),

        "NONCE_MISSING" | "NONCE_OTHER" | "NONCE_NUMBER" => ErrorKind::IdToken(IdTokenError::Nonce),
        "ACCESS_TOKEN_HASH_OTHER" | "ACCESS_TOKEN_HASH_NUMBER" | "CODE_HASH_OTHER" => {
            ErrorKind::IdToken(IdTokenError::Hash)
        }

        "LOGOUT_TOKEN" | "TYPE_ACCESS_TOKEN" | "TYPE_LOGOUT_TOKEN" => {
            ErrorKind::IdToken(IdTokenError::Type)
        }

        "KEY_ID_UNKNOWN" | "KEY_ID_URL" | "KEY_ID_JWK" if !nameless => {
            ErrorKind::IdToken(IdTokenError::UnknownKey)
        }
        // A key of another kind than the header says, or none.
        "ALGORITHM_SWAPPED" if es256_only => ErrorKind::IdToken(IdTokenError::Algorithm),
        "ALGORITHM_SWAPPED" if !nameless => ErrorKind::IdToken(IdTokenError::UnknownKey),
        "ALGORITHM_RS384" | "ALGORITHM_PS256" | "ALGORITHM_ES384" if any_algorithm => {
            ErrorKind::IdToken(IdTokenError::UnknownKey)
        }

        "ALGORITHM_NONE"
        | "ALGORITHM_NONE_MIXED_CASE"
        | "ALGORITHM_NONE_SIGNED"
        | "ALGORITHM_EMPTY"
        | "ALGORITHM_LOWERCASE"
        | "ALGORITHM_RS384"
        | "ALGORITHM_PS256"
        | "ALGORITHM_ES384"
        | "ALGORITHM_ES256K"
        | "ALGORITHM_EDDSA"
        | "ALGORITHM_HS256"
        | "HMAC_EC_PEM"
        | "HMAC_EC_PEM_TRIMMED"
        | "HMAC_EC_DER"
        | "HMAC_EC_POINT"
        | "HMAC_EC_JWK"
        | "HMAC_EC_X"
        | "HMAC_EC_X_BASE64URL"
        | "HMAC_EC_Y"
        | "HMAC_EC_Y_BASE64URL"
        | "HMAC_RSA_PEM"
        | "HMAC_RSA_PEM_TRIMMED"
        | "HMAC_RSA_DER"
        | "HMAC_RSA_PKCS1_PEM"
        | "HMAC_RSA_PKCS1_DER"
        | "HMAC_RSA_JWK"
        | "HMAC_RSA_N"
        | "HMAC_RSA_N_BASE64URL"
        | "HMAC_RSA_E"
        | "HMAC_RSA_E_BASE64URL"
        | "HMAC_KEY_ID"
        | "HMAC_JWKS"
        | "HMAC_EMPTY_KEY" => ErrorKind::IdToken(IdTokenError::Algorithm),

        "KEY_ID_URL"
        | "KEY_ID_JWK"
        | "ALGORITHM_SWAPPED"
        | "HEADER_JWK"
        | "HEADER_JKU"
        | "HEADER_X5U"
        | "HEADER_X5C"
        | "SIGNATURE_EMPTY"
        | "SIGNATURE_TRUNCATED"
        | "SIGNATURE_EXTENDED"
        | "SIGNATURE_BIT_FLIPPED"
        | "SIGNATURE_ZERO"
        | "SIGNATURE_DER"
        | "SIGNATURE_BY_OTHER_KEY"
        | "PAYLOAD_SWAPPED" => ErrorKind::IdToken(IdTokenError::Signature),

        // The token response has none.
        "EMPTY" => ErrorKind::InvalidResponse,

        "ISSUER_MISSING"
        | "ISSUER_ARRAY"
        | "AUDIENCE_MISSING"
        | "AUDIENCE_NUMBER"
        | "SUBJECT_MISSING"
        | "SUBJECT_EMPTY"
        | "SUBJECT_NUMBER"
        | "SUBJECT_ARRAY"
        | "SUBJECT_TOO_LONG"
        | "EXPIRATION_MISSING"
        | "EXPIRATION_STRING"
        | "EXPIRATION_NULL"
        | "EXPIRATION_NEGATIVE"
        | "EXPIRATION_HUGE"
        | "ISSUED_AT_MISSING"
        | "ISSUED_AT_STRING"
        | "NOT_BEFORE_STRING"
        | "KEY_ID_NUMBER"
        | "CRITICAL_UNKNOWN"
        | "CRITICAL_EMPTY"
        | "CRITICAL_STRING"
        | "UNENCODED_PAYLOAD"
        | "UNENCODED_PAYLOAD_NOT_CRITICAL"
        | "ALGORITHM_MISSING"
        | "ALGORITHM_NUMBER"
        | "PAYLOAD_ARRAY"
        | "PAYLOAD_STRING"
        | "PAYLOAD_NULL"
        | "PAYLOAD_EMPTY"
        | "PAYLOAD_NOT_JSON"
        | "PAYLOAD_NOT_UTF8"
        | "PAYLOAD_TRAILING_DATA"
        | "PAYLOAD_DUPLICATE_SUBJECT"
        | "PAYLOAD_DUPLICATE_EXPIRATION"
        | "PAYLOAD_NESTED"
        | "PAYLOAD_HUGE"
        | "HEADER_NOT_JSON"
        | "HEADER_ARRAY"
        | "HEADER_DUPLICATE_ALGORITHM"
        | "NOT_A_TOKEN"
        | "TWO_PARTS"
        | "FOUR_PARTS"
        | "FIVE_PARTS"
        | "PADDED_PAYLOAD"
        | "PADDED_SIGNATURE"
        | "STANDARD_BASE64"
        | "NOT_BASE64"
        | "SPACE_IN_PAYLOAD"
        | "LINE_BREAK_IN_SIGNATURE"
        | "TRAILING_LINE_BREAK" => ErrorKind::IdToken(IdTokenError::Malformed),

        other => panic!("what is {other:?} refused for?"),
    }
}

// OpenID Connect Core §3.1.3.7 step 6; behaviour 48. With `insecure_trust_tls_for_id_token` TLS
// replaces only the signature.
#[tokio::test]
async fn trusting_tls_skips_only_the_signature() {
    let didit = didit();
    let provider = Provider::didit().insecure_trust_tls_for_id_token();
    let browser = visit(didit.config(CALLBACK).with_provider(provider));
    for forgery in Forgery::all() {
        let expected = match refusal(forgery, "ES256") {
            ErrorKind::IdToken(IdTokenError::UnknownKey) => ALEJANDRA,
            // The claims are then John's, without a signature.
            ErrorKind::IdToken(IdTokenError::Signature) if forgery != Forgery::PAYLOAD_SWAPPED => {
                ALEJANDRA
            }
            ErrorKind::IdToken(IdTokenError::Signature) => continue,
            kind => kind.code(),
        };
        didit.on_next(Endpoint::Token, Fault::forge(forgery));
        assert_eq!(attempt(&browser, &didit).await, expected, "{forgery:?}");
    }
    assert_eq!(didit.count(Endpoint::Jwks), 0);
}

// OpenID Connect Core §3.1.3.7 step 11; behaviour 55.
#[tokio::test]
async fn an_optional_nonce_must_match() {
    let didit = didit();
    let provider = Provider::didit().insecure_accept_missing_nonce();
    let browser = visit(didit.config(CALLBACK).with_provider(provider));
    for (forgery, outcome) in [
        (Forgery::NONCE_MISSING, ALEJANDRA),
        (Forgery::NONCE_OTHER, "invalid-nonce"),
        (Forgery::NONCE_NUMBER, "invalid-nonce"),
    ] {
        didit.on_next(Endpoint::Token, Fault::forge(forgery));
        assert_eq!(attempt(&browser, &didit).await, outcome, "{forgery:?}");
    }
}
