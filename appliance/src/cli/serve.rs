//! `quoin serve`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use anyhow::{Context, Result};
use clap::Args;
use rustix::process::{Signal, set_parent_process_death_signal};
use serde_json::json;

use super::flags::Layers;
use crate::boot::{Booted, boot};
use crate::layout::{Found, look, prepare};
use crate::shutdown::{EXIT_FAILED, Ending, Shutdown};
use crate::telemetry::FLUSH;
use crate::trace;

/// Serve a data directory over HTTP and binary RPC
///
/// Replays the log, opens the doors, prints the addresses on standard output when every core serves, and runs until
/// SIGINT or SIGTERM: then connections finish what is under way, a last checkpoint is written, and the exit status
/// is 0. A second signal ends the process at once; nothing acknowledged is lost by that.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin serve --data /srv/quoin\n  \
    quoin serve --data DIR --http 127.0.0.1:8080 --rpc 127.0.0.1:9000 --cores 2\n  \
    quoin serve --data DIR --http 127.0.0.1:0 --rpc 127.0.0.1:0 --json    free ports, told as JSON\n  \
    quoin serve --data DIR --explain                   every setting with its origin, then exit\n\n\
    Exit status: 0 stopped by a signal, 1 does not start, 70 the log or a thread failed while serving.")]
pub(crate) struct Serve {
    /// Print every setting with the layer that it comes from, and exit
    #[arg(long)]
    explain: bool,
    /// Print the line that tells the addresses as JSON
    #[arg(long)]
    json: bool,
    /// Write that line, as JSON, to this file once every core serves
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Stop when whoever started it ends, however that ends: for a box that only serves a benchmark
    #[arg(long, hide = true)]
    with_parent: bool,
    #[command(flatten)]
    layers: Layers,
}

impl Serve {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let loaded = self.layers.load()?;
        if self.explain {
            io::stdout().write_all(config::explain_text(&loaded).as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        trace::begin(loaded.config.trace);
        let shutdown = Shutdown::listen().context("listening for signals")?;
        if self.with_parent {
            set_parent_process_death_signal(Some(Signal::TERM)).context("following the parent")?;
        }
        if look(&loaded.config.data)? == Found::Nothing {
            tracing::warn!(
                "the data directory is new and holds no reference packs: publish some, or load the embedded ones with \
                 `quoin init`"
            );
        }
        prepare(&loaded)?;
        let booted = boot(&loaded.config, Some(&shutdown))?;
        self.tell(&booted)?;
        Ok(finish(booted, &shutdown))
    }

    fn tell(&self, booted: &Booted) -> Result<()> {
        let line = ready(booted);
        if let Some(path) = &self.ready_file {
            write_whole(path, &line).with_context(|| format!("writing {}", path.display()))?;
        }
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{line}")?;
        } else {
            write!(out, "ready: http http://{}, rpc {}", booted.http, booted.rpc)?;
            if let Some(https) = booted.https {
                write!(out, ", https https://{https}")?;
            }
            if let Some(rpc) = booted.rpc_tls {
                write!(out, ", rpc over TLS {rpc}")?;
            }
            writeln!(out)?;
        }
        Ok(out.flush()?)
    }
}

fn ready(booted: &Booted) -> String {
    let position = booted.running.position();
    json!({
        "ready": true,
        "http": booted.http.to_string(),
        "rpc": booted.rpc.to_string(),
        "rpc_tls": booted.rpc_tls.map(|it| it.to_string()),
        "https": booted.https.map(|it| it.to_string()),
        "authority": booted.authority.as_ref().map(|it| it.display().to_string()),
        "pid": process::id(),
        "position": position.lsn.0,
        "epoch": position.epoch,
    })
    .to_string()
}

/// A reader of the file sees all of it or nothing.
fn write_whole(path: &Path, line: &str) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    fs::write(&unfinished, format!("{line}\n"))?;
    fs::rename(unfinished, path)
}

/// Serves until a signal or a failure, stops, and gives the exit status.
pub(crate) fn finish(booted: Booted, shutdown: &Shutdown) -> ExitCode {
    match shutdown.wait(&booted.running) {
        Ending::Failure(reason) => failed(&reason),
        Ending::Signal(signal) => {
            tracing::info!(signal, "stopping; a second signal stops at once");
            let Booted { running, telemetry, .. } = booted;
            match running.stop() {
                Ok(()) => {
                    if !telemetry.stop(FLUSH) {
                        tracing::warn!("the last spans did not reach the collector");
                    }
                    tracing::info!("stopped");
                    ExitCode::SUCCESS
                }
                Err(error) => failed(&error.to_string()),
            }
        }
    }
}

/// Ends the process without a checkpoint: what was acknowledged is on disk, and what is in memory
/// may not be trusted any more.
fn failed(reason: &str) -> ! {
    tracing::error!(reason, "stopping: nothing is acknowledged from here on");
    eprintln!("quoin: stopped: {reason}\nquoin: run `quoin check` before the next start");
    process::exit(i32::from(EXIT_FAILED));
}
