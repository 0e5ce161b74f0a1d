//! Handlers that change the session of their request, through [`tower_didit::DiditClient`].

mod application;
mod other_tokens;
mod refresh;
mod sign_out;
#[path = "../support_session/mod.rs"]
mod support_session;
