//! What makes figures doubtful.

use super::{Report, Series, float};

/// From here on a thread counts as always busy.
const BUSY_PERCENT: f64 = 95.0;
/// A server below this waits for its client.
const IDLE_PERCENT: f64 = 90.0;
/// Rounds further apart than this say more about the machine than about the server.
const SPREAD_MAX: f64 = 1.25;
/// With so many requests in flight one of the two sides always has work, and none when the other
/// side's thread waits for a core that somebody else has.
const IN_FLIGHT_BUSY: u32 = 16;
/// Both sides below this: neither had the core to itself.
const CROWDED_PERCENT: f64 = 75.0;

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
    // Whoever waits for a disk does not run, and a peer of a durable target is a store that does.
    let is_bare = |it: &Series| report.baseline.as_ref().is_some_and(|bare| bare.name == it.name);
    for series in std::iter::once(&report.target).chain(&report.baseline).chain(&report.peer) {
        of_series(series, settings.spin, &mut warnings);
        let saturating = settings.rate.is_none()
            && (!settings.durable || is_bare(series))
            && IN_FLIGHT_BUSY <= settings.connections.saturating_mul(settings.pipeline);
        if saturating
            && let Some(busiest) = busiest_percent(series).filter(|it| *it < CROWDED_PERCENT)
        {
            warnings.push(format!(
                "{}: neither side ran for more than {busiest:.0} % of any window although there was \
                 always work: something else uses these cores, believe the cpu time only",
                series.name
            ));
        }
    }
    warnings
}

/// The most that either side ran; `None` when one of them is unknown.
fn busiest_percent(series: &Series) -> Option<f64> {
    let sides = series
        .rounds
        .iter()
        .map(|it| it.server_busy_percent.map(|server| server.max(it.generator_busy_percent)));
    sides.collect::<Option<Vec<f64>>>()?.into_iter().reduce(f64::max)
}

fn of_series(series: &Series, spin: bool, warnings: &mut Vec<String>) {
    let name = &series.name;
    let busiest = series.rounds.iter().map(|it| it.generator_busy_percent).fold(0.0, f64::max);
    let server = series.rounds.iter().filter_map(|it| it.server_busy_percent).reduce(f64::max);
    // One that never sleeps always looks busy.
    if !spin && BUSY_PERCENT <= busiest && server.is_none_or(|busy| busy < IDLE_PERCENT) {
        let server =
            server.map_or_else(|| "unknown, give its pid".to_owned(), |it| format!("{it:.0} %"));
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
