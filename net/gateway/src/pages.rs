//! The pages that are no operation.

use std::fmt::Write;

use bytes::Bytes;
use contract::Method;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use wire::Status;

use crate::answer::{Answered, Refused, wrong_method};
use crate::gate::Gate;
use crate::rejection::Rejection;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Reads `/openapi.json` and shows it; asks nobody else for anything.
const DOCS: &str = include_str!("pages/docs.html");

/// The page at the request's path, if there is one.
pub(crate) fn find(gate: &Gate, head: &Parts) -> Result<Option<Answered>, Refused> {
    let (media, body) = match head.uri.path() {
        "/openapi.json" => (JSON, gate.description()),
        "/docs" | "/docs/" => (HTML, Bytes::from_static(DOCS.as_bytes())),
        METRICS_PATH => (OPEN_METRICS, metrics(gate)),
        "/healthz" | "/readyz" | "/health/live" | "/health/ready" => {
            (JSON, health(gate, head.uri.path())?)
        }
        _ => return Ok(None),
    };
    if head.method != http::Method::GET && head.method != http::Method::HEAD {
        return Err(wrong_method(head, &[Method::Get]));
    }
    let position = gate.core().durable().0;
    let (status, allow) = (StatusCode::OK, None);
    let tagged = matches!(head.uri.path(), "/openapi.json" | "/docs" | "/docs/");
    Ok(Some(Answered { status, position, media, body, allow, tagged }))
}

/// The counters.
pub(crate) const METRICS_PATH: &str = "/metrics";
/// The public keys of the box's own tokens.
pub(crate) const JWKS_PATH: &str = "/.well-known/jwks.json";

/// The page there.
pub(crate) fn jwks(gate: &Gate, document: String) -> Answered {
    Answered {
        status: StatusCode::OK,
        position: gate.core().durable().0,
        media: HeaderValue::from_static("application/jwk-set+json"),
        body: Bytes::from(document),
        allow: None,
        tagged: true,
    }
}

/// Alive is whoever answers; ready is who would also take a command.
fn health(gate: &Gate, path: &str) -> Result<Bytes, Rejection> {
    let asks_ready = matches!(path, "/readyz" | "/health/ready");
    if asks_ready && gate.core().is_stopping() {
        return Err(Rejection::new(Status::ShuttingDown, "the box is stopping"));
    }
    if asks_ready && gate.core().stats().starved {
        return Err(Rejection::new(Status::OutOfSpace, "the log has no space left"));
    }
    Ok(Bytes::from_static(br#"{"status":"ok"}"#))
}

fn metrics(gate: &Gate) -> Bytes {
    let mut text = String::with_capacity(16 * 1024);
    gate.front.metrics.write(&mut text);
    let stats = gate.core().stats();
    for (name, kind, help, value) in [
        (
            "quoin_log_durable_position",
            "gauge",
            "The last frame that survives any crash.",
            stats.position.lsn.0,
        ),
        (
            "quoin_log_epoch",
            "gauge",
            "How often the log was begun.",
            u64::from(stats.position.epoch),
        ),
        ("quoin_log_written_bytes", "counter", "Bytes of log since the start.", stats.log_bytes),
        (
            "quoin_log_starved",
            "gauge",
            "1 when the disk has no room for the log.",
            u64::from(stats.starved),
        ),
        (
            "quoin_overlay_bytes",
            "gauge",
            "Changes in memory that wait for a checkpoint.",
            u64::try_from(stats.overlay_bytes).unwrap_or(u64::MAX),
        ),
    ] {
        let total = if kind == "counter" { "_total" } else { "" };
        write!(text, "# TYPE {name} {kind}\n# HELP {name} {help}\n{name}{total} {value}\n")
            .expect("writing into memory cannot fail");
    }
    text.push_str("# EOF\n");
    Bytes::from(text)
}
