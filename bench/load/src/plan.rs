//! The capacity planner: a scenario in, the highest rate that meets its objectives out, and from that
//! the users that a box carries.

pub(crate) mod field;
mod process;
pub(crate) mod result;
pub(crate) mod sheet;
mod starts;
mod step;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::error::LoadError;
use crate::figure::{digits, short};
use crate::knee::{Found, GAP, Offer, Search};
use crate::machine::Machine;
use crate::model::{Ground, Point};
use crate::report::float;
use crate::scenario::{Process, Scenario};

use field::Field;
use process::Told;
use result::{
    Cost, FORMAT, Growth, Knee, Objectives, PlanResult, Purpose, ScenarioSummary, Step, Target,
};
use step::{Stop, Wish, nanos, offer};

pub use field::PlanTarget;

/// One plan, from its first look to its result. A search that ends early keeps what it has.
pub struct Planner<'a> {
    scenario: &'a Scenario,
    client_cores: Vec<usize>,
    halt: Arc<AtomicBool>,
    say: &'a mut dyn FnMut(&str),
    began: Instant,
    /// Steps so far, so that each draws for itself.
    number: u64,
    result: PlanResult,
}

/// What ended a plan early.
#[derive(Debug)]
pub enum PlanStop {
    /// [`Planner::new`]'s `halt` was set.
    Halted,
    /// The server is gone, or does not answer a request of the scenario.
    Failed(LoadError),
}

/// So many seconds of durable requests tell how memory grows.
const GROWTH_S: f64 = 3.0;
/// Records below which growth is not told: the allocator's steps are larger than what they take.
const GROWTH_RECORDS_MIN: u64 = 10_000;
/// A closed loop so long says where to begin.
const LOOK_S: f64 = 1.0;
/// The search begins at this part of the closed loop's rate.
const FIRST_PART: f64 = 0.125;
/// One rate, reached by two ways of computing.
const SAME_RATE: f64 = 1.000_001;
/// On two cores it begins at this part of the knee on one.
const SCALE_PART: f64 = 0.7;
const SCALE_FACTOR: f64 = 1.25;
const SCALE_GAP: f64 = 1.08;
/// Rates below this part of the knee say what the model makes of them alone.
const BELOW_PART: f64 = 0.75;
/// Beyond this the generator is as busy as a core can be.
const GENERATOR_BUSY_PERCENT: f64 = 92.0;
/// Two figures of one thing differ by this much on a busy machine.
const OTHERS_BUSY: f64 = 1.0;

impl<'a> Planner<'a> {
    /// A plan of `scenario`, found at `source`, with the generator on `client_cores` (the last core when
    /// there are none). `say` is told how it goes, and setting `halt` ends it.
    pub fn new(
        scenario: &'a Scenario,
        source: &str,
        client_cores: &[usize],
        halt: &Arc<AtomicBool>,
        say: &'a mut dyn FnMut(&str),
    ) -> Self {
        let wanted = &scenario.objectives;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load_average = load.split(' ').next().and_then(|it| it.parse().ok()).unwrap_or(0.0);
        let mut warnings = Vec::new();
        if OTHERS_BUSY < load_average {
            warnings.push(format!(
                "the load average was {load_average:.1} before anything began: something else uses \
                 these cores, and the knee is lower for it"
            ));
        }
        let result = PlanResult {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            began_unix_s: since.as_secs(),
            took_s: 0.0,
            complete: false,
            missing: vec!["everything: nothing was measured yet".to_owned()],
            machine: Machine::look(None),
            load_average,
            scenario: summary(scenario, source),
            objectives: Objectives {
                p99_ns: nanos(wanted.p99_ms / 1e3),
                p999_ns: wanted.p999_ms.map(|it| nanos(it / 1e3)),
                error_share_max: wanted.error_percent / 100.0,
                limited_is_fine: wanted.limited_is_fine,
            },
            target: Target {
                doors: BTreeMap::new(),
                own_box: false,
                cores: None,
                pid: None,
                client_cores: Vec::new(),
            },
            steps: Vec::new(),
            knee: None,
            cost: None,
            growth: None,
            sheet: None,
            warnings,
        };
        Self {
            scenario,
            client_cores: client_cores.to_vec(),
            halt: Arc::clone(halt),
            say,
            began: Instant::now(),
            number: 0,
            result,
        }
    }

