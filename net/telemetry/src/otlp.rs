//! Spans as the body of an OTLP request: `ExportTraceServiceRequest` in the protocol's own JSON (ids in
//! hexadecimal, enumerations as numbers, 64-bit integers as text). Names of attributes are those of
//! `OpenTelemetry`'s semantic conventions where there is one.

use serde::Serialize;

use crate::context::write_hex;
use crate::record::Span;

/// Most bytes of one span's JSON: a state of 512 bytes, each escaped, and 1 KB for the rest. Whoever
/// chooses how many spans make a batch bounds the body with it.
pub(crate) const SPAN_BYTES_MAX: usize = 2048;

/// `SPAN_KIND_SERVER`.
const KIND_SERVER: u8 = 2;
/// `STATUS_CODE_ERROR`; unset is not written.
const STATUS_ERROR: u8 = 2;
/// `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK` and `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK`: the parent is known
/// to be elsewhere.
const PARENT_IS_REMOTE: u32 = 0x300;

/// Who sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The binary's version.
    pub version: String,
    /// Tells this box from others of its kind.
    pub instance: String,
    /// The machine's name, when it is known.
    pub host: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Attributes<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct Attributes<'a> {
    attributes: Vec<Attribute<'a>>,
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope<'a>,
    spans: Vec<SpanForm<'a>>,
}

#[derive(Serialize)]
struct Scope<'a> {
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpanForm<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    trace_state: &'a str,
    flags: u32,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<StatusForm>,
}

#[derive(Serialize)]
struct StatusForm {
    code: u8,
}

#[derive(Serialize)]
struct Attribute<'a> {
    key: &'a str,
    value: Value<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Value<'a> {
    #[serde(rename = "stringValue")]
    Name(&'a str),
    #[serde(rename = "stringValue")]
    Text(String),
    #[serde(rename = "intValue")]
    Integer(String),
}

/// The body for `spans`.
pub(crate) fn body(resource: &Resource, spans: &[Span]) -> Vec<u8> {
    let mut about = vec![
        name("service.name", "quoin"),
        name("service.version", &resource.version),
        name("service.instance.id", &resource.instance),
    ];
    about.extend(resource.host.as_deref().map(|it| name("host.name", it)));
    let scope = Scope { name: "quoin", version: &resource.version };
    let scope_spans = [ScopeSpans { scope, spans: spans.iter().map(form).collect() }];
    let resource_spans =
        [ResourceSpans { resource: Attributes { attributes: about }, scope_spans }];
    serde_json::to_vec(&Request { resource_spans }).expect("text and numbers are JSON")
}

fn form(span: &Span) -> SpanForm<'_> {
    let Span { record, core, state } = span;
    let (trace, it) = (&record.trace, &record.finished);
    let parent = trace.parent_id();
    let mut attributes = vec![
        name("quoin.door", it.door),
        integer("quoin.core", u64::from(*core)),
        integer("quoin.log_position", it.position),
    ];
    if it.method.is_empty() {
        attributes.push(name("rpc.system.name", "quoin"));
        attributes.push(name("rpc.method", it.operation));
        attributes.push(text("rpc.response.status_code", it.status.to_string()));
    } else {
        attributes.push(name("http.request.method", it.method));
        attributes.push(integer("http.response.status_code", u64::from(it.status)));
    }
    attributes.extend(it.tenant.map(|it| integer("quoin.tenant", u64::from(it))));
    if let Some(peer) = it.peer {
        attributes.push(text("client.address", peer.ip().to_string()));
        attributes.push(integer("client.port", u64::from(peer.port())));
    }
    SpanForm {
        trace_id: digits(&trace.trace_id().to_be_bytes()),
        span_id: digits(&trace.span_id().to_be_bytes()),
        parent_span_id: parent.map(|it| digits(&it.to_be_bytes())),
        trace_state: state,
        flags: u32::from(trace.flags()) | if parent.is_some() { PARENT_IS_REMOTE } else { 0 },
        name: it.operation,
        kind: KIND_SERVER,
        start_time_unix_nano: record.began_ns().to_string(),
        end_time_unix_nano: record.ended_ns.to_string(),
        attributes,
        // A refusal is the caller's fault: for a server that is no error.
        status: (500 <= it.status).then_some(StatusForm { code: STATUS_ERROR }),
    }
}

const fn name<'a>(key: &'a str, value: &'a str) -> Attribute<'a> {
    Attribute { key, value: Value::Name(value) }
}

