//! Drives what a box recorded once more: the same operations through the same doors in the same order,
//! with the same pauses or shorter ones.

mod recording;

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::fs::File;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;

use serde::Serialize;

use crate::args::Over;
use crate::cpu::{self, Subject};
use crate::error::LoadError;
use crate::link::Peer;
use crate::pace::{Clock, Starts, Window};
use crate::plan::PlanTarget;
use crate::report::{Latency, Micros, PerSecond, float, grouped, label};
use crate::round::{HEAD_START_NS, sleep_until};
use crate::swarm::Swarm;
use crate::tally::Tally;
use crate::worker::{Connections, DRAIN_NS, Task};

use recording::{Recording, Through};

/// How a recording is driven.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayTerms {
    /// What a box with the setting `telemetry.shapes_file` wrote.
    pub file: PathBuf,
    /// Pauses are so many times shorter; 0.01 to 1,000.
    pub speed: f64,
    /// To each door; 1 to 10,000.
    pub connections: u32,
    /// Requests in flight on each connection; 1 to 1,024.
    pub waiting: u32,
    /// The generator's cores; the last when none is named.
    pub client_cores: Vec<usize>,
}

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReplayReport {
    /// The recording.
    pub file: String,
    /// How much faster it was driven.
    pub speed: f64,
    /// How long that took, in seconds.
    pub seconds: f64,
    /// Requests that were driven.
    pub requests: u64,
    /// Requests of the recording that no operation answers, such as pages.
    pub left_out: u64,
    /// Requests whose example is of another size class, more than twice as long or short.
    pub other_size: u64,
    /// Of these doors no address was given: their requests went through another.
    pub other_door: Vec<String>,
    /// Requests per second that the recording asked for at this speed.
    pub offered_per_s: f64,
    /// Ordinary answers per second.
    pub ok_per_s: f64,
    /// From the intended start of each request.
    pub latency: Latency,
    /// By operation.
    pub operations: BTreeMap<String, ReplayedOperation>,
    /// Answers by door and status.
    pub statuses: BTreeMap<String, u64>,
    /// Never answered.
    pub unanswered: u64,
    /// Nanoseconds from the intended start to the socket; 99 of 100 are below.
    pub late_p99_ns: u64,
    /// CPU time of the server per answer, in microseconds, where its process is known.
    pub server_cpu_us: Option<f64>,
    /// How much of the time the generator's busiest thread ran.
    pub generator_busy_percent: f64,
    /// What makes figures doubtful.
    pub warnings: Vec<String>,
}

/// One operation of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ReplayedOperation {
    /// Ordinary answers.
    pub ok: u64,
    /// All others.
    pub other: u64,
    /// Nanoseconds from the intended start; half are below.
    pub p50_ns: u64,
    /// The same, 99 of 100 are below.
    pub p99_ns: u64,
}

/// From here on a thread counts as always busy.
const BUSY_PERCENT: f64 = 95.0;
/// The window ends so long after the last start, in nanoseconds.
const TAIL_NS: u64 = 1_000_000;
/// More connections than this run into the usual limit of open files.
const CONNECTIONS_MAX: u32 = 10_000;
/// Most requests in flight on a connection.
const WAITING_MAX: u32 = 1_024;
/// When 1 of 100 requests is sent later than this, in nanoseconds, pauses are not those of the recording.
const LATE_NS: u64 = 10_000_000;

/// A recording that was read and can be driven.
#[derive(Debug)]
pub struct Replay {
    terms: ReplayTerms,
    recording: Recording,
}

impl Replay {
    /// Reads the recording, so that whatever is wrong with it is known before anything is started.
    /// `open` says which doors there will be: what came through others goes through the first of them.
    ///
    /// # Errors
    ///
    /// The terms are out of range, or the file is no recording; the error says where.
    pub fn read(terms: ReplayTerms, open: impl Fn(Over) -> bool) -> Result<Self, LoadError> {
        let invalid = |flag, reason: &str| LoadError::Invalid { flag, reason: reason.to_owned() };
        if !(0.01..=1_000.0).contains(&terms.speed) {
            return Err(invalid("speed", "give 0.01 to 1000"));
        }
        if !(1..=CONNECTIONS_MAX).contains(&terms.connections) {
            return Err(invalid("connections", "give 1 up to 10000"));
        }
        if !(1..=WAITING_MAX).contains(&terms.waiting) {
            return Err(invalid("waiting", "give 1 up to 1024"));
        }
        let failed =
            |reason| LoadError::Recording { file: terms.file.display().to_string(), reason };
        let file = File::open(&terms.file).map_err(|error| failed(error.to_string()))?;
        let recording = Recording::read(BufReader::new(file), terms.speed, open);
        let recording = recording.map_err(|error| failed(error.to_string()))?;
        Ok(Self { terms, recording })
    }

