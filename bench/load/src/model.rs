//! From one machine to others: how much a box of other size carries.
//!
//! An operation costs `c` microseconds of a core's time on a box of one core. Every further core adds
//! its part `s` of that (caches, hand-overs, the shared sequencer), so that a box of `n` cores gives
//!
//! ```text
//! x(n) = n * busy / (c * (1 + s * (n - 1)))
//! ```
//!
//! operations per second, Amdahl's law in the form that Gunther's universal scalability law takes
//! without its second term. `busy` is the part of a core's time that was in use at the knee. The log has
//! one thread: it gives out at `LOG_BUSY / l`. What `s` is, two measurements say, on one core and on two;
//! beyond two it is an extrapolation, and its error is taken to grow with every doubling.

use crate::plan::sheet::{DiskRow, ModelError, Sheet, SheetRow};
use crate::scenario::Population;

/// How busy the log's thread may be.
const LOG_BUSY: f64 = 0.9;
/// What is taken for the contention where it was not measured.
const CONTENTION_ASSUMED: f64 = 0.03;
/// Two noisy figures may say that there is none; no machine of many cores is planned with less than this.
const CONTENTION_LEAST: f64 = 0.01;
/// Figures of users have so many digits that mean something.
const USER_DIGITS: u32 = 3;
/// No model is better than its machine's noise.
const ERROR_LEAST: f64 = 0.05;
/// Sizes of box that the sheet shows.
const SIZES: [u32; 5] = [1, 2, 8, 16, 32];
/// Kinds of disk, and one write with its sync there, in nanoseconds: orders of magnitude.
const DISKS: [(&str, u64); 4] = [
    ("NVMe, protected against power loss", 30_000),
    ("NVMe, consumer", 800_000),
    ("SATA SSD", 1_500_000),
    ("hard disk", 10_000_000),
];

/// What was measured at one knee.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// The server's cores.
    pub(crate) cores: u32,
    /// The knee.
    pub(crate) per_s: f64,
    /// Of core threads, an operation, in microseconds.
    pub(crate) core_us: f64,
    /// Of the log's thread.
    pub(crate) log_us: f64,
    /// Of all other threads of the server.
    pub(crate) other_us: f64,
    /// Of the generator, where it has to share the server's cores; else 0.
    pub(crate) generator_us: f64,
}

/// What the sheet is made of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ground<'a> {
    pub(crate) population: &'a Population,
    /// The knee of the plan.
    pub(crate) knee: Point,
    /// Steps well below it, of the same box, that met the objectives.
    pub(crate) below: Vec<Point>,
    /// The knee on two cores, when the first was on one.
    pub(crate) two: Option<Point>,
    /// 99 of 100 durable answers at the knee within this, and the objective.
    pub(crate) durable_p99_ns: Option<(u64, u64)>,
    /// One write with its sync on this machine's disk.
    pub(crate) sync_ns: Option<u64>,
}

