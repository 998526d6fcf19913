//! Whether a pay rate is at least the award's.

use values::{Date, Money};

use super::charge::TemplatePay;
use super::quote::Terms;
use super::shift::QuoteError;

/// A pay rate beside the award's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloorCheck {
    /// The award version compared with.
    pub operative_from: Date,
    /// The rule compared with.
    pub rule: String,
    /// Where the award says so.
    pub clause: String,
    /// What the award pays.
    pub minimum: Money,
    /// What is paid, less what the award pays.
    pub difference: Money,
}

impl FloorCheck {
    /// Whether the rate is at least the award's.
    #[must_use]
    pub fn is_compliant(&self) -> bool {
        Money::ZERO <= self.difference
    }
}

/// Why a pay rate cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FloorError {
    /// The award, the classification or the employment is not there.
    #[error(transparent)]
    Award(#[from] QuoteError),
    /// The award version pays no such rule.
    #[error("rule `{0}` is none that the award version pays such an employee")]
    RuleUnknown(String),
}

/// Compares `pay` with the terms of the award that it names: with the rule it names, or with the
/// lowest rate that their version pays such an employee for ordinary hours.
pub fn check(terms: &Terms<'_>, pay: &TemplatePay) -> Result<FloorCheck, FloorError> {
    let version = terms.version;
    let words = |rule: u16| &version.rules[usize::from(rule)];
    let column = version
        .rates(terms.position, pay.employment)
        .iter()
        .filter(|it| match &pay.rule {
            Some(rule) => words(it.rule).rule == *rule,
            None => !words(it.rule).is_overtime,
        })
        .min_by_key(|it| it.rate)
        .ok_or_else(|| {
            let asked = pay.rule.as_deref().unwrap_or("ordinary hours");
            FloorError::RuleUnknown(asked.to_owned())
        })?;
    let words = words(column.rule);
    Ok(FloorCheck {
        operative_from: version.operative_from,
        rule: words.rule.clone(),
        clause: words.clause.clone(),
        minimum: column.rate,
        difference: pay.hourly - column.rate,
    })
}
