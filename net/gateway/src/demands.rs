//! What a request says in its headers.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use wire::{KEY_BYTES_MAX, Status};

use crate::rejection::Rejection;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const AT_LEAST: HeaderName = HeaderName::from_static("x-log-position-at-least");
const DEADLINE: HeaderName = HeaderName::from_static("x-request-deadline");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What a request says in its headers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Demands {
    pub(crate) idempotency_key: Option<Vec<u8>>,
    pub(crate) at_least: u64,
    pub(crate) deadline_ms: u32,
    pub(crate) correlation: u128,
}

impl Demands {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Rejection> {
        let idempotency_key = headers.get(IDEMPOTENCY_KEY).map(key).transpose()?;
        Ok(Self {
            idempotency_key,
            at_least: number(headers, AT_LEAST, "X-Log-Position-At-Least")?,
            deadline_ms: number(headers, DEADLINE, "X-Request-Deadline")?,
            correlation: headers.get(TRACEPARENT).and_then(trace_id).unwrap_or(0),
        })
    }
}

/// Whether the body is declared as JSON, whatever its parameters.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or("");
    let media = media.split(';').next().unwrap_or("").trim();
    media.eq_ignore_ascii_case("application/json")
}

fn number<T: std::str::FromStr + Default>(
    headers: &HeaderMap,
    header: HeaderName,
    name: &'static str,
) -> Result<T, Rejection> {
    let Some(value) = headers.get(header) else { return Ok(T::default()) };
    let number = value.to_str().ok().and_then(|it| it.trim().parse().ok());
    number.ok_or_else(|| refused(name, "is not a number in range"))
}

/// A quoted string (RFC 8941, 3.3.3); the same bytes without quotes are taken too.
fn key(value: &HeaderValue) -> Result<Vec<u8>, Rejection> {
    const NAME: &str = "Idempotency-Key";
    let text = value.as_bytes().trim_ascii();
    let key = match text.strip_prefix(b"\"") {
        None => Cow::Borrowed(text),
        Some(rest) => Cow::Owned(unquoted(rest).ok_or_else(|| refused(NAME, "is badly quoted"))?),
    };
    if key.is_empty() || KEY_BYTES_MAX < key.len() {
        return Err(refused(NAME, "must have 1 to 64 bytes"));
    }
    if !key.iter().all(|it| (0x20..0x7f).contains(it)) {
        return Err(refused(NAME, "must be printable ascii"));
    }
    Ok(key.into_owned())
}

/// The text up to the closing quote, which must be the last byte.
fn unquoted(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(rest.len());
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return rest.is_empty().then_some(text),
            b'\\' => {
                let (escaped, after) = rest.split_first()?;
                rest = after;
                matches!(escaped, b'"' | b'\\').then(|| text.push(*escaped))?;
            }
            byte => text.push(*byte),
        }
    }
}

/// The trace id of a W3C `traceparent`; an invalid one starts no trace and is no error.
fn trace_id(value: &HeaderValue) -> Option<u128> {
    let mut parts = value.to_str().ok()?.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let (parent, flags) = (parts.next()?, parts.next()?);
    let is_hex = |it: &str| it.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    let widths = [version.len(), trace.len(), parent.len(), flags.len()];
    if widths != [2, 32, 16, 2] || version == "ff" || !(is_hex(trace) && is_hex(parent)) {
        return None;
    }
    u128::from_str_radix(trace, 16).ok()
}

fn refused(name: &'static str, what: &str) -> Rejection {
    Rejection::new(Status::Malformed, format!("header {name} {what}")).at(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demands(name: &'static str, value: &str) -> Result<Demands, String> {
        let mut headers = HeaderMap::new();
        headers.insert(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
        Demands::of(&headers).map_err(|it| it.detail.into_owned())
    }

    #[test]
    fn keys_are_quoted_strings() {
        let long = "k".repeat(64);
        for (value, expected) in [
            (r#""abc""#, Ok("abc")),
            ("abc", Ok("abc")),
            (r#""a\"b\\c""#, Ok(r#"a"b\c"#)),
            (&format!("\"{long}\""), Ok(&long[..])),
            (&format!("\"{long}k\""), Err("header Idempotency-Key must have 1 to 64 bytes")),
            (r#""""#, Err("header Idempotency-Key must have 1 to 64 bytes")),
            (r#""abc"#, Err("header Idempotency-Key is badly quoted")),
            (r#""a"b""#, Err("header Idempotency-Key is badly quoted")),
            (r#""a\b""#, Err("header Idempotency-Key is badly quoted")),
        ] {
            let found = demands("idempotency-key", value).map(|it| it.idempotency_key.unwrap());
            let expected = expected.map(|it| it.as_bytes().to_vec()).map_err(str::to_owned);
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn numbers_are_read_or_refused() {
        assert_eq!(demands("x-log-position-at-least", "42").unwrap().at_least, 42);
        assert_eq!(demands("x-request-deadline", "250").unwrap().deadline_ms, 250);
        for value in ["", "-1", "1.5", "4294967296", "soon"] {
            assert_eq!(
                demands("x-request-deadline", value).unwrap_err(),
                "header X-Request-Deadline is not a number in range"
            );
        }
    }

    #[test]
    fn a_trace_is_taken_over_when_it_is_valid() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let number = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
        for (value, expected) in [
            (format!("00-{trace}-00f067aa0ba902b7-01"), number),
            (format!("01-{trace}-00f067aa0ba902b7-01-more"), number),
            (format!("ff-{trace}-00f067aa0ba902b7-01"), 0),
            (format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()), 0),
            (format!("00-{trace}-00f067aa-01"), 0),
            ("garbage".to_owned(), 0),
        ] {
            assert_eq!(demands("traceparent", &value).unwrap().correlation, expected, "{value}");
        }
    }

    #[test]
    fn only_json_is_json() {
        for (value, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("text/plain", false),
            ("application/json-patch+json", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            assert_eq!(is_json(&headers), expected, "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
