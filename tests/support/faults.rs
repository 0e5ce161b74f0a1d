//! Answers of the provider that differ from good ones in one member.

use serde_json::{Value, json};
use tower_didit::fake::Fault;

/// Has this member, in the place of its own or besides.
pub(crate) fn with(member: &'static str, value: impl Into<Value>) -> Fault {
    let value = value.into();
    Fault::edit(move |members| {
        members.insert(member.to_owned(), value.clone());
    })
}

/// Lacks this member.
pub(crate) fn without(member: &'static str) -> Fault {
    Fault::edit(move |members| {
        members.remove(member);
    })
}

/// Has an ID token with this claim.
pub(crate) fn with_claim(claim: &'static str, value: impl Into<Value>) -> Fault {
    let value = value.into();
    Fault::edit_id_token(move |_, claims| {
        claims.insert(claim.to_owned(), value.clone());
    })
}

/// Has a refresh token of this length.
pub(crate) fn with_refresh_token_of(length: usize) -> Fault {
    with("refresh_token", json!("r".repeat(length)))
}
