//! The HTTP door itself: methods, paths, media types, lengths.

use crate::support::http::{Wire, ask, get, post, request};
use crate::support::{TestBox, quote};

const BODY_BYTES_MAX: usize = 1024 * 1024;
const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn pages_of_its_own_are_there() {
    let quoin = TestBox::quiet();
    for path in ["/health/live", "/health/ready"] {
        let answer = get(&quoin.http(), path);
        assert_eq!((answer.status, &answer.json()["status"]), (200, &"ok".into()));
        assert_eq!(answer.position(), quoin.position);
    }
    let document = get(&quoin.http(), "/openapi.json").json();
    assert!(document["paths"]["/v1/rates/quote"]["post"].is_object());
}

#[test]
fn what_is_not_there_is_told_from_what_is_there_otherwise() {
    let quoin = TestBox::quiet();
    let check = |method: &str, path: &str, status: u16, allow: Option<&str>| {
        let what = format!("{method} {path}");
        let answer = ask(&quoin.http(), &request(method, path, &[], ""));
        if method == "HEAD" {
            assert_eq!((answer.status, answer.body.len()), (status, 0), "{what}");
        } else {
            answer.assert_problem(&what, status, "", "");
        }
        assert_eq!(answer.header("allow"), allow, "{what}");
        assert_eq!(answer.position(), quoin.position, "{what}");
    };
    for path in
        ["/", "/v1", "/v1/rates/quote/", "/v1/rates/Quote", "/v1/rates/quote/x", "//", "/%00"]
    {
        check("GET", path, 404, None);
        check("POST", path, 404, None);
    }
    for method in ["GET", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        check(method, "/v1/rates/quote", 405, Some("POST, OPTIONS"));
    }
    check("POST", "/v1/rates/quotes/1", 405, Some("GET, HEAD, OPTIONS"));
    check("POST", "/health/live", 405, Some("GET, HEAD, OPTIONS"));
    check("POST", "/openapi.json", 405, Some("GET, HEAD, OPTIONS"));
    quoin.assert_untouched();
}

#[test]
fn a_body_must_say_that_it_is_json() {
    let quoin = TestBox::quiet();
    let body = quote().to_string();
    for media in [
        None,
        Some(""),
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonp"),
        Some("application/problem+json"),
    ] {
        let headers: Vec<_> = media.iter().map(|it| ("content-type", *it)).collect();
        let answer = ask(&quoin.http(), &request("POST", "/v1/rates/quote", &headers, &body));
        answer.assert_problem(&format!("{media:?}"), 415, "Content-Type", "");
    }
    for media in ["application/json", "Application/JSON", "application/json; charset=utf-8"] {
        let headers = [("content-type", media)];
        let answer = ask(&quoin.http(), &request("POST", "/v1/rates/quote", &headers, &body));
        assert_eq!(answer.status, 200, "{media}");
    }
}

/// A good quote with spaces behind it, `bytes` long in all.
fn padded(bytes: usize) -> String {
    let quote = quote().to_string();
    let spaces = " ".repeat(bytes - quote.len());
    quote + &spaces
}

#[test]
fn a_body_up_to_the_limit_is_read_and_one_over_it_is_not() {
    let quoin = TestBox::quiet();
    let answer = post(&quoin.http(), "/v1/rates/quote", &padded(BODY_BYTES_MAX));
    assert_eq!(answer.status, 200);
    let over = "the body is over the limit of 1048576 bytes";
    let check = |what: &str, answer: &crate::support::http::Answer| {
        let problem = answer.assert_problem(what, 413, "", "");
        assert_eq!(problem["detail"], over, "{what}");
    };

    // Announced: refused before any of it has come.
    for bytes in [BODY_BYTES_MAX + 1, 1 << 40, usize::MAX / 2] {
        let length = bytes.to_string();
        let head = request("POST", "/v1/rates/quote", &[JSON, ("content-length", &length)], "");
        check("announced", &ask(&quoin.http(), &head));
    }
    // Sent without a length: refused when it has grown too large.
    let mut wire = Wire::connect(&quoin.http());
    wire.send(&request("POST", "/v1/rates/quote", &[JSON, ("transfer-encoding", "chunked")], ""));
    let text = padded(BODY_BYTES_MAX + 1);
    for chunk in text.as_bytes().chunks(100_000) {
        wire.send_some(format!("{:x}\r\n", chunk.len()).as_bytes());
        wire.send_some(chunk);
        wire.send_some(b"\r\n");
    }
    check("in chunks", &wire.answer().expect("an answer before the close"));
    // At the limit in chunks it is read.
    let mut wire = Wire::connect(&quoin.http());
    wire.send(&request("POST", "/v1/rates/quote", &[JSON, ("transfer-encoding", "chunked")], ""));
    wire.send(format!("{BODY_BYTES_MAX:x}\r\n{}\r\n0\r\n\r\n", padded(BODY_BYTES_MAX)).as_bytes());
    assert_eq!(wire.answer().unwrap().status, 200);
    quoin.assert_untouched();
}

#[test]
fn a_connection_serves_many_requests_good_and_bad() {
    let quoin = TestBox::quiet();
    let good = request("POST", "/v1/rates/quote", &[JSON], &quote().to_string());
    let bad = request("POST", "/v1/rates/quote", &[JSON], "{\"award\":7}");
    let mut wire = Wire::connect(&quoin.http());
    // Pipelined: all are sent before any answer is read, and answers keep the order.
    wire.send(&[&good[..], &bad, &good, &bad, &good].concat());
    for status in [200, 400, 200, 400, 200] {
        assert_eq!(wire.answer().unwrap().status, status);
    }
    // Byte by byte.
    for byte in &good {
        wire.send(&[*byte]);
    }
    assert_eq!(wire.answer().unwrap().json()["total"], "232.30");
    let last = request("GET", "/health/live", &[("connection", "close")], "");
    wire.send(&last);
    assert_eq!(wire.answer().unwrap().status, 200);
    assert!(wire.is_closed());
}
