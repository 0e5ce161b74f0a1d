//! Forged claims that bind an ID token to a sign-in: `nonce`, `at_hash`, `c_hash`.

use serde_json::json;

use super::Forgery;

forgeries! {
    /// Binding to the sign-in.
    impl Forgery {
        /// `nonce` is missing (OIDC Core §3.1.3.7 step 11). Harmless if the client sent none.
        const NONCE_MISSING = |valid| valid.without_claim("nonce");

        /// `nonce` is the one of another sign-in (OIDC Core §3.1.3.7 step 11).
        const NONCE_OTHER = |valid| valid.with_claim("nonce", "another-nonce");

        /// `nonce` is a number (OIDC Core §2: a string).
        const NONCE_NUMBER = |valid| valid.with_claim("nonce", 7);

        /// `at_hash` is the hash of another access token (OIDC Core §3.1.3.8).
        const ACCESS_TOKEN_HASH_OTHER = |valid| valid.with_claim("at_hash", OTHER_HASH);

        /// `at_hash` is a number (OIDC Core §3.1.3.6: a string).
        const ACCESS_TOKEN_HASH_NUMBER = |valid| valid.with_claim("at_hash", 7);

        /// `c_hash` is the hash of another code (OIDC Core §3.3.2.11).
        const CODE_HASH_OTHER = |valid| valid.with_claim("c_hash", OTHER_HASH);

        /// A logout token: has `events` and no `nonce` (Back-Channel Logout §2.4, §4).
        const LOGOUT_TOKEN = |valid| valid.with_claims(|claims| {
            claims.remove("nonce");
            let events = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
            claims.insert("events".to_owned(), events);
        });
    }
}

/// The example of OIDC Core, appendix A.4; no token or code of the fake has this hash.
const OTHER_HASH: &str = "77QmUPtjPfzWtF2AnpK9RQ";
