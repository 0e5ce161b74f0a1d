//! The layer with services, routers and other middleware.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod age_gate;
mod allocations;
mod axum_routing;
mod extractors;
mod guard;
mod other_middleware;
mod services;
mod services_ready;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod two_layers;
