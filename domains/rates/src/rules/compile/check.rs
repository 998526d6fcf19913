//! What makes an award version unacceptable, and how it is said.

use std::collections::BTreeSet;
use std::fmt;

use values::{Date, Hours, Money, Percent, TimeOfDay};

use crate::rules::award::limits::{
    AWARD_BYTES_MAX, CLASSIFICATIONS_COUNT_MAX, CODE_BYTES_MAX, RULES_COUNT_MAX, TEXT_BYTES_MAX,
};
use crate::rules::award::{
    AwardVersion, Classification, Day, Employment, Flat, OrdinaryHours, Rule,
};

/// The highest percentage a rule may have.
const PERCENT_MAX: Percent = Percent::from_hundredths(100_000);
/// What a casual loading may be.
const LOADINGS: std::ops::RangeInclusive<Percent> = Percent::ZERO..=PERCENT_MAX;
/// The highest weekly or annual rate.
const RATE_MAX: Money = Money::from_cents(100_000_000);
/// The longest week.
const WEEK_MAX: Hours = Hours::from_minutes(7 * 24 * 60);

/// What is wrong with an award version, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{award} version {operative_from}{}: {field} {problem}", Inside(rule))]
pub struct VersionError {
    /// The award.
    pub award: String,
    /// The version.
    pub operative_from: Date,
    /// The rule or classification; empty when it is neither.
    pub rule: String,
    /// The field, as a path from the version's root.
    pub field: String,
    /// What is wrong.
    pub problem: Box<VersionProblem>,
}

struct Inside<'a>(&'a str);

impl fmt::Display for Inside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ", `{}`", self.0) }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum VersionProblem {
    #[error("is empty")]
    Empty,
    #[error("has {count}, at most {max} are allowed")]
    TooMany { count: usize, max: usize },
    #[error("is given twice")]
    Duplicate,
    #[error("is {percent} %, expected above 0 and at most 1000.00 %")]
    PercentOutOfRange { percent: Percent },
    #[error("is {percent} %, expected 0.00 to 1000.00 %")]
    LoadingOutOfRange { percent: Percent },
    #[error("is not a currency code of ISO 4217")]
    CurrencyUnknown,
    #[error("is after 24:00")]
    PastMidnight,
    #[error("is {from} to {to}, expected an end after the start")]
    Backwards { from: TimeOfDay, to: TimeOfDay },
    #[error("does not belong on {list}")]
    Misplaced { list: &'static str },
    #[error("is {stated}, but {weekly} a week of {week} hours is {computed}")]
    HourlyContradicts { stated: Money, weekly: Money, week: Hours, computed: Money },
    #[error("needs one of weekly, hourly or annual")]
    RateMissing,
    #[error("is {rate}, expected above 0.00 and at most 1000000.00")]
    RateOutOfRange { rate: Money },
    #[error("is {hours} hours, expected above 0.00 and at most {max}")]
    HoursOutOfRange { hours: Hours, max: Hours },
    #[error("names `{code}`, which this version does not have")]
    ClassificationUnknown { code: String },
    #[error("needs either amount, or of and percent")]
    FlatUnclear,
    #[error("is missing: the rule names casual employees and does not say how it pays them")]
    CasualUnsaid,
    #[error("is one-multiplier, but the product is not a whole number of 0.01 %")]
    MultiplierInexact,
    #[error("name {employment} employees, for whom there are no ordinary hours")]
    OrdinaryHoursMissing { employment: &'static str },
    #[error("leave a gap: {employment}, {classification}, {day} {from} to {to} has no rate")]
    Gap {
        employment: &'static str,
        classification: String,
        day: &'static str,
        from: TimeOfDay,
        to: TimeOfDay,
    },
    #[error(
        "overlap without precedence: `{one}` and `{other}` both pay {employment}, \
         {classification}, on {day} {from} to {to}"
    )]
    Overlap {
        one: String,
        other: String,
        employment: &'static str,
        classification: String,
        day: &'static str,
        from: TimeOfDay,
        to: TimeOfDay,
    },
    #[error("leave a gap: {employment}, {classification}, {day} has no tier from 0.00 hours")]
    TierGap { employment: &'static str, classification: String, day: &'static str },
    #[error(
        "overlap: `{one}` and `{other}` both pay {employment}, {classification}, on {day} after \
         {after} hours"
    )]
    TierOverlap {
        one: String,
        other: String,
        employment: &'static str,
        classification: String,
        day: &'static str,
        after: Hours,
    },
}

