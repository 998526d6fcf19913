//! From published rows to what an ordinary hour is worth: for one award, a version for every date on
//! which anything changed.
//!
//! A rate is always a published one: the weekly rate over the award's week where that gives the
//! published hourly rate (or where none is published), else the published hourly rate itself. Nothing
//! is estimated; what has no hourly form is left out, with its reason.

mod judge;

use std::collections::{BTreeMap, BTreeSet};

use ::values::{Date, Hours, Money, Percent};

use crate::figure::Figure;
use crate::rows::ClassificationRow;
use crate::text::{matching, shadow};
use judge::{judge, week};

/// The casual loading of the modern awards.
const CASUAL_LOADING: Percent = Percent::from_hundredths(2_500);
/// Awards up to this number are industry and occupation awards, whose casual loading is 25 %; behind
/// it stand enterprise and state awards, each with its own.
const MODERN_AWARD_NUMBER_MAX: u32 = 120;

/// What marks a clause whose rates are ordinary hourly ones; words behind it say for whom.
const ORDINARY_MARK: &str = "OrdHrRate";

/// A rate as a classification has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// Dollars a week, over the award's week.
    Weekly(Money),
    /// Dollars an hour.
    Hourly(Money),
    /// Dollars a year; nothing says how many hours that pays.
    Annual(Money),
}

/// How a classification's rate was come by, or why it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The weekly rate over the award's week is the published hourly rate.
    WeeklyAgrees,
    /// The weekly rate over the award's week; no hourly rate is published.
    WeeklyAlone,
    /// The raised weekly rate (SCHADS, equal remuneration order) over the week is the published one.
    WeeklyRaised,
    /// The hourly rate that the award sets.
    Hourly,
    /// A published ordinary hourly rate, all-purpose allowances in it, that no single classification
    /// has: it is quotable by its own id.
    OrdinaryHourly,
    /// Published hourly rate; the weekly rate is divided by another week than the award's.
    OtherWeek,
    /// Published hourly rate with loadings in it: no share of the weekly rate.
    Loaded,
    /// Published hourly rate: a share of the hourly base rate, as for juniors.
    Share,
    /// Published hourly rate of an annual salary.
    AnnualHourly,
    /// Published weekly rate of an annual salary, over the award's week.
    AnnualWeekly,
    /// Published hourly rate of a daily rate.
    DailyHourly,
    /// An annual salary alone: shown, and not priced by the hour.
    AnnualAlone,
    /// A heading or a note, without a rate.
    Heading,
    /// Another form of rates that stand elsewhere: a shadow clause.
    Shadow,
    /// Paid by the piece, the engagement or the kilometre.
    Piece,
    /// Paid by the day or the month; no hourly rate is published.
    DailyAlone,
    /// A part of a rate, or a rate together with loadings, with no hourly form.
    Part,
    /// A rate with a fraction of a cent, or of no money at all.
    NotCents,
    /// Two base rates for the same time.
    TwoRates,
    /// A kind of rate that is not known here.
    KindUnknown,
}

impl Outcome {
    /// Whether an hour of it can be priced.
    #[must_use]
    pub const fn is_priced(self) -> bool {
        matches!(
            self,
            Self::WeeklyAgrees
                | Self::WeeklyAlone
                | Self::WeeklyRaised
                | Self::Hourly
                | Self::OrdinaryHourly
                | Self::OtherWeek
                | Self::Loaded
                | Self::Share
                | Self::AnnualHourly
                | Self::AnnualWeekly
                | Self::DailyHourly
        )
    }

    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WeeklyAgrees => "weekly over the week, as the published hourly rate",
            Self::WeeklyAlone => "weekly over the week, no hourly rate published",
            Self::WeeklyRaised => "raised weekly over the week, as the published hourly rate",
            Self::Hourly => "hourly as set",
            Self::OrdinaryHourly => "ordinary hourly as published, all-purpose allowances inside",
            Self::OtherWeek => "published hourly: another week than the award's",
            Self::Loaded => "published hourly: loadings inside",
            Self::Share => "published hourly: a share of the base",
            Self::AnnualHourly => "published hourly of an annual salary",
            Self::AnnualWeekly => "published weekly of an annual salary",
            Self::DailyHourly => "published hourly of a daily rate",
            Self::AnnualAlone => "annual salary alone: shown, not priced by the hour",
            Self::Heading => "heading or note without a rate",
            Self::Shadow => "shadow clause",
            Self::Piece => "paid by piece, engagement or kilometre",
            Self::DailyAlone => "paid by day or month, no hourly rate published",
            Self::Part => "part of a rate, or with loadings, no hourly form",
            Self::NotCents => "not a positive number of cents",
            Self::TwoRates => "two base rates for the same time",
            Self::KindUnknown => "kind of rate unknown",
        }
    }
}

