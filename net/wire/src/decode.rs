//! Reads one frame from the front of a byte slice, borrowing from it.
//!
//! ```text
//! request: header (32) | key bytes u8, key (1..=64)   if IDEMPOTENT
//!                      | position u64                 if AT_LEAST
//!                      | payload, or items            if BATCH
//! reply:   header (32) | payload, or items            if BATCH
//! ```
//!
//! A prefix of a legal frame is `Ok(None)`: read more. A prefix that can no longer become a legal
//! frame is refused as soon as the bytes that spoil it are there, so a peer that announces a huge
//! frame costs four bytes of memory, not the frame.

use crate::batch::{Items, ReplyItems};
use crate::fields::Fields;
use crate::header::{FLAG_AT_LEAST, FLAG_BATCH, FLAG_IDEMPOTENT, HEADER_BYTES, Head};
use crate::limits::{KEY_BYTES_MAX, Limits};
use crate::status::Status;

/// A request, borrowed from the receive buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'a> {
    /// Everything but the payload.
    pub head: Head<'a>,
    /// The payload or the payloads.
    pub body: Body<'a>,
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body<'a> {
    /// One payload.
    One(&'a [u8]),
    /// Several payloads for the same operation.
    Batch(Items<'a>),
}

/// A reply, borrowed from the receive buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The request it answers; 0 for the connection as a whole, which then closes.
    pub request_id: u64,
    /// What became of the request; a batch that was taken is `Ok` whatever its items say.
    pub status: Status,
    /// The log position that the answer reflects.
    pub position: u64,
    /// The answer or the answers.
    pub body: ReplyBody<'a>,
}