    /// Whether anything was measured: before that there is nothing to keep.
    pub fn has_steps(&self) -> bool {
        !self.result.steps.is_empty()
    }

    /// The server's cores, once it was looked at.
    pub fn server_cores(&self) -> Option<u32> {
        self.result.target.cores
    }

    /// Looks for the knee within `budget`, then at what it costs and how the server grows.
    ///
    /// # Errors
    ///
    /// Says what ended it; what was measured until then is kept.
    pub fn search(&mut self, target: &PlanTarget, budget: Duration) -> Result<(), PlanStop> {
        self.result.machine = Machine::look(target.probe_dir.as_deref());
        let field = self.field(target)?;
        self.result.target = Target {
            doors: field.addresses(),
            own_box: field.own_box,
            cores: field.cores,
            pid: field.pid,
            client_cores: field.client_cores.clone(),
        };
        self.result.scenario.durable_share = field.mix.durable_share();
        let operations = field.mix.operations.iter();
        self.result.scenario.operations =
            operations.map(|it| (it.name.clone(), it.share)).collect();
        let doors = field.doors.iter();
        self.result.scenario.doors =
            doors.map(|it| (it.door.speak.name().to_owned(), it.share)).collect();
        self.result.scenario.connections = field.doors.iter().map(|it| it.door.connections).sum();
        field.sound().map_err(PlanStop::Failed)?;
        if field.shares_a_core() {
            self.result.warnings.push(
                "the generator ran on a core of the box, and the knee is lower by what it took: give it \
                 a core that the box leaves free (--client-core) or another machine"
                    .to_owned(),
            );
        }
        let first_per_s = match self.scenario.ramp.first_per_s {
            Some(first_per_s) => first_per_s,
            None => self.look(&field)?,
        };
        let ramp = &self.scenario.ramp;
        let search = Search { first_per_s, factor: ramp.factor, gap: GAP, budget };
        let mut found = Found::default();
        let ended = search.run(&mut self.offers(&field, false), &mut found);
        self.tell_knee(&found, &search);
        ended?;
        if self.result.knee.is_some() {
            self.result.growth = self.growth(&field)?;
        }
        Ok(())
    }

    /// Looks for the knee of the same box with more cores, around what the first one suggests.
    ///
    /// # Errors
    ///
    /// Says what ended it; what was measured until then is kept.
    pub fn scale(&mut self, target: &PlanTarget, budget: Duration) -> Result<(), PlanStop> {
        let Some(knee) = &self.result.knee else { return Ok(()) };
        let first_per_s = knee.sustained_per_s * SCALE_PART;
        let field = self.field(target)?;
        field.sound().map_err(PlanStop::Failed)?;
        let search = Search { first_per_s, factor: SCALE_FACTOR, gap: SCALE_GAP, budget };
        let mut found = Found::default();
        search.run(&mut self.offers(&field, true), &mut found)?;
        if found.sustained.is_none() {
            self.result.warnings.push("no rate was sustained on two cores".to_owned());
        }
        Ok(())
    }

    /// The result. `ended` says why it is not complete, when it is not.
    pub fn finish(mut self, ended: Option<String>) -> PlanResult {
        let result = &mut self.result;
        result.missing = ended.into_iter().collect();
        if result.knee.is_none() {
            result.missing.push("the knee, and with it costs and the sheet".to_owned());
        }
        if let Some(knee) = &result.knee {
            if knee.not_sustained_per_s.is_none() {
                let missing = "the rate at which an objective gives out (--budget)";
                result.missing.push(missing.to_owned());
            }
            let step = &result.steps[knee.step];
            result.cost = Some(cost(step, result.scenario.durable_share));
            match sheet(result, self.scenario) {
                Some(sheet) => result.sheet = Some(sheet),
                None => result.missing.push(
                    "users per box: without the server's process there is no CPU time to scale \
                     (--server-pid)"
                        .to_owned(),
                ),
            }
        }
        result.complete = result.missing.is_empty();
        result.took_s = self.began.elapsed().as_secs_f64();
        self.result
    }

