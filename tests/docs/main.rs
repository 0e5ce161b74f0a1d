//! What the repository says of itself.

mod behaviours;
mod compare;
mod links;
mod log_events;
mod module_order;
mod readme;
mod security;
