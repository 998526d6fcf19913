//! As much of HTTP/2 (RFC 9113) as a client needs, good or bad. The names are those of sections 6 and 7.

#![expect(missing_docs, reason = "RFC 9113 tells what its names mean")]

use crate::link::Link;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;
pub const PADDED: u8 = 8;

const HEADER_TABLE_SIZE: u16 = 1;
pub const ENABLE_PUSH: u16 = 2;
pub const INITIAL_WINDOW_SIZE: u16 = 4;
pub const MAX_FRAME_SIZE: u16 = 5;

pub const NO_ERROR: u32 = 0;
pub const PROTOCOL_ERROR: u32 = 1;
pub const FLOW_CONTROL_ERROR: u32 = 3;
pub const STREAM_CLOSED: u32 = 5;
pub const FRAME_SIZE_ERROR: u32 = 6;
pub const COMPRESSION_ERROR: u32 = 9;
pub const ENHANCE_YOUR_CALM: u32 = 11;

/// As much as a window may hold; nothing a test receives comes near it.
pub const WINDOW_BYTES_MAX: u32 = (1 << 31) - 1;
/// What a connection's window holds at first.
const WINDOW_BYTES: u32 = 65_535;

/// One frame.
#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    /// The error code of a `GOAWAY` or an `RST_STREAM`.
    pub fn code(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().expect("four bytes"))
    }
}

/// The bytes of a frame, right or wrong.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The bytes of a `SETTINGS` with these ids and values.
pub fn settings(all: &[(u16, u32)]) -> Vec<u8> {
    let one = |(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
    frame(SETTINGS, 0, 0, &all.iter().map(one).collect::<Vec<_>>().concat())
}

/// The bytes of a `WINDOW_UPDATE`.
pub fn window_update(stream: u32, bytes: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &bytes.to_be_bytes())
}

/// The bytes of a `HEADERS` with these fields.
pub fn headers(flags: u8, stream: u32, fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, flags, stream, &block(fields))
}

/// A client's first words. It keeps no table, so that every header block stands for itself, and never
/// makes the box wait for room.
pub fn hello() -> Vec<u8> {
    let terms = [(HEADER_TABLE_SIZE, 0), (INITIAL_WINDOW_SIZE, WINDOW_BYTES_MAX)];
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &settings(&terms)[..],
        &window_update(0, WINDOW_BYTES_MAX - WINDOW_BYTES),
    ]
    .concat()
}

/// An integer whose first `bits` bits share a byte with `flags` (RFC 7541, 5.1).
fn integer(flags: u8, bits: u8, value: usize) -> Vec<u8> {
    let byte = |it: usize| u8::try_from(it).expect("it was cut to fit");
    let mask = u8::MAX >> (8 - bits);
    let Some(mut rest) = value.checked_sub(usize::from(mask)) else {
        return vec![flags | byte(value)];
    };
    let mut out = vec![flags | mask];
    while 0x80 <= rest {
        out.push(byte(rest & 0x7f) | 0x80);
        rest >>= 7;
    }
    out.push(byte(rest));
    out
}

/// A header block of literals that are not indexed.
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let text = |it: &str| [&integer(0, 7, it.len())[..], it.as_bytes()].concat();
    fields.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

/// The next frame that concerns a stream, or the box's goodbye; `None` at the end.
pub fn next(link: &mut Link) -> Option<Frame> {
    loop {
        let head = link.take(9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let payload = link.take(usize::try_from(length).expect("a length"))?;
        let stream = u32::from_be_bytes(head[5..9].try_into().expect("four bytes"));
        let frame = Frame { kind: head[3], flags: head[4], stream, payload };
        match frame.kind {
            SETTINGS if frame.flags & ACK == 0 => link.send(&self::frame(SETTINGS, ACK, 0, &[])),
            PING if frame.flags & ACK == 0 => {
                link.send(&self::frame(PING, ACK, 0, &frame.payload));
            }
            DATA | HEADERS | RST_STREAM | GOAWAY => return Some(frame),
            _ => {}
        }
    }
}

/// Status and body of the answers on `streams`, in their order; `None` when one of them never comes.
pub fn answers(link: &mut Link, streams: &[u32]) -> Option<Vec<(u16, Vec<u8>)>> {
    let mut answers = vec![(0, Vec::new()); streams.len()];
    let mut open = streams.len();
    while 0 < open {
        let frame = next(link)?;
        let answer = &mut answers[streams.iter().position(|it| *it == frame.stream)?];
        match frame.kind {
            HEADERS => answer.0 = status(&frame.payload),
            DATA => answer.1.extend_from_slice(&frame.payload),
            _ => return None,
        }
        open -= usize::from(frame.flags & END_STREAM);
    }
    Some(answers)
}

/// Status and body of the answer on `stream`.
pub fn answer(link: &mut Link, stream: u32) -> Option<(u16, Vec<u8>)> {
    answers(link, &[stream])?.pop()
}

/// The status that a header block begins with (RFC 7541, A and B).
pub fn status(block: &[u8]) -> u16 {
    const KNOWN: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
    // Sizes of a table that is not kept come first.
    let at = block.iter().position(|it| it & 0xe0 != 0x20).expect("a field");
    match block[at] {
        it @ 0x88..=0x8e => KNOWN[usize::from(it - 0x88)],
        0x08 | 0x18 | 0x48 => {
            let length = block[at + 1];
            let text = &block[at + 2..][..usize::from(length & 0x7f)];
            let digits = if length & 0x80 == 0 { text.to_vec() } else { digits(text) };
            String::from_utf8(digits).expect("text").parse().expect("a number")
        }
        other => panic!("{other:#x} is no status"),
    }
}

/// Three digits out of the Huffman code: 0 to 2 have five bits, the others six.
fn digits(text: &[u8]) -> Vec<u8> {
    let bits: Vec<u8> =
        text.iter().flat_map(|it| (0..8).rev().map(move |at| it >> at & 1)).collect();
    let number = |bits: &[u8]| bits.iter().fold(0, |number, bit| number << 1 | bit);
    let (mut rest, mut digits) = (&bits[..], Vec::new());
    while digits.len() < 3 {
        let short = number(&rest[..5]);
        let (digit, length) =
            if short < 3 { (short, 5) } else { (number(&rest[..6]) - 0x19 + 3, 6) };
        digits.push(b'0' + digit);
        rest = &rest[length..];
    }
    digits
}
