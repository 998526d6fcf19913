//! A request as its stream brings it: one field section, data, perhaps trailers (RFC 9114, section 4.1).

use bytes::{Bytes, BytesMut};
use http::{Request, StatusCode};

use super::code::{Code, Fault};
use super::frame::{self, Item};
use super::head::{self, Head};

/// What a request may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Of a field section, as sent and as RFC 9114, section 4.2.2 counts it.
    pub(crate) section_bytes_max: usize,
    /// Of the body.
    pub(crate) body_bytes_max: usize,
}

/// A request that has not arrived in full.
#[derive(Debug)]
pub(crate) struct Inbound {
    reader: frame::Reader,
    take: Take,
    /// A field section in several pieces.
    section: BytesMut,
    head: Option<Head>,
    trailers: bool,
    /// Most bodies come in one piece, which is then not copied.
    first: Bytes,
    body: BytesMut,
    body_bytes: usize,
}

/// What the frame at hand is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Take {
    Section,
    Data,
    Nothing,
}

impl Default for Inbound {
    fn default() -> Self {
        Self {
            reader: frame::Reader::default(),
            take: Take::Nothing,
            section: BytesMut::new(),
            head: None,
            trailers: false,
            first: Bytes::new(),
            body: BytesMut::new(),
            body_bytes: 0,
        }
    }
}

impl Inbound {
    /// Takes the next bytes of the stream.
    pub(crate) fn push(&mut self, mut chunk: Bytes, limits: Limits) -> Result<(), Fault> {
        while let Some(item) = self.reader.next(&mut chunk) {
            match item {
                Item::Begin { kind, length } => self.begin(kind, length, limits)?,
                Item::Payload { bytes, last } => match self.take {
                    Take::Section => self.section(bytes, last, limits)?,
                    Take::Data => self.data(bytes, limits)?,
                    Take::Nothing => {}
                },
            }
        }
        Ok(())
    }

    /// The stream has ended: the request, if it is whole.
    pub(crate) fn finish(self) -> Result<Request<Bytes>, Fault> {
        if !self.reader.at_boundary() {
            return Err(Fault::Connection(Code::Frame, "a request stream ends amid a frame"));
        }
        let Some(head) = self.head else { return Err(Fault::Stream(Code::RequestIncomplete)) };
        if head.content_length.is_some_and(|it| it != self.body_bytes as u64) {
            return Err(Fault::Stream(Code::Message));
        }
        let body = if self.body.is_empty() { self.first } else { self.body.freeze() };
        Ok(Request::from_parts(head.parts, body))
    }

    /// Bytes held for this request.
    pub(crate) fn held_bytes(&self) -> usize {
        self.section.len() + self.body_bytes
    }

