//! Claims about when: `exp`, `iat`, `nbf`.

use serde_json::Value;

use super::{Forgery, good::Good};

pub(crate) fn forged(forgery: Forgery, good: &Good<'_>) -> Option<String> {
    let (now, end) = (good.time("iat"), good.time("exp"));
    Some(match forgery {
        Forgery::ExpirationPast => good.with_claim("exp", now - HOUR),
        Forgery::ExpirationMissing => good.without_claim("exp"),
        Forgery::ExpirationText => good.with_claim("exp", end.to_string()),
        Forgery::ExpirationNull => good.with_claim("exp", Value::Null),
        Forgery::ExpirationNegative => good.with_claim("exp", -1),
        Forgery::ExpirationHuge => good.with_claim("exp", 1e300),
        Forgery::IssuedAtMissing => good.without_claim("iat"),
        Forgery::IssuedAtFuture => good.with_claim("iat", now + DAY),
        Forgery::IssuedAtText => good.with_claim("iat", now.to_string()),
        Forgery::NotBeforeFuture => good.with_claim("nbf", now + DAY),
        Forgery::NotBeforeText => good.with_claim("nbf", now.to_string()),
        _ => return None,
    })
}

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
