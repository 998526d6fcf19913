//! An answer as the bytes of its stream: one HEADERS frame, one DATA frame.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, DATE, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use super::{frame, qpack};

/// A body up to this is copied behind its head, so that the answer is one piece: less than a packet
/// holds.
const JOINED_BYTES_MAX: usize = 4096;
/// Room for the head of most answers.
const HEAD_BYTES: usize = 256;
/// Bytes of the longest header of the frames in front: kind and length.
const FRAME_HEADER_BYTES: usize = 1 + 8;

/// The bytes of `response`, head first; the second piece is empty when the first holds everything.
/// `date` is the `Date` field's value; `bodiless` is set for answers to HEAD.
pub(crate) fn encode(response: Response<Bytes>, bodiless: bool, date: &HeaderValue) -> [Bytes; 2] {
    let (parts, body) = response.into_parts();
    let mut section = BytesMut::with_capacity(HEAD_BYTES);
    qpack::begin(&mut section);
    status(parts.status, &mut section);
    fields(&parts.headers, &mut section);
    if !parts.headers.contains_key(DATE) {
        field(&DATE, date, &mut section);
    }
    // RFC 9110, sections 6.4.1 and 8.6: these carry neither a body nor its length.
    let never = parts.status.is_informational()
        || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !never && !parts.headers.contains_key(CONTENT_LENGTH) {
        field(&CONTENT_LENGTH, &HeaderValue::from(body.len()), &mut section);
    }
    let body = if never || bodiless { Bytes::new() } else { body };
    let joined = if body.len() <= JOINED_BYTES_MAX { body.len() } else { 0 };
    let room = 2 * FRAME_HEADER_BYTES + section.len() + joined;
    let mut output = BytesMut::with_capacity(room);
    frame::begin(frame::HEADERS, section.len(), &mut output);
    output.extend_from_slice(&section);
    if !body.is_empty() {
        frame::begin(frame::DATA, body.len(), &mut output);
    }
    if joined == body.len() {
        output.extend_from_slice(&body);
        return [output.freeze(), Bytes::new()];
    }
    [output.freeze(), body]
}

fn status(status: StatusCode, output: &mut BytesMut) {
    let index = match status.as_u16() {
        103 => 24,
        200 => 25,
        304 => 26,
        404 => 27,
        503 => 28,
        100 => 63,
        204 => 64,
        206 => 65,
        302 => 66,
        400 => 67,
        403 => 68,
        421 => 69,
        425 => 70,
        500 => 71,
        _ => return qpack::with_name_of(24, status.as_str().as_bytes(), output),
    };
    qpack::indexed(index, output);
}

fn fields(headers: &HeaderMap, output: &mut BytesMut) {
    for (name, value) in headers {
        field(name, value, output);
    }
}

fn field(name: &HeaderName, value: &HeaderValue, output: &mut BytesMut) {
    let value = value.as_bytes();
    let whole = match (name.as_str(), value) {
        // They belong to connections of HTTP/1.1 (RFC 9114, section 4.2).
        ("connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade", _) => {
            return;
        }
        ("access-control-allow-origin", b"*") => 35,
        ("cache-control", b"no-cache") => 39,
        ("cache-control", b"no-store") => 40,
        ("content-encoding", b"br") => 42,
        ("content-encoding", b"gzip") => 43,
        ("content-type", b"application/json") => 46,
        ("vary", b"accept-encoding") => 59,
        ("vary", b"origin") => 60,
        ("x-content-type-options", b"nosniff") => 61,
        _ => match named(name.as_str()) {
            Some(index) => return qpack::with_name_of(index, value, output),
            None => return qpack::literal(name.as_str().as_bytes(), value, output),
        },
    };
    qpack::indexed(whole, output);
}

