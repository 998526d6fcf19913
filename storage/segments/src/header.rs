//! The first block of a segment file.
//!
//! ```text
//! 0       8         12      16   24              32      40      48            52    56
//! | magic | version | epoch | id | segment_bytes | first | chain | epoch before | crc | zeroes ...
//! ```
//!
//! `first` is the LSN of the first frame, `chain` and `epoch before` belong to the frame before it.
//! The block is 4096 bytes long. Integers are little endian; `crc` is crc32c over all before it.

use frame::{BLOCK_BYTES, Lsn, Position};

/// Bytes before the first frame.
pub const SEGMENT_HEADER_BYTES: u64 = BLOCK_BYTES as u64;
const MAGIC: [u8; 8] = *b"QNseg\r\n\0";
/// The version of the log's format that this code writes and reads.
const VERSION: u32 = 1;
const CRC_AT: usize = 52;

/// What a segment says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHeader {
    /// Which start of the box wrote it.
    pub epoch: u32,
    /// Grows from segment to segment, never used twice; salts the checksums of its frames.
    pub id: u64,
    /// The file's length.
    pub segment_bytes: u64,
    /// The history before its first frame.
    pub previous: Position,
}

/// Why a block is not the header of that segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The magic number is missing.
    #[error("segment header is missing")]
    Magic,
    /// Written by another version of the format.
    #[error("segment format version {version}, this program reads version {VERSION}")]
    Version {
        /// As found.
        version: u32,
    },
    /// The checksum does not match.
    #[error("segment header checksum does not match")]
    Checksum,
    /// A valid header of another segment.
    #[error("segment header belongs to segment {found:016x}")]
    Id {
        /// The id found.
        found: u64,
    },
}

impl SegmentHeader {
    /// Number of the first frame.
    pub fn first(&self) -> Lsn {
        self.previous.lsn.next()
    }

    /// Writes the whole first block.
    pub(crate) fn write(&self, block: &mut [u8]) {
        assert!(block.len() == BLOCK_BYTES, "the header fills one block");
        block.fill(0);
        block[0..8].copy_from_slice(&MAGIC);
        block[8..12].copy_from_slice(&VERSION.to_le_bytes());
        block[12..16].copy_from_slice(&self.epoch.to_le_bytes());
        block[16..24].copy_from_slice(&self.id.to_le_bytes());
        block[24..32].copy_from_slice(&self.segment_bytes.to_le_bytes());
        block[32..40].copy_from_slice(&self.first().0.to_le_bytes());
        block[40..48].copy_from_slice(&self.previous.chain.to_le_bytes());
        block[48..52].copy_from_slice(&self.previous.epoch.to_le_bytes());
        let crc = crc32c::crc32c(&block[..CRC_AT]);
        block[CRC_AT..CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
    }

    /// Reads the first block of the file of segment `id`.
    pub(crate) fn parse(block: &[u8], id: u64) -> Result<Self, HeaderError> {
        let Some(bytes) = block.first_chunk::<{ CRC_AT + 4 }>() else {
            return Err(HeaderError::Magic);
        };
        if !bytes.starts_with(&MAGIC) {
            return Err(HeaderError::Magic);
        }
        if crc32c::crc32c(&bytes[..CRC_AT]) != u32_at(bytes, CRC_AT) {
            return Err(HeaderError::Checksum);
        }
        let version = u32_at(bytes, 8);
        if version != VERSION {
            return Err(HeaderError::Version { version });
        }
        let found = u64_at(bytes, 16);
        if found != id {
            return Err(HeaderError::Id { found });
        }
        let previous = Position {
            epoch: u32_at(bytes, 48),
            lsn: Lsn(u64_at(bytes, 32)).previous(),
            chain: u64_at(bytes, 40),
        };
        Ok(Self { epoch: u32_at(bytes, 12), id, segment_bytes: u64_at(bytes, 24), previous })
    }
}

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    let mut field = [0; 4];
    field.copy_from_slice(&bytes[offset..offset + 4]);
    u32::from_le_bytes(field)
}

fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    let mut field = [0; 8];
    field.copy_from_slice(&bytes[offset..offset + 8]);
    u64::from_le_bytes(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: SegmentHeader = SegmentHeader {
        epoch: 3,
        id: 0x1122,
        segment_bytes: 65536,
        previous: Position { epoch: 2, lsn: Lsn(41), chain: 0x0102_0304_0506_0708 },
    };

    fn block() -> Vec<u8> {
        let mut block = vec![0xff; BLOCK_BYTES];
        HEADER.write(&mut block);
        block
    }

    #[test]
    fn the_bytes_are_fixed() {
        let expected = [
            b'Q', b'N', b's', b'e', b'g', b'\r', b'\n', 0, 1, 0, 0, 0, 3, 0, 0, 0, 0x22, 0x11, 0,
            0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1,
            2, 0, 0, 0,
        ];
        assert_eq!(block()[..CRC_AT], expected);
        assert!(block()[CRC_AT + 4..].iter().all(|byte| *byte == 0));
        assert_eq!(SegmentHeader::parse(&block(), 0x1122), Ok(HEADER));
    }

    #[test]
    fn every_flipped_bit_is_found() {
        for bit in 0..(CRC_AT + 4) * 8 {
            let mut block = block();
            block[bit / 8] ^= 1 << (bit % 8);
            assert!(SegmentHeader::parse(&block, 0x1122).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_misplaced_header_is_named() {
        let refused = SegmentHeader::parse(&block(), 7);
        assert_eq!(refused, Err(HeaderError::Id { found: 0x1122 }));
        assert_eq!(SegmentHeader::parse(&[0; 4096], 7), Err(HeaderError::Magic));
        assert_eq!(SegmentHeader::parse(&[], 7), Err(HeaderError::Magic));
    }
}
