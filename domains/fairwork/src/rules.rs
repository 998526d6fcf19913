//! What is computed from published rows; pure.

pub mod base_rates;
pub mod compare;
