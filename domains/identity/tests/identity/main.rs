//! The identity domain: commands and their refusals, what a caller resolves to, replay, golden bytes.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod golden;
mod hand_out;
mod lists;
mod refusals;
mod resolve;
mod rules;
mod start;
mod tokens;
