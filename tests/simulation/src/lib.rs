//! The deterministic simulator: the box on a faulty disk, in one thread, from one seed.
//!
//! Shards, sequencer, log and recovery are the real ones; the disk is `disk::sim`, the stores are rows
//! in memory, the clock and every choice come from the seed. See README.md.
//!
//! Invariants:
//! - one seed, one trace: no clock, no thread, no unordered map;
//! - a checker believes nothing but durable frames and what clients asked for.

mod auditor;
mod boot;
mod checkpoint;
#[expect(missing_debug_implementations, reason = "rkyv writes resolvers without it")]
pub mod ledger;
mod machine;
mod options;
mod orders;
mod random;
mod replies;
mod state;
mod tap;
mod trace;
mod world;

pub use options::{Broken, Counts, Options, Outcome};
pub use world::run;
