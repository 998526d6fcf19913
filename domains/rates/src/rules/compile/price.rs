//! From a rule's percentage to dollars an hour.

use values::{Money, Percent, half_up_div};

use super::check::{self, VersionError, VersionProblem};
use crate::rules::award::{
    AwardVersion, Base, CasualRegime, Employment, FlatUnit, MissedBreak, Rule,
};

/// One rate: what a line of a quote shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Index into [`VersionTables::rules`].
    pub rule: u16,
    /// Whether `flat` counts each hour begun in full.
    pub flat_per_started_hour: bool,
    /// The share of `base`.
    pub percent: Percent,
    /// The hourly rate the percentage is taken of.
    pub base: Money,
    /// Dollars per hour on top; part of `rate`.
    pub flat: Money,
    /// Dollars per hour.
    pub rate: Money,
}

/// How a rule comes to its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RulePrice {
    pub(crate) base: Base,
    pub(crate) casual: Option<CasualRegime>,
    pub(crate) loading: Percent,
}

/// The two bases of a classification's rates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HourlyRates {
    pub(crate) minimum: Money,
    pub(crate) ordinary: Money,
}

pub(super) fn prices(version: &AwardVersion) -> Vec<RulePrice> {
    let loading = version.casual_loading;
    let rules = version.penalties.iter().chain(&version.overtime).map(|it| RulePrice {
        base: it.base,
        casual: it.casual,
        loading: it.casual_loading.unwrap_or(loading),
    });
    let missed = |it: &MissedBreak| RulePrice { base: it.base, casual: it.casual, loading };
    rules.chain(version.missed_breaks.iter().map(missed)).collect()
}

/// What a rule pays, in dollars: each step rounded half-up to the cent, as the Fair Work
/// Commission's published tables are.
pub(super) fn column(
    version: &AwardVersion,
    rule: &Rule,
    rates: HourlyRates,
    employment: Employment,
    position: u16,
) -> Result<Column, VersionError> {
    let loading = rule.casual_loading.unwrap_or(version.casual_loading);
    let price = RulePrice { base: rule.base, casual: rule.casual, loading };
    let percent = match rule.part_time {
        Some(percent) if employment == Employment::PartTime => percent,
        _ => rule.percent,
    };
    let mut column = column_of(price, percent, rates, employment, position)
        .map_err(|problem| check::in_rule(version, rule, "casual", problem))?;
    if let Some(flat) = &rule.flat {
        column.flat = check::flat(version, rule, flat)?;
        column.flat_per_started_hour = flat.per == FlatUnit::StartedHour;
        column.rate += column.flat;
    }
    Ok(column)
}

pub(super) fn column_of(
    price: RulePrice,
    mut percent: Percent,
    rates: HourlyRates,
    employment: Employment,
    rule: u16,
) -> Result<Column, VersionProblem> {
    if employment == Employment::Casual {
        match price.casual.ok_or(VersionProblem::CasualUnsaid)? {
            CasualRegime::Additive => percent = percent + price.loading,
            CasualRegime::OneMultiplier => {
                percent = percent
                    .of(Percent::WHOLE + price.loading)
                    .ok_or(VersionProblem::MultiplierInexact)?;
            }
            CasualRegime::Compounded | CasualRegime::Without => {}
            CasualRegime::Tabulated(stated) => percent = stated,
        }
    }
    let base = price.base_rate(rates, employment);
    let rate = base.percent(percent);
    Ok(Column { rule, flat_per_started_hour: false, percent, base, flat: Money::ZERO, rate })
}

impl RulePrice {
    /// The hourly rate that the rule's percentage is taken of.
    pub(crate) fn base_rate(self, rates: HourlyRates, employment: Employment) -> Money {
        let base = match self.base {
            Base::Minimum => rates.minimum,
            Base::OrdinaryAllPurpose => rates.ordinary,
        };
        match self.casual {
            Some(CasualRegime::Compounded) if employment == Employment::Casual => {
                base.percent(Percent::WHOLE + self.loading)
            }
            _ => base,
        }
    }
}

impl Column {
    /// What `minutes` at this rate come to: the rate is already rounded to the cent, and the line
    /// is rounded once more.
    #[inline]
    #[must_use]
    pub fn amount(&self, minutes: u32) -> Money {
        let minutes = i64::from(minutes);
        if self.flat_per_started_hour {
            let worked = half_up_div((self.rate - self.flat).cents() * minutes, 60);
            let hours_begun = (minutes + 59) / 60;
            return Money::from_cents(worked + self.flat.cents() * hours_begun);
        }
        Money::from_cents(half_up_div(self.rate.cents() * minutes, 60))
    }
}
