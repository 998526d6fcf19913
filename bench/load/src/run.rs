//! A whole run: the rounds of the target, those of baseline and peer between them, the device around.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use disk::probe;

use crate::args::{Args, Over, Way, WorkloadName};
use crate::baseline::{Baseline, Kind, Version};
use crate::codec::rpc::Answerer;
use crate::cpu::{self, Subject};
use crate::error::LoadError;
use crate::link::{Peer, Speech};
use crate::outside::Outside;
use crate::report::{Asked, Device, Report, Series, Settings};
use crate::round::{Measured, Shape, measure};
use crate::trust::Trust;
use crate::workload::Workload;

/// Synced writes of each of the two looks at the device.
const PROBE_ROUNDS: u32 = 500;
/// More connections than this run into the usual limit of open files.
const CONNECTIONS_MAX: u32 = 10_000;

/// Runs what the flags ask for.
pub fn run(args: &Args) -> Result<Report, LoadError> {
    run_workload(args, &args.workload.build())
}

/// Runs requests of the caller's own making; `args.workload` only says whether it is the echo.
pub fn run_workload(args: &Args, workload: &Workload) -> Result<Report, LoadError> {
    let site = Site::new(args, workload)?;
    let (target, shape) = (site.peer(args, workload), shape(args)?);
    let sounding = target.sound()?;
    let speech = site.speech;
    let outside = Outside::of(&args.beside, speech, site.trust.is_some(), workload)?;
    let sounded = outside.as_ref().map(|it| it.peer(args.pipeline).sound()).transpose()?;
    let kind = kind(speech, site.trust.is_some(), sounding.body);
    let baseline = args.baseline.then(|| Baseline::start(kind, args.server_core)).transpose()?;
    let device_before = args.probe_dir.as_deref().map(device).transpose()?;
    let name = if site.echo.is_some() { "bare echo" } else { "server" };
    let mut of_target = Side::new(name, target, site.subject(args));
    let mut of_baseline = baseline.as_ref().map(|it| {
        let (speech, trust) = (bare(speech), it.trust.as_ref());
        let peer = Peer { address: it.address, speech, trust, ..target };
        Side::new(kind.name(), peer, Some(Subject::Thread(it.tid)))
    });
    let mut of_peer =
        outside.as_ref().map(|it| Side::new("peer", it.peer(args.pipeline), it.subject));
    for _ in 0..args.rounds {
        let beside = of_baseline.iter_mut().chain(&mut of_peer);
        for side in std::iter::once(&mut of_target).chain(beside) {
            side.rounds.push(measure(&shape, &side.peer, side.subject)?);
        }
    }
    let device_after = args.probe_dir.as_deref().map(device).transpose()?;
    let series = |side: Side<'_>| Series::new(side.name, side.peer.is_http(), &shape, &side.rounds);
    let asked = outside.as_ref().zip(sounded).map(|(it, sounding)| Asked {
        url: it.url.clone(),
        request: it.request.clone(),
        request_bytes: sounding.request,
        reply_bytes: sounding.reply,
    });
    Ok(Report::new(
        Settings::new(args, &target, &shape, sounding, asked),
        series(of_target),
        of_baseline.map(series),
        of_peer.map(series),
        device_before.zip(device_after).map(|(before, after)| Device { before, after }),
    ))
}

/// One of those that take rounds in turn.
struct Side<'a> {
    name: &'static str,
    peer: Peer<'a>,
    subject: Option<Subject>,
    rounds: Vec<Measured>,
}

impl<'a> Side<'a> {
    fn new(name: &'static str, peer: Peer<'a>, subject: Option<Subject>) -> Self {
        Self { name, peer, subject, rounds: Vec::new() }
    }
}

/// What stands beside a target that speaks so.
fn kind(speech: Speech, secure: bool, body_bytes: usize) -> Kind {
    match speech {
        Speech::Rpc(_) => Kind::Echo { secure },
        Speech::RpcQuic(_) => Kind::EchoQuic,
        Speech::Http1 => Kind::Http { version: Version::Http1, secure, body_bytes },
        Speech::Http2 => Kind::Http { version: Version::Http2, secure, body_bytes },
        Speech::Http3 => Kind::Http3 { body_bytes },
        Speech::Store => unreachable!("a store is no target"),
    }
}

/// The same speech, to a server without greetings.
fn bare(speech: Speech) -> Speech {
    match speech {
        Speech::Rpc(_) => Speech::Rpc(Answerer::Echo),
        Speech::RpcQuic(_) => Speech::RpcQuic(Answerer::Echo),
        http => http,
    }
}

