//! Clients and judges that nobody here wrote, against the real binary.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(clippy::print_stderr, reason = "what is skipped is told")]

mod browser;
mod curl;
mod http2;
mod http3;
mod prometheus;
mod support;
