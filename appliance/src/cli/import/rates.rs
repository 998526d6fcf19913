//! From imported rows to award versions that price ordinary hours.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::{Context, Result};
use client::Client;
use fairwork::rules::base_rates::{BaseRate, BaseRates, BaseVersion, Outcome, Rate, base_rates};
use fairwork::{ClassificationRow, ListYears, Sheet, ShowPage, ShowYear, Year};
use rates::rules::award::AwardVersion;
use rates::{Awards, Classify, PublishAward};
use serde_json::{Value, json};

use super::call;

/// The rule of weekday hours.
const ORDINARY: &str = "ordinary-hours-only";
/// The rule of hours whose penalty an import does not know.
const NO_PENALTY: &str = "ordinary-hours-only-penalty-not-imported";
/// The rule of hours whose overtime rate an import does not know.
const NO_OVERTIME: &str = "ordinary-hours-only-overtime-not-imported";
/// Codes of classifications whose rate is that of casual employees.
const CASUAL_CODES: &str = "casual-fwc-*";
const SOURCE: &str = "Fair Work Commission, pay database: base rates alone";

/// What was published.
#[derive(Debug, Default)]
pub(super) struct Published {
    awards: u32,
    versions: u32,
    packed: Vec<String>,
    unpriced: Vec<String>,
    outcomes: BTreeMap<Outcome, u32>,
    notes: Vec<String>,
}

impl Published {
    pub(super) fn write(&self, out: &mut impl Write) -> Result<()> {
        writeln!(
            out,
            "{} awards quotable for ordinary hours, in {} versions",
            self.awards, self.versions
        )?;
        for (outcome, count) in &self.outcomes {
            let word = if outcome.is_priced() { "priced" } else { "not priced" };
            writeln!(out, "  {count:6} {word}: {}", outcome.name())?;
        }
        if !self.packed.is_empty() {
            writeln!(out, "left as their packs have them: {}", self.packed.join(", "))?;
        }
        if !self.unpriced.is_empty() {
            writeln!(out, "without any rate to price: {}", self.unpriced.join(", "))?;
        }
        for note in &self.notes {
            writeln!(out, "note: {note}")?;
        }
        Ok(())
    }
}

/// Publishes every imported award that has no pack.
pub(super) fn publish(client: &Client) -> Result<Published> {
    let mut years: Vec<Year> = Vec::new();
    for it in call(client, &ListYears {})?.years {
        years.push(call(client, &ShowYear { year: it.year })?);
    }
    let mut published = Published::default();
    let known: BTreeMap<String, _> =
        call(client, &Awards {})?.awards.into_iter().map(|it| (it.award.clone(), it)).collect();
    let codes: BTreeSet<(u32, &str)> = years
        .iter()
        .flat_map(|year| &year.awards)
        .map(|it| (it.number(), it.award.code.as_str()))
        .collect();
    for (number, code) in codes {
        let (name, rows) = rows(client, &years, number)?;
        let views: Vec<(u32, &[ClassificationRow])> =
            rows.iter().map(|(year, rows)| (*year, rows.as_slice())).collect();
        let found = base_rates(number, &views);
        let Some(newest) = found.versions.last() else {
            published.unpriced.push(code.to_owned());
            continue;
        };
        if let Some(dates) = known.get(code)
            && !is_own(client, code, newest, dates.operative_from.last().copied())?
        {
            published.packed.push(code.to_owned());
            continue;
        }
        for version in &found.versions {
            let version = version_of(code, &name, &found, version)?;
            let from = version.operative_from;
            call(client, &PublishAward { version, replace: true })
                .with_context(|| format!("publishing {code} from {from}"))?;
            published.versions += 1;
        }
        published.awards += 1;
        for (outcome, count) in &found.outcomes {
            *published.outcomes.entry(*outcome).or_default() += count;
        }
        if let Some(date) = found.gap_before {
            published.notes.push(format!(
                "{code} is quotable from {date}: years before are not imported without a gap"
            ));
        }
        if let Some(date) = found.known_to {
            published.notes.push(format!("{code}: rates after {date} are not imported"));
        }
    }
    Ok(published)
}

/// The name of an award, and its classification rows in every year.
fn rows(
    client: &Client,
    years: &[Year],
    number: u32,
) -> Result<(String, Vec<(u32, Vec<ClassificationRow>)>)> {
    let (mut name, mut all) = (String::new(), Vec::new());
    for year in years {
        let Some(award) = year.award(number) else { continue };
        if name.is_empty() || name == award.award.code {
            award.award.name.trim().clone_into(&mut name);
        }
        let Some(table) = award.sheet(Sheet::Classification) else { continue };
        let mut rows = Vec::new();
        for (part, _) in (0..).zip(&table.parts) {
            let (sheet, import) = (Sheet::Classification, table.import);
            let request = ShowPage { award: number, year: year.year, sheet, import, part };
            rows.append(&mut call(client, &request)?.classifications);
        }
        all.push((year.year, rows));
    }
    Ok((name, all))
}

