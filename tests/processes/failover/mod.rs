//! Failovers of Redis.

mod clusters;
mod conformance;
mod faults;
mod forms;
mod one_address;
mod rounds;
mod sentinels;
mod silent;
mod site;
mod tls;
