//! One request read and one answer written, for the counting of instructions.

use bytes::Bytes;
use http::header::HeaderValue;
use http::{Request, Response};

use super::inbound::{Inbound, Limits};
use super::{request, response};

const LIMITS: Limits = Limits { section_bytes_max: 4096, body_bytes_max: 4096 };

/// The bytes of a request's stream, as our own client writes them.
pub fn write_request(request: &Request<Bytes>) -> Bytes {
    let mut stream = bytes::BytesMut::new();
    request::encode(request, &mut stream);
    stream.freeze()
}

/// Reads the whole of a request's stream; nothing when it is refused.
pub fn read_request(stream: Bytes) -> Option<Request<Bytes>> {
    let mut inbound = Inbound::default();
    inbound.push(stream, LIMITS).ok()?;
    inbound.finish().ok()
}

/// The bytes of an answer's stream.
pub fn write_answer(answer: Response<Bytes>, date: &HeaderValue) -> [Bytes; 2] {
    response::encode(answer, false, date)
}
