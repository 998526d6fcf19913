//! Where the process writes what it does: standard error, so that standard output stays for answers.

use std::io::{self, IsTerminal};

use ::telemetry::ACCESS_TARGET;
use config::{Format, Level, Trace};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Begins to write. Call it once, before anything that logs.
pub(crate) fn begin(trace: Trace) {
    let level = match trace.level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    // Whoever asks for an access log wants it whatever the level.
    let targets = Targets::new().with_default(level).with_target(ACCESS_TARGET, LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let registry = tracing_subscriber::registry().with(targets);
    match trace.format {
        Format::Text => registry.with(lines).init(),
        // The target tells the access log's lines from the others.
        Format::Json => {
            registry.with(lines.json().flatten_event(true).with_target(true)).init();
        }
    }
}
