//! What the repository says of itself.

mod module_order;
mod readme;
