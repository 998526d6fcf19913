//! What a request's head says, read in one pass.
//!
//! A look-up by name costs a hash of the name and a probe, found or not, and most of a dozen names
//! are in no request: going once over what is there is cheaper than asking for each.

use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The names of the fields that count, for the answers that name them.
pub(crate) mod name {
    pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
    pub(crate) const AT_LEAST: &str = "X-Log-Position-At-Least";
    pub(crate) const DEADLINE: &str = "X-Request-Deadline";
    pub(crate) const TENANT: &str = "X-Tenant";
}

/// What a request's head says. Of a field that is there twice the first counts, unless it is a list.
#[derive(Debug)]
pub(crate) struct Head<'r> {
    pub(crate) method: &'r http::Method,
    /// Still percent-encoded.
    pub(crate) path: &'r str,
    /// Still percent-encoded; `None` when there is none.
    pub(crate) query: Option<&'r str>,
    pub(crate) fields: Fields<'r>,
    headers: &'r HeaderMap,
}

/// The fields of a head that anybody here asks for.
#[derive(Debug, Default)]
pub(crate) struct Fields<'r> {
    pub(crate) authorization: Option<&'r HeaderValue>,
    pub(crate) api_key: Option<&'r HeaderValue>,
    pub(crate) tenant: Option<&'r HeaderValue>,
    pub(crate) content_type: Option<&'r HeaderValue>,
    pub(crate) content_encoding: Option<&'r HeaderValue>,
    pub(crate) idempotency_key: Option<&'r HeaderValue>,
    pub(crate) at_least: Option<&'r HeaderValue>,
    pub(crate) deadline: Option<&'r HeaderValue>,
    pub(crate) origin: Option<&'r HeaderValue>,
    pub(crate) request_method: Option<&'r HeaderValue>,
    /// The first of possibly several lines, like those below.
    pub(crate) traceparent: Option<&'r HeaderValue>,
    pub(crate) if_match: Option<&'r HeaderValue>,
    pub(crate) if_none_match: Option<&'r HeaderValue>,
    pub(crate) accept_encoding: Option<&'r HeaderValue>,
}

impl<'r> Fields<'r> {
    fn of(headers: &'r HeaderMap) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers {
            let place = match name.as_str() {
                "authorization" => &mut fields.authorization,
                // The second is where clients of the Fair Work Commission's interface put it.
                "x-api-key" | "ocp-apim-subscription-key" => &mut fields.api_key,
                "x-tenant" => &mut fields.tenant,
                "content-type" => &mut fields.content_type,
                "content-encoding" => &mut fields.content_encoding,
                "idempotency-key" => &mut fields.idempotency_key,
                "x-log-position-at-least" => &mut fields.at_least,
                "x-request-deadline" => &mut fields.deadline,
                "origin" => &mut fields.origin,
                "access-control-request-method" => &mut fields.request_method,
                "traceparent" => &mut fields.traceparent,
                "if-match" => &mut fields.if_match,
                "if-none-match" => &mut fields.if_none_match,
                "accept-encoding" => &mut fields.accept_encoding,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        fields
    }
}

impl<'r> Head<'r> {
    pub(crate) fn of(parts: &'r Parts) -> Self {
        Self {
            method: &parts.method,
            path: parts.uri.path(),
            query: parts.uri.query(),
            fields: Fields::of(&parts.headers),
            headers: &parts.headers,
        }
    }

    /// Whether a body is wanted of something to read.
    pub(crate) fn is_read(&self) -> bool {
        *self.method == http::Method::GET || *self.method == http::Method::HEAD
    }

    /// The members of `If-Match`; `None` when there is no such field.
    pub(crate) fn if_match(&self) -> Option<impl Iterator<Item = &'r str>> {
        self.fields.if_match.map(|_| members(self.headers, IF_MATCH))
    }

    /// The members of `If-None-Match`; `None` when there is no such field.
    pub(crate) fn if_none_match(&self) -> Option<impl Iterator<Item = &'r str>> {
        self.fields.if_none_match.map(|_| members(self.headers, IF_NONE_MATCH))
    }

    /// All values of `traceparent`.
    pub(crate) fn traceparents(&self) -> impl Iterator<Item = &'r [u8]> {
        let lines = self.fields.traceparent.map(|_| self.headers.get_all(TRACEPARENT));
        lines.into_iter().flatten().map(HeaderValue::as_bytes)
    }

    /// All values of `tracestate`.
    pub(crate) fn tracestates(&self) -> impl Iterator<Item = &'r [u8]> {
        self.headers.get_all(TRACESTATE).into_iter().map(HeaderValue::as_bytes)
    }

    /// Whether an answer may be sent as `coding` (RFC 9110, 12.5.3): it is named, or `*` is, with a
    /// weight over 0.
    pub(crate) fn accepts_encoding(&self, coding: &str) -> bool {
        if self.fields.accept_encoding.is_none() {
            return false;
        }
        let mut any = false;
        for member in members(self.headers, ACCEPT_ENCODING) {
            let mut parts = member.split(';').map(str::trim);
            let named = parts.next().unwrap_or("");
            let weight = parts.find_map(|it| it.strip_prefix(['q', 'Q'])?.strip_prefix('='));
            let wanted =
                weight.is_none_or(|it| it.bytes().any(|digit| matches!(digit, b'1'..=b'9')));
            if named.eq_ignore_ascii_case(coding) {
                return wanted;
            }
            any |= named == "*" && wanted;
        }
        any
    }
}

/// The members of a list field, over all its lines (RFC 9110, 5.6.1). An entity tag with a comma in
/// it is not among those that this box gives out.
fn members(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter().filter_map(|it| it.to_str().ok());
    lines.flat_map(|it| it.split(',')).map(str::trim).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn the_first_of_a_field_counts_and_lists_are_joined() {
        let request = Request::get("/v1/x?y=z")
            .header("X-Tenant", "1")
            .header("x-tenant", "2")
            .header("If-None-Match", "\"a\", \"b\"")
            .header("if-none-match", "W/\"c\",,")
            .header("x-other", "?");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let head = Head::of(&parts);
        assert_eq!((head.path, head.query), ("/v1/x", Some("y=z")));
        assert_eq!(head.fields.tenant.unwrap(), "1");
        assert!(head.fields.api_key.is_none() && head.if_match().is_none());
        assert!(head.if_none_match().unwrap().eq(["\"a\"", "\"b\"", "W/\"c\""]));
    }

    #[test]
    fn a_coding_is_taken_when_it_is_wanted() {
        for (value, expected) in [
            ("gzip", true),
            ("GZIP", true),
            ("br, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("gzip;q=0, *", false),
            ("*", true),
            ("*;q=0", false),
            ("identity", false),
            ("x-gzip2", false),
            ("", false),
        ] {
            let request = Request::get("/").header("Accept-Encoding", value);
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(Head::of(&parts).accepts_encoding("gzip"), expected, "{value}");
        }
    }
}
