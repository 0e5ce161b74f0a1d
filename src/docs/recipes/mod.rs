//! Recipes: small, runnable applications, each for one task.
//!
//! - [Show the user's name and e-mail address](profile)
//! - [Create an account at the first sign-in, turn a banned user away](provisioning)
//! - [Let only verified people or adults in](age_gate)
//! - [Let only some users in](roles)
//! - [A JSON API and its front end](json_api)
//! - [List a user's sessions, and end them](user_sessions)
//! - [An API for apps and programs, with access tokens](bearer_api)
//! - [Protect the application's own forms](csrf)
//! - [Event streams and `WebSocket`s](streams)
//! - [Work that continues after the response](jobs)
//! - [Test a handler, a route, a sign-in](testing)
//! - [Ask for a recent or strong authentication](step_up)
//! - [More than one process](several_machines)
//! - [Go to production](production)
//! - [Register the application at Didit](console)
//! - [Migrate from axum-login with oauth2](from_axum_login)
//! - [Migrate from axum-oidc](from_axum_oidc)
//! - [Migrate from a hand-written exchange](from_hand_written)
//!
//! The recipes use:
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! futures-util = "0.3"         # event streams
//! serde = { version = "1", features = ["derive"] }
//! serde_json = "1"
//! tokio = { version = "1", features = ["full"] }
//! tower-didit = { git = "https://github.com/tower-didit/tower-didit" }
//! ```
//!
//! Every recipe is tested against `tower_didit::fake` (feature `test-util`), a fake Didit in the process. The tests are
//! hidden here, except in [`testing`]; "source" at the top of a page shows them.

pub mod age_gate;
pub mod bearer_api;
pub mod console;
pub mod csrf;
pub mod from_axum_login;
pub mod from_axum_oidc;
pub mod from_hand_written;
pub mod jobs;
pub mod json_api;
pub mod production;
pub mod profile;
pub mod provisioning;
pub mod roles;
pub mod several_machines;
pub mod step_up;
pub mod streams;
pub mod testing;
pub mod user_sessions;
