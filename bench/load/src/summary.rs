//! What a plan found, for a person at a terminal; and the sentences that its page shares.

use std::fmt::{self, Display, Formatter};

use crate::figure::{bytes, digits, duration, size};
use crate::plan::result::{Cost, Growth, Knee, Objectives, PlanResult, Purpose, Step};
use crate::plan::sheet::Sheet;
use crate::report::{Maybe, PerSecond, grouped};

/// Printed above the steps: what each figure is.
const LEGEND: &str = "\
# offered     requests per second that the timetable asked for; achieved: ordinary answers
# p50..p99.9  from the intended start to the reply, of ordinary answers and of what was never answered
# cpu us      CPU time of the server per answer; gen us of the generator
# srv gen %   how much of the window the server's busiest thread, and the generator's busiest core, ran
# met         whether every objective was";

impl Display for PlanResult {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let it = &self.scenario;
        writeln!(f, "{}: {} ({})", it.name, it.about, it.source)?;
        writeln!(f, "{}", verdict(self))?;
        if let Some(sheet) = &self.sheet {
            writeln!(f, "{}", carried(sheet, self.target.cores))?;
        }
        for missing in &self.missing {
            writeln!(f, "missing: {missing}")?;
        }
        writeln!(f)?;
        for (title, value) in self.machine.lines() {
            writeln!(f, "  {title:<16}{value}")?;
        }
        writeln!(f, "  {:<16}{}", "load before", digits(self.load_average))?;
        writeln!(f, "\n{LEGEND}\n")?;
        steps(f, &self.steps)?;
        if let Some(cost) = &self.cost {
            writeln!(f, "\nan operation of the mix, at the knee")?;
            for (title, value) in cost_lines(cost) {
                writeln!(f, "  {title:<34}{value}")?;
            }
        }
        if let Some(growth) = &self.growth {
            writeln!(f, "\ngrowth, measured over {} records", grouped(growth.records))?;
            for (title, value) in growth_lines(growth) {
                writeln!(f, "  {title:<34}{value}")?;
            }
        }
        if let Some(sheet) = &self.sheet {
            self::sheet(f, sheet)?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}

/// The answer in one sentence or two.
pub(crate) fn verdict(result: &PlanResult) -> String {
    let asked = objectives(&result.objectives);
    let Some(knee) = &result.knee else {
        let highest = result.steps.iter().filter(|it| it.sustained).map(|it| it.offered_per_s);
        let highest = highest.fold(0.0, f64::max);
        return if highest < 1.0 {
            format!("No rate that was offered met the objectives ({asked}).")
        } else {
            format!(
                "The knee was not found; {} requests/s met the objectives ({asked}).",
                PerSecond(highest)
            )
        };
    };
    let Knee { sustained_per_s, not_sustained_per_s, passes_per_s, limit, of_server, .. } = knee;
    let rate = PerSecond(*sustained_per_s);
    let mut above = not_sustained_per_s
        .map_or_else(String::new, |it| format!(" {} requests/s did not.", PerSecond(it)));
    if let [least, .., most] = passes_per_s[..] {
        let [least, most] = [least, most].map(PerSecond);
        above = format!("{above} {} passes found {least} to {most}.", passes_per_s.len());
    }
    if not_sustained_per_s.is_none() {
        format!("Sustains at least {rate} requests/s with {asked}; {limit}.")
    } else if *of_server {
        format!("Sustains {rate} requests/s with {asked}.{above} First to give out: {limit}.")
    } else {
        format!(
            "Sustains at least {rate} requests/s with {asked}. What gave out first was not the \
             server: {limit}."
        )
    }
}

/// What had to be met, in words.
pub(crate) fn objectives(it: &Objectives) -> String {
    let mut text = format!("p99 within {}", duration(it.p99_ns));
    if let Some(p999_ns) = it.p999_ns {
        text = format!("{text}, p99.9 within {}", duration(p999_ns));
    }
    let errors = digits(100.0 * it.error_share_max);
    let limited = if it.limited_is_fine { ", refusals by a limit aside" } else { "" };
    format!("{text}, at most {errors} % without an ordinary answer{limited}")
}

/// The users of the box that was measured, or of the smallest one in the sheet.
pub(crate) fn carried(sheet: &Sheet, cores: Option<u32>) -> String {
    let own = sheet.rows.iter().find(|it| Some(it.cores) == cores && it.measured);
    let measured = || sheet.rows.iter().find(|it| it.measured);
    let Some(row) = own.or_else(measured).or_else(|| sheet.rows.first()) else {
        return "The sheet is empty.".to_owned();
    };
    let (cores, plural) = (row.cores, if row.cores == 1 { "" } else { "s" });
    let users = grouped(row.users);
    format!("A box of {cores} core{plural} carries {users} users: {}.", sheet.population)
}

/// Why a rate was offered, in a word.
pub(crate) fn purpose(step: &Step) -> String {
    let word = match step.purpose {
        Purpose::Ramp => "ramp",
        Purpose::Bisect => "bisect",
        Purpose::Confirm => "confirm",
        Purpose::Scale => "scale",
    };
    match (step.purpose, step.server_cores) {
        (Purpose::Scale, Some(cores)) => format!("{word}, {cores} cores"),
        _ => word.to_owned(),
    }
}

fn steps(f: &mut Formatter<'_>, steps: &[Step]) -> fmt::Result {
    writeln!(
        f,
        "{:<16}{:>10}{:>10}{:>10}{:>10}{:>10}{:>9}{:>9}{:>8}{:>8}{:>6}{:>6}  met",
        "",
        "offered",
        "achieved",
        "p50",
        "p99",
        "p99.9",
        "errors",
        "limited",
        "cpu us",
        "gen us",
        "srv%",
        "gen%"
    )?;
    for step in steps {
        let met = if step.sustained { "yes".to_owned() } else { step.failed.join("; ") };
        writeln!(
            f,
            "{:<16}{:>10}{:>10}{:>10}{:>10}{:>10}{:>9}{:>9}{:>8}{:>8.2}{:>6}{:>6.0}  {met}",
            purpose(step),
            PerSecond(step.offered_per_s),
            PerSecond(step.achieved_per_s),
            duration(step.latency.p50_ns),
            duration(step.latency.p99_ns),
            duration(step.latency.p999_ns),
            grouped(step.errors),
            grouped(step.limited),
            Maybe(step.server_cpu_us, 2),
            step.generator_cpu_us,
            Maybe(step.server_busy_percent, 0),
            step.generator_busy_percent,
        )?;
    }
    Ok(())
}

/// What an operation costs, each figure with its title.
pub(crate) fn cost_lines(cost: &Cost) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let mut add = |title: &str, value: Option<String>| {
        lines.extend(value.map(|value| (title.to_owned(), value)));
    };
    add("CPU time of the server", cost.cpu_us.map(micros));
    for (part, us) in &cost.cpu_us_by {
        add(&format!("  of it {part}"), Some(micros(*us)));
    }
    add("request", Some(size(cost.request_bytes)));
    add("reply", Some(size(cost.reply_bytes)));
    add("log, mean of the mix", cost.log_bytes.map(size));
    add("log, durable operation", cost.log_bytes_durable.map(size));
    let checkpoints = cost.checkpoint_s_per_million;
    add("checkpoints, a million durable", checkpoints.map(|it| format!("{} s of CPU", digits(it))));
    let written = cost.write_amplification;
    add("written for a byte of log", written.map(|it| format!("{} B", digits(it))));
    lines
}

