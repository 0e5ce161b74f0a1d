//! Identity verification: webhooks and decisions.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod abuse;
mod answers;
mod app;
mod attacks;
mod body;
mod calls;
mod client;
mod clock_steps;
mod crowd;
mod delivery;
mod destinations;
mod event;
mod fake;
mod guard;
mod judge;
mod list;
mod log_lines;
mod mutations;
mod openapi;
mod outages;
mod pages;
mod rate_limits;
mod recheck;
mod records;
mod refusals;
mod repeats;
mod report;
#[path = "../support/mod.rs"]
mod support;
mod vectors;
