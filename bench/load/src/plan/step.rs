//! One rate, offered and measured.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::field::{DoorSite, Field};
use super::process::{Cores, Spent, Told, Usage};
use super::result::{
    Bucket, DoorFigures, LatencySummary, Objectives, OperationFigures, Purpose, Second, Step,
};
use super::starts::{Course, list};
use crate::chance::Chance;
use crate::error::LoadError;
use crate::mix::Mix;
use crate::pace::{Clock, Starts, Window};
use crate::report::{float, label};
use crate::scenario::Scenario;
use crate::swarm::Swarm;
use crate::tally::{Part, Tally, histogram, merge_histogram};
use crate::worker::{Connections, Task};

/// Why a step gave no figures.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nobody wants them any more.
    Halted,
    /// The server is gone, or a file or thread of ours.
    Failed(LoadError),
}

impl From<LoadError> for Stop {
    fn from(error: LoadError) -> Self {
        Self::Failed(error)
    }
}

/// What a step is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) purpose: Purpose,
    /// None offers as much as is answered.
    pub(super) per_s: Option<f64>,
    pub(super) window_s: f64,
    /// Told apart from other steps, so that each draws for itself.
    pub(super) number: u64,
    pub(super) mix: &'a Mix,
    pub(super) objectives: &'a Objectives,
}

/// What was counted on one thread.
pub(crate) struct Counted {
    door: usize,
    core: usize,
    pub(crate) tally: Tally,
}

/// Between the making of the threads and their first request.
const HEAD_START_NS: u64 = 20_000_000;
/// Answers are waited for after the window for twice the objective, but not less.
const DRAIN_NS_MIN: u64 = 500_000_000;
/// Connections of different doors have different numbers.
const NUMBERS_PER_DOOR: u32 = 16_384;
/// A step's times are drawn before it begins, eight bytes each.
const STARTS_MAX: f64 = 1e8;
/// The first bar of a histogram, in nanoseconds, and how much wider each is than the one before.
const BUCKET_NS: u64 = 10_000;
const BUCKET_RATIO: f64 = 1.25;

/// Offers and measures. A server that breaks connections but is still there has failed the step.
pub(super) fn offer(field: &Field, scenario: &Scenario, wish: &Wish<'_>) -> Result<Step, Stop> {
    let settle = scenario.ramp.rise_s + scenario.ramp.settle_s;
    let (settle_ns, window_ns) = (nanos(settle), nanos(wish.window_s));
    let mut tasks = tasks(field, scenario, wish)?;
    let clock = Clock::start();
    let from = clock.now() + HEAD_START_NS;
    let window = Window { from: from + settle_ns, to: from + settle_ns + window_ns };
    for (_, _, task) in &mut tasks {
        (task.clock, task.from, task.window) = (clock, from, window);
    }
    let mut threads = Vec::new();
    for (door, core, task) in tasks {
        let thread = thread::Builder::new().name("load".to_owned()).spawn(|| task.run());
        threads.push((door, core, thread.map_err(LoadError::setup("the generator's threads"))?));
    }
    sleep_until(field, clock.instant(window.from));
    let before = Look::new(field)?;
    let checkpoints = watch(field, &clock, window, wish.mix);
    let after = Look::new(field)?;
    let (mut counted, mut broken) = (Vec::new(), None);
    for (door, core, thread) in threads {
        match thread.join().expect("a generator thread that panicked said why")? {
            Ok(tally) => counted.push(Counted { door, core, tally }),
            Err(reason) => {
                let address = field.doors[door].address;
                broken.get_or_insert(LoadError::Broken { address, reason });
            }
        }
    }
    if field.halt.load(Relaxed) {
        return Err(Stop::Halted);
    }
    if let Some(error) = &broken
        && !field.is_there()
    {
        let gone = format!("{error}, and it is not there any more");
        let address = field.doors[0].address;
        return Err(Stop::Failed(LoadError::Broken { address, reason: gone }));
    }
    let mut step = figures(field, wish, &counted);
    step.core_busy_percent = after.cores.busy_percent_since(&before.cores);
    step.add_server(&before, &after);
    step.checkpoints = checkpoints;
    step.judge(wish.objectives);
    if let Some(error) = broken {
        step.failed.push(error.to_string());
        step.sustained = false;
    }
    Ok(step)
}

