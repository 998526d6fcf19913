//! A stand-in of the Fair Work Commission's pay database interface (MAPD): it pages by query, wants a
//! key, throttles, fails, breaks connections off and changes the form of its dates, as told.
//!
//! Its awards are invented: the Commission's own rows may not be part of the project.

mod database;
mod stand_in;

pub use database::{Database, YEARS};
pub use stand_in::{Fault, Manners, StandIn};
