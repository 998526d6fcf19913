//! Tax: dated rates as data, and the two roundings of GST Act s.9-90.

use values::Date;

use super::decimal::{Decimal, half_up, power};
use super::list::{TaxRounding, limits};

/// The most rates of one table.
pub const RATES_COUNT_MAX: usize = 256;
/// The greatest rate, in percent.
pub const RATE_MAX: Decimal = Decimal::whole(100);

contract::message! {
    /// The rates of one tax.
    pub struct TaxTable {
        /// What names it, such as `au-gst`: 1 to 32 bytes.
        pub code: String,
        /// Its name for people.
        #[serde(default)]
        pub title: String,
        /// Its rates, at most 256, in any order.
        pub rates: Vec<TaxRate>,
    }

    /// The rate of one category from one day on, until the category's next.
    pub struct TaxRate {
        /// Such as `standard` or `free`: 1 to 64 bytes.
        pub category: String,
        /// The first day.
        pub from: Date,
        /// In percent, 0 to 100, at most six digits after the point.
        pub percent: Decimal,
    }
}

/// What is wrong with a tax table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct TaxError {
    /// The field inside the table.
    pub field: String,
    /// In words; reads after the field.
    pub problem: String,
}

fn refuse(field: impl Into<String>, problem: impl Into<String>) -> TaxError {
    TaxError { field: field.into(), problem: problem.into() }
}

impl TaxTable {
    /// Checks that it can be followed.
    pub fn check(&self) -> Result<(), TaxError> {
        if let Some(problem) = name_problem(&self.code, limits::CODE_BYTES_MAX) {
            return Err(refuse("code", problem));
        }
        if limits::NAME_BYTES_MAX < self.title.len() {
            let problem = format!("is longer than {} bytes", limits::NAME_BYTES_MAX);
            return Err(refuse("title", problem));
        }
        if self.rates.is_empty() || RATES_COUNT_MAX < self.rates.len() {
            let problem = format!("has {}, expected 1 to {RATES_COUNT_MAX}", self.rates.len());
            return Err(refuse("rates", problem));
        }
        for (at, rate) in self.rates.iter().enumerate() {
            if let Some(problem) = name_problem(&rate.category, limits::NAME_BYTES_MAX) {
                return Err(refuse(format!("rates[{at}].category"), problem));
            }
            let in_range = Decimal::ZERO <= rate.percent && rate.percent <= RATE_MAX;
            if !in_range || !rate.percent.has_places(limits::PERCENT_PLACES) {
                let problem = format!(
                    "is {}, expected 0 to {RATE_MAX} with at most {} digits after the point",
                    rate.percent,
                    limits::PERCENT_PLACES
                );
                return Err(refuse(format!("rates[{at}].percent"), problem));
            }
            let same = |it: &TaxRate| it.category == rate.category && it.from == rate.from;
            if self.rates[..at].iter().any(same) {
                let problem =
                    format!("is {}, category {} has a rate of that day", rate.from, rate.category);
                return Err(refuse(format!("rates[{at}].from"), problem));
            }
        }
        Ok(())
    }

    /// Whether it has any rate of `category`.
    #[must_use]
    pub fn has(&self, category: &str) -> bool {
        self.rates.iter().any(|it| it.category == category)
    }

    /// The rate of `category` in force on `date`.
    #[must_use]
    pub fn percent_on(&self, category: &str, date: Date) -> Option<Decimal> {
        let in_force = self.rates.iter().filter(|it| it.category == category && it.from <= date);
        in_force.max_by_key(|it| it.from).map(|it| it.percent)
    }
}

/// What is wrong with a name: it is empty, too long, or has a control character, which would end a
/// key early.
pub(crate) fn name_problem(name: &str, bytes_max: usize) -> Option<String> {
    if name.is_empty() {
        return Some("is empty".to_owned());
    }
    if bytes_max < name.len() {
        return Some(format!("is longer than {bytes_max} bytes"));
    }
    // Most names are plain ASCII, which needs no decoding.
    let is_plain = name.bytes().all(|it| (b' '..0x7f).contains(&it));
    (!is_plain && name.chars().any(char::is_control)).then(|| "has a control character".to_owned())
}

/// How one line is taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Treatment<'a> {
    /// The tax table's code.
    pub table: &'a str,
    /// The category in it.
    pub category: &'a str,
    /// The rate in force.
    pub percent: Decimal,
    /// Whether the line holds the tax already.
    pub inclusive: bool,
    /// Where the tax is rounded.
    pub rounding: TaxRounding,
}

impl Treatment<'_> {
    /// The tax on (or in) `minor` minor units, rounded half-up once.
    #[must_use]
    pub fn tax(&self, minor: i64) -> i64 {
        let percent = self.percent.units() / power(6);
        let hundred = power(8);
        let whole = if self.inclusive { hundred + percent } else { hundred };
        let tax = half_up(i128::from(minor) * percent, whole);
        i64::try_from(tax).expect("a rate is at most 100 percent")
    }
}

/// The tax of all lines that are taxed alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxSum<'a> {
    /// How.
    pub treatment: Treatment<'a>,
    /// The sum of the lines, in minor units.
    pub lines: i64,
    /// The tax, in minor units.
    pub tax: i64,
}

/// Sums the tax of lines given as `(minor units, treatment)` into `sums`, whose former content is
/// dropped, in the order of their first line.
pub fn sum<'a>(lines: impl Iterator<Item = (i64, Treatment<'a>)>, sums: &mut Vec<TaxSum<'a>>) {
    sums.clear();
    for (minor, treatment) in lines {
        let at = sums.iter().position(|it| it.treatment == treatment).unwrap_or_else(|| {
            sums.push(TaxSum { treatment, lines: 0, tax: 0 });
            sums.len() - 1
        });
        sums[at].lines += minor;
        if treatment.rounding == TaxRounding::PerLine {
            sums[at].tax += treatment.tax(minor);
        }
    }
    for it in sums {
        if it.treatment.rounding == TaxRounding::PerTotal {
            it.tax = it.treatment.tax(it.lines);
        }
    }
}

/// `minor` rounded half-up to a multiple of `step` minor units, as cash is paid where the smallest
/// coins are gone.
#[must_use]
pub fn to_step(minor: i64, step: u32) -> i64 {
    let step = i128::from(step.max(1));
    let rounded = half_up(minor.into(), step) * step;
    i64::try_from(rounded).expect("sums stay far below the limit of 64 bits")
}
