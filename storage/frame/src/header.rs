//! The fixed part in front of a body, and the whole frame read back.
//!
//! All integers are little endian.
//!
//! ```text
//! 0       4     8            12      16    24        32        40      48         64
//! | magic | crc | body_bytes | epoch | lsn | durable | time_us | chain | zeroes  | body ... |
//! ```
//!
//! - `crc` is crc32c over the segment id (8 bytes), the header from byte 8 on, and the body. The
//!   segment id is the salt: a frame left behind by an earlier use of the same file does not pass.
//! - `durable` is the highest LSN known to be durable when the frame's group was formed. A frame
//!   that can be read therefore proves that all frames up to `durable` were once acknowledged.
//! - `chain` ties the frame to all before it: xxh3-64 over the body, seeded with xxh3-64 over
//!   `lsn`, `epoch` and `time_us`, seeded with the previous frame's chain. It does not depend on
//!   the segment.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::body::{Body, BodyError, u32_at, u64_at};
use crate::{BODY_BYTES_MAX, Events, Lsn, Meta, Position};

/// Bytes of a header.
pub const HEADER_BYTES: usize = 64;
/// The first four bytes of every frame.
pub(crate) const MAGIC: [u8; 4] = *b"QNf1";
/// Where the bytes begin that the checksum covers.
const CHECKED_FROM: usize = 8;
/// Where the unused bytes begin.
const UNUSED_FROM: usize = 48;

/// The header's fields, as far as one frame decides them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Length of the body.
    pub body_bytes: usize,
    /// Which start of the box wrote the frame.
    pub epoch: u32,
    /// The frame's number.
    pub lsn: Lsn,
    /// All frames up to this one were durable when the frame's group was formed.
    pub durable: Lsn,
    /// Wall-clock time of the decision, microseconds since 1970-01-01T00:00Z.
    pub time_us: u64,
    /// Hash over all frames up to this one.
    pub chain: u64,
    crc: u32,
}

/// Why these bytes are not a frame of that segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The bytes do not begin with the magic number of a frame.
    #[error("no frame begins here")]
    Magic,
    /// The length field is over the limit.
    #[error("body length {body_bytes} is over the limit of {BODY_BYTES_MAX}")]
    TooLong {
        /// The field as found.
        body_bytes: u32,
    },
    /// The frame is longer than the bytes at hand.
    #[error("frame needs {needed} bytes, has {available}")]
    Short {
        /// Header and body.
        needed: usize,
        /// The bytes at hand.
        available: usize,
    },
    /// The checksum does not match: torn, flipped, or left behind by an earlier use of the file.
    #[error("checksum does not match")]
    Checksum,
    /// The checksum matches and yet bytes that must be zero are not.
    #[error("unused header bytes are not zero: written by a later version")]
    Unused,
    /// The checksum matches and yet the body is not one.
    #[error("body is malformed: {0}")]
    Body(#[from] BodyError),
}

impl Header {
    /// Reads a header without looking at the checksum: nothing it says is proven.
    pub fn parse(bytes: &[u8]) -> Result<Self, FrameError> {
        let Some(header) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(FrameError::Short { needed: HEADER_BYTES, available: bytes.len() });
        };
        if !header.starts_with(&MAGIC) {
            return Err(FrameError::Magic);
        }
        let body_bytes = u32_at(header, 8);
        let length = usize::try_from(body_bytes).unwrap_or(usize::MAX);
        if BODY_BYTES_MAX < length {
            return Err(FrameError::TooLong { body_bytes });
        }
        Ok(Self {
            body_bytes: length,
            epoch: u32_at(header, 12),
            lsn: Lsn(u64_at(header, 16)),
            durable: Lsn(u64_at(header, 24)),
            time_us: u64_at(header, 32),
            chain: u64_at(header, 40),
            crc: u32_at(header, 4),
        })
    }

    /// Header and body.
    pub fn frame_bytes(&self) -> usize {
        HEADER_BYTES + self.body_bytes
    }
}

