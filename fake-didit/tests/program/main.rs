//! The program as a process: its command line, its JSON API and its start page, over real sockets.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod api;
mod command_line;
mod controls;
mod faults;
mod limits;
mod other_sites;
mod process;
mod readme;
mod receiver;
mod responses;
mod start_page;
mod verification;
