//! A session store that fails or does not answer, and one that several layers share.

mod application;
mod ended;
pub(crate) mod failing_store;
mod requests;
mod shared;
mod sign_ins;
mod sign_outs;
mod silent;
