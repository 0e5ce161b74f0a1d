//! Forged `alg`: it names another algorithm than the one that signed the token.

use super::{Forgery, valid_token::ValidToken};
use crate::keys::{Algorithm, base64url::encode, jws::to_json};

forgeries! {
    /// Algorithm.
    impl Forgery {
        /// `alg` is `none`, without a signature (OIDC Core §3.1.3.7 step 7, RFC 8725 §3.2).
        const ALGORITHM_NONE = |valid| unsigned(valid, "none");

        /// `alg` is `NoNe`, without a signature (RFC 8725 §2.1, §3.2).
        const ALGORITHM_NONE_MIXED_CASE = |valid| unsigned(valid, "NoNe");

        /// `alg` is `none`, with the valid signature (RFC 8725 §3.1).
        const ALGORITHM_NONE_SIGNED = |valid| with_algorithm(valid, "none");

        /// `alg` is empty (RFC 7515 §4.1.1).
        const ALGORITHM_EMPTY = |valid| with_algorithm(valid, "");

        /// `alg` is missing (RFC 7515 §4.1.1: required).
        const ALGORITHM_MISSING = |valid| {
            let mut header = valid.header.clone();
            header.remove("alg");
            valid.keys.sign(&header, &valid.claims)
        };

        /// `alg` is a number (RFC 7515 §4.1.1: a string).
        const ALGORITHM_NUMBER = |valid| valid.with_header([("alg", 256.into())]);

        /// `alg` is in lower case (RFC 7515 §4.1.1: case-sensitive).
        const ALGORITHM_LOWERCASE = |valid| {
            with_algorithm(valid, &valid.algorithm().name().to_ascii_lowercase())
        };

        /// `alg` is RS256 for an ES256 signature, or vice versa (RFC 8725 §3.1).
        const ALGORITHM_SWAPPED = |valid| with_algorithm(valid, match valid.algorithm() {
            Algorithm::Es256 => "RS256",
            Algorithm::Rs256 => "ES256",
        });

        /// `alg` is RS384, with the valid signature (RFC 8725 §3.1).
        const ALGORITHM_RS384 = |valid| with_algorithm(valid, "RS384");

        /// `alg` is PS256, with the valid signature (RFC 8725 §3.1).
        const ALGORITHM_PS256 = |valid| with_algorithm(valid, "PS256");

        /// `alg` is ES384, with the valid signature (RFC 8725 §3.1).
        const ALGORITHM_ES384 = |valid| with_algorithm(valid, "ES384");

        /// `alg` is ES256K, with the valid signature (RFC 8725 §3.1).
        const ALGORITHM_ES256K = |valid| with_algorithm(valid, "ES256K");

        /// `alg` is `EdDSA`, with the valid signature (RFC 8725 §3.1).
        const ALGORITHM_EDDSA = |valid| with_algorithm(valid, "EdDSA");

        /// `alg` is HS256, with the valid signature (RFC 8725 §3.1).
        const ALGORITHM_HS256 = |valid| with_algorithm(valid, "HS256");
    }
}

/// The token with another `alg`, signed with the configured algorithm.
fn with_algorithm(valid: &ValidToken<'_>, algorithm: &str) -> String {
    valid.with_header([("alg", algorithm.into())])
}

/// An unsecured JWS (RFC 7515, appendix A.5).
fn unsigned(valid: &ValidToken<'_>, algorithm: &str) -> String {
    let header = valid.header_with([("alg", algorithm.into())]);
    format!(
        "{}.{}.",
        encode(to_json(&header)),
        encode(to_json(&valid.claims))
    )
}
