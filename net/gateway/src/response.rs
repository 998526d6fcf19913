//! What goes back: status, fields and body, and the marks that every answer carries.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use contract::Deprecation;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LINK,
    RETRY_AFTER, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Response, StatusCode};
use httpdate::fmt_http_date;

use crate::authenticate::challenge;
use crate::gate::{DoorKind, Gate, Peer};
use crate::head::Head;
use crate::pack::{GZIP, packed};
use crate::rejection::{Place, Rejection};
use crate::routes::is_mirrored;

const LOG_POSITION: HeaderName = HeaderName::from_static("x-log-position");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Archives and answers of most requests fit without growing.
pub(crate) const BUFFER_BYTES: usize = 1024;
/// As many fields as an answer has, but for a few.
const FIELDS: usize = 8;

/// What goes back when nothing went wrong.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) position: u64,
    pub(crate) media: HeaderValue,
    pub(crate) body: Bytes,
    /// The same body as `gzip`, where it is kept ready.
    pub(crate) packed: Option<Bytes>,
    /// Methods, for the answer to `OPTIONS`.
    pub(crate) allow: Option<HeaderValue>,
    /// Stands for the answer's content: a later request may ask whether this is still so.
    pub(crate) hash: Option<u64>,
}

/// What went wrong, and where.
pub(crate) struct Refused {
    pub(crate) rejection: Box<Rejection>,
    pub(crate) place: Place,
    pub(crate) allow: Option<HeaderValue>,
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self { rejection: Box::new(rejection), place: Place::Door, allow: None }
    }
}

/// The answer to a request that went well: whole, packed, or the word that nothing has changed.
pub(crate) fn encode(head: &Head<'_>, answered: Answered) -> Response<Bytes> {
    let Answered { status, position, media, body, packed: ready, allow, hash } = answered;
    let gzip = match ready {
        Some(ready) => head.accepts_encoding(GZIP).then_some(ready),
        None => packed(head, &body),
    };
    let varies = gzip.is_some();
    let tag = hash.map(|it| tag(it, varies));
    let same = hash.is_some_and(|it| is_known(head, it));
    let (status, body) = if same {
        (StatusCode::NOT_MODIFIED, Bytes::new())
    } else {
        (status, gzip.unwrap_or(body))
    };
    let mut response = response(status, media, position, body);
    let headers = response.headers_mut();
    if same || status == StatusCode::NO_CONTENT {
        headers.remove(CONTENT_TYPE);
    } else if varies {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(GZIP));
    }
    if varies {
        headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    }
    if let Some(tag) = tag {
        headers.insert(ETAG, tag);
        // A shared cache must not answer one caller with what another may see.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    if let Some(allow) = allow {
        headers.insert(ALLOW, allow);
    }
    response
}

/// A strong validator: equal bytes, equal tag. What is packed has other bytes and another tag.
fn tag(hash: u64, is_packed: bool) -> HeaderValue {
    let text = format!("\"{hash:016x}{}\"", if is_packed { "-gzip" } else { "" });
    HeaderValue::try_from(text).expect("quotes, digits and letters")
}

/// The hash in a tag that this box could have given out, packed or not.
pub(crate) fn hash_of(tag: &str) -> Option<u64> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    let digits = digits.strip_suffix("-gzip").unwrap_or(digits);
    let is_ours =
        digits.len() == 16 && digits.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    is_ours.then(|| u64::from_str_radix(digits, 16).ok())?
}

/// `If-None-Match` (RFC 9110, 13.1.2): weak comparison.
fn is_known(head: &Head<'_>, hash: u64) -> bool {
    let is_same =
        |tag: &str| tag == "*" || hash_of(tag.strip_prefix("W/").unwrap_or(tag)) == Some(hash);
    head.if_none_match().is_some_and(|mut it| it.any(is_same))
}

impl Refused {
    pub(crate) fn response(&self, position: u64, path: &str) -> Response<Bytes> {
        let status = StatusCode::from_u16(self.rejection.http);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut body = Vec::with_capacity(BUFFER_BYTES);
        self.rejection.write_json(self.place, is_mirrored(path), &mut body);
        let mut response = response(status, PROBLEM_JSON, position, Bytes::from(body));
        let headers = response.headers_mut();
        if self.rejection.retry_after_ms != 0 {
            let seconds = self.rejection.retry_after_ms.div_ceil(1000);
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(allow) = &self.allow {
            headers.insert(ALLOW, allow.clone());
        }
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::try_from(challenge(&self.rejection));
            headers.insert(WWW_AUTHENTICATE, challenge.expect("reasons are our own words"));
        }
        response
    }
}

fn response(status: StatusCode, media: HeaderValue, position: u64, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let mut headers = HeaderMap::with_capacity(FIELDS);
    headers.insert(CONTENT_TYPE, media);
    headers.insert(LOG_POSITION, position.into());
    *response.headers_mut() = headers;
    response
}

/// What every answer carries, whatever became of the request.
pub(crate) fn mark(gate: &Gate, peer: &Peer<'_>, head: &Head<'_>, headers: &mut HeaderMap) {
    gate.front.terms.origins.mark(head, headers);
    if matches!(peer.door, DoorKind::Https | DoorKind::Http3) {
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
}

/// The fields that tell of the tightest limit.
pub(crate) fn mark_limits((policies, limit): (Vec<u8>, Vec<u8>), headers: &mut HeaderMap) {
    for (name, value) in [(RATELIMIT_POLICY, policies), (RATELIMIT, limit)] {
        let value = HeaderValue::try_from(value).expect("names of policies are printable");
        headers.insert(name, value);
    }
}

/// The fields that tell that an operation will go: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and
/// where to go instead.
pub(crate) fn mark_deprecation(deprecation: &Deprecation, headers: &mut HeaderMap) {
    let mut insert = |name: HeaderName, value: String| {
        let value = HeaderValue::try_from(value).expect("dates, numbers and paths of our own");
        headers.insert(name, value);
    };
    insert(DEPRECATION, format!("@{}", deprecation.since_s));
    if let Some(sunset_s) = deprecation.sunset_s {
        insert(SUNSET, fmt_http_date(UNIX_EPOCH + Duration::from_secs(sunset_s)));
    }
    if let Some(successor) = deprecation.successor {
        insert(LINK, format!("<{successor}>; rel=\"successor-version\""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_again_packed_or_not() {
        let hash = 0x0123_4567_89ab_cdef;
        assert_eq!(tag(hash, false), "\"0123456789abcdef\"");
        assert_eq!(tag(hash, true), "\"0123456789abcdef-gzip\"");
        for (text, expected) in [
            ("\"0123456789abcdef\"", Some(hash)),
            ("\"0123456789abcdef-gzip\"", Some(hash)),
            ("\"0123456789abcdee\"", Some(hash - 1)),
            ("W/\"0123456789abcdef\"", None),
            ("0123456789abcdef", None),
            ("\"123456789abcdef\"", None),
            ("\"0123456789ABCDEF\"", None),
            ("\"+123456789abcdef\"", None),
            ("\"\"", None),
            ("\"", None),
            ("", None),
        ] {
            assert_eq!(hash_of(text), expected, "{text}");
        }
    }
}
