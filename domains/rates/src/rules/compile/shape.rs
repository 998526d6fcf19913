//! Checks of an award version that need no rates: counts, lengths, duplicates, ranges, names.

use std::collections::BTreeSet;

use values::{Hours, Percent, TimeOfDay};

use super::check::{
    LOADINGS, PERCENT_MAX, RATE_MAX, VersionError, VersionProblem, WEEK_MAX, in_part, in_rule,
    in_version,
};
use super::who;
use crate::rules::award::limits::{
    ALLOWANCES_COUNT_MAX, AWARD_BYTES_MAX, CLASSIFICATIONS_COUNT_MAX, CODE_BYTES_MAX,
    FLAGS_COUNT_MAX, HOLIDAYS_NAMED_COUNT_MAX, ORDINARY_COUNT_MAX, OWED_COUNT_MAX, RULES_COUNT_MAX,
    SCALES_COUNT_MAX, SHIFT_KINDS_COUNT_MAX, TEXT_BYTES_MAX,
};
use crate::rules::award::{
    Allowance, AllowanceUnit, AwardVersion, CasualRegime, Day, OrdinaryHours, Rule, ScaleBy, Window,
};

/// The longest day.
const DAY_MAX: Hours = Hours::from_minutes(24 * 60);
/// The longest averaging period, in weeks.
const AVERAGING_WEEKS_MAX: u8 = 52;

/// Refuses what is wrong without looking at a rate.
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
    counts(version)?;
    classifications(version)?;
    for it in &version.penalties {
        rule(version, it)?;
        if it.after != Hours::ZERO {
            let problem = VersionProblem::Misplaced { list: "a penalty" };
            return Err(in_rule(version, it, "after", problem));
        }
    }
    for it in &version.overtime {
        rule(version, it)?;
    }
    for (at, it) in version.ordinary.iter().enumerate() {
        ordinary(version, at, it)?;
    }
    kinds(version)?;
    owed(version)?;
    allowances(version)?;
    scales(version)
}

fn counts(version: &AwardVersion) -> Result<(), VersionError> {
    let required = [
        ("classifications", version.classifications.len(), CLASSIFICATIONS_COUNT_MAX, true),
        ("references", version.references.len(), CLASSIFICATIONS_COUNT_MAX, false),
        ("penalties", version.penalties.len(), RULES_COUNT_MAX, true),
        ("overtime", version.overtime.len(), RULES_COUNT_MAX, !version.partial),
        ("ordinary", version.ordinary.len(), ORDINARY_COUNT_MAX, true),
        ("shifts", version.shifts.len(), SHIFT_KINDS_COUNT_MAX, false),
        ("minimums", version.minimums.len(), OWED_COUNT_MAX, false),
        ("missed_breaks", version.missed_breaks.len(), OWED_COUNT_MAX, false),
        ("higher_duties", version.higher_duties.len(), OWED_COUNT_MAX, false),
        ("allowances", version.allowances.len(), ALLOWANCES_COUNT_MAX, false),
        ("scales", version.scales.len(), SCALES_COUNT_MAX, false),
        ("flags", who::flags(version).len(), FLAGS_COUNT_MAX, false),
        ("holidays", who::holidays(version).len(), HOLIDAYS_NAMED_COUNT_MAX, false),
    ];
    for (field, count, max, needed) in required {
        if count == 0 && needed {
            return Err(in_version(version, field, VersionProblem::Empty));
        }
        if max < count {
            return Err(in_version(version, field, VersionProblem::TooMany { count, max }));
        }
    }
    Ok(())
}

