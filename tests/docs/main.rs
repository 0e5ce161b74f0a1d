//! What the repository says about itself.

mod behaviours;
