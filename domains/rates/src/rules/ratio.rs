//! Exact rational numbers, for charge rates that are rounded only at the end.

use std::fmt;

use values::{Hours, Money, Percent};

/// A fraction in lowest terms with a positive denominator. Arithmetic that does not fit gives
/// `None`, never a wrong number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    /// Zero.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// One.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// `numerator / denominator`; `None` for a zero denominator.
    #[must_use]
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        let divisor = gcd(numerator.unsigned_abs(), denominator.unsigned_abs());
        let divisor = i128::try_from(divisor).ok()?;
        if denominator == 0 {
            return None;
        }
        let sign = denominator.signum();
        Some(Self {
            numerator: numerator / divisor * sign,
            denominator: denominator / divisor * sign,
        })
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Self::new(left.checked_add(right)?, self.denominator.checked_mul(other.denominator)?)
    }

    /// The difference.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { numerator: -other.numerator, denominator: other.denominator })
    }

    /// The product.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        Self::new(
            self.numerator.checked_mul(other.numerator)?,
            self.denominator.checked_mul(other.denominator)?,
        )
    }

    /// The quotient; `None` when `other` is zero.
    #[must_use]
    pub fn over(self, other: Self) -> Option<Self> {
        self.times(Self::new(other.denominator, other.numerator)?)
    }

    /// Whether this is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.numerator < 0
    }

    /// Rounded half-up (a half goes away from zero) to the cent.
    #[must_use]
    pub fn to_money(self) -> Option<Money> {
        i64::try_from(self.scaled(100)?).ok().map(Money::from_cents)
    }

    /// This number as a whole count of `1 / scale`, rounded half-up.
    fn scaled(self, scale: i128) -> Option<i128> {
        let wide = self.numerator.checked_mul(scale)?;
        let (quotient, remainder) = (wide / self.denominator, wide % self.denominator);
        let up = self.denominator - remainder.abs() <= remainder.abs();
        Some(if up { quotient + self.numerator.signum() } else { quotient })
    }

    /// The decimal text with `places` digits after the point, rounded half-up; `None` when the
    /// number is too large for that many digits.
    #[must_use]
    pub fn decimal(self, places: u32) -> Option<String> {
        let scale = 10i128.checked_pow(places)?;
        let scaled = self.scaled(scale)?;
        let sign = if scaled < 0 { "-" } else { "" };
        let (whole, part) = (scaled.abs() / scale, scaled.abs() % scale);
        if places == 0 {
            return Some(format!("{sign}{whole}"));
        }
        let width = places as usize;
        Some(format!("{sign}{whole}.{part:0width$}"))
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

impl From<Money> for Ratio {
    fn from(money: Money) -> Self {
        Self::new(money.cents().into(), 100).expect("one hundred is not zero")
    }
}

impl From<Percent> for Ratio {
    fn from(percent: Percent) -> Self {
        Self::new(percent.hundredths().into(), 10_000).expect("ten thousand is not zero")
    }
}

impl From<Hours> for Ratio {
    fn from(hours: Hours) -> Self {
        Self::new(hours.minutes().into(), 60).expect("sixty is not zero")
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}
