//! A priced quote as plain lines: what charging, comparing and keeping it have in common.

use values::{Hours, LocalTime, Money, Percent};

use super::quote::{Priced, Terms};

contract::message! {
    /// What the time of a line is.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    #[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
    pub enum PaidFor {
        /// Work.
        #[default]
        Work,
        /// Time not worked that makes up a minimum.
        Minimum,
        /// Time that other lines pay; this one is paid on top.
        Added,
        /// No time: an allowance.
        Allowance,
    }

    /// One line of pay.
    pub open struct PaidLine {
        /// Position of the shift; none for an allowance of the whole period.
        pub shift: Option<u32>,
        /// On the local clock; none for an allowance.
        pub from: Option<LocalTime>,
        /// On the local clock.
        pub to: Option<LocalTime>,
        /// What its time is.
        pub paid_for: PaidFor,
        /// The time that passed.
        pub hours: Hours,
        /// The rule or allowance that pays it.
        pub rule: String,
        /// Where the award or agreement says so.
        pub clause: String,
        /// Whether it pays overtime.
        pub overtime: bool,
        /// The share of the base rate.
        pub percent: Percent,
        /// Dollars an hour, or a unit of an allowance.
        pub rate: Money,
        /// What it comes to.
        pub amount: Money,
    }
}

impl PaidFor {
    /// Whether it is work, as most is.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
    #[must_use]
    pub fn is_work(&self) -> bool {
        *self == Self::Work
    }
}

/// The lines of what was priced under `terms`.
pub(crate) fn lines(terms: &Terms<'_>, priced: &Priced) -> Vec<PaidLine> {
    let worked = priced.lines.iter().map(|line| {
        let (column, words) = (priced.column(terms, line), priced.rule(terms, line));
        PaidLine {
            shift: Some(line.shift),
            from: Some(line.from),
            to: Some(line.to),
            paid_for: line.nature,
            hours: line.hours,
            rule: words.rule.clone(),
            clause: words.clause.clone(),
            overtime: words.is_overtime,
            percent: column.percent,
            rate: column.rate,
            amount: line.amount,
        }
    });
    let allowances = priced.allowances.iter().map(|line| {
        let (code, clause, rate, _) = terms.allowance(line);
        PaidLine {
            shift: line.shift,
            from: None,
            to: None,
            paid_for: PaidFor::Allowance,
            hours: Hours::ZERO,
            rule: code.to_owned(),
            clause: clause.to_owned(),
            overtime: false,
            percent: Percent::WHOLE,
            rate,
            amount: line.amount,
        }
    });
    worked.chain(allowances).collect()
}

/// The base rate of pay: the minimum hourly rate of the first shift.
pub(crate) fn base_rate(_: &Terms<'_>, priced: &Priced) -> Money {
    priced.minimum_hourly
}

/// The position of the classification that pays the first shift.
pub(crate) const fn base_position(_: &Terms<'_>, priced: &Priced) -> usize {
    priced.position
}
