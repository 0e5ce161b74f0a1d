//! Forged header members other than `alg`: token type, key selection, critical extensions.

use serde_json::{Value, json};

use super::{Forgery, attacker::Attacker, valid_token::ValidToken};

forgeries! {
    /// Token type, key selection and critical extensions in the header.
    impl Forgery {
        /// `typ` is the type of an access token (RFC 9068 §2.1, RFC 8725 §3.11).
        const TYPE_ACCESS_TOKEN = |valid| valid.with_header([("typ", "at+jwt".into())]);

        /// `typ` is the type of a logout token (Back-Channel Logout §2.4, RFC 8725 §3.11).
        const TYPE_LOGOUT_TOKEN = |valid| valid.with_header([("typ", "logout+jwt".into())]);

        /// `kid` names no published key (RFC 7515 §4.1.4). Harmless if the published keys have no `kid`.
        const KEY_ID_UNKNOWN = |valid| valid.with_header([("kid", "unknown".into())]);

        /// `kid` is a number (RFC 7515 §4.1.4: a string).
        const KEY_ID_NUMBER = |valid| valid.with_header([("kid", 1.into())]);

        /// `kid` is the URL of an attacker's key, which signed the token (RFC 8725 §3.10).
        const KEY_ID_URL = |valid| signed_by_attacker(valid, "kid", |_| ATTACKER_JWKS_URL.into());

        /// `kid` is an attacker's key, which signed the token (RFC 8725 §3.10).
        const KEY_ID_JWK = |valid| {
            signed_by_attacker(valid, "kid", |attacker| attacker.jwk().to_string().into())
        };

        /// `jwk` is an attacker's key, which signed the token (RFC 7515 §4.1.3, RFC 8725 §3.10).
        const HEADER_JWK = |valid| signed_by_attacker(valid, "jwk", Attacker::jwk);

        /// `jku` is the URL of an attacker's key, which signed the token (RFC 7515 §4.1.2, RFC 8725 §3.10).
        const HEADER_JKU = |valid| signed_by_attacker(valid, "jku", |_| ATTACKER_JWKS_URL.into());

        /// `x5u` is the URL of an attacker's certificate, whose key signed the token (RFC 8725 §3.10).
        const HEADER_X5U = |valid| {
            signed_by_attacker(valid, "x5u", |_| "https://evil.example/certificate.pem".into())
        };

        /// `x5c` is an attacker's certificate, whose key signed the token (RFC 7515 §4.1.6, RFC 8725
        /// §3.10).
        const HEADER_X5C = |valid| {
            signed_by_attacker(valid, "x5c", |attacker| json!([attacker.certificate()]))
        };

        /// `crit` names an unknown extension (RFC 7515 §4.1.11).
        const CRITICAL_UNKNOWN = |valid| {
            let extension = "https://evil.example/extension";
            valid.with_header([("crit", json!([extension])), (extension, true.into())])
        };

        /// `crit` is an empty array (RFC 7515 §4.1.11).
        const CRITICAL_EMPTY = |valid| valid.with_header([("crit", json!([]))]);

        /// `crit` is a string (RFC 7515 §4.1.11: an array).
        const CRITICAL_STRING = |valid| valid.with_header([("crit", "alg".into())]);

        /// `b64` is false, and `crit` lists it (RFC 7797 §7: not allowed in a JWT).
        const UNENCODED_PAYLOAD = |valid| {
            valid.with_header([("b64", false.into()), ("crit", json!(["b64"]))])
        };

        /// `b64` is false, and `crit` does not list it (RFC 7797 §6, §7).
        const UNENCODED_PAYLOAD_NOT_CRITICAL = |valid| valid.with_header([("b64", false.into())]);
    }
}

/// The token with one header member that points to the attacker's key, signed with that key.
fn signed_by_attacker(valid: &ValidToken<'_>, name: &str, value: fn(&Attacker) -> Value) -> String {
    let attacker = Attacker::of(valid);
    attacker.sign(&valid.header_with([(name, value(&attacker))]), valid)
}

const ATTACKER_JWKS_URL: &str = "https://evil.example/jwks.json";
