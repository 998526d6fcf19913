//! The head of a request out of its field section (RFC 9114, sections 4.1 to 4.4).

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, COOKIE, HOST, HeaderName, HeaderValue, TE};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method, StatusCode, Uri, Version, request};

use super::code::{Code, Fault};
use super::qpack::{Lines, Name};

/// What each line of a section counts beyond its bytes (RFC 9114, section 4.2.2).
const LINE_OVERHEAD_BYTES: usize = 32;
/// Fields that belong to connections of HTTP/1.1 (RFC 9114, section 4.2).
const CONNECTION_FIELDS: [&[u8]; 5] =
    [b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"];

/// A request's head, and the body length it promises.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) parts: request::Parts,
    pub(crate) content_length: Option<u64>,
}

/// The pseudo-header fields, each at most once.
#[derive(Default)]
struct Pseudo {
    method: Option<Bytes>,
    scheme: Option<Bytes>,
    authority: Option<Bytes>,
    path: Option<Bytes>,
}

/// Reads the section that opens a request. `section_bytes_max` is what our settings allow.
pub(crate) fn read(section: Bytes, section_bytes_max: usize) -> Result<Head, Fault> {
    let mut pseudo = Pseudo::default();
    let mut fields = HeaderMap::new();
    let mut cookies = Vec::new();
    let mut regular = false;
    visit(section, section_bytes_max, |name, value| {
        if name.bytes().first() == Some(&b':') {
            let slot = match name.bytes() {
                b":method" => &mut pseudo.method,
                b":scheme" => &mut pseudo.scheme,
                b":authority" => &mut pseudo.authority,
                b":path" => &mut pseudo.path,
                _ => return Err(MALFORMED),
            };
            // Pseudo-header fields come first, and none of them twice.
            if regular || slot.replace(value).is_some() {
                return Err(MALFORMED);
            }
            return Ok(());
        }
        regular = true;
        let (name, value) = field(&name, value)?;
        if name == COOKIE {
            cookies.push(value);
        } else {
            fields.try_append(name, value).map_err(|_| TOO_LARGE)?;
        }
        Ok(())
    })?;
    if let Some(cookie) = joined(&cookies)? {
        fields.insert(COOKIE, cookie);
    }
    let content_length = content_length(&fields)?;
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.version = Version::HTTP_3;
    parts.method = method(pseudo.method.as_ref())?;
    parts.uri = target(&parts.method, pseudo, &fields)?;
    parts.headers = fields;
    Ok(Head { parts, content_length })
}

/// Reads the section that closes a request. It is checked and then dropped: no operation has a use
/// for trailers.
pub(crate) fn check_trailers(section: Bytes, section_bytes_max: usize) -> Result<(), Fault> {
    visit(section, section_bytes_max, |name, value| {
        // A pseudo-header field has no place in trailers; its colon is not part of a name either.
        field(&name, value).map(drop)
    })
}

const MALFORMED: Fault = Fault::Stream(Code::Message);
const TOO_LARGE: Fault = Fault::Answer(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);

fn visit(
    section: Bytes,
    section_bytes_max: usize,
    mut each: impl FnMut(Name, Bytes) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let undecodable = |code| Fault::Connection(code, "the field section cannot be decoded");
    let mut lines = Lines::new(section).map_err(undecodable)?;
    let mut left = section_bytes_max;
    while let Some((name, value)) = lines.next().map_err(undecodable)? {
        let bytes = name.bytes().len() + value.len() + LINE_OVERHEAD_BYTES;
        left = left.checked_sub(bytes).ok_or(TOO_LARGE)?;
        each(name, value)?;
    }
    Ok(())
}

fn field(name: &Name, value: Bytes) -> Result<(HeaderName, HeaderValue), Fault> {
    let bytes = name.bytes();
    if CONNECTION_FIELDS.contains(&bytes) {
        return Err(MALFORMED);
    }
    // Refuses upper case too.
    let name = HeaderName::from_lowercase(bytes).map_err(|_| MALFORMED)?;
    if name == TE && value != "trailers" {
        return Err(MALFORMED);
    }
    let value = HeaderValue::from_maybe_shared(value).map_err(|_| MALFORMED)?;
    Ok((name, value))
}

