//! What a door does when more is asked of it than it can do.
//!
//! A closed loop finds the peak; then an open loop offers parts and multiples of it, on time whether
//! or not anything is answered. What counts is the goodput: ordinary answers within the objective,
//! reckoned from the start that the timetable intended. A request that finds every place to wait taken
//! for a tenth of the objective is lost: callers do not queue for each other's connections. Sending it
//! all the same would make the generator a queue before the door, in which everything is late.

mod picture;
mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::args::Args;
use crate::cpu::{Subject, Used};
use crate::error::LoadError;
use crate::link::Peer;
use crate::machine::Machine;
use crate::report::{Latency, Settings, float, label};
use crate::round::{Measured, Shape, measure};
use crate::run::{Site, shape};
use crate::tally::Tally;
use crate::workload::Workload;

/// The flags of an overload run.
#[derive(Debug, Clone, clap::Args)]
pub struct OverloadArgs {
    /// The door and the requests; --rate, --baseline and --peer have no meaning here
    #[command(flatten)]
    pub load: Args,
    /// An answer that takes longer than this is of no use any more
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 50.0)]
    pub objective: f64,
    /// What is offered, as parts of the peak
    #[arg(
        long,
        value_name = "PARTS",
        value_delimiter = ',',
        default_values_t = [0.5, 0.75, 1.0, 1.25, 1.5, 2.0]
    )]
    pub steps: Vec<f64>,
    /// The peak in requests per second, instead of looking for it with --pipeline and with --waiting
    /// requests in flight on each connection
    #[arg(long, value_name = "PER_SECOND")]
    pub peak: Option<u64>,
    /// Requests that may wait for their answer on each connection while the steps run; what is due
    /// beyond waits in the generator, its waiting counts, and after a tenth of the objective it is lost
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub waiting: u32,
    /// Draw goodput and latency over the offered rate into this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// What an overload run found. Prints as a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OverloadReport {
    /// What was run.
    pub settings: Settings,
    /// Where the generator ran.
    pub machine: Machine,
    /// An answer within this counts, in nanoseconds.
    pub objective_ns: u64,
    /// Requests that may wait on each connection.
    pub waiting: u32,
    /// Ordinary answers per second of a closed loop, or what was given instead.
    pub peak_per_s: f64,
    /// The closed loop that the peak is of, when it was looked for.
    pub closed: Option<ClosedLoop>,
    /// By what was offered, the least first.
    pub steps: Vec<Step>,
    /// What makes figures doubtful.
    pub warnings: Vec<String>,
}

/// A closed loop, the median of its rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClosedLoop {
    /// Requests in flight on each connection.
    pub pipeline: u32,
    /// Ordinary answers per second.
    pub ok_per_s: f64,
    /// Of ordinary answers.
    pub latency: Latency,
}

/// One rate, all of its rounds together. Rates are per second of the windows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Of the peak.
    pub part: f64,
    /// What the timetable asked for.
    pub offered_per_s: f64,
    /// Ordinary answers within the objective, by intended start.
    pub goodput_per_s: f64,
    /// Of the peak.
    pub goodput_over_peak: f64,
    /// Ordinary answers, in time or not, by arrival.
    pub ok_per_s: f64,
    /// Refusals that say to come again: 429, 503, busy, by arrival.
    pub shed_per_s: f64,
    /// Any other answer, by arrival.
    pub failed_per_s: f64,
    /// Never answered or never sent, by intended start.
    pub unanswered_per_s: f64,
    /// Of those, never sent: every place to wait was taken.
    pub unsent_per_s: f64,
    /// Of ordinary answers, and of requests that were sent and never answered with the time that they
    /// waited.
    pub latency: Latency,
    /// CPU time of the answering side per answer, in microseconds.
    pub server_cpu_us: Option<f64>,
    /// The same of the generator.
    pub generator_cpu_us: f64,
    /// How much of the windows the answering side's busiest thread ran.
    pub server_busy_percent: Option<f64>,
    /// The same of the generator's.
    pub generator_busy_percent: f64,
    /// Most that was due and not sent at the end of a window.
    pub backlog_end: u64,
    /// Answers by status.
    pub statuses: BTreeMap<String, u64>,
}

/// From here on the generator may have held a step back.
const GENERATOR_BUSY_PERCENT: f64 = 95.0;
/// What finds no place to wait for this part of the objective is lost.
const PATIENCE_PART: u64 = 10;
/// From here on the door has met notably less than was offered, in parts of it.
const UNSENT_MAX: f64 = 0.02;
const STEPS_MAX: usize = 64;
const PART_MAX: f64 = 100.0;

