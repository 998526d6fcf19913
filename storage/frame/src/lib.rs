//! The log's frame: bytes of one committed decision, and the seam between engine and log.
//!
//! A frame is a fixed header ([`header`]) followed by a body ([`body`]). The engine encodes bodies
//! and never sees a header; the log thread writes headers and never looks into a body. Between the
//! two stands a [`Group`] of bodies with consecutive log sequence numbers, handed over through
//! [`Feed`].
//!
//! Invariants:
//! - no function here panics on any input bytes, and decoding allocates nothing;
//! - a body is at most [`BODY_BYTES_MAX`] long, an event key at most [`KEY_BYTES_MAX`];
//! - log sequence numbers are box-wide, start at 1 and have no gap.

pub mod body;
mod feed;
mod group;
pub mod header;
mod position;

pub use body::{
    BODY_BYTES_MAX, Body, BodyBuilder, BodyError, Event, Events, Idempotency, KEY_BYTES_MAX, Meta,
    encode_body,
};
pub use feed::Feed;
pub use group::{ENTRY_BYTES, Entry, Group, GroupIter};
pub use header::{Frame, FrameError, HEADER_BYTES, Header, decode, stamp};
pub use position::{BLOCK_BYTES, Lsn, Position, space_bytes};
