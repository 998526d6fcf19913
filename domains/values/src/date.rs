//! Civil dates.

use crate::text::{Text, digits, textual};

/// A day of the proleptic Gregorian calendar, as days since 1 January 1970.
///
/// Text form `2025-07-07`; the years 0000 to 9999.
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
pub struct Date(i32);

textual!(
    Date,
    DateError,
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$",
    "a date such as \"2025-07-07\""
);

/// Why a text is not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Not `YYYY-MM-DD`.
    #[error("is not a date of the form YYYY-MM-DD")]
    Form,
    /// There is no such month.
    #[error("has month {month}, expected 01 to 12")]
    Month {
        /// What was given.
        month: u32,
    },
    /// The month has no such day.
    #[error("has day {day}, that month has {last}")]
    Day {
        /// What was given.
        day: u32,
        /// How many the month has.
        last: u32,
    },
}

/// A day of the week; Monday is first, as in ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the seven days name themselves")]
pub enum Weekday {
    Monday = 0,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// Monday first.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// Days since Monday, 0 to 6.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

const MONTH_DAYS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

impl Date {
    /// From days since 1 January 1970.
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1 January 1970.
    #[must_use]
    pub const fn days(self) -> i32 {
        self.0
    }

    /// The date `days` later (earlier when negative).
    #[must_use]
    pub const fn plus_days(self, days: i32) -> Self {
        Self(self.0 + days)
    }

    /// From year (0 to 9999), month (1 to 12) and day of the month.
    pub fn new(year: u32, month: u32, day: u32) -> Result<Self, DateError> {
        if 9999 < year {
            return Err(DateError::Form);
        }
        let Some(plain) = month.checked_sub(1).and_then(|it| MONTH_DAYS.get(it as usize)) else {
            return Err(DateError::Month { month });
        };
        let last = plain + u32::from(month == 2 && is_leap(year));
        if day == 0 || last < day {
            return Err(DateError::Day { day, last });
        }
        // Years that start in March put the leap day last, so months have a linear length
        // formula. Counting starts 400 years early to stay above zero for the year 0.
        let shifted_year = if month <= 2 { year + 399 } else { year + 400 };
        let shifted_month = (month + 9) % 12;
        let era_days = shifted_year * 365 + shifted_year / 4 - shifted_year / 100
            + shifted_year / 400
            + (153 * shifted_month + 2) / 5
            + day
            - 1;
        let days = i32::try_from(era_days).expect("10,400 years are under 4 million days");
        Ok(Self(days - DAYS_BEFORE_1970))
    }

    /// Year, month and day of the month. A count of days that came over a wire may lie outside the
    /// years 0000 to 9999; it reads as the nearest day inside.
    #[must_use]
    pub fn year_month_day(self) -> (u32, u32, u32) {
        let days = self.0.clamp(FIRST_DAY, LAST_DAY);
        let shifted =
            u32::try_from(days + DAYS_BEFORE_1970).expect("a date is after the year -400");
        let era = shifted / 146_097;
        let day_of_era = shifted % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = era * 400 + year_of_era + u32::from(month <= 2) - 400;
        (year, month, day)
    }

    /// The day of the week.
    #[inline]
    #[must_use]
    pub const fn weekday(self) -> Weekday {
        // 1 January 1970 was a Thursday.
        match (self.0 + 3).rem_euclid(7) {
            0 => Weekday::Monday,
            1 => Weekday::Tuesday,
            2 => Weekday::Wednesday,
            3 => Weekday::Thursday,
            4 => Weekday::Friday,
            5 => Weekday::Saturday,
            _ => Weekday::Sunday,
        }
    }

    /// Parses `YYYY-MM-DD`.
    #[inline]
    pub fn parse(text: &str) -> Result<Self, DateError> {
        if text.len() == 10 { Self::parse_prefix(text.as_bytes()) } else { Err(DateError::Form) }
    }

    /// Parses the first ten bytes.
    #[inline]
    pub(crate) fn parse_prefix(bytes: &[u8]) -> Result<Self, DateError> {
        let (Some(year), Some(b'-'), Some(month), Some(b'-'), Some(day)) = (
            digits(bytes, 0, 4),
            bytes.get(4),
            digits(bytes, 5, 2),
            bytes.get(7),
            digits(bytes, 8, 2),
        ) else {
            return Err(DateError::Form);
        };
        Self::new(year, month, day)
    }

    /// The text `YYYY-MM-DD`.
    #[inline]
    #[must_use]
    pub fn text(self) -> Text<16> {
        let mut text = Text::new();
        self.push_to(&mut text);
        text
    }

    #[inline]
    pub(crate) fn push_to<const N: usize>(self, text: &mut Text<N>) {
        let (year, month, day) = self.year_month_day();
        text.push_pair(u64::from(year / 100));
        text.push_pair(u64::from(year % 100));
        text.push(b'-');
        text.push_pair(u64::from(month));
        text.push(b'-');
        text.push_pair(u64::from(day));
    }
}

/// 1 January of the year 0.
const FIRST_DAY: i32 = -719_528;
/// 31 December of the year 9999.
const LAST_DAY: i32 = 2_932_896;
/// Days from 1 March of the year -400 to 1 January 1970.
const DAYS_BEFORE_1970: i32 = 719_468 + 146_097;

const fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

impl ArchivedDate {
    /// The native value.
    #[inline]
    #[must_use]
    pub const fn to_native(&self) -> Date {
        Date(self.0.to_native())
    }
}