const fn text(key: &str, value: String) -> Attribute<'_> {
    Attribute { key, value: Value::Text(value) }
}

fn integer(key: &str, value: u64) -> Attribute<'_> {
    Attribute { key, value: Value::Integer(value.to_string()) }
}

fn digits(bytes: &[u8]) -> String {
    let mut digits = vec![0; 2 * bytes.len()];
    write_hex(bytes, &mut digits);
    String::from_utf8_lossy(&digits).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::TraceContext;
    use crate::record::tests::record;
    use crate::state::TRACESTATE_BYTES_MAX;

    fn resource() -> Resource {
        Resource { version: "1.2.3".to_owned(), instance: "a1".to_owned(), host: None }
    }

    #[test]
    fn a_span_is_written_as_the_protocol_says() {
        let caller = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let mut record = record(77);
        record.trace = TraceContext::parse(caller).unwrap().child(0xabc);
        record.finished.peer = Some("10.0.0.9:4242".parse().unwrap());
        record.finished.status = 503;
        record.ended_ns = 1_700_000_000_000_250_000;
        let span = Span { record, core: 2, state: "congo=t61".into() };
        let expected = serde_json::json!({ "resourceSpans": [{
            "resource": { "attributes": [
                { "key": "service.name", "value": { "stringValue": "quoin" } },
                { "key": "service.version", "value": { "stringValue": "1.2.3" } },
                { "key": "service.instance.id", "value": { "stringValue": "a1" } },
            ] },
            "scopeSpans": [{
                "scope": { "name": "quoin", "version": "1.2.3" },
                "spans": [{
                    "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
                    "spanId": "0000000000000abc",
                    "parentSpanId": "00f067aa0ba902b7",
                    "traceState": "congo=t61",
                    "flags": 0x301,
                    "name": "rates.quote",
                    "kind": 2,
                    "startTimeUnixNano": "1700000000000000000",
                    "endTimeUnixNano": "1700000000000250000",
                    "attributes": [
                        { "key": "quoin.door", "value": { "stringValue": "https" } },
                        { "key": "quoin.core", "value": { "intValue": "2" } },
                        { "key": "quoin.log_position", "value": { "intValue": "77" } },
                        { "key": "http.request.method", "value": { "stringValue": "POST" } },
                        { "key": "http.response.status_code", "value": { "intValue": "503" } },
                        { "key": "quoin.tenant", "value": { "intValue": "3" } },
                        { "key": "client.address", "value": { "stringValue": "10.0.0.9" } },
                        { "key": "client.port", "value": { "intValue": "4242" } },
                    ],
                    "status": { "code": 2 },
                }],
            }],
        }] });
        let found: serde_json::Value = serde_json::from_slice(&body(&resource(), &[span])).unwrap();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_root_of_another_door_leaves_out_what_it_has_not() {
        let mut record = record(0);
        (record.finished.method, record.finished.tenant) = ("", None);
        let span = Span { record, core: 0, state: "".into() };
        let host = Some("box.example".to_owned());
        let found = body(&Resource { host, ..resource() }, &[span.clone(), span]);
        let found: serde_json::Value = serde_json::from_slice(&found).unwrap();
        let spans = found["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
        assert_eq!(spans.len(), 2);
        for absent in ["parentSpanId", "traceState", "status"] {
            assert!(spans[0].get(absent).is_none(), "{absent}");
        }
        assert_eq!(spans[0]["flags"], 3);
        let keys: Vec<_> = spans[0]["attributes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["key"].as_str().unwrap())
            .collect();
        assert!(keys.contains(&"rpc.method") && !keys.contains(&"quoin.tenant"), "{keys:?}");
    }

    #[test]
    fn the_longest_span_is_as_long_as_is_said() {
        let mut record = record(u64::MAX);
        record.trace = TraceContext::root(u128::MAX, u64::MAX, true).child(u64::MAX);
        record.finished.operation = "a-domain-with-a-long-name.an-operation-with-a-long-name";
        record.finished.tenant = Some(u32::MAX);
        record.finished.peer =
            Some("[1111:2222:3333:4444:5555:6666:7777:8888]:65535".parse().unwrap());
        record.finished.status = 599;
        let span = |state: &str| Span { record, core: u16::MAX, state: state.into() };
        let quotes = "\"".repeat(TRACESTATE_BYTES_MAX);
        let one = body(&resource(), &[span(&quotes)]).len();
        let two = body(&resource(), &[span(&quotes), span(&quotes)]).len();
        assert!(two - one <= SPAN_BYTES_MAX, "{}", two - one);
    }
}
