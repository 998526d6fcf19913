//! Times on a wall clock.

use crate::date::{Date, DateError};
use crate::text::{Text, digits, textual};

/// Minutes in a civil day.
const DAY_MINUTES: i32 = 24 * 60;

/// 1 January 6000 as days since 1970; minutes since 1970 stay within an `i32` before it.
const YEAR_6000: i32 = 1_471_927;

/// Why a text is not a clock time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// Not of the documented form.
    #[error("is not of the form {expected}")]
    Form {
        /// The form.
        expected: &'static str,
    },
    /// The date part is wrong.
    #[error(transparent)]
    Date(#[from] DateError),
    /// There is no such hour or minute.
    #[error("has time {hour:02}:{minute:02}, expected 00:00 to 23:59")]
    Time {
        /// What was given.
        hour: u32,
        /// What was given.
        minute: u32,
    },
    /// Local times end with the year 5999.
    #[error("has a year after 5999")]
    Year,
    /// No place on earth has this offset.
    #[error("has an offset outside -14:00 to +14:00")]
    Offset,
}

/// A minute of the day, 00:00 to 24:00 (the last only as an end).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub struct TimeOfDay(u16);

textual!(
    TimeOfDay,
    ClockError,
    r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$",
    "a time of day such as \"18:00\""
);

impl TimeOfDay {
    /// 00:00.
    pub const START: Self = Self(0);
    /// 24:00.
    pub const END: Self = Self(1440);

    /// From minutes since midnight, at most 1440.
    #[must_use]
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes <= 1440 { Some(Self(minutes)) } else { None }
    }

    /// Minutes since midnight.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// Parses `HH:MM`, up to `24:00`.
    pub fn parse(text: &str) -> Result<Self, ClockError> {
        const EXPECTED: ClockError = ClockError::Form { expected: "HH:MM" };
        let bytes = text.as_bytes();
        if bytes.len() != 5 || bytes[2] != b':' {
            return Err(EXPECTED);
        }
        let hour = digits(bytes, 0, 2).ok_or(EXPECTED)?;
        let minute = digits(bytes, 3, 2).ok_or(EXPECTED)?;
        let minutes = hour * 60 + minute;
        if 59 < minute || 1440 < minutes {
            return Err(ClockError::Time { hour, minute });
        }
        Ok(Self(u16::try_from(minutes).expect("at most 1440")))
    }

    /// The text `HH:MM`.
    #[must_use]
    pub fn text(self) -> Text<8> {
        let mut text = Text::new();
        text.push_pair(u64::from(self.0 / 60));
        text.push(b':');
        text.push_pair(u64::from(self.0 % 60));
        text
    }
}

impl ArchivedTimeOfDay {
    /// The native value.
    #[must_use]
    pub const fn to_native(&self) -> TimeOfDay {
        TimeOfDay(self.0.to_native())
    }
}

/// A minute on the wall clock of some place, as minutes since 1970-01-01T00:00 on that clock.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub struct LocalTime(i32);

textual!(
    LocalTime,
    ClockError,
    r"^[0-5]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d$",
    "a local time such as \"2025-07-13T10:00\""
);

const LOCAL_FORM: ClockError = ClockError::Form { expected: "YYYY-MM-DDTHH:MM" };
const LOCAL_BYTES: usize = 16;

impl LocalTime {
    /// From minutes since 1970-01-01T00:00 on the same clock.
    #[must_use]
    pub const fn from_minutes(minutes: i32) -> Self {
        Self(minutes)
    }

    /// At `time` of `date`, before the year 6000; 24:00 is the next midnight.
    #[must_use]
    pub const fn new(date: Date, time: TimeOfDay) -> Self {
        Self(date.days() * DAY_MINUTES + time.minutes() as i32)
    }

    /// Minutes since 1970-01-01T00:00 on the same clock.
    #[must_use]
    pub const fn minutes(self) -> i32 {
        self.0
    }

    /// The day it falls on.
    #[inline]
    #[must_use]
    pub const fn date(self) -> Date {
        Date::from_days(self.0.div_euclid(DAY_MINUTES))
    }

    /// Minutes since that day's midnight, 0 to 1439.
    #[inline]
    #[must_use]
    pub const fn minute_of_day(self) -> i32 {
        self.0.rem_euclid(DAY_MINUTES)
    }

    /// Parses `YYYY-MM-DDTHH:MM`.
    #[inline]
    pub fn parse(text: &str) -> Result<Self, ClockError> {
        let bytes = text.as_bytes();
        if bytes.len() == LOCAL_BYTES { Self::parse_prefix(bytes) } else { Err(LOCAL_FORM) }
    }

