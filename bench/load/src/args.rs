//! The flags of a run.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;
use serde::Deserialize;
use tls::Protocol;

use crate::codec::rpc::Answerer;
use crate::error::LoadError;
use crate::link::Speech;

/// The flags of a run. One of `--rpc`, `--http` and `--https` says where the server listens.
#[derive(Debug, Clone, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are what they are")]
pub struct Args {
    /// What each request asks
    #[arg(value_enum, default_value = "quote")]
    pub workload: WorkloadName,
    /// What to speak [default: rpc, or what the address is of]
    #[arg(long, value_enum, value_name = "PROTOCOL")]
    pub over: Option<Over>,
    /// The binary RPC door is at this address
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["rpc_tls", "http", "https"])]
    pub rpc: Option<SocketAddr>,
    /// The binary RPC door over TLS is at this address
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["http", "https"])]
    pub rpc_tls: Option<SocketAddr>,
    /// The plain HTTP door is at this address
    #[arg(long, value_name = "ADDRESS", conflicts_with = "https")]
    pub http: Option<SocketAddr>,
    /// The HTTP door with encryption is at this address, TCP and UDP, and RPC over QUIC
    #[arg(long, value_name = "ADDRESS")]
    pub https: Option<SocketAddr>,
    /// The API key that every HTTP request and every encrypted RPC connection shows
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<String>,
    /// PEM file of the authority that vouches for the encrypted door
    #[arg(long, value_name = "FILE")]
    pub authority: Option<PathBuf>,
    /// The name in the certificate of the encrypted door
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    pub server_name: String,
    /// How many connections
    #[arg(long, short = 'c', value_name = "N", default_value_t = 64)]
    pub connections: u32,
    /// Requests in flight on each connection; over HTTP/2 and HTTP/3 as many streams
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
    /// How many rounds; with --baseline and --peer as many of theirs, in turn
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub rounds: u32,
    /// Give every request an idempotency key of its own
    #[arg(long)]
    pub idempotent: bool,
    /// Also measure a bare echo (RPC), a bare hyper "ok" (HTTP, HTTPS, HTTP/2) or the bare QUIC door
    /// with an "ok" behind it (HTTP/3), with the same requests
    #[arg(long)]
    pub baseline: bool,
    /// A server that is not ours, beside the target.
    #[command(flatten)]
    pub beside: PeerArgs,
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

/// A server that is not ours, beside the target.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PeerArgs {
    /// Also measure a server that is not ours, in rounds of its own:
    /// [http://|https://]HOST:PORT[/PATH] over the same protocol, redis://HOST:PORT, or
    /// postgres://USER@HOST:PORT/DATABASE. Over HTTP it is asked with a plain GET and shown no key; it may
    /// have any certificate
    #[arg(long, value_name = "URL")]
    pub peer: Option<String>,
    /// The peer's processes, to count the CPU time that a request costs them and all their children
    #[arg(long, value_name = "PID", requires = "peer", value_delimiter = ',')]
    pub peer_pid: Vec<u32>,
    /// Ask an HTTP peer what the target is asked: its method and body, its path unless the URL has one
    #[arg(long, requires = "peer")]
    pub peer_same: bool,
    /// The API key that an HTTP peer is shown with each request
    #[arg(long, value_name = "KEY", requires = "peer")]
    pub peer_api_key: Option<String>,
    /// What redis:// is asked, words parted by blanks, or postgres://, one statement that is prepared once
    /// and executed in a transaction of its own each time [default: SET quoin:{n} {payload}]. In words
    /// {n} stands for a number that no other request has, {c} for that of the connection, {payload} and
    /// {script}; in a statement $1 is the number as 32 hexadecimal digits and $2 the payload
    #[arg(long, value_name = "TEXT", requires = "peer")]
    pub peer_command: Option<String>,
    /// A Lua script that redis:// loads first, for EVALSHA {script}
    #[arg(long, value_name = "FILE", requires = "peer")]
    pub peer_script: Option<PathBuf>,
    /// Length of the payload for redis:// and postgres:// [default: as long as the target's over RPC]
    #[arg(long, value_name = "BYTES", requires = "peer")]
    pub peer_payload: Option<u32>,
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

/// What is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// Binary RPC over TCP
    Rpc,
    /// Binary RPC over TLS
    RpcTls,
    /// Binary RPC over QUIC, one stream on each connection
    RpcQuic,
    /// HTTP/1.1 without encryption
    Http,
    /// HTTP/1.1 over TLS
    Https,
    /// HTTP/2, over TLS unless the address is of the plain door
    Http2,
    /// HTTP/3
    Http3,
}

impl Over {
    /// The name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rpc => "rpc",
            Self::RpcTls => "rpc-tls",
            Self::RpcQuic => "rpc-quic",
            Self::Http => "http",
            Self::Https => "https",
            Self::Http2 => "http2",
            Self::Http3 => "http3",
        }
    }
}

impl Over {
    /// Whether the requests are JSON.
    pub(crate) const fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Https | Self::Http2 | Self::Http3)
    }

    pub(crate) const fn speech(self) -> Speech {
        match self {
            Self::Rpc | Self::RpcTls => Speech::Rpc(Answerer::Server),
            Self::RpcQuic => Speech::RpcQuic(Answerer::Server),
            Self::Http | Self::Https => Speech::Http1,
            Self::Http2 => Speech::Http2,
            Self::Http3 => Speech::Http3,
        }
    }

    /// What is agreed on inside TLS.
    pub(crate) const fn protocol(self) -> Protocol {
        match self {
            Self::Rpc | Self::RpcTls | Self::RpcQuic => Protocol::Rpc,
            Self::Http | Self::Https => Protocol::Http1,
            Self::Http2 => Protocol::Http2,
            Self::Http3 => Protocol::Http3,
        }
    }
}

/// Where requests go, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) over: Over,
    pub(crate) address: SocketAddr,
    /// Whether there is TLS in between.
    pub(crate) secure: bool,
}

impl Args {
    /// What the flags say about the server; `None` when they name none.
    pub(crate) fn way(&self) -> Result<Option<Way>, LoadError> {
        let doors = [
            (Over::Rpc, self.rpc),
            (Over::RpcTls, self.rpc_tls),
            (Over::Http, self.http),
            (Over::Https, self.https),
        ];
        let given = doors.into_iter().find_map(|(door, address)| Some((door, address?)));
        let Some((door, address)) = given else { return Ok(None) };
        let over = self.over.unwrap_or(door);
        let secure = matches!(door, Over::Https | Over::RpcTls);
        let flag = match (over, door) {
            (Over::Rpc, Over::Rpc)
            | (Over::RpcTls, Over::RpcTls)
            | (Over::Http | Over::Http2, Over::Http)
            | (Over::Https | Over::Http2 | Over::Http3 | Over::RpcQuic, Over::Https) => {
                return Ok(Some(Way { over, address, secure }));
            }
            (Over::Rpc, _) => "--rpc",
            (Over::RpcTls, _) => "--rpc-tls",
            (Over::Http, _) => "--http",
            _ => "--https",
        };
        let reason = format!("{} is spoken at the address of {flag}", over.name());
        Err(LoadError::Invalid { flag: "over", reason })
    }
}
