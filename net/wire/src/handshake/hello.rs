//! What a client says first.

use std::fmt;
use std::str::from_utf8;

use super::{
    HandshakeError, HandshakeErrorKind, MAGIC, VERSION, VERSION_MIN, check_magic, checked_length,
    need,
};
use crate::fields::{Fields, clipped};
use crate::limits::{CREDENTIAL_BYTES_MAX, HELLO_BYTES_MAX, NAME_BYTES_MAX};

/// What a client says first.
///
/// ```text
///  0  6 bytes  "QUOIN\0"
///  6  u16      length, whole message, up to 8,272
///  8  u16      oldest version spoken, at least 1
/// 10  u16      newest version spoken
/// 12  u8       name bytes, up to 64
/// 13  u8       zero
/// 14  …        name (UTF-8): shown in the server's log and metrics
///              when the newest version is 2 or more:
///  …  u16      credential bytes, up to 8,192; 0 for none
///  …  …        credential (ASCII): an API key or an access token
/// ```
///
/// A client that shows a credential speaks version 2 at least: an older server would not look at it.
///
/// Later versions may append fields: bytes after the last known one are skipped when the newest
/// version is newer than this crate's, and refused otherwise.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hello<'a> {
    /// Oldest version of the protocol that the client speaks.
    pub version_min: u16,
    /// Newest version of the protocol that the client speaks.
    pub version_max: u16,
    /// Who the client says it is; not trusted for anything.
    pub name: &'a str,
    /// An API key or an access token; empty for none. It stands for every request of the connection.
    pub credential: &'a str,
}

const BYTES_MIN: usize = 14;
/// From this version on a Hello has room for a credential.
const VERSION_WITH_CREDENTIAL: u16 = 2;

impl<'a> Hello<'a> {
    /// The Hello of this crate's versions, without a credential.
    pub const fn new(name: &'a str) -> Self {
        Self { version_min: VERSION_MIN, version_max: VERSION, name, credential: "" }
    }

    /// The same, showing an API key or an access token.
    #[must_use]
    pub const fn showing(mut self, credential: &'a str) -> Self {
        self.credential = credential;
        if !credential.is_empty() && self.version_min < VERSION_WITH_CREDENTIAL {
            self.version_min = VERSION_WITH_CREDENTIAL;
        }
        self
    }

    /// The newest version that both this client and this crate speak.
    pub fn common_version(&self) -> Option<u16> {
        let version = self.version_max.min(VERSION);
        (self.version_min.max(VERSION_MIN) <= version).then_some(version)
    }

    /// Appends its bytes; a name over its limit is cut between two characters, and so is a credential,
    /// which nobody will take then.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let name = clipped(self.name, NAME_BYTES_MAX);
        let name_bytes = u8::try_from(name.len()).expect("clipped to 64 bytes");
        let credential = clipped(self.credential, CREDENTIAL_BYTES_MAX);
        let credential_bytes = u16::try_from(credential.len()).expect("clipped to 8,192 bytes");
        let shows = VERSION_WITH_CREDENTIAL <= self.version_max;
        let tail_bytes = if shows { 2 + credential.len() } else { 0 };
        let length = BYTES_MIN + name.len() + tail_bytes;
        let length = u16::try_from(length).expect("at most 8,272");
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&self.version_min.to_le_bytes());
        out.extend_from_slice(&self.version_max.to_le_bytes());
        out.extend_from_slice(&[name_bytes, 0]);
        out.extend_from_slice(name.as_bytes());
        if shows {
            out.extend_from_slice(&credential_bytes.to_le_bytes());
            out.extend_from_slice(credential.as_bytes());
        }
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
        let hello =
            |name, credential| Self { version_min: min, version_max: max, name, credential };
        if VERSION < min {
            // Whatever follows is laid out by a version from the future.
            return Ok(Some((hello("", ""), whole)));
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
        let credential =
            if VERSION_WITH_CREDENTIAL <= max { read_credential(&mut fields)? } else { "" };
        let excess_bytes = fields.rest().len();
        if excess_bytes != 0 && max <= VERSION {
            return Err(HandshakeErrorKind::Excess { excess_bytes }.at(fields.offset()));
        }
        Ok(Some((hello(name, credential), whole)))
    }
}

/// Never prints the credential.
impl fmt::Debug for Hello<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version_min, version_max, name, credential } = self;
        formatter
            .debug_struct("Hello")
            .field("version_min", version_min)
            .field("version_max", version_max)
            .field("name", name)
            .field("shows_credential", &!credential.is_empty())
            .finish()
    }
}

fn read_credential<'a>(fields: &mut Fields<'a>) -> Result<&'a str, HandshakeError> {
    let offset = fields.offset();
    let bytes = need(fields.u16(), offset)?;
    if CREDENTIAL_BYTES_MAX < usize::from(bytes) {
        return Err(HandshakeErrorKind::Text.at(offset));
    }
    let credential = need(fields.bytes(usize::from(bytes)), offset + 2)?;
    let text = from_utf8(credential).ok().filter(|it| it.is_ascii());
    text.ok_or_else(|| HandshakeErrorKind::Text.at(offset + 2))
}
