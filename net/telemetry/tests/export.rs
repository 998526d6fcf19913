//! Spans on their way to a collector that is well, unwilling, slow or away.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;
use telemetry::{Access, Export, Finished, Options, Pace, Recorder, Resource, Telemetry, Terms};

const CALLER: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const LONG: Duration = Duration::from_mins(1);
const TAKEN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// A collector as far as this test goes: it answers as it was told to, then with "taken".
struct Collector {
    endpoint: String,
    requests: Receiver<(String, Value)>,
}

type Answers = Arc<Mutex<VecDeque<&'static str>>>;

impl Collector {
    fn start(answers: &[&'static str], tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect()));
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answers, sender, tls) = (Arc::clone(&answers), sender.clone(), tls.clone());
                thread::spawn(move || match tls {
                    None => serve(stream, &answers, &sender),
                    Some(config) => {
                        let session = rustls::ServerConnection::new(config).expect("a session");
                        serve(rustls::StreamOwned::new(session, stream), &answers, &sender)
                    }
                });
            }
        });
        Self { endpoint: format!("{scheme}://localhost:{port}"), requests }
    }

    /// The next request's head, in lower case, and its body.
    fn next(&self) -> (String, Value) {
        self.requests.recv_timeout(LONG).expect("a request comes")
    }
}

/// `None` at the end of the connection, however it ends: the other side sees the same.
fn serve<S: Read + Write>(
    stream: S,
    answers: &Answers,
    requests: &Sender<(String, Value)>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let head = head.to_lowercase();
        let length = head.lines().find_map(|it| it.strip_prefix("content-length: "))?;
        let mut body = vec![0; length.parse().ok()?];
        stream.read_exact(&mut body).ok()?;
        requests.send((head, serde_json::from_slice(&body).expect("the body is JSON"))).ok()?;
        let answer = answers.lock().expect("nobody panics with it").pop_front().unwrap_or(TAKEN);
        if answer.is_empty() {
            // Never: until the other side hangs up.
            stream.read_line(&mut String::new()).ok()?;
            return None;
        }
        stream.get_mut().write_all(answer.as_bytes()).ok()?;
        stream.get_mut().flush().ok()?;
    }
}

fn export(endpoint: &str) -> Export {
    Export {
        collector: Terms {
            endpoint: endpoint.to_owned(),
            headers: vec![("Authorization".to_owned(), "Bearer 7".to_owned())],
            authorities: Vec::new(),
            timeout: LONG,
        },
        resource: Resource {
            version: "1.2.3".to_owned(),
            instance: "one".to_owned(),
            host: Some("box.example".to_owned()),
        },
        sample_per_million: 1_000_000,
        pace: Pace {
            batch_wait: Duration::ZERO,
            backoff_first: Duration::from_millis(1),
            backoff_max: Duration::from_millis(2),
            ..Pace::default()
        },
    }
}

fn start(export: Export) -> (Telemetry, Recorder) {
    let options = Options { cores: 1, access: Access::Off, export: Some(export), shapes: None };
    let telemetry = Telemetry::start(&options).expect("it starts");
    let recorder = telemetry.recorder(0);
    (telemetry, recorder)
}

fn record(recorder: &Recorder, position: u64) {
    let finished = Finished {
        trace: recorder.begin([CALLER]),
        operation: "rates.quote",
        method: "POST",
        door: "http3",
        tenant: Some(7),
        status: 200,
        took: Duration::from_micros(120),
        position,
        request_bytes: 0,
        reply_bytes: 0,
        peer: Some("127.0.0.1:5555".parse().expect("an address")),
    };
    recorder.finish(&finished, [&b"congo=t61"[..]]);
}

fn spans(body: &Value) -> &[Value] {
    body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans")
}

/// Exported, dropped and failed.
fn outcomes(recorder: &Recorder) -> [u64; 3] {
    let mut text = String::new();
    recorder.write_metrics(&mut text);
    ["exported", "dropped", "failed"].map(|outcome| {
        let series = format!("quoin_spans_total{{outcome=\"{outcome}\"}} ");
        let value = text.lines().find_map(|it| it.strip_prefix(&series));
        value.expect("every outcome is told").parse().expect("a number")
    })
}