/// Connects everything and draws when requests are due.
fn tasks(
    field: &Field,
    scenario: &Scenario,
    wish: &Wish<'_>,
) -> Result<Vec<(usize, usize, Task)>, LoadError> {
    let clock = Clock::start();
    let ramp = &scenario.ramp;
    let length_s = ramp.rise_s + ramp.settle_s + wish.window_s;
    let starts = wish.per_s.unwrap_or(0.0) * length_s;
    if STARTS_MAX < starts {
        let reason = format!(
            "{starts:.1e} requests are too many for one step: shorten ramp.window_s and ramp.confirm_s"
        );
        return Err(LoadError::Invalid { flag: "scenario", reason });
    }
    let mut tasks = Vec::new();
    for (door, site) in field.doors.iter().enumerate() {
        let peer = field.peer(site, wish.mix);
        let first = NUMBERS_PER_DOOR * u32::try_from(door).expect("a handful of doors");
        let all = first..first + site.door.connections;
        let threads = field.client_cores.len().min(all.len());
        for (index, core) in field.client_cores.iter().take(threads).enumerate() {
            let numbers: Vec<u32> = all.clone().skip(index).step_by(threads).collect();
            let part = float(u64::try_from(numbers.len()).unwrap_or(0));
            let share = site.share * part / f64::from(site.door.connections);
            let connections = if peer.is_quic() {
                Connections::Quic(Box::new(Swarm::connect(&peer, &numbers)?))
            } else {
                let connect = |number: &u32| peer.connect(*number);
                Connections::Tcp(numbers.iter().map(connect).collect::<Result<_, _>>()?)
            };
            let starts = wish.per_s.map(|per_s| {
                let course = Course { rise_s: ramp.rise_s, length_s, per_s: per_s * share };
                let part = wish.number << 32 | u64::from(numbers[0]);
                let mut chance = Chance::new(!scenario.seed, part);
                Starts::Listed(list(&scenario.arrivals, course, &mut chance).into())
            });
            let task = Task {
                core: Some(*core),
                clock,
                window: Window { from: 0, to: 0 },
                from: 0,
                starts,
                depth: site.door.waiting,
                patience_ns: None,
                operations: wish.mix.operations.len(),
                drain_ns: (2 * wish.objectives.p99_ns).max(DRAIN_NS_MIN),
                halt: Some(Arc::clone(&field.halt)),
                spin: false,
                connections,
            };
            tasks.push((door, *core, task));
        }
    }
    Ok(tasks)
}

/// What server and machine said at one moment.
struct Look {
    usage: Option<Usage>,
    cores: Cores,
    told: Option<Told>,
}

impl Look {
    fn new(field: &Field) -> Result<Self, LoadError> {
        let look = |pid| Usage::look(pid).map_err(|source| LoadError::Cpu { pid, source });
        // A server that does not tell is measured all the same.
        let told = field.metrics.and_then(|it| Told::ask(it).ok());
        Ok(Self { usage: field.pid.map(look).transpose()?, cores: Cores::look(), told })
    }
}

/// Waits for the end of the window, and counts the checkpoints that end meanwhile: what waits for one
/// becomes less. None where nothing waits or nobody tells.
fn watch(field: &Field, clock: &Clock, window: Window, mix: &Mix) -> Option<u64> {
    let mut seen = None;
    let mut before = 0;
    let address = field.metrics.filter(|_| 0.0 < mix.durable_share());
    let mut at = window.from;
    while at < window.to {
        at = (at + 1_000_000_000).min(window.to);
        sleep_until(field, clock.instant(at));
        if let Some(told) = address.and_then(|it| Told::ask(it).ok()) {
            let count: &mut u64 = seen.get_or_insert(0);
            *count += u64::from(told.overlay_bytes < before);
            before = told.overlay_bytes;
        }
    }
    seen
}

fn sleep_until(field: &Field, at: Instant) {
    while !field.halt.load(Relaxed) {
        let rest = at.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return;
        }
        thread::sleep(rest.min(Duration::from_millis(50)));
    }
}

