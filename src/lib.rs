//! Sign-in with Didit for Tower and axum.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod clock;
mod config;
mod cookie;
mod error;
mod extract;
#[cfg(feature = "test-util")]
pub mod fake;
mod flow;
mod future;
mod guard;
mod handle;
mod layer;
mod oidc;
mod problem;
mod provider;
mod provider_calls;
mod rejection;
mod return_to;
mod seal;
mod service;
mod session;
mod sign_in;
pub mod tokens;
pub mod transport;

pub use clock::Clock;
pub use config::{Config, ConfigBuilder, ConfigError};
pub use error::{Error, ErrorKind};
pub use guard::RequireSignIn;
pub use layer::DiditAuth;
pub use provider::Provider;
pub use rejection::Rejection;
pub use return_to::ReturnTo;
pub use sign_in::SignIn;
pub use tokens::DiditTokens;

/// The types that the layers make: to name them in a signature.
pub mod middleware {
    pub use crate::{
        body::ResponseBody,
        future::ResponseFuture,
        guard::{GuardFuture, RequireSignInService},
        service::DiditAuthService,
    };
}
