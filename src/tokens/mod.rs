//! What Didit gives an application for a user: the parts of
//! [`DiditTokens`].

pub(crate) mod didit_tokens;
mod scopes;
mod secret;

pub use scopes::Scopes;
pub use secret::{AccessToken, IdToken, RefreshToken};

pub(crate) use didit_tokens::{DiditTokens, TokenSet};
