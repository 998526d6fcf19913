//! The envelope around every stored value.
//!
//! ```text
//! 0       2         4        8
//! | table | version | crc32c | archive ... |
//! ```
//!
//! All little-endian. The checksum covers table, version and archive; redb does not check its pages
//! on read, so this is what stands between a flipped bit and a wrong answer.

/// The bytes before the archive.
pub const ENVELOPE_BYTES: usize = 8;

/// An opened envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The table number inside the domain that the value belongs to.
    pub table: u16,
    /// The schema version of the archive.
    pub version: u16,
    /// The archive.
    pub payload: &'a [u8],
}

/// Why a stored value cannot be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Fewer bytes than an envelope has.
    #[error("a stored value needs {ENVELOPE_BYTES} bytes, has {found}")]
    Short {
        /// The bytes there are.
        found: usize,
    },
    /// The checksum does not match.
    #[error("a stored value fails its checksum: expected {expected:#010x}, found {found:#010x}")]
    Checksum {
        /// What the envelope says.
        expected: u32,
        /// What the bytes give.
        found: u32,
    },
}

/// Puts `payload` into an envelope: `encode` appends the archive to the buffer it is given.
pub fn seal(table: u16, version: u16, encode: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&table.to_le_bytes());
    out.extend_from_slice(&version.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    encode(out);
    let crc = checksum(&out[start..]);
    out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
}

/// Reads an envelope. With `verify`, its checksum too: for values that come from a disk.
pub fn open(value: &[u8], verify: bool) -> Result<Envelope<'_>, EnvelopeError> {
    let Some((header, payload)) = value.split_first_chunk::<ENVELOPE_BYTES>() else {
        return Err(EnvelopeError::Short { found: value.len() });
    };
    let [t0, t1, v0, v1, crc @ ..] = *header;
    if verify {
        let (expected, found) = (u32::from_le_bytes(crc), checksum(value));
        if expected != found {
            return Err(EnvelopeError::Checksum { expected, found });
        }
    }
    let table = u16::from_le_bytes([t0, t1]);
    Ok(Envelope { table, version: u16::from_le_bytes([v0, v1]), payload })
}

fn checksum(value: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&value[..4]), &value[ENVELOPE_BYTES..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_is_found() {
        let mut value = Vec::new();
        seal(3, 1, |out| out.extend_from_slice(b"archive"), &mut value);
        assert_eq!(open(&value, true).unwrap().payload, b"archive");
        for bit in 0..value.len() * 8 {
            let mut bad = value.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&bad, true).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_short_value_is_refused() {
        assert_eq!(open(&[0; 7], false), Err(EnvelopeError::Short { found: 7 }));
    }

    #[test]
    fn the_bytes_of_an_envelope_never_change() {
        let mut value = Vec::new();
        seal(0x0102, 0x0304, |out| out.push(9), &mut value);
        assert_eq!(value[..4], [2, 1, 4, 3]);
        assert_eq!(value[8..], [9]);
        assert_eq!(value[4..8], crc32c::crc32c(&[2, 1, 4, 3, 9]).to_le_bytes());
    }
}
