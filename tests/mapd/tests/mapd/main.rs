//! The box's import of the pay database and its mirror of it, from outside.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(clippy::print_stderr, reason = "what is skipped is told")]
#![allow(clippy::print_stdout, reason = "what was read is counted")]

mod crash;
mod exports;
mod files;
mod interface;
mod mirror;
mod support;
