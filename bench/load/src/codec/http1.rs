//! HTTP/1.1 with keep-alive: just enough of it to load a server, no more.

use std::collections::VecDeque;
use std::str::from_utf8;

use super::{Answer, Head, KEY_BLANK, KEY_DIGITS, Keys, TENANT_BLANK, is_success};
use crate::mix::{self, Draw, Mix, write_digits};
use crate::tally::Statuses;
use crate::workload::Workload;

/// Largest response taken, in bytes: a roster's lines in JSON fit many times over.
pub(crate) const REPLY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Largest response head taken, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// One connection's messages. Replies come in the order of the requests.
#[derive(Debug, Clone)]
pub(crate) struct Codec {
    /// All that may be asked.
    templates: Vec<Template>,
    draw: Draw,
    keys: Option<Keys>,
    order: VecDeque<u32>,
}

/// A whole request.
#[derive(Debug, Clone)]
struct Template {
    bytes: Vec<u8>,
    /// Where the 32 hexadecimal digits of the idempotency key stand.
    key_at: usize,
    /// Where the digits of the tenant stand.
    tenant_at: Option<usize>,
    /// Where the digits of the key that was drawn stand in the body.
    digits_at: Option<usize>,
}

impl Template {
    fn new(head: &Head<'_>, keyed: bool, tenanted: bool) -> Self {
        let Head { authority, api_key, .. } = head;
        let Workload { method, path, json, .. } = head.workload;
        let mut template =
            format!("{method} {path} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
        let mut line = |line: String| template.extend_from_slice(line.as_bytes());
        if let Some(api_key) = api_key {
            line(format!("X-Api-Key: {api_key}\r\n"));
        }
        if !json.is_empty() {
            line("Content-Type: application/json\r\n".to_owned());
            line(format!("Content-Length: {}\r\n", json.len()));
        }
        let mut key_at = 0;
        let mut tenant_at = None;
        if tenanted {
            template.extend_from_slice(b"X-Tenant: ");
            tenant_at = Some(template.len());
            template.extend_from_slice(TENANT_BLANK);
            template.extend_from_slice(b"\r\n");
        }
        if keyed {
            // A structured field: a string is quoted.
            template.extend_from_slice(b"Idempotency-Key: \"");
            key_at = template.len();
            template.extend_from_slice(KEY_BLANK);
            template.extend_from_slice(b"\"\r\n");
        }
        template.extend_from_slice(b"\r\n");
        let digits_at = mix::key_at(json).map(|it| template.len() + it);
        template.extend_from_slice(json);
        Self { bytes: template, key_at, tenant_at, digits_at }
    }
}

impl Codec {
    pub(crate) fn new(head: &Head<'_>, keys: Option<Keys>) -> Self {
        let templates = vec![Template::new(head, keys.is_some(), false)];
        Self { templates, draw: Draw::default(), keys, order: VecDeque::new() }
    }

    /// Requests drawn from a mix, without idempotency keys.
    pub(crate) fn mixed(head: &Head<'_>, mix: &Mix, connection: u32) -> Self {
        let tenanted = mix.spread.has_tenants();
        let template = |workload| Template::new(&Head { workload, ..*head }, false, tenanted);
        let templates = mix.kinds.iter().map(|it| template(&it.workload)).collect();
        let draw = Draw::new(&mix.spread, connection);
        Self { templates, draw, keys: None, order: VecDeque::new() }
    }

    /// Gives the number of the operation in the mix.
    pub(super) fn append(&mut self, out: &mut Vec<u8>, slot: u32) -> u16 {
        let pick = self.draw.next();
        let Template { bytes, key_at, tenant_at, digits_at } = &mut self.templates[pick.kind];
        if let Some(keys) = &mut self.keys {
            keys.write_next(&mut bytes[*key_at..][..KEY_DIGITS]);
        }
        if let Some(at) = *tenant_at {
            write_digits(pick.tenant, &mut bytes[at..][..TENANT_BLANK.len()]);
        }
        if let Some(at) = *digits_at {
            write_digits(pick.key, &mut bytes[at..][..mix::KEY_DIGITS]);
        }
        out.extend_from_slice(bytes);
        self.order.push_back(slot);
        pick.operation
    }
    pub(super) fn next(
        &mut self,
        bytes: &[u8],
        statuses: &mut Statuses,
    ) -> Result<Option<Answer>, String> {
        let Some(response) = Response::parse(bytes)? else { return Ok(None) };
        let slot = self.order.pop_front().ok_or("a response that nobody asked for")?;
        statuses.add(response.status);
        let ok = is_success(response.status);
        let Response { head_bytes, body_bytes, .. } = response;
        Ok(Some(Answer { bytes: head_bytes + body_bytes, body_bytes, slot, ok }))
    }
}

/// A complete response at the front of the received bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head_bytes: usize,
    pub(crate) body_bytes: usize,
}

