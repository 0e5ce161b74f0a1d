//! The protocol: requests to a provider and its responses. No I/O, no HTTP framework, no clock.

mod access_token;
mod authorize;
mod callback;
mod exchange;
mod id_token;
mod introspection;
mod jwks;
mod jws;
mod live_session;
mod pending;
mod sign_in_parameters;
mod sign_out;
mod token_response;
mod user_info;

pub(crate) use access_token::{ReceivedAccessToken, refused_access_token};
pub(crate) use authorize::AuthorizationRequest;
pub(crate) use callback::{Accepted, Callback, CodeHash, Grant};
pub(crate) use exchange::{Client, TokenRequestFailure};
pub(crate) use id_token::{IdTokenRules, ReceivedIdToken, SignedIdToken};
pub(crate) use introspection::introspected;
pub(crate) use jwks::{Jwks, KeyRefusal};
pub(crate) use live_session::live_session;
pub(crate) use pending::{Interaction, PendingSignIn};
pub(crate) use sign_in_parameters::{
    InvalidParameter, SignInParameters, check_authentication, check_not_absent, check_openid,
    check_prompt, check_scopes, check_support, check_words,
};
pub(crate) use sign_out::EndSessionRequest;
pub(crate) use user_info::user_info;
