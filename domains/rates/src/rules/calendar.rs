//! Where a shift stands in time: public holidays by state, and clocks that change.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use values::{Date, LocalTime, Moment, TimeOfDay};

/// The most holidays that one table may list.
pub const HOLIDAYS_COUNT_MAX: usize = 4_096;
/// The most days that one table may cover, about twenty years.
pub const HOLIDAY_DAYS_MAX: i32 = 7_500;

/// 1 January 1900 and 31 December 2199, as days since 1970.
const EARLIEST: i32 = -25_567;
const LATEST: i32 = 84_005;

contract::message! {
    /// A state or territory of Australia; it decides holidays and clock.
    #[derive(PartialOrd, Ord)]
    #[serde(rename_all = "UPPERCASE")]
    #[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
    #[allow(missing_docs, reason = "the postal codes name them")]
    #[repr(u8)]
    pub enum State {
        Act = 0,
        Nsw,
        Nt,
        Qld,
        Sa,
        Tas,
        Vic,
        Wa,
    }
}

impl State {
    /// Every state, in alphabetical order.
    pub const ALL: [Self; 8] =
        [Self::Act, Self::Nsw, Self::Nt, Self::Qld, Self::Sa, Self::Tas, Self::Vic, Self::Wa];

    /// The postal code, as in JSON and packs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        ["ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA"][self as usize]
    }

    /// The IANA zone of its capital. Broken Hill and Lord Howe Island keep other clocks; a shift
    /// there states its offset or is entered under the state whose clock it follows.
    #[must_use]
    pub const fn zone(self) -> &'static str {
        match self {
            Self::Act | Self::Nsw => "Australia/Sydney",
            Self::Nt => "Australia/Darwin",
            Self::Qld => "Australia/Brisbane",
            Self::Sa => "Australia/Adelaide",
            Self::Tas => "Australia/Hobart",
            Self::Vic => "Australia/Melbourne",
            Self::Wa => "Australia/Perth",
        }
    }
}

impl ArchivedState {
    /// The native value.
    #[must_use]
    pub const fn to_native(&self) -> State {
        match self {
            Self::Act => State::Act,
            Self::Nsw => State::Nsw,
            Self::Nt => State::Nt,
            Self::Qld => State::Qld,
            Self::Sa => State::Sa,
            Self::Tas => State::Tas,
            Self::Vic => State::Vic,
            Self::Wa => State::Wa,
        }
    }
}

contract::message! {
    /// One public holiday.
    pub struct Holiday {
        /// The day.
        pub date: Date,
        /// Its name.
        pub name: String,
        /// A part-day holiday starts at this local time and lasts to midnight.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub from: Option<TimeOfDay>,
        /// Where.
        pub states: Vec<State>,
    }

    /// The public holidays of every state over some years.
    pub struct HolidayTable {
        /// The first day the table knows about.
        pub first: Date,
        /// The last day the table knows about.
        pub last: Date,
        /// The holidays.
        pub holiday: Vec<Holiday>,
    }
}

/// Why a holiday table is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum HolidayError {
    #[error(
        "last is {last}, expected on or after the first, {first}, within {HOLIDAY_DAYS_MAX} days \
         of it, and both from 1900 to 2199"
    )]
    Range { first: Date, last: Date },
    #[error("holiday has {count}, at most {HOLIDAYS_COUNT_MAX} are allowed")]
    TooMany { count: usize },
    #[error("holiday[{at}].date is {date}, outside the table's {first} to {last}")]
    Outside { at: usize, date: Date, first: Date, last: Date },
    #[error("holiday[{at}].states is empty")]
    Nowhere { at: usize },
    #[error("holiday[{at}].from is not inside the day, expected a time of day before 24:00")]
    Start { at: usize },
    #[error("the time zone {zone} is not compiled in")]
    Zone { zone: &'static str },
}

/// A change of a clock: at `utc` the offset goes from `before` to `after`, all in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockChange {
    pub(crate) utc: i32,
    pub(crate) before: i32,
    pub(crate) after: i32,
}

/// Days and clock of one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateDays {
    first_offset: i32,
    changes: Vec<ClockChange>,
    /// By day since the table's first: the minute at which the day becomes a holiday.
    holiday_from: Vec<u16>,
}

const NO_HOLIDAY: u16 = u16::MAX;

/// The compiled form of a [`HolidayTable`], with each state's clock over the same years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    pub(crate) first: Date,
    pub(crate) last: Date,
    states: Vec<StateDays>,
    /// By day, with the states as bits: what the holidays are called.
    names: Vec<(i32, u8, String)>,
}

/// Why a clock reading names no single instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unclear {
    Ambiguous { earlier: i32, later: i32 },
    Skipped,
    Offset { in_force: i32 },
}

/// An instant and the offset its clock has then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant {
    pub(crate) utc: i32,
    pub(crate) offset: i32,
}

