//! What decides how one shift is paid: its flags, its kind, and whose classification on its date.

use values::{Date, LocalTime};

use super::Terms;
use super::local::Local;
use super::walk::{DAY_MINUTES, minutes};
use crate::rules::award::{PaidAs, ScaleBy};
use crate::rules::compile::{
    CompiledScale, Kind, Practice, VersionTables, contains, ends_in, touches,
};
use crate::rules::person::Person;
use crate::rules::shift::{Field, QuoteError, QuoteProblem};

/// One shift as the rules about whole shifts see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// On the local clock, in minutes.
    pub(super) local_start: i32,
    pub(super) local_end: i32,
    /// The day of its start, as the bit of a filter.
    pub(super) day_bit: u8,
    pub(super) flags: u32,
    /// Minutes since the shift before it ended.
    pub(super) rest: Option<i32>,
}

impl Seen {
    pub(super) fn date(&self) -> Date {
        LocalTime::from_minutes(self.local_start).date()
    }

    pub(super) fn day(&self) -> i32 {
        self.local_start.div_euclid(DAY_MINUTES)
    }
}

/// The kind of a shift: 0 is plain.
pub(super) fn kind(practice: &Practice, terms: &Terms<'_>, position: usize, it: &Seen) -> usize {
    let found = practice.kinds.iter().position(|kind| is_of(kind, terms, position, it));
    found.map_or(0, |at| at + 1)
}

fn is_of(kind: &Kind, terms: &Terms<'_>, position: usize, it: &Seen) -> bool {
    kind.filter.holds(terms.employment, it.day_bit, 0, it.flags)
        && kind.positions.has(position)
        && kind.rest_below.is_none_or(|below| it.rest.is_some_and(|rest| rest < below))
        && holds(&kind.starts, |window| contains(window, it.local_start.rem_euclid(DAY_MINUTES)))
        && holds(&kind.ends, |window| ends_in(window, it.local_end.rem_euclid(DAY_MINUTES)))
        && holds(&kind.touches, |window| touches(window, it.local_start, it.local_end))
}

/// No condition, or one that holds.
fn holds(
    windows: &[crate::rules::award::Window],
    mut test: impl FnMut(crate::rules::award::Window) -> bool,
) -> bool {
    windows.is_empty() || windows.iter().any(|it| test(*it))
}

/// The kind of day that pays all of the shift, when one does.
pub(super) fn whole_day(
    paid_as: PaidAs,
    local: Local<'_>,
    version: &VersionTables,
    it: &Seen,
) -> Option<usize> {
    let midnight = (it.day() + 1) * DAY_MINUTES;
    match paid_as {
        PaidAs::Hours => None,
        PaidAs::GreaterPart
            if midnight < it.local_end
                && minutes(it.local_start, midnight) < minutes(midnight, it.local_end) =>
        {
            Some(local.kind_at(version, midnight))
        }
        PaidAs::Start | PaidAs::GreaterPart => Some(local.kind_at(version, it.local_start)),
    }
}

/// The position of the classification that `position` or a scale comes to on `date`.
pub(super) fn classification(
    terms: &Terms<'_>,
    scale: Option<&CompiledScale>,
    position: usize,
    person: Option<&Person>,
    date: Date,
) -> Result<usize, QuoteError> {
    let Some(scale) = scale else {
        return Ok(position);
    };
    let (field, since) = match scale.by {
        ScaleBy::Age => ("date_of_birth", person.and_then(|it| it.date_of_birth)),
        ScaleBy::Apprenticeship => {
            ("apprenticeship_from", person.and_then(|it| it.apprenticeship_from))
        }
        ScaleBy::Service => ("service_from", person.and_then(|it| it.service_from)),
    };
    let is_needed = terms.scale.is_some();
    let refuse = |problem| Err(Field::Person(field).refuse(problem));
    let Some(since) = since else {
        if is_needed {
            return refuse(QuoteProblem::DateNeeded { scale: scale.code.clone() });
        }
        return Ok(position);
    };
    if date < since {
        return refuse(QuoteProblem::DateLater { since, date });
    }
    let reached = months(since, date);
    let reached = if scale.by == ScaleBy::Age { reached / 12 } else { reached };
    let service = person.and_then(|it| it.service_from).filter(|it| *it <= date);
    match scale.at(reached, service.map_or(0, |it| months(it, date))) {
        Some(position) => Ok(position),
        None if is_needed => {
            refuse(QuoteProblem::BeyondScale { scale: scale.code.clone(), since, date })
        }
        None => Ok(position),
    }
}

/// Whole months from `since` to `date`. Who was born on 29 February is a year older on 1 March.
fn months(since: Date, date: Date) -> u16 {
    let (year, month, day) = since.year_month_day();
    let (later_year, later_month, later_day) = date.year_month_day();
    let whole = |year: u32, month: u32| year * 12 + month;
    let months = whole(later_year, later_month) - whole(year, month);
    let months = months.saturating_sub(u32::from(later_day < day));
    u16::try_from(months).unwrap_or(u16::MAX)
}
