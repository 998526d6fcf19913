//! HTTP/3 (RFC 9114) on one request stream: a prebuilt request, and a reply that is complete.
//! Nothing refers to a dynamic table (RFC 9204): none is offered.

use super::fields::{read_integer, read_string, write_integer, write_string};
use super::{Head, KEY_BLANK, KEY_DIGITS, Keys, TENANT_BLANK};
use crate::mix::{self, Pick, write_digits};

const DATA: u64 = 0x00;
const HEADERS: u64 = 0x01;
/// A control stream's type and empty settings: what a client says first (sections 6.2.1 and 7.2.4).
pub(crate) const CONTROL: &[u8] = &[0x00, 0x04, 0x00];

/// Numbers of the static table (RFC 9204, appendix A).
const AUTHORITY: usize = 0;
const PATH: usize = 1;
const CONTENT_LENGTH: usize = 4;
const METHOD_GET: usize = 17;
const METHOD_POST: usize = 20;
const SCHEME_HTTPS: usize = 23;
const TYPE_JSON: usize = 46;
const STATUSES: [(std::ops::RangeInclusive<u64>, &[u16]); 2] = [
    (24..=28, &[103, 200, 304, 404, 503]),
    (63..=71, &[100, 204, 206, 302, 400, 403, 421, 425, 500]),
];

/// A request's frames.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    key_at: usize,
    keys: Option<Keys>,
    tenant_at: Option<usize>,
    /// Where the digits of the key that was drawn stand in the body.
    digits_at: Option<usize>,
}

impl Template {
    pub(crate) fn new(head: &Head<'_>, keys: Option<Keys>, tenanted: bool) -> Self {
        let Head { workload, authority, api_key, .. } = head;
        // Neither insert count nor base: no dynamic table.
        let mut section = vec![0, 0];
        match workload.method {
            "GET" => write_integer(&mut section, 0xc0, 6, METHOD_GET),
            "POST" => write_integer(&mut section, 0xc0, 6, METHOD_POST),
            other => {
                write_integer(&mut section, 0x50, 4, METHOD_GET);
                write_string(&mut section, 0x00, 7, other.as_bytes());
            }
        }
        write_integer(&mut section, 0xc0, 6, SCHEME_HTTPS);
        let named = |section: &mut Vec<u8>, number, value: &str| {
            write_integer(section, 0x50, 4, number);
            write_string(section, 0x00, 7, value.as_bytes());
        };
        named(&mut section, AUTHORITY, authority);
        named(&mut section, PATH, &workload.path);
        if !workload.json.is_empty() {
            write_integer(&mut section, 0xc0, 6, TYPE_JSON);
            named(&mut section, CONTENT_LENGTH, &workload.json.len().to_string());
        }
        let mut literal = |name: &[u8], value: &[u8]| {
            write_string(&mut section, 0x20, 3, name);
            write_string(&mut section, 0x00, 7, value);
        };
        if let Some(api_key) = api_key {
            literal(b"x-api-key", api_key.as_bytes());
        }
        if tenanted {
            literal(b"x-tenant", TENANT_BLANK);
        }
        let tenant_end = section.len();
        let mut literal = |name: &[u8], value: &[u8]| {
            write_string(&mut section, 0x20, 3, name);
            write_string(&mut section, 0x00, 7, value);
        };
        if keys.is_some() {
            literal(b"idempotency-key", &[b"\"", KEY_BLANK, b"\""].concat());
        }
        let mut bytes = Vec::new();
        write_frame(&mut bytes, HEADERS, &section);
        let from = bytes.len() - section.len();
        let tenant_at = tenanted.then(|| from + tenant_end - TENANT_BLANK.len());
        // The digits and a quotation mark are the last.
        let key_at = bytes.len().saturating_sub(KEY_DIGITS + 1);
        if !workload.json.is_empty() {
            write_frame(&mut bytes, DATA, &workload.json);
        }
        let body_at = bytes.len() - workload.json.len();
        let digits_at = mix::key_at(&workload.json).map(|at| body_at + at);
        Self { bytes, key_at, keys, tenant_at, digits_at }
    }