fn classifications(version: &AwardVersion) -> Result<(), VersionError> {
    let mut codes = BTreeSet::new();
    let mut ids = BTreeSet::new();
    let offered = version.classifications.iter().enumerate();
    let offered = offered.map(|(at, it)| ("classifications", at, it));
    let references = version.references.iter().enumerate();
    let references = references.map(|(at, it)| ("references", at, it));
    for (list, at, it) in offered.chain(references) {
        let place = |field: &str| format!("{list}[{at}].{field}");
        text(version, &place("code"), &it.code, CODE_BYTES_MAX)?;
        text(version, &place("title"), &it.title, TEXT_BYTES_MAX)?;
        text(version, &place("clause"), &it.clause, TEXT_BYTES_MAX)?;
        if !codes.insert(&it.code) {
            return Err(in_part(version, &it.code, place("code"), VersionProblem::Duplicate));
        }
        if it.fwc.is_some_and(|id| !ids.insert(id)) {
            return Err(in_part(version, &it.code, place("fwc"), VersionProblem::Duplicate));
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
        Some(CasualRegime::Tabulated(percent)) => percent,
        _ => it.percent,
    };
    for percent in [it.percent, stated, it.part_time.unwrap_or(it.percent)] {
        if !is_percentage(percent) {
            let problem = VersionProblem::PercentOutOfRange { percent };
            return Err(in_rule(version, it, "percent", problem));
        }
    }
    patterns(version, &it.classifications)
        .and_then(|()| kinds_named(version, &it.shifts))
        .map_err(|(field, problem)| in_rule(version, it, field, *problem))?;
    for (field, empty) in [("employment", it.employment.is_empty()), ("days", it.days.is_empty())] {
        if empty {
            return Err(in_rule(version, it, field, VersionProblem::Empty));
        }
    }
    if !it.holidays.is_empty() && it.days != [Day::Holiday] {
        return Err(in_rule(version, it, "holidays", VersionProblem::HolidaysMisplaced));
    }
    for name in &it.holidays {
        if name.is_empty() || TEXT_BYTES_MAX < name.len() {
            let problem = VersionProblem::TooMany { count: name.len(), max: TEXT_BYTES_MAX };
            return Err(in_rule(version, it, "holidays", problem));
        }
    }
    for employment in &it.employment {
        if !version.ordinary.iter().any(|block| block.employment.contains(employment)) {
            let employment = employment.name();
            let problem = VersionProblem::OrdinaryHoursMissing { employment };
            return Err(in_rule(version, it, "employment", problem));
        }
    }
    Ok(())
}

fn is_percentage(percent: Percent) -> bool {
    Percent::ZERO < percent && percent <= PERCENT_MAX
}

/// What is wrong, and with which field.
type Found = Result<(), (&'static str, Box<VersionProblem>)>;

/// Refuses a code that no classification has, and a list that reaches none. A pattern may reach
/// none: classifications come and go with versions.
fn patterns(version: &AwardVersion, patterns: &[String]) -> Found {
    for pattern in patterns {
        let (is_taken_out, code) = match pattern.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, pattern.as_str()),
        };
        if code.ends_with('*') || version.classifications.iter().any(|it| it.code == code) {
            continue;
        }
        let problem = if is_taken_out {
            VersionProblem::PatternIdle { pattern: code.to_owned() }
        } else {
            VersionProblem::ClassificationUnknown { code: code.to_owned() }
        };
        return Err(("classifications", Box::new(problem)));
    }
    Ok(())
}

fn kinds_named(version: &AwardVersion, shifts: &[String]) -> Found {
    let known =
        |name: &String| name == who::PLAIN || version.shifts.iter().any(|it| it.name == *name);
    match shifts.iter().find(|name| !known(name)) {
        Some(name) => {
            Err(("shifts", Box::new(VersionProblem::ShiftUnknown { name: name.clone() })))
        }
        None => Ok(()),
    }
}

fn ordinary(version: &AwardVersion, at: usize, it: &OrdinaryHours) -> Result<(), VersionError> {
    let place = |field: &str| format!("ordinary[{at}].{field}");
    hours(version, "", &place("daily_max"), it.daily_max, DAY_MAX)?;
    hours(version, "", &place("shift_max"), it.shift_max, DAY_MAX)?;
    hours(version, "", &place("weekly_max"), it.weekly_max, WEEK_MAX)?;
    if let Some(averaging) = it.averaging {
        let weeks = averaging.weeks;
        if !(2..=AVERAGING_WEEKS_MAX).contains(&weeks) {
            let problem = VersionProblem::WeeksOutOfRange { weeks };
            return Err(in_version(version, &place("averaging.weeks"), problem));
        }
        let max = Hours::from_minutes(WEEK_MAX.minutes() * u32::from(weeks));
        hours(version, "", &place("averaging.max"), averaging.max, max)?;
    }
    if let Some(long_day) = it.long_day {
        hours(version, "", &place("long_day.max"), long_day.max, DAY_MAX)?;
        if long_day.max <= it.daily_max {
            let (long, daily) = (long_day.max, it.daily_max);
            let problem = VersionProblem::LongDayShort { long, daily };
            return Err(in_version(version, &place("long_day.max"), problem));
        }
    }
    let spread = it.day_spread_max.unwrap_or(DAY_MAX);
    hours(version, "", &place("day_spread_max"), spread, DAY_MAX)?;
    let days = [
        ("week_days_max", it.week_days_max),
        ("consecutive_days_max", it.consecutive_days_max),
        ("long_day.per_week", it.long_day.map(|it| it.per_week)),
    ];
    for (field, count) in days {
        if count == Some(0) {
            return Err(in_version(version, &place(field), VersionProblem::Nothing { count: 0 }));
        }
    }
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
    patterns(version, &it.classifications)
        .and_then(|()| kinds_named(version, &it.shifts))
        .map_err(|(field, problem)| in_version(version, &place(field), *problem))
}

