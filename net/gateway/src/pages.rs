//! The pages that are no operation.

use std::fmt::Write;

use bytes::Bytes;
use contract::Method;
use http::{HeaderValue, StatusCode};
use wire::Status;
use xxhash_rust::xxh3::xxh3_64;

use crate::answer::wrong_method;
use crate::gate::Gate;
use crate::head::Head;
use crate::rejection::Rejection;
use crate::response::{Answered, Refused};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Reads `/openapi.json` and shows it; asks nobody else for anything.
const DOCS: &str = include_str!("pages/docs.html");

/// All of them.
const PAGES: [&str; 9] = [
    DESCRIPTION_PATH,
    "/docs",
    "/docs/",
    METRICS_PATH,
    JWKS_PATH,
    "/healthz",
    "/readyz",
    "/health/live",
    "/health/ready",
];

/// The page at a path, as traces and logs name it.
pub(crate) fn name(path: &str) -> Option<&'static str> {
    PAGES.into_iter().find(|it| *it == path)
}

/// The page at the request's path, if there is one.
pub(crate) fn find(gate: &Gate, head: &Head<'_>) -> Result<Option<Answered>, Refused> {
    let (media, body, packed) = match head.path {
        DESCRIPTION_PATH => {
            let (body, packed) = gate.description();
            (JSON, body, Some(packed))
        }
        "/docs" | "/docs/" => (HTML, Bytes::from_static(DOCS.as_bytes()), None),
        METRICS_PATH => (OPEN_METRICS, metrics(gate), None),
        "/healthz" | "/readyz" | "/health/live" | "/health/ready" => {
            (JSON, health(gate, head.path)?, None)
        }
        _ => return Ok(None),
    };
    if !head.is_read() {
        return Err(wrong_method(head, &[Method::Get]));
    }
    let position = gate.core().durable().0;
    let (status, allow) = (StatusCode::OK, None);
    let lasts = matches!(head.path, DESCRIPTION_PATH | "/docs" | "/docs/");
    let hash = lasts.then(|| xxh3_64(&body));
    Ok(Some(Answered { status, position, media, body, packed, allow, hash }))
}

/// The `OpenAPI` document.
const DESCRIPTION_PATH: &str = "/openapi.json";

/// The counters.
pub(crate) const METRICS_PATH: &str = "/metrics";
/// The public keys of the box's own tokens.
pub(crate) const JWKS_PATH: &str = "/.well-known/jwks.json";

/// The page there.
pub(crate) fn jwks(gate: &Gate, document: String) -> Answered {
    let hash = Some(xxh3_64(document.as_bytes()));
    Answered {
        status: StatusCode::OK,
        position: gate.core().durable().0,
        media: HeaderValue::from_static("application/jwk-set+json"),
        body: Bytes::from(document),
        packed: None,
        allow: None,
        hash,
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
    text.push_str("# TYPE quoin_core_lag_seconds gauge\n# UNIT quoin_core_lag_seconds seconds\n");
    text.push_str("# HELP quoin_core_lag_seconds How long a core last took to come around to what had arrived.\n");
    for (core, lag_us) in gate.core().lags_us().enumerate() {
        let (whole, rest) = (lag_us / 1_000_000, lag_us % 1_000_000);
        writeln!(text, "quoin_core_lag_seconds{{core=\"{core}\"}} {whole}.{rest:06}")
            .expect("writing into memory cannot fail");
    }
    gate.recorder.write_metrics(&mut text);
    text.push_str("# EOF\n");
    Bytes::from(text)
}
