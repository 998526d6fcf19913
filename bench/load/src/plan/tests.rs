//! The planner's own search, timetable and counting against a server of which everything is known, in
//! a time of its own: nothing here waits, and every run is the same.

use std::collections::BTreeMap;
use std::time::Duration;

use super::result::{Objectives, PlanResult, Purpose, Step};
use super::starts::{Course, list};
use crate::chance::Chance;
use crate::knee::{Found, GAP, Offer, Search};
use crate::line::Shared;
use crate::pace::{Arrivals, Clock, Window};
use crate::report::float;
use crate::scenario::{Arrival, Process};
use crate::tally::{Detail, Tally};

const SECOND_NS: u64 = 1_000_000_000;

/// One server that takes the same time for every request, one at a time, in their order. It may stop
/// for a while.
struct Simulated {
    service_ns: u64,
    /// From when and until when it does nothing.
    stall_ns: Option<(u64, u64)>,
    process: Process,
    window_s: u32,
    seed: u64,
    number: u64,
    objectives: Objectives,
    /// One request in so many is refused; 0 for none.
    refused_each: u64,
}

impl Simulated {
    fn new(service_ns: u64, p99_ns: u64) -> Self {
        Self {
            service_ns,
            stall_ns: None,
            process: Process::Poisson,
            window_s: 20,
            seed: 0,
            number: 0,
            objectives: Objectives {
                p99_ns,
                p999_ns: None,
                error_share_max: 0.001,
                limited_is_fine: false,
            },
            refused_each: 0,
        }
    }

    /// One step: the requests of the planner's own list, counted as those of a real one are.
    fn step(&mut self, purpose: Purpose, per_s: f64) -> Step {
        self.number += 1;
        let arrival = Arrival {
            process: self.process,
            burst_every_s: None,
            burst_for_s: None,
            burst_factor: None,
        };
        let course = Course { rise_s: 0.5, length_s: f64::from(self.window_s) + 1.0, per_s };
        let starts = list(&arrival, course, &mut Chance::new(self.seed, self.number));
        let window = Window { from: SECOND_NS, to: SECOND_NS * u64::from(self.window_s + 1) };
        let mut tally = Tally::new();
        tally.detail = Some(Detail::new(1, window.to - window.from));
        let shared = Shared {
            clock: Clock::start(),
            window,
            patience_ns: None,
            arrivals: Arrivals::Closed { until: 0 }.into(),
            tally: Tally::new().into(),
            failure: None.into(),
        };
        let given_up = window.to + SECOND_NS;
        let mut free_at = 0;
        for (index, start) in (0_u64..).zip(starts) {
            let mut begun = start.max(free_at);
            if let Some((from, to)) = self.stall_ns
                && (from..to).contains(&begun)
            {
                begun = to;
            }
            free_at = begun + self.service_ns;
            let ok = self.refused_each == 0 || index % self.refused_each != 0;
            if free_at < given_up {
                shared.count(&mut tally, free_at, start, 0, ok);
            } else {
                shared.give_up(&mut tally, given_up, start, 0);
            }
        }
        let mut step = Step::nothing(purpose, per_s, f64::from(self.window_s));
        step.add_tally(&tally, &["ask"]);
        step.judge(&self.objectives);
        step
    }
}

impl Offer for Simulated {
    type Stop = String;

    fn offer(&mut self, purpose: Purpose, per_s: f64, _: bool) -> Result<bool, String> {
        Ok(self.step(purpose, per_s).sustained)
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// The share of requests that wait at most `wait` service times for a server that is busy for this
/// part of the time, when they come independently: M/D/1 after Erlang (1909) and Crommelin (1932).
fn waits_at_most(wait: f64, busy: f64) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    let mut factorial = 1.0;
    while count <= wait {
        let gap: f64 = busy * (count - wait);
        sum += gap.powf(count) / factorial * (-gap).exp();
        count += 1.0;
        factorial *= count;
    }
    (1.0 - busy) * sum
}

/// How busy the server is when 99 of 100 requests are answered within so many service times.
fn busy_at_p99(within: f64) -> f64 {
    let (mut low, mut high) = (0.01, 0.99);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        // Whole numbers of a power are integers here: gap is negative and count whole.
        if 0.99 < waits_at_most(within - 1.0, middle) { low = middle } else { high = middle }
    }
    low
}

#[test]
fn the_law_that_the_knee_is_held_against_is_right() {
    // Nobody waits with 1 - busy; half busy, at most one service time with 0.5 * e^0.5.
    assert!((waits_at_most(0.0, 0.5) - 0.5).abs() < 1e-12);
    assert!((waits_at_most(0.999_999, 0.5) - 0.5 * 0.5_f64.exp()).abs() < 1e-5);
    assert!((0.7..0.8).contains(&busy_at_p99(10.0)), "{}", busy_at_p99(10.0));
}

