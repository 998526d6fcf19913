//! The decoders, for fuzz targets: each takes any bytes, checks what must hold of every outcome and
//! panics when it does not.

use bytes::{Bytes, BytesMut};
use http::Request;

use super::code::{Code, Fault};
use super::inbound::{Inbound, Limits};
use super::peer::{Peer, Unidirectional, Verdict};
use super::qpack::{self, Lines};
use super::{huffman, request};

const LIMITS: Limits = Limits { section_bytes_max: 4096, body_bytes_max: 4096 };
/// What section 4.1 lets our encoder repeat: it knows requests with these schemes only.
const SCHEME: &str = "https";

/// A request stream: cut anywhere, it comes to the same; no more is held than the limits say; what
/// was read is read again from what our own client makes of it.
pub fn request_stream(stream: &[u8]) {
    let (sizes, stream) = stream.split_at(stream.len().min(2));
    let whole = read(stream, stream.len().max(1));
    for size in sizes {
        let cut = read(stream, usize::from(*size) + 1);
        assert_eq!(plain(&cut), plain(&whole), "cut into pieces of {size} and one bytes");
    }
    let Ok(request) = whole else { return };
    if request.uri().scheme_str() != Some(SCHEME) {
        return;
    }
    let mut again = BytesMut::new();
    request::encode(&request, &mut again);
    // Our own client neither folds names nor compresses: its section may be over the limit.
    match read(&again, again.len()) {
        Ok(repeated) => assert_eq!(plain(&Ok(repeated)), plain(&Ok(request))),
        Err(fault) => assert!(matches!(fault, Fault::Answer(_)), "{fault:?}"),
    }
}

fn read(stream: &[u8], size: usize) -> Result<Request<Bytes>, Fault> {
    let mut inbound = Inbound::default();
    for piece in stream.chunks(size) {
        inbound.push(Bytes::copy_from_slice(piece), LIMITS)?;
        assert!(inbound.held_bytes() <= LIMITS.section_bytes_max + LIMITS.body_bytes_max);
    }
    inbound.finish()
}

/// What can be compared of an outcome.
fn plain(outcome: &Result<Request<Bytes>, Fault>) -> Result<String, Fault> {
    outcome.as_ref().map(|it| format!("{it:?}")).map_err(|it| *it)
}

/// A unidirectional stream of the client, from its type on: cut anywhere, it comes to the same.
pub fn unidirectional_stream(stream: &[u8]) {
    let run = |size: usize| -> Result<(), Code> {
        let mut peer = Peer::default();
        let mut state = Unidirectional::default();
        for piece in stream.chunks(size) {
            match state.push(&mut peer, Bytes::copy_from_slice(piece)) {
                Ok(Verdict::Continue) => {}
                Ok(Verdict::Stop) => return Ok(()),
                Err(Fault::Connection(code, _)) => return Err(code),
                Err(fault) => panic!("a fault of requests: {fault:?}"),
            }
        }
        drop(state.finish());
        Ok(())
    };
    let whole = run(stream.len().max(1));
    assert_eq!(run(1), whole);
    assert_eq!(run(3), whole);
}

/// A field section, and the same bytes as a string of the Huffman code: lines come back as they were
/// read when they are written without compression.
pub fn field_section(section: &[u8]) {
    if let Ok(text) = huffman::decode(section) {
        assert!(text.len() <= section.len() * 8 / 5);
    }
    let Some(lines) = lines(Bytes::copy_from_slice(section)) else { return };
    let mut again = BytesMut::new();
    qpack::begin(&mut again);
    for (name, value) in &lines {
        qpack::literal(name, value, &mut again);
    }
    assert_eq!(self::lines(again.freeze()), Some(lines));
}

fn lines(section: Bytes) -> Option<Vec<(Vec<u8>, Bytes)>> {
    let mut lines = Lines::new(section).ok()?;
    let mut read = Vec::new();
    while let Some((name, value)) = lines.next().ok()? {
        read.push((name.bytes().to_vec(), value));
    }
    Some(read)
}
