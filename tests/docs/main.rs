//! Checks of documents, and of the order of modules.

mod behaviours;
mod compare;
mod links;
mod log_events;
mod module_order;
mod readme;
mod security;
