//! The claims of an ID token (OpenID Connect Core §2).

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::{
    keys::{Keys, jws},
    provider::grant::Grant,
};

/// The claims for a grant whose access token is `access_token`.
pub(crate) fn claims(
    grant: &Grant,
    issuer: &str,
    client_id: &str,
    access_token: &str,
    now: u64,
) -> Map<String, Value> {
    let mut claims: Map<String, Value> = [
        ("iss", issuer.into()),
        ("sub", grant.person.subject().into()),
        ("aud", client_id.into()),
        ("iat", now.into()),
        ("exp", (now + LIFETIME).into()),
        ("auth_time", grant.signed_in_at.into()),
        ("at_hash", at_hash(access_token).into()),
    ]
    .map(|(name, value): (&str, Value)| (name.to_owned(), value))
    .into_iter()
    .collect();
    // Core §2: the nonce of the request, unmodified.
    if let Some(nonce) = &grant.nonce {
        claims.insert("nonce".to_owned(), nonce.as_str().into());
    }
    claims
}

/// The token with its header and claims edited, signed again.
pub(crate) fn edited(
    token: &str,
    keys: &Keys,
    edit: impl FnOnce(&mut Map<String, Value>, &mut Map<String, Value>),
) -> Option<String> {
    let (mut header, mut claims) = jws::decode(token)?;
    edit(&mut header, &mut claims);
    Some(keys.sign(&header, &claims))
}

/// Core §3.1.3.6: the left half of the hash of the signature algorithm; SHA-256 for both ES256 and RS256.
fn at_hash(access_token: &str) -> String {
    let hash = digest(&SHA256, access_token.as_bytes());
    let (left, _) = hash.as_ref().split_at(16);
    BASE64_URL_SAFE_NO_PAD.encode(left)
}

const LIFETIME: u64 = 3600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_hash_matches_the_published_example() {
        // The ID token of OpenID Connect Core, appendix A.4, carries this hash of its access token.
        assert_eq!(
            at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }
}
