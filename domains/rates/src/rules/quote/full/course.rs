//! What has gone on in the pay period so far: days, rests, and what minimums still owe.

use super::{Period, Shown};
use crate::rules::award::MinimumPer;
use crate::rules::quote::resolve::{self, Span};
use crate::rules::quote::walk::{DAY_MINUTES, WEEK_DAYS, Walk};
use crate::rules::shift::{Field, QuoteError, QuoteProblem};

/// The course of a pay period.
pub(super) struct Course {
    /// The UTC minute at which the last shift ended, also before the period.
    last_end: Option<i32>,
    /// The day whose shifts are being walked.
    day: i32,
    /// The UTC minute at which its first shift started.
    pub(super) day_start: i32,
    /// The UTC minute at which its last shift so far ended.
    day_end: Option<i32>,
    /// The rest before its first shift.
    day_rest: Option<i32>,
    /// Minutes of it that were worked or paid as a minimum.
    day_paid: u32,
    week: i32,
    /// Days of this week on which a shift started.
    pub(super) week_days: u8,
    /// Days without a day off between, up to this one.
    pub(super) consecutive: u8,
    averaging_weeks: i32,
    averaging_minutes: u32,
    averaging_index: Option<i32>,
    /// How many weeks an averaging period has; 0 where no kind of shift has one. Ordinary hours of
    /// every kind count.
    averaging_span: i32,
}

impl Course {
    pub(super) fn new(period: &Period<'_, '_>, first: Option<i32>) -> Result<Self, QuoteError> {
        let layout = |kind| period.version.layout(period.terms.table, kind);
        let layouts = (0..=period.practice.kinds.len()).filter_map(layout);
        let averaging_span = layouts.map(|it| i32::from(it.limits.averaging_weeks)).max();
        let mut course = Self {
            last_end: None,
            day: period.terms.pay_period_start.days() - 1,
            day_start: 0,
            day_end: None,
            day_rest: None,
            day_paid: 0,
            week: i32::MIN,
            week_days: 0,
            consecutive: 0,
            averaging_weeks: 0,
            averaging_minutes: 0,
            averaging_index: None,
            averaging_span: averaging_span.unwrap_or(0),
        };
        if let Some(before) = period.particulars.before {
            course.consecutive = before.consecutive_days;
            course.averaging_weeks = i32::from(before.averaging_weeks);
            course.averaging_minutes = before.averaging_hours.minutes();
            if let Some(end) = before.shift_end {
                let field = Field::Before("shift_end");
                let found = resolve::instant(period.local, end, field)?;
                if first.is_some_and(|first| first < found.utc) {
                    return Err(field.refuse(QuoteProblem::EndsLater { end }));
                }
                course.last_end = Some(found.utc);
            }
        }
        Ok(course)
    }

    /// Minutes since the last shift of an earlier day. Later shifts of a day keep what its first had:
    /// the parts of a broken shift are no rest from each other.
    pub(super) fn rest(&self, span: &Span, day: i32) -> Option<i32> {
        if day == self.day && self.day_end.is_some() {
            return self.day_rest;
        }
        self.last_end.map(|end| span.start - end)
    }

    /// Counts the day and the week of a shift.
    pub(super) fn begin(&mut self, walk: &mut Walk<'_>, span: &Span) {
        let day = (span.start + span.offset).div_euclid(DAY_MINUTES);
        if day != self.day || self.day_end.is_none() {
            let rest = self.last_end.map(|end| span.start - end);
            let is_next = day == self.day + 1;
            self.consecutive = if is_next { self.consecutive.saturating_add(1) } else { 1 };
            self.week_days = if walk.week == self.week { self.week_days + 1 } else { 1 };
            self.day = day;
            self.day_start = span.start;
            self.day_end = None;
            self.day_rest = rest;
            self.day_paid = 0;
        }
        self.week = walk.week;
        let weeks = self.averaging_span;
        if 0 < weeks {
            let week = (day - walk.period_start_day).div_euclid(WEEK_DAYS);
            let index = (week + self.averaging_weeks).div_euclid(weeks);
            if self.averaging_index.is_none() && index == 0 {
                walk.averaged = self.averaging_minutes;
            } else if self.averaging_index != Some(index) {
                walk.averaged = 0;
            }
            self.averaging_index = Some(index);
        }
    }

    /// The time since the shift before on the same day.
    pub(super) fn gap_before(&self, span: &Span) -> i32 {
        self.day_end.map_or(0, |end| span.start - end)
    }

    /// Pays what a shift, or the day that it ends, falls short of its minimum.
    pub(super) fn pad(
        &mut self,
        period: &Period<'_, '_>,
        walk: &mut Walk<'_>,
        shown: &Shown<'_>,
        worked: u32,
        ends_day: bool,
    ) {
        let mut paid = worked;
        self.day_paid += worked;
        for per in [MinimumPer::Shift, MinimumPer::Day] {
            if per == MinimumPer::Day && !ends_day {
                continue;
            }
            let employment = period.terms.employment;
            let owed = period.practice.minimums.iter().filter(|it| {
                let seen = &shown.seen;
                it.per == per
                    && it.filter.holds(employment, seen.day_bit, shown.kind, seen.flags)
                    && it.positions.has(shown.position)
            });
            let Some(owed) = owed.max_by_key(|it| it.minutes) else {
                continue;
            };
            let so_far = if per == MinimumPer::Shift { paid } else { self.day_paid };
            let missing = owed.minutes.saturating_sub(so_far);
            if 0 < missing {
                walk.pad(missing, owed.reason, owed.through_tiers);
                paid += missing;
                self.day_paid += missing;
            }
        }
    }

    /// Remembers the end of a shift.
    pub(super) fn end(&mut self, span: &Span) {
        self.last_end = Some(span.end);
        self.day_end = Some(span.end);
    }
}
