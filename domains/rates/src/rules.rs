//! The arithmetic of pay, without records: packs in, tables compiled, shifts priced.

pub mod award;
pub mod calendar;
pub mod charge;
pub mod compile;
pub mod pack;
pub mod quote;
pub mod ratio;
pub mod reference;
pub mod shift;
