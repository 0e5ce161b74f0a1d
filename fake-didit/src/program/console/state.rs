//! The state of the fake as JSON.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::{faults, people};
use crate::{
    clock::unix_seconds,
    provider::{product::Product, state::State},
};

/// The whole state except the recorded requests.
pub(super) fn view(state: &State) -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "product": match state.product {
            Product::SignIn => "sign-in",
            Product::Authentication => "authentication",
        },
        "on": !state.is_off,
        "issuer": state.issuer.as_str(),
        "discovery": state.issuer.discovery(),
        "client": {
            "id": state.client.id,
            "authentication_method": state.client.authentication_method(),
        },
        "redirect_uris": state.redirect_uris,
        "post_logout_redirect_uris": state.post_logout_redirect_uris,
        "scopes": state.scopes,
        "lifetimes": {
            "code": state.code_lifetime,
            "access_token": state.access_token_lifetime,
            "refresh_token": state.refresh_token_lifetime,
        },
        "rotates_refresh_tokens": state.rotates_refresh_tokens,
        "endpoints": endpoints(state),
        "clock": clock(state),
        "keys": keys(state),
        "grants": state.tokens.active_grants(),
        "faults": faults::pending(state),
        "people": people::all(state),
        "verification": verification(state),
        "requests": state.log.recorded(),
    })
}

/// The settings of identity verification.
fn verification(state: &State) -> Value {
    let verification = &state.verification;
    json!({
        "environment": verification.environment(),
        "workflow_id": verification.workflows.first(),
        "business_workflow_id": verification.business_workflow,
        "features": verification.features,
        "sessions": verification.sessions().len(),
        "destinations": verification.outbox.destinations.iter().map(|to| &to.url).collect::<Vec<_>>(),
        "webhooks": {
            "attempts": verification.outbox.attempts(),
            "waiting": verification.outbox.waiting(),
            "paused": verification.outbox.is_paused,
            "faults": verification.outbox.on_next.len(),
            "every": verification.outbox.on_every.map(|fault| fault.name()),
        },
    })
}

/// The time in seconds since 1970, and how many seconds it is ahead of the system's.
pub(super) fn clock(state: &State) -> Value {
    let now = state.now();
    json!({"now": now, "ahead": now.saturating_sub(unix_seconds(SystemTime::now()))})
}

/// The `kid`s of the signing key and of the published keys.
pub(super) fn keys(state: &State) -> Value {
    json!({
        "algorithm": state.keys.algorithm.name(),
        "signing": state.keys.header().get("kid"),
        "published": state.keys.kids(),
    })
}

fn endpoints(state: &State) -> Value {
    let endpoints = state.endpoints();
    endpoints
        .map(|endpoint| json!({"name": endpoint.name(), "requests": state.log.count(endpoint)}))
        .collect()
}
