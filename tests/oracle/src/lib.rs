//! Random pay periods over every pack, priced twice: by the rates engine, and by `python/oracle.py`, which
//! was written from the pack format and the awards alone.
//!
//! [`period`] makes pay periods from a seed, [`engine`] prices them through the domain's own door,
//! [`second`] asks the Python program, [`feature`] counts what occurred: agreement about periods in
//! which nothing happens would prove nothing.

pub mod engine;
pub mod feature;
pub mod packs;
pub mod period;
pub mod random;
pub mod second;

pub use engine::{Answer, Engine, PaidAllowance, PaidTime};
pub use feature::Features;
pub use packs::Facts;
pub use period::period;
pub use random::Random;
pub use second::Second;
