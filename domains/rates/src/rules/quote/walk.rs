//! Walking worked time through the cells of its days.
//!
//! Time is counted in UTC minutes and looked up on the local clock; between two clock changes the
//! two differ by a constant, so a stretch of work is first cut at clock changes, then at midnights
//! (and where a part-day holiday begins), then at cells, then where overtime begins or changes
//! tier.

use values::{Hours, LocalTime, Money};

use super::local::Local;
use super::resolve::Span;
use super::{Line, Terms};
use crate::rules::award::OvertimeBy;
use crate::rules::compile::{
    Cause, Column, Layout, Limits, NO_RATE, OUTSIDE_SPAN, Table, VersionTables,
};
use crate::rules::paid::PaidFor;

pub(super) const DAY_MINUTES: i32 = 24 * 60;
pub(super) const WEEK_DAYS: i32 = 7;

/// Whose rates pay, and how the shift is cut.
#[derive(Clone, Copy)]
pub(super) struct Pay<'a> {
    pub(super) layout: &'a Layout,
    pub(super) limits: &'a Limits,
    /// What is added to a cell's column to find the rate.
    pub(super) column_base: u32,
    pub(super) position: u16,
}

impl<'a> Pay<'a> {
    pub(super) fn new(table: &Table, layout: &'a Layout, position: usize) -> Self {
        Self {
            layout,
            limits: &layout.limits,
            column_base: table.columns.from,
            position: u16::try_from(position).expect("below the limit of classifications"),
        }
    }
}

/// What limits one shift beyond the day and the week; the plain path never looks at it.
#[derive(Clone, Copy)]
pub(super) struct Caps {
    /// Why all of the shift is overtime, if it is.
    pub(super) all_overtime: Option<u16>,
    pub(super) shift_max: u32,
    pub(super) agreed: u32,
    pub(super) agreed_weekly: u32,
    /// The UTC minute from which on no hour is ordinary.
    pub(super) ordinary_until: i32,
    /// The kind of day that pays the whole shift.
    pub(super) kind_of_day: Option<usize>,
    /// The column, and its reason, below whose rate no time is paid.
    pub(super) floor: Option<(u32, u16)>,
    /// Why rules that name the kind of the shift apply.
    pub(super) kind_reason: u16,
    /// Why the rates of another classification apply.
    pub(super) duty_reason: u16,
}

pub(super) const NO_CAPS: Caps = Caps {
    all_overtime: None,
    shift_max: u32::MAX,
    agreed: u32::MAX,
    agreed_weekly: u32::MAX,
    ordinary_until: i32::MAX,
    kind_of_day: None,
    floor: None,
    kind_reason: 0,
    duty_reason: 0,
};

/// How time that makes up a minimum is paid.
#[derive(Clone, Copy)]
struct Padding {
    reason: u16,
    /// The column that the work ended in.
    last: u32,
    /// Whether that column pays all of it.
    keeps_last: bool,
    /// Whether it goes on through the tiers of overtime.
    through_tiers: bool,
}

