//! The flags of a run.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;

/// The flags of a run. One of `--rpc` and `--http` says where the server listens.
#[derive(Debug, Clone, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are what they are")]
pub struct Args {
    /// What each request asks
    #[arg(value_enum, default_value = "quote")]
    pub workload: WorkloadName,
    /// Load the binary RPC door at this address
    #[arg(long, value_name = "ADDRESS", conflicts_with = "http")]
    pub rpc: Option<SocketAddr>,
    /// Load the HTTP/1.1 door at this address
    #[arg(long, value_name = "ADDRESS")]
    pub http: Option<SocketAddr>,
    /// How many connections
    #[arg(long, short = 'c', value_name = "N", default_value_t = 64)]
    pub connections: u32,
    /// Requests in flight on each connection
    #[arg(long, short = 'p', value_name = "N", default_value_t = 1)]
    pub pipeline: u32,
    /// Items in one RPC frame; the workload says how many when this is left out
    #[arg(long, short = 'b', value_name = "N")]
    pub batch: Option<u16>,
    /// Open loop: requests (frames) per second, sent on time whether or not replies come; then
    /// latency counts from the intended start. Without it a closed loop
    #[arg(long, short = 'r', value_name = "PER_SECOND")]
    pub rate: Option<u64>,
    /// Length of the measured window of each round
    #[arg(long, short = 's', value_name = "SECONDS", default_value_t = 5.0)]
    pub seconds: f64,
    /// Load before each window opens
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    pub warmup: f64,
    /// How many rounds; with --baseline as many of the baseline, in turn
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub rounds: u32,
    /// Give every request an idempotency key of its own
    #[arg(long)]
    pub idempotent: bool,
    /// Also measure a bare echo (RPC) or a bare hyper "ok" (HTTP) with the same requests
    #[arg(long)]
    pub baseline: bool,
    /// The server's process, to count the CPU time that a request costs it
    #[arg(long, value_name = "PID")]
    pub server_pid: Option<u32>,
    /// The core that the baseline runs on: give the one that the server is pinned to
    #[arg(long, value_name = "CORE", default_value_t = 0)]
    pub server_core: usize,
    /// The generator's cores, one thread on each [default: the last core]
    #[arg(long, value_name = "CORE", value_delimiter = ',')]
    pub client_core: Vec<usize>,
    /// Poll without sleeping: no reply pays for waking the generator, as over a network none would
    #[arg(long)]
    pub spin: bool,
    /// A directory on the server's log device: its own write + sync latency is measured before and
    /// after the rounds
    #[arg(long, value_name = "DIR")]
    pub probe_dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What each request asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WorkloadName {
    /// One weekday shift of one segment
    Quote,
    /// One casual overnight shift with penalties and overtime
    QuotePenalty,
    /// 64 one-shift quotes in one frame
    QuoteBatch,
    /// A week's roster of many workers in one request
    Roster,
    /// A quote accepted durably
    Accept,
    /// The bare echo itself: what the generator and the machine can do
    Echo,
}
