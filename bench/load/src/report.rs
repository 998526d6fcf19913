//! The figures of a run, as data.

mod table;
mod warnings;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use disk::probe::Probe;
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::args::Args;
use crate::codec::REFUSED;
use crate::link::{Peer, Sounding, Speech};
use crate::machine::Machine;
use crate::round::{Measured, Shape};
use crate::tally::{histogram, merge_histogram};

pub(crate) use table::{Maybe, Micros, PerSecond, grouped};

/// Everything a run found. Prints as a table; [`Report::to_json`] gives the same as JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What was run.
    pub settings: Settings,
    /// Where the generator ran.
    pub machine: Machine,
    /// The server's figures.
    pub target: Series,
    /// The figures of a bare echo or a bare hyper, in the same run.
    pub baseline: Option<Series>,
    /// Target over baseline.
    pub ratio: Option<Ratios>,
    /// The figures of a server that is not ours, in the same run.
    pub peer: Option<Series>,
    /// Target over peer.
    pub peer_ratio: Option<Ratios>,
    /// The log device's own latency, in the same run.
    pub device: Option<DeviceReport>,
    /// What makes figures doubtful.
    pub warnings: Vec<String>,
}

/// What was run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the flags of the same names say it")]
pub struct Settings {
    pub workload: &'static str,
    pub protocol: &'static str,
    pub address: SocketAddr,
    pub connections: u32,
    pub pipeline: u32,
    pub batch: u16,
    /// Shifts priced by one answer.
    pub shifts: u32,
    /// Requests (frames) per second; absent in a closed loop.
    pub rate: Option<u64>,
    pub idempotent: bool,
    /// Whether the generator polled without sleeping.
    pub spin: bool,
    /// Whether the answers wait for the log device.
    pub durable: bool,
    pub seconds: f64,
    pub warmup_seconds: f64,
    pub rounds: u32,
    pub client_cores: Vec<usize>,
    pub baseline_core: usize,
    /// Whole messages, in bytes.
    pub request_bytes: usize,
    pub reply_bytes: usize,
    /// What the peer is asked.
    pub peer: Option<Asked>,
}

/// The peer's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names are the definitions")]
pub struct Asked {
    /// As it was given.
    pub url: String,
    /// The method, the command or the statement.
    pub request: String,
    /// Whole messages, in bytes.
    pub request_bytes: usize,
    pub reply_bytes: usize,
}

/// One side's rounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// Who answered.
    pub name: String,
    /// In the order they were run.
    pub rounds: Vec<Round>,
    /// The median of each figure over the rounds.
    pub median: Figures,
    /// The latencies of all rounds in one histogram.
    pub all: Latency,
}

/// The figures that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// Ordinary answers per second of the window; items of a batch one by one.
    pub ok_per_s: f64,
    /// Nanoseconds from the intended start to the reply.
    pub p50_ns: u64,
    /// The same, 90 of 100 are below.
    pub p90_ns: u64,
    /// The same, 99 of 100 are below.
    pub p99_ns: u64,
    /// The same, 999 of 1,000 are below.
    pub p999_ns: u64,
    /// CPU time of the answering side per answer, in microseconds.
    pub server_cpu_us: Option<f64>,
}

/// Latencies, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names are the definitions")]
pub struct Latency {
    /// How many; a batch counts once.
    pub count: u64,
    pub min_ns: u64,
    pub p50_ns: u64,
    pub p90_ns: u64,
    pub p99_ns: u64,
    pub p999_ns: u64,
    pub max_ns: u64,
}

/// One measured window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Round {
    /// The figures that are compared.
    pub figures: Figures,
    /// All of the latencies.
    pub latency: Latency,
    /// Frames or messages answered per second, whatever the answers said.
    pub frames_per_s: f64,
    /// Answers by status, inside the window.
    pub statuses: BTreeMap<String, u64>,
    /// Answers by status that were not Ok, before or after the window.
    pub errors_outside: u64,
    /// Started inside the window and not answered within five seconds after it.
    pub unanswered: u64,
    /// Inside the window.
    pub sent_bytes: u64,
    /// Inside the window.
    pub received_bytes: u64,
    /// How much of the window the (busiest) generator thread was running.
    pub generator_busy_percent: f64,
    /// CPU time of the generator per answer, all its threads, in microseconds.
    pub generator_cpu_us: f64,
    /// How much of the window the answering side's busiest thread was running.
    pub server_busy_percent: Option<f64>,
    /// Only in an open loop.
    pub open: Option<OpenLoop>,
}

/// How well an open loop kept its timetable.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OpenLoop {
    /// Frames per second that the timetable asked for.
    pub offered_per_s: u64,
    /// Nanoseconds from the intended start to the socket; half are below. Part of the latency.
    pub late_p50_ns: u64,
    /// The same, 99 of 100 are below.
    pub late_p99_ns: u64,
    /// Most frames that were due while every connection was full.
    pub backlog_max: u64,
    /// Frames due and not sent when the window closed.
    pub backlog_end: u64,
}

