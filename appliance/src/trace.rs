//! Where the process writes what it does: standard error, so that standard output stays for answers.

use std::io::{self, IsTerminal};

use config::{Format, Level, Trace};
use tracing_subscriber::filter::LevelFilter;

/// Begins to write. Call it once, before anything that logs.
pub(crate) fn begin(trace: Trace) {
    let level = match trace.level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    match trace.format {
        Format::Text => lines.init(),
        Format::Json => lines.json().flatten_event(true).init(),
    }
}
