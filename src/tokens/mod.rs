//! The parts of [`DiditTokens`], and claims about a user.

pub(crate) mod access_claims;
mod claim;
pub(crate) mod didit_tokens;
pub(crate) mod id_claims;
mod scopes;
mod secret;
pub(crate) mod user_info;

pub use claim::Claim;
pub use scopes::Scopes;
pub use secret::{AccessToken, IdToken, RefreshToken};

pub(crate) use access_claims::AccessClaims;
pub(crate) use didit_tokens::{DiditTokens, TokenSet};
pub(crate) use id_claims::IdClaims;
pub(crate) use secret::Secret;
pub(crate) use user_info::UserInfo;
