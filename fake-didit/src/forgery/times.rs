//! Forged `exp`, `iat` and `nbf`.

use serde_json::Value;

use super::Forgery;

forgeries! {
    /// Times.
    impl Forgery {
        /// `exp` is one hour ago (OIDC Core §3.1.3.7 step 9).
        const EXPIRATION_PAST = |valid| valid.with_claim("exp", valid.time("iat") - HOUR);

        /// `exp` is missing (OIDC Core §2: required).
        const EXPIRATION_MISSING = |valid| valid.without_claim("exp");

        /// `exp` is the right time as a string (RFC 7519 §4.1.4: a number).
        const EXPIRATION_STRING = |valid| valid.with_claim("exp", valid.time("exp").to_string());

        /// `exp` is `null` (RFC 7519 §4.1.4: a number).
        const EXPIRATION_NULL = |valid| valid.with_claim("exp", Value::Null);

        /// `exp` is -1, before 1970 (OIDC Core §3.1.3.7 step 9).
        const EXPIRATION_NEGATIVE = |valid| valid.with_claim("exp", -1);

        /// `exp` is 1e300, which no clock represents (RFC 7519 §2, `NumericDate`).
        const EXPIRATION_HUGE = |valid| valid.with_claim("exp", 1e300);

        /// `iat` is missing (OIDC Core §2: required).
        const ISSUED_AT_MISSING = |valid| valid.without_claim("iat");

        /// `iat` is one day ahead (OIDC Core §3.1.3.7 step 10).
        const ISSUED_AT_FUTURE = |valid| valid.with_claim("iat", valid.time("iat") + DAY);

        /// `iat` is the right time as a string (RFC 7519 §4.1.6: a number).
        const ISSUED_AT_STRING = |valid| valid.with_claim("iat", valid.time("iat").to_string());

        /// `nbf` is one day ahead (RFC 7519 §4.1.5).
        const NOT_BEFORE_FUTURE = |valid| valid.with_claim("nbf", valid.time("iat") + DAY);

        /// `nbf` is a string (RFC 7519 §4.1.5: a number).
        const NOT_BEFORE_STRING = |valid| valid.with_claim("nbf", valid.time("iat").to_string());
    }
}

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