    /// The next request.
    pub(crate) fn next(&mut self, pick: Pick) -> &[u8] {
        if let Some(at) = self.tenant_at {
            write_digits(pick.tenant, &mut self.bytes[at..][..TENANT_BLANK.len()]);
        }
        if let Some(at) = self.digits_at {
            write_digits(pick.key, &mut self.bytes[at..][..mix::KEY_DIGITS]);
        }
        if let Some(keys) = &mut self.keys {
            keys.write_next(&mut self.bytes[self.key_at..][..KEY_DIGITS]);
        }
        &self.bytes
    }
}

fn write_frame(out: &mut Vec<u8>, kind: u64, payload: &[u8]) {
    write_varint(out, kind);
    write_varint(out, u64::try_from(payload.len()).expect("a length in memory"));
    out.extend_from_slice(payload);
}

/// Appends a number as RFC 9000, section 16 has it.
fn write_varint(out: &mut Vec<u8>, value: u64) {
    let bytes = value.to_be_bytes();
    let (length, mark) = match value {
        0..0x40 => (1, 0x00),
        0x40..0x4000 => (2, 0x40),
        0x4000..0x4000_0000 => (4, 0x80),
        _ => (8, 0xc0),
    };
    let from = out.len();
    out.extend_from_slice(&bytes[8 - length..]);
    out[from] |= mark;
}

fn read_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = 1_usize << (first >> 6);
    let mut value = u64::from(first & 0x3f);
    for byte in bytes.get(1..length)? {
        value = value << 8 | u64::from(*byte);
    }
    Some((value, length))
}

/// What a stream that has ended said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reply<'a> {
    pub(crate) status: u16,
    pub(crate) body_bytes: usize,
    /// Of the body, what the first frame had.
    pub(crate) body: &'a [u8],
}

impl<'a> Reply<'a> {
    /// Reads all of a stream. `None` for one that ends early or makes no sense.
    pub(crate) fn parse(mut stream: &'a [u8]) -> Option<Self> {
        let mut reply = Self { status: 0, body_bytes: 0, body: &[] };
        while !stream.is_empty() {
            let (kind, head) = read_varint(stream)?;
            let (length, more) = read_varint(&stream[head..])?;
            let from = head + more;
            let end = from.checked_add(usize::try_from(length).ok()?)?;
            let payload = stream.get(from..end)?;
            stream = &stream[end..];
            match kind {
                // Interim responses come before the one that counts, trailers have no status.
                HEADERS if reply.status < 200 => reply.status = status(payload)?,
                DATA => {
                    reply.body_bytes += payload.len();
                    if reply.body.is_empty() {
                        reply.body = payload;
                    }
                }
                _ => {}
            }
        }
        (200 <= reply.status).then_some(reply)
    }
}