impl Response {
    /// `Ok(None)` when the response is not complete yet.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>, String> {
        let searched = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
        let Some(end) = searched.windows(4).position(|it| it == b"\r\n\r\n") else {
            return if searched.len() < HEAD_BYTES_MAX {
                Ok(None)
            } else {
                Err(format!("a response head of more than {HEAD_BYTES_MAX} bytes"))
            };
        };
        let head = from_utf8(&bytes[..end]).map_err(|_| "a response head that is not text")?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 "))
            .and_then(|line| line.get(..3)?.parse().ok())
            .ok_or("a response that is not HTTP/1.1")?;
        let mut body_bytes = None;
        for line in lines {
            let Some((name, value)) = line.split_once(':') else { continue };
            if name.eq_ignore_ascii_case("content-length") {
                body_bytes = value.trim().parse().ok().filter(|it| *it <= REPLY_BYTES_MAX);
            } else if name.eq_ignore_ascii_case("connection")
                && value.trim().eq_ignore_ascii_case("close")
            {
                return Err(format!("the server closes the connection after a status {status}"));
            }
        }
        let body_bytes = body_bytes.ok_or("a response without a usable content-length")?;
        let head_bytes = end + 4;
        let complete = head_bytes + body_bytes <= bytes.len();
        Ok(complete.then_some(Self { status, head_bytes, body_bytes }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Tally;

    #[test]
    fn a_response_is_read_however_it_is_cut() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\nx: y\r\n\r\nhelloHTTP/1.1 4";
        let whole = bytes.len() - 10;
        for cut in 0..whole {
            assert_eq!(Response::parse(&bytes[..cut]), Ok(None), "cut at {cut}");
        }
        let response = Response { status: 200, head_bytes: whole - 5, body_bytes: 5 };
        assert_eq!(Response::parse(bytes), Ok(Some(response)));
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        for (bytes, reason) in [
            ("HTTP/1.0 200 OK\r\n\r\n", "not HTTP/1.1"),
            ("HTTP/1.1 2x0 OK\r\n\r\n", "not HTTP/1.1"),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "content-length"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n", "content-length"),
            ("HTTP/1.1 400 Bad\r\nConnection: close\r\ncontent-length: 0\r\n\r\n", "closes"),
        ] {
            let error = Response::parse(bytes.as_bytes()).unwrap_err();
            assert!(error.contains(reason), "{bytes:?}: {error}");
        }
        assert!(Response::parse(&[b'a'; HEAD_BYTES_MAX]).is_err());
    }

    #[test]
    fn replies_answer_requests_in_order_and_keys_are_written_out() {
        let workload = Workload { json: b"{}".to_vec(), ..Workload::plain(7, b"") };
        let head = Head {
            workload: &workload,
            authority: "box:8080",
            secure: false,
            api_key: Some("secret"),
            keyed: true,
        };
        let mut codec = Codec::new(&head, Some(Keys::new(0xabc, 0)));
        let mut out = Vec::new();
        codec.append(&mut out, 3);
        codec.append(&mut out, 1);
        let text = from_utf8(&out).unwrap();
        assert!(
            text.contains("\r\nIdempotency-Key: \"0000000000000abc0000000000000001\"\r\n"),
            "{text}"
        );
        assert!(text.contains("0000000000000abc0000000000000002\"\r\n\r\n{}"), "{text}");
        assert!(text.contains("\r\nHost: box:8080\r\nX-Api-Key: secret\r\n"), "{text}");
        assert!(text.contains("Content-Length: 2\r\n"), "{text}");
        let mut statuses = Tally::new().statuses;
        for (response, slot, ok) in [("200", 3, true), ("503", 1, false)] {
            let bytes = format!("HTTP/1.1 {response} x\r\ncontent-length: 0\r\n\r\n");
            let answer = codec.next(bytes.as_bytes(), &mut statuses).unwrap().unwrap();
            assert_eq!((answer.slot, answer.ok), (slot, ok));
        }
        let extra = b"HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n";
        assert!(codec.next(extra, &mut statuses).is_err());
    }
}
