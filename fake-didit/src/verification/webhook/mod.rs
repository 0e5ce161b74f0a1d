//! Webhooks: what is sent, how it is signed, when it is sent, and what can be wrong with it.

mod body;
pub(crate) mod delivery;
pub(crate) mod event;
pub(crate) mod fault;
mod http_client;
pub(crate) mod outbox;
pub(crate) mod request;
