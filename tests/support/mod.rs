//! What the stories of several themes share.

#![allow(dead_code, reason = "each theme uses a part of it")]

pub(crate) mod cookies;
pub(crate) mod exchange;
pub(crate) mod faults;
pub(crate) mod handlers;
pub(crate) mod id_token;
pub(crate) mod identity;
pub(crate) mod logs;
pub(crate) mod outage;
pub(crate) mod port;
pub(crate) mod query;
pub(crate) mod requests;
pub(crate) mod server;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod site;
pub(crate) mod tasks;