/// The status of a field section: its first field, as pseudo-header fields go before all others.
fn status(section: &[u8]) -> Option<u16> {
    let (inserted, first) = read_integer(section, 8)?;
    let (_, second) = read_integer(&section[first..], 7)?;
    let field = section.get(first + second..)?;
    match *field.first()? {
        _ if inserted != 0 => None,
        // Indexed, static (RFC 9204, section 4.5.2).
        0xc0.. => {
            let (number, _) = read_integer(field, 6)?;
            let (range, statuses) = STATUSES.iter().find(|(range, _)| range.contains(&number))?;
            statuses.get(usize::try_from(number - range.start()).ok()?).copied()
        }
        // A literal with a static name (section 4.5.4).
        first if first & 0xd0 == 0x50 => {
            let (number, taken) = read_integer(field, 4)?;
            STATUSES.iter().find(|(range, _)| range.contains(&number))?;
            read_string(&field[taken..], 7)?.0.status()
        }
        // A literal with a literal name (section 4.5.6).
        first if first & 0xe0 == 0x20 => {
            let (name, taken) = read_string(field, 3)?;
            let named = !name.huffman && name.bytes == b":status";
            read_string(&field[taken..], 7)?.0.status().filter(|_| named)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Workload;

    fn head(workload: &Workload) -> Head<'_> {
        Head { workload, authority: "box:1", secure: true, api_key: Some("secret"), keyed: false }
    }

    #[test]
    fn a_request_is_a_head_and_a_body() {
        let workload = Workload { json: vec![b'{'; 100], ..Workload::plain(7, b"") };
        let mut template = Template::new(&head(&workload), Some(Keys::new(0xabc, 0)), false);
        for digit in ["1", "2"] {
            let bytes = template.next(Pick::default()).to_vec();
            let (kind, first) = read_varint(&bytes).unwrap();
            let (length, second) = read_varint(&bytes[first..]).unwrap();
            let end = first + second + usize::try_from(length).unwrap();
            assert_eq!(kind, HEADERS);
            // No table; POST and https by number, then authority and path.
            let section = &bytes[first + second..end];
            assert_eq!(section[..10], *b"\x00\x00\xd4\xd7\x50\x05box:");
            assert!(
                section.ends_with(format!("\"0000000000000abc000000000000000{digit}\"").as_bytes())
            );
            let text = String::from_utf8_lossy(section);
            for part in ["x-api-key", "secret", "\u{3}100"] {
                assert!(text.contains(part), "{part} is not in {text:?}");
            }
            // DATA, and 100 in two bytes.
            assert_eq!(bytes[end..end + 3], [0x00, 0x40, 100]);
            assert_eq!(bytes[end + 3..], workload.json);
        }
    }

    #[test]
    fn numbers_have_four_lengths() {
        // RFC 9000, appendix A.1.
        let rows: [(u64, &[u8]); 4] = [
            (151_288_809_941_952_652, b"\xc2\x19\x7c\x5e\xff\x14\xe8\x8c"),
            (494_878_333, b"\x9d\x7f\x3e\x7d"),
            (15_293, b"\x7b\xbd"),
            (37, b"\x25"),
        ];
        for (value, bytes) in rows {
            let mut out = Vec::new();
            write_varint(&mut out, value);
            assert_eq!(out, bytes);
            assert_eq!(read_varint(bytes), Some((value, bytes.len())));
            assert_eq!(read_varint(&bytes[..bytes.len() - 1]), None);
        }
    }

    #[test]
    fn the_status_is_read_in_every_form() {
        let rows: [(&[u8], Option<u16>); 9] = [
            (b"\x00\x00\xd9", Some(200)),
            (b"\x00\x00\xff\x08", Some(500)),
            (b"\x00\x00\xdc", Some(503)),
            (b"\x00\x00\x5f\x09\x03429", Some(429)),
            (b"\x00\x00\x27\x00:status\x03429", Some(429)),
            (b"\x00\x00\xc1", None),
            (b"\x01\x00\x80", None),
            (b"\x00\x00", None),
            (b"\x00\x00\x10", None),
        ];
        for (section, expected) in rows {
            assert_eq!(status(section), expected, "{section:x?}");
        }
    }

    #[test]
    fn a_reply_is_a_head_and_any_number_of_parts() {
        let mut stream = Vec::new();
        write_frame(&mut stream, HEADERS, b"\x00\x00\xd8");
        write_frame(&mut stream, 0x21, b"grease");
        write_frame(&mut stream, HEADERS, b"\x00\x00\xd9");
        write_frame(&mut stream, DATA, b"fi");
        write_frame(&mut stream, DATA, b"ne");
        let whole = stream.len();
        assert_eq!(Reply::parse(&stream), Some(Reply { status: 200, body_bytes: 4, body: b"fi" }));
        assert_eq!(Reply::parse(&stream[..whole - 1]), None);
        assert_eq!(Reply::parse(&stream[..5]), None, "an interim head only");
        assert_eq!(Reply::parse(&[]), None);
    }
}
