//! The arithmetic of pay, without records: packs in, tables compiled, shifts priced.

pub mod award;
pub mod calendar;
pub mod charge;
pub mod compile;
pub mod fine;
pub mod floor;
pub mod instrument;
pub mod pack;
pub mod paid;
pub mod person;
pub mod quote;
pub mod ratio;
pub mod reference;
pub mod shift;
pub mod statutory;
