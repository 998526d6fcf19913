//! The order of start.
//!
//! 1. Limits of the process are raised as far as it may.
//! 2. The doors take their ports: a port in use is told at once, not after a long replay. Whoever
//!    connects now waits in the kernel's queue.
//! 3. The runtime takes the lock, opens the stores, replays the log, starts log and cores; each
//!    core opens its share of the doors.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ::telemetry::Telemetry;
use anyhow::{Context, Result};
use config::{Config, Device};
use credentials::MasterKey;
use gateway::{Front, Gate, Origins, QuicCounts, Terms, TokenTerms};
use runtime::{CheckpointOptions, DeviceChoice, Doors, LogOptions, Options, Progress, Running};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::bootstrap::master_key;
use crate::encryption::{self, Encrypted};
use crate::shutdown::Shutdown;
use crate::telemetry;

/// How often a long replay says how far it is.
const PROGRESS: Duration = Duration::from_secs(1);
/// How long a port may be taken still.
const PORT_PATIENCE: Duration = Duration::from_secs(3);

/// The binary's version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A box that serves.
#[derive(Debug)]
pub(crate) struct Booted {
    pub(crate) running: Running,
    /// With the ports that were taken.
    pub(crate) http: SocketAddr,
    pub(crate) rpc: SocketAddr,
    /// Binary RPC over TLS.
    pub(crate) rpc_tls: Option<SocketAddr>,
    /// HTTPS, and HTTP/3 on the UDP port of the same number.
    pub(crate) https: Option<SocketAddr>,
    /// What clients have to trust, when the certificate is the development one.
    pub(crate) authority: Option<PathBuf>,
    /// What seals the keys that sign its tokens.
    pub(crate) master: MasterKey,
    /// What takes finished requests off the cores; stopped after them.
    pub(crate) telemetry: Arc<Telemetry>,
}

/// Starts the box; returns when every core serves. `shutdown` holds signals back from just before
/// the doors open.
pub(crate) fn boot(config: &Config, shutdown: Option<&Shutdown>) -> Result<Booted> {
    let began = Instant::now();
    tracing::info!(
        version = VERSION,
        data = %config.data.display(),
        cores = config.cores.count,
        pin = config.cores.pin,
        "starting"
    );
    raise_limits();
    let cores = config.cores.count;
    demand_free(config.rpc.listen).context("rpc.listen")?;
    demand_free(config.http.listen).context("http.listen")?;
    if let Some(listen) = config.rpc.tls_listen {
        demand_free(listen).context("rpc.tls_listen")?;
    }
    let rpc = Arc::new(
        rpc::Door::bind(config.rpc.listen, cores, rpc_options(config)).context("rpc.listen")?,
    );
    let web = Arc::new(
        web::Door::bind(config.http.listen, cores, web_options(config)).context("http.listen")?,
    );
    let encrypted = encryption::open(config)?.map(Arc::new);
    let master = master_key(&config.data, config.tokens.master_key.as_deref())?;
    let https = encrypted.as_ref().and_then(|it| it.https.as_ref()).map(web::Door::address);
    let rpc_tls = encrypted.as_ref().and_then(|it| it.rpc.as_ref()).map(rpc::Door::address);
    let authority = encrypted.as_ref().and_then(|it| it.authority.clone());
    let (http_address, rpc_address) = (web.address(), rpc.address());
    tracing::info!(http = %http_address, rpc = %rpc_address, ?https, ?rpc_tls, "ports taken");
    let telemetry = Arc::new(telemetry::start(config, http_address)?);
    let recorders = Arc::clone(&telemetry);
    let front = Front::new(terms(config, &master), registry::ALL, cores);
    if let Some(doors) = encrypted.clone().filter(|it| it.quic.is_some()) {
        front.metrics().ask_quic(move |core| quic_counts(&doors, core));
    }
    let doors: Doors = Arc::new(move |core| {
        // Before the gate, which looks for it.
        core.keep(Rc::new(recorders.recorder(core.id().0)));
        let gate = Rc::new(Gate::new(&front, &core));
        rpc.serve(&gate).map_err(|error| format!("rpc: {error}"))?;
        web.serve(&gate).map_err(|error| format!("http: {error}"))?;
        match &encrypted {
            Some(doors) => doors.serve(&gate).map_err(|error| format!("https: {error}")),
            None => Ok(()),
        }
    });
    let mut teller = Teller { told: began, shutdown };
    let running =
        runtime::start(&options(config), registry::ALL, &doors, &mut |it| teller.tell(&it))?;
    tracing::info!(took_ms = millis(began), "serving");
    let (http, rpc) = (http_address, rpc_address);
    Ok(Booted { running, http, rpc, rpc_tls, https, authority, master, telemetry })
}