    #[inline]
    fn parse_prefix(bytes: &[u8]) -> Result<Self, ClockError> {
        if bytes.len() < LOCAL_BYTES || bytes[10] != b'T' || bytes[13] != b':' {
            return Err(LOCAL_FORM);
        }
        let date = Date::parse_prefix(bytes)?;
        let hour = digits(bytes, 11, 2).ok_or(LOCAL_FORM)?;
        let minute = digits(bytes, 14, 2).ok_or(LOCAL_FORM)?;
        if 23 < hour || 59 < minute {
            return Err(ClockError::Time { hour, minute });
        }
        if YEAR_6000 <= date.days() {
            return Err(ClockError::Year);
        }
        let minutes = i32::try_from(hour * 60 + minute).expect("below 1440");
        Ok(Self(date.days() * DAY_MINUTES + minutes))
    }

    /// The text `YYYY-MM-DDTHH:MM`.
    #[inline]
    #[must_use]
    pub fn text(self) -> Text<24> {
        let mut text = Text::new();
        self.push_to(&mut text);
        text
    }

    #[inline]
    fn push_to<const N: usize>(self, text: &mut Text<N>) {
        self.date().push_to(text);
        let minute = u64::try_from(self.minute_of_day()).expect("0 to 1439");
        text.push(b'T');
        text.push_pair(minute / 60);
        text.push(b':');
        text.push_pair(minute % 60);
    }
}

impl ArchivedLocalTime {
    /// The native value.
    #[inline]
    #[must_use]
    pub const fn to_native(&self) -> LocalTime {
        LocalTime(self.0.to_native())
    }
}

/// A wall-clock minute, with the offset from UTC when the writer wants to say which of two
/// equal clock readings he means: `2025-04-06T02:30` or `2025-04-06T02:30+11:00`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize,
)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub struct Moment {
    local: LocalTime,
    /// Minutes east of UTC, or [`OFFSET_UNSTATED`].
    offset_minutes: i16,
}

const OFFSET_UNSTATED: i16 = i16::MIN;
const OFFSET_MINUTES_MAX: i16 = 14 * 60;

textual!(
    Moment,
    ClockError,
    concat!(
        r"^[0-5]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d",
        r"(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)?$"
    ),
    "a local time such as \"2025-07-13T10:00\", with an offset where the clock is ambiguous"
);

impl Moment {
    /// A clock reading without an offset.
    #[must_use]
    pub const fn local(local: LocalTime) -> Self {
        Self { local, offset_minutes: OFFSET_UNSTATED }
    }

    /// A clock reading `offset_minutes` east of UTC, at most 14 hours either way.
    pub const fn with_offset(local: LocalTime, offset_minutes: i16) -> Result<Self, ClockError> {
        if offset_minutes < -OFFSET_MINUTES_MAX || OFFSET_MINUTES_MAX < offset_minutes {
            return Err(ClockError::Offset);
        }
        Ok(Self { local, offset_minutes })
    }

    /// The clock reading.
    #[inline]
    #[must_use]
    pub const fn local_time(self) -> LocalTime {
        self.local
    }

    /// Minutes east of UTC, when stated.
    #[inline]
    #[must_use]
    pub const fn offset_minutes(self) -> Option<i16> {
        if self.offset_minutes == OFFSET_UNSTATED { None } else { Some(self.offset_minutes) }
    }

    /// Parses a local time with or without an offset (`Z`, `+HH:MM`, `-HH:MM`).
    #[inline]
    pub fn parse(text: &str) -> Result<Self, ClockError> {
        const EXPECTED: ClockError =
            ClockError::Form { expected: "YYYY-MM-DDTHH:MM with an optional offset +HH:MM" };
        let bytes = text.as_bytes();
        if bytes.len() < LOCAL_BYTES {
            return Err(EXPECTED);
        }
        let offset = &bytes[LOCAL_BYTES..];
        let local = LocalTime::parse_prefix(bytes)?;
        let sign = match offset {
            [] => return Ok(Self::local(local)),
            [b'Z'] => return Self::with_offset(local, 0),
            [b'+', ..] => 1,
            [b'-', ..] => -1,
            _ => return Err(EXPECTED),
        };
        if offset.len() != 6 || offset[3] != b':' {
            return Err(EXPECTED);
        }
        let hour = digits(offset, 1, 2).ok_or(EXPECTED)?;
        let minute = digits(offset, 4, 2).ok_or(EXPECTED)?;
        if 59 < minute {
            return Err(ClockError::Offset);
        }
        let minutes = i16::try_from(hour * 60 + minute).map_err(|_| ClockError::Offset)?;
        Self::with_offset(local, sign * minutes)
    }

    /// The text, with the offset when stated.
    #[inline]
    #[must_use]
    pub fn text(self) -> Text<32> {
        let mut text = Text::new();
        self.local.push_to(&mut text);
        if let Some(offset) = self.offset_minutes() {
            text.push(if offset < 0 { b'-' } else { b'+' });
            let minutes = u64::from(offset.unsigned_abs());
            text.push_pair(minutes / 60);
            text.push(b':');
            text.push_pair(minutes % 60);
        }
        text
    }
}

impl ArchivedMoment {
    /// The native value.
    #[inline]
    #[must_use]
    pub const fn to_native(&self) -> Moment {
        Moment { local: self.local.to_native(), offset_minutes: self.offset_minutes.to_native() }
    }
}
