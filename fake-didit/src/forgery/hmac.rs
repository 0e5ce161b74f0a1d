//! HS256 signatures keyed with public data. A verifier that combines any key with any algorithm accepts them
//! (RFC 8725 §2.1).

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use serde_json::Value;

use super::{Forgery, public_key::PublicKey, valid_token::ValidToken};
use crate::keys::{Algorithm, base64url::encode, jws::to_json};

forgeries! {
    /// HS256 signatures keyed with public data.
    impl Forgery {
        /// HS256, keyed with the P-256 key in PEM (RFC 8725 §2.1, §3.1).
        const HMAC_EC_PEM = |valid| hs256(valid, ec(valid).pem());

        /// HS256, keyed with the P-256 key in PEM without its final line break (RFC 8725 §2.1, §3.1).
        const HMAC_EC_PEM_TRIMMED = |valid| hs256(valid, ec(valid).pem().trim_end());

        /// HS256, keyed with the P-256 key in DER (RFC 8725 §2.1, §3.1).
        const HMAC_EC_DER = |valid| hs256(valid, ec(valid).der());

        /// HS256, keyed with the uncompressed point of the P-256 key (RFC 8725 §2.1, §3.1).
        const HMAC_EC_POINT = |valid| hs256(valid, ec(valid).raw());

        /// HS256, keyed with the P-256 key as a JWK (RFC 8725 §2.1, §3.1).
        const HMAC_EC_JWK = |valid| hs256(valid, ec(valid).jwk());

        /// HS256, keyed with the bytes of `x` (RFC 8725 §2.1, §3.1).
        const HMAC_EC_X = |valid| hs256(valid, ec(valid).number("x"));

        /// HS256, keyed with `x` in base64url (RFC 8725 §2.1, §3.1).
        const HMAC_EC_X_BASE64URL = |valid| hs256(valid, ec(valid).member("x"));

        /// HS256, keyed with the bytes of `y` (RFC 8725 §2.1, §3.1).
        const HMAC_EC_Y = |valid| hs256(valid, ec(valid).number("y"));

        /// HS256, keyed with `y` in base64url (RFC 8725 §2.1, §3.1).
        const HMAC_EC_Y_BASE64URL = |valid| hs256(valid, ec(valid).member("y"));

        /// HS256, keyed with the RSA key in PEM (RFC 8725 §2.1, §3.1).
        const HMAC_RSA_PEM = |valid| hs256(valid, rsa(valid).pem());

        /// HS256, keyed with the RSA key in PEM without its final line break (RFC 8725 §2.1, §3.1).
        const HMAC_RSA_PEM_TRIMMED = |valid| hs256(valid, rsa(valid).pem().trim_end());

        /// HS256, keyed with the RSA key in DER (RFC 8725 §2.1, §3.1).
        const HMAC_RSA_DER = |valid| hs256(valid, rsa(valid).der());

        /// HS256, keyed with the RSA key in the PEM of PKCS #1 (RFC 8725 §2.1, §3.1).
        const HMAC_RSA_PKCS1_PEM = |valid| hs256(valid, rsa(valid).pkcs1_pem());

        /// HS256, keyed with the RSA key in the DER of PKCS #1 (RFC 8725 §2.1, §3.1).
        const HMAC_RSA_PKCS1_DER = |valid| hs256(valid, rsa(valid).raw());

        /// HS256, keyed with the RSA key as a JWK (RFC 8725 §2.1, §3.1).
        const HMAC_RSA_JWK = |valid| hs256(valid, rsa(valid).jwk());

        /// HS256, keyed with the bytes of `n` (RFC 8725 §2.1, §3.1).
        const HMAC_RSA_N = |valid| hs256(valid, rsa(valid).number("n"));

        /// HS256, keyed with `n` in base64url (RFC 8725 §2.1, §3.1).
        const HMAC_RSA_N_BASE64URL = |valid| hs256(valid, rsa(valid).member("n"));

        /// HS256, keyed with the bytes of `e` (RFC 8725 §2.1, §3.1).
        const HMAC_RSA_E = |valid| hs256(valid, rsa(valid).number("e"));

        /// HS256, keyed with `e` in base64url (RFC 8725 §2.1, §3.1).
        const HMAC_RSA_E_BASE64URL = |valid| hs256(valid, rsa(valid).member("e"));

        /// HS256, keyed with the `kid` (RFC 8725 §2.1, §3.1).
        const HMAC_KEY_ID = |valid| {
            let kid = valid.header.get("kid").and_then(Value::as_str);
            hs256(valid, kid.unwrap_or_default())
        };

        /// HS256, keyed with the JWK set (RFC 8725 §2.1, §3.1).
        const HMAC_JWKS = |valid| hs256(valid, valid.keys.jwks().to_string());

        /// HS256, keyed with an empty key (RFC 8725 §3.1, §3.5).
        const HMAC_EMPTY_KEY = |valid| hs256(valid, "");
    }
}

fn hs256(valid: &ValidToken<'_>, key: impl AsRef<[u8]>) -> String {
    let header = valid.header_with([("alg", "HS256".into())]);
    let input = format!(
        "{}.{}",
        encode(to_json(&header)),
        encode(to_json(&valid.claims))
    );
    let signature = sign(&Key::new(HMAC_SHA256, key.as_ref()), input.as_bytes());
    format!("{input}.{}", encode(signature))
}

fn ec(valid: &ValidToken<'_>) -> PublicKey {
    PublicKey::of(valid, Algorithm::Es256)
}

fn rsa(valid: &ValidToken<'_>) -> PublicKey {
    PublicKey::of(valid, Algorithm::Rs256)
}
