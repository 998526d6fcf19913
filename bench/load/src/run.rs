//! A whole run: the rounds of the target, those of the baseline between them, the device around.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use disk::probe;

use crate::args::{Args, WorkloadName};
use crate::baseline::{Baseline, Kind};
use crate::codec::rpc::Answerer;
use crate::cpu::{self, Subject};
use crate::error::LoadError;
use crate::link::{Peer, Speech};
use crate::report::{Device, Report, Series, Settings};
use crate::round::{Measured, Shape, measure};
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
    let items = args.batch.unwrap_or_else(|| if args.http.is_some() { 1 } else { workload.batch });
    let shape = shape(args, items)?;
    let own = args.workload == WorkloadName::Echo;
    let echo = own.then(|| Baseline::start(Kind::Echo, args.server_core)).transpose()?;
    let (address, speech) = match (&echo, args.rpc, args.http) {
        (Some(echo), _, None) => (echo.address, Speech::Rpc(Answerer::Echo)),
        (None, Some(address), None) => (address, Speech::Rpc(Answerer::Server)),
        (None, None, Some(address)) => (address, Speech::Http),
        _ => {
            let reason = "give --rpc ADDRESS or --http ADDRESS, or neither for `echo`".to_owned();
            return Err(LoadError::Invalid { flag: "rpc", reason });
        }
    };
    let run = args.idempotent.then(run_number);
    let target = Peer { address, speech, workload, items, depth: args.pipeline, run };
    let sounding = target.sound()?;
    let subject = match (&echo, args.server_pid) {
        (Some(echo), _) => Some(Subject::Thread(echo.tid)),
        (None, pid) => pid.map(Subject::Process),
    };
    let kind = match speech {
        Speech::Rpc(_) => Kind::Echo,
        Speech::Http => Kind::Http { body_bytes: sounding.body },
    };
    let baseline = args.baseline.then(|| Baseline::start(kind, args.server_core)).transpose()?;
    let device_before = args.probe_dir.as_deref().map(device).transpose()?;
    let mut of_target = Vec::new();
    let mut of_baseline = Vec::new();
    for _ in 0..args.rounds {
        of_target.push(measure(&shape, &target, subject)?);
        if let Some(baseline) = &baseline {
            let speech = match speech {
                Speech::Rpc(_) => Speech::Rpc(Answerer::Echo),
                Speech::Http => Speech::Http,
            };
            let peer = Peer { address: baseline.address, speech, ..target };
            of_baseline.push(measure(&shape, &peer, Some(Subject::Thread(baseline.tid)))?);
        }
    }
    let device_after = args.probe_dir.as_deref().map(device).transpose()?;
    let http = speech == Speech::Http;
    let series = |name: &str, rounds: &[Measured]| Series::new(name, http, &shape, rounds);
    let name = if own { "bare echo" } else { "server" };
    let beside = if http { "bare hyper ok" } else { "bare echo" };
    Ok(Report::new(
        Settings::new(args, workload, address, items, &shape, sounding),
        series(name, &of_target),
        baseline.map(|_| series(beside, &of_baseline)),
        device_before.zip(device_after).map(|(before, after)| Device { before, after }),
    ))
}

/// Checks what the flags say about size and time.
fn shape(args: &Args, items: u16) -> Result<Shape, LoadError> {
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
    if items != 1 && args.http.is_some() {
        return Err(invalid("batch", "HTTP has no batches: use the workload `roster`"));
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
    })
}

fn device(directory: &Path) -> Result<probe::Probe, LoadError> {
    Ok(probe::measure(directory, PROBE_ROUNDS)?)
}

/// A number that no other run has: the time of day in nanoseconds and the process.
fn run_number() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let nanos = u64::try_from(since.as_nanos()).unwrap_or(0);
    nanos ^ u64::from(std::process::id()).rotate_right(20)
}
