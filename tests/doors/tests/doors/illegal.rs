//! What HTTP/2 (RFC 9113) forbids, and what whoever does it is told.

use std::collections::BTreeSet;

use process::Link;
use process::http2::{
    ACK, COMPRESSION_ERROR, CONTINUATION, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM,
    FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE,
    NO_ERROR, PADDED, PING, PRIORITY, PROTOCOL_ERROR, PUSH_PROMISE, RST_STREAM, SETTINGS,
    STREAM_CLOSED, WINDOW_BYTES_MAX, WINDOW_UPDATE, frame, headers, hello, next, settings, status,
    window_update,
};

use crate::caller::Door;
use crate::support::{TestBox, health};

/// Nobody sends a larger frame unasked (RFC 9113, 4.2).
const FRAME_BYTES_MAX: usize = 1 << 14;

/// What a client must be told.
#[derive(Debug, Clone, Copy)]
enum Told {
    /// The connection is over, with this code.
    Connection(u32),
    /// The stream is over, with this code, or the connection is (RFC 9113, 5.4.2).
    Stream(u32),
    /// The connection is over, with this code or, because hyper draws no line there, with that of
    /// protocol errors in general.
    Roughly(u32),
    /// The request is malformed (RFC 9113, 8.1.1): a stream error, or an answer that says so.
    Malformed,
}

const GET: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/healthz")];

fn get(stream: u32) -> Vec<u8> {
    headers(END_HEADERS | END_STREAM, stream, &GET)
}

/// A request that is being sent.
fn opened(stream: u32) -> Vec<u8> {
    headers(
        END_HEADERS,
        stream,
        &[(":method", "POST"), GET[1], GET[2], (":path", "/v1/rates/quote")],
    )
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn frames() -> Vec<(String, Vec<u8>, Told)> {
    use Told::{Connection, Malformed, Roughly, Stream};
    let protocol = Connection(PROTOCOL_ERROR);
    let size = Connection(FRAME_SIZE_ERROR);
    let flow = Connection(FLOW_CONTROL_ERROR);
    let compression = Roughly(COMPRESSION_ERROR);
    let four = [0, 0, 0, 1];
    let rows = [
        ("DATA on no stream", frame(DATA, 0, 0, b"x"), protocol),
        ("HEADERS on no stream", get(0), protocol),
        ("PRIORITY on no stream", frame(PRIORITY, 0, 0, &[0, 0, 0, 1, 0]), protocol),
        ("RST_STREAM on no stream", frame(RST_STREAM, 0, 0, &four), protocol),
        ("RST_STREAM of an idle stream", frame(RST_STREAM, 0, 1, &four), protocol),
        (
            "RST_STREAM of three bytes",
            [opened(1), frame(RST_STREAM, 0, 1, &four[1..])].concat(),
            size,
        ),
        ("SETTINGS on a stream", frame(SETTINGS, 0, 1, &[]), protocol),
        ("SETTINGS of five bytes", frame(SETTINGS, 0, 0, &[0; 5]), size),
        ("an acknowledgement that says more", frame(SETTINGS, ACK, 0, &[0; 6]), size),
        ("pushes, twice as much", settings(&[(ENABLE_PUSH, 2)]), protocol),
        ("a window that is too large", settings(&[(INITIAL_WINDOW_SIZE, 1 << 31)]), flow),
        ("frames that are too small", settings(&[(MAX_FRAME_SIZE, 16_383)]), protocol),
        ("frames that are too large", settings(&[(MAX_FRAME_SIZE, 1 << 24)]), protocol),
        (
            "a push of a client",
            [opened(1), frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2, 0x82])].concat(),
            protocol,
        ),
        ("PING on a stream", frame(PING, 0, 1, &[0; 8]), protocol),
        ("PING of seven bytes", frame(PING, 0, 0, &[0; 7]), size),
        ("GOAWAY on a stream", frame(GOAWAY, 0, 1, &[0; 8]), protocol),
        ("a window that grows by nothing", window_update(0, 0), protocol),
        (
            "a stream's window that grows by nothing",
            [opened(1), window_update(1, 0)].concat(),
            Stream(PROTOCOL_ERROR),
        ),
        ("WINDOW_UPDATE of three bytes", frame(WINDOW_UPDATE, 0, 0, &four[1..]), size),
        ("WINDOW_UPDATE of an idle stream", window_update(1, 1), protocol),
        ("a window over its limit", window_update(0, WINDOW_BYTES_MAX), flow),
        (
            "a stream's window over its limit",
            [opened(1), window_update(1, WINDOW_BYTES_MAX)].concat(),
            Stream(FLOW_CONTROL_ERROR),
        ),
        ("CONTINUATION of nothing", frame(CONTINUATION, END_HEADERS, 1, &[]), protocol),
        (
            "CONTINUATION after the end",
            [opened(1), frame(CONTINUATION, END_HEADERS, 1, &[])].concat(),
            protocol,
        ),
        ("DATA amid a head", [headers(0, 1, &GET), frame(DATA, 0, 1, b"x")].concat(), protocol),
        ("another stream amid a head", [headers(0, 1, &GET), get(3)].concat(), protocol),
        (
            "an unknown frame amid a head",
            [headers(0, 1, &GET), frame(0xee, 0, 0, b"x")].concat(),
            protocol,
        ),
        (
            "more padding than there is",
            [opened(1), frame(DATA, PADDED, 1, &[9, 1])].concat(),
            protocol,
        ),
        (
            "a head with more padding than there is",
            frame(HEADERS, PADDED | END_HEADERS, 1, &[9, 0x82]),
            protocol,
        ),
        (
            "a frame that is too large",
            [opened(1), frame(DATA, 0, 1, &vec![0; FRAME_BYTES_MAX + 1])].concat(),
            size,
        ),
        (
            "a head that is too large",
            frame(HEADERS, END_HEADERS, 1, &vec![0; FRAME_BYTES_MAX + 1]),
            size,
        ),
        ("a stream of the box", get(2), protocol),
        ("a stream before the last", [get(5), get(3)].concat(), protocol),
        ("DATA of an idle stream", frame(DATA, 0, 1, b"x"), protocol),
        ("DATA after the end", [get(1), frame(DATA, 0, 1, b"x")].concat(), Roughly(STREAM_CLOSED)),
        ("a second head after the end", [get(1), get(1)].concat(), Roughly(STREAM_CLOSED)),
        (
            "an entry of no table",
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0xff, 0x80, 0x7f]),
            compression,
        ),
        ("the entry 0", frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x80]), compression),
        (
            "a table over its limit",
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x3f, 0xff, 0xff, 0x7f]),
            compression,
        ),
        (
            "a text cut short",
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x00, 0x05, b'a']),
            compression,
        ),
        (
            "a code padded with zeros",
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x00, 0x81, 0x00]),
            compression,
        ),
        (
            "trailers that end nothing",
            [opened(1), headers(END_HEADERS, 1, &[("a", "b")])].concat(),
            Malformed,
        ),
    ];
    let named = |(name, sent, told): (&str, Vec<u8>, Told)| (name.to_owned(), sent, told);
    rows.into_iter().map(named).collect()
}