/// How memory and files grow, each figure with its title.
pub(crate) fn growth_lines(growth: &Growth) -> Vec<(String, String)> {
    let mut lines = vec![(
        "memory before and after".to_owned(),
        format!("{}, {}", bytes(growth.resident_before_bytes), bytes(growth.resident_after_bytes)),
    )];
    for (title, value) in [
        ("memory for a million records", growth.resident_bytes_per_million),
        ("log for a million records", growth.log_bytes_per_million),
    ] {
        lines.extend(value.map(|it| (title.to_owned(), bytes(it))));
    }
    lines
}

fn micros(us: f64) -> String {
    format!("{} µs", digits(us))
}

fn sheet(f: &mut Formatter<'_>, sheet: &Sheet) -> fmt::Result {
    writeln!(f, "\nusers per box: {}", sheet.population)?;
    writeln!(f, "model: {}", sheet.model)?;
    for error in &sheet.errors {
        writeln!(
            f,
            "  on {} core(s) it says {} and {} was measured: {:+.1} % {}",
            error.cores,
            PerSecond(error.predicted_per_s),
            PerSecond(error.measured_per_s),
            error.error_percent,
            error.note
        )?;
    }
    writeln!(f, "{:>8}{:>14}{:>16}{:>32}  limited by", "cores", "requests/s", "users", "between")?;
    for row in &sheet.rows {
        writeln!(
            f,
            "{:>8}{:>14}{:>16}{:>32}  {}{}",
            row.cores,
            PerSecond(row.sustained_per_s),
            grouped(row.users),
            format!("{} and {}", grouped(row.users_low), grouped(row.users_high)),
            row.limit,
            if row.measured { " (measured)" } else { "" }
        )?;
    }
    for disk in &sheet.disks {
        writeln!(
            f,
            "  {}: write and sync {}, a durable answer within {} (p99), {}",
            disk.disk,
            duration(disk.sync_ns),
            duration(disk.durable_p99_ns),
            if disk.meets_objective {
                "which is within the objective"
            } else {
                "over the objective"
            }
        )?;
    }
    Ok(())
}

/// Share of requests without an ordinary answer, in percent.
pub(crate) fn error_percent(step: &Step) -> f64 {
    100.0 * step.share_of_all(step.errors)
}