/// Finds the peak and offers parts of it.
pub fn overload(args: &OverloadArgs) -> Result<OverloadReport, LoadError> {
    overload_workload(args, &args.load.workload.build())
}

/// The same with requests of the caller's own making.
pub fn overload_workload(
    args: &OverloadArgs,
    workload: &Workload,
) -> Result<OverloadReport, LoadError> {
    let objective_ns = check(args)?;
    let load = &args.load;
    let site = Site::new(load, workload)?;
    let (target, shape, subject) = (site.peer(load, workload), shape(load)?, site.subject(load));
    let sounding = target.sound()?;
    let settings = Settings::new(load, &target, &shape, sounding, None);
    let http = target.is_http();
    let waiting = Peer { depth: args.waiting.max(load.pipeline), ..target };
    let closed = if args.peak.is_some() {
        None
    } else {
        // A door may do more with more in flight, or less: the better counts.
        let few = closed_loop(&shape, &target, subject, load.rounds)?;
        let many = closed_loop(&shape, &waiting, subject, load.rounds)?;
        Some(if few.ok_per_s < many.ok_per_s { many } else { few })
    };
    let given = args.peak.map_or(0.0, float);
    let peak_per_s = closed.as_ref().map_or(given, |it| it.ok_per_s);
    if peak_per_s < 1.0 {
        let reason = "the closed loop had no ordinary answer in its window".to_owned();
        return Err(LoadError::Broken { address: target.address, reason });
    }
    let mut parts = args.steps.clone();
    parts.sort_by(f64::total_cmp);
    let mut measured: Vec<Vec<Measured>> = parts.iter().map(|_| Vec::new()).collect();
    let least = u64::try_from(shape.client_cores.len()).unwrap_or(u64::MAX);
    let rate = |part: f64| rounded(peak_per_s * part).max(least);
    // Every rate once in each round: what the machine does meanwhile falls on all of them.
    for _ in 0..load.rounds {
        for (part, measured) in parts.iter().zip(&mut measured) {
            let patience_ns = Some(objective_ns / PATIENCE_PART);
            let shape = Shape { rate: Some(rate(*part)), patience_ns, ..shape.clone() };
            measured.push(measure(&shape, &waiting, subject)?);
        }
    }
    let steps: Vec<Step> = parts
        .iter()
        .zip(&measured)
        .map(|(part, rounds)| {
            let offered = float(rate(*part));
            Step::new(*part, offered, peak_per_s, objective_ns, http, &shape, rounds)
        })
        .collect();
    let warnings = warnings(&steps);
    Ok(OverloadReport {
        settings,
        machine: Machine::look(None),
        objective_ns,
        waiting: waiting.depth,
        peak_per_s,
        closed,
        steps,
        warnings,
    })
}

fn closed_loop(
    shape: &Shape,
    peer: &Peer<'_>,
    subject: Option<Subject>,
    rounds: u32,
) -> Result<ClosedLoop, LoadError> {
    let mut all = Vec::new();
    for _ in 0..rounds {
        let Measured { tally, .. } = measure(shape, peer, subject)?;
        let ok = counts(peer.is_http(), &tally)[0];
        all.push(ClosedLoop {
            pipeline: peer.depth,
            ok_per_s: float(ok) / seconds(shape),
            latency: Latency::of(&tally.latency),
        });
    }
    all.sort_by(|a, b| a.ok_per_s.total_cmp(&b.ok_per_s));
    // The lower of the two in the middle when the count is even.
    Ok(all[(all.len() - 1) / 2])
}

/// Checks the flags of this run alone, and gives the objective in nanoseconds.
fn check(args: &OverloadArgs) -> Result<u64, LoadError> {
    let invalid = |flag, reason: &str| LoadError::Invalid { flag, reason: reason.to_owned() };
    if args.load.rate.is_some() {
        return Err(invalid("rate", "the rates follow from the peak: give --peak and --steps"));
    }
    if args.load.baseline {
        return Err(invalid("baseline", "a bare server sheds nothing: there is none here"));
    }
    if args.load.beside.peer.is_some() {
        return Err(invalid("peer", "one server at a time is overloaded: there is none here"));
    }
    if !(1..=STEPS_MAX).contains(&args.steps.len()) {
        return Err(invalid("steps", "give 1 up to 64 of them"));
    }
    if !args.steps.iter().all(|it| (0.001..=PART_MAX).contains(it)) {
        return Err(invalid("steps", "give parts of the peak from 0.001 up to 100"));
    }
    if args.peak == Some(0) {
        return Err(invalid("peak", "give at least 1"));
    }
    if args.waiting == 0 {
        return Err(invalid("waiting", "give at least 1"));
    }
    if !(0.001..=60_000.0).contains(&args.objective) {
        return Err(invalid("objective", "give 0.001 up to 60000 milliseconds"));
    }
    Ok(rounded(args.objective * 1e6))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates and times of a run are positive and far below 2^53"
)]
fn rounded(figure: f64) -> u64 {
    figure.round() as u64
}

