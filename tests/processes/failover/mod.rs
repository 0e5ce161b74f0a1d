//! Failovers of Redis.

mod clusters;
mod conformance;
mod forms;
mod one_address;
mod sentinels;
mod silent;
mod site;