/// A cookie may come in crumbs; the application sees one field (RFC 9114, section 4.2.1).
fn joined(crumbs: &[HeaderValue]) -> Result<Option<HeaderValue>, Fault> {
    match crumbs {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        many => {
            let bytes: Vec<&[u8]> = many.iter().map(HeaderValue::as_bytes).collect();
            HeaderValue::from_maybe_shared(Bytes::from(bytes.join(&b"; "[..])))
                .map(Some)
                .map_err(|_| MALFORMED)
        }
    }
}

/// One number, or the same number several times (RFC 9110, section 8.6).
fn content_length(fields: &HeaderMap) -> Result<Option<u64>, Fault> {
    let mut length = None;
    for value in fields.get_all(CONTENT_LENGTH) {
        let bytes = value.as_bytes();
        if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_digit) {
            return Err(MALFORMED);
        }
        let text = value.to_str().map_err(|_| MALFORMED)?;
        let number: u64 = text.parse().map_err(|_| MALFORMED)?;
        if length.is_some_and(|it| it != number) {
            return Err(MALFORMED);
        }
        length = Some(number);
    }
    Ok(length)
}

fn method(value: Option<&Bytes>) -> Result<Method, Fault> {
    let value = value.ok_or(MALFORMED)?;
    Method::from_bytes(value).map_err(|_| MALFORMED)
}