#[test]
fn the_knee_of_a_queue_is_found_within_a_twentieth() {
    // 10,000 a second at most; 99 of 100 within ten service times.
    let knee = 10_000.0 * busy_at_p99(10.0);
    for seed in 0..3 {
        let mut server = Simulated { seed, ..Simulated::new(100_000, 1_000_000) };
        let search = Search { first_per_s: 1_000.0, factor: 1.6, gap: GAP, budget: Duration::MAX };
        let mut found = Found::default();
        search.run(&mut server, &mut found).unwrap();
        let off = found.sustained.unwrap() / knee - 1.0;
        assert!(found.confirmed && off.abs() < 0.05, "{off} from {knee}: {found:?}");
    }
}

#[test]
fn the_waiting_that_a_stall_causes_counts_in_full() {
    // 10,000 requests in ten seconds, one of which the server stands still: a thousand wait between
    // one second and none. The tenth longest of them is the p99.9.
    let mut server = Simulated {
        stall_ns: Some((5 * SECOND_NS, 6 * SECOND_NS)),
        process: Process::Even,
        window_s: 10,
        ..Simulated::new(10_000, 50_000_000)
    };
    let step = server.step(Purpose::Confirm, 1_000.0);
    for (name, found, expected) in [
        ("p99.9", float(step.latency.p999_ns) / 1e9, 0.99),
        ("p99", float(step.latency.p99_ns) / 1e9, 0.9),
        ("max", float(step.latency.max_ns) / 1e9, 1.0),
        ("max of its second", float(step.seconds[4].max_ns) / 1e9, 1.0),
    ] {
        assert!((found / expected - 1.0).abs() < 0.05, "{name}: {found}, not {expected}");
    }
    assert!(step.latency.p50_ns < 20_000 && step.seconds[8].max_ns < 20_000);
    assert_eq!(step.latency.count, 10_000);
    assert_eq!(step.histogram.iter().map(|it| it.count).sum::<u64>(), 10_000);
    assert_eq!(step.seconds.iter().map(|it| it.ok).sum::<u64>(), 10_000);
    assert!(!step.sustained && step.failed[0].starts_with("p99 9"), "{:?}", step.failed);
}

#[test]
fn what_is_beyond_the_knee_cannot_hide_in_what_was_never_answered() {
    let mut server = Simulated::new(100_000, 1_000_000);
    let step = server.step(Purpose::Ramp, 20_000.0);
    assert!(0 < step.unanswered && 1_000_000_000 < step.latency.p99_ns, "{:?}", step.latency);
    assert_eq!(step.errors, step.unanswered);
    assert!(!step.sustained);
}

#[test]
fn refusals_are_errors_unless_they_are_wanted() {
    let mut server = Simulated { refused_each: 100, ..Simulated::new(100_000, 10_000_000) };
    let step = server.step(Purpose::Ramp, 1_000.0);
    assert_eq!(step.failed.len(), 1, "{:?}", step.failed);
    assert!(step.failed[0].starts_with("errors 1.0"), "{:?}", step.failed);
    let mut wanted = step.clone();
    (wanted.limited, wanted.failed) = (wanted.errors, Vec::new());
    wanted.judge(&Objectives { limited_is_fine: true, ..server.objectives });
    assert!(wanted.sustained, "{:?}", wanted.failed);
    server.refused_each = 1;
    let nothing = server.step(Purpose::Ramp, 1_000.0);
    assert!(nothing.failed.contains(&"no ordinary answer".to_owned()), "{:?}", nothing.failed);
}

#[test]
fn a_result_is_read_as_it_was_written() {
    let (scenario, source) = crate::Scenario::find("rates-day").unwrap();
    let (mut said, halt) = (|_: &str| {}, std::sync::Arc::default());
    let mut planner = super::Planner::new(&scenario, &source, &[], &halt, &mut said);
    let mut server = Simulated::new(100_000, 1_000_000);
    planner.result.steps.push(server.step(Purpose::Ramp, 1_000.0));
    let result = planner.finish(Some("interrupted".to_owned()));
    assert!(!result.complete && result.knee.is_none());
    assert_eq!(result.missing[0], "interrupted");
    let json = result.to_json();
    assert_eq!(PlanResult::from_json(&json).unwrap(), result);
    let other = json.replacen("\"format\": 1", "\"format\": 2", 1);
    assert!(PlanResult::from_json(&other).unwrap_err().contains("format 2"));
    assert!(PlanResult::from_json("{}").is_err());
    assert_eq!(result.scenario.operations, BTreeMap::new());
}
