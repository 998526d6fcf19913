//! Layouts: how each kind of shift is cut and limited, shared by all that are cut alike.

use std::collections::BTreeMap;

use values::{Hours, Money};

use super::check::VersionError;
use super::price::Column;
use super::{Paying, Run, VersionTables, day, index, who};
use crate::rules::award::{Employment, OrdinaryHours, Precedence};

/// Kinds of day that every version has: weekday times two, plus one on a public holiday. After them
/// come seven more, by weekday, for each public holiday that the version's rules name.
pub(crate) const DAY_KINDS: usize = 14;

/// When ordinary hours end, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) daily_max: u32,
    pub(crate) weekly_max: u32,
    /// Whether any limit below is set.
    pub(crate) has_more: bool,
    pub(crate) beyond_agreed: bool,
    pub(crate) shift_max: u32,
    /// 0 where nothing is averaged.
    pub(crate) averaging_weeks: u8,
    pub(crate) averaging_max: u32,
    pub(crate) long_max: u32,
    pub(crate) long_per_week: u8,
    pub(crate) week_days_max: u8,
    pub(crate) consecutive_days_max: u8,
    pub(crate) spread_max: u32,
}

/// How a kind of shift is cut and limited, for all classifications under the same rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) limits: Limits,
    /// Where its days begin among the version's: one for each kind of day.
    days: u32,
}

/// One kind of day under one layout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DayRuns {
    pub(crate) cells: Run,
    pub(crate) overtime: Run,
}

impl Layout {
    /// Its runs for a kind of day.
    #[inline]
    pub(crate) fn day(&self, version: &VersionTables, kind: usize) -> DayRuns {
        version.days[self.days as usize + kind]
    }
}

/// A kind of shift that a table does not offer.
pub(crate) const NO_LAYOUT: u16 = u16::MAX;

/// What decides a layout: equal keys give equal layouts.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct LayoutKey {
    ordinary: usize,
    kind: Option<usize>,
    employment: Employment,
    /// The rules that pay, by position.
    rules: Vec<u16>,
    /// Where the highest rate wins: the penalties' rates in order.
    ranks: Vec<u16>,
}

/// What compiling remembers between classifications.
#[derive(Default)]
pub(super) struct Memory {
    layouts: BTreeMap<LayoutKey, u16>,
    pub(super) layout_runs: BTreeMap<Vec<u16>, u32>,
}

impl VersionTables {
    /// The layout of one kind of shift, made or found.
    pub(super) fn layout_id(
        &mut self,
        place: day::Place<'_>,
        kind: Option<usize>,
        (penalties, overtime): (&[Paying<'_>], &[Paying<'_>]),
        columns: &[Column],
        memory: &mut Memory,
    ) -> Result<u16, VersionError> {
        let version = place.version;
        if let Some(kind) = kind.map(|it| &version.shifts[it])
            && !(who::employs(&kind.employment, place.employment)
                && (kind.classifications.is_empty()
                    || who::reaches(&kind.classifications, &place.classification.code)))
        {
            return Ok(NO_LAYOUT);
        }
        let Some((at, ordinary)) = place.ordinary(kind)? else {
            return Ok(NO_LAYOUT);
        };
        let ranks = if version.precedence == Precedence::Highest {
            let rate = |it: &Paying<'_>| columns[it.1 as usize].rate;
            let mut sorted: Vec<Money> = penalties.iter().map(rate).collect();
            sorted.sort_unstable();
            let rank = |it| sorted.partition_point(|other| *other < rate(it));
            penalties.iter().map(|it| u16::try_from(rank(it)).expect("few rules")).collect()
        } else {
            Vec::new()
        };
        let rules = columns.iter().map(|it| it.rule).collect();
        let key = LayoutKey { ordinary: at, kind, employment: place.employment, rules, ranks };
        if let Some(id) = memory.layouts.get(&key) {
            return Ok(*id);
        }
        let layout = Layout { limits: limits(ordinary), days: index(self.days.len()) };
        let kind = kind.map(|it| &version.shifts[it]);
        for day in 0..DAY_KINDS + 7 * self.holidays.len() {
            let holiday = day.checked_sub(DAY_KINDS).map(|it| self.holidays[it / 7].as_str());
            // A named holiday keeps the span of its weekday, as every holiday does.
            let day = if holiday.is_some() { day % 7 * 2 + 1 } else { day };
            let when = day::When { day, holiday, kind };
            let from = index(self.cells.len());
            place.cells(when, ordinary, penalties, columns, &mut self.cells)?;
            let cells = Run { from, to: index(self.cells.len()) };
            let from = index(self.ladders.len());
            place.ladders(when, overtime, &mut self.ladders, &mut self.tiers)?;
            let overtime = Run { from, to: index(self.ladders.len()) };
            self.days.push(DayRuns { cells, overtime });
        }
        let id = u16::try_from(self.layouts.len()).ok().filter(|it| *it != NO_LAYOUT);
        let id = id.expect("limits on rules and kinds keep layouts far below 2^16");
        self.layouts.push(layout);
        memory.layouts.insert(key, id);
        Ok(id)
    }
}

fn limits(it: &OrdinaryHours) -> Limits {
    let day = 24 * 60;
    let mut limits = Limits {
        // A whole day is no limit: two shifts that start on one day can be longer together.
        daily_max: if it.daily_max.minutes() < day { it.daily_max.minutes() } else { u32::MAX },
        weekly_max: it.weekly_max.minutes(),
        has_more: false,
        beyond_agreed: it.beyond_agreed,
        shift_max: it.shift_max.minutes(),
        averaging_weeks: it.averaging.map_or(0, |it| it.weeks),
        averaging_max: it.averaging.map_or(u32::MAX, |it| it.max.minutes()),
        long_max: it.long_day.map_or(0, |it| it.max.minutes()),
        long_per_week: it.long_day.map_or(0, |it| it.per_week),
        week_days_max: it.week_days_max.unwrap_or(u8::MAX),
        consecutive_days_max: it.consecutive_days_max.unwrap_or(u8::MAX),
        spread_max: it.day_spread_max.map_or(u32::MAX, Hours::minutes),
    };
    limits.has_more = limits.shift_max < day
        || it.averaging.is_some()
        || it.long_day.is_some()
        || it.week_days_max.is_some()
        || it.consecutive_days_max.is_some()
        || it.day_spread_max.is_some()
        || it.beyond_agreed;
    limits
}
