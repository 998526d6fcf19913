//! Frames of a stream (RFC 9114, section 7): type, length, payload.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::varint;

pub(crate) const DATA: u64 = 0x00;
pub(crate) const HEADERS: u64 = 0x01;
pub(crate) const CANCEL_PUSH: u64 = 0x03;
pub(crate) const SETTINGS: u64 = 0x04;
pub(crate) const PUSH_PROMISE: u64 = 0x05;
pub(crate) const GOAWAY: u64 = 0x07;
pub(crate) const MAX_PUSH_ID: u64 = 0x0d;
/// Types of HTTP/2 without a meaning here; they must not be sent (RFC 9114, section 7.2.8).
pub(crate) const FORBIDDEN: [u64; 4] = [0x02, 0x06, 0x08, 0x09];

/// A part of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// A frame begins.
    Begin {
        /// Its type.
        kind: u64,
        /// Bytes of payload that follow.
        length: u64,
    },
    /// The next bytes of the payload. A frame has at least one such part, with `last` on its end.
    Payload {
        /// As they came.
        bytes: Bytes,
        /// Whether the frame ends with them.
        last: bool,
    },
}

/// Cuts the bytes of a stream into frames without holding more than a frame's header.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// A header that has not arrived in full.
    header: [u8; 2 * varint::BYTES_MAX],
    held: usize,
    /// Inside a frame: bytes of payload to come.
    rest: Option<u64>,
}

impl Reader {
    /// The next part of a frame out of `input`; `None` once it is used up.
    pub(crate) fn next(&mut self, input: &mut Bytes) -> Option<Item> {
        if let Some(rest) = self.rest {
            let available = input.len();
            let taken = usize::try_from(rest).map_or(available, |rest| rest.min(available));
            if taken == 0 && rest != 0 {
                return None;
            }
            // A length of this machine's memory fits into 64 bits.
            let left = rest - taken as u64;
            self.rest = (left != 0).then_some(left);
            return Some(Item::Payload { bytes: input.split_to(taken), last: left == 0 });
        }
        if self.held == 0
            && let Some((kind, length, size)) = header(input)
        {
            input.advance(size);
            self.rest = Some(length);
            return Some(Item::Begin { kind, length });
        }
        while input.has_remaining() {
            self.header[self.held] = input.get_u8();
            self.held += 1;
            if let Some((kind, length, _)) = header(&self.header[..self.held]) {
                self.held = 0;
                self.rest = Some(length);
                return Some(Item::Begin { kind, length });
            }
        }
        None
    }

    /// Whether the stream may end here.
    pub(crate) fn at_boundary(&self) -> bool {
        self.held == 0 && self.rest.is_none()
    }
}

/// Appends a frame's header.
pub(crate) fn begin(kind: u64, length: usize, output: &mut BytesMut) {
    varint::write(kind, output);
    varint::write(length as u64, output);
}

/// Appends a frame that carries one integer.
pub(crate) fn integer(kind: u64, value: u64, output: &mut BytesMut) {
    let mut payload = [0_u8; varint::BYTES_MAX];
    let mut rest = &mut payload[..];
    varint::write(value, &mut rest);
    let length = varint::BYTES_MAX - rest.len();
    begin(kind, length, output);
    output.put_slice(&payload[..length]);
}

fn header(bytes: &[u8]) -> Option<(u64, u64, usize)> {
    let (kind, first) = varint::read(bytes)?;
    let (length, second) = varint::read(&bytes[first..])?;
    Some((kind, length, first + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> (Vec<Item>, bool) {
        let mut reader = Reader::default();
        let mut items = Vec::new();
        for piece in pieces {
            let mut input = Bytes::copy_from_slice(piece);
            while let Some(item) = reader.next(&mut input) {
                items.push(item);
            }
            assert!(input.is_empty());
        }
        (items, reader.at_boundary())
    }

    #[test]
    fn frames_are_cut_wherever_the_bytes_are_split() {
        let mut stream = BytesMut::new();
        begin(DATA, 5, &mut stream);
        stream.put_slice(b"hello");
        integer(GOAWAY, 70, &mut stream);
        begin(0x21 + 0x1f * 1_000_000, 0, &mut stream);
        for at in 0..=stream.len() {
            let (items, complete) = read(&[&stream[..at], &stream[at..]]);
            assert!(complete);
            let kinds: Vec<u64> = items
                .iter()
                .filter_map(|it| if let Item::Begin { kind, .. } = it { Some(*kind) } else { None })
                .collect();
            assert_eq!(kinds, [DATA, GOAWAY, 0x21 + 0x1f * 1_000_000]);
            let mut payload = Vec::new();
            let mut ends = 0;
            for item in items {
                if let Item::Payload { bytes, last } = item {
                    payload.extend_from_slice(&bytes);
                    ends += usize::from(last);
                }
            }
            assert_eq!(payload, b"hello\x40\x46");
            assert_eq!(ends, 3);
        }
    }

    #[test]
    fn a_stream_may_not_end_inside_a_frame() {
        let rows: [(&[u8], bool); 6] = [
            (b"", true),
            (b"\x00", false),
            (b"\x00\x02", false),
            (b"\x00\x02a", false),
            (b"\x00\x02ab", true),
            (b"\x00\x02ab\x40", false),
        ];
        for (bytes, boundary) in rows {
            assert_eq!(read(&[bytes]).1, boundary, "{bytes:x?}");
        }
    }
}