/// Where a run's requests go.
pub(crate) struct Site {
    address: SocketAddr,
    speech: Speech,
    trust: Option<Trust>,
    /// Items of one frame.
    items: u16,
    /// Names the run in idempotency keys.
    run: Option<u64>,
    /// The bare echo, when it is the target.
    echo: Option<Baseline>,
}

impl Site {
    pub(crate) fn new(args: &Args, workload: &Workload) -> Result<Self, LoadError> {
        let way = args.way()?;
        let http = way.is_some_and(|it| it.over.is_http());
        let items = args.batch.unwrap_or(if http { 1 } else { workload.batch });
        if items != 1 && http {
            let reason = "HTTP has no batches: use the workload `roster`".to_owned();
            return Err(LoadError::Invalid { flag: "batch", reason });
        }
        // Checked before anything is started.
        shape(args)?;
        let own = args.workload == WorkloadName::Echo;
        let echo = own
            .then(|| Baseline::start(Kind::Echo { secure: false }, args.server_core))
            .transpose()?;
        let (address, speech) = match (&echo, way) {
            (Some(echo), Some(Way { over: Over::Rpc, .. }) | None) => {
                (echo.address, Speech::Rpc(Answerer::Echo))
            }
            (None, Some(way)) => (way.address, way.over.speech()),
            _ => {
                let reason = "give --rpc, --rpc-tls, --http or --https ADDRESS, or none for `echo`";
                return Err(LoadError::Invalid { flag: "rpc", reason: reason.to_owned() });
            }
        };
        let trust = way
            .filter(|it| it.secure)
            .map(|it| Trust::at_door(args.authority.as_deref(), &args.server_name, it.over))
            .transpose()?;
        let run = args.idempotent.then(run_number);
        Ok(Self { address, speech, trust, items, run, echo })
    }

    pub(crate) fn peer<'a>(&'a self, args: &'a Args, workload: &'a Workload) -> Peer<'a> {
        Peer {
            address: self.address,
            speech: self.speech,
            host: None,
            trust: self.trust.as_ref(),
            api_key: args.api_key.as_deref(),
            workload,
            mix: None,
            store: None,
            items: self.items,
            depth: args.pipeline,
            run: self.run,
        }
    }

    /// Whose CPU time is the server's.
    pub(crate) fn subject(&self, args: &Args) -> Option<Subject> {
        match &self.echo {
            Some(echo) => Some(Subject::Thread(echo.tid)),
            None => args.server_pid.map(Subject::Process),
        }
    }
}

impl Args {
    /// Finds fault with size and time, as [`run`] would, without anything being started.
    ///
    /// # Errors
    ///
    /// Names the flag.
    pub fn check(&self) -> Result<(), LoadError> {
        shape(self).map(drop)
    }
}

/// Checks what the flags say about size and time.
pub(crate) fn shape(args: &Args) -> Result<Shape, LoadError> {
    let invalid = |flag, reason: &str| LoadError::Invalid { flag, reason: reason.to_owned() };
    if !(1..=CONNECTIONS_MAX).contains(&args.connections) {
        return Err(invalid("connections", "give 1 up to 10000"));
    }
    if args.pipeline == 0 {
        return Err(invalid("pipeline", "give at least 1"));
    }
    if args.rounds == 0 {
        return Err(invalid("rounds", "give at least 1"));
    }
    let nanos = |flag, seconds: f64, least: f64| {
        if (least..=86_400.0).contains(&seconds) {
            let nanos = std::time::Duration::from_secs_f64(seconds).as_nanos();
            Ok(u64::try_from(nanos).expect("a day fits"))
        } else {
            Err(invalid(flag, &format!("give {least} up to 86400 seconds")))
        }
    };
    let cores = cpu::cores();
    let client_cores =
        if args.client_core.is_empty() { vec![cores - 1] } else { args.client_core.clone() };
    let threads = u32::try_from(client_cores.len()).unwrap_or(u32::MAX);
    if args.connections < threads {
        return Err(invalid("connections", "give at least one for each --client-core"));
    }
    if args.rate.is_some_and(|rate| rate < u64::from(threads)) {
        return Err(invalid("rate", "give at least one request per second for each thread"));
    }
    Ok(Shape {
        connections: args.connections,
        rate: args.rate,
        warmup_ns: nanos("warmup", args.warmup, 0.0)?,
        window_ns: nanos("seconds", args.seconds, 0.01)?,
        client_cores,
        spin: args.spin,
        patience_ns: None,
    })
}

fn device(directory: &Path) -> Result<probe::Probe, LoadError> {
    Ok(probe::measure(directory, PROBE_ROUNDS)?)
}

/// A number that no other run has: the time of day in nanoseconds and the process.
pub(crate) fn run_number() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let nanos = u64::try_from(since.as_nanos()).unwrap_or(0);
    nanos ^ u64::from(std::process::id()).rotate_right(20)
}
