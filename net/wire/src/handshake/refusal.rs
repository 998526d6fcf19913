//! What a server says to a client that it does not let in.

use std::str::from_utf8;

use super::{HandshakeError, HandshakeErrorKind, KIND_REFUSAL, MAGIC, need, patch_length};
use crate::fields::{Fields, clipped};
use crate::limits::DETAIL_BYTES_MAX;
use crate::status::Status;

/// Why a server does not let a client in; it closes the connection after this.
///
/// ```text
///  0  6 bytes  "QUOIN\0"
///  6  u16      kind 2
///  8  u32      length, whole message
/// 12  u16      status: WrongVersion, Garbled, Busy, ShuttingDown …
/// 14  u16      oldest version the server speaks
/// 16  u16      newest version the server speaks
/// 18  u16      detail bytes, up to 1,024
/// 20  …        detail (UTF-8)
/// ```
///
/// This layout is the same in every version. Bytes after the detail are skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why, as a number.
    pub status: Status,
    /// Oldest version of the protocol that the server speaks.
    pub version_min: u16,
    /// Newest version of the protocol that the server speaks.
    pub version_max: u16,
    /// Why, as a sentence.
    pub detail: String,
}

impl Refusal {
    pub(super) const BYTES_MIN: usize = 20;

    /// Appends its bytes; a detail over its limit is cut between two characters.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let detail = clipped(&self.detail, DETAIL_BYTES_MAX);
        let detail_bytes = u16::try_from(detail.len()).expect("clipped to 1,024 bytes");
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&KIND_REFUSAL.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        for field in [self.status.number(), self.version_min, self.version_max, detail_bytes] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        out.extend_from_slice(detail.as_bytes());
        patch_length(out, start);
    }

    pub(super) fn parse(mut fields: Fields<'_>) -> Result<Self, HandshakeError> {
        let number = need(fields.u16(), 12)?;
        let status = Status::from_number(number)
            .ok_or_else(|| HandshakeErrorKind::UnknownStatus { number }.at(12))?;
        let (version_min, version_max) = (need(fields.u16(), 14)?, need(fields.u16(), 16)?);
        let detail_bytes = usize::from(need(fields.u16(), 18)?);
        if DETAIL_BYTES_MAX < detail_bytes {
            return Err(HandshakeErrorKind::Text.at(18));
        }
        let detail = need(fields.bytes(detail_bytes), 20)?;
        let detail = from_utf8(detail).map_err(|_| HandshakeErrorKind::Text.at(20))?;
        Ok(Self { status, version_min, version_max, detail: detail.to_owned() })
    }
}
