//! Decimal numbers with a fixed count of digits after the point, as integers, and the one way they
//! are rounded.
//!
//! | type | unit | for |
//! |---|---|---|
//! | [`Decimal`] | 10^-12 | unit prices, fees, percentages |
//! | [`Quantity`] | 10^-6 | how many |
//! | [`Exact`] | 10^-18 | the product of both, without a rounding |
//! | [`Rounded`] | a currency's minor unit | what is paid |

use std::fmt;

use values::{Currency, DecimalError};

/// Digits after the point of a [`Decimal`].
pub const DECIMAL_PLACES: u8 = 12;
/// Digits after the point of a [`Quantity`].
pub const QUANTITY_PLACES: u8 = 6;
/// Digits after the point of an [`Exact`].
pub const EXACT_PLACES: u8 = 18;

/// Divides and rounds to the nearest integer, a half going away from zero ("0.5 cents upwards", GST
/// Act s.9-90). `denominator` is positive.
#[inline]
#[must_use]
pub const fn half_up(numerator: i128, denominator: i128) -> i128 {
    let (quotient, remainder) = (numerator / denominator, numerator % denominator);
    // Comparing against the complement cannot overflow, doubling the remainder could.
    if denominator - remainder.abs() <= remainder.abs() {
        quotient + numerator.signum()
    } else {
        quotient
    }
}

/// 10 to the power of `places`, at most 38.
#[inline]
#[must_use]
pub const fn power(places: u8) -> i128 {
    10_i128.pow(places as u32)
}

/// Reads `text` as a count of `10^-places`.
fn parse(text: &str, places: u8) -> Result<i128, DecimalError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if text.is_empty() {
        return Err(DecimalError::Empty);
    }
    let first = text.len() - digits.len();
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || digits.ends_with('.') {
        let position = if whole.is_empty() { first } else { text.len() };
        return Err(DecimalError::Character { position });
    }
    let is_stray = |it: u8| !it.is_ascii_digit();
    if let Some(at) = whole.bytes().position(is_stray) {
        return Err(DecimalError::Character { position: first + at });
    }
    if let Some(at) = fraction.bytes().position(is_stray) {
        return Err(DecimalError::Character { position: first + whole.len() + 1 + at });
    }
    let Some(missing) = usize::from(places).checked_sub(fraction.len()) else {
        return Err(DecimalError::TooPrecise { places });
    };
    let mut value: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        let longer = value.checked_mul(10).and_then(|it| it.checked_add((digit - b'0').into()));
        value = longer.ok_or(DecimalError::TooLarge)?;
    }
    for _ in 0..missing {
        value = value.checked_mul(10).ok_or(DecimalError::TooLarge)?;
    }
    Ok(if negative { -value } else { value })
}

/// Prints a count of `10^-places` with at least `shown` digits after the point and no further
/// trailing zeros.
fn print(f: &mut fmt::Formatter<'_>, value: i128, places: u8, shown: u8) -> fmt::Result {
    let scale = power(places).unsigned_abs();
    let (whole, mut fraction) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
    let sign = if value < 0 { "-" } else { "" };
    let mut width = places;
    while shown < width && fraction.is_multiple_of(10) {
        fraction /= 10;
        width -= 1;
    }
    if width == 0 {
        return write!(f, "{sign}{whole}");
    }
    write!(f, "{sign}{whole}.{fraction:0width$}", width = usize::from(width))
}

/// Serde and schema by way of `Display` and `parse`.
macro_rules! textual {
    ($type:ident, $pattern:literal, $description:literal) => {
        impl std::str::FromStr for $type {
            type Err = DecimalError;
            fn from_str(text: &str) -> Result<Self, DecimalError> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                struct Reader;
                impl serde::de::Visitor<'_> for Reader {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($description)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        $type::parse(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Reader)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "pattern": $pattern,
                    "description": $description,
                })
            }
        }
    };
}

/// A number in units of 10^-12: a price of one unit, a fee, a percentage.
///
/// Its text has as many digits after the point as it needs, at most twelve.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
pub struct Decimal(i128);

textual!(Decimal, r"^-?\d{1,18}(\.\d{1,12})?$", "a decimal number such as \"0.0008\"");

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From units of 10^-12.
    #[must_use]
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// From a whole number.
    #[must_use]
    pub const fn whole(number: i64) -> Self {
        Self(number as i128 * power(DECIMAL_PLACES))
    }

    /// The units of 10^-12.
    #[inline]
    #[must_use]
    pub const fn units(self) -> i128 {
        self.0
    }

    /// Parses a decimal with at most twelve digits after the point.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        parse(text, DECIMAL_PLACES).map(Self)
    }

    /// Whether it needs at most `places` digits after the point.
    #[must_use]
    pub fn has_places(self, places: u8) -> bool {
        self.0 % power(DECIMAL_PLACES - places.min(DECIMAL_PLACES)) == 0
    }

    /// The same amount of money without a rounding.
    #[inline]
    #[must_use]
    pub const fn exact(self) -> Exact {
        Exact(self.0 * power(EXACT_PLACES - DECIMAL_PLACES))
    }

    /// This price for `quantity`, without a rounding.
    #[inline]
    #[must_use]
    pub const fn times(self, quantity: Quantity) -> Exact {
        Exact(self.0 * quantity.0 as i128)
    }

    /// The whole minor units of `currency`, rounded half-up.
    #[must_use]
    pub fn minor(self, currency: Currency) -> i128 {
        half_up(self.0, power(DECIMAL_PLACES - currency.exponent()))
    }
}

