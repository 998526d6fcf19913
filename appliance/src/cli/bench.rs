//! `quoin bench`.

mod peers;
mod plan;
mod replay;
mod results;
mod running;

use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use load::{Over, OverloadArgs, WorkloadName};

use crate::bench_box::BenchBox;

/// Measure a box: throughput, latency, CPU per request, beside bare baselines
///
/// With --rpc, --rpc-tls, --http or --https a running box is loaded. Without any a box of its own is started: a child process
/// on one core, on free ports, over a new data directory inside the current one, with the reference packs, removed
/// afterwards. Its CPU time is measured along, and for `accept` its disk.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:\n  \
    quoin bench quote --baseline                     RPC, one request in flight on each of 64 connections\n  \
    quoin bench quote --pipeline 64 --connections 8  RPC, pipelined\n  \
    quoin bench quote-batch --pipeline 4 -c 8        RPC, 64 shifts in a frame\n  \
    quoin bench quote --over http --baseline         HTTP/1.1 beside a bare hyper \"ok\"\n  \
    quoin bench quote --over https --baseline        the same over TLS\n  \
    quoin bench quote --over http2 -c 16 -p 16 --baseline  HTTP/2, 16 streams on each of 16 connections\n  \
    quoin bench quote --over http3 -c 16 -p 16 --baseline  HTTP/3 beside a bare \"ok\" on the same door\n  \
    quoin bench quote --over rpc-tls --baseline      RPC over TLS; rpc-quic is over QUIC\n  \
    quoin bench quote --over http2 -c 16 --peer 127.0.0.1:9443  beside any other server, asked with a plain GET\n  \
    quoin bench accept --peer redis://127.0.0.1:6379 --peer-command 'SET k:{n} {payload}'  beside a store\n  \
    quoin bench compare-peers --install              beside nginx, Redis, PostgreSQL and a service of all three\n  \
    quoin bench accept -c 1                          durable, beside the device's own write + sync\n  \
    quoin bench quote --rate 100000                  open loop\n  \
    quoin bench plan --scenario rates-day            the highest rate within its objectives, and users per box\n  \
    quoin bench replay day.shapes --speed 4          what a box recorded, four times as fast\n  \
    quoin bench overload roster --over http2 --svg overload.svg  0.5 to 2 times what it can do\n  \
    quoin bench quote --rpc 127.0.0.1:9000 --json    a box that runs already")]
pub(crate) struct Bench {
    #[command(subcommand)]
    mode: Option<Mode>,
    #[command(flatten)]
    plain: Plain,
}

#[derive(Debug, Args)]
struct Plain {
    /// The same as `--over http`
    #[arg(long, hide = true, conflicts_with_all = ["over", "rpc", "rpc_tls", "http", "https"])]
    over_http: bool,
    #[command(flatten)]
    load: load::Args,
}

#[derive(Debug, Subcommand)]
enum Mode {
    /// Offer a door more than it can do: goodput, refusals and latency at 0.5 to 2 times its peak
    ///
    /// A closed loop finds the peak; then requests are sent on time whether or not replies come, and latency counts
    /// from the time that was intended.
    Overload(Box<OverloadArgs>),
    Plan(plan::Plan),
    Report(results::Report),
    Compare(results::Compare),
    ComparePeers(peers::ComparePeers),
    Replay(replay::Replay),
}

impl Bench {
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self.mode {
            None => self.plain.run(),
            Some(Mode::Overload(args)) => overload(*args),
            Some(Mode::Plan(args)) => args.run(),
            Some(Mode::Report(args)) => args.run(),
            Some(Mode::Compare(args)) => args.run(),
            Some(Mode::ComparePeers(args)) => args.run(),
            Some(Mode::Replay(args)) => args.run(),
        }
    }
}

impl Plain {
    fn run(mut self) -> Result<ExitCode> {
        if self.over_http {
            self.load.over = Some(Over::Http);
        }
        let _bench_box = own_box(&mut self.load)?;
        let report = load::run(&self.load)?;
        print(&if self.load.json { report.to_json() } else { report.to_string() })
    }
}

fn overload(mut args: OverloadArgs) -> Result<ExitCode> {
    let _bench_box = own_box(&mut args.load)?;
    let report = load::overload(&args)?;
    if let Some(file) = &args.svg {
        fs::write(file, report.to_svg()).with_context(|| format!("writing {}", file.display()))?;
    }
    print(&if args.load.json { report.to_json() } else { report.to_string() })
}

/// Starts a box to measure, unless the flags name one, and makes them name it.
fn own_box(load: &mut load::Args) -> Result<Option<BenchBox>> {
    let named = [load.rpc, load.rpc_tls, load.http, load.https].iter().any(Option::is_some);
    if named || load.workload == WorkloadName::Echo {
        return Ok(None);
    }
    let started = BenchBox::start().context("starting a box to measure")?;
    let doors = started.doors();
    match load.over.unwrap_or(Over::Rpc) {
        Over::Rpc => load.rpc = Some(doors.rpc),
        Over::Http => load.http = Some(doors.http),
        Over::RpcTls => load.rpc_tls = Some(doors.rpc_tls),
        Over::Https | Over::Http2 | Over::Http3 | Over::RpcQuic => load.https = Some(doors.https),
    }
    if load.https.is_some() || load.rpc_tls.is_some() {
        load.authority = Some(doors.authority.clone());
        "localhost".clone_into(&mut load.server_name);
        load.api_key = Some(doors.api_key.clone());
    }
    load.server_pid = load.server_pid.or_else(|| Some(started.pid()));
    // Only a durable answer is measured against the disk.
    if load.workload == WorkloadName::Accept {
        load.probe_dir.get_or_insert_with(|| started.directory().to_owned());
    }
    Ok(Some(started))
}

fn print(text: &str) -> Result<ExitCode> {
    writeln!(io::stdout().lock(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}