/// The two bases of a classification's rates.
#[derive(Debug, Clone, Copy)]
pub(super) struct HourlyRates {
    pub(super) minimum: Money,
    pub(super) ordinary: Money,
}

fn error(
    version: &AwardVersion,
    rule: &str,
    field: impl Into<String>,
    problem: VersionProblem,
) -> VersionError {
    VersionError {
        award: version.award.clone(),
        operative_from: version.operative_from,
        rule: rule.to_owned(),
        field: field.into(),
        problem: Box::new(problem),
    }
}

pub(super) fn in_version(
    version: &AwardVersion,
    field: &str,
    problem: VersionProblem,
) -> VersionError {
    error(version, "", field, problem)
}

/// A problem in `rule`, whose place is found again in the version's lists.
pub(super) fn in_rule(
    version: &AwardVersion,
    rule: &Rule,
    field: &str,
    problem: VersionProblem,
) -> VersionError {
    let lists = [("penalties", &version.penalties), ("overtime", &version.overtime)];
    let place = lists
        .into_iter()
        .find_map(|(name, rules)| {
            let at = rules.iter().position(|it| std::ptr::eq(it, rule))?;
            Some(format!("{name}[{at}].{field}"))
        })
        .unwrap_or_else(|| field.to_owned());
    error(version, &rule.rule, place, problem)
}

/// Checks everything that does not need rates: counts, lengths, duplicates, ranges.
pub(super) fn shape(version: &AwardVersion) -> Result<(), VersionError> {
    text(version, "award", &version.award, AWARD_BYTES_MAX)?;
    text(version, "name", &version.name, TEXT_BYTES_MAX)?;
    if !version.currency.is_known() {
        return Err(in_version(version, "currency", VersionProblem::CurrencyUnknown));
    }
    hours(version, "", "week", version.week, WEEK_MAX)?;
    if !LOADINGS.contains(&version.casual_loading) {
        let percent = version.casual_loading;
        let problem = VersionProblem::LoadingOutOfRange { percent };
        return Err(in_version(version, "casual_loading", problem));
    }
    let counts = [
        ("classifications", version.classifications.len(), CLASSIFICATIONS_COUNT_MAX),
        ("penalties", version.penalties.len(), RULES_COUNT_MAX),
        ("overtime", version.overtime.len(), RULES_COUNT_MAX),
        ("ordinary", version.ordinary.len(), Employment::ALL.len()),
    ];
    for (field, count, max) in counts {
        if count == 0 {
            return Err(in_version(version, field, VersionProblem::Empty));
        }
        if max < count {
            return Err(in_version(version, field, VersionProblem::TooMany { count, max }));
        }
    }
    let mut codes = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (at, it) in version.classifications.iter().enumerate() {
        let place = |field: &str| format!("classifications[{at}].{field}");
        text(version, &place("code"), &it.code, CODE_BYTES_MAX)?;
        text(version, &place("title"), &it.title, TEXT_BYTES_MAX)?;
        text(version, &place("clause"), &it.clause, TEXT_BYTES_MAX)?;
        if !codes.insert(&it.code) {
            return Err(error(version, &it.code, place("code"), VersionProblem::Duplicate));
        }
        if it.fwc.is_some_and(|id| !ids.insert(id)) {
            return Err(error(version, &it.code, place("fwc"), VersionProblem::Duplicate));
        }
    }
    for it in &version.penalties {
        rule(version, it)?;
        if it.after != Hours::ZERO {
            let problem = VersionProblem::Misplaced { list: "a penalty" };
            return Err(in_rule(version, it, "after", problem));
        }
    }
    for it in &version.overtime {
        rule(version, it)?;
        if (it.from, it.to) != (TimeOfDay::START, TimeOfDay::END) {
            let problem = VersionProblem::Misplaced { list: "an overtime tier" };
            return Err(in_rule(version, it, "from", problem));
        }
    }
    for (at, it) in version.ordinary.iter().enumerate() {
        let place = |field: &str| format!("ordinary[{at}].{field}");
        hours(version, "", &place("daily_max"), it.daily_max, Hours::from_minutes(24 * 60))?;
        hours(version, "", &place("weekly_max"), it.weekly_max, WEEK_MAX)?;
        for span in &it.span {
            if TimeOfDay::END < span.from.max(span.to) {
                return Err(in_version(version, &place("span"), VersionProblem::PastMidnight));
            }
            if span.to <= span.from {
                let problem = VersionProblem::Backwards { from: span.from, to: span.to };
                return Err(in_version(version, &place("span"), problem));
            }
            if span.days.contains(&Day::Holiday) {
                let problem = VersionProblem::Misplaced { list: "a span: holidays keep theirs" };
                return Err(in_version(version, &place("span"), problem));
            }
        }
    }
    Ok(())
}

