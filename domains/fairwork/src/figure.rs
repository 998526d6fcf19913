//! Published figures: rates, amounts, percentages and index numbers, exactly as printed.

use std::borrow::Cow;
use std::fmt;

use serde_json::value::RawValue;
use values::Money;

/// Digits after the point that a figure may have.
const PLACES_MAX: usize = 6;
/// One whole, in the unit of [`Figure`].
const WHOLE: i64 = 1_000_000;
/// Digits that a spreadsheet's number is good for; what stands behind them is noise of its binary
/// form, such as the end of `22.330000000000002`.
const DIGITS_EXACT: usize = 15;

/// A decimal number with at most six digits after the point, kept exactly.
///
/// Its JSON form is a number with at least one digit after the point, as the pay database answers.
#[derive(
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
pub struct Figure(i64);

/// Why a text is not a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FigureError {
    /// Something other than digits, one point and a sign.
    #[error("is not a decimal number")]
    Form,
    /// More digits after the point than a figure has.
    #[error("has more than 6 digits after the point")]
    TooPrecise,
    /// The number does not fit.
    #[error("is too large")]
    TooLarge,
}

impl Figure {
    /// From millionths.
    #[must_use]
    pub const fn from_millionths(millionths: i64) -> Self {
        Self(millionths)
    }

    /// Millionths.
    #[must_use]
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// Parses decimal text: `940`, `22.33`, `-0.5`, and what spreadsheets write for small and large
    /// numbers, such as `6.3E-1`.
    pub fn parse(text: &str) -> Result<Self, FigureError> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                (mantissa, exponent.parse::<i32>().map_err(|_| FigureError::Form)?)
            }
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_number = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
            return Err(FigureError::Form);
        }
        if fraction.is_empty() && mantissa.contains('.') {
            return Err(FigureError::Form);
        }
        let mut digits: Vec<u8> =
            whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').collect();
        // Where the point stands among the digits; before the first when negative.
        let mut point = i32::try_from(whole.len()).map_err(|_| FigureError::TooLarge)?;
        point = point.checked_add(exponent).ok_or(FigureError::TooLarge)?;
        let zeros = digits.iter().take_while(|it| **it == 0).count();
        digits.drain(..zeros);
        point -= i32::try_from(zeros).map_err(|_| FigureError::TooLarge)?;
        if DIGITS_EXACT < digits.len() && round_to(&mut digits, DIGITS_EXACT) {
            point += 1;
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
        if digits.is_empty() {
            return Ok(Self(0));
        }
        let length = i32::try_from(digits.len()).map_err(|_| FigureError::TooLarge)?;
        let places = i32::try_from(PLACES_MAX).expect("a small constant");
        if places < length - point {
            return Err(FigureError::TooPrecise);
        }
        if 12 < point {
            return Err(FigureError::TooLarge);
        }
        let value = digits.iter().fold(0_i64, |sum, digit| sum * 10 + i64::from(*digit));
        let scale = u32::try_from(places + point - length).map_err(|_| FigureError::TooLarge)?;
        let value = 10_i64
            .checked_pow(scale)
            .and_then(|it| it.checked_mul(value))
            .ok_or(FigureError::TooLarge)?;
        Ok(Self(if negative { -value } else { value }))
    }

    /// The same amount of money; `None` when it has a fraction of a cent.
    #[must_use]
    pub fn money(self) -> Option<Money> {
        (self.0 % 10_000 == 0).then(|| Money::from_cents(self.0 / 10_000))
    }

    /// The shortest decimal text, without a point for whole numbers.
    #[must_use]
    pub fn text(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.abs() / WHOLE, self.0.abs() % WHOLE);
        if rest == 0 {
            return format!("{sign}{whole}");
        }
        let fraction = format!("{rest:06}");
        format!("{sign}{whole}.{}", fraction.trim_end_matches('0'))
    }

    /// As a JSON number.
    #[must_use]
    pub fn json(self) -> String {
        let mut text = self.text();
        if !text.contains('.') {
            text.push_str(".0");
        }
        text
    }
}

/// Rounds decimal digits half-up to `count` of them; whether a new leading digit came up.
fn round_to(digits: &mut Vec<u8>, count: usize) -> bool {
    let up = digits[count] >= 5;
    digits.truncate(count);
    if !up {
        return false;
    }
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return false;
        }
        *digit = 0;
    }
    digits.insert(0, 1);
    true
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Figure({self})")
    }
}

impl ArchivedFigure {
    /// The native value.
    #[must_use]
    pub const fn to_native(&self) -> Figure {
        Figure(self.0.to_native())
    }
}

impl serde::Serialize for Figure {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.json()).expect("a decimal number is JSON");
        number.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Figure {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(raw.get().trim_matches('"')).map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Figure {
    fn schema_name() -> Cow<'static, str> {
        "Figure".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "description": "an exact decimal number" })
    }
}
