//! Walking worked time through the cells of its days.
//!
//! Time is counted in UTC minutes and looked up on the local clock; between two clock changes the
//! two differ by a constant, so a stretch of work is first cut at clock changes, then at midnights
//! (and where a part-day holiday begins), then at cells, then where overtime begins or changes
//! tier.

use values::{Hours, LocalTime, Money};

use super::resolve::Span;
use super::{Line, Terms};
use crate::rules::calendar::{Calendar, StateDays};
use crate::rules::compile::{Cell, OUTSIDE_SPAN, Table, Tier};

const DAY_MINUTES: i32 = 24 * 60;
const WEEK_DAYS: i32 = 7;

pub(super) struct Walk<'a> {
    table: &'a Table,
    cells: &'a [Cell],
    tiers: &'a [Tier],
    days: &'a StateDays,
    first_day: i32,
    period_start_day: i32,
    lines: &'a mut Vec<Line>,
    shift: u32,
    /// The UTC minute at which the last line ended.
    line_end: i32,
    /// The day whose shifts share daily limits: the one on which the current shift started.
    day: i32,
    day_ordinary: u32,
    day_overtime: u32,
    week: i32,
    week_ordinary: u32,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        terms: &Terms<'a>,
        calendar: &Calendar,
        days: &'a StateDays,
        lines: &'a mut Vec<Line>,
    ) -> Self {
        Self {
            table: terms.table,
            cells: &terms.version.cells,
            tiers: &terms.version.tiers,
            days,
            first_day: calendar.first.days(),
            period_start_day: terms.pay_period_start.days(),
            lines,
            shift: 0,
            line_end: i32::MIN,
            day: i32::MIN,
            day_ordinary: 0,
            day_overtime: 0,
            week: i32::MIN,
            week_ordinary: 0,
        }
    }

    /// Starts the counts of a day and of a week where the shift begins them.
    #[inline]
    pub(super) fn begin_shift(&mut self, shift: usize, span: &Span) {
        self.shift = u32::try_from(shift).expect("below the limit of shifts");
        self.line_end = i32::MIN;
        let day = (span.start + span.offset).div_euclid(DAY_MINUTES);
        if day != self.day {
            self.day = day;
            self.day_ordinary = 0;
            self.day_overtime = 0;
        }
        let week = (day - self.period_start_day).div_euclid(WEEK_DAYS);
        if week != self.week {
            self.week = week;
            self.week_ordinary = 0;
        }
    }

    /// Prices the UTC minutes `from` to `to`, in which nothing but work happens.
    #[inline]
    pub(super) fn work(&mut self, mut from: i32, to: i32, mut offset: i32) {
        while from < to {
            match self.days.next_change(from) {
                Some(change) if change.utc < to => {
                    let (until, after) = (change.utc, change.after);
                    self.local(from + offset, until + offset, offset);
                    from = until;
                    offset = after;
                }
                _ => {
                    self.local(from + offset, to + offset, offset);
                    return;
                }
            }
        }
    }

    /// Prices the local minutes `from` to `to` under one offset.
    #[inline]
    fn local(&mut self, mut from: i32, to: i32, offset: i32) {
        while from < to {
            let day = from.div_euclid(DAY_MINUTES);
            let midnight = day * DAY_MINUTES;
            let day_of_table =
                usize::try_from(day - self.first_day).expect("resolved within the table");
            let holiday_from = midnight + self.days.holiday_from_day(day_of_table);
            // 1 January 1970 was a Thursday; Monday is 0.
            let weekday = usize::try_from((day + 3).rem_euclid(WEEK_DAYS)).expect("0 to 6");
            let is_holiday = holiday_from <= from;
            let mut until = to.min(midnight + DAY_MINUTES);
            if !is_holiday {
                until = until.min(holiday_from);
            }
            self.cells(weekday * 2 + usize::from(is_holiday), midnight, from, until, offset);
            from = until;
        }
    }

    #[inline]
    fn cells(&mut self, kind: usize, midnight: i32, mut from: i32, to: i32, offset: i32) {
        let cells = self.table.cells[kind].of(self.cells);
        for cell in cells {
            let until = to.min(midnight + cell.until);
            if until <= from {
                continue;
            }
            self.cell(cell.column, kind, from, until, offset);
            from = until;
            if from == to {
                return;
            }
        }
    }

    /// Ordinary as far as the day and the week have room for it, overtime beyond.
    #[inline]
    fn cell(&mut self, column: u32, kind: usize, mut from: i32, to: i32, offset: i32) {
        if column != OUTSIDE_SPAN {
            let room_day = self.table.daily_max.saturating_sub(self.day_ordinary);
            let room_week = self.table.weekly_max.saturating_sub(self.week_ordinary);
            let minutes = room_day.min(room_week).min(minutes(from, to));
            if 0 < minutes {
                let until = from + i32::try_from(minutes).expect("within a shift");
                self.line(column, from, until, offset);
                self.day_ordinary += minutes;
                self.week_ordinary += minutes;
                from = until;
            }
        }
        if from < to {
            self.overtime(kind, from, to, offset);
        }
    }

    fn overtime(&mut self, kind: usize, mut from: i32, to: i32, offset: i32) {
        let tiers = self.table.tiers[kind].of(self.tiers);
        while from < to {
            let reached = tiers.partition_point(|it| it.after <= self.day_overtime);
            let column = tiers[reached - 1].column;
            let room = tiers.get(reached).map_or(u32::MAX, |it| it.after - self.day_overtime);
            let minutes = room.min(minutes(from, to));
            let until = from + i32::try_from(minutes).expect("within a shift");
            self.line(column, from, until, offset);
            self.day_overtime += minutes;
            from = until;
        }
    }

    /// Adds a line, or lengthens the last one when it goes on at the same rate.
    #[inline]
    fn line(&mut self, column: u32, from: i32, to: i32, offset: i32) {
        let utc = from - offset;
        let (local_to, elapsed) = (LocalTime::from_minutes(to), minutes(from, to));
        let shift = self.shift;
        if utc == self.line_end
            && let Some(last) = self.lines.last_mut()
            && last.column == column
        {
            last.to = local_to;
            last.hours += Hours::from_minutes(elapsed);
        } else {
            let from = LocalTime::from_minutes(from);
            let hours = Hours::from_minutes(elapsed);
            let amount = Money::ZERO;
            self.lines.push(Line { shift, column, from, to: local_to, hours, amount });
        }
        self.line_end = to - offset;
    }
}

#[inline]
fn minutes(from: i32, to: i32) -> u32 {
    u32::try_from(to - from).expect("from is before to")
}
