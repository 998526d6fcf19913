//! Money as an integer of minor units.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use crate::decimal::{self, DecimalError};
use crate::text::{Text, textual};
use crate::{Currency, Hours, Percent, half_up_div};

/// An amount of money in minor units (cents) of a currency that stands beside it.
///
/// Its text and JSON form has two decimals, as most of ISO 4217; where the currency may have
/// another exponent, use [`Amount`], whose text follows its currency.
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
pub struct Money(i64);

textual!(Money, DecimalError, r"^-?\d{1,17}(\.\d{1,2})?$", "an amount such as \"26.55\"");

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// `cents` minor units.
    #[must_use]
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents)
    }

    /// The minor units.
    #[must_use]
    pub const fn cents(self) -> i64 {
        self.0
    }

    /// Parses a decimal with at most two digits after the point.
    #[inline]
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        decimal::parse(text, 2).map(Self)
    }

    /// The decimal text, always with two digits after the point.
    #[inline]
    #[must_use]
    pub fn text(self) -> Text<24> {
        let mut text = Text::new();
        text.push_decimal(self.0, 2);
        text
    }

    /// This share of the amount, rounded half-up to the minor unit.
    #[inline]
    #[must_use]
    pub const fn percent(self, percent: Percent) -> Self {
        Self(half_up_div(self.0 * percent.hundredths(), Percent::WHOLE.hundredths()))
    }

    /// This amount per hour for the time given, rounded half-up to the minor unit.
    #[inline]
    #[must_use]
    pub const fn times_hours(self, hours: Hours) -> Self {
        Self(half_up_div(self.0 * hours.minutes() as i64, 60))
    }

    /// The hourly part of an amount that pays for `hours`, rounded half-up; `hours` is not zero.
    #[inline]
    #[must_use]
    pub const fn per_hour_of(self, hours: Hours) -> Self {
        Self(half_up_div(self.0 * 60, hours.minutes() as i64))
    }
}

impl ArchivedMoney {
    /// The native value.
    #[inline]
    #[must_use]
    pub const fn to_native(&self) -> Money {
        Money(self.0.to_native())
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// Money with its currency: `{"amount":"1000","currency":"JPY"}`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize,
)]
#[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
pub struct Amount {
    /// Minor units.
    pub money: Money,
    /// What they are minor units of.
    pub currency: Currency,
}

impl Amount {
    /// Parses `text` with as many digits after the point as `currency` has.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, DecimalError> {
        let minor = decimal::parse(text, currency.exponent())?;
        Ok(Self { money: Money(minor), currency })
    }

    /// The decimal text in the currency's own precision, without its code.
    #[must_use]
    pub fn text(self) -> Text<24> {
        let mut text = Text::new();
        text.push_decimal(self.money.cents(), self.currency.exponent());
        text
    }
}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Amount")]
struct AmountText<'a> {
    #[serde(borrow)]
    amount: std::borrow::Cow<'a, str>,
    currency: Currency,
}

impl serde::Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.text();
        AmountText { amount: text.as_str().into(), currency: self.currency }.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = AmountText::deserialize(deserializer)?;
        Self::parse(&raw.amount, raw.currency).map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        AmountText::json_schema(generator)
    }
}