fn target(method: &Method, pseudo: Pseudo, fields: &HeaderMap) -> Result<Uri, Fault> {
    let host = match fields.get(HOST) {
        None => None,
        // Two of them would let two readers see two requests.
        Some(_) if 1 < fields.get_all(HOST).iter().count() => return Err(MALFORMED),
        Some(host) => Some(Bytes::copy_from_slice(host.as_bytes())),
    };
    let authority = match (pseudo.authority, host) {
        (Some(authority), Some(host)) if authority != host => return Err(MALFORMED),
        (Some(authority), _) => authority,
        (None, Some(host)) => host,
        (None, None) => return Err(MALFORMED),
    };
    let authority = Authority::from_maybe_shared(authority).map_err(|_| MALFORMED)?;
    // Names and passwords have no place there (RFC 9114, section 4.3.1).
    if authority.as_str().contains('@') {
        return Err(MALFORMED);
    }
    let mut parts = http::uri::Parts::default();
    parts.authority = Some(authority);
    if *method == Method::CONNECT {
        if pseudo.scheme.is_some() || pseudo.path.is_some() {
            return Err(MALFORMED);
        }
    } else {
        let scheme = pseudo.scheme.ok_or(MALFORMED)?;
        let path = pseudo.path.ok_or(MALFORMED)?;
        let asterisk = *method == Method::OPTIONS && path == "*";
        if !asterisk && path.first() != Some(&b'/') || path.contains(&b'#') {
            return Err(MALFORMED);
        }
        // RFC 3986, section 3.1; the type looks at the letters only.
        if !scheme.first().is_some_and(u8::is_ascii_alphabetic) {
            return Err(MALFORMED);
        }
        parts.scheme = Some(Scheme::try_from(&scheme[..]).map_err(|_| MALFORMED)?);
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(path).map_err(|_| MALFORMED)?);
    }
    Uri::from_parts(parts).map_err(|_| MALFORMED)
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::h3::qpack;

    const LIMIT: usize = 4096;
    const GET: [(&str, &str); 4] = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "a.test:443"),
        (":path", "/b?c=d"),
    ];

    fn section(lines: &[(&str, &str)]) -> Bytes {
        let mut section = BytesMut::new();
        qpack::begin(&mut section);
        for (name, value) in lines {
            qpack::literal(name.as_bytes(), value.as_bytes(), &mut section);
        }
        section.freeze()
    }

    fn with(more: &[(&'static str, &'static str)]) -> Result<Head, Fault> {
        read(section(&[&GET, more].concat()), LIMIT)
    }

    #[test]
    fn a_head_becomes_a_request() {
        let head =
            with(&[("accept", "x"), ("cookie", "a=1"), ("cookie", "b=2"), ("te", "trailers")]);
        let Head { parts, content_length } = head.unwrap();
        assert_eq!(parts.method, Method::GET);
        assert_eq!(parts.uri, "https://a.test:443/b?c=d");
        assert_eq!(parts.version, Version::HTTP_3);
        assert_eq!(parts.headers["accept"], "x");
        assert_eq!(parts.headers["cookie"], "a=1; b=2");
        assert_eq!(content_length, None);
    }

    #[test]
    fn other_forms_of_a_target() {
        let rows: [(&[(&str, &str)], &str); 3] = [
            (&[(":method", "CONNECT"), (":authority", "a.test:1")], "a.test:1"),
            (
                &[
                    (":method", "OPTIONS"),
                    (":scheme", "https"),
                    (":authority", "a"),
                    (":path", "*"),
                ],
                "https://a/*",
            ),
            (
                &[(":method", "GET"), (":scheme", "https"), (":path", "/"), ("host", "b.test")],
                "https://b.test/",
            ),
        ];
        for (lines, expected) in rows {
            let uri = read(section(lines), LIMIT).unwrap().parts.uri;
            // An asterisk is written without a slash by RFC 9114; the type prints one.
            assert_eq!(uri.to_string().replace("/*", "*"), expected.replace("/*", "*"));
        }
    }

    #[test]
    fn malformed_requests_are_told_from_good_ones() {
        let rows: [&[(&str, &str)]; 23] = [
            // A pseudo-header field is missing.
            &[GET[1], GET[2], GET[3]],
            &[GET[0], GET[2], GET[3]],
            &[GET[0], GET[1], GET[3]],
            &[GET[0], GET[1], GET[2]],
            // Twice, after a field, unknown, of a response.
            &[GET[0], GET[0], GET[1], GET[2], GET[3]],
            &[GET[0], GET[1], GET[2], ("a", "b"), GET[3]],
            &[GET[0], GET[1], GET[2], GET[3], (":new", "b")],
            &[GET[0], GET[1], GET[2], GET[3], (":status", "200")],
            // Values that a pseudo-header field cannot have.
            &[(":method", "G T"), GET[1], GET[2], GET[3]],
            &[GET[0], GET[1], (":authority", ""), GET[3]],
            &[GET[0], GET[1], (":authority", "u:p@a.test"), GET[3]],
            &[GET[0], GET[1], GET[2], (":path", "")],
            &[GET[0], GET[1], GET[2], (":path", "b")],
            &[GET[0], GET[1], GET[2], (":path", "*")],
            &[GET[0], GET[1], GET[2], (":path", "/a b")],
            &[GET[0], GET[1], GET[2], (":path", "/a#b")],
            &[GET[0], (":scheme", "h tp"), GET[2], GET[3]],
            &[GET[0], (":scheme", "1ttp"), GET[2], GET[3]],
            // A host that says something else, or twice.
            &[GET[0], GET[1], GET[2], GET[3], ("host", "b.test")],
            &[GET[0], GET[1], GET[3], ("host", "a"), ("host", "a")],
            // CONNECT has neither a scheme nor a path.
            &[(":method", "CONNECT"), GET[2], GET[3]],
            &[(":method", "CONNECT"), GET[1], GET[2]],
            &[(":method", "CONNECT")],
        ];
        for lines in rows {
            assert_eq!(read(section(lines), LIMIT).map(drop), Err(MALFORMED), "{lines:?}");
        }
    }

    #[test]
    fn malformed_fields_are_refused() {
        let rows = [
            ("Upper", "x"),
            ("", "x"),
            ("a b", "x"),
            ("connection", "close"),
            ("keep-alive", "1"),
            ("proxy-connection", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "x"),
            ("te", "gzip"),
            ("a", "x\ny"),
            ("a", "x\ry"),
            ("a", "x\0y"),
            ("content-length", ""),
            ("content-length", "+1"),
            ("content-length", "1,1"),
            ("content-length", "99999999999999999999"),
        ];
        for row in rows {
            assert_eq!(with(&[row]).map(drop), Err(MALFORMED), "{row:?}");
        }
        let twice = [("content-length", "1"), ("content-length", "2")];
        assert_eq!(with(&twice).map(drop), Err(MALFORMED));
        let same = [("content-length", "7"), ("content-length", "7")];
        assert_eq!(with(&same).unwrap().content_length, Some(7));
    }

    #[test]
    fn a_section_counts_32_bytes_for_each_line() {
        let bytes: usize = GET.iter().map(|(name, value)| name.len() + value.len() + 32).sum();
        assert!(read(section(&GET), bytes).is_ok());
        assert_eq!(read(section(&GET), bytes - 1).map(drop), Err(TOO_LARGE));
    }

    #[test]
    fn trailers_hold_fields_only() {
        assert_eq!(check_trailers(section(&[("checksum", "1")]), LIMIT), Ok(()));
        assert_eq!(check_trailers(section(&[(":path", "/")]), LIMIT), Err(MALFORMED));
        assert_eq!(check_trailers(section(&[("Checksum", "1")]), LIMIT), Err(MALFORMED));
    }
}
