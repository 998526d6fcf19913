//! The door over TLS and over HTTP/2: what it says, and how little a bad client can hold.

#![allow(
    missing_docs,
    unreachable_pub,
    unnameable_types,
    dead_code,
    missing_debug_implementations,
    reason = "a test's domain is documented by its test"
)]

#[path = "https/fixture.rs"]
mod fixture;
#[path = "../../gateway/tests/support/shelf.rs"]
mod shelf;

use std::time::Duration;

use process::http2::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, GOAWAY, HEADERS, NO_ERROR,
    RST_STREAM, answer, answers, frame, headers, hello, next,
};
use tempfile::TempDir;
use tls::Protocol;
use web::Options;

use crate::fixture::{TestBox, offered};

const LIVE: &str = "GET /health/live";
const OK: &[u8] = br#"{"status":"ok"}"#;
const HTTP1: &[Protocol] = &[Protocol::Http1];
const HTTP2: &[Protocol] = &[Protocol::Http2];

/// Times so short that a test can wait for them.
fn impatient() -> Options {
    Options { head_s: 1, ..Options::default() }
}

fn get(stream: u32, path: &str) -> Vec<u8> {
    let line = [(":method", "GET"), (":scheme", "https"), (":authority", "box"), (":path", path)];
    headers(END_HEADERS | END_STREAM, stream, &line)
}

/// A `POST` with a JSON body of `length` bytes, which comes later.
fn post(stream: u32, path: &str, length: usize) -> Vec<u8> {
    let length = length.to_string();
    let fields = [
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", "box"),
        (":path", path),
        ("content-type", "application/json"),
        ("content-length", &length),
    ];
    headers(END_HEADERS, stream, &fields)
}

#[test]
fn http1_is_spoken_over_tls_whatever_the_packets() {
    let alt_svc = Some("h3=\":8443\"; ma=86400".parse().unwrap());
    let quoin = TestBox::https(Options { alt_svc, ..Options::default() });
    // A client that offers nothing in the handshake gets HTTP/1.1.
    for offered in [HTTP1, &[]] {
        let mut link = quoin.connect(offered);
        assert_eq!(link.protocol(), offered.first().copied());
        for _ in 0..3 {
            let (head, body) = link.ask(LIVE);
            assert!(head.starts_with("http/1.1 200 ok"), "{head}");
            assert!(head.contains("alt-svc: h3=\":8443\"; ma=86400"), "{head}");
            assert_eq!(body, OK);
        }
        link.send_bytewise(b"GET /health/live HTTP/1.1\r\nhost: box\r\n\r\n");
        assert_eq!(link.answer().1, OK);
        // Many requests in one record, and an answer of several.
        link.send("GET /openapi.json HTTP/1.1\r\nhost: box\r\n\r\n".repeat(20).as_bytes());
        let description = link.answer().1;
        assert!(description.starts_with(b"{") && description.ends_with(b"}"));
        for _ in 1..20 {
            assert_eq!(link.answer().1, description);
        }
    }
}

#[test]
fn both_versions_are_spoken_with_tls_and_without() {
    for quoin in [TestBox::https(Options::default()), TestBox::plain(Options::default())] {
        let mut link = quoin.connect(HTTP2);
        let streams: Vec<u32> = (1..200).step_by(2).collect();
        let asked: Vec<u8> = streams.iter().flat_map(|it| get(*it, "/health/live")).collect();
        link.send(&[hello(), asked].concat());
        let answered = answers(&mut link, &streams).expect("answers in whatever order");
        assert!(answered.iter().all(|it| *it == (200, OK.to_vec())), "{answered:?}");
        link.send(&get(201, "/openapi.json"));
        let (status, body) = answer(&mut link, 201).expect("an answer");
        assert_eq!(status, 200);
        assert_eq!(body, quoin.connect(HTTP1).ask("GET /openapi.json").1);
    }
}

#[test]
fn what_is_not_tls_is_told_so_and_let_go() {
    let quoin = TestBox::https(Options::default());
    for garbage in [&b"GET / HTTP/1.1\r\nhost: box\r\n\r\n"[..], &[0xff; 600]] {
        let mut link = quoin.connect_silently();
        link.send(garbage);
        assert_eq!(link.rest().first(), Some(&21), "content type alert");
    }
    assert_eq!(quoin.connect(HTTP1).ask(LIVE).1, OK);
}

#[test]
fn slow_handshakes_and_slow_heads_are_cut_off() {
    let limit = Duration::from_secs(5);
    let (https, plain) = (TestBox::https(impatient()), TestBox::plain(impatient()));
    // The head of a record that announces more than ever comes, and the head of a request.
    let (record, request) = (&[22, 3, 1, 2, 0], b"GET /health/live HTTP/1.1\r\nx: ");
    let mut slow = vec![(https.connect_silently(), 0)];
    slow[0].0.send(record);
    for quoin in [&https, &plain] {
        let mut first = quoin.connect(HTTP1);
        first.send(request);
        slow.push((first, b'x'));
        // The second request of a connection has no more time than the first.
        let mut second = quoin.connect(HTTP1);
        assert_eq!(second.ask(LIVE).1, OK);
        slow.push((second, b'G'));
    }
    let mut silent = https.connect_silently();
    std::thread::scope(|scope| {
        for (mut link, byte) in slow {
            scope.spawn(move || assert!(link.trickle(byte) < limit));
        }
    });
    assert!(silent.rest().is_empty());
    assert_eq!(https.connect(HTTP1).ask(LIVE).1, OK);
}