impl std::ops::Neg for Decimal {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(f, self.0, DECIMAL_PLACES, 0)
    }
}

/// How many, in units of 10^-6.
///
/// Its text has as many digits after the point as it needs, at most six.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
pub struct Quantity(i64);

textual!(Quantity, r"^-?\d{1,12}(\.\d{1,6})?$", "a quantity such as \"12\" or \"0.25\"");

impl Quantity {
    /// None.
    pub const ZERO: Self = Self(0);

    /// From units of 10^-6.
    #[must_use]
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// From a whole number.
    #[must_use]
    pub const fn whole(number: i64) -> Self {
        Self(number * 1_000_000)
    }

    /// The units of 10^-6.
    #[inline]
    #[must_use]
    pub const fn units(self) -> i64 {
        self.0
    }

    /// Parses a decimal with at most six digits after the point.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let units = parse(text, QUANTITY_PLACES)?;
        i64::try_from(units).map(Self).map_err(|_| DecimalError::TooLarge)
    }

    /// The smallest quantity above zero with `places` digits after the point, at most six.
    #[must_use]
    pub fn step(places: u8) -> Self {
        Self(10_i64.pow(u32::from(QUANTITY_PLACES - places.min(QUANTITY_PLACES))))
    }

    /// Whether it needs at most `places` digits after the point.
    #[inline]
    #[must_use]
    pub fn has_places(self, places: u8) -> bool {
        self.0 % Self::step(places).0 == 0
    }

    /// The difference, or none where `other` is more.
    #[inline]
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(f, self.0.into(), QUANTITY_PLACES, 0)
    }
}

/// Money in units of 10^-18, as it comes out of price times quantity.
///
/// Its text has as many digits after the point as it needs, at most eighteen.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
pub struct Exact(i128);

textual!(Exact, r"^-?\d{1,20}(\.\d{1,18})?$", "an unrounded amount such as \"155.0005\"");

impl Exact {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// From units of 10^-18.
    #[must_use]
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// `minor` minor units of `currency`.
    #[must_use]
    pub fn from_minor(minor: i64, currency: Currency) -> Self {
        Self(i128::from(minor) * power(EXACT_PLACES - currency.exponent()))
    }

    /// The units of 10^-18.
    #[inline]
    #[must_use]
    pub const fn units(self) -> i128 {
        self.0
    }

    /// Parses a decimal with at most eighteen digits after the point.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        parse(text, EXACT_PLACES).map(Self)
    }

    /// The sum.
    #[inline]
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    /// The difference.
    #[inline]
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }

    /// The whole minor units of `currency`, rounded half-up.
    #[inline]
    #[must_use]
    pub fn minor(self, currency: Currency) -> i128 {
        // Written out so that the usual currency divides by a constant.
        match currency.exponent() {
            2 => half_up(self.0, power(EXACT_PLACES - 2)),
            exponent => half_up(self.0, power(EXACT_PLACES - exponent)),
        }
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(f, self.0, EXACT_PLACES, 0)
    }
}

/// Money in whole minor units of the currency that stands beside it.
///
/// Its text has as many digits after the point as the currency: "155.00" dollars, "155" yen.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize,
)]
pub struct Rounded {
    minor: i64,
    exponent: u8,
}

textual!(Rounded, r"^-?\d{1,18}(\.\d{1,4})?$", "an amount of money such as \"155.00\"");

impl Rounded {
    /// `minor` minor units of `currency`.
    #[inline]
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, exponent: currency.exponent() }
    }

    /// The minor units.
    #[inline]
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// Parses a decimal with at most four digits after the point; as many as there are is the
    /// currency's precision.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let exponent = u8::try_from(digits).ok().filter(|it| *it <= 4);
        let exponent = exponent.ok_or(DecimalError::TooPrecise { places: 4 })?;
        let minor = parse(text, exponent)?;
        let minor = i64::try_from(minor).map_err(|_| DecimalError::TooLarge)?;
        Ok(Self { minor, exponent })
    }
}

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One that came over a wire may claim any precision.
        let exponent = self.exponent.min(EXACT_PLACES);
        print(f, self.minor.into(), exponent, exponent)
    }
}
