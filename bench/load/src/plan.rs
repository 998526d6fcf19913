//! The capacity planner: a scenario in, the highest rate that meets its objectives out, and from that
//! the users that a box carries.

pub(crate) mod result;
pub(crate) mod sheet;
