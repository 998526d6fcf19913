//! Statutory rates by date: super guarantee, payroll tax, workers' compensation, minimum wages.
//!
//! A table is one kind of rate. Each entry is dated and names its source; an entry may be limited to
//! a state, to a class inside it, or to both. Nothing statutory is a constant of the program.

mod tax;

use values::{Date, Money};

use super::calendar::State;
use super::fine::FinePercent;
use super::ratio::Ratio;

pub use tax::{Fade, TaxBand, TaxScale};

/// The most entries in one table.
pub const ENTRIES_COUNT_MAX: usize = 2_048;
/// The longest code, class or title, in bytes.
pub const TEXT_BYTES_MAX: usize = 120;
/// The longest code of a table, in bytes: it is a key.
pub const CODE_BYTES_MAX: usize = 40;
/// The longest source, in bytes.
pub const SOURCE_BYTES_MAX: usize = 600;

contract::message! {
    /// What a limit is counted over.
    #[serde(rename_all = "kebab-case")]
    pub enum Period {
        /// Three months of a financial year.
        Quarter,
        /// A financial year.
        Year,
    }

    /// Above this much a levy's base no longer counts.
    #[derive(Copy)]
    pub struct BaseLimit {
        /// The most of the base that counts.
        pub amount: Money,
        /// Over what.
        pub per: Period,
    }

    /// One rate from one date on: exactly one of `percent`, `tax` and `hourly`.
    pub struct StatutoryEntry {
        /// Only in this state; everywhere when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub state: Option<State>,
        /// Only for this class, such as an industry; for what has no class when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub class: Option<String>,
        /// The first day it is in force.
        pub valid_from: Date,
        /// The last day it is in force; until the next entry when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub valid_to: Option<Date>,
        /// A plain share of the base.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub percent: Option<FinePercent>,
        /// A tax with a threshold.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tax: Option<TaxScale>,
        /// Dollars an hour: a minimum wage.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub hourly: Option<Money>,
        /// Where the base ends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub base_max: Option<BaseLimit>,
        /// Where the figure was taken from.
        pub source: String,
    }

    /// All rates of one kind, in any order.
    pub struct StatutoryTable {
        /// Its name in charge templates.
        pub code: String,
        /// Its name for people.
        pub title: String,
        /// The rates.
        pub entry: Vec<StatutoryEntry>,
    }
}

/// Why a statutory table is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct StatutoryError {
    /// The field, as a path from the table's root.
    pub field: String,
    /// What is wrong.
    pub problem: StatutoryProblem,
}

/// What is wrong with a statutory table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum StatutoryProblem {
    #[error("is empty")]
    Empty,
    #[error("is {bytes} bytes long, at most {max} are allowed")]
    TooLong { bytes: usize, max: usize },
    #[error("has {count}, at most {max} are allowed")]
    TooMany { count: usize, max: usize },
    #[error("needs exactly one of percent, tax and hourly")]
    Unclear,
    #[error("is {percent} %, expected 0.00 to 100.00 %")]
    PercentOutOfRange { percent: FinePercent },
    #[error("is {amount}, expected above 0.00")]
    NotPositive { amount: Money },
    #[error("is negative")]
    Negative,
    #[error("is {to}, before valid_from {from}")]
    Backwards { from: Date, to: Date },
    #[error("is in force on {date} together with entry[{other}], for the same state and class")]
    Twice { date: Date, other: usize },
    #[error("is {above}, not above the band before, {before}")]
    BandsOutOfOrder { above: Money, before: Money },
    #[error("glides to the next band, but there is none")]
    GlidesNowhere,
    #[error("glides, which a marginal scale cannot")]
    GlidesMarginal,
    #[error("is {to}, not above {from}")]
    FadeBackwards { from: Money, to: Money },
}

fn refuse(field: impl Into<String>, problem: StatutoryProblem) -> StatutoryError {
    StatutoryError { field: field.into(), problem }
}

fn text(field: &str, text: &str, max: usize) -> Result<(), StatutoryError> {
    match text.len() {
        0 => Err(refuse(field, StatutoryProblem::Empty)),
        bytes if max < bytes => Err(refuse(field, StatutoryProblem::TooLong { bytes, max })),
        _ => Ok(()),
    }
}

fn share(field: String, percent: FinePercent) -> Result<(), StatutoryError> {
    if percent < FinePercent::ZERO || FinePercent::from_units(1_000_000) < percent {
        return Err(refuse(field, StatutoryProblem::PercentOutOfRange { percent }));
    }
    Ok(())
}