/// What the generator counted.
fn figures(field: &Field, wish: &Wish<'_>, counted: &[Counted]) -> Step {
    let mut all = Tally::new();
    let mut step = Step::nothing(wish.purpose, wish.per_s.unwrap_or(0.0), wish.window_s);
    step.server_cores = field.cores;
    let mut busy: BTreeMap<usize, u64> = BTreeMap::new();
    for it in counted {
        *busy.entry(it.core).or_default() += it.tally.generator_ns;
        all.merge(&it.tally);
    }
    for (index, site) in field.doors.iter().enumerate() {
        step.add_door(site, counted.iter().filter(|it| it.door == index).map(|it| &it.tally));
    }
    let window_ns = float(nanos(wish.window_s));
    let busiest = busy.values().copied().max().unwrap_or(0);
    step.generator_busy_percent = 100.0 * float(busiest) / window_ns;
    let answers = float(all.statuses.total().max(1));
    step.generator_cpu_us = float(all.generator_all_ns) / 1e3 / answers;
    step.add_tally(
        &all,
        &wish.mix.operations.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
    );
    step
}

impl Step {
    /// A step in which nothing came.
    pub(crate) fn nothing(purpose: Purpose, offered_per_s: f64, window_s: f64) -> Self {
        Self {
            purpose,
            server_cores: None,
            offered_per_s,
            achieved_per_s: 0.0,
            sustained: false,
            failed: Vec::new(),
            window_s,
            latency: LatencySummary::default(),
            histogram: Vec::new(),
            operations: BTreeMap::new(),
            doors: BTreeMap::new(),
            statuses: BTreeMap::new(),
            errors: 0,
            shed: 0,
            limited: 0,
            unanswered: 0,
            server_cpu_us: None,
            server_cpu_us_by: BTreeMap::new(),
            generator_cpu_us: 0.0,
            server_busy_percent: None,
            generator_busy_percent: 0.0,
            core_busy_percent: Vec::new(),
            late_p99_ns: 0,
            backlog_end: 0,
            sent_bytes: 0,
            received_bytes: 0,
            log_bytes: None,
            disk_written_bytes: None,
            checkpoints: None,
            resident_bytes: None,
            seconds: Vec::new(),
        }
    }

    fn add_door<'t>(&mut self, site: &DoorSite, tallies: impl Iterator<Item = &'t Tally>) {
        let (name, http) = (site.door.speak.name(), site.door.speak.is_http());
        let mut latency = histogram();
        let (mut ok, mut sent_bytes, mut received_bytes) = (0, 0, 0);
        for tally in tallies {
            merge_histogram(&mut latency, &tally.latency);
            sent_bytes += tally.sent_bytes;
            received_bytes += tally.received_bytes;
            for (status, count) in tally.statuses.iter() {
                let label = label(http, status);
                let kind = Outcome::of(http, status);
                ok += count * u64::from(kind == Outcome::Ok);
                self.shed += count * u64::from(kind == Outcome::Shed);
                self.limited += count * u64::from(kind == Outcome::Limited);
                *self.statuses.entry(format!("{name} {label}")).or_default() += count;
            }
        }
        let figures = DoorFigures {
            offered_per_s: self.offered_per_s * site.share,
            ok_per_s: float(ok) / self.window_s,
            p50_ns: latency.value_at_quantile(0.5),
            p99_ns: latency.value_at_quantile(0.99),
            p999_ns: latency.value_at_quantile(0.999),
            sent_bytes,
            received_bytes,
        };
        self.achieved_per_s += figures.ok_per_s;
        self.doors.insert(name.to_owned(), figures);
    }

    /// What is told of all doors together.
    pub(crate) fn add_tally(&mut self, all: &Tally, operations: &[&str]) {
        self.latency = summary(&all.latency);
        self.histogram = buckets(&all.latency);
        self.unanswered = all.unanswered + all.unsent;
        self.late_p99_ns = all.lateness.value_at_quantile(0.99);
        self.backlog_end = all.backlog_end;
        (self.sent_bytes, self.received_bytes) = (all.sent_bytes, all.received_bytes);
        let Some(detail) = &all.detail else { return };
        for (name, part) in operations.iter().zip(&detail.operations) {
            let entry = self.operations.entry((*name).to_owned());
            let figures = entry.or_insert(OperationFigures {
                ok_per_s: 0.0,
                other_per_s: 0.0,
                p50_ns: 0,
                p99_ns: 0,
            });
            // Two entries of one operation in a scenario: the slower one is told.
            figures.ok_per_s += float(part.latency.len()) / self.window_s;
            figures.other_per_s += float(part.other) / self.window_s;
            figures.p50_ns = figures.p50_ns.max(part.latency.value_at_quantile(0.5));
            figures.p99_ns = figures.p99_ns.max(part.latency.value_at_quantile(0.99));
        }
        self.seconds =
            (0..).zip(&detail.seconds).map(|(second, it)| of_second(second, it)).collect();
        self.errors = detail.seconds.iter().map(|it| it.other).sum::<u64>() + all.unsent;
    }

    fn add_server(&mut self, before: &Look, after: &Look) {
        let told = before.told.zip(after.told);
        self.log_bytes = told.map(|(a, b)| b.log_bytes.saturating_sub(a.log_bytes));
        let Some((before, after)) = before.usage.as_ref().zip(after.usage.as_ref()) else { return };
        let Spent { all_us, busiest_us, by } = after.since(before);
        let answers = float(self.statuses.values().sum::<u64>().max(1));
        self.server_cpu_us = Some(float(all_us) / answers);
        let each = |(part, us): (String, u64)| (part, float(us) / answers);
        self.server_cpu_us_by = by.into_iter().map(each).collect();
        self.server_busy_percent = Some(float(busiest_us) / 1e4 / self.window_s);
        self.resident_bytes = Some(after.resident_bytes);
        let written = before.written_bytes.zip(after.written_bytes);
        self.disk_written_bytes = written.map(|(a, b)| b.saturating_sub(a));
    }

    /// Requests of the window with an ordinary answer, however late it came.
    fn ordinary(&self) -> u64 {
        self.seconds.iter().map(|it| it.ok).sum()
    }

    /// So many of the window's requests, as a share of them.
    pub(crate) fn share_of_all(&self, count: u64) -> f64 {
        float(count) / float((self.ordinary() + self.errors).max(1))
    }

    /// Holds the figures against what was to be met.
    pub(crate) fn judge(&mut self, objectives: &Objectives) {
        let mut late = |name: &str, found_ns: u64, most_ns: u64| {
            if most_ns < found_ns {
                let [found, most] = [found_ns, most_ns].map(|it| float(it) / 1e6);
                self.failed.push(format!("{name} {found:.1} ms over {most:.1} ms"));
            }
        };
        late("p99", self.latency.p99_ns, objectives.p99_ns);
        if let Some(p999_ns) = objectives.p999_ns {
            late("p99.9", self.latency.p999_ns, p999_ns);
        }
        let fine = if objectives.limited_is_fine { self.limited } else { 0 };
        let errors = self.errors.saturating_sub(fine);
        let share = self.share_of_all(errors);
        if objectives.error_share_max < share {
            let [found, most] = [share, objectives.error_share_max].map(|it| 100.0 * it);
            self.failed.push(format!("errors {found:.2} % over {most:.2} %"));
        }
        if self.ordinary() + fine == 0 {
            self.failed.push("no ordinary answer".to_owned());
        }
        self.sustained = self.failed.is_empty();
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Ok,
    /// Come again: the box has too much to do.
    Shed,
    /// Come again: the caller has used up what it may.
    Limited,
    Other,
}

