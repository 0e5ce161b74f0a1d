//! A session store that fails, and one that several layers share.

mod application;
mod failing_store;
mod requests;
mod shared;
mod sign_ins;
mod sign_outs;
