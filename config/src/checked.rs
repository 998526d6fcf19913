//! The configuration as the program sees it: every value in its range.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The directory that holds log, stores and lock.
    pub data: PathBuf,
    /// The data plane's threads.
    pub cores: Cores,
    /// The HTTP/1.1 JSON door.
    pub http: Http,
    /// The doors with encryption: HTTP/1.1 and 2 over TLS, and HTTP/3.
    pub https: Https,
    /// Certificates.
    pub tls: Tls,
    /// Its own access tokens.
    pub tokens: Tokens,
    /// The binary RPC door.
    pub rpc: Rpc,
    /// The log.
    pub log: Log,
    /// When changes go into the stores.
    pub checkpoint: Checkpoint,
    /// The stores.
    pub stores: Stores,
    /// How the box stops.
    pub stop: Stop,
    /// What the process says about itself.
    pub trace: Trace,
    /// What it tells a collector of spans.
    pub telemetry: Telemetry,
}

/// The data plane's threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cores {
    /// How many, 1 to 256: 0 in the file has become what the process may use.
    pub count: u16,
    /// Whether each stays on one CPU.
    pub pin: bool,
}

/// The HTTP/1.1 JSON door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// A loopback address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Longest request body.
    pub body_bytes_max: usize,
    /// Longest silence of a client, between requests or inside one.
    pub silence: Duration,
    /// Most open connections of one core.
    pub connections_max: u32,
    /// Origins whose pages a browser may let call; `*` for every one.
    pub origins: Vec<String>,
}

/// The doors with encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Https {
    /// Any address of this machine; port 0 takes a free one. `None`: the doors are not opened.
    pub listen: Option<SocketAddr>,
    /// Whether HTTP/3 is served too, on the UDP port of the same number.
    pub http3: bool,
}

/// Certificates and what is asked of clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// PEM files of the certificate chain and its key; `None`: a development certificate is made in
    /// the data directory.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// PEM file of authorities whose clients may name themselves by certificate.
    pub client_authorities: Option<PathBuf>,
    /// Whether TLS 1.2 is spoken beside 1.3.
    pub allow_tls12: bool,
}

/// The access tokens that the box signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Their issuer.
    pub issuer: String,
    /// Their audience.
    pub audience: String,
    /// File with the key that seals what signs them; `None`: the one in the data directory.
    pub master_key: Option<PathBuf>,
}

/// The binary RPC door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rpc {
    /// A loopback address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Any address of this machine, for TLS; port 0 takes a free one. `None`: not over TLS.
    pub tls_listen: Option<SocketAddr>,
    /// Whether it is spoken over QUIC too, on the port of HTTP/3.
    pub quic: bool,
    /// Longest request frame, header included.
    pub request_bytes_max: u32,
    /// Longest reply frame, header included.
    pub reply_bytes_max: u32,
    /// Most requests of one batch frame.
    pub batch_items_max: u16,
    /// Most requests of one connection that wait for their reply.
    pub in_flight_max: u16,
    /// Most open connections of one core.
    pub connections_max: u32,
    /// Longest wait for a client's greeting.
    pub handshake_timeout: Duration,
}

/// How the log writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// The first of the others that works.
    Auto,
    /// Direct I/O through `io_uring`, or refuse to start.
    Uring,
    /// `pwrite` and `fdatasync`.
    Plain,
}

/// The log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// Length of one segment file, a multiple of 1 MiB.
    pub segment_bytes: u64,
    /// How it writes.
    pub device: Device,
    /// Segments kept for reuse.
    pub keep_segments: u32,
    /// How long its thread spins before it sleeps, in microseconds.
    pub spin_us: u32,
}

/// When changes go into the stores: at whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// So many bytes of log.
    pub log_bytes: u64,
    /// So many bytes of changes in memory.
    pub overlay_bytes: u64,
    /// So long after the last one.
    pub interval: Duration,
}

/// The stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stores {
    /// Page cache of all together.
    pub cache_bytes: usize,
}

/// How the box stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// How long connections may take to finish.
    pub grace: Duration,
}

/// The least severe message that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something needs attention.
    Warn,
    /// The steps of start and stop.
    Info,
    /// Details of one request.
    Debug,
    /// Everything.
    Trace,
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What the process says about itself, on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// The least severe message.
    pub level: Level,
    /// How it is written.
    pub format: Format,
    /// Which requests get a line.
    pub access: Access,
}

/// Which requests get a line of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// None.
    Off,
    /// Those answered with a status of 400 or more.
    Errors,
    /// All.
    All,
}

/// Spans for a collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    /// Its address, `http` or `https`; `None`: nothing is sent.
    pub endpoint: Option<String>,
    /// File with headers for it, one `name: value` a line.
    pub headers_file: Option<PathBuf>,
    /// PEM file of the authorities that vouch for it; `None`: the system's.
    pub authorities: Option<PathBuf>,
    /// Longest wait for its answer.
    pub timeout: Duration,
    /// Of a million requests that no caller's trace decides, so many are recorded.
    pub sample_per_million: u32,
    /// File for the shapes of all requests; `None`: none are written.
    pub shapes_file: Option<PathBuf>,
    /// Largest size of that file, in bytes.
    pub shapes_bytes_max: u64,
}