/// What a levy takes, as found for one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levy {
    /// The share of the base.
    pub share: Ratio,
    /// Where the base ends, in a financial year.
    pub base_max_year: Option<Money>,
    /// The entry's first day.
    pub valid_from: Date,
}

impl StatutoryTable {
    /// Checks the whole table: each entry, and that no two are in force for the same thing at once.
    pub fn check(&self) -> Result<(), StatutoryError> {
        text("code", &self.code, CODE_BYTES_MAX)?;
        text("title", &self.title, TEXT_BYTES_MAX)?;
        if self.entry.is_empty() {
            return Err(refuse("entry", StatutoryProblem::Empty));
        }
        if ENTRIES_COUNT_MAX < self.entry.len() {
            let (count, max) = (self.entry.len(), ENTRIES_COUNT_MAX);
            return Err(refuse("entry", StatutoryProblem::TooMany { count, max }));
        }
        for (at, entry) in self.entry.iter().enumerate() {
            entry.check(&format!("entry[{at}]"))?;
        }
        let mut order: Vec<usize> = (0..self.entry.len()).collect();
        let what = |at: &usize| (self.entry[*at].state, self.entry[*at].class.as_deref());
        order.sort_by_key(|at| (what(at), self.entry[*at].valid_from));
        for pair in order.windows(2) {
            let (former, later) = (&self.entry[pair[0]], &self.entry[pair[1]]);
            let overlap = match former.valid_to {
                Some(to) => later.valid_from <= to,
                // An open entry ends where the next begins; two that begin together contradict.
                None => later.valid_from == former.valid_from,
            };
            if what(&pair[0]) == what(&pair[1]) && overlap {
                let problem = StatutoryProblem::Twice { date: later.valid_from, other: pair[0] };
                return Err(refuse(format!("entry[{}]", pair[1]), problem));
            }
        }
        Ok(())
    }

    /// The entry in force on `date` for a class of a state. An entry of the state goes before one of
    /// the whole country.
    #[must_use]
    pub fn find(
        &self,
        date: Date,
        state: Option<State>,
        class: Option<&str>,
    ) -> Option<&StatutoryEntry> {
        let of = |wanted: Option<State>| {
            self.entry
                .iter()
                .filter(|it| it.state == wanted && it.class.as_deref() == class)
                .filter(|it| it.valid_from <= date)
                .max_by_key(|it| it.valid_from)
                .filter(|it| it.valid_to.is_none_or(|to| date <= to))
        };
        state.and_then(|it| of(Some(it))).or_else(|| of(None))
    }
}

impl StatutoryEntry {
    fn check(&self, place: &str) -> Result<(), StatutoryError> {
        if let Some(class) = &self.class {
            text(&format!("{place}.class"), class, TEXT_BYTES_MAX)?;
        }
        text(&format!("{place}.source"), &self.source, SOURCE_BYTES_MAX)?;
        if let Some(to) = self.valid_to
            && to < self.valid_from
        {
            let problem = StatutoryProblem::Backwards { from: self.valid_from, to };
            return Err(refuse(format!("{place}.valid_to"), problem));
        }
        let stated = [self.percent.is_some(), self.tax.is_some(), self.hourly.is_some()];
        if stated.into_iter().filter(|it| *it).count() != 1 {
            return Err(refuse(place, StatutoryProblem::Unclear));
        }
        if let Some(percent) = self.percent {
            share(format!("{place}.percent"), percent)?;
        }
        let amounts =
            [("hourly", self.hourly), ("base_max.amount", self.base_max.map(|it| it.amount))];
        for (field, amount) in amounts {
            if let Some(amount) = amount.filter(|it| *it <= Money::ZERO) {
                let problem = StatutoryProblem::NotPositive { amount };
                return Err(refuse(format!("{place}.{field}"), problem));
            }
        }
        self.tax.as_ref().map_or(Ok(()), |it| it.check(&format!("{place}.tax")))
    }

    /// What this entry takes of each dollar. A tax with a threshold takes its effective share of
    /// `annual_wages` (all taxable wages of the employer), or its headline rate when they are not
    /// given. `None` for a minimum wage, or when the share has no short exact form.
    #[must_use]
    pub fn levy(&self, annual_wages: Option<Money>) -> Option<Levy> {
        let share = match (&self.percent, &self.tax) {
            (Some(percent), _) => Ratio::from(*percent),
            (None, Some(tax)) => tax.share(annual_wages)?,
            (None, None) => return None,
        };
        let base_max_year = self.base_max.map(|it| match it.per {
            Period::Year => it.amount,
            Period::Quarter => Money::from_cents(it.amount.cents().saturating_mul(4)),
        });
        Some(Levy { share, base_max_year, valid_from: self.valid_from })
    }
}
