//! The protocol: what is said to a provider and how its answers are read. No input or output, no
//! HTTP framework, no clock of its own.

mod authorize;
mod callback;
mod exchange;
mod pending;
mod token_answer;

pub(crate) use authorize::authorization_url;
pub(crate) use callback::{Callback, Grant};
pub(crate) use exchange::Client;
pub(crate) use pending::PendingSignIn;
pub(crate) use token_answer::UnverifiedTokens;