#[test]
fn a_span_arrives_whole() {
    let collector = Collector::start(&[], None);
    let (telemetry, recorder) = start(export(&collector.endpoint));
    record(&recorder, 42);
    let (head, body) = collector.next();
    for line in [
        "post /v1/traces http/1.1",
        "authorization: bearer 7",
        "content-type: application/json",
        "user-agent: quoin/1.2.3",
    ] {
        assert!(head.lines().any(|it| it == line), "{line}\n{head}");
    }
    let [span] = spans(&body) else { panic!("one span: {body}") };
    assert_eq!(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(span["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!(span["traceState"], "congo=t61");
    let id = span["spanId"].as_str().unwrap();
    assert!(id.len() == 16 && id != "00f067aa0ba902b7" && u64::from_str_radix(id, 16).is_ok());
    let time = |name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!(time("endTimeUnixNano") - time("startTimeUnixNano"), 120_000);
    let resource = body["resourceSpans"][0]["resource"]["attributes"].to_string();
    for word in ["service.name", "\"quoin\"", "1.2.3", "\"one\"", "box.example"] {
        assert!(resource.contains(word), "{word} {resource}");
    }
    assert!(telemetry.stop(LONG));
    assert_eq!(outcomes(&recorder), [1, 0, 0]);
}

#[test]
fn what_is_refused_for_now_is_sent_again() {
    let again = [
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    ];
    let collector = Collector::start(&again, None);
    let (telemetry, recorder) = start(export(&collector.endpoint));
    record(&recorder, 1);
    let (_, first) = collector.next();
    for _ in again {
        assert_eq!(collector.next().1, first);
    }
    assert!(telemetry.stop(LONG));
    assert_eq!(outcomes(&recorder), [1, 0, 0]);
}

#[test]
fn what_is_refused_for_good_is_counted_and_the_rest_goes_on() {
    let answers = [
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n{\"partialSuccess\":{\"rejectedSpans\":\"1\"}} ",
    ];
    let collector = Collector::start(&answers, None);
    let (telemetry, recorder) = start(export(&collector.endpoint));
    for number in 0..4 {
        record(&recorder, number);
        collector.next();
    }
    assert!(telemetry.stop(LONG));
    assert_eq!(outcomes(&recorder), [1, 0, 3]);
}

#[test]
fn a_collector_that_is_away_costs_spans_and_no_memory() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut export = export(&format!("http://{nobody}"));
    export.pace = Pace { batch_spans: 10, waiting_spans: 50, ..export.pace };
    let (telemetry, recorder) = start(export);
    for number in 0..5000 {
        record(&recorder, number);
    }
    telemetry.stop(Duration::from_secs(1));
    // What the drain was given is either in the batch in hand or was dropped, the oldest first.
    let mut text = String::new();
    recorder.write_metrics(&mut text);
    assert!(text.contains("quoin_spans_waiting 0"), "{text}");
    assert!(text.contains("quoin_telemetry_queue_drops_total{core=\"0\"} 0"), "{text}");
    assert_eq!(outcomes(&recorder), [0, 5000, 0]);
}

#[test]
fn a_batch_that_is_never_taken_is_given_up() {
    const AWAY: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    const LATE: &str =
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n";
    let collector = Collector::start(&[AWAY, LATE], None);
    let (telemetry, recorder) = start(export(&collector.endpoint));
    record(&recorder, 1);
    collector.next();
    collector.next();
    // An hour is longer than a batch is kept.
    record(&recorder, 2);
    assert_eq!(spans(&collector.next().1).len(), 1);
    assert!(telemetry.stop(LONG));
    assert_eq!(outcomes(&recorder), [1, 1, 0]);
}

#[test]
fn a_stop_sends_what_is_left() {
    let collector = Collector::start(&[], None);
    let mut export = export(&collector.endpoint);
    export.pace = Pace { batch_spans: 4, batch_wait: LONG, ..export.pace };
    let (telemetry, recorder) = start(export);
    for number in 0..10 {
        record(&recorder, number);
    }
    assert!(telemetry.stop(LONG));
    let sizes = [(); 3].map(|()| spans(&collector.next().1).len());
    assert_eq!(sizes, [4, 4, 2]);
    assert_eq!(outcomes(&recorder), [10, 0, 0]);
    assert!(!telemetry.recorder(0).is_on(), "there is one recorder for a core");
}

#[test]
fn a_stop_waits_no_longer_than_it_may() {
    const LIMIT: Duration = Duration::from_millis(100);
    // One that hangs already when the box stops, and one that would hang after that.
    for batch_wait in [Duration::ZERO, LONG] {
        let collector = Collector::start(&[""], None);
        let mut export = export(&collector.endpoint);
        export.pace = Pace { batch_wait, ..export.pace };
        let (telemetry, recorder) = start(export);
        record(&recorder, 1);
        if batch_wait.is_zero() {
            collector.next();
        }
        let began = Instant::now();
        telemetry.stop(LIMIT);
        assert!(began.elapsed() < LONG / 2);
        assert_eq!(outcomes(&recorder)[0], 0);
    }
}

#[test]
fn a_collector_behind_tls_is_trusted_by_its_authority_only() {
    let ours = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| -> Vec<PathBuf> {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        vec![directory.path().join("absent.pem"), path]
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(ours.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![ours.cert.der().clone()], key)
        .unwrap();
    let collector = Collector::start(&[], Some(Arc::new(config)));
    for (authorities, limit, expected) in [
        (file("ours.pem", ours.cert.pem()), LONG, [1, 0, 0]),
        (file("other.pem", other.cert.pem()), Duration::from_secs(1), [0, 1, 0]),
    ] {
        let mut export = export(&collector.endpoint);
        export.collector.authorities = authorities;
        let (telemetry, recorder) = start(export);
        record(&recorder, 1);
        telemetry.stop(limit);
        assert_eq!(outcomes(&recorder), expected);
    }
    assert_eq!(spans(&collector.next().1).len(), 1);
    assert!(collector.requests.try_recv().is_err(), "nothing was said to a stranger");
}