impl Ground<'_> {
    /// Users per box.
    pub(crate) fn sheet(&self) -> Sheet {
        let it = self.population;
        let (contention, contention_from) = self.contention();
        let at_one = self.knee.core_us / (1.0 + contention * (f64::from(self.knee.cores) - 1.0));
        let model = Model {
            core_us: at_one,
            log_us: self.knee.log_us,
            contention,
            busy: self.knee.per_s * self.knee.core_us / 1e6 / f64::from(self.knee.cores),
        };
        let errors = self.errors(&model);
        // How wrong it is over cores, a second core says; one alone only how wrong it is over rates.
        let over_cores = errors.iter().any(|it| self.knee.cores < it.cores);
        let worst = errors
            .iter()
            .filter(|it| !over_cores || self.knee.cores < it.cores)
            .map(|it| it.error_percent.abs() / 100.0)
            .fold(ERROR_LEAST, f64::max);
        let per_user = 1.0 / it.think_s;
        let users =
            |per_s: f64| whole(per_s * it.planned_percent / 100.0 / it.peak_over_mean / per_user);
        let rows = SIZES.map(|cores| {
            let measured = [Some(self.knee), self.two.filter(|it| it.generator_us == 0.0)];
            let measured = measured.into_iter().flatten().find(|it| it.cores == cores);
            let (modelled, limit) = model.gives(cores);
            let per_s = measured.map_or(modelled, |it| it.per_s);
            // Once for every doubling beyond what was measured.
            let doublings = (f64::from(cores) / f64::from(self.knee.cores)).log2().abs();
            let spread = if measured.is_some() { ERROR_LEAST } else { worst * doublings.max(1.0) };
            SheetRow {
                cores,
                measured: measured.is_some(),
                sustained_per_s: per_s,
                users: users(per_s),
                users_low: users(per_s * (1.0 - spread.min(0.9))),
                users_high: users(per_s * (1.0 + spread)),
                limit: limit.to_owned(),
            }
        });
        Sheet {
            population: format!(
                "{}: each asks every {} s in the mean, {} times as often in the busiest minutes; \
                 planned with {} % of the knee",
                it.who, it.think_s, it.peak_over_mean, it.planned_percent
            ),
            requests_per_user_per_s: per_user,
            peak_over_mean: it.peak_over_mean,
            planned_share: it.planned_percent / 100.0,
            model: format!(
                "x(n) = n * busy / (c * (1 + s * (n - 1))): busy = {:.2} of a core at the knee, c = \
                 {:.2} us of a core for an operation on one core, s = {:.3} more of that for every \
                 further core; the log's one thread takes {:.2} us of it and gives out at 90 % busy. \
                 Its error here is taken once for every doubling of the cores",
                model.busy, model.core_us, model.contention, model.log_us
            ),
            contention,
            contention_from: contention_from.to_owned(),
            errors,
            rows: rows.to_vec(),
            disks: self.disks(),
        }
    }

    fn contention(&self) -> (f64, &'static str) {
        match self.two {
            Some(two) if self.knee.cores == 1 && 0.0 < self.knee.core_us => {
                let measured = two.core_us / self.knee.core_us - 1.0;
                if measured < CONTENTION_LEAST {
                    (CONTENTION_LEAST, "none measured on 1 and 2 cores, the least assumed")
                } else {
                    (measured, "measured on 1 and 2 cores")
                }
            }
            _ => (CONTENTION_ASSUMED, "assumed"),
        }
    }

    /// The model beside what was measured: on the first box what lower rates say of the knee, on two
    /// cores its law.
    fn errors(&self, model: &Model) -> Vec<ModelError> {
        let error = |cores, predicted_per_s: f64, measured_per_s: f64, note: &str| ModelError {
            cores,
            predicted_per_s,
            measured_per_s,
            error_percent: 100.0 * (predicted_per_s / measured_per_s - 1.0),
            note: note.to_owned(),
        };
        let mut errors = Vec::new();
        if let Some((fixed_us, each_us)) = line(&self.below) {
            let predicted = (f64::from(self.knee.cores) * model.busy * 1e6 - fixed_us) / each_us;
            let note = format!(
                "from {} rates below it: {:.2} of a core a second, and {each_us:.2} us for an operation",
                self.below.len(),
                fixed_us / 1e6
            );
            errors.push(error(self.knee.cores, predicted.max(0.0), self.knee.per_s, &note));
        }
        if let Some(two) = self.two {
            let (alone, _) = model.gives(2);
            let shared = two.generator_us + two.other_us + two.log_us;
            let (predicted, note) = if two.generator_us == 0.0 {
                (alone, "")
            } else {
                let each_us = 2.0 * model.busy * 1e6 / alone + shared;
                let note = "the generator and the log's thread run on the same two cores: their \
                            time is charged to both figures";
                (2.0 * model.busy * 1e6 / each_us, note)
            };
            errors.push(error(2, predicted, two.per_s, note));
        }
        errors
    }

    /// A durable answer waits for the sync that is under way, and for its own.
    fn disks(&self) -> Vec<DiskRow> {
        let Some(((p99_ns, objective_ns), here_ns)) = self.durable_p99_ns.zip(self.sync_ns) else {
            return Vec::new();
        };
        let row = |(disk, sync_ns): (&str, u64)| {
            let durable_p99_ns = p99_ns.saturating_sub(2 * here_ns) + 2 * sync_ns;
            let meets_objective = durable_p99_ns <= objective_ns;
            DiskRow { disk: disk.to_owned(), sync_ns, durable_p99_ns, meets_objective }
        };
        std::iter::once(("this machine's", here_ns)).chain(DISKS).map(row).collect()
    }
}

/// The law and its terms.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Model {
    core_us: f64,
    log_us: f64,
    contention: f64,
    busy: f64,
}

impl Model {
    /// Operations per second of so many cores, and what gives out first.
    fn gives(&self, cores: u32) -> (f64, &'static str) {
        let cores = f64::from(cores);
        let each_us = self.core_us * (1.0 + self.contention * (cores - 1.0));
        let of_cores = cores * self.busy * 1e6 / each_us;
        let of_log = if 0.0 < self.log_us { LOG_BUSY * 1e6 / self.log_us } else { f64::MAX };
        if of_log < of_cores { (of_log, "log thread") } else { (of_cores, "cores") }
    }
}

/// The straight line of core time over rate: microseconds a second at rest, and for an operation. None of
/// fewer than two rates, or where more work takes less time.
fn line(points: &[Point]) -> Option<(f64, f64)> {
    let count = f64::from(u32::try_from(points.len()).ok()?);
    let mean = |of: fn(&Point) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (rate, time) = (mean(|it| it.per_s), mean(|it| it.per_s * it.core_us));
    let of_rate: f64 = points.iter().map(|it| (it.per_s - rate).powi(2)).sum();
    let of_both: f64 =
        points.iter().map(|it| (it.per_s - rate) * (it.per_s * it.core_us - time)).sum();
    let slope = of_both / of_rate;
    (0.0 < slope && slope.is_finite()).then_some((time - slope * rate, slope))
}

