//! The binary doors of one box: plain, over TLS, over QUIC; who is let in, until when, and how much.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    unnameable_types,
    dead_code,
    missing_debug_implementations,
    reason = "a test stops at the first surprise"
)]

#[path = "../../gateway/tests/support/shelf.rs"]
mod shelf;

#[path = "secured/answers.rs"]
mod answers;
#[path = "secured/callers.rs"]
mod callers;
#[path = "secured/clients.rs"]
mod clients;
#[path = "secured/fort.rs"]
mod fort;
#[path = "secured/limits.rs"]
mod limits_apply;
#[path = "secured/sealed.rs"]
mod sealed;
#[path = "secured/streams.rs"]
mod streams;
