//! What the stories of several themes share.

#![allow(dead_code, reason = "each theme uses a part of it")]

pub(crate) mod exchange;
pub(crate) mod handlers;
pub(crate) mod id_token;
pub(crate) mod identity;
pub(crate) mod logs;
pub(crate) mod requests;
pub(crate) mod server;
pub(crate) mod sign_in;
pub(crate) mod who;