    fn field(&mut self, target: &PlanTarget) -> Result<Field, PlanStop> {
        let warnings = &mut self.result.warnings;
        let before = warnings.len();
        let field = Field::new(self.scenario, target, &self.client_cores, &self.halt, warnings);
        let mut field = field.map_err(PlanStop::Failed)?;
        // Who does not tell is not asked again: each step would wait for that.
        let told = field.metrics.and_then(|it| Told::ask(it).ok());
        field.metrics = field.metrics.filter(|_| told.is_some());
        field.cores = field.cores.or_else(|| told.map(|it| it.cores));
        // The second box of a plan has the same doors as the first.
        warnings.dedup();
        for warning in &self.result.warnings[before.min(self.result.warnings.len())..] {
            (self.say)(warning);
        }
        Ok(field)
    }

    /// Where to begin: a part of what a closed loop does.
    fn look(&mut self, field: &Field) -> Result<f64, PlanStop> {
        let wish = Wish {
            purpose: Purpose::Ramp,
            per_s: None,
            window_s: LOOK_S,
            number: 0,
            mix: &field.mix,
            objectives: &self.result.objectives,
        };
        let step = offer(field, self.scenario, &wish)?;
        let peak = step.achieved_per_s;
        (self.say)(&format!("closed loop: {}/s", short(peak)));
        // Plans of one machine offer the same rates, so that they can be compared rate by rate.
        let factor = self.scenario.ramp.factor;
        let steps = (peak * FIRST_PART).max(1.0).log(factor).round();
        Ok(factor.powf(steps))
    }

    fn offers<'p>(&'p mut self, field: &'p Field, scale: bool) -> Offers<'p, 'a> {
        Offers { began: Instant::now(), planner: self, field, scale }
    }

    fn tell_knee(&mut self, found: &Found, search: &Search) {
        let result = &mut self.result;
        let Some(sustained) = found.sustained else {
            if let Some(failed) = found.failed {
                let why = result.steps.iter().rfind(|it| !it.sustained);
                let why = why.map_or_else(String::new, |it| it.failed.join(", "));
                result.warnings.push(format!(
                    "the objectives are not met at any rate that was tried, the lowest of them {} per \
                     second: {why}; give objectives that this server can meet, or a lower \
                     ramp.first_per_s",
                    digits(failed)
                ));
            }
            return;
        };
        // What stands below a knee that could not be confirmed may never have been offered itself.
        let is_of = |it: &Step| it.sustained && it.offered_per_s <= sustained * SAME_RATE;
        let of_rate = |(_, it): &(usize, &Step)| is_of(it);
        let best = result.steps.iter().enumerate().filter(of_rate).max_by(|(_, a), (_, b)| {
            (a.offered_per_s, a.window_s)
                .partial_cmp(&(b.offered_per_s, b.window_s))
                .expect("numbers")
        });
        let Some((index, step)) = best else { return };
        // A lower rate may have failed by accident, and been met when it was offered again.
        let is_above = |it: &&Step| {
            !it.sustained && found.failed.is_some_and(|rate| rate <= it.offered_per_s * SAME_RATE)
        };
        let failing = result
            .steps
            .iter()
            .filter(is_above)
            .min_by(|a, b| a.offered_per_s.total_cmp(&b.offered_per_s));
        let held_back = |it: &Step| {
            GENERATOR_BUSY_PERCENT <= it.generator_busy_percent
                && it.server_busy_percent.is_none_or(|busy| busy < GENERATOR_BUSY_PERCENT)
        };
        let of_server = failing.is_some_and(|it| !held_back(it));
        let limit = match failing {
            None => "the search ended before anything gave out".to_owned(),
            Some(it) if !of_server => {
                format!(
                    "the generator, {:.0} % busy; the server can do at least this",
                    it.generator_busy_percent
                )
            }
            Some(it) => it.failed.join(", "),
        };
        if !of_server && failing.is_some() {
            result.warnings.push(
                "the generator is the bottleneck: give it more cores (--client-core) or another \
                 machine"
                    .to_owned(),
            );
        }
        if !found.confirmed {
            result.warnings.push(format!(
                "the knee was not confirmed in a longer window, in {} s of search (--budget)",
                search.budget.as_secs()
            ));
        }
        result.knee = Some(Knee {
            sustained_per_s: step.offered_per_s,
            not_sustained_per_s: found.failed,
            passes_per_s: found.passes.clone(),
            step: index,
            limit,
            of_server,
        });
    }

    /// How memory and log grow with durable requests alone.
    fn growth(&mut self, field: &Field) -> Result<Option<Growth>, PlanStop> {
        let (Some(mix), Some(pid)) = (field.mix.durable_alone(), field.pid) else {
            return Ok(None);
        };
        let resident = || process::Usage::look(pid).map(|it| it.resident_bytes).ok();
        let Some(resident_before_bytes) = resident() else { return Ok(None) };
        let log = || field.metrics.and_then(|it| Told::ask(it).ok()).map(|it| it.log_bytes);
        let log_before = log();
        (self.say)("durable requests alone, for what a record takes");
        let wish = Wish {
            purpose: Purpose::Ramp,
            per_s: None,
            window_s: GROWTH_S,
            number: 0,
            mix: &mix,
            objectives: &self.result.objectives,
        };
        let step = offer(field, self.scenario, &wish)?;
        // Those before and after the window are records, too: the rate holds for all of it.
        let ramp = &self.scenario.ramp;
        let all_s = ramp.rise_s + ramp.settle_s + GROWTH_S;
        let records = nanos(step.achieved_per_s * all_s / 1e9);
        let Some(resident_after_bytes) = resident() else { return Ok(None) };
        let per_million = |bytes: u64| {
            let each = float(bytes) / float(records.max(1));
            (GROWTH_RECORDS_MIN <= records).then(|| nanos(each * 1e6 / 1e9))
        };
        let log_bytes = log_before.zip(log()).map(|(before, after)| after.saturating_sub(before));
        Ok(Some(Growth {
            records,
            resident_before_bytes,
            resident_after_bytes,
            resident_bytes_per_million: per_million(
                resident_after_bytes.saturating_sub(resident_before_bytes),
            ),
            log_bytes_per_million: log_bytes.and_then(per_million),
        }))
    }
}