/// Target over what stood beside it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[allow(missing_docs, reason = "named after the figures")]
pub struct Ratios {
    pub ok_per_s: Ratio,
    pub p50: Ratio,
    pub p99: Ratio,
    pub p999: Ratio,
    pub server_cpu: Option<Ratio>,
}

/// The ratio of two medians, and the least and greatest ratio of rounds that stood side by side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names are the definitions")]
pub struct Ratio {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

/// The device's own latency for one 4 KiB write and its fdatasync, nothing else running.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DeviceReport {
    /// Whether the file system takes direct I/O.
    pub direct: bool,
    /// Median before the rounds, in nanoseconds.
    pub before_p50_ns: u64,
    /// 99th percentile before the rounds, in nanoseconds.
    pub before_p99_ns: u64,
    /// Median after the rounds, in nanoseconds.
    pub after_p50_ns: u64,
    /// 99th percentile after the rounds, in nanoseconds.
    pub after_p99_ns: u64,
    /// The target's median p50 over the mean of both medians here.
    pub p50_over_device: f64,
    /// The same without the way there and back: the baseline's median p50 is taken off first.
    pub p50_less_baseline_over_device: Option<f64>,
}

/// The two looks at the device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Device {
    pub(crate) before: Probe,
    pub(crate) after: Probe,
}

impl Settings {
    pub(crate) fn new(
        args: &Args,
        target: &Peer<'_>,
        shape: &Shape,
        sounding: Sounding,
        peer: Option<Asked>,
    ) -> Self {
        let Peer { address, workload, items: batch, .. } = *target;
        Self {
            workload: workload.name,
            protocol: match (target.speech, target.trust) {
                (Speech::Rpc(_), None) => "rpc",
                (Speech::Rpc(_), Some(_)) => "rpc-tls",
                (Speech::RpcQuic(_), _) => "rpc-quic",
                (Speech::Http1, None) => "http",
                (Speech::Http1, Some(_)) => "https",
                (Speech::Http2, None) => "http2 without encryption",
                (Speech::Http2, Some(_)) => "http2",
                (Speech::Http3, _) => "http3",
                (Speech::Store, _) => "its own protocol",
            },
            address,
            connections: args.connections,
            pipeline: args.pipeline,
            batch,
            shifts: workload.shifts,
            rate: args.rate,
            idempotent: args.idempotent,
            spin: args.spin,
            durable: workload.durable,
            seconds: args.seconds,
            warmup_seconds: args.warmup,
            rounds: args.rounds,
            client_cores: shape.client_cores.clone(),
            baseline_core: args.server_core,
            request_bytes: sounding.request,
            reply_bytes: sounding.reply,
            peer,
        }
    }
}

impl Series {
    pub(crate) fn new(name: &str, http: bool, shape: &Shape, measured: &[Measured]) -> Self {
        let rounds: Vec<Round> = measured.iter().map(|it| Round::new(http, shape, it)).collect();
        let mut merged = histogram();
        for it in measured {
            merge_histogram(&mut merged, &it.tally.latency);
        }
        let median = Figures::median(&rounds);
        Self { name: name.to_owned(), rounds, median, all: Latency::of(&merged) }
    }
}

impl Round {
    fn new(http: bool, shape: &Shape, Measured { tally, used }: &Measured) -> Self {
        let seconds = float(shape.window_ns) / 1e9;
        let is_ok = |status| if http { (200..300).contains(&status) } else { status == 0 };
        let ok: u64 =
            tally.statuses.iter().filter(|(status, _)| is_ok(*status)).map(|(_, it)| it).sum();
        let latency = Latency::of(&tally.latency);
        let answers = float(tally.statuses.total().max(1));
        let figures = Figures {
            ok_per_s: float(ok) / seconds,
            p50_ns: latency.p50_ns,
            p90_ns: latency.p90_ns,
            p99_ns: latency.p99_ns,
            p999_ns: latency.p999_ns,
            server_cpu_us: used.map(|used| float(used.all_us) / answers),
        };
        let busy = |used_ns: u64| 100.0 * float(used_ns) / float(shape.window_ns);
        let outside = tally.outside.iter().filter(|(status, _)| !is_ok(*status));
        Self {
            figures,
            latency,
            frames_per_s: float(tally.frames) / seconds,
            statuses: tally.statuses.iter().map(|(it, count)| (label(http, it), count)).collect(),
            errors_outside: outside.map(|(_, count)| count).sum(),
            unanswered: tally.unanswered,
            sent_bytes: tally.sent_bytes,
            received_bytes: tally.received_bytes,
            generator_busy_percent: busy(tally.generator_ns),
            generator_cpu_us: float(tally.generator_all_ns) / 1e3 / answers,
            server_busy_percent: used.map(|used| busy(used.busiest_thread_us * 1_000)),
            open: shape.rate.map(|offered_per_s| OpenLoop {
                offered_per_s,
                late_p50_ns: tally.lateness.value_at_quantile(0.5),
                late_p99_ns: tally.lateness.value_at_quantile(0.99),
                backlog_max: tally.backlog_max,
                backlog_end: tally.backlog_end,
            }),
        }
    }
}