/// One classification of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseRate {
    /// Its `classification_fixed_id`.
    pub fixed_id: u32,
    /// The group's name and its own.
    pub title: String,
    /// The clause as printed; never empty.
    pub clause: String,
    /// The rate.
    pub rate: Rate,
    /// How the rate was come by.
    pub outcome: Outcome,
    /// All-purpose allowances a week, where a published ordinary hourly rate has them in it.
    pub all_purpose_weekly: Option<Money>,
    /// The rate is that of casual employees, their loading in it.
    pub is_casual_only: bool,
    /// Whether a published casual rate is the rate and the loading, to the cent; `None` when there is
    /// none, or no loading is known.
    pub casual_agrees: Option<bool>,
}

/// The rates from one date on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseVersion {
    /// Since when.
    pub operative_from: Date,
    /// In order of id.
    pub rates: Vec<BaseRate>,
}

/// The rates of one award.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseRates {
    /// The hours that a weekly rate pays for.
    pub week: Hours,
    /// Rows that show that week by their published hourly rates; 0 when it was taken as 38 hours, the
    /// most that an award may set (Fair Work Act 2009 s.62).
    pub week_shown_by: u32,
    /// The casual loading; `None` when nothing says what it is.
    pub casual_loading: Option<Percent>,
    /// Oldest first; none is empty.
    pub versions: Vec<BaseVersion>,
    /// Classifications of the newest version and those it leaves out, by outcome.
    pub outcomes: BTreeMap<Outcome, u32>,
    /// The last day that the published rates are known for, when they end.
    pub known_to: Option<Date>,
    /// Earlier days that are not quotable because years between are not imported: up to this date.
    pub gap_before: Option<Date>,
}

/// The base rates of one award from all its imported rows; `years` in any order.
#[must_use]
pub fn base_rates(award: u32, years: &[(u32, &[ClassificationRow])]) -> BaseRates {
    let rows = merged(years);
    let (week, week_shown_by) = week(&rows);
    let casual_loading = casual_loading(award, &rows);
    let mut days: BTreeSet<Date> = BTreeSet::new();
    let mut ends: BTreeSet<Date> = BTreeSet::new();
    for row in rows.iter().filter(|it| is_rate(it)) {
        days.extend(row.operative_from);
        ends.extend(row.operative_to.map(|it| it.plus_days(1)));
    }
    days.extend(ends);
    let mut found = BaseRates {
        week,
        week_shown_by,
        casual_loading,
        versions: Vec::new(),
        outcomes: BTreeMap::new(),
        known_to: None,
        gap_before: None,
    };
    for day in days {
        let (rates, outcomes) = on(day, &rows, &found);
        if rates.is_empty() {
            // From here on nothing is known, until a later year begins.
            found.known_to = Some(day.plus_days(-1));
            continue;
        }
        if found.known_to.take().is_some() {
            found.versions.clear();
            found.gap_before = Some(day);
        }
        if found.versions.last().is_none_or(|it| it.rates != rates) {
            found.versions.push(BaseVersion { operative_from: day, rates });
        }
        found.outcomes = outcomes;
    }
    found
}

fn is_rate(row: &ClassificationRow) -> bool {
    row.base_rate.is_some() && shadow(&row.clauses).is_none()
}

