//! Failovers of Redis.

mod conformance;
mod silent;
