//! From clock readings to instants, refusing whatever is not one.

use values::{Date, Moment};

use super::local::Local;
use crate::rules::calendar::{Calendar, Instant, StateDays, Unclear};
use crate::rules::shift::{
    BREAKS_COUNT_MAX, End, Field, Offset, PERIOD_DAYS_MAX, QuoteError, QuoteProblem, Roster,
    SHIFT_MINUTES_MAX, SHIFTS_COUNT_MAX,
};

/// A shift in UTC minutes, with the offset its clock has at the start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: i32,
    pub(super) end: i32,
    pub(super) offset: i32,
}

/// A break in UTC minutes, with the offset its clock has at the end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gap {
    pub(super) start: i32,
    pub(super) end: i32,
    pub(super) end_offset: i32,
    at: usize,
}

/// The breaks of one shift in order of time, on the stack.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    gaps: [Gap; BREAKS_COUNT_MAX],
    count: usize,
}

impl Gaps {
    pub(super) fn as_slice(&self) -> &[Gap] {
        &self.gaps[..self.count]
    }

    /// From when to when nothing is worked, in UTC minutes: breaks that touch are one.
    pub(super) fn pauses(&self) -> impl Iterator<Item = (i32, i32)> {
        let runs = self.as_slice().chunk_by(|one, next| one.end == next.start);
        runs.filter_map(|run| Some((run.first()?.start, run.last()?.end)))
    }

    /// How many of the UTC minutes `from` to `to` are breaks.
    pub(super) fn within(&self, from: i32, to: i32) -> i32 {
        self.as_slice().iter().map(|it| (it.end.min(to) - it.start.max(from)).max(0)).sum()
    }
}

#[inline]
fn resolve(days: &StateDays, moment: Moment, field: Field) -> Result<Instant, QuoteError> {
    days.resolve(moment).map_err(|unclear| {
        field.refuse(match unclear {
            Unclear::Ambiguous { earlier, later } => QuoteProblem::Ambiguous {
                local: moment,
                earlier: Offset(earlier),
                later: Offset(later),
            },
            Unclear::Skipped => QuoteProblem::Skipped { local: moment },
            Unclear::Offset { in_force } => {
                QuoteProblem::WrongOffset { in_force: Offset(in_force) }
            }
        })
    })
}

/// Resolves and checks every shift; `order` becomes their order of time.
#[inline]
pub(super) fn shifts<R: Roster + ?Sized>(
    pay_period_start: Date,
    local: Local<'_>,
    roster: &R,
    spans: &mut Vec<Span>,
    order: &mut Vec<u16>,
) -> Result<(), QuoteError> {
    let Local { calendar, days, .. } = local;
    spans.clear();
    order.clear();
    let count = roster.shifts_count();
    if count == 0 {
        return Err(Field::Shifts.refuse(QuoteProblem::ShiftsEmpty));
    }
    if SHIFTS_COUNT_MAX < count {
        return Err(Field::Shifts.refuse(QuoteProblem::TooManyShifts { count }));
    }
    let mut sorted = true;
    for shift in 0..count {
        let (from, to) = roster.shift(shift);
        let start_field = Field::Shift { shift, end: End::Start };
        let end_field = Field::Shift { shift, end: End::End };
        in_table(calendar, from, start_field)?;
        in_table(calendar, to, end_field)?;
        let start = resolve(days, from, start_field)?;
        let end = resolve(days, to, end_field)?;
        if end.utc <= start.utc {
            return Err(end_field.refuse(QuoteProblem::Backwards { start: from, end: to }));
        }
        let minutes = end.utc - start.utc;
        if SHIFT_MINUTES_MAX < minutes {
            return Err(end_field.refuse(QuoteProblem::TooLong { minutes }));
        }
        let date = from.local_time().date();
        let day = date.days().saturating_sub(pay_period_start.days());
        if !(0..PERIOD_DAYS_MAX).contains(&day) {
            let (start, days) = (pay_period_start, PERIOD_DAYS_MAX);
            return Err(start_field.refuse(QuoteProblem::OutsidePeriod { date, start, days }));
        }
        let breaks = roster.breaks_count(shift);
        if BREAKS_COUNT_MAX < breaks {
            let problem = QuoteProblem::TooManyBreaks { count: breaks };
            return Err(Field::Breaks { shift }.refuse(problem));
        }
        sorted &= spans.last().is_none_or(|it: &Span| it.start <= start.utc);
        spans.push(Span { start: start.utc, end: end.utc, offset: start.offset });
        order.push(u16::try_from(shift).expect("below the limit of shifts"));
    }
    if !sorted {
        order.sort_unstable_by_key(|it| (spans[usize::from(*it)].start, *it));
    }
    for pair in order.windows(2) {
        let (one, other) = (usize::from(pair[0]), usize::from(pair[1]));
        if spans[other].start < spans[one].end {
            // Blame the later entry of the request: the earlier one was there first.
            let (shift, other) = if one < other { (other, one) } else { (one, other) };
            let field = Field::Shift { shift, end: End::Start };
            return Err(field.refuse(QuoteProblem::ShiftsOverlap { other }));
        }
    }
    Ok(())
}

#[inline]
fn in_table(calendar: &Calendar, moment: Moment, field: Field) -> Result<(), QuoteError> {
    let date = moment.local_time().date();
    let (first, last) = (calendar.first, calendar.last);
    if date < first || last < date {
        return Err(field.refuse(QuoteProblem::OutsideHolidays { date, first, last }));
    }
    Ok(())
}

/// Resolves a reading that must lie within the holiday table.
pub(super) fn instant(
    local: Local<'_>,
    moment: Moment,
    field: Field,
) -> Result<Instant, QuoteError> {
    in_table(local.calendar, moment, field)?;
    resolve(local.days, moment, field)
}

/// Resolves and checks the breaks of one shift, in place of those in `it`.
pub(super) fn breaks<R: Roster + ?Sized>(
    local: Local<'_>,
    roster: &R,
    shift: usize,
    span: &Span,
    it: &mut Gaps,
) -> Result<(), QuoteError> {
    it.count = 0;
    let Local { calendar, days, .. } = local;
    for at in 0..roster.breaks_count(shift) {
        let (from, to) = roster.unpaid_break(shift, at);
        let start_field = Field::Break { shift, at, end: End::Start };
        let end_field = Field::Break { shift, at, end: End::End };
        in_table(calendar, from, start_field)?;
        in_table(calendar, to, end_field)?;
        let start = resolve(days, from, start_field)?;
        let end = resolve(days, to, end_field)?;
        if end.utc <= start.utc {
            return Err(end_field.refuse(QuoteProblem::Backwards { start: from, end: to }));
        }
        let outside = || {
            let (start, end) = roster.shift(shift);
            QuoteProblem::BreakOutside { start, end }
        };
        if !(span.start..=span.end).contains(&start.utc) {
            return Err(start_field.refuse(outside()));
        }
        if span.end < end.utc {
            return Err(end_field.refuse(outside()));
        }
        it.gaps[it.count] = Gap { start: start.utc, end: end.utc, end_offset: end.offset, at };
        it.count += 1;
    }
    let gaps = &mut it.gaps[..it.count];
    gaps.sort_unstable_by_key(|it| it.start);
    for pair in gaps.windows(2) {
        if pair[1].start < pair[0].end {
            let (at, other) = (pair[0].at.max(pair[1].at), pair[0].at.min(pair[1].at));
            let field = Field::Break { shift, at, end: End::Start };
            return Err(field.refuse(QuoteProblem::BreaksOverlap { other }));
        }
    }
    Ok(())
}
