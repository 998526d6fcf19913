//! The body of a frame: who decided, for whom, the reply a retry gets, and the events.
//!
//! All integers are little endian, nothing is aligned.
//!
//! ```text
//! 0       4              8        12      20            36
//! | flags | events_count | tenant | actor | correlation | [idempotency] | event | event | ...
//!
//! idempotency, present when bit 0 of flags is set:
//! 0     16            24       26         30
//! | key | fingerprint | status | reply_bytes | reply ... |
//!
//! event:
//! 0        2      4         6           8               12
//! | domain | code | version | key_bytes | payload_bytes | key ... | payload ... |
//! ```
//!
//! The time of the decision is not here: it travels beside the body and stands in the frame's
//! header.

mod decode;
mod encode;

pub use decode::{Body, Events};
pub(crate) use decode::{u32_at, u64_at};
pub use encode::{BodyBuilder, encode_body};

/// The longest body: a flipped bit in a length can never make a reader allocate or read more than
/// this.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The longest key of an event.
pub const KEY_BYTES_MAX: usize = 48;

/// Bytes before the idempotency part or the first event.
pub(crate) const META_BYTES: usize = 36;
/// Bytes of the idempotency part before the reply.
pub(crate) const IDEMPOTENCY_BYTES: usize = 30;
/// Bytes of an event before its key.
pub(crate) const EVENT_BYTES: usize = 12;
/// The one flag defined so far. All other bits are zero.
pub(crate) const FLAG_IDEMPOTENCY: u32 = 1;

/// Whose decision a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meta<'a> {
    /// Wall-clock time of the decision, microseconds since 1970-01-01T00:00Z. Not part of the
    /// body's bytes.
    pub time_us: u64,
    /// The tenant whose state changes.
    pub tenant: u32,
    /// The principal that asked.
    pub actor: u64,
    /// Ties the frames of one request chain together.
    pub correlation: u128,
    /// What a repetition of the request is answered with.
    pub idempotency: Option<Idempotency<'a>>,
}

/// The answer that a retry of the same request gets, also after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotency<'a> {
    /// Hash of tenant, operation and the client's key.
    pub key: u128,
    /// Hash of the request, to refuse the same key with another request.
    pub fingerprint: u64,
    /// The status of the reply.
    pub status: u16,
    /// The reply's payload.
    pub reply: &'a [u8],
}

/// One event of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// The domain that the event belongs to.
    pub domain: u16,
    /// The event's type within the domain.
    pub code: u16,
    /// Schema version of the payload.
    pub version: u16,
    /// The key that routes the event to a slot, at most [`KEY_BYTES_MAX`] bytes.
    pub key: &'a [u8],
    /// The archived event.
    pub payload: &'a [u8],
}

/// Why a body cannot be encoded, or why bytes are not a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The body would be, or is, longer than the limit.
    #[error("body of {body_bytes} bytes is over the limit of {BODY_BYTES_MAX}")]
    TooLong {
        /// Its length as far as it was built.
        body_bytes: usize,
    },
    /// An event key is longer than the limit.
    #[error("event key of {key_bytes} bytes is over the limit of {KEY_BYTES_MAX}")]
    KeyTooLong {
        /// The key's length.
        key_bytes: usize,
    },
    /// The body ends inside a field.
    #[error("body ends at byte {available}, the field at byte {offset} needs {needed} more")]
    Short {
        /// Where the unfinished field begins.
        offset: usize,
        /// How many bytes that field needs from there.
        needed: usize,
        /// How many bytes the body has.
        available: usize,
    },
    /// A flag that this version does not know.
    #[error("unknown flags {flags:#010x} at byte 0 of the body")]
    Flags {
        /// The flags as found.
        flags: u32,
    },
    /// Bytes behind the last event.
    #[error("{trailing} bytes follow the last event of the body")]
    Trailing {
        /// How many.
        trailing: usize,
    },
}
