//! Prices: the published figures, the laws, and the domain through its erased face.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod decimal;
mod domain;
mod golden;
mod history;
mod laws;
mod list_refusals;
mod oracles;
mod refusals;
mod selection;
mod start;
mod support;
mod talent;
mod tax;
