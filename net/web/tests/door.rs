//! A whole box behind the JSON door, asked with plain text over a socket.

#![allow(
    missing_docs,
    unreachable_pub,
    unnameable_types,
    dead_code,
    missing_debug_implementations,
    reason = "a test's domain is documented by its test"
)]

#[path = "../../gateway/tests/support/shelf.rs"]
mod shelf;

#[path = "door/conditions.rs"]
mod conditions;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use gateway::{Front, Gate, Origins, Terms, TokenTerms};
use runtime::{DeviceChoice, Doors, Running, start};
use serde_json::Value;
use tempfile::TempDir;

struct TestBox {
    address: SocketAddr,
    running: Option<Running>,
    _data: TempDir,
}

impl TestBox {
    fn open(body_bytes_max: usize) -> Self {
        let data = TempDir::new().expect("a temporary directory");
        let loopback = "127.0.0.1:0".parse().expect("an address");
        let door =
            Arc::new(web::Door::bind(loopback, 1, web::Options::default()).expect("a free port"));
        let address = door.address();
        let origins = Origins::of(vec!["https://app.example".to_owned()]);
        let terms = Terms {
            body_bytes_max,
            origins,
            version: "1.2.3".to_owned(),
            tokens: TokenTerms::default(),
        };
        let front = Front::new(terms, shelf::ENTRIES, 1);
        let doors: Doors = Arc::new(move |core| {
            door.serve(&Rc::new(Gate::new(&front, &core))).map_err(|it| it.to_string())
        });
        let mut options = runtime::Options::new(data.path().to_owned());
        options.log.device = DeviceChoice::Plain;
        options.log.segment_bytes = 16 << 20;
        let running = start(&options, shelf::ENTRIES, &doors, &mut |_| {}).expect("it starts");
        Self { address, running: Some(running), _data: data }
    }

    fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().expect("a clean stop");
        }
    }
}

impl Drop for TestBox {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

/// One keep-alive connection.
struct Browser(BufReader<TcpStream>);

#[derive(Debug)]
struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    raw: Vec<u8>,
}

impl Response {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|it| it.0 == name).map(|it| &*it.1)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a json body")
    }

    fn position(&self) -> u64 {
        let position = self.header("x-log-position").expect("every answer has it");
        position.parse().expect("a number")
    }
}

impl Browser {
    fn open(quoin: &TestBox) -> Self {
        let stream = TcpStream::connect(quoin.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket option");
        Self(BufReader::new(stream))
    }

    fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).expect("it reads");
    }

    /// Asks with a JSON body, or with none when it is empty.
    fn ask(&mut self, line: &str, headers: &str, body: &str) -> Response {
        let media = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
        let length = body.len();
        self.send(&format!(
            "{line} HTTP/1.1\r\nhost: box\r\n{media}{headers}content-length: {length}\r\n\r\n{body}"
        ));
        self.response().expect("an answer")
    }

    fn response(&mut self) -> Option<Response> {
        let mut line = String::new();
        if self.0.read_line(&mut line).expect("no reset, no time limit") == 0 {
            return None;
        }
        let status = line.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status line");
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("headers");
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let mut response = Response { status, headers, body: String::new(), raw: Vec::new() };
        let length =
            response.header("content-length").map_or(0, |it| it.parse().expect("a length"));
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("the body");
        response.body = String::from_utf8_lossy(&body).into_owned();
        response.raw = body;
        Some(response)
    }
}

const ITEM: &str = "/v1/shelf/items/7";
const TEA: &str = r#"{"label":"tea","count":2}"#;

