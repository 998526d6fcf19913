//! One caller through every door of the real binary at once.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(clippy::print_stderr, reason = "a long run tells how far it is")]

mod caller;
mod illegal;
mod limits;
mod revoke;
mod support;
