//! The clock and the kinds of day of one state.

use super::walk::{DAY_MINUTES, WEEK_DAYS};
use crate::rules::calendar::{Calendar, State, StateDays};
use crate::rules::compile::{DAY_KINDS, VersionTables};

/// Where the work is done: the published calendar, and one state of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Local<'a> {
    pub(super) calendar: &'a Calendar,
    pub(super) days: &'a StateDays,
    state: State,
    first_day: i32,
}

impl<'a> Local<'a> {
    pub(super) fn new(calendar: &'a Calendar, state: State) -> Self {
        let first_day = calendar.first.days();
        Self { calendar, days: calendar.state(state), state, first_day }
    }

    /// The minute of a day, counted from 1 January 1970, at which it becomes a holiday.
    #[inline]
    pub(super) fn holiday_from(&self, day: i32) -> i32 {
        let in_table = usize::try_from(day - self.first_day).expect("resolved within the table");
        self.days.holiday_from_day(in_table)
    }

    /// Whether the calendar still knows this day.
    pub(super) fn knows(&self, day: i32) -> bool {
        day <= self.calendar.last.days()
    }

    /// The kind of a day: its weekday, whether it is a holiday, and which one where rules care.
    #[inline]
    pub(super) fn kind(&self, version: &VersionTables, day: i32, is_holiday: bool) -> usize {
        if is_holiday && !version.holidays.is_empty() {
            return self.kind_of_holiday(version, day);
        }
        weekday(day) * 2 + usize::from(is_holiday)
    }

    /// The kind of day at a local minute.
    pub(super) fn kind_at(&self, version: &VersionTables, local: i32) -> usize {
        let day = local.div_euclid(DAY_MINUTES);
        let is_holiday = self.holiday_from(day) <= local.rem_euclid(DAY_MINUTES);
        self.kind(version, day, is_holiday)
    }

    #[cold]
    fn kind_of_holiday(&self, version: &VersionTables, day: i32) -> usize {
        let index = |name| version.holidays.binary_search_by(|it| it.as_str().cmp(name)).ok();
        let named = self.calendar.holiday_names(self.state, day).find_map(index);
        let weekday = weekday(day);
        named.map_or(weekday * 2 + 1, |it| DAY_KINDS + it * 7 + weekday)
    }
}

/// The bit of a kind of day in a filter.
pub(super) fn day_bit(kind: usize) -> u8 {
    1 << if DAY_KINDS <= kind || kind % 2 == 1 { 7 } else { kind / 2 }
}

/// 1 January 1970 was a Thursday; Monday is 0.
#[inline]
fn weekday(day: i32) -> usize {
    usize::try_from((day + 3).rem_euclid(WEEK_DAYS)).expect("0 to 6")
}