    fn begin(&mut self, kind: u64, length: u64, limits: Limits) -> Result<(), Fault> {
        let unexpected = |text| Err(Fault::Connection(Code::FrameUnexpected, text));
        self.take = match kind {
            frame::HEADERS if self.trailers => return unexpected("HEADERS after trailers"),
            frame::HEADERS => {
                if usize::try_from(length).map_or(true, |it| limits.section_bytes_max < it) {
                    return Err(Fault::Answer(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
                }
                Take::Section
            }
            frame::DATA if self.head.is_none() => return unexpected("DATA before HEADERS"),
            frame::DATA if self.trailers => return unexpected("DATA after trailers"),
            frame::DATA => Take::Data,
            frame::SETTINGS
            | frame::GOAWAY
            | frame::MAX_PUSH_ID
            | frame::CANCEL_PUSH
            | frame::PUSH_PROMISE => {
                return unexpected("a frame that does not belong on a request stream");
            }
            kind if frame::FORBIDDEN.contains(&kind) => return unexpected("a frame of HTTP/2"),
            _ => Take::Nothing,
        };
        Ok(())
    }

    fn section(&mut self, bytes: Bytes, last: bool, limits: Limits) -> Result<(), Fault> {
        if !last {
            self.section.extend_from_slice(&bytes);
            return Ok(());
        }
        let section = if self.section.is_empty() {
            bytes
        } else {
            self.section.extend_from_slice(&bytes);
            self.section.split().freeze()
        };
        if self.head.is_some() {
            self.trailers = true;
            return head::check_trailers(section, limits.section_bytes_max);
        }
        let head = head::read(section, limits.section_bytes_max)?;
        if head.content_length.is_some_and(|it| (limits.body_bytes_max as u64) < it) {
            return Err(Fault::Answer(StatusCode::PAYLOAD_TOO_LARGE));
        }
        self.head = Some(head);
        Ok(())
    }

    fn data(&mut self, bytes: Bytes, limits: Limits) -> Result<(), Fault> {
        // Both are at most as large as the memory.
        self.body_bytes += bytes.len();
        let promised = self.head.as_ref().and_then(|it| it.content_length);
        if promised.is_some_and(|it| it < self.body_bytes as u64) {
            return Err(Fault::Stream(Code::Message));
        }
        if limits.body_bytes_max < self.body_bytes {
            return Err(Fault::Answer(StatusCode::PAYLOAD_TOO_LARGE));
        }
        if self.first.is_empty() {
            self.first = bytes;
            return Ok(());
        }
        if self.body.is_empty() {
            self.body.extend_from_slice(&self.first);
        }
        self.body.extend_from_slice(&bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::h3::peer::{Peer, Unidirectional};
    use crate::h3::qpack;

    /// Frames of a stream, and what comes of them.
    type Row = (Vec<Vec<u8>>, Result<(), Code>);

    const LIMITS: Limits = Limits { section_bytes_max: 512, body_bytes_max: 8 };

    fn framed(kind: u64, payload: &[u8]) -> Vec<u8> {
        let mut output = BytesMut::new();
        frame::begin(kind, payload.len(), &mut output);
        output.extend_from_slice(payload);
        output.to_vec()
    }

    fn headers(more: &[(&str, &str)]) -> Vec<u8> {
        let mut section = BytesMut::new();
        qpack::begin(&mut section);
        // POST, https, and a path.
        qpack::indexed(20, &mut section);
        qpack::indexed(23, &mut section);
        qpack::indexed(1, &mut section);
        qpack::with_name_of(0, b"a.test", &mut section);
        for (name, value) in more {
            qpack::literal(name.as_bytes(), value.as_bytes(), &mut section);
        }
        framed(frame::HEADERS, &section)
    }

    fn trailers() -> Vec<u8> {
        let mut section = BytesMut::new();
        qpack::begin(&mut section);
        qpack::literal(b"checksum", b"1", &mut section);
        framed(frame::HEADERS, &section)
    }

    /// Reads `stream` in pieces of `size` bytes.
    fn read(stream: &[u8], size: usize) -> Result<Request<Bytes>, Fault> {
        let mut inbound = Inbound::default();
        for piece in stream.chunks(size) {
            inbound.push(Bytes::copy_from_slice(piece), LIMITS)?;
        }
        inbound.finish()
    }

    #[test]
    fn a_request_is_the_same_however_it_is_cut() {
        let stream = [
            framed(0x21, b"reserved"),
            headers(&[("content-length", "5")]),
            framed(frame::DATA, b"he"),
            framed(0x40, b""),
            framed(frame::DATA, b""),
            framed(frame::DATA, b"llo"),
            trailers(),
            framed(0x21, b"reserved"),
        ]
        .concat();
        for size in 1..=stream.len() {
            let request = read(&stream, size).unwrap();
            assert_eq!(request.uri(), "https://a.test/");
            assert_eq!(request.body(), "hello");
        }
    }

    #[test]
    fn each_wrong_stream_has_its_code() {
        let unexpected = Err(Code::FrameUnexpected);
        let rows: [Row; 17] = [
            (vec![headers(&[])], Ok(())),
            (vec![framed(frame::DATA, b"a"), headers(&[])], unexpected),
            (vec![headers(&[]), trailers(), framed(frame::DATA, b"a")], unexpected),
            (vec![headers(&[]), trailers(), trailers()], unexpected),
            (vec![headers(&[]), framed(frame::SETTINGS, b"")], unexpected),
            (vec![framed(frame::GOAWAY, b"\x00")], unexpected),
            (vec![framed(frame::MAX_PUSH_ID, b"\x00")], unexpected),
            (vec![framed(frame::CANCEL_PUSH, b"\x00")], unexpected),
            (vec![framed(frame::PUSH_PROMISE, b"\x00")], unexpected),
            (vec![framed(0x02, b"")], unexpected),
            (vec![framed(0x09, b"")], unexpected),
            (vec![], Err(Code::RequestIncomplete)),
            (vec![framed(0x21, b"")], Err(Code::RequestIncomplete)),
            (vec![headers(&[]), b"\x00\x05abc".to_vec()], Err(Code::Frame)),
            (vec![headers(&[("content-length", "2")])], Err(Code::Message)),
            (
                vec![headers(&[("content-length", "2")]), framed(frame::DATA, b"abc")],
                Err(Code::Message),
            ),
            (vec![framed(frame::HEADERS, b"\x00\x00\x80")], Err(Code::Decompression)),
        ];
        for (frames, expected) in rows {
            let code = match read(&frames.concat(), 7) {
                Ok(_) => Ok(()),
                Err(Fault::Connection(code, _) | Fault::Stream(code)) => Err(code),
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(code, expected, "{frames:x?}");
        }
    }

    #[test]
    fn what_is_too_large_is_answered() {
        let long = "x".repeat(600);
        let rows = [
            (headers(&[("a", &long)]), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
            (headers(&[("content-length", "9")]), StatusCode::PAYLOAD_TOO_LARGE),
            (
                [headers(&[]), framed(frame::DATA, b"12345"), framed(frame::DATA, b"6789")]
                    .concat(),
                StatusCode::PAYLOAD_TOO_LARGE,
            ),
            // Small on the wire, large when counted line by line.
            (
                framed(frame::HEADERS, &[&b"\x00\x00"[..], &[0xd1; 20]].concat()),
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            ),
        ];
        for (index, (stream, status)) in rows.into_iter().enumerate() {
            let error = read(&stream, 1000).unwrap_err();
            if index == 3 {
                // Seventeen methods: void before it is too large.
                assert_eq!(error, Fault::Stream(Code::Message));
            } else {
                assert_eq!(error, Fault::Answer(status));
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_none_are_hoarded(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..16),
            kind in 0_u8..5,
        ) {
            let mut inbound = Inbound::default();
            let mut held = Ok(());
            for piece in &pieces {
                held = inbound.push(Bytes::copy_from_slice(piece), LIMITS);
                if held.is_err() {
                    break;
                }
                prop_assert!(inbound.held_bytes() <= LIMITS.section_bytes_max + LIMITS.body_bytes_max);
            }
            if held.is_ok() {
                drop(inbound.finish());
            }
            // As a section, whole.
            let section = Bytes::from(pieces.concat());
            drop(head::read(section.clone(), 4096));
            drop(head::read([&b"\x00\x00"[..], &section].concat().into(), 4096));
            // As a unidirectional stream of each type.
            let mut peer = Peer::default();
            let mut stream = Unidirectional::default();
            let mut open = stream.push(&mut peer, Bytes::copy_from_slice(&[kind]));
            for piece in pieces {
                if open.is_err() {
                    break;
                }
                open = stream.push(&mut peer, Bytes::from(piece));
            }
        }
    }
}
