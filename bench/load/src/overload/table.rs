//! The figures of an overload run, for a person.

use std::fmt::{self, Display, Formatter};

use super::{OverloadReport, float};
use crate::report::{Maybe, Micros, PerSecond, grouped};

/// Printed above the figures: what each of them is.
const LEGEND: &str = "\
# offered     requests per second that the timetable asked for, answered or not
# goodput     ordinary answers per second within the objective, from the intended start
# shed        refusals that say to come again: 429, 503, busy
# failed      any other answer that was not ordinary
# lost        never answered, or never sent: every place to wait was taken for too long
# p50..p99.9  milliseconds from the intended start to the reply, of ordinary answers and of what was
#             sent and never answered (with the time that it waited); refusals do not count";

impl Display for OverloadReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let it = &self.settings;
        writeln!(
            f,
            "overload: {} over {} at {}, {} connections; objective {} ms; {} x {} s after {} s",
            it.workload,
            it.protocol,
            it.address,
            it.connections,
            float(self.objective_ns) / 1e6,
            it.rounds,
            it.seconds,
            it.warmup_seconds
        )?;
        write!(f, "peak {}/s", PerSecond(self.peak_per_s))?;
        match &self.closed {
            Some(closed) => write!(
                f,
                " in a closed loop with {} in flight on each, p50 {} us p99 {} us",
                closed.pipeline,
                Micros(closed.latency.p50_ns),
                Micros(closed.latency.p99_ns)
            )?,
            None => write!(f, ", as given")?,
        }
        writeln!(f, "; then up to {} waiting on each", self.waiting)?;
        writeln!(f, "machine: {}", self.machine)?;
        writeln!(f, "{LEGEND}")?;
        writeln!(
            f,
            "{:>6}{:>11}{:>11}{:>7}{:>11}{:>11}{:>9}{:>9}{:>10}{:>10}{:>10}{:>8}{:>6}{:>6}",
            "x peak",
            "offered",
            "goodput",
            "%peak",
            "ok/s",
            "shed",
            "failed",
            "lost",
            "p50",
            "p99",
            "p99.9",
            "cpu us",
            "srv%",
            "gen%"
        )?;
        for step in &self.steps {
            let ms = |ns: u64| format!("{:.2}", float(ns) / 1e6);
            writeln!(
                f,
                "{:>6}{:>11}{:>11}{:>7.0}{:>11}{:>11}{:>9}{:>9}{:>10}{:>10}{:>10}{:>8}{:>6}{:>6}",
                step.part,
                PerSecond(step.offered_per_s),
                PerSecond(step.goodput_per_s),
                100.0 * step.goodput_over_peak,
                PerSecond(step.ok_per_s),
                PerSecond(step.shed_per_s),
                PerSecond(step.failed_per_s),
                PerSecond(step.unanswered_per_s),
                ms(step.latency.p50_ns),
                ms(step.latency.p99_ns),
                ms(step.latency.p999_ns),
                Maybe(step.server_cpu_us, 2),
                Maybe(step.server_busy_percent, 0),
                Maybe(Some(step.generator_busy_percent), 0),
            )?;
            if 0 < step.backlog_end {
                writeln!(
                    f,
                    "      {} were due and not sent at the end of a window",
                    grouped(step.backlog_end)
                )?;
            }
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}
