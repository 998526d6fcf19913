//! Error codes of HTTP/3 (RFC 9114, section 8.1) and QPACK (RFC 9204, section 6), and what they end.

use http::StatusCode;

/// Why a stream or a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Code {
    NoError = 0x100,
    StreamCreation = 0x103,
    ClosedCriticalStream = 0x104,
    FrameUnexpected = 0x105,
    Frame = 0x106,
    ExcessiveLoad = 0x107,
    Id = 0x108,
    Settings = 0x109,
    MissingSettings = 0x10a,
    RequestRejected = 0x10b,
    RequestCancelled = 0x10c,
    RequestIncomplete = 0x10d,
    Message = 0x10e,
    Decompression = 0x200,
    EncoderStream = 0x201,
    DecoderStream = 0x202,
}

impl Code {
    /// The number on the wire.
    pub(crate) const fn number(self) -> u32 {
        self as u32
    }
}

/// What is wrong with what a peer sent, and how far it reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection cannot go on; the text says what was wrong.
    Connection(Code, &'static str),
    /// This request is void; others go on.
    Stream(Code),
    /// The request is well formed, but gets this answer whatever it says.
    Answer(StatusCode),
}
