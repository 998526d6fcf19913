//! The payload of every reply and batch item whose status is not `Ok`.
//!
//! ```text
//!  0  u16  status, the same as in the reply header or the batch item
//!  2  u16  code: the domain's refusal code when a domain said no, else 0
//!  4  u32  retry after, ms; 0 = no advice
//!  8  u64  reference, see [`Problem::reference`]
//! 16  u16  field bytes, up to 256
//! 18  u16  detail bytes, up to 1,024
//! 20  …    field path (UTF-8), then detail (UTF-8), and nothing after
//! ```

use std::str::from_utf8;

use crate::fields::{Fields, clipped};
use crate::limits::{DETAIL_BYTES_MAX, FIELD_BYTES_MAX};
use crate::status::Status;

const FIXED_BYTES: usize = 20;

/// Why a request has no ordinary answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem<'a> {
    /// What became of the request.
    pub status: Status,
    /// The domain's refusal code when a domain said no (`Refused`, `NotFound`, `Conflict`,
    /// `Forbidden`), else 0.
    pub code: u16,
    /// Milliseconds after which a retry may succeed; 0 when there is no advice.
    pub retry_after_ms: u32,
    /// For [`Status::Garbled`] the offset in the connection's byte stream, for
    /// [`Status::Internal`] the incident id, for [`Status::PositionUnavailable`] the newest
    /// position that is here, else 0.
    pub reference: u64,
    /// Which field of the request is at fault, as a path such as `shifts[3].end`; may be empty.
    pub field: &'a str,
    /// One sentence for a person: what is wrong and what to do.
    pub detail: &'a str,
}

/// Why these bytes are not a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProblemError {
    /// Shorter than its own fields.
    #[error("problem ends at byte {available}")]
    Truncated {
        /// How many bytes there are.
        available: usize,
    },
    /// A status number that nobody gave out.
    #[error("problem has unknown status {number}")]
    UnknownStatus {
        /// The number found.
        number: u16,
    },
    /// A text over its limit, or bytes after the last text.
    #[error("problem field of {field_bytes} and detail of {detail_bytes} bytes do not fit")]
    Lengths {
        /// The field path's length.
        field_bytes: u16,
        /// The detail's length.
        detail_bytes: u16,
    },
    /// A text that is not UTF-8.
    #[error("problem text is not utf-8")]
    NotUtf8,
}

impl<'a> Problem<'a> {
    /// A problem that only has a status and a sentence.
    pub const fn new(status: Status, detail: &'a str) -> Self {
        Self { status, code: 0, retry_after_ms: 0, reference: 0, field: "", detail }
    }

    /// Appends its bytes. Texts over their limit are cut between two characters.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let field = clipped(self.field, FIELD_BYTES_MAX);
        let detail = clipped(self.detail, DETAIL_BYTES_MAX);
        let field_bytes = u16::try_from(field.len()).expect("clipped to 256 bytes");
        let detail_bytes = u16::try_from(detail.len()).expect("clipped to 1,024 bytes");
        out.extend_from_slice(&self.status.number().to_le_bytes());
        out.extend_from_slice(&self.code.to_le_bytes());
        out.extend_from_slice(&self.retry_after_ms.to_le_bytes());
        out.extend_from_slice(&self.reference.to_le_bytes());
        out.extend_from_slice(&field_bytes.to_le_bytes());
        out.extend_from_slice(&detail_bytes.to_le_bytes());
        out.extend_from_slice(field.as_bytes());
        out.extend_from_slice(detail.as_bytes());
    }

    /// Reads the payload of a reply whose status is not `Ok`.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, ProblemError> {
        let truncated = ProblemError::Truncated { available: bytes.len() };
        let mut fields = Fields::at(bytes, 0);
        let number = fields.u16().ok_or(truncated)?;
        let code = fields.u16().ok_or(truncated)?;
        let retry_after_ms = fields.u32().ok_or(truncated)?;
        let reference = fields.u64().ok_or(truncated)?;
        let field_bytes = fields.u16().ok_or(truncated)?;
        let detail_bytes = fields.u16().ok_or(truncated)?;
        debug_assert_eq!(fields.offset(), FIXED_BYTES);
        let status = Status::from_number(number).ok_or(ProblemError::UnknownStatus { number })?;
        let lengths = ProblemError::Lengths { field_bytes, detail_bytes };
        let (field_count, detail_count) = (usize::from(field_bytes), usize::from(detail_bytes));
        if FIELD_BYTES_MAX < field_count || DETAIL_BYTES_MAX < detail_count {
            return Err(lengths);
        }
        let field = fields.bytes(field_count).ok_or(truncated)?;
        let detail = fields.bytes(detail_count).ok_or(truncated)?;
        if !fields.rest().is_empty() {
            return Err(lengths);
        }
        let field = from_utf8(field).map_err(|_| ProblemError::NotUtf8)?;
        let detail = from_utf8(detail).map_err(|_| ProblemError::NotUtf8)?;
        Ok(Self { status, code, retry_after_ms, reference, field, detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Problem<'_> = Problem {
        status: Status::Refused,
        code: 7,
        retry_after_ms: 250,
        reference: 0x0102_0304_0506_0708,
        field: "shifts[3].end",
        detail: "ends before it starts",
    };

    fn encoded(problem: &Problem<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        problem.encode(&mut out);
        out
    }

    #[test]
    fn bytes_are_golden_and_read_back() {
        let bytes = encoded(&REFUSED);
        assert_eq!(
            bytes[..FIXED_BYTES],
            [20, 0, 7, 0, 250, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 13, 0, 21, 0]
        );
        assert_eq!(&bytes[FIXED_BYTES..], b"shifts[3].endends before it starts");
        assert_eq!(Problem::decode(&bytes), Ok(REFUSED));
    }

    #[test]
    fn every_truncation_and_any_extra_byte_is_refused() {
        let mut bytes = encoded(&REFUSED);
        for available in 0..bytes.len() {
            assert_eq!(
                Problem::decode(&bytes[..available]),
                Err(ProblemError::Truncated { available })
            );
        }
        bytes.push(0);
        let lengths = ProblemError::Lengths { field_bytes: 13, detail_bytes: 21 };
        assert_eq!(Problem::decode(&bytes), Err(lengths));
    }

    #[test]
    fn texts_over_the_limit_are_cut_when_written_and_refused_when_read() {
        let long = "é".repeat(DETAIL_BYTES_MAX);
        let problem = Problem { field: &long, detail: &long, ..REFUSED };
        let mut bytes = encoded(&problem);
        let read = Problem::decode(&bytes).unwrap();
        assert_eq!((read.field.len(), read.detail.len()), (FIELD_BYTES_MAX, DETAIL_BYTES_MAX));
        bytes[16..18].copy_from_slice(&257_u16.to_le_bytes());
        assert_eq!(
            Problem::decode(&bytes),
            Err(ProblemError::Lengths { field_bytes: 257, detail_bytes: 1024 })
        );
    }

    #[test]
    fn bad_text_and_bad_status_are_refused() {
        let mut bytes = encoded(&REFUSED);
        bytes[FIXED_BYTES] = 0xff;
        assert_eq!(Problem::decode(&bytes), Err(ProblemError::NotUtf8));
        bytes[0] = 9;
        assert_eq!(Problem::decode(&bytes), Err(ProblemError::UnknownStatus { number: 9 }));
    }
}
