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
use values::Date;

use super::{call, find};

/// The rule of weekday hours.
const ORDINARY: &str = "ordinary-hours-only";
/// The rule of hours whose penalty an import does not know.
const NO_PENALTY: &str = "ordinary-hours-only-penalty-not-imported";
/// The rule of hours whose overtime rate an import does not know.
const NO_OVERTIME: &str = "ordinary-hours-only-overtime-not-imported";
/// Codes of classifications whose rate is that of casual employees.
const CASUAL_CODES: &str = "casual-fwc-*";
/// Codes of all others. No pack has such.
const CODES: &str = "fwc-*";
/// Behind the code of an award that has a pack: its base rates alone, so that they never mix with the
/// pack's rules.
const BASE_SUFFIX: &str = "-base";
const SOURCE: &str = "Fair Work Commission, pay database: base rates alone";

/// What was published.
#[derive(Debug, Default)]
pub(super) struct Published {
    awards: u32,
    versions: u32,
    changed: u32,
    packed: Vec<String>,
    annual: Vec<String>,
    unpriced: Vec<String>,
    outcomes: BTreeMap<Outcome, u32>,
    notes: Vec<String>,
}

impl Published {
    pub(super) fn write(&self, out: &mut impl Write) -> Result<()> {
        let Self { awards, versions, changed, .. } = self;
        writeln!(
            out,
            "{awards} awards with base rates, in {versions} versions, {changed} of them new"
        )?;
        for (outcome, count) in &self.outcomes {
            let word = if outcome.is_priced() { "quotable" } else { "not quotable" };
            writeln!(out, "  {count:6} {word}: {}", outcome.name())?;
        }
        let lists = [
            (
                &self.packed,
                "with a pack, whose rules stay; base rates of every classification are under \
                 <code>-base",
            ),
            (&self.annual, "with annual salaries alone, shown and not priced by the hour"),
            (&self.unpriced, "without any rate"),
        ];
        for (awards, what) in lists {
            if !awards.is_empty() {
                writeln!(out, "{} awards {what}: {}", awards.len(), awards.join(", "))?;
            }
        }
        for note in &self.notes {
            writeln!(out, "note: {note}")?;
        }
        Ok(())
    }

    /// The same as JSON.
    pub(super) fn json(&self) -> Value {
        let outcomes: Vec<Value> = self
            .outcomes
            .iter()
            .map(|(it, count)| {
                json!({ "outcome": it.name(), "quotable": it.is_priced(), "count": count })
            })
            .collect();
        json!({
            "awards": self.awards, "versions": self.versions, "changed": self.changed,
            "with_pack": self.packed, "annual_alone": self.annual, "without_rate": self.unpriced,
            "classifications": outcomes, "notes": self.notes
        })
    }
}

/// Publishes the base rates of every imported award. From the first date that a pack has on, the
/// award is the pack's; its base rates then have a code of their own.
pub(super) fn publish(client: &Client) -> Result<Published> {
    let mut years: Vec<Year> = Vec::new();
    for it in call(client, &ListYears {})?.years {
        years.push(call(client, &ShowYear { year: it.year })?);
    }
    let mut published = Published::default();
    let known: BTreeMap<String, Vec<Date>> = call(client, &Awards::default())?
        .awards
        .into_iter()
        .map(|it| (it.award, it.operative_from))
        .collect();
    let codes: BTreeSet<(u32, &str)> = years
        .iter()
        .flat_map(|year| &year.awards)
        .map(|it| (it.number(), it.award.code.as_str()))
        .collect();
    let count = codes.len();
    for (at, (number, code)) in codes.into_iter().enumerate() {
        let (name, rows) = rows(client, &years, number)?;
        let views: Vec<(u32, &[ClassificationRow])> =
            rows.iter().map(|(year, rows)| (*year, rows.as_slice())).collect();
        let found = base_rates(number, &views);
        one(client, code, &name, &found, known.get(code), &mut published)?;
        if (at + 1) % 25 == 0 || at + 1 == count {
            eprintln!("base rates of {} of {count} awards published", at + 1);
        }
    }
    Ok(published)
}

fn one(
    client: &Client,
    code: &str,
    name: &str,
    found: &BaseRates,
    known: Option<&Vec<Date>>,
    published: &mut Published,
) -> Result<()> {
    for (outcome, count) in &found.outcomes {
        *published.outcomes.entry(*outcome).or_default() += count;
    }
    let Some(newest) = found.versions.last() else {
        published.unpriced.push(code.to_owned());
        return Ok(());
    };
    if newest.rates.iter().all(|it| matches!(it.rate, Rate::Annual(_))) {
        published.annual.push(code.to_owned());
    }
    let pack = pack_from(client, code, found, known.map_or(&[], Vec::as_slice))?;
    if pack.is_some() {
        published.packed.push(code.to_owned());
    }
    let base = format!("{code}{BASE_SUFFIX}");
    for version in &found.versions {
        let from = version.operative_from;
        let is_before = pack.is_none_or(|pack| from < pack);
        let codes = [is_before.then_some(code), pack.is_some().then_some(base.as_str())];
        for code in codes.into_iter().flatten() {
            let version = version_of(code, name, found, version)?;
            let reply = call(client, &PublishAward { version, replace: true })
                .with_context(|| format!("publishing {code} from {from}"))?;
            published.versions += 1;
            published.changed += u32::from(reply.changed);
        }
    }
    published.awards += 1;
    if let Some(date) = found.gap_before {
        published.notes.push(format!(
            "{code} is quotable from {date}: years before are not imported without a gap"
        ));
    }
    if let Some(date) = found.known_to {
        published.notes.push(format!("{code}: rates after {date} are not imported"));
    }
    if let (Some(_), Some(last)) = (pack, known.and_then(|it| it.last()))
        && *last < newest.operative_from
    {
        published.notes.push(format!(
            "{code}: the pack's newest rates are of {last}, published ones of {}: correct the pack",
            newest.operative_from
        ));
    }
    Ok(())
}

/// Classification rows of one award by year.
type RowsByYear = Vec<(u32, Vec<ClassificationRow>)>;

/// The name of an award, and its classification rows in every year.
fn rows(client: &Client, years: &[Year], number: u32) -> Result<(String, RowsByYear)> {
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

/// The first date since when the award is a pack's, and not an earlier import's.
fn pack_from(
    client: &Client,
    award: &str,
    found: &BaseRates,
    dates: &[Date],
) -> Result<Option<Date>> {
    let own = CODES.trim_end_matches('*');
    'dates: for date in dates {
        // Whatever an import published for that date has one of these; a pack need not have any.
        let before = found.versions.iter().rev().filter(|it| it.operative_from <= *date);
        let ids = before.chain(&found.versions).flat_map(|it| &it.rates).map(|it| it.fixed_id);
        let mut asked = BTreeSet::new();
        for id in ids.filter(|id| asked.insert(*id)) {
            let request = Classify {
                award: award.to_owned(),
                classification: format!("fwc:{id}"),
                pay_period_start: *date,
                as_known_at_us: None,
            };
            if let Some(reply) = find(client, &request)? {
                if reply.classification.starts_with(own)
                    || reply.classification.starts_with(CASUAL_CODES.trim_end_matches('*'))
                {
                    continue 'dates;
                }
                break;
            }
        }
        return Ok(Some(*date));
    }
    Ok(None)
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
            let codes = if is_casual_only { CASUAL_CODES } else { CODES };
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
    let codes = if it.is_casual_only { CASUAL_CODES } else { CODES };
    let prefix = codes.trim_end_matches('*');
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
