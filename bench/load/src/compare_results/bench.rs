//! Two benches: round by round.

use serde_json::Value;

use super::{Comparison, Difference, both};

const METHOD: &str = "Mann-Whitney (exact, two-sided) over rounds; the change is the Hodges-Lehmann estimate \
    over ratios with its 95 % interval. Ranks, since rounds are few and latencies have outliers, which \
    would carry a mean (Welch) away; a bootstrap of so few rounds makes intervals too narrow";

/// What is compared: name, where it stands in a round, whether more is better, its unit's size.
const FIGURES: [(&str, &str, bool, f64); 6] = [
    ("answers/s", "/figures/ok_per_s", true, 1.0),
    ("p50 µs", "/figures/p50_ns", false, 1e3),
    ("p90 µs", "/figures/p90_ns", false, 1e3),
    ("p99 µs", "/figures/p99_ns", false, 1e3),
    ("p99.9 µs", "/figures/p999_ns", false, 1e3),
    ("CPU µs", "/figures/server_cpu_us", false, 1.0),
];
/// Of the settings, what need not be the same.
const FREE: [&str; 2] = ["address", "rounds"];

/// The report of `quoin bench --json`.
pub(super) struct Bench {
    report: Value,
}

impl Bench {
    pub(super) fn read(report: Value) -> Result<Self, String> {
        let it = Self { report };
        if it.rounds("/target").is_empty() {
            return Err("it has no `target.rounds`".to_owned());
        }
        Ok(it)
    }

    fn rounds(&self, series: &str) -> &[Value] {
        let rounds = self.report.pointer(series).and_then(|it| it.get("rounds"));
        rounds.and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn samples(&self, series: &str, place: &str, unit: f64) -> Vec<f64> {
        let rounds = self.rounds(series).iter();
        rounds.filter_map(|it| Some(it.pointer(place)?.as_f64()? / unit)).collect()
    }

    /// Target over baseline, round by round.
    fn over_baseline(&self, place: &str) -> Vec<f64> {
        let (target, baseline) =
            (self.samples("/target", place, 1.0), self.samples("/baseline", place, 1.0));
        let pairs = target.into_iter().zip(baseline);
        pairs.filter(|it| 0.0 < it.1).map(|(target, baseline)| target / baseline).collect()
    }

    fn setting(&self, name: &str) -> &str {
        let found = self.report.pointer("/settings").and_then(|it| it.get(name));
        found.and_then(Value::as_str).unwrap_or("?")
    }
}

pub(super) fn compare(before: &Bench, after: &Bench) -> Comparison {
    let mut differences = Vec::new();
    for (figure, place, more_is_better, unit) in FIGURES {
        let sides = [before, after].map(|it| it.samples("/target", place, unit));
        add(&mut differences, figure, more_is_better, &sides);
    }
    for (figure, place, more_is_better) in [
        ("answers over baseline", "/figures/ok_per_s", true),
        ("p50 over baseline", "/figures/p50_ns", false),
        ("p99 over baseline", "/figures/p99_ns", false),
    ] {
        let sides = [before, after].map(|it| it.over_baseline(place));
        add(&mut differences, figure, more_is_better, &sides);
    }
    let name = |it: &Bench| format!("{} over {}", it.setting("workload"), it.setting("protocol"));
    Comparison {
        of: format!("{}, two benches", both(&name(before), &name(after))),
        method: METHOD.to_owned(),
        differences,
        remarks: unlike(before, after),
    }
}

fn add(
    differences: &mut Vec<Difference>,
    figure: &str,
    more_is_better: bool,
    sides: &[Vec<f64>; 2],
) {
    let [before, after] = sides;
    if !before.is_empty() && !after.is_empty() {
        differences.push(Difference::of(figure, more_is_better, before, after));
    }
}

/// Settings and machines that are not the same.
fn unlike(before: &Bench, after: &Bench) -> Vec<String> {
    let none = serde_json::Map::new();
    let mut remarks = Vec::new();
    for part in ["settings", "machine"] {
        let side = |it: &'_ Bench| it.report.get(part).and_then(Value::as_object).cloned();
        let (a, b) = (
            side(before).unwrap_or_else(|| none.clone()),
            side(after).unwrap_or_else(|| none.clone()),
        );
        let names = a.keys().chain(b.keys().filter(|it| !a.contains_key(*it)));
        for name in names.filter(|it| !FREE.contains(&it.as_str()) && *it != "disk") {
            let text =
                |it: Option<&Value>| it.map_or_else(|| "absent".to_owned(), Value::to_string);
            let (a, b) = (a.get(name), b.get(name));
            if a != b {
                remarks.push(format!("not the same {name}: {}; {}", text(a), text(b)));
            }
        }
    }
    remarks
}
