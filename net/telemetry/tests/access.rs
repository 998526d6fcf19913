//! The access log, as a machine reads it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use telemetry::{ACCESS_TARGET, Access, Finished, Options, Telemetry};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics with it").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn every_request_that_is_asked_for_is_one_line() {
    let lines = Lines::default();
    let writer = lines.clone();
    let layer = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(move || writer.clone());
    let targets = Targets::new().with_target(ACCESS_TARGET, LevelFilter::INFO);
    tracing_subscriber::registry().with(targets).with(layer).init();

    let options = Options { cores: 2, access: Access::Errors, export: None, shapes: None };
    let telemetry = Telemetry::start(&options).unwrap();
    let recorder = telemetry.recorder(1);
    let caller = &b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"[..];
    let mut finished = Finished {
        trace: recorder.begin([caller]),
        operation: "rates.quote",
        method: "POST",
        door: "https",
        tenant: Some(7),
        status: 200,
        took: Duration::from_micros(120),
        position: 9,
        request_bytes: 222,
        reply_bytes: 418,
        peer: Some("[::1]:5555".parse().unwrap()),
    };
    recorder.finish(&finished, []);
    finished.status = 403;
    recorder.finish(&finished, []);
    let other = Finished { trace: recorder.begin([]), tenant: None, peer: None, ..finished };
    recorder.finish(&other, []);
    assert!(telemetry.stop(Duration::from_mins(1)));

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let found: Vec<Value> = text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let [line, other] = &found[..] else { panic!("two lines: {text}") };
    for (name, expected) in [
        ("target", Value::from("access")),
        ("message", "answered".into()),
        ("correlation", "4bf92f3577b34da6a3ce929d0e0e4736".into()),
        ("operation", "rates.quote".into()),
        ("method", "POST".into()),
        ("door", "https".into()),
        ("core", 1.into()),
        ("tenant", 7.into()),
        ("status", 403.into()),
        ("took_us", 120.into()),
        ("position", 9.into()),
        ("peer", "[::1]:5555".into()),
    ] {
        assert_eq!(line[name], expected, "{name}");
    }
    let correlation = other["correlation"].as_str().unwrap();
    assert!(correlation.len() == 32 && correlation != "0".repeat(32));
    for absent in ["tenant", "peer"] {
        assert!(other.get(absent).is_none(), "{absent}");
    }
}