fn rule(version: &AwardVersion, it: &Rule) -> Result<(), VersionError> {
    for (field, value) in [("rule", &it.rule), ("clause", &it.clause)] {
        if value.is_empty() || TEXT_BYTES_MAX < value.len() {
            let problem = VersionProblem::TooMany { count: value.len(), max: TEXT_BYTES_MAX };
            let problem = if value.is_empty() { VersionProblem::Empty } else { problem };
            return Err(in_rule(version, it, field, problem));
        }
    }
    if TimeOfDay::END < it.from.max(it.to) {
        return Err(in_rule(version, it, "to", VersionProblem::PastMidnight));
    }
    if let Some(percent) = it.casual_loading
        && !LOADINGS.contains(&percent)
    {
        let problem = VersionProblem::LoadingOutOfRange { percent };
        return Err(in_rule(version, it, "casual_loading", problem));
    }
    if it.to <= it.from {
        let problem = VersionProblem::Backwards { from: it.from, to: it.to };
        return Err(in_rule(version, it, "to", problem));
    }
    let stated = match it.casual {
        Some(crate::rules::award::CasualRegime::Tabulated(percent)) => percent,
        _ => it.percent,
    };
    for percent in [it.percent, stated] {
        if percent <= Percent::ZERO || PERCENT_MAX < percent {
            let problem = VersionProblem::PercentOutOfRange { percent };
            return Err(in_rule(version, it, "percent", problem));
        }
    }
    for code in &it.classifications {
        known(version, it, "classifications", code)?;
    }
    for (field, empty) in [("employment", it.employment.is_empty()), ("days", it.days.is_empty())] {
        if empty {
            return Err(in_rule(version, it, field, VersionProblem::Empty));
        }
    }
    for employment in &it.employment {
        if ordinary_hours(version, *employment)?.is_none() {
            let employment = employment.name();
            let problem = VersionProblem::OrdinaryHoursMissing { employment };
            return Err(in_rule(version, it, "employment", problem));
        }
    }
    Ok(())
}

fn text(
    version: &AwardVersion,
    field: &str,
    value: &str,
    bytes_max: usize,
) -> Result<(), VersionError> {
    if value.is_empty() {
        return Err(in_version(version, field, VersionProblem::Empty));
    }
    if bytes_max < value.len() {
        let problem = VersionProblem::TooMany { count: value.len(), max: bytes_max };
        return Err(in_version(version, field, problem));
    }
    Ok(())
}

fn hours(
    version: &AwardVersion,
    rule: &str,
    field: &str,
    hours: Hours,
    max: Hours,
) -> Result<(), VersionError> {
    if hours == Hours::ZERO || max < hours {
        let problem = VersionProblem::HoursOutOfRange { hours, max };
        return Err(error(version, rule, field, problem));
    }
    Ok(())
}

