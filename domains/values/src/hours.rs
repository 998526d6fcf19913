//! A length of time worked.

use std::ops::{Add, AddAssign};

use crate::decimal::{self, DecimalError};
use crate::half_up_div;
use crate::text::{Text, textual};

/// A length of time in whole minutes, written as decimal hours.
///
/// A length that is a whole number of hundredths of an hour prints with two decimals ("7.60");
/// any other prints with four ("0.3333" for twenty minutes), enough to name the minute. Arithmetic
/// always uses the minutes.
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
pub struct Hours(u32);

textual!(Hours, HoursError, r"^\d{1,8}(\.\d{1,4})?$", "decimal hours such as \"7.60\"");

/// Why a text is not a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// Not a decimal number.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// Below zero.
    #[error("is negative")]
    Negative,
    /// No whole minute is this many hours to the digits given.
    #[error("is not a whole number of minutes")]
    NotMinutes,
}

impl Hours {
    /// No time.
    pub const ZERO: Self = Self(0);

    /// `minutes` minutes.
    #[must_use]
    pub const fn from_minutes(minutes: u32) -> Self {
        Self(minutes)
    }

    /// The minutes.
    #[must_use]
    pub const fn minutes(self) -> u32 {
        self.0
    }

    /// Parses decimal hours; up to four digits after the point, which must name a whole minute.
    #[inline]
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let scaled = decimal::parse(text, 4)?;
        if scaled < 0 {
            return Err(HoursError::Negative);
        }
        let wide = scaled.checked_mul(60).ok_or(DecimalError::TooLarge)?;
        let minutes = half_up_div(wide, 10_000);
        let fraction = text.bytes().position(|it| it == b'.').map_or(0, |at| text.len() - at - 1);
        // Four digits may stand for a repeating fraction; fewer must be exact.
        let exact = minutes * 10_000 == wide;
        let rounded = fraction == 4 && half_up_div(minutes * 10_000, 60) == scaled;
        if !exact && !rounded {
            return Err(HoursError::NotMinutes);
        }
        u32::try_from(minutes).map(Self).map_err(|_| DecimalError::TooLarge.into())
    }

    /// Decimal hours, two digits after the point when exact and four otherwise.
    #[inline]
    #[must_use]
    pub fn text(self) -> Text<16> {
        let mut text = Text::new();
        let minutes = i64::from(self.0);
        if minutes % 3 == 0 {
            text.push_decimal(minutes / 3 * 5, 2);
        } else {
            text.push_decimal(half_up_div(minutes * 10_000, 60), 4);
        }
        text
    }
}

impl ArchivedHours {
    /// The native value.
    #[inline]
    #[must_use]
    pub const fn to_native(&self) -> Hours {
        Hours(self.0.to_native())
    }
}

impl Add for Hours {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Hours {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}