/// To as many digits as mean something.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "users of a box are at least none and far below 2^53"
)]
fn whole(users: f64) -> u64 {
    let users = users.max(0.0) as u64;
    let unit = 10_u64.pow((users.max(1).ilog10() + 1).saturating_sub(USER_DIGITS));
    users / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population() -> Population {
        Population {
            who: "people".to_owned(),
            think_s: 20.0,
            peak_over_mean: 2.0,
            planned_percent: 50.0,
        }
    }

    fn point(cores: u32, per_s: f64, core_us: f64) -> Point {
        Point { cores, per_s, core_us, log_us: 0.5, other_us: 0.0, generator_us: 0.0 }
    }

    fn ground(population: &Population) -> Ground<'_> {
        Ground {
            population,
            knee: point(1, 80_000.0, 10.0),
            below: vec![point(1, 20_000.0, 12.0), point(1, 40_000.0, 10.0)],
            two: Some(point(2, 140_000.0, 11.0)),
            durable_p99_ns: Some((9_000_000, 20_000_000)),
            sync_ns: Some(1_000_000),
        }
    }

    #[test]
    fn the_law_is_what_the_sheet_says() {
        let people = population();
        let sheet = ground(&people).sheet();
        assert!((sheet.contention - 0.1).abs() < 1e-9);
        assert_eq!(sheet.contention_from, "measured on 1 and 2 cores");
        // 80,000 at half, at a busiest hour of twice the mean: 20,000 in the mean, of 1/20 each.
        assert_eq!((sheet.rows[0].users, sheet.rows[0].measured), (400_000, true));
        let rates: Vec<f64> = sheet.rows.iter().map(|it| it.sustained_per_s.round()).collect();
        // 0.8 of n cores over 10 us and a tenth more for each core beyond the first; 32 cores give
        // 80,000 * 32 / 4.1.
        assert_eq!(rates, [80_000.0, 140_000.0, 376_471.0, 512_000.0, 624_390.0]);
        assert!(sheet.rows.iter().all(|it| it.users_low < it.users && it.users < it.users_high));
        assert!(sheet.rows[3].users_high - sheet.rows[3].users > sheet.rows[1].users / 10);
    }

    #[test]
    fn the_models_error_is_what_it_is_off_by() {
        let people = population();
        let errors = ground(&people).sheet().errors;
        // 0.24 s at 20,000 and 0.4 s at 40,000: 8 us each and 0.08 s besides, so that 0.8 of a core give
        // 90,000 of 80,000; two cores give 145,455 of 140,000.
        let percent: Vec<f64> = errors.iter().map(|it| (it.error_percent * 10.0).round()).collect();
        assert_eq!(percent, [125.0, 39.0]);
        let mut shared = ground(&people);
        shared.two = Some(Point { generator_us: 5.0, ..point(2, 97_000.0, 11.0) });
        let errors = shared.sheet().errors;
        // 1.6 cores over 11 + 5 + 0.5 us.
        assert!((errors[1].predicted_per_s - 1.6e6 / 16.5).abs() < 1.0, "{errors:?}");
        assert!(errors[1].note.contains("generator"));
        assert!(!shared.sheet().rows[1].measured);
    }

    #[test]
    fn one_log_thread_ends_it() {
        let people = population();
        let mut heavy = ground(&people);
        heavy.knee.log_us = 5.0;
        let rows = heavy.sheet().rows;
        assert_eq!((rows[3].limit.as_str(), rows[3].sustained_per_s), ("log thread", 180_000.0));
        assert_eq!(rows[0].limit, "cores");
    }

    #[test]
    fn a_slower_disk_costs_two_of_its_syncs() {
        let people = population();
        let disks = ground(&people).sheet().disks;
        assert_eq!(disks[0].durable_p99_ns, 9_000_000);
        assert_eq!(disks[1].durable_p99_ns, 7_060_000);
        assert!(disks[3].meets_objective && !disks[4].meets_objective);
        assert!(Ground { sync_ns: None, ..ground(&people) }.sheet().disks.is_empty());
    }

    #[test]
    fn without_a_second_measurement_the_contention_is_assumed() {
        let people = population();
        let alone = Ground { two: None, knee: point(4, 200_000.0, 16.0), ..ground(&people) };
        let sheet = alone.sheet();
        assert_eq!((sheet.contention, sheet.contention_from.as_str()), (0.03, "assumed"));
        assert!((sheet.rows[2].sustained_per_s - 8.0 * 0.8e6 / (16.0 / 1.09 * 1.21)).abs() < 1.0);
    }
}
