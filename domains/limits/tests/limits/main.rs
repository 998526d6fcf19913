//! The limits domain through its erased face: laws, bytes and refusals.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod domain;
mod golden;
mod refusals;
mod rules;
mod start;
