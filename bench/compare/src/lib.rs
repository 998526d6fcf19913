//! Other people's servers, set up and measured beside a box.
//!
//! Each row of the comparison is one run of the load generator in which rounds of the box and rounds of
//! a peer take turns: nginx, Redis, `PostgreSQL`, and a quote service in Python over both stores.
//! The peers come from the system's packages; they are started on free ports over a directory of the run,
//! with settings that promise what the box promises, and stopped at its end. A peer that is not there is
//! left out, and the table says why.

mod apt;
mod ask;
mod child;
mod flags;
mod programs;
mod row;
mod run;
mod setups;
mod site;
mod table;

pub use flags::CompareArgs;
pub use row::RowName;
pub use run::{Outcome, Row, compare};
pub use site::Site;
pub use table::Comparison;