impl Outcome {
    fn of(http: bool, status: u16) -> Self {
        match (http, status) {
            (true, 200..300) => Self::Ok,
            (true, 429) => Self::Limited,
            (true, 503) => Self::Shed,
            (true, _) => Self::Other,
            (false, _) => match wire::Status::from_number(status) {
                Some(wire::Status::Ok) => Self::Ok,
                Some(wire::Status::RateLimited) => Self::Limited,
                Some(wire::Status::Busy) => Self::Shed,
                _ => Self::Other,
            },
        }
    }
}

fn summary(latency: &Histogram<u64>) -> LatencySummary {
    let at = |quantile| latency.value_at_quantile(quantile);
    LatencySummary {
        count: latency.len(),
        mean_ns: nanos(latency.mean() / 1e9),
        p50_ns: at(0.5),
        p90_ns: at(0.9),
        p99_ns: at(0.99),
        p999_ns: at(0.999),
        max_ns: latency.max(),
    }
}

fn buckets(latency: &Histogram<u64>) -> Vec<Bucket> {
    let bars = latency.iter_log(BUCKET_NS, BUCKET_RATIO);
    let bars = bars
        .map(|it| Bucket { to_ns: it.value_iterated_to(), count: it.count_since_last_iteration() });
    bars.skip_while(|it| it.count == 0).collect()
}

fn of_second(second: u32, part: &Part) -> Second {
    Second {
        second,
        ok: part.latency.len(),
        other: part.other,
        p50_ns: part.latency.value_at_quantile(0.5),
        p99_ns: part.latency.value_at_quantile(0.99),
        max_ns: part.latency.max(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times of a step are at least nothing and far below 2^53 nanoseconds"
)]
pub(super) fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}