#[test]
fn a_slow_body_is_refused() {
    let quoin = TestBox::plain(Options { body_s: 1, ..Options::default() });
    let mut link = quoin.connect_silently();
    let media = "content-type: application/json\r\ncontent-length: 9";
    link.send(format!("PUT /v1/shelf/items/7 HTTP/1.1\r\nhost: b\r\n{media}\r\n\r\n{{").as_bytes());
    let (head, body) = link.answer();
    assert!(head.starts_with("http/1.1 400"), "{head}");
    let body = String::from_utf8(body).unwrap();
    assert!(body.contains("it took over 1 seconds"), "{body}");
    assert!(link.rest().is_empty());
}

#[test]
fn a_flood_of_resets_ends_its_connection_only() {
    let quoin = TestBox::https(Options::default());
    let mut bystander = quoin.connect(HTTP2);
    bystander.send(&hello());
    let mut link = quoin.connect(HTTP2);
    let reset = |stream: u32| frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes());
    let flood = (1..200).step_by(2).flat_map(|it| [get(it, "/health/live"), reset(it)].concat());
    link.send(&[hello(), flood.collect()].concat());
    let goodbye = loop {
        let frame = next(&mut link).expect("a goodbye");
        if frame.kind == GOAWAY {
            break frame;
        }
    };
    assert_eq!(goodbye.code(), ENHANCE_YOUR_CALM);
    bystander.send(&get(1, "/health/live"));
    assert_eq!(answer(&mut bystander, 1), Some((200, OK.to_vec())));
}

#[test]
fn an_answer_before_the_end_of_its_request_is_no_reset() {
    let quoin = TestBox::https(Options::default());
    let mut link = quoin.connect(HTTP2);
    link.send(&[hello(), post(1, "/nowhere", 2)].concat());
    let (head, body) = (next(&mut link).expect("a head"), next(&mut link).expect("a body"));
    assert_eq!((head.kind, body.kind), (HEADERS, DATA));
    assert_eq!((head.flags & END_STREAM, body.flags & END_STREAM), (0, 0));
    assert!(body.payload.starts_with(br#"{"type":"urn:quoin:problem:unknown-operation""#));
    link.send(&frame(DATA, END_STREAM, 1, b"{}"));
    let end = next(&mut link).expect("an end");
    assert_eq!((end.kind, end.flags, end.payload.len()), (DATA, END_STREAM, 0));
    // Who never comes to an end is told so.
    link.send(&post(3, "/nowhere", 1 << 30));
    link.send(&frame(DATA, 0, 3, &[b' '; 16_384]));
    let reset = loop {
        let frame = next(&mut link).expect("a reset");
        if frame.kind == RST_STREAM {
            break frame;
        }
    };
    assert_eq!(reset.code(), NO_ERROR);
}

#[test]
fn oversized_headers_are_refused() {
    let quoin = TestBox::https(Options::default());
    let mut link = quoin.connect(HTTP2);
    link.send(&hello());
    // One literal field of 16,000 bytes, three times: over the limit of 32 KiB.
    let mut block = vec![0x82, 0x87, 0x04, 1, b'/', 0x01, 1, b'b'];
    for _ in 0..3 {
        block.extend_from_slice(&[0x00, 1, b'x', 0x7f, 0x81, 0x7c]);
        block.extend_from_slice(&[b'x'; 16_000]);
    }
    let (first, rest) = block.split_at(16_384);
    link.send(&frame(HEADERS, END_STREAM, 1, first));
    let (second, third) = rest.split_at(16_384);
    link.send(&frame(CONTINUATION, 0, 1, second));
    link.send(&frame(CONTINUATION, END_HEADERS, 1, third));
    let (status, _) = answer(&mut link, 1).unwrap_or((0, Vec::new()));
    assert_ne!(status, 200);
    assert_eq!(quoin.connect(HTTP1).ask(LIVE).1, OK);
}

#[test]
fn a_client_without_requests_is_asked_to_go() {
    let quoin = TestBox::https(Options { silence_s: 1, ..Options::default() });
    let mut link = quoin.connect(HTTP2);
    link.send(&hello());
    link.send(&get(1, "/health/live"));
    assert_eq!(answer(&mut link, 1), Some((200, OK.to_vec())));
    let goodbye = next(&mut link).expect("a goodbye");
    assert_eq!((goodbye.kind, goodbye.code()), (GOAWAY, NO_ERROR));
    while next(&mut link).is_some() {}
    assert!(link.is_closed_by_peer());
    // Without TLS too, and over HTTP/1.1.
    let mut link = quoin.connect(HTTP1);
    assert_eq!(link.ask(LIVE).1, OK);
    assert!(link.rest().is_empty());
    assert!(link.is_closed_by_peer());
}

#[test]
fn a_box_that_stops_says_goodbye() {
    let mut quoin = TestBox::https(Options::default());
    let mut second = quoin.connect(HTTP2);
    second.send(&[hello(), get(1, "/health/live")].concat());
    assert_eq!(answer(&mut second, 1), Some((200, OK.to_vec())));
    let mut first = quoin.connect(HTTP1);
    assert_eq!(first.ask(LIVE).1, OK);
    let silent = quoin.connect_silently();
    let reader = std::thread::spawn(move || {
        let goodbye = next(&mut second).expect("a goodbye");
        assert_eq!((goodbye.kind, goodbye.code()), (GOAWAY, NO_ERROR));
        while next(&mut second).is_some() {}
    });
    quoin.stop();
    reader.join().expect("it was told");
    assert!(first.rest().is_empty());
    assert!(first.is_closed_by_peer());
    drop(silent);
}

#[test]
fn other_machines_are_served_with_tls_only() {
    let anywhere = "0.0.0.0:0".parse().unwrap();
    web::Door::bind(anywhere, 1, Options::default()).unwrap_err();
    let data = TempDir::new().unwrap();
    let tls = Some(offered(&data).0);
    web::Door::bind(anywhere, 1, Options { tls, ..Options::default() }).unwrap();
}