    /// Drives it.
    ///
    /// # Errors
    ///
    /// The target has no address for a door of [`Self::read`], cannot be reached, or goes away.
    pub fn run(&self, target: &PlanTarget) -> Result<ReplayReport, LoadError> {
        drive(&self.recording, &self.terms, target)
    }
}

fn address(target: &PlanTarget, over: Over) -> Option<SocketAddr> {
    match over {
        Over::Rpc => target.rpc,
        Over::RpcTls => target.rpc_tls,
        Over::Http => target.http,
        Over::Https | Over::Http2 | Over::Http3 | Over::RpcQuic => target.https,
    }
}

fn drive(
    recording: &Recording,
    terms: &ReplayTerms,
    target: &PlanTarget,
) -> Result<ReplayReport, LoadError> {
    let mut tasks = Vec::new();
    for (door, through) in recording.doors.iter().enumerate() {
        tasks.push(task(through, door, terms, target)?);
    }
    let clock = Clock::start();
    let from = clock.now() + HEAD_START_NS;
    let window = Window { from, to: from + recording.length_ns + TAIL_NS };
    let mut threads = Vec::new();
    for (door, mut task) in recording.doors.iter().zip(tasks) {
        (task.clock, task.from, task.window) = (clock, from, window);
        let thread = thread::Builder::new().name("load".to_owned()).spawn(|| task.run());
        threads.push((door, thread.map_err(LoadError::setup("the generator's threads"))?));
    }
    let subject = target.pid.map(Subject::Process);
    let sample = |subject: Subject| {
        let pid = target.pid.unwrap_or(0);
        subject.sample().map_err(|source| LoadError::Cpu { pid, source })
    };
    sleep_until(clock.instant(window.from));
    let before = subject.map(sample).transpose()?;
    sleep_until(clock.instant(window.to));
    let after = subject.map(sample).transpose()?;
    let mut counted = Vec::new();
    for (door, thread) in threads {
        let tally = thread.join().expect("a generator thread that panicked said why")?;
        let address = address(target, door.over).expect("only doors with an address are loaded");
        let broken = |reason| LoadError::Broken { address, reason };
        counted.push((door, tally.map_err(broken)?));
    }
    let used_us = after.zip(before).map(|(after, before)| after.since(&before).all_us);
    Ok(report(recording, terms, &counted, used_us))
}

/// Connects to one door.
fn task(
    through: &Through,
    door: usize,
    terms: &ReplayTerms,
    target: &PlanTarget,
) -> Result<Task, LoadError> {
    let address = address(target, through.over).ok_or_else(|| {
        let flag = if through.over.is_http() { "http" } else { "rpc" };
        let reason = format!("the address of the door {} is missing", through.over.name());
        LoadError::Invalid { flag, reason }
    })?;
    let secure = !matches!(through.over, Over::Rpc | Over::Http);
    let trust = secure.then(|| target.trust(through.over)).transpose()?;
    let peer = Peer {
        address,
        speech: through.over.speech(),
        host: None,
        trust: trust.as_ref(),
        api_key: target.api_key.as_deref(),
        workload: &through.mix.kinds[0].workload,
        mix: Some(&through.mix),
        store: None,
        items: 1,
        depth: terms.waiting,
        run: None,
    };
    let first = terms.connections * u32::try_from(door).expect("a handful of doors");
    let numbers: Vec<u32> = (first..first + terms.connections).collect();
    let connections = if peer.is_quic() {
        Connections::Quic(Box::new(Swarm::connect(&peer, &numbers)?))
    } else {
        let connect = |number: &u32| peer.connect(*number);
        Connections::Tcp(numbers.iter().map(connect).collect::<Result<_, _>>()?)
    };
    let cores = &terms.client_cores;
    let core = cores.get(door % cores.len().max(1)).copied();
    let core = core.unwrap_or_else(|| cpu::cores() - 1);
    Ok(Task {
        core: Some(core),
        clock: Clock::start(),
        window: Window { from: 0, to: 0 },
        from: 0,
        starts: Some(Starts::Listed(through.starts_ns.clone())),
        depth: terms.waiting,
        patience_ns: None,
        operations: through.mix.operations.len(),
        drain_ns: DRAIN_NS,
        halt: None,
        spin: false,
        connections,
    })
}

