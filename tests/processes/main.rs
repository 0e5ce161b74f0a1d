//! Real processes over real sockets: several applications beside one Redis, a provider that this project
//! did not write, a browser with a window.

#![expect(
    clippy::indexing_slicing,
    reason = "a member that a JSON value lacks reads as null"
)]

mod age_gate;
mod bearer_api;
mod clocks;
mod cluster;
mod egress_proxy;
mod examples;
mod failover;
mod harness;
mod key_rotation;
mod large_session;
mod nginx;
mod peer_discovered;
mod peer_provider;
mod peer_sign_out;
mod quickstart;
mod service_worker;
mod settings;
mod sign_out;
mod stale_connections;
#[path = "../support/mod.rs"]
mod support;
mod verified_site;
mod webhooks;
