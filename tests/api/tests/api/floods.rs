//! Floods: memory stays where it was, and good requests are answered in between.

use std::io::Write;
use std::net::{Shutdown, TcpStream};

use crate::support::http::{Wire, request};
use crate::support::raw::{Raw, hello};
use crate::support::{TestBox, archived, operation, quote, resident_kib};

const BAD_REQUESTS: usize = 2_000;
const HALF_OPEN: usize = 200;
/// What a debug build may keep in buffers and pages touched for the first time.
const SLACK_KIB: u64 = 24 * 1024;

/// 2,000 bad requests over both doors: on many connections, each used for a few.
fn flood(quoin: &TestBox) {
    let json = ("content-type", "application/json");
    let path = "/v1/rates/quote";
    let text = quote().to_string();
    let huge = format!("[{}]", vec![text.clone(); 100].join(","));
    let bad = [
        request("POST", path, &[json], &text.replace("MA000004", "MA999999")),
        request("POST", path, &[json], &huge),
        request("POST", path, &[], &text),
        request("GET", path, &[], ""),
        request("POST", "/nowhere", &[json], ""),
    ];
    let garbled = [0xee; 64];
    let payload = archived("rates.quote", &quote());
    let malformed = request_of(&payload[1..]);
    for turn in 0..BAD_REQUESTS / 10 {
        let mut wire = Wire::connect(&quoin.http());
        for request in &bad {
            wire.send(request);
            assert!(400 <= wire.answer().unwrap().status);
        }
        let (mut raw, _) = Raw::greeted(&quoin.server.rpc());
        for _ in 0..4 {
            raw.send(&malformed);
            assert_eq!(raw.reply().status, wire::Status::Malformed);
        }
        raw.send(&garbled);
        if turn % 20 == 0 {
            assert_eq!(raw.reply().status, wire::Status::Garbled);
        }
    }
}

fn request_of(payload: &[u8]) -> Vec<u8> {
    crate::support::raw::request(3, operation("rates.quote").0, payload)
}

/// Connections that say half of something and then nothing.
fn half_open(quoin: &TestBox) -> Vec<TcpStream> {
    let huge_head = request("POST", "/v1/rates/quote", &[("content-length", "1000000")], "");
    let mut frame = hello();
    frame.extend_from_slice(&1_000_000_u32.to_le_bytes());
    let said: [(String, &[u8]); 4] = [
        (quoin.http(), b"POST /v1/rates/quote HTTP/1.1\r\nhost:"),
        (quoin.http(), &huge_head),
        (quoin.server.rpc(), b"QUOI"),
        (quoin.server.rpc(), &frame),
    ];
    let open = |at: usize| {
        let (address, bytes) = &said[at % said.len()];
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    };
    (0..HALF_OPEN).map(open).collect()
}

#[test]
fn bad_requests_and_half_open_connections_cost_no_memory() {
    let quoin = TestBox::start(2);
    // Whatever is built lazily is built now.
    flood(&quoin);
    drop(half_open(&quoin));
    quoin.assert_untouched();
    let before = resident_kib(quoin.server.id());

    let open = half_open(&quoin);
    flood(&quoin);
    quoin.assert_untouched();
    let during = resident_kib(quoin.server.id());
    for stream in &open {
        // Some were refused already.
        drop(stream.shutdown(Shutdown::Both));
    }
    drop(open);
    quoin.assert_untouched();
    let after = resident_kib(quoin.server.id());
    println!("resident before {before} KiB, during {during} KiB, after {after} KiB");
    assert!(during < before + SLACK_KIB, "{before} to {during} KiB");
    assert!(after < before + SLACK_KIB, "{before} to {after} KiB");
    assert!(quoin.server.stop().success());
}
