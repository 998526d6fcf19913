//! HTTP/3 (RFC 9114) without sockets: bytes of streams in, requests out, answers to bytes.

pub(crate) mod code;
pub(crate) mod frame;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub(crate) mod head;
mod huffman;
pub(crate) mod inbound;
#[cfg(feature = "measuring")]
pub mod measuring;
pub(crate) mod peer;
pub(crate) mod qpack;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod settings;
pub(crate) mod varint;
