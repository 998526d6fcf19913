//! `quoin bench replay`: what a box recorded, driven once more.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use load::{Over, PlanTarget, ReplayTerms};

use super::print;
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
    /// The binary RPC door is at this address
    #[arg(long, value_name = "ADDRESS")]
    rpc: Option<SocketAddr>,
    /// The plain HTTP door is at this address
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// The HTTP door with encryption is at this address, TCP and UDP
    #[arg(long, value_name = "ADDRESS")]
    https: Option<SocketAddr>,
    /// The API key that every HTTP request shows
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
    /// PEM file of the authority that vouches for the encrypted door
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
    /// The name in its certificate
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    server_name: String,
    /// The server's process, to count the CPU time that a request costs it
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
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
        let (rpc, http, https) = (self.rpc, self.http, self.https);
        let own = [rpc, http, https].iter().all(Option::is_none);
        // Before a box is started for nothing.
        let ready = load::Replay::read(terms, |over| match over {
            Over::Rpc => own || rpc.is_some(),
            Over::Http => own || http.is_some(),
            Over::Https | Over::Http3 => own || https.is_some(),
            Over::Http2 | Over::RpcTls | Over::RpcQuic => false,
        })?;
        let own = own.then(BenchBox::start).transpose().context("starting a box to load")?;
        let target = match &own {
            Some(own) => {
                let doors = own.doors();
                PlanTarget {
                    rpc: Some(doors.rpc),
                    http: Some(doors.http),
                    https: Some(doors.https),
                    authority: Some(doors.authority.clone()),
                    server_name: "localhost".to_owned(),
                    api_key: Some(doors.api_key.clone()),
                    pid: Some(own.pid()),
                    ..PlanTarget::default()
                }
            }
            None => PlanTarget {
                rpc,
                http,
                https,
                authority: self.authority,
                server_name: self.server_name,
                api_key: self.api_key,
                pid: self.server_pid,
                ..PlanTarget::default()
            },
        };
        let report = ready.run(&target)?;
        print(&if self.json { report.to_json() } else { report.to_string() })
    }
}
