//! `quoin bench`.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use load::WorkloadName;

use crate::bench_box::BenchBox;

/// Measure a box: throughput, latency, CPU per request, beside bare baselines
///
/// With --rpc or --http a running box is loaded. Without either a box of its own is started: a child process on
/// one core, on free ports, over a new data directory inside the current one, with the reference packs, removed
/// afterwards. Its CPU time is measured along, and for `accept` its disk.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin bench quote --baseline                     RPC, one request in flight on each of 64 connections\n  \
    quoin bench quote --pipeline 64 --connections 8  RPC, pipelined\n  \
    quoin bench quote-batch --pipeline 4 -c 8        RPC, 64 shifts in a frame\n  \
    quoin bench quote --over-http --baseline         HTTP/1.1 beside a bare hyper \"ok\"\n  \
    quoin bench accept -c 1                          durable, beside the device's own write + sync\n  \
    quoin bench quote --rate 100000                  open loop\n  \
    quoin bench quote --rpc 127.0.0.1:9000 --json    a box that runs already")]
pub(crate) struct Bench {
    /// Start a box of its own and load its HTTP/1.1 door
    #[arg(long, conflicts_with_all = ["rpc", "http"])]
    over_http: bool,
    #[command(flatten)]
    load: load::Args,
}

impl Bench {
    pub(crate) fn run(mut self) -> Result<ExitCode> {
        let own = self.load.rpc.is_none()
            && self.load.http.is_none()
            && self.load.workload != WorkloadName::Echo;
        let bench_box =
            own.then(BenchBox::start).transpose().context("starting a box to measure")?;
        if let Some(it) = &bench_box {
            let address = if self.over_http { &mut self.load.http } else { &mut self.load.rpc };
            *address = Some(if self.over_http { it.http } else { it.rpc });
            self.load.server_pid = self.load.server_pid.or_else(|| Some(it.pid()));
            // Only a durable answer is measured against the disk.
            if self.load.workload == WorkloadName::Accept {
                self.load.probe_dir.get_or_insert_with(|| it.directory().to_owned());
            }
        }
        let report = load::run(&self.load)?;
        let mut out = io::stdout().lock();
        if self.load.json {
            writeln!(out, "{}", report.to_json())?;
        } else {
            writeln!(out, "{report}")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