fn known<'v>(
    version: &'v AwardVersion,
    rule: &Rule,
    field: &str,
    code: &str,
) -> Result<&'v Classification, VersionError> {
    version.classifications.iter().find(|it| it.code == code).ok_or_else(|| {
        let problem = VersionProblem::ClassificationUnknown { code: code.to_owned() };
        in_rule(version, rule, field, problem)
    })
}

/// The ordinary hours of one kind of employment; `None` when the version does not offer it.
pub(super) fn ordinary_hours(
    version: &AwardVersion,
    employment: Employment,
) -> Result<Option<&OrdinaryHours>, VersionError> {
    let mut found = version.ordinary.iter().filter(|it| it.employment.contains(&employment));
    let first = found.next();
    if found.next().is_some() {
        return Err(in_version(version, "ordinary", VersionProblem::Duplicate));
    }
    Ok(first)
}

/// The hourly rates of a classification; `None` for an annual salary.
pub(super) fn rates(
    version: &AwardVersion,
    classification: &Classification,
) -> Result<Option<HourlyRates>, VersionError> {
    let place = |field: &str| {
        let at = version.classifications.iter().position(|it| std::ptr::eq(it, classification));
        format!("classifications[{}].{field}", at.unwrap_or_default())
    };
    let fail = |field: &str, problem| error(version, &classification.code, place(field), problem);
    for (field, rate) in [
        ("weekly", classification.weekly),
        ("hourly", classification.hourly),
        ("annual", classification.annual),
    ] {
        if let Some(rate) = rate
            && (rate <= Money::ZERO || RATE_MAX < rate)
        {
            return Err(fail(field, VersionProblem::RateOutOfRange { rate }));
        }
    }
    if let Some(rate) = classification.all_purpose_weekly
        && (rate < Money::ZERO || RATE_MAX < rate)
    {
        return Err(fail("all_purpose_weekly", VersionProblem::RateOutOfRange { rate }));
    }
    let minimum = match (classification.weekly, classification.hourly, classification.annual) {
        (None, None, Some(_)) => return Ok(None),
        (Some(weekly), stated, None) => {
            let computed = weekly.per_hour_of(version.week);
            if let Some(stated) = stated
                && stated != computed
            {
                let week = version.week;
                let problem = VersionProblem::HourlyContradicts { stated, weekly, week, computed };
                return Err(fail("hourly", problem));
            }
            computed
        }
        (None, Some(hourly), None) => hourly,
        _ => return Err(fail("weekly", VersionProblem::RateMissing)),
    };
    // Allowances join the weekly rate before the division, so the sum is rounded once.
    let ordinary = match (classification.all_purpose_weekly, classification.weekly) {
        (None, _) => minimum,
        (Some(allowances), Some(weekly)) => (weekly + allowances).per_hour_of(version.week),
        (Some(allowances), None) => minimum + allowances.per_hour_of(version.week),
    };
    Ok(Some(HourlyRates { minimum, ordinary }))
}

/// The dollars of a flat loading.
pub(super) fn flat(
    version: &AwardVersion,
    rule: &Rule,
    flat: &Flat,
) -> Result<Money, VersionError> {
    let amount = match (flat.amount, &flat.of, flat.percent) {
        (Some(amount), None, None) => amount,
        (None, Some(code), Some(percent)) => {
            let classification = known(version, rule, "flat.of", code)?;
            let rates = rates(version, classification)?
                .ok_or_else(|| in_rule(version, rule, "flat.of", VersionProblem::RateMissing))?;
            if percent < Percent::ZERO || PERCENT_MAX < percent {
                let problem = VersionProblem::PercentOutOfRange { percent };
                return Err(in_rule(version, rule, "flat.percent", problem));
            }
            rates.minimum.percent(percent)
        }
        _ => return Err(in_rule(version, rule, "flat", VersionProblem::FlatUnclear)),
    };
    if amount < Money::ZERO || RATE_MAX < amount {
        let problem = VersionProblem::RateOutOfRange { rate: amount };
        return Err(in_rule(version, rule, "flat", problem));
    }
    Ok(amount)
}
