//! As much of HTTP/2 (RFC 9113) as it takes to be a client, good or bad.

use crate::fixture::Link;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// The error code of a `GOAWAY`.
    pub(crate) fn code(&self) -> u32 {
        u32::from_be_bytes(self.payload[4..8].try_into().expect("four bytes"))
    }
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The client's first words: the preface, and settings that ask for nothing.
pub(crate) fn hello() -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(SETTINGS, 0, 0, &[])[..]].concat()
}

/// A `GET`. The header block names fields by their place in the static table (RFC 7541, A).
pub(crate) fn get(stream: u32, path: &str) -> Vec<u8> {
    let length = u8::try_from(path.len()).expect("a short path");
    let block = [&[0x82, 0x87, 0x04, length], path.as_bytes(), &[0x01, 3], b"box"].concat();
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)
}

/// A `POST` with a JSON body of `length` bytes, which comes later.
pub(crate) fn post(stream: u32, path: &str, length: usize) -> Vec<u8> {
    let field = |name: &str, value: &str| {
        let length = |it: &str| u8::try_from(it.len()).expect("a short text");
        [&[0, length(name)], name.as_bytes(), &[length(value)], value.as_bytes()].concat()
    };
    let place = u8::try_from(path.len()).expect("a short path");
    let block = [
        &[0x83, 0x87, 0x04, place],
        path.as_bytes(),
        &[0x01, 3],
        b"box",
        &field("content-type", "application/json"),
        &field("content-length", &length.to_string()),
    ];
    frame(HEADERS, END_HEADERS, stream, &block.concat())
}

/// The next frame that is not about the connection's settings; `None` at the end.
pub(crate) fn next(link: &mut Link) -> Option<Frame> {
    loop {
        let head = link.take(9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let payload = link.take(usize::try_from(length).expect("a length"))?;
        let stream = u32::from_be_bytes(head[5..9].try_into().expect("four bytes"));
        let frame = Frame { kind: head[3], flags: head[4], stream, payload };
        match frame.kind {
            // A goodbye may be on its way already.
            SETTINGS if frame.flags & ACK == 0 => {
                drop(link.try_send(&self::frame(SETTINGS, ACK, 0, &[])));
            }
            PING if frame.flags & ACK == 0 => {
                drop(link.try_send(&self::frame(PING, ACK, 0, &frame.payload)));
            }
            DATA | HEADERS | RST_STREAM | GOAWAY => return Some(frame),
            _ => {}
        }
    }
}

/// The first byte of a header block, after the table's size, and the body.
pub(crate) type Answer = (u8, Vec<u8>);

/// The answers on `streams`, in their order; `None` when one of them never comes.
pub(crate) fn answers(link: &mut Link, streams: &[u32]) -> Option<Vec<Answer>> {
    let mut answers = vec![Answer::default(); streams.len()];
    let mut open = streams.len();
    while 0 < open {
        let frame = next(link)?;
        let answer = &mut answers[streams.iter().position(|it| *it == frame.stream)?];
        match frame.kind {
            HEADERS => answer.0 = frame.payload.iter().copied().find(|it| it & 0xe0 != 0x20)?,
            DATA => answer.1.extend_from_slice(&frame.payload),
            _ => return None,
        }
        open -= usize::from(frame.flags & END_STREAM);
    }
    Some(answers)
}

/// The answer on `stream`.
pub(crate) fn answer(link: &mut Link, stream: u32) -> Option<Answer> {
    answers(link, &[stream])?.pop()
}
