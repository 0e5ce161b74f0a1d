//! What Didit gives an application for a user.

mod didit_tokens;
mod scopes;
mod secret;

pub use didit_tokens::DiditTokens;
pub use scopes::Scopes;
pub use secret::{AccessToken, IdToken, RefreshToken};

pub(crate) use didit_tokens::TokenSet;
