//! A session store that fails, and one that several layers share.

mod application;
mod requests;
mod shared;
mod sign_ins;
mod sign_outs;
mod store;
#[path = "../support_session/mod.rs"]
mod support_session;
