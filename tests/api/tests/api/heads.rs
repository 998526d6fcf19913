//! Heads that are too much, or no HTTP: refused by the protocol's own means, and the connection ends.

use crate::support::http::{Wire, request};
use crate::support::{TestBox, quote};

#[test]
fn a_head_that_never_ends_is_cut_off() {
    let quoin = TestBox::quiet();
    let check = |what: &str, bytes: &[u8], status: u16| {
        let mut wire = Wire::connect(&quoin.http());
        wire.send_some(bytes);
        let answer = wire.answer();
        assert_eq!(answer.map(|it| it.status), Some(status), "{what}");
        assert!(wire.is_closed(), "{what}");
    };
    let names: Vec<String> = (0..2_000).map(|it| format!("x-{it}")).collect();
    let flood: Vec<(&str, &str)> = names.iter().map(|it| (&**it, "1")).collect();
    check("2,000 headers", &request("GET", "/health/live", &flood, ""), 431);
    let long = "x".repeat(200 * 1024);
    check("a long header", &request("GET", "/health/live", &[("x-long", &long)], ""), 431);
    check("a long path", &request("GET", &format!("/{long}"), &[], ""), 431);
    quoin.assert_untouched();
}

#[test]
fn what_is_no_http_is_refused_and_closed() {
    let quoin = TestBox::quiet();
    let body = quote().to_string();
    let head = "POST /v1/rates/quote HTTP/1.1\r\nhost: q\r\ncontent-type: application/json\r\n";
    for (what, bytes) in [
        ("garbage", "\u{1}\u{2}\u{3}\r\n\r\n".to_owned()),
        ("another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n".to_owned()),
        ("no such version", "GET /health/live HTTP/9.9\r\nhost: q\r\n\r\n".to_owned()),
        ("a header without a colon", "GET / HTTP/1.1\r\nhost\r\n\r\n".to_owned()),
        ("a space before the colon", "GET / HTTP/1.1\r\nhost : q\r\n\r\n".to_owned()),
        ("a negative length", format!("{head}content-length: -1\r\n\r\n{body}")),
        ("a length in words", format!("{head}content-length: many\r\n\r\n{body}")),
        ("two lengths", format!("{head}content-length: 3\r\ncontent-length: 4\r\n\r\n{body}")),
        ("an unknown coding", format!("{head}transfer-encoding: zip\r\n\r\n{body}")),
    ] {
        let mut wire = Wire::connect(&quoin.http());
        wire.send_some(bytes.as_bytes());
        let status = wire.answer().map(|it| it.status);
        assert_eq!(status, Some(400), "{what}");
        assert!(wire.is_closed(), "{what}");
    }
    quoin.assert_untouched();
}

#[test]
fn a_body_that_breaks_off_stores_nothing_and_ends_only_its_own_connection() {
    let quoin = TestBox::quiet();
    let json = ("content-type", "application/json");
    let whole =
        request("POST", "/v1/rates/quotes", &[json], &crate::support::accept("no").to_string());
    let head = whole.windows(4).position(|it| it == b"\r\n\r\n").unwrap() + 4;
    for end in [1, head / 2, head - 1, head, head + 1, whole.len() - 1] {
        let mut wire = Wire::connect(&quoin.http());
        wire.send(&whole[..end]);
        wire.finish();
        if let Some(answer) = wire.answer() {
            assert_eq!(answer.status, 400, "{end}");
        }
        assert!(wire.is_closed(), "{end}");
    }
    for chunks in ["5\r\n{\"aw", "zz\r\n", "-1\r\n", "ffffffffffffffffffff\r\n{"] {
        let mut wire = Wire::connect(&quoin.http());
        let coding = ("transfer-encoding", "chunked");
        wire.send(&request("POST", "/v1/rates/quotes", &[json, coding], ""));
        wire.send(chunks.as_bytes());
        wire.finish();
        if let Some(answer) = wire.answer() {
            assert_eq!(answer.status, 400, "{chunks}");
        }
        assert!(wire.is_closed(), "{chunks}");
    }
    quoin.assert_untouched();
}