pub(super) struct Walk<'a> {
    pub(super) pay: Pay<'a>,
    pub(super) version: &'a VersionTables,
    local: Local<'a>,
    pub(super) period_start_day: i32,
    pub(super) lines: &'a mut Vec<Line>,
    /// The rates of this person where they are not the award's.
    pub(super) personal: &'a mut Vec<Column>,
    overtime_by: OvertimeBy,
    /// Whether `caps` or the layout's further limits are to be looked at.
    pub(super) has_more: bool,
    pub(super) caps: Caps,
    /// Ordinary minutes of the averaging period.
    pub(super) averaged: u32,
    shift: u32,
    /// The UTC minute at which the last line ended.
    pub(super) line_end: i32,
    /// The day whose shifts share daily limits: the one on which the current shift started.
    pub(super) day: i32,
    day_ordinary: u32,
    overtime: u32,
    /// The calendar day whose overtime is counted.
    overtime_day: i32,
    pub(super) week: i32,
    week_ordinary: u32,
    pub(super) shift_ordinary: u32,
    pub(super) shift_overtime: u32,
    day_is_long: bool,
    long_days: u8,
    /// Where time is not worked but paid as a minimum.
    padding: Option<Padding>,
    /// The UTC minute at which the last work, or minimum, of the shift ended.
    work_end: i32,
    /// The first time that no rule pays.
    pub(super) unpaid: Option<LocalTime>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        terms: &Terms<'a>,
        pay: Pay<'a>,
        local: Local<'a>,
        (lines, personal): (&'a mut Vec<Line>, &'a mut Vec<Column>),
    ) -> Self {
        Self {
            pay,
            version: terms.version,
            local,
            period_start_day: terms.pay_period_start.days(),
            lines,
            personal,
            overtime_by: terms.version.overtime_by,
            has_more: false,
            caps: NO_CAPS,
            averaged: 0,
            shift: 0,
            line_end: i32::MIN,
            day: i32::MIN,
            day_ordinary: 0,
            overtime: 0,
            overtime_day: i32::MIN,
            week: i32::MIN,
            week_ordinary: 0,
            shift_ordinary: 0,
            shift_overtime: 0,
            day_is_long: false,
            long_days: 0,
            padding: None,
            work_end: i32::MIN,
            unpaid: None,
        }
    }

    /// Starts the counts of a shift, and of a day and a week where it begins them.
    #[inline]
    pub(super) fn begin_shift(&mut self, shift: usize, span: &Span) {
        self.shift = u32::try_from(shift).expect("below the limit of shifts");
        self.line_end = i32::MIN;
        self.work_end = span.end;
        self.shift_ordinary = 0;
        self.shift_overtime = 0;
        let day = (span.start + span.offset).div_euclid(DAY_MINUTES);
        let is_new_day = day != self.day;
        if is_new_day {
            self.day = day;
            self.day_ordinary = 0;
            self.day_is_long = false;
        }
        let week = (day - self.period_start_day).div_euclid(WEEK_DAYS);
        let is_new_week = week != self.week;
        if is_new_week {
            self.week = week;
            self.week_ordinary = 0;
            self.long_days = 0;
        }
        let is_anew = match self.overtime_by {
            OvertimeBy::Day => is_new_day,
            OvertimeBy::Shift => true,
            OvertimeBy::Week => is_new_week,
            // Begun anew at each midnight that time is walked across.
            OvertimeBy::CalendarDay => false,
        };
        if is_anew {
            self.overtime = 0;
        }
    }

    /// Prices the UTC minutes `from` to `to`, in which nothing but work happens.
    #[inline]
    pub(super) fn work(&mut self, mut from: i32, to: i32, mut offset: i32) {
        while from < to {
            match self.local.days.next_change(from) {
                Some(change) if change.utc < to => {
                    let (until, after) = (change.utc, change.after);
                    self.on_clock(from + offset, until + offset, offset);
                    from = until;
                    offset = after;
                }
                _ => {
                    self.on_clock(from + offset, to + offset, offset);
                    return;
                }
            }
        }
    }

    /// Prices the local minutes `from` to `to` under one offset.
    #[inline]
    fn on_clock(&mut self, mut from: i32, to: i32, offset: i32) {
        while from < to {
            let day = from.div_euclid(DAY_MINUTES);
            let midnight = day * DAY_MINUTES;
            let holiday_from = midnight + self.local.holiday_from(day);
            let is_holiday = holiday_from <= from;
            let mut until = to.min(midnight + DAY_MINUTES);
            if !is_holiday {
                until = until.min(holiday_from);
            }
            let mut kind = self.local.kind(self.version, day, is_holiday);
            if self.has_more
                && let Some(fixed) = self.caps.kind_of_day
            {
                kind = fixed;
            }
            if self.overtime_by == OvertimeBy::CalendarDay && day != self.overtime_day {
                self.overtime_day = day;
                self.overtime = 0;
            }
            self.cells(kind, midnight, from, until, offset);
            from = until;
        }
    }

    #[inline]
    fn cells(&mut self, kind: usize, midnight: i32, mut from: i32, to: i32, offset: i32) {
        let cells = self.pay.layout.day(self.version, kind).cells.of(&self.version.cells);
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
        if let Some(padding) = self.padding {
            if padding.through_tiers {
                self.overtime(kind, from, to, offset, padding.reason);
            } else {
                self.pad_cell(padding, column, (from, to, offset));
            }
            return;
        }
        let mut cause = Cause::Span as u16;
        if column < NO_RATE {
            let limits = self.pay.limits;
            let room_day = limits.daily_max.saturating_sub(self.day_ordinary);
            let room_week = limits.weekly_max.saturating_sub(self.week_ordinary);
            let mut room = room_day.min(room_week);
            cause = if room_week < room_day { Cause::Weekly } else { Cause::Daily } as u16;
            if self.has_more {
                (room, cause) = self.further_room(room_day, room_week, from - offset);
            }
            let minutes = room.min(minutes(from, to));
            if 0 < minutes {
                let until = from + i32::try_from(minutes).expect("within a shift");
                self.line(column, from, until, offset, 0);
                self.day_ordinary += minutes;
                self.week_ordinary += minutes;
                self.shift_ordinary += minutes;
                if self.has_more {
                    self.averaged += minutes;
                    if limits.daily_max < self.day_ordinary && !self.day_is_long {
                        self.day_is_long = true;
                        self.long_days += 1;
                    }
                }
                from = until;
            }
        } else if column == NO_RATE {
            self.leave_unpaid(from);
            return;
        }
        if from < to {
            self.overtime(kind, from, to, offset, cause);
        }
    }

    #[cold]
    fn leave_unpaid(&mut self, from: i32) {
        self.unpaid.get_or_insert_with(|| LocalTime::from_minutes(from));
    }

    /// The ordinary minutes that all limits leave from the UTC minute `utc` on, and the limit that
    /// leaves the fewest.
    fn further_room(&self, mut room_day: u32, room_week: u32, utc: i32) -> (u32, u16) {
        if let Some(reason) = self.caps.all_overtime {
            return (0, reason);
        }
        let limits = self.pay.limits;
        if self.day_is_long || self.long_days < limits.long_per_week {
            room_day = limits.long_max.max(limits.daily_max).saturating_sub(self.day_ordinary);
        }
        let shift_max = limits.shift_max.min(self.caps.shift_max);
        let spread = u32::try_from(i64::from(self.caps.ordinary_until) - i64::from(utc));
        let averaged = limits.averaging_max.saturating_sub(self.averaged);
        let rooms = [
            (room_day, Cause::Daily),
            (room_week, Cause::Weekly),
            (shift_max.saturating_sub(self.shift_ordinary), Cause::Shift),
            (averaged, Cause::Averaging),
            (spread.unwrap_or(0), Cause::Spread),
            (self.caps.agreed.saturating_sub(self.shift_ordinary), Cause::Agreed),
            (self.caps.agreed_weekly.saturating_sub(self.week_ordinary), Cause::Agreed),
        ];
        let least = rooms.into_iter().min_by_key(|it| it.0);
        least.map_or((0, 0), |it| (it.0, it.1 as u16))
    }

    fn overtime(&mut self, kind: usize, mut from: i32, to: i32, offset: i32, cause: u16) {
        let version = self.version;
        let midnight = from.div_euclid(DAY_MINUTES) * DAY_MINUTES;
        for ladder in self.pay.layout.day(version, kind).overtime.of(&version.ladders) {
            let end = to.min(midnight + ladder.until);
            if end <= from {
                continue;
            }
            let tiers = ladder.tiers.of(&version.tiers);
            if tiers.is_empty() {
                self.leave_unpaid(from);
                return;
            }
            while from < end {
                let reached = tiers.partition_point(|it| it.after <= self.overtime);
                let column = tiers[reached - 1].column;
                let room = tiers.get(reached).map_or(u32::MAX, |it| it.after - self.overtime);
                let minutes = room.min(minutes(from, end));
                let until = from + i32::try_from(minutes).expect("within a shift");
                self.line(column, from, until, offset, cause);
                self.overtime += minutes;
                self.shift_overtime += minutes;
                from = until;
            }
            if from == to {
                return;
            }
        }
    }

    /// Walks work that begins inside a shift.
    pub(super) fn work_from(&mut self, from: i32, to: i32) {
        if from < to {
            self.work(from, to, self.local.days.offset_at(from));
        }
    }

    /// Pays `missing` minutes more, in which nobody works, as if the shift went on.
    pub(super) fn pad(&mut self, missing: u32, reason: u16, through_tiers: bool) {
        let worked = self.lines.iter().rev().find(|it| it.nature != PaidFor::Added);
        let Some(last) = worked.copied() else {
            return;
        };
        let from = self.work_end;
        let to = from + i32::try_from(missing).expect("at most a day");
        let rule = self.column(last.column).rule;
        let is_overtime = self.version.rules[usize::from(rule)].is_overtime;
        let leaves_table = !self.local.knows((to + DAY_MINUTES).div_euclid(DAY_MINUTES));
        // Where a limit is used up, no ordinary rate comes after the end of the shift.
        let room_day = self.pay.limits.daily_max.saturating_sub(self.day_ordinary);
        let room_week = self.pay.limits.weekly_max.saturating_sub(self.week_ordinary);
        let is_used_up = self.further_room(room_day, room_week, from).0 == 0;
        let overtime = (self.overtime_day, self.overtime, self.shift_overtime);
        let padding = Padding {
            reason,
            last: last.column,
            keeps_last: is_used_up || leaves_table,
            through_tiers: through_tiers && is_overtime && !leaves_table,
        };
        self.padding = Some(padding);
        if leaves_table {
            let offset = self.local.days.offset_at(from);
            self.pad_cell(padding, OUTSIDE_SPAN, (from + offset, to + offset, offset));
        } else {
            self.work_from(from, to);
        }
        self.padding = None;
        self.work_end = to;
        (self.overtime_day, self.overtime, self.shift_overtime) = overtime;
    }

    fn pad_cell(&mut self, padding: Padding, column: u32, time: (i32, i32, i32)) {
        let is_ordinary = column < NO_RATE && !padding.keeps_last;
        let column = if is_ordinary { self.pay.column_base + column } else { padding.last };
        self.push(column, PaidFor::Minimum, padding.reason, time);
    }

    /// Pays the UTC minutes `from` to `to` at an absolute column on top of what they are paid.
    pub(super) fn add(&mut self, column: u32, mut from: i32, to: i32, reason: u16) {
        self.line_end = i32::MIN;
        while from < to {
            let offset = self.local.days.offset_at(from);
            let change = self.local.days.next_change(from).map_or(to, |it| it.utc.min(to));
            self.push(column, PaidFor::Added, reason, (from + offset, change + offset, offset));
            from = change;
        }
        self.line_end = i32::MIN;
    }

    /// Adds a line of work in a column of the table.
    #[inline]
    fn line(&mut self, column: u32, from: i32, to: i32, offset: i32, cause: u16) {
        let (mut column, mut reason) = (self.pay.column_base + column, cause);
        if self.has_more {
            if self.padding.is_some() {
                self.push(column, PaidFor::Minimum, reason, (from, to, offset));
                return;
            }
            if reason == 0 {
                let rule = self.column(column).rule;
                let is_of_kind = self.version.rules[usize::from(rule)].names_kind;
                reason = if is_of_kind { self.caps.kind_reason } else { self.caps.duty_reason };
            }
            if let Some((floor, why)) = self.caps.floor
                && self.column(column).rate < self.column(floor).rate
            {
                (column, reason) = (floor, why);
            }
        }
        self.push(column, PaidFor::Work, reason, (from, to, offset));
    }

    /// Adds a line, or lengthens the last one when it goes on at the same rate.
    #[inline]
    fn push(&mut self, column: u32, nature: PaidFor, reason: u16, time: (i32, i32, i32)) {
        let (from, to, offset) = time;
        let utc = from - offset;
        let (local_to, elapsed) = (LocalTime::from_minutes(to), minutes(from, to));
        if utc == self.line_end
            && let Some(last) = self.lines.last_mut()
            && last.column == column
            && last.nature == nature
        {
            last.to = local_to;
            last.hours += Hours::from_minutes(elapsed);
        } else {
            self.lines.push(Line {
                shift: self.shift,
                column,
                from: LocalTime::from_minutes(from),
                to: local_to,
                hours: Hours::from_minutes(elapsed),
                amount: Money::ZERO,
                position: self.pay.position,
                reason,
                nature,
            });
        }
        self.line_end = to - offset;
    }

    pub(super) fn column(&self, column: u32) -> &Column {
        find_column(self.version, self.personal, column)
    }
}

/// A column of the version, or beyond those one of the person's own.
#[inline]
pub(super) fn find_column<'c>(
    version: &'c VersionTables,
    personal: &'c [Column],
    column: u32,
) -> &'c Column {
    let at = column as usize;
    match version.columns.get(at) {
        Some(column) => column,
        None => &personal[at - version.columns.len()],
    }
}

#[inline]
pub(super) fn minutes(from: i32, to: i32) -> u32 {
    u32::try_from(to - from).expect("from is before to")
}
