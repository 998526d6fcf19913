//! The first bytes of a connection, in both directions.
//!
//! All three messages share a front that no version may ever change, so that any two versions can
//! at least tell each other that they do not fit:
//!
//! ```text
//! Hello                                  Welcome and Refusal
//!  0  6 bytes  "QUOIN\0"                  0  6 bytes  "QUOIN\0"
//!  6  u16      length, whole message      6  u16      kind: 1 Welcome, 2 Refusal
//!  8  u16      version, oldest spoken     8  u32      length, whole message
//! 10  u16      version, newest spoken
//! ```
//!
//! Version 2 differs from version 1 in one thing: a Hello can show a credential.
//!
//! The server picks the newest version that both speak. A decoder refuses a wrong first byte as soon
//! as it arrives: whoever speaks HTTP or TLS to this port is told at once.

mod hello;
mod refusal;
mod slots;
mod welcome;

pub use hello::Hello;
pub use refusal::Refusal;
pub use slots::{SlotMap, SlotRun};
pub use welcome::Welcome;

use crate::fields::Fields;
use crate::limits::WELCOME_BYTES_MAX;

/// The first six bytes in each direction.
pub const MAGIC: [u8; 6] = *b"QUOIN\0";
/// The newest version of the protocol that this crate speaks.
pub const VERSION: u16 = 2;
/// The oldest version of the protocol that this crate speaks.
pub const VERSION_MIN: u16 = 1;

const KIND_WELCOME: u16 = 1;
const KIND_REFUSAL: u16 = 2;

/// What a server says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Greeting {
    /// Come in; boxed because it is large and rare.
    Welcome(Box<Welcome>),
    /// Go away, and why. The server closes after it.
    Refusal(Refusal),
}

/// A handshake message that this version does not accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("handshake byte {offset}: {kind}")]
pub struct HandshakeError {
    /// Where in the message the field at fault starts, in bytes.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: HandshakeErrorKind,
}

/// What is wrong with a handshake message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeErrorKind {
    /// The peer speaks something else.
    #[error("the peer does not speak this protocol")]
    Magic,
    /// Neither a Welcome nor a Refusal.
    #[error("unknown message kind {kind}")]
    UnknownKind {
        /// The number found.
        kind: u16,
    },
    /// A length that no version of the message can have.
    #[error("length {length} is outside {bytes_min} up to {bytes_max}")]
    Length {
        /// The announced length.
        length: u32,
        /// The shortest legal message.
        bytes_min: usize,
        /// The longest legal message.
        bytes_max: usize,
    },
    /// The oldest version is newer than the newest, or version 0.
    #[error("version range {min} up to {max} is empty")]
    VersionRange {
        /// The oldest version spoken.
        min: u16,
        /// The newest version spoken.
        max: u16,
    },
    /// A version outside the range offered.
    #[error("version {version} was not offered")]
    VersionNotOffered {
        /// The version found.
        version: u16,
    },
    /// A field that ends after the message.
    #[error("the message ends inside this field")]
    Truncated,
    /// Bytes after the last field.
    #[error("{excess_bytes} bytes after the last field")]
    Excess {
        /// How many.
        excess_bytes: usize,
    },
    /// A text over its limit or not UTF-8.
    #[error("text is over its limit or not utf-8")]
    Text,
    /// A reserved field that is not zero.
    #[error("reserved bytes are not zero")]
    ReservedNotZero,
    /// A status number that this version does not know.
    #[error("unknown status {number}")]
    UnknownStatus {
        /// The number found.
        number: u16,
    },
    /// More cores than a box can have, none, or a core that is not one of them.
    #[error("core {core} of {cores}")]
    Core {
        /// The core found.
        core: u16,
        /// How many cores there are said to be.
        cores: u16,
    },
    /// Limits outside their documented ranges.
    #[error("a limit is out of range")]
    Limits,
    /// An address that is neither IPv4, IPv6 nor absent.
    #[error("unknown address family {family}")]
    AddressFamily {
        /// The number found.
        family: u8,
    },
    /// A slot map whose runs do not cover the slots in order.
    #[error("slot runs must start at 0 and rise")]
    SlotRuns,
}

impl HandshakeErrorKind {
    const fn at(self, offset: usize) -> HandshakeError {
        HandshakeError { offset, kind: self }
    }
}

impl Greeting {
    /// Reads the message at the front of `bytes` and says how many bytes it took; `Ok(None)` asks
    /// for more.
    pub fn decode(bytes: &[u8]) -> Result<Option<(Self, usize)>, HandshakeError> {
        check_magic(bytes)?;
        let mut fields = Fields::at(bytes, MAGIC.len());
        let Some(kind) = fields.u16() else { return Ok(None) };
        let bytes_min = match kind {
            KIND_WELCOME => Welcome::BYTES_MIN,
            KIND_REFUSAL => Refusal::BYTES_MIN,
            _ => return Err(HandshakeErrorKind::UnknownKind { kind }.at(6)),
        };
        let Some(length) = fields.u32() else { return Ok(None) };
        let whole = checked_length(length, bytes_min, WELCOME_BYTES_MAX, 8)?;
        let Some(message) = bytes.get(..whole) else { return Ok(None) };
        let fields = Fields::at(message, fields.offset());
        let greeting = if kind == KIND_WELCOME {
            Self::Welcome(Box::new(Welcome::parse(fields)?))
        } else {
            Self::Refusal(Refusal::parse(fields)?)
        };
        Ok(Some((greeting, whole)))
    }
}

/// Refuses the first byte that differs from the magic, as soon as it is there.
fn check_magic(bytes: &[u8]) -> Result<(), HandshakeError> {
    match bytes.iter().zip(MAGIC).position(|(found, expected)| *found != expected) {
        Some(offset) => Err(HandshakeErrorKind::Magic.at(offset)),
        None => Ok(()),
    }
}

fn checked_length(
    length: u32,
    bytes_min: usize,
    bytes_max: usize,
    offset: usize,
) -> Result<usize, HandshakeError> {
    usize::try_from(length)
        .ok()
        .filter(|whole| (bytes_min..=bytes_max).contains(whole))
        .ok_or_else(|| HandshakeErrorKind::Length { length, bytes_min, bytes_max }.at(offset))
}

/// Turns a missing field into an error that names where it should have been.
fn need<T>(field: Option<T>, offset: usize) -> Result<T, HandshakeError> {
    field.ok_or_else(|| HandshakeErrorKind::Truncated.at(offset))
}

/// Writes the length of the message that starts at `start` of `out`, as the four bytes at its 8.
fn patch_length(out: &mut [u8], start: usize) {
    let whole = out.len() - start;
    assert!(whole <= WELCOME_BYTES_MAX, "every part of a greeting is bounded");
    let length = u32::try_from(whole).expect("checked above");
    out[start + 8..start + 12].copy_from_slice(&length.to_le_bytes());
}
