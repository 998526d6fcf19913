//! One classification on one day: which rate it has.

use std::collections::BTreeMap;

use ::values::{Hours, Money};

use super::{Outcome, Rate};
use crate::figure::Figure;
use crate::rows::ClassificationRow;
use crate::text::shadow;

/// Weeks that published hourly rates show, in minutes: 38 hours and, in a few awards, others.
const WEEKS: [u32; 9] = [2_280, 2_100, 2_205, 2_250, 2_160, 2_400, 2_520, 2_640, 5_040];
/// 38 hours.
const USUAL_WEEK: Hours = Hours::from_minutes(2_280);

/// The week of an award: the one by which most weekly rates give their published hourly rates.
pub(super) fn week(rows: &[&ClassificationRow]) -> (Hours, u32) {
    let mut shown: BTreeMap<u32, u32> = BTreeMap::new();
    for row in rows {
        if kind(&row.base_rate_type) == "weekly"
            && kind(&row.calculated_rate_type) == "hourly"
            && let (Some(weekly), Some(hourly)) = (money(row.base_rate), money(row.calculated_rate))
            && let Some(week) = divisor(weekly, hourly)
        {
            *shown.entry(week).or_default() += 1;
        }
    }
    let most = shown.into_iter().max_by_key(|(week, rows)| (*rows, *week == USUAL_WEEK.minutes()));
    most.map_or((USUAL_WEEK, 0), |(week, rows)| (Hours::from_minutes(week), rows))
}

/// The week by which a weekly rate gives an hourly one, to the cent.
fn divisor(weekly: Money, hourly: Money) -> Option<u32> {
    WEEKS.into_iter().find(|it| weekly.per_hour_of(Hours::from_minutes(*it)) == hourly)
}

fn kind(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

fn money(figure: Option<Figure>) -> Option<Money> {
    figure?.money().filter(|it| Money::ZERO < *it)
}

/// The rate of a classification, whose rows differ in what was calculated from the base rate.
pub(super) fn judge(group: &[&ClassificationRow], week: Hours) -> (Option<Rate>, Outcome) {
    let row = group[0];
    if row.is_heading || row.base_rate.is_none() {
        return (None, Outcome::Heading);
    }
    if shadow(&row.clauses).is_some() {
        return (None, Outcome::Shadow);
    }
    if group.iter().any(|it| it.base_rate != row.base_rate) {
        return (None, Outcome::TwoRates);
    }
    let Some(base) = money(row.base_rate) else { return (None, Outcome::NotCents) };
    let calculated = |wanted: &[&str]| {
        let row = group.iter().find(|it| wanted.contains(&kind(&it.calculated_rate_type).as_str()));
        row.and_then(|it| money(it.calculated_rate))
    };
    let hourly = calculated(&["hourly", "ordinary hourly"]);
    let weekly = calculated(&["weekly"]);
    match kind(&row.base_rate_type).as_str() {
        "weekly" => judge_weekly(base, weekly, hourly, week),
        "hourly" | "ordinary hourly" => match hourly {
            Some(hourly) if hourly != base => (Some(Rate::Hourly(hourly)), Outcome::Share),
            _ => (Some(Rate::Hourly(base)), Outcome::Hourly),
        },
        "annual" => match (hourly, weekly) {
            (Some(hourly), _) => (Some(Rate::Hourly(hourly)), Outcome::AnnualHourly),
            (None, Some(weekly)) => (Some(Rate::Weekly(weekly)), Outcome::AnnualWeekly),
            (None, None) => (Some(Rate::Annual(base)), Outcome::AnnualAlone),
        },
        "daily" => match hourly {
            Some(hourly) => (Some(Rate::Hourly(hourly)), Outcome::DailyHourly),
            None => (None, Outcome::DailyAlone),
        },
        "monthly" | "fortnightly" => (None, Outcome::DailyAlone),
        "piece rate" | "engagement rate" | "cents per km" => (None, Outcome::Piece),
        _ => (None, Outcome::KindUnknown),
    }
}

fn judge_weekly(
    base: Money,
    calculated: Option<Money>,
    hourly: Option<Money>,
    week: Hours,
) -> (Option<Rate>, Outcome) {
    let Some(hourly) = hourly else {
        // A calculated weekly rate is a sum with loadings, or a part of one.
        return match calculated {
            Some(_) => (None, Outcome::Part),
            None => (Some(Rate::Weekly(base)), Outcome::WeeklyAlone),
        };
    };
    if base.per_hour_of(week) == hourly {
        return (Some(Rate::Weekly(base)), Outcome::WeeklyAgrees);
    }
    if let Some(raised) = calculated.filter(|it| it.per_hour_of(week) == hourly) {
        return (Some(Rate::Weekly(raised)), Outcome::WeeklyRaised);
    }
    let outcome =
        if divisor(base, hourly).is_some() { Outcome::OtherWeek } else { Outcome::Loaded };
    (Some(Rate::Hourly(hourly)), outcome)
}
