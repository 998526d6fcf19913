//! What makes figures doubtful.

use super::{Report, Series, float};

/// From here on a thread counts as always busy.
const BUSY_PERCENT: f64 = 95.0;
/// Rounds further apart than this say more about the machine than about the server.
const SPREAD_MAX: f64 = 1.25;

pub(super) fn of(report: &Report) -> Vec<String> {
    let mut warnings = Vec::new();
    let settings = &report.settings;
    if settings.client_cores.contains(&settings.baseline_core) {
        warnings.push(format!(
            "the generator shares core {} with the server: figures are of both together",
            settings.baseline_core
        ));
    }
    if settings.durable && report.device.is_none() {
        warnings.push("a durable figure without its device: give --probe-dir".to_owned());
    }
    for series in [Some(&report.target), report.baseline.as_ref()].into_iter().flatten() {
        of_series(series, &mut warnings);
    }
    warnings
}

fn of_series(series: &Series, warnings: &mut Vec<String>) {
    let name = &series.name;
    let busiest = series.rounds.iter().map(|it| it.generator_busy_percent).fold(0.0, f64::max);
    let server = series.rounds.iter().filter_map(|it| it.server_busy_percent).reduce(f64::max);
    if BUSY_PERCENT <= busiest && server.is_none_or(|busy| busy < BUSY_PERCENT) {
        let server = server
            .map_or_else(|| "unknown, give --server-pid".to_owned(), |it| format!("{it:.0} %"));
        warnings.push(format!(
            "{name}: the generator is the bottleneck, {busiest:.0} % busy (server: {server}); give \
             more --client-core or lengthen the batch"
        ));
    }
    let errors: u64 = series
        .rounds
        .iter()
        .map(|round| {
            let ok = |label: &str| label == "ok" || label.starts_with('2');
            let inside = round.statuses.iter().filter(|(label, _)| !ok(label));
            inside.map(|(_, count)| count).sum::<u64>() + round.errors_outside + round.unanswered
        })
        .sum();
    if errors != 0 {
        warnings
            .push(format!("{name}: {errors} requests had no ordinary answer, see the statuses"));
    }
    for open in series.rounds.iter().filter_map(|it| it.open) {
        if open.offered_per_s / 100 < open.backlog_end {
            warnings.push(format!(
                "{name}: cannot keep up with {} frames/s, {} were due and not sent at the end of a \
                 round",
                open.offered_per_s, open.backlog_end
            ));
        }
    }
    let p50s = || series.rounds.iter().map(|it| float(it.figures.p50_ns));
    let (least, most) = (p50s().fold(f64::MAX, f64::min), p50s().fold(0.0, f64::max));
    if least * SPREAD_MAX < most {
        warnings.push(format!(
            "{name}: p50 differs by {:.0} % between rounds: a noisy machine, or too short a window",
            100.0 * (most / least - 1.0)
        ));
    }
}
