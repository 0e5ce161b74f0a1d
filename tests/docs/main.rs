//! What the repository says of itself.

mod behaviours;
mod module_order;
mod readme;
