//! What the benchmarks of this package share.

pub mod applications;
pub mod floor;
pub mod id_tokens;
