//! What the client sends on its unidirectional streams (RFC 9114, section 6.2; RFC 9204, section 4.2).

use bytes::{Buf, Bytes, BytesMut};

use super::code::{Code, Fault};
use super::frame::{self, Item};
use super::{settings, varint};

const CONTROL: u64 = 0x00;
const PUSH: u64 = 0x01;
const ENCODER: u64 = 0x02;
const DECODER: u64 = 0x03;
/// Payloads that we hold until they are complete are far smaller.
const PAYLOAD_BYTES_MAX: u64 = 4096;

/// What a connection remembers across these streams.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    control: bool,
    encoder: bool,
    decoder: bool,
    push_id_max: Option<u64>,
    goaway: Option<u64>,
}

/// What to do with a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Read on.
    Continue,
    /// Of a type we do not know: ask the client to stop, and read no more.
    Stop,
}

/// One stream, by its type.
#[derive(Debug)]
pub(crate) struct Unidirectional(State);

#[derive(Debug)]
enum State {
    /// The type has not arrived in full.
    Unnamed(BytesMut),
    Control(Control),
    Encoder,
    Decoder {
        /// Amid an integer of several bytes.
        inside: bool,
    },
    Unknown,
}

#[derive(Debug, Default)]
struct Control {
    reader: frame::Reader,
    settings: bool,
    /// Type of the frame that is being read, if its payload matters.
    kind: Option<u64>,
    payload: BytesMut,
}

impl Default for Unidirectional {
    fn default() -> Self {
        Self(State::Unnamed(BytesMut::new()))
    }
}

impl Unidirectional {
    /// Takes the next bytes of the stream.
    pub(crate) fn push(&mut self, peer: &mut Peer, mut chunk: Bytes) -> Result<Verdict, Fault> {
        if let State::Unnamed(held) = &mut self.0 {
            let kind = loop {
                if let Some((kind, _)) = varint::read(held) {
                    break kind;
                }
                if chunk.is_empty() {
                    return Ok(Verdict::Continue);
                }
                held.extend_from_slice(&chunk.split_to(1));
            };
            self.0 = peer.open(kind)?;
        }
        match &mut self.0 {
            State::Control(control) => control.push(peer, chunk)?,
            State::Encoder => encoder(&chunk)?,
            State::Decoder { inside } => decoder(inside, &chunk)?,
            State::Unknown => return Ok(Verdict::Stop),
            State::Unnamed(_) => unreachable!("named above"),
        }
        Ok(Verdict::Continue)
    }

    /// The stream has ended, with or without a reset.
    pub(crate) fn finish(&self) -> Result<(), Fault> {
        match self.0 {
            State::Unnamed(_) | State::Unknown => Ok(()),
            State::Control(_) | State::Encoder | State::Decoder { .. } => {
                Err(Fault::Connection(Code::ClosedCriticalStream, "a critical stream was closed"))
            }
        }
    }
}

impl Peer {
    fn open(&mut self, kind: u64) -> Result<State, Fault> {
        let (open, state) = match kind {
            CONTROL => (&mut self.control, State::Control(Control::default())),
            ENCODER => (&mut self.encoder, State::Encoder),
            DECODER => (&mut self.decoder, State::Decoder { inside: false }),
            PUSH => {
                return Err(Fault::Connection(Code::StreamCreation, "a push stream of a client"));
            }
            _ => return Ok(State::Unknown),
        };
        if std::mem::replace(open, true) {
            return Err(Fault::Connection(
                Code::StreamCreation,
                "a critical stream was opened twice",
            ));
        }
        Ok(state)
    }
}

