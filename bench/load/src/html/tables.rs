//! The tables of a plan's page.

use crate::figure::{bytes, digits, duration};
use crate::plan::result::{PlanResult, Step};
use crate::plan::sheet::Sheet;
use crate::report::{Maybe, PerSecond, grouped};
use crate::summary::{error_percent, purpose};

use super::element::{Column, Page, Row, table};
use Column::{Figure, Words};

pub(super) fn steps(result: &PlanResult) -> String {
    let columns = [
        Words("why"),
        Figure("offered/s"),
        Figure("achieved/s"),
        Figure("p50"),
        Figure("p99"),
        Figure("p99.9"),
        Figure("max"),
        Figure("errors %"),
        Figure("server µs"),
        Figure("generator µs"),
        Figure("server busy %"),
        Figure("generator busy %"),
        Words("objectives"),
    ];
    let row = |step: &Step| -> Row {
        let met = if step.sustained { "met".to_owned() } else { step.failed.join("; ") };
        let cells = vec![
            purpose(step),
            PerSecond(step.offered_per_s).to_string(),
            PerSecond(step.achieved_per_s).to_string(),
            duration(step.latency.p50_ns),
            duration(step.latency.p99_ns),
            duration(step.latency.p999_ns),
            duration(step.latency.max_ns),
            digits(error_percent(step)),
            Maybe(step.server_cpu_us, 2).to_string(),
            format!("{:.2}", step.generator_cpu_us),
            Maybe(step.server_busy_percent, 0).to_string(),
            format!("{:.0}", step.generator_busy_percent),
            met,
        ];
        (!step.sustained, cells)
    };
    let caption = "In the order of the search. Latency counts from the intended start; server and \
                   generator µs are CPU time per answer; busy is of the busiest thread or core.";
    table(caption, &columns, &result.steps.iter().map(row).collect::<Vec<_>>())
}

pub(super) fn operations(step: &Step) -> String {
    let columns = [
        Words("operation"),
        Figure("answers/s"),
        Figure("other answers/s"),
        Figure("p50"),
        Figure("p99"),
    ];
    let rows: Vec<Row> = step
        .operations
        .iter()
        .map(|(name, it)| {
            let cells = vec![
                name.clone(),
                PerSecond(it.ok_per_s).to_string(),
                PerSecond(it.other_per_s).to_string(),
                duration(it.p50_ns),
                duration(it.p99_ns),
            ];
            (false, cells)
        })
        .collect();
    table("By operation", &columns, &rows)
}

pub(super) fn doors(step: &Step) -> String {
    let columns = [
        Words("door"),
        Figure("offered/s"),
        Figure("answers/s"),
        Figure("p50"),
        Figure("p99"),
        Figure("p99.9"),
        Figure("sent"),
        Figure("received"),
    ];
    let rows: Vec<Row> = step
        .doors
        .iter()
        .map(|(name, it)| {
            let cells = vec![
                name.clone(),
                PerSecond(it.offered_per_s).to_string(),
                PerSecond(it.ok_per_s).to_string(),
                duration(it.p50_ns),
                duration(it.p99_ns),
                duration(it.p999_ns),
                bytes(it.sent_bytes),
                bytes(it.received_bytes),
            ];
            (false, cells)
        })
        .collect();
    table("By door", &columns, &rows)
}

pub(super) fn statuses(step: &Step) -> String {
    let columns = [Words("status"), Figure("answers")];
    let rows: Vec<Row> = step
        .statuses
        .iter()
        .map(|(status, count)| (false, vec![status.clone(), grouped(*count)]))
        .collect();
    table("By status", &columns, &rows)
}

pub(super) fn pairs(lines: &[(String, String)]) -> String {
    let rows: Vec<Row> = lines
        .iter()
        .map(|(title, value)| (false, vec![title.trim().to_owned(), value.clone()]))
        .collect();
    table("", &[Words("what"), Words("how much")], &rows)
}

pub(super) fn machine(result: &PlanResult) -> String {
    let mut lines = result.machine.lines();
    let load =
        format!("{} threads wanted to run, in the mean of a minute", digits(result.load_average));
    lines.push(("load before", load));
    let lines = lines.into_iter().map(|(title, value)| (title.to_owned(), value));
    pairs(&lines.collect::<Vec<_>>())
}

