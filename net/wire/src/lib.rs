//! The binary RPC protocol, sans-I/O: bytes in, values out, and back.
//!
//! # One connection
//!
//! ```text
//! client                                   server
//!   | Hello                ───────────────▶  |   once, `handshake`
//!   |  ◀───────────────  Welcome or Refusal  |   a Refusal is followed by close
//!   | Request 1, Request 2, … ─────────────▶ |   pipelined up to the in-flight limit
//!   |  ◀──────────────  Reply 2, Reply 1, …  |   in any order, matched by request id
//! ```
//!
//! Every integer is little-endian. A frame is a fixed 32-byte header ([`Head`], [`Reply`]), then for
//! a request the extension fields that its flags announce, then the payload. A payload is an rkyv
//! archive (formats `unaligned`, `little_endian`, `pointer_width_32`) that this crate never looks
//! into. `decode.rs` draws the request and the reply, `batch.rs` the items of a batch, `problem.rs`
//! the payload of an error, `handshake/` the first bytes of a connection.
//!
//! # Where it is spoken
//!
//! - Over TCP, by whoever is on the same machine: nothing has to be shown.
//! - Over TLS 1.3 with the protocol name [`ALPN`] (RFC 7301); the bytes inside are the same.
//! - Over QUIC with the same protocol name, on the UDP port of HTTP/3: every bidirectional stream that
//!   a client opens carries what a TCP connection would, its own Hello and Welcome first, so that
//!   streams share nothing but the encryption, and the end of one is the end of one. Other streams and
//!   datagrams are not used. A Welcome names no addresses there: a client reaches core `c` of `n` by
//!   inventing a first destination connection id whose first byte is `c` modulo `n`.
//!
//! With encryption the Hello has to show a credential. It is looked at again for every request: one
//! that was revoked is answered `Unauthenticated` from the moment its revocation is, and the
//! connection stays. `tenant` in a request is 0 for the caller's own tenant; another one needs the
//! permission to act for it.
//!
//! # Which fault costs what
//!
//! | fault | answer | connection |
//! |---|---|---|
//! | first bytes are not a Hello, or it is over its limit | Refusal `Garbled` | closed |
//! | no common version | Refusal `WrongVersion` with the server's range | closed |
//! | too many connections, shutting down | Refusal `Busy`, `ShuttingDown` | closed |
//! | no credential where one is needed, or a wrong one | Refusal `Unauthenticated` | closed |
//! | a frame this decoder refuses: length out of range, unknown flag, reserved bits, bad batch | error reply with request id 0, status `Garbled`, and the byte offset in the stream | closed |
//! | peer closes inside a frame | nothing to answer | closed |
//! | more requests in flight than the limit | reply `Busy` to that request | kept |
//! | credential revoked meanwhile, permission missing, over quota | reply `Unauthenticated`, `Forbidden`, `RateLimited` | kept |
//! | unknown operation, malformed payload, deadline, refusal, anything the business says | reply with that status | kept |
//!
//! The line is simple: what [`decode_request`] refuses closes the connection, because where the next
//! frame starts can no longer be trusted; what it accepts always gets a reply of its own.
//!
//! Nothing on the header path allocates, and nothing is sized by a number from the peer before that
//! number has been checked against [`Limits`].

/// The name of the protocol in a TLS handshake, over TCP and over QUIC.
pub const ALPN: &[u8] = b"quoin-rpc";

mod batch;
mod decode;
mod encode;
mod fields;
mod handshake;
mod header;
mod limits;
mod problem;
mod slot;
mod status;

pub use batch::{Items, ReplyItem, ReplyItems};
pub use decode::{
    Body, Reply, ReplyBody, Request, WireError, WireErrorKind, announced_bytes, decode_reply,
    decode_request,
};
pub use encode::{
    EncodeError, ItemMark, ReplyBatchMark, ReplyMark, encode_batch_request, encode_problem_reply,
    encode_request,
};
pub use handshake::{
    Greeting, HandshakeError, HandshakeErrorKind, Hello, MAGIC, Refusal, SlotMap, SlotRun, VERSION,
    VERSION_MIN, Welcome,
};
pub use header::{HEADER_BYTES, Head, operation, operation_parts};
pub use limits::{
    BATCH_ITEMS_MAX, CORES_MAX, CREDENTIAL_BYTES_MAX, DETAIL_BYTES_MAX, FIELD_BYTES_MAX,
    FRAME_BYTES_CEILING, HELLO_BYTES_MAX, IN_FLIGHT_MAX, KEY_BYTES_MAX, Limits, NAME_BYTES_MAX,
    REPLY_BYTES_MAX, REQUEST_BYTES_MAX, WELCOME_BYTES_MAX,
};
pub use problem::{Problem, ProblemError};
pub use slot::{SLOT_COUNT, Slot};
pub use status::Status;
