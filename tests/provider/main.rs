//! Providers: discovery and requests.

mod calls;
mod didit_authentication;
mod discovery;
mod proxy;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod token_request;
mod token_tolerance;
mod user_info;
mod user_info_extractor;
