//! Sessions, in cookies and in stores: their cookies, limits and tokens.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod any_cookies;
mod application;
mod asked_too_late;
mod caching;
mod chunks;
mod clocks;
mod contradicting_cookies;
mod cookie;
mod data;
mod deploys;
mod end;
mod ended;
mod everywhere;
mod kept_user_info;
mod limits;
mod odd_store;
mod places;
mod properties;
mod sizes;
mod store;
mod store_conformance;
#[path = "../support/mod.rs"]
mod support;
mod tokens;
mod tokens_expired;
mod without_a_sign_in;