#[test]
fn an_item_is_put_found_and_removed() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    let put = browser.ask(&format!("PUT {ITEM}"), "", TEA);
    assert_eq!((put.status, &put.body[..]), (200, r#"{"id":7}"#));
    assert_eq!(put.header("content-type"), Some("application/json"));
    let position = put.position();
    assert!(0 < position);

    let at_least = format!("x-log-position-at-least: {position}\r\n");
    let found = browser.ask(&format!("GET {ITEM}"), &at_least, "");
    assert_eq!((found.status, &found.body[..]), (200, r#"{"id":7,"label":"tea","count":2}"#));
    assert!(position <= found.position());

    assert_eq!(browser.ask(&format!("DELETE {ITEM}"), "", "").status, 200);
    assert_eq!(browser.ask(&format!("GET {ITEM}"), "", "").status, 404);
}

#[test]
fn a_query_string_is_a_request() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    let said = browser.ask("GET /v1/shelf/echo?text=a%20b&times=2&loud=true", "", "");
    assert_eq!((said.status, &said.body[..]), (200, r#"{"text":"A BA B"}"#));
}

#[test]
fn what_is_wrong_is_named() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    let put = format!("PUT {ITEM}");
    for (line, headers, body, status, kind, field) in [
        (&put[..], "", r#"{"label":"","count":2}"#, 422, "refusal:shelf:LabelEmpty", "label"),
        ("GET /v1/shelf/items/8", "", "", 404, "refusal:shelf:ItemUnknown", ""),
        (&put, "", r#"{"label":"x","count":"two"}"#, 400, "problem:malformed-request", "count"),
        (&put, "", r#"{"label":"x","count":1,"x":1}"#, 400, "problem:malformed-request", "x"),
        (&put, "", r#"{"label":"x"}"#, 400, "problem:malformed-request", "count"),
        (&put, "", r#"{"label":"#, 400, "problem:malformed-request", "label"),
        (&put, "idempotency-key: \"\r\n", TEA, 400, "problem:malformed-request", "Idempotency-Key"),
        ("GET /v1/shelf/items/x", "", "", 400, "problem:malformed-request", "id"),
        ("GET /nowhere", "", "", 404, "problem:unknown-operation", ""),
        ("PATCH /v1/shelf/items/7", "", "", 405, "problem:unknown-operation", ""),
        ("POST /health/live", "", "", 405, "problem:unknown-operation", ""),
        (
            "GET /v1/shelf/items/7",
            "x-log-position-at-least: 999999\r\n",
            "",
            412,
            "problem:log-position-not-reached",
            "",
        ),
        ("POST /v1/shelf/fail", "", r#"{"why":"a test"}"#, 500, "problem:internal-fault", ""),
    ] {
        let response = browser.ask(line, headers, body);
        let problem = response.json();
        assert_eq!(response.status, status, "{line}: {problem}");
        assert_eq!(response.header("content-type"), Some("application/problem+json"));
        assert_eq!(problem["type"], format!("urn:quoin:{kind}"), "{problem}");
        assert_eq!(problem["field"].as_str().unwrap_or(""), field, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(response.header("allow").is_some(), status == 405);
        assert_eq!(response.header("retry-after").is_some(), status == 412);
        assert_eq!(problem["instance"].is_string(), status == 500);
        response.position();
    }
}

#[test]
fn a_body_must_be_json_and_within_its_limit() {
    let quoin = TestBox::open(64);
    let mut browser = Browser::open(&quoin);
    let plain = format!("PUT {ITEM} HTTP/1.1\r\nhost: box\r\ncontent-length: {}\r\n", TEA.len());
    browser.send(&format!("{plain}content-type: text/plain\r\n\r\n{TEA}"));
    assert_eq!(browser.response().map(|it| it.status), Some(415));

    let long = format!(r#"{{"label":"{}","count":2}}"#, "x".repeat(64));
    assert_eq!(Browser::open(&quoin).ask(&format!("PUT {ITEM}"), "", &long).status, 413);

    let mut browser = Browser::open(&quoin);
    let head = "content-type: application/json\r\ntransfer-encoding: chunked\r\n";
    browser.send(&format!("PUT {ITEM} HTTP/1.1\r\nhost: box\r\n{head}\r\n"));
    browser.send(&format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len()));
    assert_eq!(browser.response().map(|it| it.status), Some(413));

    let mut browser = Browser::open(&quoin);
    browser.send(&format!("PUT {ITEM} HTTP/1.1\r\nhost: box\r\n{head}\r\n"));
    browser.send(&format!("{:x}\r\n{TEA}\r\n0\r\n\r\n", TEA.len()));
    assert_eq!(browser.response().map(|it| it.status), Some(200));
}

#[test]
fn an_idempotency_key_repeats_the_answer_and_refuses_another_question() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    let (put, key) = (format!("PUT {ITEM}"), "idempotency-key: \"k-1\"\r\n");
    let first = browser.ask(&put, key, TEA);
    assert_eq!(browser.ask(&format!("DELETE {ITEM}"), "", "").status, 200);
    let again = browser.ask(&put, key, TEA);
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(browser.ask(&format!("GET {ITEM}"), "", "").status, 404);
    let other = browser.ask(&put, key, r#"{"label":"salt","count":2}"#);
    assert_eq!(other.status, 422);
    assert_eq!(
        other.json()["type"],
        "urn:quoin:problem:idempotency-key-reused-with-another-payload"
    );
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    let ask = |it: u32| {
        format!("GET /v1/shelf/echo?text={it}&times=1&loud=false HTTP/1.1\r\nhost: box\r\n\r\n")
    };
    browser.send(&(0..50).map(ask).collect::<String>());
    for it in 0..50 {
        let response = browser.response().expect("an answer");
        assert_eq!(response.body, format!(r#"{{"text":"{it}"}}"#));
    }
}

#[test]
fn garbage_is_answered_and_closed_and_the_box_lives() {
    let quoin = TestBox::open(1 << 20);
    for garbage in ["\u{1}\u{2}\u{3}\r\n\r\n", "GET\r\n\r\n", "QUOIN\0\u{13}\0\u{1}\0\u{1}\0\r\n"] {
        let mut browser = Browser::open(&quoin);
        browser.send(garbage);
        assert_eq!(browser.response().map(|it| it.status), Some(400), "{garbage:?}");
        assert!(browser.response().is_none());
    }
    assert_eq!(Browser::open(&quoin).ask("GET /health/live", "", "").status, 200);
}

#[test]
fn the_description_and_the_health_are_served() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    let description = browser.ask("GET /openapi.json", "", "").json();
    assert_eq!(description["info"]["version"], "1.2.3");
    assert_eq!(description["paths"][ITEM.replace('7', "{id}")]["get"]["operationId"], "shelf.find");
    assert_eq!(browser.ask("GET /health/ready", "", "").body, r#"{"status":"ok"}"#);
}

#[test]
fn a_box_that_stops_closes_idle_connections() {
    let mut quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    assert_eq!(browser.ask(&format!("PUT {ITEM}"), "", TEA).status, 200);
    quoin.stop();
    assert!(browser.response().is_none());
}

#[test]
fn only_loopback_is_served() {
    let address = "0.0.0.0:0".parse().unwrap();
    let error = web::Door::bind(address, 1, web::Options::default()).unwrap_err();
    assert!(error.to_string().contains("listen on 127.0.0.1"), "{error}");
}

#[test]
fn head_options_and_tags_follow_the_method() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    assert_eq!(browser.ask(&format!("PUT {ITEM}"), "", TEA).status, 200);
    let found = browser.ask(&format!("GET {ITEM}"), "", "");
    let tag = found.header("etag").expect("a read has a tag").to_owned();
    let same = format!("if-none-match: \"x\", W/{tag}\r\n");
    let unchanged = browser.ask(&format!("GET {ITEM}"), &same, "");
    assert_eq!((unchanged.status, &unchanged.body[..]), (304, ""));
    assert_eq!(unchanged.header("etag"), Some(&tag[..]));
    assert_eq!(browser.ask(&format!("PUT {ITEM}"), "", TEA.replace('2', "3").as_str()).status, 200);
    assert_eq!(browser.ask(&format!("GET {ITEM}"), &same, "").status, 200);

    // No body follows the answer to HEAD: the next answer is read from where it would be.
    browser.send(&format!(
        "HEAD {ITEM} HTTP/1.1\r\nhost: box\r\n\r\nGET /health/live HTTP/1.1\r\nhost: box\r\n\r\n"
    ));
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        browser.0.read_line(&mut line).expect("headers");
    }
    assert_eq!(browser.response().expect("an answer").body, r#"{"status":"ok"}"#);

    let options = browser.ask(&format!("OPTIONS {ITEM}"), "", "");
    assert_eq!(options.status, 204);
    assert_eq!(options.header("allow"), Some("GET, HEAD, PUT, DELETE, OPTIONS"));
    assert_eq!(browser.ask("OPTIONS /v1/nothing", "", "").status, 404);
    let patch = browser.ask(&format!("PATCH {ITEM}"), "", "");
    assert_eq!(
        (patch.status, patch.header("allow")),
        (405, Some("GET, HEAD, PUT, DELETE, OPTIONS"))
    );
}

#[test]
fn a_page_of_an_allowed_origin_may_call() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    let preflight =
        |origin: &str| format!("origin: {origin}\r\naccess-control-request-method: PUT\r\n");
    let asked = browser.ask(&format!("OPTIONS {ITEM}"), &preflight("https://app.example"), "");
    assert_eq!(asked.header("access-control-allow-origin"), Some("https://app.example"));
    assert!(asked.header("access-control-allow-methods").is_some_and(|it| it.contains("PUT")));
    assert!(
        asked
            .header("access-control-allow-headers")
            .is_some_and(|it| it.contains("idempotency-key"))
    );
    let other = browser.ask(&format!("OPTIONS {ITEM}"), &preflight("https://evil.example"), "");
    assert_eq!(other.header("access-control-allow-origin"), None);
    assert_eq!(other.header("access-control-allow-methods"), None);
    assert_eq!(other.header("vary"), Some("origin"));
}

#[test]
fn the_counters_tell_what_happened() {
    let quoin = TestBox::open(1 << 20);
    let mut browser = Browser::open(&quoin);
    assert_eq!(browser.ask(&format!("PUT {ITEM}"), "", TEA).status, 200);
    assert_eq!(browser.ask("GET /v1/shelf/items/8", "", "").status, 404);
    assert_eq!(browser.ask("GET /nothing", "", "").status, 404);
    let metrics = browser.ask("GET /metrics", "", "");
    assert!(
        metrics
            .header("content-type")
            .is_some_and(|it| it.starts_with("application/openmetrics-text"))
    );
    for line in [
        r#"quoin_requests_total{operation="shelf.put",outcome="ok"} 1"#,
        r#"quoin_requests_total{operation="shelf.find",outcome="refused"} 1"#,
        r#"quoin_requests_total{operation="none",outcome="refused"} 1"#,
        r#"quoin_door_requests_total{door="http",core="0"} 3"#,
        r#"quoin_connections{door="http",core="0"} 1"#,
        "quoin_log_starved 0",
    ] {
        assert!(metrics.body.lines().any(|it| it == line), "{line}\n{}", metrics.body);
    }
    assert!(metrics.body.ends_with("# EOF\n"));
    let docs = browser.ask("GET /docs", "", "");
    assert_eq!(docs.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(!docs.body.contains("http://") && !docs.body.contains("https://"), "asks nobody else");
}