/// Heads that are no request's.
fn heads() -> Vec<(String, Vec<u8>, Told)> {
    let mut rows = Vec::new();
    let mut malformed = |name: String, fields: &[(&str, &str)]| {
        rows.push((name, headers(END_HEADERS | END_STREAM, 1, fields), Told::Malformed));
    };
    for (at, field) in GET.iter().enumerate() {
        let others = [&GET[..at], &GET[at + 1..]].concat();
        // Without an authority a request is sound (RFC 9113, 8.3.1).
        if field.0 != ":authority" {
            malformed(format!("no {}", field.0), &others);
        }
        malformed(format!("two {}", field.0), &[&[*field], &GET[..]].concat());
        malformed(
            format!("{} after a field", field.0),
            &[&others[..], &[("a", "b"), *field]].concat(),
        );
    }
    for field in [
        (":status", "200"),
        (":new", "x"),
        ("Upper", "x"),
        ("a b", "x"),
        ("connection", "close"),
        ("keep-alive", "1"),
        ("proxy-connection", "x"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("te", "gzip"),
        ("a", "x\ny"),
        ("a", "x\ry"),
        ("a", "x\0y"),
        ("content-length", "1"),
    ] {
        malformed(format!("{field:?}"), &[&GET[..], &[field]].concat());
    }
    malformed("an empty path".to_owned(), &[GET[0], GET[1], GET[2], (":path", "")]);
    rows
}

/// What comes of `sent`: what the box says that ends a stream or the connection, in words and a code.
fn outcome(link: &mut Link, sent: &[u8]) -> (&'static str, u32) {
    link.send(&hello());
    link.send(sent);
    // A good request behind it: whatever the box makes of the rest, it comes to an end, and then all
    // that was begun does.
    link.send(&get(101));
    let mut begun = BTreeSet::from([101]);
    while !begun.is_empty() {
        let Some(frame) = next(link) else { return ("closed", 0) };
        match frame.kind {
            GOAWAY if frame.code() != NO_ERROR => return ("connection", frame.code()),
            RST_STREAM => return ("stream", frame.code()),
            HEADERS if frame.stream == 1 && status(&frame.payload) == 400 => {
                return ("answer", 400);
            }
            _ if frame.flags & END_STREAM != 0 => {
                begun.remove(&frame.stream);
            }
            HEADERS => {
                begun.insert(frame.stream);
            }
            _ => {}
        }
    }
    ("nothing", 0)
}

/// Whether a client that does nothing wrong is answered.
fn is_well(link: &mut Link, stream: u32) -> bool {
    link.send(&get(stream));
    while let Some(frame) = next(link) {
        if frame.kind == HEADERS && frame.stream == stream {
            return status(&frame.payload) == 200;
        }
    }
    false
}

#[test]
fn what_http2_forbids_ends_with_the_code_of_the_rfc_and_hurts_nobody_else() {
    let quoin = TestBox::start(2);
    let connect = || {
        let address = format!("127.0.0.1:{}", quoin.server.https_port());
        Link::tls(&address, &quoin.trust(&[tls::Protocol::Http2]))
    };
    let mut good = connect();
    good.send(&hello());
    let mut wrong = Vec::new();
    for (at, (name, sent, told)) in frames().into_iter().chain(heads()).enumerate() {
        let found = outcome(&mut connect(), &sent);
        let right = match told {
            Told::Connection(code) => found == ("connection", code),
            Told::Roughly(code) => {
                found.0 == "connection" && [code, PROTOCOL_ERROR].contains(&found.1)
            }
            Told::Stream(code) => found.1 == code && ["connection", "stream"].contains(&found.0),
            Told::Malformed => {
                [("connection", PROTOCOL_ERROR), ("stream", PROTOCOL_ERROR), ("answer", 400)]
                    .contains(&found)
            }
        };
        if !right {
            wrong.push(format!("{name}: {told:?}, but was {found:?}"));
        }
        let stream = u32::try_from(2 * at + 1).unwrap();
        assert!(is_well(&mut good, stream), "{name}: others are not answered");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for door in [Door::Plain, Door::Https, Door::Http2, Door::Http3] {
        assert_eq!(quoin.caller(door).ask(&health()).status, 200, "{door:?}");
    }
    assert!(quoin.server.stop().success());
}
