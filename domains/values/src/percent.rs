//! Percentages as basis points of a percent.

use std::ops::Add;

use crate::decimal::{self, DecimalError};
use crate::text::{Text, textual};

/// A percentage in units of 0.01 %: 17500 is 175.00 %.
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
pub struct Percent(i32);

textual!(Percent, DecimalError, r"^-?\d{1,7}(\.\d{1,2})?$", "a percentage such as \"175.00\"");

impl Percent {
    /// 100 %.
    pub const WHOLE: Self = Self(10_000);
    /// 0 %.
    pub const ZERO: Self = Self(0);

    /// From units of 0.01 %.
    #[must_use]
    pub const fn from_hundredths(hundredths: i32) -> Self {
        Self(hundredths)
    }

    /// The units of 0.01 %.
    #[must_use]
    pub const fn hundredths(self) -> i64 {
        self.0 as i64
    }

    /// Parses a decimal with at most two digits after the point.
    #[inline]
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let hundredths = decimal::parse(text, 2)?;
        i32::try_from(hundredths).map(Self).map_err(|_| DecimalError::TooLarge)
    }

    /// The decimal text, always with two digits after the point.
    #[inline]
    #[must_use]
    pub fn text(self) -> Text<16> {
        let mut text = Text::new();
        text.push_decimal(i64::from(self.0), 2);
        text
    }

    /// This share of another share, when that is again a whole number of 0.01 %.
    #[must_use]
    pub fn of(self, other: Self) -> Option<Self> {
        let product = self.hundredths() * other.hundredths();
        let hundredths = product / Self::WHOLE.hundredths();
        (hundredths * Self::WHOLE.hundredths() == product)
            .then(|| i32::try_from(hundredths).ok().map(Self))
            .flatten()
    }
}

impl ArchivedPercent {
    /// The native value.
    #[inline]
    #[must_use]
    pub const fn to_native(&self) -> Percent {
        Percent(self.0.to_native())
    }
}

impl Add for Percent {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}