/// The rows of all years, each once: what a later year says of the same time counts.
fn merged<'r>(years: &[(u32, &'r [ClassificationRow])]) -> Vec<&'r ClassificationRow> {
    let mut order: Vec<&(u32, &[ClassificationRow])> = years.iter().collect();
    order.sort_by_key(|it| it.0);
    let mut newest: BTreeMap<(u32, &str, Option<Date>), (u32, &ClassificationRow)> =
        BTreeMap::new();
    for (year, rows) in order {
        for row in *rows {
            let kind = row.calculated_rate_type.as_str();
            let key = (row.classification_fixed_id, kind, row.operative_from);
            newest.insert(key, (*year, row));
        }
    }
    // A row without an end that a later year goes on from under another date ends there.
    newest.into_values().map(|(_, row)| row).collect()
}

/// The classifications on one day, and how each was come by.
fn on(
    day: Date,
    rows: &[&ClassificationRow],
    award: &BaseRates,
) -> (Vec<BaseRate>, BTreeMap<Outcome, u32>) {
    let is_on = |row: &&&ClassificationRow| {
        // Headings may have no dates.
        row.operative_from.is_none_or(|it| it <= day) && row.operative_to.is_none_or(|it| day <= it)
    };
    let mut groups: BTreeMap<u32, Vec<&ClassificationRow>> = BTreeMap::new();
    for row in rows.iter().filter(is_on) {
        groups.entry(row.classification_fixed_id).or_default().push(row);
    }
    let ordinary = ordinary_rates(groups.values().flatten());
    // Which of them a classification has.
    let own: BTreeSet<(String, String)> = groups
        .values()
        .flatten()
        .filter(|it| it.base_rate.is_some() && shadow(&it.clauses).is_none())
        .map(|it| (it.clauses.trim().to_owned(), matching(&it.classification)))
        .collect();
    let mut rates = Vec::new();
    let mut outcomes: BTreeMap<Outcome, u32> = BTreeMap::new();
    for (fixed_id, mut group) in groups {
        // Where one year's open end meets the next year's beginning, the later row counts.
        let newest = group.iter().filter_map(|it| it.operative_from).max();
        group.retain(|it| it.operative_from == newest);
        let (mut rate, mut outcome) = judge(&group, award.week);
        if outcome == Outcome::Shadow
            && let Some((clause, mark, hourly)) = ordinary_rate(group[0])
        {
            let key = (clause.to_owned(), matching(&group[0].classification));
            let is_joined = mark == ORDINARY_MARK
                && own.contains(&key)
                && ordinary.get(&key).is_some_and(Option::is_some);
            if !is_joined {
                (rate, outcome) = (Some(Rate::Hourly(hourly)), Outcome::OrdinaryHourly);
            }
        }
        *outcomes.entry(outcome).or_default() += 1;
        let Some(rate) = rate else { continue };
        let row = group[0];
        let key = (row.clauses.trim().to_owned(), matching(&row.classification));
        let ordinary = ordinary.get(&key).copied().flatten();
        rates.push(BaseRate {
            fixed_id,
            title: title(row),
            clause: clause(row),
            rate,
            outcome,
            all_purpose_weekly: all_purpose(rate, ordinary, award.week),
            is_casual_only: is_casual_only(row),
            casual_agrees: casual_agrees(&group, rate, award),
        });
    }
    (rates, outcomes)
}

/// Published ordinary hourly rates with all-purpose allowances in them, by clause and name; `None`
/// where two contend.
fn ordinary_rates<'r>(
    rows: impl Iterator<Item = &'r &'r ClassificationRow>,
) -> BTreeMap<(String, String), Option<Money>> {
    let mut found: BTreeMap<(String, String), Option<Money>> = BTreeMap::new();
    for row in rows {
        let Some((clause, ORDINARY_MARK, rate)) = ordinary_rate(row) else { continue };
        found
            .entry((clause.to_owned(), matching(&row.classification)))
            .and_modify(|known| {
                if *known != Some(rate) {
                    *known = None;
                }
            })
            .or_insert(Some(rate));
    }
    found
}

