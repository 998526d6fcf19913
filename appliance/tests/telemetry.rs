//! The real binary with a collector of spans: one request, found again in its answer, in the span and
//! in the access log.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const LIMIT: Duration = Duration::from_mins(1);

/// Killed if the test fails before it stops it.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads one request's head and body, which is JSON.
fn request(stream: &mut BufReader<TcpStream>) -> (String, Value) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).expect("it is readable"), 0, "{head}");
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
    let length: usize = length.expect("a length").parse().expect("a number");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("the whole body");
    (head, serde_json::from_slice(&body).expect("JSON"))
}

#[test]
fn a_request_is_found_by_its_trace() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        let mut stream = BufReader::new(collector.accept().expect("the box connects").0);
        sender.send(request(&mut stream)).expect("the test waits");
        let taken = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        stream.get_mut().write_all(taken).expect("the box reads");
    });

    let directory = tempfile::tempdir().unwrap();
    let headers = directory.path().join("headers");
    std::fs::write(&headers, "# a test\nx-scope: seven\n").unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_quoin"))
        .args(["serve", "--json", "--trace-format=json", "--trace-level=warn"])
        .args(["--http=127.0.0.1:0", "--rpc=127.0.0.1:0", "--https=", "--cores=1", "--pin=false"])
        .arg("--data")
        .arg(directory.path().join("data"))
        .env("QUOIN_TELEMETRY__OTLP_ENDPOINT", endpoint)
        .env("QUOIN_TELEMETRY__OTLP_HEADERS_FILE", headers)
        .env("QUOIN_TELEMETRY__SAMPLE_PER_MILLION", "0")
        .env("QUOIN_TRACE__ACCESS", "all")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map(Server)
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();

    let mut stream = TcpStream::connect(ready["http"].as_str().unwrap()).unwrap();
    write!(
        stream,
        "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntraceparent: 00-{TRACE}-{CALLER}-01\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let traced = answer.lines().find_map(|it| it.strip_prefix("traceparent: ")).expect("a trace");
    let own = traced.strip_prefix(&format!("00-{TRACE}-")).expect("the caller's trace");
    let own = own.strip_suffix("-01").expect("it is sampled");
    assert_ne!(own, CALLER);

    let pid = Pid::from_raw(i32::try_from(server.0.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let mut log = String::new();
    server.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(server.0.wait().unwrap().success(), "{log}");

    let (head, body) = requests.recv_timeout(LIMIT).unwrap();
    assert!(
        head.starts_with("post /v1/traces ") && head.contains("\r\nx-scope: seven\r\n"),
        "{head}"
    );
    let span = &body["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    for (name, expected) in [("traceId", TRACE), ("spanId", own), ("parentSpanId", CALLER)] {
        assert_eq!(span[name], expected, "{body}");
    }
    let lines = log.lines().map(|it| serde_json::from_str::<Value>(it).expect("a JSON line"));
    let told: Vec<_> = lines.filter(|it| it["target"] == "access").collect();
    assert_eq!(told.len(), 1, "{log}");
    assert_eq!((&told[0]["correlation"], &told[0]["span"]), (&TRACE.into(), &own.into()));
}