/// What a reply carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyBody<'a> {
    /// The operation's reply when the status is `Ok`, else a [`Problem`](crate::Problem).
    One(&'a [u8]),
    /// One answer per item of the request.
    Batch(ReplyItems<'a>),
}

/// A frame that this version does not accept. The connection it came from is beyond use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("frame byte {offset}: {kind}")]
pub struct WireError {
    /// Where in the frame the field at fault starts, in bytes.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: WireErrorKind,
}

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireErrorKind {
    /// The frame would end before its own header or extension does.
    #[error("length {length} is shorter than the fields it must hold")]
    LengthTooShort {
        /// The announced length.
        length: u32,
    },
    /// The frame is larger than the receiver accepts.
    #[error("length {length} is over the limit of {bytes_max}")]
    LengthOverLimit {
        /// The announced length.
        length: u32,
        /// The receiver's limit.
        bytes_max: u32,
    },
    /// Request id 0, which names the connection.
    #[error("request id 0 is reserved")]
    RequestIdZero,
    /// A flag that this version does not know.
    #[error("unknown flags {flags:#06x}")]
    UnknownFlags {
        /// All flags found.
        flags: u16,
    },
    /// A status number that this version does not know.
    #[error("unknown status {number}")]
    UnknownStatus {
        /// The number found.
        number: u16,
    },
    /// A count without the BATCH flag.
    #[error("count {count} without the batch flag")]
    CountWithoutBatch {
        /// The count found.
        count: u16,
    },
    /// A batch of nothing, or of more than the receiver accepts.
    #[error("batch of {count} items, 1 up to {items_max} are accepted")]
    CountOutOfRange {
        /// The count found.
        count: u16,
        /// The receiver's limit.
        items_max: u16,
    },
    /// A reserved field that is not zero.
    #[error("reserved bytes are not zero")]
    ReservedNotZero,
    /// An idempotency key of no bytes or of more than 64.
    #[error("idempotency key of {key_bytes} bytes, 1 up to 64 are accepted")]
    KeyLength {
        /// The announced length.
        key_bytes: u8,
    },
    /// A batch item that does not fit into the frame.
    #[error("batch item {index} ends after the frame")]
    ItemTruncated {
        /// Which item, from 0.
        index: u16,
    },
    /// Bytes between the last batch item and the end of the frame.
    #[error("{excess_bytes} bytes after the last batch item")]
    BytesAfterItems {
        /// How many.
        excess_bytes: usize,
    },
}

impl WireErrorKind {
    pub(crate) const fn at(self, offset: usize) -> WireError {
        WireError { offset, kind: self }
    }
}

/// Reads the request at the front of `bytes` and says how many bytes it took.
///
/// `Ok(None)` asks for more bytes. An error is final: see the table in the crate's description.
pub fn decode_request<'a>(
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Option<(Request<'a>, usize)>, WireError> {
    let Some(length) = frame_length(bytes, limits.request_bytes_max)? else { return Ok(None) };
    let Some(header) = bytes.first_chunk::<HEADER_BYTES>() else { return Ok(None) };
    let mut fields = Fields::at(header, 4);
    let (operation, request_id) = (next(fields.u32()), next(fields.u64()));
    let (flags, count) = (next(fields.u16()), next(fields.u16()));
    let (deadline_ms, tenant) = (next(fields.u32()), next(fields.u32()));
    let reserved = next(fields.u32());
    if request_id == 0 {
        return Err(WireErrorKind::RequestIdZero.at(8));
    }
    if flags & !(FLAG_BATCH | FLAG_IDEMPOTENT | FLAG_AT_LEAST) != 0 {
        return Err(WireErrorKind::UnknownFlags { flags }.at(16));
    }
    check_count(flags, count, limits.batch_items_max, 18)?;
    if reserved != 0 {
        return Err(WireErrorKind::ReservedNotZero.at(28));
    }

    let whole = usize::try_from(length).expect("checked against a limit that fits memory");
    let short = |offset| WireErrorKind::LengthTooShort { length }.at(offset);
    // The extension is read as far as it has arrived, so that a bad key is refused early.
    let mut rest = Fields::at(&bytes[..whole.min(bytes.len())], HEADER_BYTES);
    let mut idempotency_key = None;
    if flags & FLAG_IDEMPOTENT != 0 {
        let Some(key_bytes) = rest.u8() else { return missing(bytes, whole, short(HEADER_BYTES)) };
        let key_count = usize::from(key_bytes);
        if key_count == 0 || KEY_BYTES_MAX < key_count {
            return Err(WireErrorKind::KeyLength { key_bytes }.at(HEADER_BYTES));
        }
        let Some(key) = rest.bytes(key_count) else {
            return missing(bytes, whole, short(HEADER_BYTES + 1));
        };
        idempotency_key = Some(key);
    }
    let mut at_least = None;
    if flags & FLAG_AT_LEAST != 0 {
        let Some(position) = rest.u64() else { return missing(bytes, whole, short(rest.offset())) };
        at_least = Some(position);
    }
    let Some(frame) = bytes.get(..whole) else { return Ok(None) };
    let body = if flags & FLAG_BATCH == 0 {
        Body::One(rest.rest())
    } else {
        Body::Batch(Items::parse(frame, rest.offset(), count)?)
    };
    let head = Head { operation, request_id, deadline_ms, tenant, idempotency_key, at_least };
    Ok(Some((Request { head, body }, whole)))
}

/// Reads the reply at the front of `bytes` and says how many bytes it took.
///
/// `Ok(None)` asks for more bytes. An error is final: the server does not speak this version.
pub fn decode_reply<'a>(
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Option<(Reply<'a>, usize)>, WireError> {
    let Some(length) = frame_length(bytes, limits.reply_bytes_max)? else { return Ok(None) };
    let Some(header) = bytes.first_chunk::<HEADER_BYTES>() else { return Ok(None) };
    let mut fields = Fields::at(header, 4);
    let (number, flags) = (next(fields.u16()), next(fields.u16()));
    let (request_id, position) = (next(fields.u64()), next(fields.u64()));
    let (count, reserved_low) = (next(fields.u16()), next(fields.u16()));
    let reserved_high = next(fields.u32());
    let Some(status) = Status::from_number(number) else {
        return Err(WireErrorKind::UnknownStatus { number }.at(4));
    };
    if flags & !FLAG_BATCH != 0 {
        return Err(WireErrorKind::UnknownFlags { flags }.at(6));
    }
    check_count(flags, count, limits.batch_items_max, 24)?;
    if reserved_low != 0 || reserved_high != 0 {
        return Err(WireErrorKind::ReservedNotZero.at(26));
    }
    let whole = usize::try_from(length).expect("checked against a limit that fits memory");
    let Some(frame) = bytes.get(..whole) else { return Ok(None) };
    let body = if flags & FLAG_BATCH == 0 {
        ReplyBody::One(&frame[HEADER_BYTES..])
    } else {
        ReplyBody::Batch(ReplyItems::parse(frame, HEADER_BYTES, count)?)
    };
    Ok(Some((Reply { request_id, status, position, body }, whole)))
}

/// How many bytes the frame at the front of `bytes` will have, once that is known; for sizing a
/// receive buffer after a decoder has asked for more bytes.
pub fn announced_bytes(bytes: &[u8]) -> Option<usize> {
    Fields::at(bytes, 0).u32().and_then(|length| usize::try_from(length).ok())
}

/// The announced length, once its four bytes are there and lie between a header and the limit.
fn frame_length(bytes: &[u8], bytes_max: u32) -> Result<Option<u32>, WireError> {
    let Some(length) = Fields::at(bytes, 0).u32() else { return Ok(None) };
    if length < 32 {
        return Err(WireErrorKind::LengthTooShort { length }.at(0));
    }
    if bytes_max < length {
        return Err(WireErrorKind::LengthOverLimit { length, bytes_max }.at(0));
    }
    Ok(Some(length))
}

fn check_count(flags: u16, count: u16, items_max: u16, offset: usize) -> Result<(), WireError> {
    if flags & FLAG_BATCH == 0 {
        if count != 0 {
            return Err(WireErrorKind::CountWithoutBatch { count }.at(offset));
        }
    } else if count == 0 || items_max < count {
        return Err(WireErrorKind::CountOutOfRange { count, items_max }.at(offset));
    }
    Ok(())
}

/// A field is missing: either it has not arrived yet, or the frame is too short to hold it.
fn missing<T>(bytes: &[u8], whole: usize, short: WireError) -> Result<Option<T>, WireError> {
    if bytes.len() < whole { Ok(None) } else { Err(short) }
}

fn next<T>(field: Option<T>) -> T {
    field.expect("a header array holds all of its fields")
}