pub(super) fn scenario(result: &PlanResult) -> String {
    let (it, target) = (&result.scenario, &result.target);
    let percent = |(name, share): (&String, &f64)| format!("{name} {} %", digits(100.0 * share));
    let list = |all: Vec<String>| all.join(", ");
    let cores: Vec<String> = target.client_cores.iter().map(ToString::to_string).collect();
    let own = if target.own_box { "started for this plan" } else { "one that ran already" };
    let lines = [
        ("read from", it.source.clone()),
        ("operations", list(it.operations.iter().map(percent).collect())),
        ("doors", list(it.doors.iter().map(percent).collect())),
        ("connections", it.connections.to_string()),
        ("tenants", it.tenants.to_string()),
        ("keys", it.keys.clone()),
        ("arrivals", it.arrivals.clone()),
        ("durable", format!("{} % wait for the log's device", digits(100.0 * it.durable_share))),
        ("seed", it.seed.to_string()),
        (
            "server",
            format!(
                "{own}, on {} cores",
                target.cores.map_or_else(|| "?".to_owned(), |it| it.to_string())
            ),
        ),
        ("listens", list(target.doors.iter().map(|(door, at)| format!("{door} {at}")).collect())),
        ("generator", format!("on core {}", cores.join(", "))),
    ];
    pairs(&lines.map(|(title, value)| (title.to_owned(), value)))
}

pub(super) fn sheet(page: &mut Page, sheet: &Sheet) {
    page.heading("Users per box");
    page.paragraph("", &format!("{}.", sheet.population));
    page.paragraph("note", &format!("Model: {}.", sheet.model));
    let rows: Vec<Row> = sheet
        .rows
        .iter()
        .map(|it| {
            let cells = vec![
                it.cores.to_string(),
                PerSecond(it.sustained_per_s).to_string(),
                grouped(it.users),
                format!("{} to {}", grouped(it.users_low), grouped(it.users_high)),
                if it.measured { "measured" } else { "modelled" }.to_owned(),
                it.limit.clone(),
            ];
            (false, cells)
        })
        .collect();
    let columns = [
        Words("cores"),
        Figure("requests/s"),
        Figure("users"),
        Figure("within the model's error"),
        Words("how"),
        Words("first to give out"),
    ];
    page.push(&table("", &columns, &rows));
    let columns = [
        Words("cores"),
        Figure("model/s"),
        Figure("measured/s"),
        Figure("error %"),
        Words("remark"),
    ];
    let rows: Vec<Row> = sheet
        .errors
        .iter()
        .map(|it| {
            let cells = vec![
                it.cores.to_string(),
                PerSecond(it.predicted_per_s).to_string(),
                PerSecond(it.measured_per_s).to_string(),
                format!("{:+.1}", it.error_percent),
                it.note.clone(),
            ];
            (false, cells)
        })
        .collect();
    if !rows.is_empty() {
        page.push(&table("The model beside measurements on this machine", &columns, &rows));
    }
    let columns =
        [Words("disk"), Figure("write + sync"), Figure("durable answer, p99"), Words("objective")];
    let rows: Vec<Row> = sheet
        .disks
        .iter()
        .map(|it| {
            let met = if it.meets_objective { "met" } else { "not met" };
            let cells = vec![
                it.disk.clone(),
                duration(it.sync_ns),
                duration(it.durable_p99_ns),
                met.to_owned(),
            ];
            (!it.meets_objective, cells)
        })
        .collect();
    if !rows.is_empty() {
        page.push(&table("Other disks, by the model", &columns, &rows));
    }
}

/// Seconds since 1970 as a date and time of day.
pub(crate) fn moment(unix_s: u64) -> String {
    let (days, of_day) = (unix_s / 86_400, unix_s % 86_400);
    // Days are counted from 1 March of the year 0 of the proleptic Gregorian calendar, so that a leap
    // day is the last of its year; an era is 400 years.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, late) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + late;
    let (hour, minute) = (of_day / 3_600, of_day / 60 % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}