impl Control {
    fn push(&mut self, peer: &mut Peer, mut chunk: Bytes) -> Result<(), Fault> {
        while let Some(item) = self.reader.next(&mut chunk) {
            match item {
                Item::Begin { kind, length } => self.begin(kind, length)?,
                Item::Payload { bytes, last } => {
                    let Some(kind) = self.kind else { continue };
                    self.payload.extend_from_slice(&bytes);
                    if last {
                        let payload = self.payload.split().freeze();
                        Self::complete(peer, kind, payload)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, kind: u64, length: u64) -> Result<(), Fault> {
        if !self.settings && kind != frame::SETTINGS {
            return Err(Fault::Connection(Code::MissingSettings, "SETTINGS do not come first"));
        }
        let known = match kind {
            frame::SETTINGS if self.settings => {
                return Err(Fault::Connection(Code::FrameUnexpected, "SETTINGS come twice"));
            }
            frame::DATA | frame::HEADERS | frame::PUSH_PROMISE => {
                return Err(Fault::Connection(
                    Code::FrameUnexpected,
                    "a frame of requests on the control stream",
                ));
            }
            kind if frame::FORBIDDEN.contains(&kind) => {
                return Err(Fault::Connection(Code::FrameUnexpected, "a frame of HTTP/2"));
            }
            frame::SETTINGS | frame::GOAWAY | frame::MAX_PUSH_ID | frame::CANCEL_PUSH => true,
            _ => false,
        };
        if known && PAYLOAD_BYTES_MAX < length {
            return Err(Fault::Connection(Code::ExcessiveLoad, "a control frame is too long"));
        }
        self.settings = true;
        self.kind = known.then_some(kind);
        Ok(())
    }

    fn complete(peer: &mut Peer, kind: u64, payload: Bytes) -> Result<(), Fault> {
        if kind == frame::SETTINGS {
            return settings::check(payload);
        }
        let id = match varint::read(&payload) {
            Some((id, length)) if length == payload.len() => id,
            _ => return Err(Fault::Connection(Code::Frame, "a control frame is not one number")),
        };
        let wrong = Fault::Connection(Code::Id, "a control frame names a wrong identifier");
        match kind {
            frame::GOAWAY => match peer.goaway.replace(id) {
                Some(before) if before < id => Err(wrong),
                _ => Ok(()),
            },
            frame::MAX_PUSH_ID => match peer.push_id_max.replace(id) {
                Some(before) if id < before => Err(wrong),
                _ => Ok(()),
            },
            // We never promise a push: there is none to cancel (RFC 9114, section 7.2.3).
            _ => Err(wrong),
        }
    }
}

/// With a table of capacity 0 the one thing an encoder may say is that its capacity is 0.
fn encoder(instructions: &[u8]) -> Result<(), Fault> {
    const SET_CAPACITY_0: u8 = 0x20;
    if instructions.iter().any(|it| *it != SET_CAPACITY_0) {
        return Err(Fault::Connection(
            Code::EncoderStream,
            "an instruction for a dynamic table, which has no room",
        ));
    }
    Ok(())
}

/// We insert nothing: the one thing a decoder may say is that it gave up a stream.
fn decoder(inside: &mut bool, instructions: &[u8]) -> Result<(), Fault> {
    let mut rest = instructions;
    while rest.has_remaining() {
        let byte = rest.get_u8();
        if *inside {
            *inside = byte & 0x80 != 0;
        } else if byte >> 6 == 0b01 {
            *inside = byte & 0x3f == 0x3f;
        } else {
            return Err(Fault::Connection(
                Code::DecoderStream,
                "an acknowledgement of insertions that were not made",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `bytes` one by one into a stream and says what came of it.
    fn run(peer: &mut Peer, bytes: &[u8]) -> Result<Verdict, Code> {
        let mut stream = Unidirectional::default();
        let mut verdict = Verdict::Continue;
        for byte in bytes {
            match stream.push(peer, Bytes::copy_from_slice(&[*byte])) {
                Ok(it) => verdict = it,
                Err(Fault::Connection(code, _)) => return Err(code),
                Err(other) => panic!("{other:?}"),
            }
        }
        Ok(verdict)
    }

    #[test]
    fn streams_by_type_and_content() {
        let rows: [(&[u8], Result<Verdict, Code>); 27] = [
            // Control: settings, then anything known or reserved.
            (b"\x00\x04\x00", Ok(Verdict::Continue)),
            (b"\x00\x04\x00\x21\x03abc\x07\x01\x04\x0d\x01\x08", Ok(Verdict::Continue)),
            (b"\x00\x04\x02\x21\x00", Ok(Verdict::Continue)),
            (b"\x00\x21\x00", Err(Code::MissingSettings)),
            (b"\x00\x07\x01\x00", Err(Code::MissingSettings)),
            (b"\x00\x00\x01\x00", Err(Code::MissingSettings)),
            (b"\x00\x04\x00\x04\x00", Err(Code::FrameUnexpected)),
            (b"\x00\x04\x00\x00\x01", Err(Code::FrameUnexpected)),
            (b"\x00\x04\x00\x01\x01", Err(Code::FrameUnexpected)),
            (b"\x00\x04\x00\x05\x01", Err(Code::FrameUnexpected)),
            (b"\x00\x04\x00\x02\x01", Err(Code::FrameUnexpected)),
            (b"\x00\x04\x00\x06\x01", Err(Code::FrameUnexpected)),
            (b"\x00\x04\x00\x08\x01", Err(Code::FrameUnexpected)),
            (b"\x00\x04\x00\x09\x01", Err(Code::FrameUnexpected)),
            (b"\x00\x04\x80\x01\x00\x00", Err(Code::ExcessiveLoad)),
            (b"\x00\x04\x02\x02\x00", Err(Code::Settings)),
            (b"\x00\x04\x00\x07\x02\x04\x04", Err(Code::Frame)),
            (b"\x00\x04\x00\x07\x00", Err(Code::Frame)),
            (b"\x00\x04\x00\x07\x01\x04\x07\x01\x08", Err(Code::Id)),
            (b"\x00\x04\x00\x0d\x01\x08\x0d\x01\x04", Err(Code::Id)),
            (b"\x00\x04\x00\x03\x01\x00", Err(Code::Id)),
            // Push, then a reserved type.
            (b"\x01\x00", Err(Code::StreamCreation)),
            (b"\x40\x21hello", Ok(Verdict::Stop)),
            // Encoder: capacity 0 and nothing else; decoder: cancellations and nothing else.
            (b"\x02\x20\x20", Ok(Verdict::Continue)),
            (b"\x02\x3f\x01", Err(Code::EncoderStream)),
            (b"\x03\x44\x7f\x80\x01\x44", Ok(Verdict::Continue)),
            (b"\x03\x44\x01", Err(Code::DecoderStream)),
        ];
        for (bytes, expected) in rows {
            assert_eq!(run(&mut Peer::default(), bytes), expected, "{bytes:x?}");
        }
        assert_eq!(run(&mut Peer::default(), b"\x03\x84"), Err(Code::DecoderStream));
    }

    #[test]
    fn critical_streams_stand_once_and_stay_open() {
        for kind in 0..=3_u8 {
            let mut peer = Peer::default();
            let opened = run(&mut peer, &[kind]);
            assert_eq!(opened.is_err(), kind == 1);
            assert_eq!(run(&mut peer, &[kind]), Err(Code::StreamCreation));
        }
        for (kind, critical) in [(0_u8, true), (2, true), (3, true), (0x21, false)] {
            let mut stream = Unidirectional::default();
            assert_eq!(stream.finish(), Ok(()));
            stream.push(&mut Peer::default(), Bytes::copy_from_slice(&[kind])).unwrap();
            assert_eq!(stream.finish().is_err(), critical);
        }
    }
}
