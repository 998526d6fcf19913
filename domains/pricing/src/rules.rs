//! Prices as arithmetic, without records.

pub mod adjust;
pub mod book;
pub mod check;
pub mod day;
pub mod decimal;
pub mod line;
pub mod list;
pub mod past;
pub mod percentage;
pub mod quote;
pub mod tax;
pub mod units;
