//! The provider that the Sign in API and Didit Authentication have in common, and the Sign in API.

pub(crate) mod answer;
pub(crate) mod authorize;
pub(crate) mod bearer;
pub(crate) mod client;
pub(crate) mod decision;
pub(crate) mod discovery;
pub(crate) mod end_session;
pub(crate) mod endpoint;
pub(crate) mod form;
pub(crate) mod grant;
pub(crate) mod id_token;
pub(crate) mod interactions;
pub(crate) mod introspect;
pub(crate) mod issuer;
pub(crate) mod ledger;
pub(crate) mod media_type;
pub(crate) mod oauth_error;
pub(crate) mod product;
pub(crate) mod revocation;
pub(crate) mod routes;
pub(crate) mod scope;
pub(crate) mod secrets;
pub(crate) mod sign_in_page;
pub(crate) mod state;
pub(crate) mod token;
pub(crate) mod user_info;
