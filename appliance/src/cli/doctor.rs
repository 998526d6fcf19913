//! `quoin doctor`: what the machine lacks, and what to do about it.

mod disk;
mod finding;
mod kernel;
mod limits;
mod ring;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use self::finding::{Finding, Verdict};
use super::flags::Layers;

/// Say what this machine lacks, and what to do about it
///
/// Looks at kernel, `io_uring`, limits, cores, clock, memory and the disk under the data directory, which is measured with
/// real synced writes. Nothing is changed. A machine that without `io_uring` is served all the same, by
/// slower means.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin doctor\n  \
    quoin doctor --data /srv/quoin\n  \
    quoin doctor --json | jq '.findings[] | select(.verdict != \"ok\")'\n\n\
    Exit status: 0 nothing fails (warnings may be there), 1 something fails.")]
pub(crate) struct Doctor {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    layers: Layers,
}

impl Doctor {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let findings = self.findings();
        let worst = findings.iter().map(|it| it.verdict).max().unwrap_or(Verdict::Ok);
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{:#}", finding::json(&findings, worst))?;
        } else {
            write!(out, "{}", finding::text(&findings, worst))?;
        }
        Ok(if worst == Verdict::Fail { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn findings(&self) -> Vec<Finding> {
        let mut findings = vec![kernel::version(), kernel::clock()];
        findings.extend(ring::look());
        findings.extend([limits::memlock(), limits::open_files()]);
        match self.layers.load() {
            Ok(loaded) => {
                let config = &loaded.config;
                findings.push(limits::cores(config));
                findings.push(limits::memory(config));
                findings.extend(disk::look(&config.data, config.log.segment_bytes));
            }
            Err(error) => {
                findings.push(Finding::fail(
                    "configuration",
                    format!("{error:#}"),
                    "correct it; `quoin config --explain` shows every value with its origin",
                ));
                let here = self.layers.data.as_deref().unwrap_or_else(|| Path::new("."));
                findings.extend(disk::look(here, 64 << 20));
            }
        }
        findings
    }
}