/// An entry of the static table with the name, for names that answers have.
fn named(name: &str) -> Option<usize> {
    Some(match name {
        "age" => 2,
        "content-disposition" => 3,
        "content-length" => 4,
        "date" => 6,
        "etag" => 7,
        "last-modified" => 10,
        "link" => 11,
        "location" => 12,
        "set-cookie" => 14,
        "accept-ranges" => 32,
        "access-control-allow-headers" => 33,
        "access-control-allow-origin" => 35,
        "cache-control" => 36,
        "content-encoding" => 42,
        "content-type" => 44,
        "strict-transport-security" => 56,
        "vary" => 59,
        "x-content-type-options" => 61,
        "access-control-allow-credentials" => 73,
        "access-control-allow-methods" => 76,
        "access-control-expose-headers" => 79,
        "alt-svc" => 83,
        "content-security-policy" => 85,
        "server" => 92,
        "timing-allow-origin" => 93,
        "x-frame-options" => 97,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h3::frame::{Item, Reader};
    use crate::h3::qpack::{Lines, STATIC};

    static LONG: [u8; JOINED_BYTES_MAX + 1] = [b'x'; JOINED_BYTES_MAX + 1];

    /// The lines and the body that a client reads.
    fn decode(pieces: [Bytes; 2]) -> (Vec<(String, String)>, Vec<u8>) {
        let (mut reader, mut lines, mut body) = (Reader::default(), Vec::new(), Vec::new());
        let mut kind = 0;
        for mut piece in pieces {
            while let Some(item) = reader.next(&mut piece) {
                match item {
                    Item::Begin { kind: it, .. } => kind = it,
                    Item::Payload { bytes, .. } if kind == frame::HEADERS => {
                        let mut section = Lines::new(bytes).unwrap();
                        while let Some((name, value)) = section.next().unwrap() {
                            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                            lines.push((text(name.bytes()), text(&value)));
                        }
                    }
                    Item::Payload { bytes, .. } => body.extend_from_slice(&bytes),
                }
            }
        }
        assert!(reader.at_boundary());
        (lines, body)
    }

    fn answer(
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: &'static [u8],
    ) -> Response<Bytes> {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(Bytes::from_static(body)).unwrap()
    }

    #[test]
    fn an_answer_is_read_back() {
        let date = HeaderValue::from_static("today");
        let headers = [
            ("content-type", "application/json"),
            ("content-type", "text/plain"),
            ("x-log-position", "7"),
            ("connection", "close"),
        ];
        for body in [&b"{}"[..], &LONG[1..], &LONG] {
            let pieces = encode(answer(200, &headers, body), false, &date);
            assert_eq!(pieces[1].is_empty(), body.len() <= JOINED_BYTES_MAX);
            let (lines, read) = decode(pieces);
            let length = body.len().to_string();
            let expected = [
                (":status", "200"),
                ("content-type", "application/json"),
                ("content-type", "text/plain"),
                ("x-log-position", "7"),
                ("date", "today"),
                ("content-length", &length),
            ];
            assert_eq!(lines, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
            assert_eq!(read, body);
        }
    }

    #[test]
    fn who_gets_a_body_and_a_length() {
        let date = HeaderValue::from_static("today");
        let rows = [
            // Status, answer to HEAD, own length; length and body as sent.
            (200, false, None, Some("2"), 2),
            (200, true, None, Some("2"), 0),
            (200, true, Some("9"), Some("9"), 0),
            (204, false, None, None, 0),
            (304, false, None, None, 0),
            (404, false, None, Some("2"), 2),
        ];
        for (status, bodiless, own, length, bytes) in rows {
            let headers: Vec<_> = own.map(|it| ("content-length", it)).into_iter().collect();
            let (lines, body) = decode(encode(answer(status, &headers, b"ok"), bodiless, &date));
            let found = lines.iter().find(|(name, _)| name == "content-length");
            assert_eq!(found.map(|(_, value)| value.as_str()), length, "{status}");
            assert_eq!(body.len(), bytes);
        }
    }

    #[test]
    fn indices_mean_what_the_static_table_says() {
        for (name, _) in STATIC {
            if let Some(index) = named(name) {
                assert_eq!(STATIC[index].0, name);
            }
        }
        for code in 100..600 {
            let mut output = BytesMut::new();
            qpack::begin(&mut output);
            status(StatusCode::from_u16(code).unwrap(), &mut output);
            let (name, value) = Lines::new(output.freeze()).unwrap().next().unwrap().unwrap();
            assert_eq!((name.bytes(), &value[..]), (&b":status"[..], code.to_string().as_bytes()));
        }
        let whole = [
            ("access-control-allow-origin", "*"),
            ("cache-control", "no-cache"),
            ("cache-control", "no-store"),
            ("content-encoding", "br"),
            ("content-encoding", "gzip"),
            ("content-type", "application/json"),
            ("vary", "accept-encoding"),
            ("vary", "origin"),
            ("x-content-type-options", "nosniff"),
        ];
        for (name, value) in whole {
            let mut output = BytesMut::new();
            qpack::begin(&mut output);
            field(&HeaderName::from_static(name), &HeaderValue::from_static(value), &mut output);
            let (read, text) = Lines::new(output.freeze()).unwrap().next().unwrap().unwrap();
            assert_eq!((read.bytes(), &text[..]), (name.as_bytes(), value.as_bytes()));
        }
    }
}
