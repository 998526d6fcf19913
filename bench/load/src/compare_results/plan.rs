//! Two plans: their knees, and what both cost and took at a rate that both sustained.

use crate::plan::result::{PlanResult, Purpose, Second, Step};
use crate::report::{PerSecond, float};

use super::statistics::blocks;
use super::{Change, Comparison, Difference, Verdict, both};

const METHOD: &str = "Knees: by the brackets of their searches, which overlap or do not. All else: \
    Mann-Whitney (exact, two-sided); the change is the Hodges-Lehmann estimate over ratios with its 95 % \
    interval. Latencies are compared second by second at a rate that both sustained, seconds that \
    resemble their neighbours taken together; CPU step by step at rates that both sustained, over the \
    mean of its rate. Ranks, since samples are few and \
    latencies have outliers, which would carry a mean (Welch) away; a bootstrap of so few makes \
    intervals too narrow";

/// A latency of one second, by its name.
type OfSecond = (&'static str, fn(&Second) -> u64);

const LATENCIES: [OfSecond; 3] =
    [("p50 µs", |it| it.p50_ns), ("p99 µs", |it| it.p99_ns), ("slowest µs", |it| it.max_ns)];

/// Rates no further apart than this, in parts of the lower one, count as the same.
const SAME_RATE: f64 = 0.05;
/// What an answer costs depends on the rate: those that are compared are no further apart than this.
const SAME_COST: f64 = 0.01;

pub(super) fn compare(before: &PlanResult, after: &PlanResult) -> Comparison {
    let mut differences = Vec::new();
    let mut remarks = unlike(before, after);
    match knees(before, after) {
        Some(knees) => differences.push(knees),
        None => remarks.push("one of the plans has no knee".to_owned()),
    }
    match common_rate(before, after) {
        Some((a, b)) => {
            let (a_rate, b_rate) = (a[0].offered_per_s, b[0].offered_per_s);
            remarks.push(format!(
                "latencies are of {} and {} offered requests/s",
                PerSecond(a_rate),
                PerSecond(b_rate)
            ));
            for (name, of) in LATENCIES {
                let sides = [&a, &b].map(|steps| seconds(steps, of));
                differences.push(Difference::of(name, false, &sides[0], &sides[1]));
            }
        }
        None => remarks.push(
            "no rate was sustained by both within 5 %: latencies are not compared".to_owned(),
        ),
    }
    let sides = [cpu(before, after), cpu(after, before)];
    if sides.iter().all(|it| !it.is_empty()) {
        differences.push(Difference::of("CPU, 1 = rate's mean", false, &sides[0], &sides[1]));
    }
    Comparison {
        of: format!("{}, two plans", both(&before.scenario.name, &after.scenario.name)),
        method: METHOD.to_owned(),
        differences,
        remarks,
    }
}

/// By their brackets: a knee is between what was sustained and what was not.
fn knees(before: &PlanResult, after: &PlanResult) -> Option<Difference> {
    let (a, b) = (before.knee.as_ref()?, after.knee.as_ref()?);
    let above = |it: &crate::plan::result::Knee| it.not_sustained_per_s.unwrap_or(f64::INFINITY);
    let percent = |ratio: f64| 100.0 * (ratio - 1.0);
    let (low, high) = (b.sustained_per_s / above(a), above(b) / a.sustained_per_s);
    let verdict = if above(a) <= b.sustained_per_s {
        Verdict::Better
    } else if above(b) <= a.sustained_per_s {
        Verdict::Worse
    } else {
        Verdict::NotTold
    };
    let change = Change {
        percent: percent(b.sustained_per_s / a.sustained_per_s),
        low_percent: percent(low),
        high_percent: percent(high),
    };
    Some(Difference {
        figure: "knee/s".to_owned(),
        more_is_better: true,
        before: a.sustained_per_s,
        after: b.sustained_per_s,
        samples: [1, 1],
        // A knee without a rate above it has no bracket.
        change: Some(change).filter(|it| it.low_percent.is_finite() && it.high_percent.is_finite()),
        chance: None,
        verdict,
    })
}

fn sustained(result: &PlanResult) -> impl Iterator<Item = &Step> {
    result.steps.iter().filter(|it| it.sustained && it.purpose != Purpose::Scale)
}

/// The highest rate that both sustained, with the steps at it.
fn common_rate<'r>(
    before: &'r PlanResult,
    after: &'r PlanResult,
) -> Option<(Vec<&'r Step>, Vec<&'r Step>)> {
    let near = |a: f64, b: f64| (a - b).abs() <= SAME_RATE * a.min(b);
    let pairs = sustained(before).flat_map(|a| sustained(after).map(move |b| (a, b)));
    let pairs = pairs.filter(|(a, b)| near(a.offered_per_s, b.offered_per_s));
    let lower = |(a, b): &(&Step, &Step)| a.offered_per_s.min(b.offered_per_s);
    let (a, b) = pairs.max_by(|one, two| lower(one).total_cmp(&lower(two)))?;
    let at = |result: &'r PlanResult, rate: f64| -> Vec<&'r Step> {
        sustained(result).filter(|it| (it.offered_per_s - rate).abs() < 1.0).collect()
    };
    Some((at(before, a.offered_per_s), at(after, b.offered_per_s)))
}

/// In microseconds; seconds without an answer have none.
fn seconds(steps: &[&Step], of: fn(&Second) -> u64) -> Vec<f64> {
    let series = |step: &&Step| {
        let all: Vec<f64> = step.seconds.iter().map(|it| float(of(it)) / 1e3).collect();
        blocks(&all.into_iter().filter(|it| 0.0 < *it).collect::<Vec<_>>())
    };
    steps.iter().flat_map(series).collect()
}

/// The CPU time of an answer in each step of `own` at a rate that `other` sustained, too, over the mean of
/// what it took at that rate in both.
fn cpu(own: &PlanResult, other: &PlanResult) -> Vec<f64> {
    let mean = |result: &PlanResult, rate: f64| {
        let at_rate = |it: &&Step| (it.offered_per_s - rate).abs() <= SAME_COST * rate;
        let costs = sustained(result).filter(at_rate).filter_map(|it| it.server_cpu_us);
        let (count, sum) = costs.fold((0.0, 0.0), |(count, sum), it| (count + 1.0, sum + it));
        (0.0 < count).then(|| sum / count)
    };
    let relative = |step: &Step| {
        let (here, there) = (mean(own, step.offered_per_s)?, mean(other, step.offered_per_s)?);
        Some(step.server_cpu_us? / f64::midpoint(here, there))
    };
    sustained(own).filter_map(relative).collect()
}

fn unlike(before: &PlanResult, after: &PlanResult) -> Vec<String> {
    let machines = before.machine.differences(&after.machine).into_iter();
    let mut remarks: Vec<String> =
        machines.map(|it| format!("not the same machine: {it}")).collect();
    let (a, b) = (&before.scenario, &after.scenario);
    if a != b {
        let what = if a.name == b.name { "they differ" } else { "other names" };
        remarks.push(format!("not the same scenario: {}; {} ({what})", a.name, b.name));
    }
    if before.objectives != after.objectives {
        remarks.push("not the same objectives".to_owned());
    }
    if before.target.cores != after.target.cores {
        remarks.push("not the same number of server cores".to_owned());
    }
    for (side, result) in [("before", before), ("after", after)] {
        if !result.complete {
            remarks.push(format!("{side} is not complete: {}", result.missing.join("; ")));
        }
        if result.knee.as_ref().is_some_and(|it| !it.of_server) {
            remarks.push(format!("{side}: the knee is not the server's"));
        }
    }
    remarks
}
