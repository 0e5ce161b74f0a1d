//! The users of identity verification, as JSON.

use serde::Deserialize;
use serde_json::json;

use super::call::{Call, CallResult};

/// The blocked users.
pub(super) fn list(call: &Call<'_>) -> CallResult {
    let state = call.didit.lock();
    let mut blocked: Vec<_> = state.verification.blocked.iter().collect();
    blocked.sort_unstable();
    Ok(json!({"blocked": blocked}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    vendor_data: String,
    status: UserStatus,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum UserStatus {
    Active,
    Blocked,
}

/// Blocks or unblocks a user.
pub(super) fn change(call: &Call<'_>) -> CallResult {
    let change: Change = call.body(r#"{"vendor_data": "…", "status": "BLOCKED"}, or "ACTIVE""#)?;
    let is_blocked = change.status == UserStatus::Blocked;
    call.didit
        .lock()
        .set_blocked(&change.vendor_data, is_blocked);
    list(call)
}
