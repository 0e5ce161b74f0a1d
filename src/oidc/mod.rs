//! The protocol: what is said to a provider and how its answers are read. No input or output, no
//! HTTP framework, no clock of its own.

mod authorize;
mod callback;
mod end_session;
mod exchange;
mod id_token;
mod jwks;
mod jws;
mod pending;
mod revocation;
mod token_answer;
mod user_info;

pub(crate) use authorize::AuthorizationRequest;
pub(crate) use callback::{Accepted, Callback, CodeHash, Grant};
pub(crate) use end_session::EndSessionRequest;
pub(crate) use exchange::{Client, Exchanged, TokenRequestFailure};
#[cfg(feature = "__benchmark")]
pub(crate) use id_token::Bindings;
pub(crate) use id_token::{IdTokenRules, ReceivedIdToken, SignedIdToken};
pub(crate) use jwks::{Jwks, KeyRefusal};
pub(crate) use pending::{Interaction, PendingSignIn};
pub(crate) use token_answer::UnverifiedTokens;
pub(crate) use user_info::user_info;
