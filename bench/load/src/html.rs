//! A result as one page that needs nothing else: no script, no font, no picture from elsewhere. It is
//! read on a screen, light or dark, and in print.

mod element;
mod pictures;
mod tables;

use crate::figure::{bytes, digits, duration, size};
use crate::plan::result::{PlanResult, Step};
use crate::plot;
use crate::report::{PerSecond, grouped};
use crate::summary::{carried, error_percent, objectives, verdict};

use element::tiles;

pub(crate) use element::{Column, Page, Row, list, table};

impl PlanResult {
    /// The same as one page that asks for nothing else.
    pub fn to_html(&self) -> String {
        page(self)
    }
}

/// The page of a plan.
fn page(result: &PlanResult) -> String {
    let title = format!("Capacity plan: {}", result.scenario.name);
    let mut page = Page::new(&title);
    let began = tables::moment(result.began_unix_s);
    page.paragraph(
        "note",
        &format!(
            "{}. Measured {began}, in {} s, by version {}.",
            result.scenario.about,
            digits(result.took_s),
            result.version
        ),
    );
    if !result.complete {
        let what = if result.missing.is_empty() {
            "This result is not complete.".to_owned()
        } else {
            format!("This result is not complete: {}.", result.missing.join("; "))
        };
        page.paragraph("incomplete", &what);
    }
    page.paragraph("verdict", &verdict(result));
    if let Some(sheet) = &result.sheet {
        page.paragraph("verdict", &carried(sheet, result.target.cores));
    }
    if let Some(step) = knee_step(result) {
        page.push(&tiles(&figures(result, step)));
    }
    if !result.warnings.is_empty() {
        page.heading("What makes figures doubtful");
        page.push(&list(&result.warnings));
    }
    page.heading("Latency and answers over the offered rate");
    page.paragraph("", &format!("Objectives: {}.", objectives(&result.objectives)));
    page.push(&pictures::rates(result).to_element());
    if let Some(step) = knee_step(result) {
        at_the_knee(&mut page, result, step);
    }
    page.heading("Cores");
    page.push(&pictures::cores(result).to_element());
    page.heading("Every rate that was offered");
    page.push(&tables::steps(result));
    if let Some(cost) = &result.cost {
        page.heading("What an operation of the mix costs at the knee");
        page.push(&tables::pairs(&crate::summary::cost_lines(cost)));
    }
    if let Some(growth) = &result.growth {
        page.heading("How memory and files grow");
        let text = format!("Measured over {} records.", grouped(growth.records));
        page.paragraph("", &text);
        page.push(&tables::pairs(&crate::summary::growth_lines(growth)));
    }
    if let Some(sheet) = &result.sheet {
        tables::sheet(&mut page, sheet);
    }
    page.heading("Scenario");
    page.push(&tables::scenario(result));
    page.heading("Machine");
    page.push(&tables::machine(result));
    page.finish()
}

fn at_the_knee(page: &mut Page, result: &PlanResult, step: &Step) {
    let rate = PerSecond(step.offered_per_s);
    page.heading(&format!("At {rate} requests per second"));
    page.push(&pictures::histogram(result, step).to_element());
    if 1 < step.seconds.len() {
        page.push(&pictures::seconds(result, step).to_element());
    }
    page.push(&tables::operations(step));
    page.push(&tables::doors(step));
    page.push(&tables::statuses(step));
}

/// The step that stands for the answer: that of the knee, or the highest rate that was sustained, or
/// the lowest that was offered.
fn knee_step(result: &PlanResult) -> Option<&Step> {
    let of_knee = result.knee.as_ref().and_then(|it| result.steps.get(it.step));
    let rate = |a: &&Step, b: &&Step| a.offered_per_s.total_cmp(&b.offered_per_s);
    let sustained = || result.steps.iter().filter(|it| it.sustained).max_by(rate);
    of_knee.or_else(sustained).or_else(|| result.steps.iter().min_by(rate))
}

/// The figures that are looked for first.
fn figures(result: &PlanResult, step: &Step) -> Vec<(String, String)> {
    let mut all = vec![
        (PerSecond(step.achieved_per_s).to_string(), "answers per second".to_owned()),
        (duration(step.latency.p50_ns), "p50 latency".to_owned()),
        (duration(step.latency.p99_ns), "p99 latency".to_owned()),
        (duration(step.latency.p999_ns), "p99.9 latency".to_owned()),
        (format!("{} %", digits(error_percent(step))), "without an ordinary answer".to_owned()),
    ];
    let mut add = |value: Option<String>, title: &str| {
        all.extend(value.map(|value| (value, title.to_owned())));
    };
    add(step.server_cpu_us.map(|it| format!("{} µs", digits(it))), "server CPU per answer");
    add(Some(format!("{} µs", digits(step.generator_cpu_us))), "generator CPU per answer");
    add(
        Some(format!("{} %", digits(step.generator_busy_percent))),
        "generator's busiest core at work",
    );
    let cost = result.cost.as_ref();
    add(cost.and_then(|it| it.log_bytes).map(size), "log per operation of the mix");
    let growth = result.growth.as_ref();
    add(
        growth.and_then(|it| it.resident_bytes_per_million).map(bytes),
        "memory for a million records",
    );
    let disk = result.machine.disk.as_ref();
    add(disk.map(|it| duration(it.commit_p50_ns)), "4 KiB write + sync of the disk, p50");
    all
}

/// What pages and pictures look like.
fn style() -> String {
    format!("{}{}", element::STYLE, plot::style())
}

#[cfg(test)]
#[path = "html/tests.rs"]
pub(crate) mod tests;
