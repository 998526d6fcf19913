//! `quoin bench replay`: what a box recorded, driven once more.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use load::{Over, ReplayTerms};

use super::print;
use super::running::Running;
use crate::bench_box::BenchBox;

/// Drive the requests that a box recorded once more, with the same pauses or shorter ones
///
/// A box records shapes when it is started with the setting `telemetry.shapes_file`: operation, door, time, sizes
/// and status of each request, and nothing that was said. Each is driven with an example of its operation and of its
/// size class, in its order, at its time divided by the speed, whether or not replies come; latency counts from the
/// time that was intended.
///
/// With --rpc, --rpc-tls, --http or --https a running box is loaded; commands of the recording leave their records
/// there. Without any a box of its own is started, and removed afterwards.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    QUOIN_TELEMETRY__SHAPES_FILE=day.shapes quoin serve --data DIR   records\n  \
    quoin bench replay day.shapes --speed 4                   four times as fast, against a box of its own\n  \
    quoin bench replay day.shapes --http 127.0.0.1:8080 --server-pid PID --json")]
pub(super) struct Replay {
    /// What the box wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How many times as fast; 0.01 to 1000
    #[arg(long, value_name = "TIMES", default_value_t = 1.0)]
    speed: f64,
    #[command(flatten)]
    running: Running,
    /// How many connections, to each door
    #[arg(long, short = 'c', value_name = "N", default_value_t = 64)]
    connections: u32,
    /// Requests in flight on each connection
    #[arg(long, value_name = "N", default_value_t = 8)]
    waiting: u32,
    /// The generator's cores, in turn one for each door [default: the last core]
    #[arg(long, value_name = "CORE", value_delimiter = ',')]
    client_core: Vec<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Replay {
    pub(super) fn run(self) -> Result<ExitCode> {
        let terms = ReplayTerms {
            file: self.file,
            speed: self.speed,
            connections: self.connections,
            waiting: self.waiting,
            client_cores: self.client_core,
        };
        let Running { rpc, http, https, .. } = self.running;
        let own = !self.running.is_named();
        // Before a box is started for nothing.
        let ready = load::Replay::read(terms, |over| match over {
            Over::Rpc => own || rpc.is_some(),
            Over::Http => own || http.is_some(),
            Over::Https | Over::Http3 => own || https.is_some(),
            Over::Http2 | Over::RpcTls | Over::RpcQuic => false,
        })?;
        let own = own.then(BenchBox::start).transpose().context("starting a box to load")?;
        let target = own.as_ref().map_or_else(|| self.running.target(), BenchBox::target);
        let report = ready.run(&target)?;
        print(&if self.json { report.to_json() } else { report.to_string() })
    }
}