/// Whether what is published of an award came from an import.
fn is_own(
    client: &Client,
    award: &str,
    newest: &BaseVersion,
    last: Option<values::Date>,
) -> Result<bool> {
    let Some(pay_period_start) = last else { return Ok(true) };
    for rate in &newest.rates {
        let classification = format!("fwc:{}", rate.fixed_id);
        let request = Classify { award: award.to_owned(), classification, pay_period_start };
        // A pack need not have the classification: then another may tell.
        if let Ok(reply) = call(client, &request)
            && let Some(rate) = reply.rates.first()
        {
            return Ok(rate.rule.starts_with(ORDINARY));
        }
    }
    Ok(false)
}

/// One version: base rates, and rules whose names say that no penalty and no overtime is in them.
fn version_of(
    code: &str,
    name: &str,
    award: &BaseRates,
    version: &BaseVersion,
) -> Result<AwardVersion> {
    let week = award.week;
    let mut employments = vec!["full-time", "part-time"];
    let has_casual_rates = version.rates.iter().any(|it| it.is_casual_only);
    if award.casual_loading.is_some() || has_casual_rates {
        employments.push("casual");
    }
    let loading = award.casual_loading.unwrap_or_default();
    let weekdays = json!(["mon", "tue", "wed", "thu", "fri"]);
    let other_days = json!(["sat", "sun", "holiday"]);
    let all_days = json!(["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]);
    let rule = |name: &str, clause: &str, days: &Value, is_casual_only: bool| {
        let mut rule = json!({
            "rule": name, "clause": clause, "employment": employments, "days": days,
            "percent": "100.00", "base": "ordinary-all-purpose",
            "casual": if is_casual_only { "without" } else { "additive" }
        });
        if has_casual_rates {
            let codes = if is_casual_only { "casual-fwc-*" } else { "fwc-*" };
            rule["classifications"] = json!([codes]);
        }
        rule
    };
    let (mut penalties, mut overtime) = (Vec::new(), Vec::new());
    let kinds: &[bool] = if has_casual_rates { &[false, true] } else { &[false] };
    for is_casual_only in kinds {
        let base = "base rate of the pay database; penalties are in a pack alone";
        penalties.push(rule(ORDINARY, base, &weekdays, *is_casual_only));
        penalties.push(rule(
            NO_PENALTY,
            "a penalty may apply: a pack is needed",
            &other_days,
            *is_casual_only,
        ));
        overtime.push(rule(
            NO_OVERTIME,
            "overtime may apply: a pack is needed",
            &all_days,
            *is_casual_only,
        ));
    }
    let classifications: Vec<Value> = version.rates.iter().map(classification).collect();
    let version = json!({
        "award": code, "name": cut(name), "operative_from": version.operative_from,
        "source": SOURCE, "week": week, "casual_loading": loading,
        "classifications": classifications,
        "ordinary": [{
            "employment": employments, "clause": "week of the published hourly rates",
            "daily_max": "24.00", "weekly_max": week
        }],
        "penalties": penalties, "overtime": overtime
    });
    serde_json::from_value(version).with_context(|| format!("the version of {code}"))
}

fn classification(it: &BaseRate) -> Value {
    let prefix = if it.is_casual_only { CASUAL_CODES.trim_end_matches('*') } else { "fwc-" };
    let title = if it.title.trim().is_empty() { "not named" } else { it.title.as_str() };
    let mut value = json!({
        "code": format!("{prefix}{}", it.fixed_id), "title": cut(title),
        "clause": cut(&it.clause), "fwc": it.fixed_id
    });
    match it.rate {
        Rate::Weekly(rate) => value["weekly"] = json!(rate),
        Rate::Hourly(rate) => value["hourly"] = json!(rate),
        Rate::Annual(rate) => value["annual"] = json!(rate),
    }
    if let Some(allowances) = it.all_purpose_weekly {
        value["all_purpose_weekly"] = json!(allowances);
    }
    value
}

/// A text as long as a version takes.
fn cut(text: &str) -> &str {
    const BYTES_MAX: usize = rates::rules::award::limits::TEXT_BYTES_MAX;
    let length = text.char_indices().map(|(at, it)| at + it.len_utf8());
    let length = length.take_while(|it| *it <= BYTES_MAX).last().unwrap_or(0);
    &text[..length]
}
