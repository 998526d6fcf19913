//! The figures of a run, for a person.

use std::fmt::{self, Display, Formatter};

use super::{Asked, Ratio, Report, Series, float};

/// Printed above the figures: what each of them is.
const LEGEND: &str = "\
# ok/s      ordinary answers per second of the window; items of a batch one by one
# p50..max  microseconds from the start of a request (in an open loop: from its intended start) to
#           the read that brought its reply; of a batch, to the whole batch
# cpu us    the answering side's CPU time per answer, user and system, all its threads; gen us the
#           generator's
# srv gen % how much of the window the answering side's busiest thread, and the generator, ran";

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let it = &self.settings;
        write!(
            f,
            "{} over {} at {}: {} connections",
            it.workload, it.protocol, it.address, it.connections
        )?;
        write!(f, " x {} in flight x {} a frame, ", it.pipeline, it.batch)?;
        match it.rate {
            None => write!(f, "closed loop, ")?,
            Some(rate) => write!(f, "open loop of {} frames/s, ", grouped(rate))?,
        }
        writeln!(f, "{} x {} s after {} s", it.rounds, it.seconds, it.warmup_seconds)?;
        writeln!(
            f,
            "request {} bytes, reply {} bytes; generator on core {:?}{}{}",
            it.request_bytes,
            it.reply_bytes,
            it.client_cores,
            if it.spin { ", never sleeping" } else { "" },
            if it.idempotent { "; an idempotency key each" } else { "" }
        )?;
        if 1 < it.shifts {
            writeln!(f, "{} shifts in each answer", it.shifts)?;
        }
        if let Some(Asked { url, request, request_bytes, reply_bytes }) = &it.peer {
            writeln!(
                f,
                "peer: {url}, {request}, request {request_bytes} bytes, reply {reply_bytes} bytes"
            )?;
        }
        writeln!(f, "machine: {}", self.machine)?;
        writeln!(f, "{LEGEND}")?;
        series(f, &self.target)?;
        for beside in self.baseline.iter().chain(&self.peer) {
            series(f, beside)?;
        }
        let ratios = [(&self.baseline, &self.ratio), (&self.peer, &self.peer_ratio)];
        for (beside, ratios) in ratios.into_iter().filter_map(|(a, b)| a.as_ref().zip(b.as_ref())) {
            write!(f, "{} / {}:", self.target.name, beside.name)?;
            for (name, ratio) in [
                ("ok/s", Some(ratios.ok_per_s)),
                ("p50", Some(ratios.p50)),
                ("p99", Some(ratios.p99)),
                ("p99.9", Some(ratios.p999)),
                ("cpu", ratios.server_cpu),
            ] {
                if let Some(ratio) = ratio {
                    write!(f, "  {name} {}", Spread(ratio))?;
                }
            }
            writeln!(f)?;
        }
        if let Some(device) = &self.device {
            writeln!(
                f,
                "device, one 4 KiB write + fdatasync ({}): p50 {} us p99 {} us before, p50 {} us \
                 p99 {} us after; server p50 / device p50 {:.2}",
                if device.direct { "direct" } else { "buffered" },
                Micros(device.before_p50_ns),
                Micros(device.before_p99_ns),
                Micros(device.after_p50_ns),
                Micros(device.after_p99_ns),
                device.p50_over_device
            )?;
            if let (Some(ratio), Some(baseline)) =
                (device.p50_less_baseline_over_device, &self.baseline)
            {
                writeln!(f, "(server p50 - {} p50) / device p50 {ratio:.2}", baseline.name)?;
            }
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}

fn series(f: &mut Formatter<'_>, series: &Series) -> fmt::Result {
    writeln!(
        f,
        "{:<14}{:>12}{:>10}{:>10}{:>10}{:>10}{:>11}{:>9}{:>9}{:>6}{:>6}",
        series.name,
        "ok/s",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "cpu us",
        "gen us",
        "srv%",
        "gen%"
    )?;
    for (index, round) in series.rounds.iter().enumerate() {
        let (it, figures) = (&round.latency, &round.figures);
        writeln!(
            f,
            "  round {:<6}{:>12}{:>10}{:>10}{:>10}{:>10}{:>11}{:>9}{:>9}{:>6}{:>6}",
            index + 1,
            PerSecond(figures.ok_per_s),
            Micros(it.p50_ns),
            Micros(it.p90_ns),
            Micros(it.p99_ns),
            Micros(it.p999_ns),
            Micros(it.max_ns),
            Maybe(figures.server_cpu_us, 2),
            Maybe(Some(round.generator_cpu_us), 2),
            Maybe(round.server_busy_percent, 0),
            Maybe(Some(round.generator_busy_percent), 0),
        )?;
        let plain = round.statuses.len() <= 1 && round.errors_outside == 0 && round.unanswered == 0;
        if !plain {
            write!(f, "    answers:")?;
            for (status, count) in &round.statuses {
                write!(f, " {} {status},", grouped(*count))?;
            }
            writeln!(
                f,
                " unanswered {}; not ok outside the window {}",
                round.unanswered, round.errors_outside
            )?;
        }
        if let Some(open) = &round.open {
            writeln!(
                f,
                "    offered {}/s, sent late by p50 {} us p99 {} us, backlog max {} end {}",
                grouped(open.offered_per_s),
                Micros(open.late_p50_ns),
                Micros(open.late_p99_ns),
                grouped(open.backlog_max),
                grouped(open.backlog_end)
            )?;
        }
    }
    let it = &series.median;
    writeln!(
        f,
        "  median      {:>12}{:>10}{:>10}{:>10}{:>10}{:>11}{:>9}",
        PerSecond(it.ok_per_s),
        Micros(it.p50_ns),
        Micros(it.p90_ns),
        Micros(it.p99_ns),
        Micros(it.p999_ns),
        "",
        Maybe(it.server_cpu_us, 2),
    )
}

pub(crate) struct Micros(pub(crate) u64);

impl Display for Micros {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:.1}", float(self.0) / 1e3))
    }
}

pub(crate) struct PerSecond(pub(crate) f64);

impl Display for PerSecond {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(&grouped_digits(&format!("{:.0}", self.0)))
    }
}

pub(crate) struct Maybe(pub(crate) Option<f64>, pub(crate) usize);

impl Display for Maybe {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(figure) => f.pad(&format!("{figure:.*}", self.1)),
            None => f.pad("-"),
        }
    }
}

struct Spread(Ratio);

impl Display for Spread {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Ratio { median, min, max } = self.0;
        write!(f, "{median:.2} ({min:.2}..{max:.2})")
    }
}

pub(crate) fn grouped(whole: u64) -> String {
    grouped_digits(&whole.to_string())
}

/// `1234567` as `1,234,567`.
fn grouped_digits(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index != 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (whole, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")]
        {
            assert_eq!(grouped(whole), text);
        }
    }
}
