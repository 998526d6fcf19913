//! House rules as tests: this crate is their only definition.
//!
//! Each rule is a function from text to complaints, tried on snippets beside it; `tests/tree.rs` runs
//! them over the whole tree. A complaint says what to do instead.

mod bans;
mod code;
mod layers;
mod lengths;
mod manifest;
mod tree;

pub use bans::complaints as ban_complaints;
pub use layers::complaints as layer_complaints;
pub use lengths::complaints as length_complaints;
pub use manifest::{Manifest, complaints as manifest_complaints};
pub use tree::{Source, Tree, top_level_complaints};