fn seconds(shape: &Shape) -> f64 {
    float(shape.window_ns) / 1e9
}

/// Ordinary answers, refusals that say to come again, all others.
fn counts(http: bool, tally: &Tally) -> [u64; 3] {
    let mut counts = [0; 3];
    for (status, count) in tally.statuses.iter() {
        let kind = match (http, status) {
            (true, 200..300) => 0,
            (true, 429 | 503) => 1,
            (false, _) => match wire::Status::from_number(status) {
                Some(wire::Status::Ok) => 0,
                Some(wire::Status::Busy | wire::Status::RateLimited) => 1,
                _ => 2,
            },
            _ => 2,
        };
        counts[kind] += count;
    }
    counts
}

impl Step {
    fn new(
        part: f64,
        offered_per_s: f64,
        peak_per_s: f64,
        objective_ns: u64,
        http: bool,
        shape: &Shape,
        rounds: &[Measured],
    ) -> Self {
        let mut all = Tally::new();
        for it in rounds {
            all.merge(&it.tally);
        }
        let windows = seconds(shape) * float(u64::try_from(rounds.len()).unwrap_or(u64::MAX));
        let per_s = |count: u64| float(count) / windows;
        let [ok, shed, failed] = counts(http, &all);
        let goodput_per_s = per_s(all.latency.count_between(0, objective_ns));
        let used = |of: fn(&Used) -> u64| {
            let all: Option<Vec<u64>> = rounds.iter().map(|it| it.used.as_ref().map(of)).collect();
            all.filter(|it| !it.is_empty())
        };
        let answers = float(all.statuses.total().max(1));
        let window_us = float(shape.window_ns) / 1e3;
        Self {
            part,
            offered_per_s,
            goodput_per_s,
            goodput_over_peak: goodput_per_s / peak_per_s,
            ok_per_s: per_s(ok),
            shed_per_s: per_s(shed),
            failed_per_s: per_s(failed),
            unanswered_per_s: per_s(all.unanswered + all.unsent),
            unsent_per_s: per_s(all.unsent),
            latency: Latency::of(&all.latency),
            server_cpu_us: used(|it| it.all_us).map(|it| float(it.iter().sum()) / answers),
            generator_cpu_us: float(all.generator_all_ns) / 1e3 / answers,
            server_busy_percent: used(|it| it.busiest_thread_us)
                .map(|it| 100.0 * float(it.into_iter().max().unwrap_or(0)) / window_us),
            generator_busy_percent: 100.0 * float(all.generator_ns) / float(shape.window_ns),
            backlog_end: rounds.iter().map(|it| it.tally.backlog_end).max().unwrap_or(0),
            statuses: all.statuses.iter().map(|(it, count)| (label(http, it), count)).collect(),
        }
    }
}

fn warnings(steps: &[Step]) -> Vec<String> {
    let mut warnings = Vec::new();
    for step in steps {
        if GENERATOR_BUSY_PERCENT <= step.generator_busy_percent {
            warnings.push(format!(
                "at {}x the generator ran for {:.0} % of a window: it may have sent later than the \
                 timetable asked for, and the server have met less; give more --client-core or a \
                 heavier workload",
                step.part, step.generator_busy_percent
            ));
        }
        if UNSENT_MAX * step.offered_per_s < step.unsent_per_s {
            warnings.push(format!(
                "at {}x {:.0} % of what was offered found no place to wait and was never sent: the \
                 door met that much less; give more --connections or --waiting",
                step.part,
                100.0 * step.unsent_per_s / step.offered_per_s
            ));
        }
    }
    warnings
}

impl OverloadReport {
    /// The same figures as one JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report is plain data")
    }

    /// Goodput and latency over the offered rate, as a picture that needs nothing else.
    pub fn to_svg(&self) -> String {
        picture::draw(self)
    }
}

#[cfg(test)]
#[path = "overload/tests.rs"]
mod tests;
