//! Forged `iss`, `aud`, `azp` and `sub`.

use serde_json::json;

use super::Forgery;

forgeries! {
    /// Issuer, audience and subject.
    impl Forgery {
        /// `iss` is another issuer (OIDC Core §3.1.3.7 step 2).
        const ISSUER_OTHER = |valid| valid.with_claim("iss", "https://evil.example");

        /// `iss` has an additional trailing slash (OIDC Core §3.1.3.7 step 2: exact match).
        const ISSUER_TRAILING_SLASH = |valid| valid.with_claim("iss", format!("{}/", valid.issuer()));

        /// `iss` is in upper case (OIDC Core §2: case-sensitive).
        const ISSUER_UPPERCASE = |valid| valid.with_claim("iss", valid.issuer().to_ascii_uppercase());

        /// `iss` has the scheme `http` instead of `https`, or vice versa (OIDC Core §3.1.3.7 step 2).
        const ISSUER_OTHER_SCHEME = |valid| valid.with_claim("iss", other_scheme(valid.issuer()));

        /// `iss` is missing (OIDC Core §2: required).
        const ISSUER_MISSING = |valid| valid.without_claim("iss");

        /// `iss` is an array that contains the issuer (RFC 7519 §4.1.1: a string).
        const ISSUER_ARRAY = |valid| valid.with_claim("iss", json!([valid.issuer()]));

        /// `aud` is missing (OIDC Core §2: required).
        const AUDIENCE_MISSING = |valid| valid.without_claim("aud");

        /// `aud` is another client (OIDC Core §3.1.3.7 step 3).
        const AUDIENCE_OTHER = |valid| valid.with_claim("aud", OTHER_CLIENT);

        /// `aud` is an array of other clients (OIDC Core §3.1.3.7 step 3).
        const AUDIENCE_ARRAY_OF_OTHERS = |valid| {
            valid.with_claim("aud", json!([OTHER_CLIENT, "third-client"]))
        };

        /// `aud` contains the client and an untrusted one; `azp` is the client (OIDC Core §3.1.3.7 step 3).
        const AUDIENCE_EXTRA = |valid| valid.with_claims(|claims| {
            claims.insert("aud".to_owned(), json!([valid.client_id(), OTHER_CLIENT]));
            claims.insert("azp".to_owned(), valid.client_id().into());
        });

        /// `aud` contains the client and an untrusted one; `azp` is missing (OIDC Core §3.1.3.7 step 4).
        const AUDIENCE_EXTRA_WITHOUT_AZP = |valid| {
            valid.with_claim("aud", json!([valid.client_id(), OTHER_CLIENT]))
        };

        /// `aud` is a number (RFC 7519 §4.1.3).
        const AUDIENCE_NUMBER = |valid| valid.with_claim("aud", 7);

        /// `aud` is an empty array (OIDC Core §3.1.3.7 step 3).
        const AUDIENCE_EMPTY_ARRAY = |valid| valid.with_claim("aud", json!([]));

        /// `aud` is two clients in one string (RFC 7519 §4.1.3: several are an array).
        const AUDIENCE_JOINED = |valid| {
            valid.with_claim("aud", format!("{} {OTHER_CLIENT}", valid.client_id()))
        };

        /// `azp` is another client (OIDC Core §3.1.3.7 step 5).
        const AUTHORIZED_PARTY_OTHER = |valid| valid.with_claim("azp", OTHER_CLIENT);

        /// `sub` is missing (OIDC Core §2: required).
        const SUBJECT_MISSING = |valid| valid.without_claim("sub");

        /// `sub` is empty (OIDC Core §2: an identifier).
        const SUBJECT_EMPTY = |valid| valid.with_claim("sub", "");

        /// `sub` is a number (RFC 7519 §4.1.2: a string).
        const SUBJECT_NUMBER = |valid| valid.with_claim("sub", 7);

        /// `sub` is an array (RFC 7519 §4.1.2: a string).
        const SUBJECT_ARRAY = |valid| valid.with_claim("sub", json!([valid.text("sub")]));

        /// `sub` has 256 characters (OIDC Core §2: at most 255).
        const SUBJECT_TOO_LONG = |valid| valid.with_claim("sub", "s".repeat(256));
    }
}

fn other_scheme(issuer: &str) -> String {
    match issuer.strip_prefix("https:") {
        Some(rest) => format!("http:{rest}"),
        None => issuer.replacen("http:", "https:", 1),
    }
}

const OTHER_CLIENT: &str = "other-client";
