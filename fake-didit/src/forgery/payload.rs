//! Claims or a header that are not exactly one JSON object with unique names.

use super::Forgery;
use crate::keys::jws::to_json;

forgeries! {
    /// JSON of the claims and the header.
    impl Forgery {
        /// The claims are an array (RFC 7519 §7.2: an object).
        const PAYLOAD_ARRAY = |valid| {
            valid.with_payload(&[b"[", &*to_json(&valid.claims), b"]"].concat())
        };

        /// The claims are a string (RFC 7519 §7.2: an object).
        const PAYLOAD_STRING = |valid| valid.with_payload(b"\"claims\"");

        /// The claims are `null` (RFC 7519 §7.2: an object).
        const PAYLOAD_NULL = |valid| valid.with_payload(b"null");

        /// The claims are empty (RFC 7519 §7.2: an object).
        const PAYLOAD_EMPTY = |valid| valid.with_payload(b"");

        /// The claims are not JSON (RFC 7519 §7.2).
        const PAYLOAD_NOT_JSON = |valid| valid.with_payload(b"sub=john");

        /// The claims are not UTF-8 (RFC 7519 §7.2).
        const PAYLOAD_NOT_UTF8 = |valid| {
            valid.with_payload(&valid.claims_and_member(b"\"x\":\"\xff\""))
        };

        /// The claims are followed by a second JSON object (RFC 7519 §7.2).
        const PAYLOAD_TRAILING_DATA = |valid| {
            valid.with_payload(&[&*to_json(&valid.claims), b"{}"].concat())
        };

        /// `sub` occurs twice; the second one is another person (RFC 7519 §4: unique names).
        const PAYLOAD_DUPLICATE_SUBJECT = |valid| {
            let member = format!("\"sub\":\"{}\"", valid.other_subject());
            valid.with_payload(&valid.claims_and_member(member.as_bytes()))
        };

        /// `exp` occurs twice; the second one is an hour later (RFC 7519 §4: unique names).
        const PAYLOAD_DUPLICATE_EXPIRATION = |valid| {
            let member = format!("\"exp\":{}", valid.time("exp") + 3600);
            valid.with_payload(&valid.claims_and_member(member.as_bytes()))
        };

        /// A claim is nested 1000 levels deep (RFC 8259 §9).
        const PAYLOAD_NESTED = |valid| {
            let member = format!("\"x\":{}{}", "[".repeat(1000), "]".repeat(1000));
            valid.with_payload(&valid.claims_and_member(member.as_bytes()))
        };

        /// The token has about 900,000 characters (RFC 8725 §3.11: the application limits the size).
        const PAYLOAD_HUGE = |valid| valid.with_claim("x", "x".repeat(HUGE));

        /// The header is not JSON (RFC 7515 §5.2).
        const HEADER_NOT_JSON = |valid| valid.with_raw_header(b"alg=ES256");

        /// The header is an array (RFC 7515 §4: an object).
        const HEADER_ARRAY = |valid| {
            valid.with_raw_header(&[b"[", &*to_json(&valid.header), b"]"].concat())
        };

        /// `alg` occurs twice in the header (RFC 7515 §4: unique names).
        const HEADER_DUPLICATE_ALGORITHM = |valid| {
            let member = format!("\"alg\":\"{}\"", valid.algorithm().name());
            valid.with_raw_header(&valid.header_and_member(member.as_bytes()))
        };
    }
}

/// base64url adds a third; the token response stays below 1 MiB.
const HUGE: usize = 670_000;
