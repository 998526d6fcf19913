//! What the header compressions of HTTP/2 and HTTP/3 have in common (RFC 7541, section 5), as far as
//! a generator needs it: it writes plain strings and reads one field, the status.

/// Longest number and string that is read; no head of a response that is measured comes near.
const NUMBER_MAX: u64 = 1 << 30;

/// Appends `value` behind the `bits` low bits of a byte that begins with `first`.
pub(super) fn write_integer(out: &mut Vec<u8>, first: u8, bits: u32, value: usize) {
    let most = (1_usize << bits) - 1;
    if value < most {
        out.push(first | low_byte(value));
        return;
    }
    out.push(first | low_byte(most));
    let mut rest = value - most;
    while 0x80 <= rest {
        out.push(low_byte(rest & 0x7f) | 0x80);
        rest >>= 7;
    }
    out.push(low_byte(rest));
}

fn low_byte(value: usize) -> u8 {
    u8::try_from(value & 0xff).expect("eight bits")
}

/// Appends a string as it is, without Huffman coding; its length stands behind `bits` bits.
pub(super) fn write_string(out: &mut Vec<u8>, first: u8, bits: u32, text: &[u8]) {
    write_integer(out, first, bits, text.len());
    out.extend_from_slice(text);
}

/// The number behind the `bits` low bits of the first byte, and how many bytes it took.
pub(super) fn read_integer(bytes: &[u8], bits: u32) -> Option<(u64, usize)> {
    let most = (1_u64 << bits) - 1;
    let (first, rest) = bytes.split_first()?;
    let mut value = u64::from(*first) & most;
    if value < most {
        return Some((value, 1));
    }
    for (index, byte) in rest.iter().enumerate().take(5) {
        value += u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return (value <= NUMBER_MAX).then_some((value, index + 2));
        }
    }
    None
}

/// A string as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text<'a> {
    pub(super) huffman: bool,
    pub(super) bytes: &'a [u8],
}

/// The string whose length stands behind `bits` bits, and how many bytes it took.
pub(super) fn read_string(bytes: &[u8], bits: u32) -> Option<(Text<'_>, usize)> {
    let huffman = bytes.first()? >> bits & 1 == 1;
    let (length, head) = read_integer(bytes, bits)?;
    let end = head.checked_add(usize::try_from(length).ok()?)?;
    Some((Text { huffman, bytes: bytes.get(head..end)? }, end))
}

impl Text<'_> {
    /// The three digits of a status.
    pub(super) fn status(self) -> Option<u16> {
        if !self.huffman {
            let text = std::str::from_utf8(self.bytes).ok().filter(|it| it.len() == 3)?;
            return text.parse().ok();
        }
        // RFC 7541, appendix B: 0 to 2 are the numbers 0 to 2 in five bits, 3 to 9 are 25 to 31 in six.
        let bytes: [u8; 3] = match self.bytes {
            [a, b] => [*a, *b, 0xff],
            [a, b, c] => [*a, *b, *c],
            _ => return None,
        };
        let bits = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], 0xff]);
        let (mut at, mut status) = (0, 0);
        for _ in 0..3 {
            let six = (bits << at) >> 26;
            let digit = match (six >> 1, six) {
                (digit @ 0..=2, _) => {
                    at += 5;
                    digit
                }
                (_, digit @ 25..=31) => {
                    at += 6;
                    digit - 22
                }
                _ => return None,
            };
            status = status * 10 + digit;
        }
        u16::try_from(status).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_rfc() {
        // RFC 7541, C.1: 10 and 1337 behind five bits, 42 behind eight.
        for (value, bits, bytes) in
            [(10, 5, &[0x0a][..]), (1337, 5, &[0x1f, 0x9a, 0x0a]), (42, 8, &[0x2a])]
        {
            let mut out = Vec::new();
            write_integer(&mut out, 0, bits, value);
            assert_eq!(out, bytes);
            let read = read_integer(bytes, bits);
            assert_eq!(read, Some((u64::try_from(value).unwrap(), bytes.len())));
        }
        assert_eq!(read_integer(&[0x1f, 0x9a], 5), None);
        assert_eq!(read_integer(&[0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 5), None);
    }

    #[test]
    fn every_status_is_read_in_both_forms() {
        // RFC 7541, C.6 gives the first two.
        for (coded, status) in
            [(&[0x64, 0x02][..], 302), (&[0x64, 0x0e, 0xff], 307), (&[0x10, 0x01], 200)]
        {
            assert_eq!(Text { huffman: true, bytes: coded }.status(), Some(status), "{coded:x?}");
        }
        for digits in 100..1000_u16 {
            let (coded, plain) = (huffman(digits), digits.to_string());
            for (huffman, bytes) in [(true, coded.as_slice()), (false, plain.as_bytes())] {
                assert_eq!(Text { huffman, bytes }.status(), Some(digits), "{bytes:x?}");
            }
        }
        assert_eq!(Text { huffman: true, bytes: &[0xff; 3] }.status(), None);
        assert_eq!(Text { huffman: false, bytes: b"20" }.status(), None);
    }

    /// Three digits in Huffman coding, filled up with ones.
    fn huffman(digits: u16) -> Vec<u8> {
        let mut bits = Vec::new();
        for digit in digits.to_string().bytes().map(|it| u32::from(it - b'0')) {
            let (code, length) = if digit < 3 { (digit, 5) } else { (digit + 22, 6) };
            bits.extend((0..length).rev().map(|bit| u8::from(code >> bit & 1 == 1)));
        }
        while !bits.len().is_multiple_of(8) {
            bits.push(1);
        }
        bits.chunks(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
    }
}