fn kinds(version: &AwardVersion) -> Result<(), VersionError> {
    let mut names = BTreeSet::new();
    for (at, it) in version.shifts.iter().enumerate() {
        let fail = |field: &str, problem| {
            in_part(version, &it.name, format!("shifts[{at}].{field}"), problem)
        };
        text(version, &format!("shifts[{at}].name"), &it.name, CODE_BYTES_MAX)?;
        text(version, &format!("shifts[{at}].clause"), &it.clause, TEXT_BYTES_MAX)?;
        if it.name == who::PLAIN {
            return Err(fail("name", VersionProblem::ShiftReserved { name: who::PLAIN }));
        }
        if !names.insert(&it.name) {
            return Err(fail("name", VersionProblem::Duplicate));
        }
        for windows in [&it.starts, &it.ends, &it.touches] {
            if windows.iter().any(|it: &Window| TimeOfDay::END < it.from.max(it.to)) {
                return Err(fail("starts", VersionProblem::PastMidnight));
            }
        }
        if let Some(rest) = it.rest_below {
            hours(version, &it.name, &format!("shifts[{at}].rest_below"), rest, WEEK_MAX)?;
        }
        let is_conditional = !it.starts.is_empty()
            || !it.ends.is_empty()
            || !it.touches.is_empty()
            || !it.flags.is_empty()
            || !it.without.is_empty()
            || !it.days.is_empty()
            || !it.employment.is_empty()
            || !it.classifications.is_empty()
            || it.rest_below.is_some();
        if !is_conditional && at + 1 < version.shifts.len() {
            return Err(fail("name", VersionProblem::Unconditional));
        }
        patterns(version, &it.classifications).map_err(|(field, problem)| fail(field, *problem))?;
    }
    Ok(())
}

fn owed(version: &AwardVersion) -> Result<(), VersionError> {
    for (at, it) in version.minimums.iter().enumerate() {
        let place = |field: &str| format!("minimums[{at}].{field}");
        text(version, &place("rule"), &it.rule, TEXT_BYTES_MAX)?;
        text(version, &place("clause"), &it.clause, TEXT_BYTES_MAX)?;
        hours(version, &it.rule, &place("hours"), it.hours, DAY_MAX)?;
        patterns(version, &it.classifications)
            .and_then(|()| kinds_named(version, &it.shifts))
            .map_err(|(field, problem)| in_part(version, &it.rule, place(field), *problem))?;
    }
    for (at, it) in version.missed_breaks.iter().enumerate() {
        let place = |field: &str| format!("missed_breaks[{at}].{field}");
        text(version, &place("rule"), &it.rule, TEXT_BYTES_MAX)?;
        text(version, &place("clause"), &it.clause, TEXT_BYTES_MAX)?;
        hours(version, &it.rule, &place("after"), it.after, DAY_MAX)?;
        hours(version, &it.rule, &place("break"), it.break_min, DAY_MAX)?;
        if !is_percentage(it.percent) {
            let problem = VersionProblem::PercentOutOfRange { percent: it.percent };
            return Err(in_part(version, &it.rule, place("percent"), problem));
        }
        patterns(version, &it.classifications)
            .map_err(|(field, problem)| in_part(version, &it.rule, place(field), *problem))?;
    }
    for (at, it) in version.higher_duties.iter().enumerate() {
        let place = |field: &str| format!("higher_duties[{at}].{field}");
        text(version, &place("rule"), &it.rule, TEXT_BYTES_MAX)?;
        text(version, &place("clause"), &it.clause, TEXT_BYTES_MAX)?;
        let threshold = it.whole_shift_after;
        if DAY_MAX < threshold {
            let problem = VersionProblem::HoursOutOfRange { hours: threshold, max: DAY_MAX };
            return Err(in_part(version, &it.rule, place("whole_shift_after"), problem));
        }
        patterns(version, &it.classifications)
            .map_err(|(field, problem)| in_part(version, &it.rule, place(field), *problem))?;
    }
    Ok(())
}