/// The clause and the mark of a shadow clause with an ordinary hourly rate, and the rate.
fn ordinary_rate(row: &ClassificationRow) -> Option<(&str, &str, Money)> {
    let (clause, mark) = shadow(&row.clauses)?;
    let is_hourly = row.base_rate_type.eq_ignore_ascii_case("Ordinary hourly");
    let is_ordinary = mark.starts_with(ORDINARY_MARK) && is_hourly && !row.is_heading;
    let rate = row.base_rate.and_then(Figure::money).filter(|it| Money::ZERO < *it)?;
    (is_ordinary && row.calculated_includes_all_purpose).then_some((clause, mark, rate))
}

/// The weekly amount that makes the ordinary hourly rate out of the rate.
fn all_purpose(rate: Rate, ordinary: Option<Money>, week: Hours) -> Option<Money> {
    let ordinary = ordinary?;
    let minutes = i64::from(week.minutes());
    let weekly = ordinary.cents() * minutes;
    if weekly % 60 != 0 {
        return None;
    }
    let weekly = Money::from_cents(weekly / 60);
    let own = match rate {
        Rate::Weekly(weekly) => weekly,
        Rate::Hourly(hourly) => Money::from_cents(hourly.cents() * minutes / 60),
        Rate::Annual(_) => return None,
    };
    let hourly = own.per_hour_of(week);
    (hourly < ordinary).then(|| weekly - own)
}

fn hourly(rate: Rate, week: Hours) -> Option<Money> {
    match rate {
        Rate::Weekly(weekly) => Some(weekly.per_hour_of(week)),
        Rate::Hourly(hourly) => Some(hourly),
        Rate::Annual(_) => None,
    }
}

/// The published casual rate of a group.
fn casual(group: &[&ClassificationRow]) -> Option<Money> {
    let casual =
        group.iter().find(|it| it.calculated_rate_type.eq_ignore_ascii_case("Casual hourly"));
    casual?.calculated_rate?.money()
}

fn casual_agrees(group: &[&ClassificationRow], rate: Rate, award: &BaseRates) -> Option<bool> {
    let loading = award.casual_loading?;
    Some(casual(group)? == hourly(rate, award.week)?.percent(Percent::WHOLE + loading))
}

/// The loading, where the award is one of those that all have it, or published rates show it.
fn casual_loading(award: u32, rows: &[&ClassificationRow]) -> Option<Percent> {
    if award <= MODERN_AWARD_NUMBER_MAX {
        return Some(CASUAL_LOADING);
    }
    let (mut seen, mut shown) = (0_u32, 0_u32);
    let is = |row: &ClassificationRow, kind| row.calculated_rate_type.eq_ignore_ascii_case(kind);
    let mut hourly: BTreeMap<(u32, Option<Date>), Money> = BTreeMap::new();
    let key = |row: &ClassificationRow| (row.classification_fixed_id, row.operative_from);
    for row in rows.iter().filter(|it| is(it, "Hourly")) {
        hourly.extend(row.calculated_rate.and_then(Figure::money).map(|rate| (key(row), rate)));
    }
    for row in rows.iter().filter(|it| is(it, "Casual hourly")) {
        let casual = row.calculated_rate.and_then(Figure::money);
        if let (Some(rate), Some(casual)) = (hourly.get(&key(row)), casual) {
            seen += 1;
            shown += u32::from(rate.percent(Percent::WHOLE + CASUAL_LOADING) == casual);
        }
    }
    (0 < seen && seen / 2 < shown).then_some(CASUAL_LOADING)
}

fn is_casual_only(row: &ClassificationRow) -> bool {
    let texts = [
        &row.clauses,
        &row.clause_description,
        &row.parent_classification_name,
        &row.classification,
    ];
    texts.iter().any(|it| {
        let text = matching(it);
        text.contains("casual")
            && !text.contains("other than casual")
            && !text.contains("non-casual")
    })
}

fn title(row: &ClassificationRow) -> String {
    let (group, name) = (row.parent_classification_name.trim(), row.classification.trim());
    match (group.is_empty(), name.is_empty()) {
        (true, true) => row.clause_description.clone(),
        (true, false) => name.to_owned(),
        (false, true) => group.to_owned(),
        (false, false) => format!("{group}: {name}"),
    }
}

fn clause(row: &ClassificationRow) -> String {
    if row.clauses.is_empty() { "not stated".to_owned() } else { row.clauses.clone() }
}
