//! The sign-in, from the link to the page that the user returns to.

mod authorization_request;
mod bounds;
mod callback;
mod callback_flights;
mod completion;
mod flow_cookie;
mod hostile_addresses;
mod login;
mod origins;
mod own_parameters;
mod return_to;
mod service_worker;
mod step_up;
mod strangers;
#[path = "../support/mod.rs"]
mod support;
mod tabs;