fn report(
    recording: &Recording,
    terms: &ReplayTerms,
    counted: &[(&Through, Tally)],
    used_us: Option<u64>,
) -> ReplayReport {
    let mut all = Tally::new();
    let mut operations: BTreeMap<String, ReplayedOperation> = BTreeMap::new();
    let mut statuses: BTreeMap<String, u64> = BTreeMap::new();
    let mut ok = 0;
    for (door, tally) in counted {
        all.merge(&Tally { detail: None, ..tally.clone() });
        let http = door.over.is_http();
        for (status, count) in tally.statuses.iter().chain(tally.outside.iter()) {
            let name = format!("{} {}", door.over.name(), label(http, status));
            *statuses.entry(name).or_default() += count;
        }
        let parts = tally.detail.iter().flat_map(|it| &it.operations);
        for (named, part) in door.mix.operations.iter().zip(parts) {
            ok += part.latency.len();
            let none = ReplayedOperation { ok: 0, other: 0, p50_ns: 0, p99_ns: 0 };
            let entry = operations.entry(named.name.clone()).or_insert(none);
            entry.ok += part.latency.len();
            entry.other += part.other;
            // Of an operation through several doors the slower one is told.
            entry.p50_ns = entry.p50_ns.max(part.latency.value_at_quantile(0.5));
            entry.p99_ns = entry.p99_ns.max(part.latency.value_at_quantile(0.99));
        }
    }
    let length_ns = recording.length_ns + TAIL_NS;
    let seconds = float(length_ns) / 1e9;
    let answers = float(statuses.values().sum::<u64>().max(1));
    let generator_busy_percent = 100.0 * float(all.generator_ns) / float(length_ns);
    let mut warnings = Vec::new();
    if BUSY_PERCENT <= generator_busy_percent {
        warnings.push("the generator is the bottleneck: give more --client-core".to_owned());
    }
    let other: u64 = operations.values().map(|it| it.other).sum();
    if other != 0 {
        warnings.push(format!("{other} requests had no ordinary answer, see the statuses"));
    }
    let unanswered = all.unanswered + all.unsent;
    if unanswered != 0 {
        warnings.push(format!("{unanswered} requests were never answered"));
    }
    let late_p99_ns = all.lateness.value_at_quantile(0.99);
    if LATE_NS < late_p99_ns {
        warnings.push(format!(
            "1 of 100 requests was sent {} us late or later, so the pauses are not those of the \
             recording: give more --connections or --waiting, or a lower --speed",
            Micros(late_p99_ns)
        ));
    }
    if recording.other_size != 0 {
        let count = recording.other_size;
        warnings.push(format!("{count} requests have no example of their size class"));
    }
    ReplayReport {
        file: terms.file.display().to_string(),
        speed: terms.speed,
        seconds,
        requests: recording.requests,
        left_out: recording.left_out,
        other_size: recording.other_size,
        other_door: recording.other_door.clone(),
        offered_per_s: float(recording.requests) / seconds,
        ok_per_s: float(ok) / seconds,
        latency: Latency::of(&all.latency),
        operations,
        statuses,
        unanswered,
        late_p99_ns,
        server_cpu_us: used_us.map(|it| float(it) / answers),
        generator_busy_percent,
        warnings,
    }
}

impl ReplayReport {
    /// The same figures as one JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report is plain data")
    }
}

impl Display for ReplayReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let it = &self.latency;
        writeln!(f, "{} at {} times its speed, {:.1} s", self.file, self.speed, self.seconds)?;
        writeln!(
            f,
            "{} requests, {} left out; offered {}/s, ordinary answers {}/s, unanswered {}",
            grouped(self.requests),
            grouped(self.left_out),
            PerSecond(self.offered_per_s),
            PerSecond(self.ok_per_s),
            self.unanswered
        )?;
        if !self.other_door.is_empty() {
            writeln!(
                f,
                "without an address, and driven elsewhere: {}",
                self.other_door.join(", ")
            )?;
        }
        writeln!(
            f,
            "latency from the intended start, us: p50 {} p90 {} p99 {} p99.9 {} max {}; sent late by \
             p99 {}",
            Micros(it.p50_ns),
            Micros(it.p90_ns),
            Micros(it.p99_ns),
            Micros(it.p999_ns),
            Micros(it.max_ns),
            Micros(self.late_p99_ns)
        )?;
        writeln!(
            f,
            "{:<32}{:>10}{:>8}{:>10}{:>10}",
            "operation", "ok", "other", "p50 us", "p99 us"
        )?;
        for (name, it) in &self.operations {
            let (p50, p99) = (Micros(it.p50_ns), Micros(it.p99_ns));
            writeln!(f, "{name:<32}{:>10}{:>8}{p50:>10}{p99:>10}", grouped(it.ok), it.other)?;
        }
        for (status, count) in &self.statuses {
            write!(f, "{} {status}, ", grouped(*count))?;
        }
        let cpu = self.server_cpu_us.map_or_else(|| "-".to_owned(), |it| format!("{it:.1}"));
        writeln!(
            f,
            "server {cpu} us of cpu an answer, generator {:.0} % busy",
            self.generator_busy_percent
        )?;
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}
