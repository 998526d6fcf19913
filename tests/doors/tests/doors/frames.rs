//! As much of HTTP/2 (RFC 9113) as a client needs, good or bad.

use crate::caller::Ask;
use crate::link::Link;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const PADDED: u8 = 8;

const HEADER_TABLE_SIZE: u16 = 1;
pub(crate) const ENABLE_PUSH: u16 = 2;
pub(crate) const INITIAL_WINDOW_SIZE: u16 = 4;
pub(crate) const MAX_FRAME_SIZE: u16 = 5;

/// As much as a window may hold; nothing a test receives comes near it.
pub(crate) const WINDOW_BYTES_MAX: u32 = (1 << 31) - 1;
/// What a connection's window holds at first.
const WINDOW_BYTES: u32 = 65_535;

#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub(crate) fn settings(all: &[(u16, u32)]) -> Vec<u8> {
    let one = |(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
    frame(SETTINGS, 0, 0, &all.iter().map(one).collect::<Vec<_>>().concat())
}

pub(crate) fn window_update(stream: u32, bytes: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &bytes.to_be_bytes())
}

/// A client's first words. It keeps no table, so that every header block stands for itself, and never
/// makes the box wait for room.
pub(crate) fn hello() -> Vec<u8> {
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
    let mask = u8::MAX >> (8 - bits);
    let Some(rest) = value.checked_sub(usize::from(mask)) else {
        return vec![flags | u8::try_from(value).unwrap()];
    };
    let (mut out, mut rest) = (vec![flags | mask], rest);
    while 0x80 <= rest {
        out.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
        rest >>= 7;
    }
    out.push(u8::try_from(rest).unwrap());
    out
}

/// A header block of literals that are not indexed.
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let text = |it: &str| [&integer(0, 7, it.len())[..], it.as_bytes()].concat();
    fields.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

/// The frames of a request.
pub(crate) fn request(stream: u32, ask: &Ask) -> Vec<u8> {
    let bearer = ask.key.as_ref().map(|it| format!("Bearer {it}"));
    let mut fields = vec![
        (":method", ask.method),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", &*ask.path),
        ("content-type", "application/json"),
    ];
    fields.extend(bearer.as_deref().map(|it| ("authorization", it)));
    let end = if ask.body.is_empty() { END_STREAM } else { 0 };
    let mut out = frame(HEADERS, END_HEADERS | end, stream, &block(&fields));
    if !ask.body.is_empty() {
        out.extend(frame(DATA, END_STREAM, stream, ask.body.as_bytes()));
    }
    out
}

/// The next frame that concerns a stream, or the box's goodbye; `None` at the end.
pub(crate) fn next(link: &mut Link) -> Option<Frame> {
    loop {
        let head = link.take(9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let payload = link.take(usize::try_from(length).unwrap())?;
        let stream = u32::from_be_bytes(head[5..9].try_into().unwrap());
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

/// The status that a header block begins with (RFC 7541, A and B).
pub(crate) fn status(block: &[u8]) -> u16 {
    const KNOWN: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
    // Sizes of a table that is not kept come first.
    let at = block.iter().position(|it| it & 0xe0 != 0x20).expect("a field");
    match block[at] {
        it @ 0x88..=0x8e => KNOWN[usize::from(it - 0x88)],
        0x08 | 0x18 | 0x48 => {
            let length = block[at + 1];
            let text = &block[at + 2..][..usize::from(length & 0x7f)];
            let digits = if length & 0x80 == 0 { text.to_vec() } else { digits(text) };
            String::from_utf8(digits).unwrap().parse().unwrap()
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
