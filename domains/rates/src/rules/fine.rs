//! Percentages finer than an award's: levies are set to four digits after the point.

use std::borrow::Cow;
use std::fmt;

use serde::de;
use values::Percent;

use super::ratio::Ratio;

/// A percentage in units of 0.0001 %: 12125 is 1.2125 %, Victoria's regional payroll tax.
///
/// Its text has two digits after the point, or four where two would not say it.
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
pub struct FinePercent(i64);

/// Units of one percent.
const UNIT: i64 = 10_000;
/// The largest, in units: ten million percent, so that sums stay far from overflow.
const UNITS_MAX: i64 = 10_000_000 * UNIT;

impl FinePercent {
    /// 0 %.
    pub const ZERO: Self = Self(0);

    /// From units of 0.0001 %.
    #[must_use]
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// The units of 0.0001 %.
    #[must_use]
    pub const fn units(self) -> i64 {
        self.0
    }

    /// Parses a decimal with at most four digits after the point; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |it| (true, it));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |it: &str, most: usize| {
            !it.is_empty() && it.len() <= most && it.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !plain(whole, 8) || !plain(part, 4) {
            return None;
        }
        let whole: i64 = whole.parse().ok()?;
        let part: i64 = format!("{part:0<4}").parse().ok()?;
        let units = whole * UNIT + part;
        (units <= UNITS_MAX).then_some(Self(if negative { -units } else { units }))
    }
}

impl fmt::Display for FinePercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.unsigned_abs() / 10_000, self.0.unsigned_abs() % 10_000);
        let text = if part % 100 == 0 {
            format!("{sign}{whole}.{:02}", part / 100)
        } else {
            format!("{sign}{whole}.{part:04}")
        };
        f.pad(&text)
    }
}

impl From<Percent> for FinePercent {
    fn from(percent: Percent) -> Self {
        Self(percent.hundredths() * 100)
    }
}

impl From<FinePercent> for Ratio {
    fn from(percent: FinePercent) -> Self {
        Self::new(percent.0.into(), 1_000_000).expect("a million is not zero")
    }
}

impl serde::Serialize for FinePercent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for FinePercent {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl de::Visitor<'_> for Reader {
            type Value = FinePercent;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a percentage such as \"5.45\" or \"1.2125\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<FinePercent, E> {
                FinePercent::parse(text).ok_or_else(|| {
                    E::custom(format_args!(
                        "`{text}` is not a percentage with at most four digits after the point"
                    ))
                })
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

impl schemars::JsonSchema for FinePercent {
    fn schema_name() -> Cow<'static, str> {
        "FinePercent".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^-?\d{1,8}(\.\d{1,4})?$",
            "description": "a percentage such as \"5.45\" or \"1.2125\"",
        })
    }
}
