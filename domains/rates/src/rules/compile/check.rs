//! What makes an award version unacceptable, and how it is said.

use std::fmt;

use values::{Date, Hours, Money, Percent, TimeOfDay};

use super::{HourlyRates, practice};
use crate::rules::award::{AwardVersion, Classification, Flat, Rule};
use crate::rules::person::Quantity;

/// The highest percentage a rule may have.
pub(super) const PERCENT_MAX: Percent = Percent::from_hundredths(100_000);
/// What a casual loading may be.
pub(super) const LOADINGS: std::ops::RangeInclusive<Percent> = Percent::ZERO..=PERCENT_MAX;
/// The highest weekly or annual rate.
pub(super) const RATE_MAX: Money = Money::from_cents(100_000_000);
/// The longest week.
pub(super) const WEEK_MAX: Hours = Hours::from_minutes(7 * 24 * 60);

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
    #[error("has a number out of range, expected 0.01 to 1000.00")]
    FactorOutOfRange,
    #[error("are named on other days: expected `days` to be holiday alone")]
    HolidaysMisplaced,
    #[error("is {hours} hours, expected above 0.00 and at most {max}")]
    HoursOutOfRange { hours: Hours, max: Hours },
    #[error("names `{code}`, which this version does not have")]
    ClassificationUnknown { code: String },
    #[error("needs either amount, or of and percent, or allowance")]
    FlatUnclear,
    #[error("names `{code}`, which is not an allowance of this version")]
    AllowanceUnknown { code: String },
    #[error("needs either amount, or of and percent")]
    AllowanceUnclear,
    #[error("is {stated}, but {percent} % of `{of}` is {computed}")]
    AllowanceContradicts { stated: Money, percent: Percent, of: String, computed: Money },
    #[error("is not possible for an allowance per {per}")]
    AllowanceUnit { per: &'static str },
    #[error("names `{name}`, which is not a kind of shift of this version")]
    ShiftUnknown { name: String },
    #[error("is `{name}`, which means a shift of no kind")]
    ShiftReserved { name: &'static str },
    #[error("takes out nothing: no classification of this version matches `{pattern}`")]
    PatternIdle { pattern: String },
    #[error("is {weeks} weeks, expected 2 to 52")]
    WeeksOutOfRange { weeks: u8 },
    #[error("is {count}, expected at least 1")]
    Nothing { count: u8 },
    #[error("is {long}, not longer than daily_max, {daily}")]
    LongDayShort { long: Hours, daily: Hours },
    #[error("comes out of order: expected ascending `from`, then ascending `service_months`")]
    StepsOutOfOrder,
    #[error("has no condition, so no later kind of shift could ever be chosen")]
    Unconditional,
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

pub(super) fn error(
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

pub(super) fn in_part(
    version: &AwardVersion,
    name: &str,
    field: impl Into<String>,
    problem: VersionProblem,
) -> VersionError {
    error(version, name, field, problem)
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

pub(super) fn known<'v>(
    version: &'v AwardVersion,
    rule: &Rule,
    field: &str,
    code: &str,
) -> Result<&'v Classification, VersionError> {
    version.rated(code).ok_or_else(|| {
        let problem = VersionProblem::ClassificationUnknown { code: code.to_owned() };
        in_rule(version, rule, field, problem)
    })
}

/// The hourly rates of a classification; `None` for an annual salary.
pub(super) fn rates(
    version: &AwardVersion,
    classification: &Classification,
) -> Result<Option<HourlyRates>, VersionError> {
    let place = |field: &str| {
        let within =
            |list: &[Classification]| list.iter().position(|it| std::ptr::eq(it, classification));
        match (within(&version.classifications), within(&version.references)) {
            (None, Some(at)) => format!("references[{at}].{field}"),
            (at, _) => format!("classifications[{}].{field}", at.unwrap_or_default()),
        }
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
    if let Some(factor) = classification.factor {
        let range = Quantity::from_hundredths(1)..=Quantity::from_hundredths(100_000);
        if !range.contains(&factor.times) || !range.contains(&factor.over) {
            return Err(fail("factor", VersionProblem::FactorOutOfRange));
        }
    }
    let minimum = match (classification.weekly, classification.hourly, classification.annual) {
        (None, None, Some(_)) => return Ok(None),
        (Some(weekly), stated, None) => {
            let computed = classification.hourly_of(weekly, version.week);
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
        (Some(allowances), Some(weekly)) => {
            classification.hourly_of(weekly + allowances, version.week)
        }
        (Some(allowances), None) => minimum + classification.hourly_of(allowances, version.week),
    };
    Ok(Some(HourlyRates { minimum, ordinary }))
}

/// The dollars of a flat loading.
pub(super) fn flat(
    version: &AwardVersion,
    rule: &Rule,
    flat: &Flat,
) -> Result<Money, VersionError> {
    let amount = match (flat.amount, &flat.of, flat.percent, &flat.allowance) {
        (Some(amount), None, None, None) => amount,
        (None, None, None, Some(code)) => {
            let found = version.allowances.iter().find(|it| it.code == *code).ok_or_else(|| {
                let problem = VersionProblem::AllowanceUnknown { code: code.clone() };
                in_rule(version, rule, "flat.allowance", problem)
            })?;
            practice::dollars(version, found)
                .map_err(|problem| in_rule(version, rule, "flat.allowance", problem))?
        }
        (None, Some(code), Some(percent), None) => {
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
