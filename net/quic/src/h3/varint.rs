//! Integers of variable length (RFC 9000, section 16).

use bytes::BufMut;

/// The largest value.
pub(crate) const MAX: u64 = (1 << 62) - 1;
/// Bytes of the longest form.
pub(crate) const BYTES_MAX: usize = 8;

/// The first integer in `bytes` and its length; `None` when more bytes are needed.
pub(crate) fn read(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = 1_usize << (first >> 6);
    let mut value = u64::from(first & 0x3f);
    for byte in bytes.get(1..length)? {
        value = value << 8 | u64::from(*byte);
    }
    Some((value, length))
}

/// Appends the shortest form of `value`, which is at most [`MAX`].
pub(crate) fn write(value: u64, output: &mut impl BufMut) {
    debug_assert!(value <= MAX);
    let bytes = value.to_be_bytes();
    match value {
        0..0x40 => output.put_u8(bytes[7]),
        0x40..0x4000 => output.put_slice(&[bytes[6] | 0x40, bytes[7]]),
        0x4000..0x4000_0000 => output.put_slice(&[bytes[4] | 0x80, bytes[5], bytes[6], bytes[7]]),
        _ => {
            output.put_u8(bytes[0] | 0xc0);
            output.put_slice(&bytes[1..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_9000_appendix_a() {
        let rows: [(&[u8], u64); 4] = [
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x25], 37),
        ];
        for (bytes, value) in rows {
            assert_eq!(read(bytes), Some((value, bytes.len())));
            let mut output = Vec::new();
            write(value, &mut output);
            assert_eq!(output, bytes);
            assert_eq!(read(&bytes[..bytes.len() - 1]), None);
        }
        // A longer form than needed is read all the same.
        assert_eq!(read(&[0x40, 0x25, 0xff]), Some((37, 2)));
    }

    #[test]
    fn bounds_of_each_length() {
        let rows = [
            (0, 1),
            (63, 1),
            (64, 2),
            (16_383, 2),
            (16_384, 4),
            ((1 << 30) - 1, 4),
            (1 << 30, 8),
            (MAX, 8),
        ];
        for (value, length) in rows {
            let mut output = Vec::new();
            write(value, &mut output);
            assert_eq!(read(&output), Some((value, length)));
        }
    }
}