/// A frame whose checksum and structure were checked; a view into the bytes it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    header: Header,
    body: Body<'a>,
    body_bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame's number.
    pub fn lsn(&self) -> Lsn {
        self.header.lsn
    }

    /// Which start of the box wrote it.
    pub fn epoch(&self) -> u32 {
        self.header.epoch
    }

    /// Wall-clock time of the decision, microseconds since 1970-01-01T00:00Z.
    pub fn time_us(&self) -> u64 {
        self.header.time_us
    }

    /// Hash over all frames up to this one.
    pub fn chain(&self) -> u64 {
        self.header.chain
    }

    /// All frames up to this one were durable when the frame's group was formed.
    pub fn durable(&self) -> Lsn {
        self.header.durable
    }

    /// The history that ends with this frame.
    pub fn position(&self) -> Position {
        Position { epoch: self.header.epoch, lsn: self.header.lsn, chain: self.header.chain }
    }

    /// Whose decision it is.
    pub fn meta(&self) -> &Meta<'a> {
        self.body.meta()
    }

    /// The events in the order in which they were decided.
    pub fn events(&self) -> Events<'a> {
        self.body.events()
    }

    /// How many events it holds.
    pub fn events_count(&self) -> u32 {
        self.body.events_count()
    }

    /// The encoded body.
    pub fn body_bytes(&self) -> &'a [u8] {
        self.body_bytes
    }

    /// Header and body.
    pub fn frame_bytes(&self) -> usize {
        self.header.frame_bytes()
    }

    /// Whether this frame is the one that comes right after `previous`: next number, epoch not
    /// lower, chain intact.
    pub fn follows(&self, previous: Position) -> bool {
        self.header.lsn == previous.lsn.next()
            && self.header.epoch >= previous.epoch
            && self.header.chain == chain_after(previous.chain, &self.header, self.body_bytes)
    }
}

/// Reads the frame at the start of `bytes`, which may go on behind it, as a frame of segment
/// `segment`.
pub fn decode(bytes: &[u8], segment: u64) -> Result<Frame<'_>, FrameError> {
    let header = Header::parse(bytes)?;
    let needed = header.frame_bytes();
    let Some(frame) = bytes.get(..needed) else {
        return Err(FrameError::Short { needed, available: bytes.len() });
    };
    let (head, body_bytes) = frame.split_at(HEADER_BYTES);
    if checksum(segment, head, body_bytes) != header.crc {
        return Err(FrameError::Checksum);
    }
    if head[UNUSED_FROM..].iter().any(|byte| *byte != 0) {
        return Err(FrameError::Unused);
    }
    let body = Body::parse(body_bytes, header.time_us)?;
    Ok(Frame { header, body, body_bytes })
}

/// The header of the frame that follows `previous` in epoch `epoch`, and the position that it
/// makes.
///
/// `durable` is the highest LSN known to be durable, `segment` the id of the segment that it will
/// be written to.
pub fn stamp(
    previous: Position,
    epoch: u32,
    durable: Lsn,
    segment: u64,
    time_us: u64,
    body: &[u8],
) -> ([u8; HEADER_BYTES], Position) {
    let lsn = previous.lsn.next();
    assert!(body.len() <= BODY_BYTES_MAX, "the body builder caps bodies");
    assert!(durable < lsn, "a frame is not durable before it is written");
    let mut header =
        Header { body_bytes: body.len(), epoch, lsn, durable, time_us, chain: 0, crc: 0 };
    header.chain = chain_after(previous.chain, &header, body);
    let body_bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let mut bytes = [0; HEADER_BYTES];
    bytes[0..4].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&body_bytes.to_le_bytes());
    bytes[12..16].copy_from_slice(&epoch.to_le_bytes());
    bytes[16..24].copy_from_slice(&lsn.0.to_le_bytes());
    bytes[24..32].copy_from_slice(&durable.0.to_le_bytes());
    bytes[32..40].copy_from_slice(&time_us.to_le_bytes());
    bytes[40..48].copy_from_slice(&header.chain.to_le_bytes());
    let crc = checksum(segment, &bytes, body);
    bytes[4..8].copy_from_slice(&crc.to_le_bytes());
    (bytes, Position { epoch, lsn, chain: header.chain })
}

fn checksum(segment: u64, head: &[u8], body: &[u8]) -> u32 {
    let salt = crc32c::crc32c(&segment.to_le_bytes());
    let crc = crc32c::crc32c_append(salt, &head[CHECKED_FROM..]);
    crc32c::crc32c_append(crc, body)
}

fn chain_after(previous: u64, header: &Header, body: &[u8]) -> u64 {
    let mut fields = [0; 20];
    fields[0..8].copy_from_slice(&header.lsn.0.to_le_bytes());
    fields[8..12].copy_from_slice(&header.epoch.to_le_bytes());
    fields[12..20].copy_from_slice(&header.time_us.to_le_bytes());
    xxh3_64_with_seed(body, xxh3_64_with_seed(&fields, previous))
}