impl Calendar {
    /// Compiles `table`.
    pub fn new(table: &HolidayTable) -> Result<Self, HolidayError> {
        let (first, last) = (table.first, table.last);
        let days = last.days().saturating_sub(first.days()).saturating_add(1);
        let years = EARLIEST..=LATEST;
        if !(1..=HOLIDAY_DAYS_MAX).contains(&days)
            || !years.contains(&first.days())
            || !years.contains(&last.days())
        {
            return Err(HolidayError::Range { first, last });
        }
        if HOLIDAYS_COUNT_MAX < table.holiday.len() {
            return Err(HolidayError::TooMany { count: table.holiday.len() });
        }
        let days = usize::try_from(days).expect("at least one");
        let mut states = Vec::with_capacity(State::ALL.len());
        for state in State::ALL {
            states.push(StateDays::clock(state, first, last, days)?);
        }
        let mut names = Vec::with_capacity(table.holiday.len());
        for (at, it) in table.holiday.iter().enumerate() {
            let Ok(day) = usize::try_from(it.date.days().saturating_sub(first.days())) else {
                return Err(HolidayError::Outside { at, date: it.date, first, last });
            };
            if it.states.is_empty() {
                return Err(HolidayError::Nowhere { at });
            }
            let from = it.from.unwrap_or(TimeOfDay::START);
            if TimeOfDay::END <= from {
                return Err(HolidayError::Start { at });
            }
            for state in &it.states {
                let Some(entry) = states[*state as usize].holiday_from.get_mut(day) else {
                    return Err(HolidayError::Outside { at, date: it.date, first, last });
                };
                *entry = (*entry).min(from.minutes());
            }
            let bits = it.states.iter().fold(0, |bits, state| bits | 1 << *state as u8);
            names.push((it.date.days(), bits, it.name.clone()));
        }
        names.sort_by_key(|it| it.0);
        Ok(Self { first, last, states, names })
    }

    #[inline]
    pub(crate) fn state(&self, state: State) -> &StateDays {
        &self.states[state as usize]
    }

    /// What the holidays of a day, counted from 1 January 1970, are called in `state`.
    pub(crate) fn holiday_names(&self, state: State, day: i32) -> impl Iterator<Item = &str> {
        let from = self.names.partition_point(|it| it.0 < day);
        let here = self.names[from..].iter().take_while(move |it| it.0 == day);
        here.filter(move |it| it.1 & 1 << state as u8 != 0).map(|it| it.2.as_str())
    }

    /// The minute at which `date` becomes a holiday in `state`: 0 for a whole day, `None` for no
    /// holiday or a date outside the table.
    #[must_use]
    pub fn holiday_from(&self, state: State, date: Date) -> Option<TimeOfDay> {
        let day = usize::try_from(date.days().saturating_sub(self.first.days())).ok()?;
        let minute = *self.state(state).holiday_from.get(day)?;
        TimeOfDay::from_minutes(minute)
    }
}

impl StateDays {
    fn clock(state: State, first: Date, last: Date, days: usize) -> Result<Self, HolidayError> {
        let zone_error = HolidayError::Zone { zone: state.zone() };
        let zone = TimeZone::get(state.zone()).map_err(|_| zone_error.clone())?;
        // Two days more on each side than the table, so that no shift in it can reach the edge.
        let from = instant(first.plus_days(-2)).ok_or_else(|| zone_error.clone())?;
        let to = instant(last.plus_days(3)).ok_or(zone_error)?;
        let minutes = |timestamp: Timestamp| {
            i32::try_from(timestamp.as_second() / 60).expect("within the years of a table")
        };
        let first_offset = zone.to_offset(from).seconds() / 60;
        let mut changes = Vec::new();
        let mut before = first_offset;
        for change in zone.following(from).take_while(|it| it.timestamp() < to) {
            let after = change.offset().seconds() / 60;
            if after != before {
                changes.push(ClockChange { utc: minutes(change.timestamp()), before, after });
            }
            before = after;
        }
        Ok(Self { first_offset, changes, holiday_from: vec![NO_HOLIDAY; days] })
    }

    /// The minute at which the `day`th day of the table becomes a holiday; past midnight if never.
    #[inline]
    pub(crate) fn holiday_from_day(&self, day: usize) -> i32 {
        i32::from(self.holiday_from[day])
    }

    /// The first clock change after `utc`.
    #[inline]
    pub(crate) fn next_change(&self, utc: i32) -> Option<&ClockChange> {
        let at = self.changes.partition_point(|it| it.utc <= utc);
        self.changes.get(at)
    }

    /// The clock's offset at `utc`.
    #[inline]
    pub(crate) fn offset_at(&self, utc: i32) -> i32 {
        let at = self.changes.partition_point(|it| it.utc <= utc);
        at.checked_sub(1).map_or(self.first_offset, |it| self.changes[it].after)
    }

    /// The instant a clock reading means.
    #[inline]
    pub(crate) fn resolve(&self, moment: Moment) -> Result<Instant, Unclear> {
        let local = moment.local_time().minutes();
        // Changes that lie behind this reading whichever offset it was read under.
        let at = self.changes.partition_point(|it| it.utc + it.before.max(it.after) <= local);
        let behind = at.checked_sub(1).map_or(self.first_offset, |it| self.changes[it].after);
        let near = self.changes.get(at).filter(|it| it.utc + it.before.min(it.after) <= local);
        let stated = moment.offset_minutes().map(i32::from);
        match (near, stated) {
            (None, None) => Ok(Instant { utc: local - behind, offset: behind }),
            (None, Some(offset)) if offset == behind => Ok(Instant { utc: local - behind, offset }),
            (None, Some(_)) => Err(Unclear::Offset { in_force: behind }),
            // An offset names an instant even inside a change; the clock may then read otherwise.
            (Some(change), Some(offset)) if offset == change.before || offset == change.after => {
                let utc = local - offset;
                Ok(Instant { utc, offset: self.offset_at(utc) })
            }
            (Some(change), Some(_)) => Err(Unclear::Offset { in_force: change.before }),
            (Some(change), None) if change.before < change.after => Err(Unclear::Skipped),
            (Some(change), None) => {
                Err(Unclear::Ambiguous { earlier: change.before, later: change.after })
            }
        }
    }
}

fn instant(date: Date) -> Option<Timestamp> {
    let local = LocalTime::new(date, TimeOfDay::START);
    Timestamp::from_second(i64::from(local.minutes()) * 60).ok()
}
