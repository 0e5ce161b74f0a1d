//! Claims that bind the token to a sign-in: `nonce`, hashes; and `events`, which unbinds it.

use serde_json::json;

use super::{Forgery, good::Good};

pub(crate) fn forged(forgery: Forgery, good: &Good<'_>) -> Option<String> {
    Some(match forgery {
        Forgery::NonceMissing => good.without_claim("nonce"),
        Forgery::NonceOther => good.with_claim("nonce", "another-nonce"),
        Forgery::NonceNumber => good.with_claim("nonce", 7),
        Forgery::AccessTokenHashOther => good.with_claim("at_hash", OTHER_HASH),
        Forgery::AccessTokenHashNumber => good.with_claim("at_hash", 7),
        Forgery::CodeHashOther => good.with_claim("c_hash", OTHER_HASH),
        Forgery::LogoutToken => good.with_claims(|claims| {
            claims.remove("nonce");
            let event = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
            claims.insert("events".to_owned(), event);
        }),
        _ => return None,
    })
}

/// The example of OIDC Core, appendix A.4: the hash of no token or code of the fake.
const OTHER_HASH: &str = "77QmUPtjPfzWtF2AnpK9RQ";
