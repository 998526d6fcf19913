//! `quoin import diff`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use fairwork::rules::compare::{Change, Kind};
use fairwork::{CompareYears, CompareYearsReply, Figure, ShowYear, award_number};
use serde_json::{Value, json};

use super::call;
use crate::ask;

/// List what changed between two imported years
///
/// Tables that one of the two years does not have are not compared. What a row said before and says now stands in
/// one line, with the date since when, and in percent for figures.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin import diff --from 2024 --to 2025 --award MA000004\n  \
    quoin import diff --from 2024 --to 2025 --summary\n  \
    quoin import diff --from 2024 --to 2025 --json | jq '.awards[].changes[] | select(.field == \"base_rate\")'\n\n\
    + added, - removed, ~ changed. Exit status: 0 compared, 1 not.")]
pub(super) struct Diff {
    /// The earlier year
    #[arg(long, value_name = "YEAR")]
    from: u32,
    /// The later year
    #[arg(long, value_name = "YEAR")]
    to: u32,
    /// This award only: its code or number
    #[arg(long, value_name = "CODE")]
    award: Option<String>,
    /// Print one line for each award
    #[arg(long)]
    summary: bool,
    /// Print all changes as one JSON document
    #[arg(long, conflicts_with = "summary")]
    json: bool,
    /// The box's RPC door
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:9000")]
    rpc: SocketAddr,
}

impl Diff {
    pub(super) fn run(self) -> Result<ExitCode> {
        let client = ask::connect(self.rpc)?;
        let awards: Vec<String> = if let Some(award) = &self.award {
            vec![award.clone()]
        } else {
            let mut codes = Vec::new();
            for year in [self.from, self.to] {
                let year = call(&client, &ShowYear { year })?;
                codes.extend(year.awards.into_iter().map(|it| it.award.code));
            }
            codes.sort_by_key(|it| award_number(it));
            codes.dedup();
            codes
        };
        let mut out = io::stdout().lock();
        let (mut all, mut total) = (Vec::new(), BTreeMap::new());
        for award in awards {
            let request = CompareYears { award, from: self.from, to: self.to };
            let reply: CompareYearsReply = call(&client, &request)?;
            let counts = counts(&reply.changes);
            for (kind, count) in &counts {
                *total.entry(*kind).or_default() += count;
            }
            if self.json {
                all.push(json!({
                    "award": reply.award, "name": reply.name, "changes": reply.changes
                }));
            } else if !reply.changes.is_empty() {
                writeln!(out, "{} {}: {}", reply.award, reply.name.trim(), words(&counts))?;
                for change in reply.changes.iter().filter(|_| !self.summary) {
                    writeln!(out, "  {}", line(change))?;
                }
            }
        }
        let (from, to) = (self.from, self.to);
        if self.json {
            let report: Value = json!({ "from": from, "to": to, "awards": all });
            writeln!(out, "{report:#}")?;
        } else {
            writeln!(out, "from {from} to {to}: {}", words(&total))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Changes by the sign that stands before them.
fn counts(changes: &[Change]) -> BTreeMap<char, u64> {
    let mut counts = BTreeMap::new();
    for change in changes {
        *counts.entry(sign(change.kind)).or_default() += 1;
    }
    counts
}

const fn sign(kind: Kind) -> char {
    match kind {
        Kind::Added => '+',
        Kind::Removed => '-',
        Kind::Changed => '~',
    }
}

fn words(counts: &BTreeMap<char, u64>) -> String {
    let of = |sign| counts.get(&sign).copied().unwrap_or(0);
    format!("{} changed, {} added, {} removed", of('~'), of('+'), of('-'))
}

/// One change as a line for people.
fn line(change: &Change) -> String {
    let Change { sheet, kind, fixed_id, clause, title, field, before, after, operative_from } =
        change;
    let clause = if clause.is_empty() { String::new() } else { format!(" ({clause})") };
    let place = format!("{} {} {fixed_id}{clause} {}", sign(*kind), sheet.name(), title.trim());
    let since = operative_from.map(|it| format!(", from {it}")).unwrap_or_default();
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    match kind {
        Kind::Added => format!("{place}: {after}{since}"),
        Kind::Removed => format!("{place}: {before}"),
        Kind::Changed => {
            let rise = rise(before, after).map(|it| format!(" ({it})")).unwrap_or_default();
            format!("{place}: {field} {} -> {}{rise}{since}", or_none(before), or_none(after))
        }
    }
}

/// By how much a figure moved, in percent half-up to hundredths; `None` where one is no figure.
fn rise(before: &str, after: &str) -> Option<String> {
    let millionths = |text| Some(i128::from(Figure::parse(text).ok()?.millionths()));
    let (before, after) = (millionths(before)?, millionths(after)?);
    if before <= 0 || after < 0 {
        return None;
    }
    let moved = after - before;
    let hundredths = (moved.abs() * 20_000 + before) / (before * 2);
    let sign = if moved < 0 { '-' } else { '+' };
    Some(format!("{sign}{}.{:02} %", hundredths / 100, hundredths % 100))
}

#[cfg(test)]
mod tests {
    use fairwork::Sheet;

    use super::*;

    #[test]
    fn figures_move_by_percent_half_up() {
        for (before, after, expected) in [
            ("1008.9", "1044.2", Some("+3.50 %")),
            ("100", "97.125", Some("-2.88 %")),
            ("26.55", "26.55", Some("+0.00 %")),
            ("0", "5", None),
            ("", "5", None),
            ("per week", "per day", None),
        ] {
            assert_eq!(rise(before, after).as_deref(), expected, "{before} {after}");
        }
    }

    #[test]
    fn a_change_is_one_line() {
        let change = |kind, field: &str, before: &str, after: &str| Change {
            sheet: Sheet::Classification,
            kind,
            fixed_id: 549,
            clause: "15.1".to_owned(),
            title: "Level 1".to_owned(),
            field: field.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
            operative_from: values::Date::parse("2025-07-01").ok(),
        };
        for (change, expected) in [
            (
                change(Kind::Changed, "base_rate", "1000", "1035"),
                "~ classification 549 (15.1) Level 1: base_rate 1000 -> 1035 (+3.50 %), from 2025-07-01",
            ),
            (
                change(Kind::Changed, "classification", "", "Level 1"),
                "~ classification 549 (15.1) Level 1: classification none -> Level 1, from 2025-07-01",
            ),
            (
                change(Kind::Added, "", "", "base_rate 1000"),
                "+ classification 549 (15.1) Level 1: base_rate 1000, from 2025-07-01",
            ),
            (
                change(Kind::Removed, "", "base_rate 1000", ""),
                "- classification 549 (15.1) Level 1: base_rate 1000",
            ),
        ] {
            assert_eq!(line(&change), expected);
        }
    }
}
