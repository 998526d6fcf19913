//! What a client says first.

use std::str::from_utf8;

use super::{
    HandshakeError, HandshakeErrorKind, MAGIC, VERSION, VERSION_MIN, check_magic, checked_length,
};
use crate::fields::{Fields, clipped};
use crate::limits::{HELLO_BYTES_MAX, NAME_BYTES_MAX};

/// What a client says first.
///
/// ```text
///  0  6 bytes  "QUOIN\0"
///  6  u16      length, whole message, up to 256
///  8  u16      oldest version spoken, at least 1
/// 10  u16      newest version spoken
/// 12  u8       name bytes, up to 64
/// 13  u8       zero
/// 14  …        name (UTF-8): shown in the server's log and metrics
/// ```
///
/// Later versions may append fields: bytes after the name are skipped when the newest version is
/// newer than this crate's, and refused otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello<'a> {
    /// Oldest version of the protocol that the client speaks.
    pub version_min: u16,
    /// Newest version of the protocol that the client speaks.
    pub version_max: u16,
    /// Who the client says it is; not trusted for anything.
    pub name: &'a str,
}

const BYTES_MIN: usize = 14;

impl<'a> Hello<'a> {
    /// The Hello of this crate's versions.
    pub const fn new(name: &'a str) -> Self {
        Self { version_min: VERSION_MIN, version_max: VERSION, name }
    }

    /// The newest version that both this client and this crate speak.
    pub fn common_version(&self) -> Option<u16> {
        let version = self.version_max.min(VERSION);
        (self.version_min.max(VERSION_MIN) <= version).then_some(version)
    }

    /// Appends its bytes; a name over its limit is cut between two characters.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let name = clipped(self.name, NAME_BYTES_MAX);
        let name_bytes = u8::try_from(name.len()).expect("clipped to 64 bytes");
        let length = u16::try_from(BYTES_MIN + name.len()).expect("at most 78");
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&self.version_min.to_le_bytes());
        out.extend_from_slice(&self.version_max.to_le_bytes());
        out.extend_from_slice(&[name_bytes, 0]);
        out.extend_from_slice(name.as_bytes());
    }

    /// Reads the Hello at the front of `bytes` and says how many bytes it took; `Ok(None)` asks for
    /// more.
    ///
    /// A version range without a common version is not an error here, because it deserves its own
    /// answer: see [`Hello::common_version`].
    pub fn decode(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, HandshakeError> {
        check_magic(bytes)?;
        let mut fields = Fields::at(bytes, MAGIC.len());
        let Some(length) = fields.u16() else { return Ok(None) };
        let whole = checked_length(u32::from(length), BYTES_MIN, HELLO_BYTES_MAX, 6)?;
        let Some(message) = bytes.get(..whole) else { return Ok(None) };
        let mut fields = Fields::at(message, fields.offset());
        let mut version = || fields.u16().expect("inside the shortest hello");
        let (min, max) = (version(), version());
        if min == 0 || max < min {
            return Err(HandshakeErrorKind::VersionRange { min, max }.at(8));
        }
        let hello = |name| Self { version_min: min, version_max: max, name };
        if VERSION < min {
            // Whatever follows is laid out by a version from the future.
            return Ok(Some((hello(""), whole)));
        }
        let [name_bytes, reserved] = fields.array().expect("inside the shortest hello");
        if reserved != 0 {
            return Err(HandshakeErrorKind::ReservedNotZero.at(13));
        }
        let name_count = usize::from(name_bytes);
        if NAME_BYTES_MAX < name_count {
            return Err(HandshakeErrorKind::Text.at(12));
        }
        let name = fields.bytes(name_count).ok_or(HandshakeErrorKind::Truncated.at(14))?;
        let name = from_utf8(name).map_err(|_| HandshakeErrorKind::Text.at(14))?;
        let excess_bytes = fields.rest().len();
        if excess_bytes != 0 && max <= VERSION {
            return Err(HandshakeErrorKind::Excess { excess_bytes }.at(fields.offset()));
        }
        Ok(Some((hello(name), whole)))
    }
}