fn allowances(version: &AwardVersion) -> Result<(), VersionError> {
    let mut codes = BTreeSet::new();
    for (at, it) in version.allowances.iter().enumerate() {
        let place = |field: &str| format!("allowances[{at}].{field}");
        let fail = |field: &str, problem| in_part(version, &it.code, place(field), problem);
        text(version, &place("code"), &it.code, CODE_BYTES_MAX)?;
        text(version, &place("clause"), &it.clause, TEXT_BYTES_MAX)?;
        if !codes.insert(&it.code) {
            return Err(fail("code", VersionProblem::Duplicate));
        }
        for rate in [it.amount, it.week_max].into_iter().flatten() {
            if rate < values::Money::ZERO || RATE_MAX < rate {
                return Err(fail("amount", VersionProblem::RateOutOfRange { rate }));
            }
        }
        if let Some(percent) = it.percent
            && !is_percentage(percent)
        {
            return Err(fail("percent", VersionProblem::PercentOutOfRange { percent }));
        }
        units(it).map_err(|(field, problem)| fail(field, *problem))?;
        patterns(version, &it.classifications)
            .and_then(|()| kinds_named(version, &it.shifts))
            .map_err(|(field, problem)| fail(field, *problem))?;
    }
    Ok(())
}

/// Which units go with `automatic` and with `all_purpose`.
fn units(it: &Allowance) -> Found {
    let per = it.per.name();
    if it.automatic && it.per == AllowanceUnit::Km {
        return Err(("automatic", Box::new(VersionProblem::AllowanceUnit { per })));
    }
    if it.all_purpose && !matches!(it.per, AllowanceUnit::Hour | AllowanceUnit::Week) {
        return Err(("all_purpose", Box::new(VersionProblem::AllowanceUnit { per })));
    }
    if it.all_purpose && it.automatic {
        let problem = VersionProblem::Misplaced { list: "an all-purpose allowance" };
        return Err(("automatic", Box::new(problem)));
    }
    Ok(())
}

fn scales(version: &AwardVersion) -> Result<(), VersionError> {
    let mut codes = BTreeSet::new();
    for (at, it) in version.scales.iter().enumerate() {
        let place = |field: &str| format!("scales[{at}].{field}");
        let fail = |field: &str, problem| in_part(version, &it.code, place(field), problem);
        text(version, &place("code"), &it.code, CODE_BYTES_MAX)?;
        if !codes.insert(&it.code) {
            return Err(fail("code", VersionProblem::Duplicate));
        }
        if it.steps.is_empty() {
            return Err(fail("steps", VersionProblem::Empty));
        }
        if SCALES_COUNT_MAX < it.steps.len() {
            let (count, max) = (it.steps.len(), SCALES_COUNT_MAX);
            return Err(fail("steps", VersionProblem::TooMany { count, max }));
        }
        let key = |at: usize| (it.steps[at].from, it.steps[at].service_months);
        if (1..it.steps.len()).any(|at| key(at) <= key(at - 1)) {
            return Err(fail("steps", VersionProblem::StepsOutOfOrder));
        }
        if it.by != ScaleBy::Age && it.until != 0 {
            return Err(fail("until", VersionProblem::Misplaced { list: "a scale of months" }));
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
    name: &str,
    field: &str,
    hours: Hours,
    max: Hours,
) -> Result<(), VersionError> {
    if hours == Hours::ZERO || max < hours {
        let problem = VersionProblem::HoursOutOfRange { hours, max };
        return Err(in_part(version, name, field, problem));
    }
    Ok(())
}