/// The runtime's options.
pub(crate) fn options(config: &Config) -> Options {
    let log = &config.log;
    Options {
        cores: config.cores.count,
        pin: config.cores.pin,
        log: LogOptions {
            segment_bytes: log.segment_bytes,
            device: match log.device {
                Device::Auto => DeviceChoice::Auto,
                Device::Uring => DeviceChoice::Uring,
                Device::Plain => DeviceChoice::Plain,
            },
            keep_segments: log.keep_segments,
            spin_us: log.spin_us,
        },
        checkpoint: CheckpointOptions {
            log_bytes: config.checkpoint.log_bytes,
            overlay_bytes: config.checkpoint.overlay_bytes,
            interval: config.checkpoint.interval,
        },
        store_cache_bytes: config.stores.cache_bytes,
        grace: config.stop.grace,
        ..Options::new(config.data.clone())
    }
}

pub(crate) fn rpc_options(config: &Config) -> rpc::Options {
    let limits = wire::Limits {
        request_bytes_max: config.rpc.request_bytes_max,
        reply_bytes_max: config.rpc.reply_bytes_max,
        batch_items_max: config.rpc.batch_items_max,
        in_flight_max: config.rpc.in_flight_max,
    };
    rpc::Options {
        limits,
        connections_max: count(config.rpc.connections_max),
        hello_ms: whole_millis(config.rpc.handshake_timeout),
        ..rpc::Options::default()
    }
}

fn terms(config: &Config, master: &MasterKey) -> Terms {
    let tokens = TokenTerms {
        issuer: config.tokens.issuer.clone(),
        audience: config.tokens.audience.clone(),
        master: Some(master.clone()),
        ..TokenTerms::default()
    };
    Terms {
        body_bytes_max: config.http.body_bytes_max,
        origins: Origins::of(config.http.origins.clone()),
        version: VERSION.to_owned(),
        tokens,
    }
}

pub(crate) fn web_options(config: &Config) -> web::Options {
    web::Options {
        connections_max: count(config.http.connections_max),
        silence_s: config.http.silence.as_secs(),
        ..web::Options::default()
    }
}

/// The log's options, for reading it without starting the box.
pub(crate) fn segment_options(config: &Config) -> segments::LogOptions {
    segments::LogOptions {
        segment_bytes: config.log.segment_bytes,
        ..segments::LogOptions::default()
    }
}

/// Tells each step of the start.
struct Teller<'s> {
    told: Instant,
    shutdown: Option<&'s Shutdown>,
}

impl Teller<'_> {
    fn tell(&mut self, progress: &Progress) {
        // The step before the doors: nothing that takes long is left.
        if let (Progress::LogReady { .. }, Some(shutdown)) = (progress, self.shutdown) {
            shutdown.hold();
        }
        match progress {
            Progress::Replaying { bytes, bytes_total } => {
                if self.told.elapsed() >= PROGRESS {
                    self.told = Instant::now();
                    let percent = u128::from(*bytes) * 100 / u128::from((*bytes_total).max(1));
                    tracing::info!(bytes, bytes_total, percent = %percent, "replaying the log");
                }
            }
            Progress::Recovered { position, frames, events, took_ms } => {
                tracing::info!(%position, frames, events, took_ms, "state recovered");
            }
            Progress::LogReady { uring: true, .. } => tracing::info!("log ready: io_uring"),
            Progress::LogReady { reason: None, .. } => {
                tracing::info!("log ready: pwrite and fdatasync");
            }
            Progress::LogReady { reason: Some(reason), .. } => {
                tracing::warn!(
                    reason,
                    "log ready: pwrite and fdatasync, io_uring is not to be had"
                );
            }
            Progress::Serving => tracing::debug!("every core serves"),
        }
    }
}

fn quic_counts(doors: &Encrypted, core: u16) -> QuicCounts {
    let Some(door) = &doors.quic else { return QuicCounts::default() };
    let quic::Counts { received, forwarded, dropped, retries, refused, open_http3, .. } =
        door.counts(core);
    QuicCounts { open: open_http3, received, forwarded, dropped, retries, refused }
}

/// Refuses a port that another process listens on. The doors share theirs between cores, and the
/// kernel would let a second box of the same user share them too, each getting some connections.
///
/// The ports of a box that was just killed are free only once the kernel has taken its rings apart,
/// some time after the process is gone: it is given that time.
fn demand_free(address: SocketAddr) -> Result<()> {
    if address.port() == 0 {
        return Ok(());
    }
    let began = Instant::now();
    loop {
        match TcpListener::bind(address) {
            Ok(_) => return Ok(()),
            Err(error)
                if error.kind() == io::ErrorKind::AddrInUse && began.elapsed() < PORT_PATIENCE =>
            {
                thread::sleep(Duration::from_millis(20));
            }
            Err(error) => {
                let taken = format!("{address} cannot be taken; port 0 takes a free one");
                return Err(anyhow::Error::new(error).context(taken));
            }
        }
    }
}

/// Raises the soft limits of locked memory and open files to the hard ones. A refusal leaves them:
/// `quoin doctor` tells what is too low.
fn raise_limits() {
    for resource in [Resource::Memlock, Resource::Nofile] {
        let limit = getrlimit(resource);
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if let Err(error) = setrlimit(resource, raised) {
            tracing::debug!(?resource, %error, "limit not raised");
        }
    }
}

fn millis(since: Instant) -> u64 {
    whole_millis(since.elapsed())
}

fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