impl std::fmt::Debug for Planner<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Planner").field("scenario", &self.scenario.name).finish_non_exhaustive()
    }
}

impl From<Stop> for PlanStop {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Halted => Self::Halted,
            Stop::Failed(error) => Self::Failed(error),
        }
    }
}

/// Offers rates to a real server.
struct Offers<'p, 'a> {
    planner: &'p mut Planner<'a>,
    field: &'p Field,
    scale: bool,
    began: Instant,
}

impl Offer for Offers<'_, '_> {
    type Stop = Stop;

    fn offer(&mut self, purpose: Purpose, per_s: f64, long: bool) -> Result<bool, Stop> {
        let planner = &mut *self.planner;
        planner.number += 1;
        let ramp = &planner.scenario.ramp;
        let wish = Wish {
            purpose: if self.scale { Purpose::Scale } else { purpose },
            per_s: Some(per_s),
            window_s: if long { ramp.confirm_s } else { ramp.window_s },
            number: planner.number,
            mix: &self.field.mix,
            objectives: &planner.result.objectives,
        };
        let step = offer(self.field, planner.scenario, &wish)?;
        let busy = |it: Option<f64>| it.map_or_else(|| "?".to_owned(), |it| format!("{it:.0}"));
        let verdict = if step.sustained { "met".to_owned() } else { step.failed.join(", ") };
        (planner.say)(&format!(
            "{:>8}/s offered, {:>8}/s answered, p99 {:>7} ms, server {:>3} %, generator {:>3.0} %: {verdict}",
            short(per_s),
            short(step.achieved_per_s),
            digits(float(step.latency.p99_ns) / 1e6),
            busy(step.server_busy_percent),
            step.generator_busy_percent,
        ));
        let sustained = step.sustained;
        planner.result.steps.push(step);
        Ok(sustained)
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

fn summary(scenario: &Scenario, source: &str) -> ScenarioSummary {
    let Scenario { name, about, seed, tenants, keys, .. } = scenario;
    ScenarioSummary {
        name: name.clone(),
        about: about.clone(),
        source: source.to_owned(),
        operations: BTreeMap::new(),
        doors: BTreeMap::new(),
        connections: 0,
        tenants: *tenants,
        keys: keys.exponent.map_or_else(
            || format!("uniform over {}", keys.count),
            |exponent| format!("zipf {exponent} over {}", keys.count),
        ),
        arrivals: match scenario.arrivals.process {
            Process::Even => "even",
            Process::Poisson => "poisson",
            Process::Bursts => "bursts",
        }
        .to_owned(),
        durable_share: 0.0,
        seed: *seed,
    }
}

fn cost(step: &Step, durable_share: f64) -> Cost {
    let answers = float(step.statuses.values().sum::<u64>().max(1));
    let log_bytes = step.log_bytes.map(|it| float(it) / answers);
    let durable = |it: f64| (0.0 < durable_share).then(|| it / durable_share);
    let written = step.disk_written_bytes.zip(step.log_bytes.filter(|it| *it != 0));
    Cost {
        cpu_us: step.server_cpu_us,
        cpu_us_by: step.server_cpu_us_by.clone(),
        request_bytes: float(step.sent_bytes) / answers,
        reply_bytes: float(step.received_bytes) / answers,
        log_bytes,
        log_bytes_durable: log_bytes.and_then(durable),
        // Microseconds for one are seconds for a million.
        checkpoint_s_per_million: step
            .server_cpu_us_by
            .get("checkpoint")
            .copied()
            .or_else(|| step.server_cpu_us.map(|_| 0.0))
            .and_then(durable),
        write_amplification: written.map(|(written, log)| float(written) / float(log)),
    }
}

/// None without CPU times.
fn sheet(result: &PlanResult, scenario: &Scenario) -> Option<sheet::Sheet> {
    let knee = result.knee.as_ref()?;
    let point = |step: &Step, cores: u32| {
        let part = |name: &str| step.server_cpu_us_by.get(name).copied().unwrap_or(0.0);
        let (core_us, log_us) = (part("core"), part("log"));
        // A server that names its threads otherwise is taken as a whole.
        let core_us = if core_us == 0.0 { step.server_cpu_us? - log_us } else { core_us };
        Some(Point {
            cores,
            per_s: step.offered_per_s,
            core_us,
            log_us,
            other_us: (step.server_cpu_us? - core_us - log_us).max(0.0),
            generator_us: 0.0,
        })
    };
    let cores = result.target.cores.unwrap_or(1).max(1);
    let at_knee = &result.steps[knee.step];
    let is_below = |it: &&Step| {
        let part = it.offered_per_s / knee.sustained_per_s;
        it.purpose != Purpose::Scale && it.sustained && part < BELOW_PART
    };
    let below = result.steps.iter().filter(is_below);
    let scaled = |it: &&Step| it.purpose == Purpose::Scale && it.sustained;
    let two = result.steps.iter().filter(scaled).max_by(|a, b| {
        (a.offered_per_s, a.window_s).partial_cmp(&(b.offered_per_s, b.window_s)).expect("numbers")
    });
    let two = two.and_then(|it| {
        // All cores of the machine are the server's then, and the generator runs on them, too.
        let shares = result.machine.cores <= 2;
        let generator_us = if shares { it.generator_cpu_us } else { 0.0 };
        Some(Point { generator_us, ..point(it, 2)? })
    });
    let durable = scenario.operations.iter().filter_map(|it| {
        let (_, known) = registry::operation(&it.name)?;
        let durable = known.kind() == contract::Kind::Command;
        at_knee.operations.get(&it.name).filter(|_| durable).map(|it| it.p99_ns)
    });
    let ground = Ground {
        population: &scenario.population,
        knee: point(at_knee, cores)?,
        below: below.filter_map(|it| point(it, cores)).collect(),
        two,
        durable_p99_ns: durable.max().map(|it| (it, result.objectives.p99_ns)),
        sync_ns: result.machine.disk.as_ref().map(|it| it.commit_p50_ns),
    };
    Some(ground.sheet())
}

#[cfg(test)]
mod tests;