pub(crate) fn label(http: bool, status: u16) -> String {
    if http {
        // No status is 0: the server reset the stream.
        return if status == 0 { "reset".to_owned() } else { status.to_string() };
    }
    if status == REFUSED {
        return "error".to_owned();
    }
    wire::Status::from_number(status).map_or_else(|| status.to_string(), |it| it.title().to_owned())
}

impl Figures {
    fn median(rounds: &[Round]) -> Self {
        let whole = |figure: fn(&Self) -> u64| {
            let mut all: Vec<u64> = rounds.iter().map(|it| figure(&it.figures)).collect();
            all.sort_unstable();
            middle(&all).unwrap_or(0)
        };
        let real = |figure: fn(&Self) -> Option<f64>| {
            let mut all: Vec<f64> = rounds.iter().filter_map(|it| figure(&it.figures)).collect();
            all.sort_unstable_by(f64::total_cmp);
            middle(&all)
        };
        Self {
            ok_per_s: real(|it| Some(it.ok_per_s)).unwrap_or(0.0),
            p50_ns: whole(|it| it.p50_ns),
            p90_ns: whole(|it| it.p90_ns),
            p99_ns: whole(|it| it.p99_ns),
            p999_ns: whole(|it| it.p999_ns),
            server_cpu_us: real(|it| it.server_cpu_us),
        }
    }
}

/// The lower of the two in the middle when the count is even.
fn middle<T: Copy>(sorted: &[T]) -> Option<T> {
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

impl Latency {
    pub(crate) fn of(histogram: &Histogram<u64>) -> Self {
        Self {
            count: histogram.len(),
            min_ns: histogram.min(),
            p50_ns: histogram.value_at_quantile(0.5),
            p90_ns: histogram.value_at_quantile(0.9),
            p99_ns: histogram.value_at_quantile(0.99),
            p999_ns: histogram.value_at_quantile(0.999),
            max_ns: histogram.max(),
        }
    }
}

impl Ratios {
    fn new(target: &Series, beside: &Series) -> Self {
        let ratio = |figure: fn(&Figures) -> Option<f64>| {
            let median = over(figure(&target.median)?, figure(&beside.median)?);
            let pairs: Vec<f64> = target
                .rounds
                .iter()
                .zip(&beside.rounds)
                .filter_map(|(a, b)| Some(over(figure(&a.figures)?, figure(&b.figures)?)))
                .collect();
            let min = pairs.iter().copied().fold(median, f64::min);
            let max = pairs.iter().copied().fold(median, f64::max);
            Some(Ratio { median, min, max })
        };
        let none = Ratio { median: 0.0, min: 0.0, max: 0.0 };
        Self {
            ok_per_s: ratio(|it| Some(it.ok_per_s)).unwrap_or(none),
            p50: ratio(|it| Some(float(it.p50_ns))).unwrap_or(none),
            p99: ratio(|it| Some(float(it.p99_ns))).unwrap_or(none),
            p999: ratio(|it| Some(float(it.p999_ns))).unwrap_or(none),
            server_cpu: ratio(|it| it.server_cpu_us),
        }
    }
}

/// A ratio that stays a number in JSON when there is nothing to divide by.
fn over(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

impl Report {
    pub(crate) fn new(
        settings: Settings,
        target: Series,
        baseline: Option<Series>,
        peer: Option<Series>,
        device: Option<Device>,
    ) -> Self {
        let over_beside = |it: &Option<Series>| it.as_ref().map(|it| Ratios::new(&target, it));
        let (ratio, peer_ratio) = (over_beside(&baseline), over_beside(&peer));
        let device = device.map(|Device { before, after }| {
            let own = u64::midpoint(before.commit_p50_ns, after.commit_p50_ns);
            DeviceReport {
                direct: before.direct,
                before_p50_ns: before.commit_p50_ns,
                before_p99_ns: before.commit_p99_ns,
                after_p50_ns: after.commit_p50_ns,
                after_p99_ns: after.commit_p99_ns,
                p50_over_device: over(float(target.median.p50_ns), float(own)),
                p50_less_baseline_over_device: baseline.as_ref().map(|baseline| {
                    let p50_ns = target.median.p50_ns.saturating_sub(baseline.median.p50_ns);
                    over(float(p50_ns), float(own))
                }),
            }
        });
        let warnings = Vec::new();
        let machine = Machine::look(None);
        let mut report =
            Self { settings, machine, target, baseline, ratio, peer, peer_ratio, device, warnings };
        report.warnings = warnings::of(&report);
        report
    }

    /// The same figures as one JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report is plain data")
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures are read to a few digits")]
pub(crate) fn float(whole: u64) -> f64 {
    whole as f64
}
