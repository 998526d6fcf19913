//! What makes a template or a charge unacceptable, and how it is said.

use values::{Date, Hours, Money, Percent};

use super::{
    Accounting, COSTS_COUNT_MAX, ChargeTemplate, GROSS_WAGES, Margin, NAME_BYTES_MAX,
    ORDINARY_TIME_EARNINGS, OnCost, PAY_COUNT_MAX, PAY_MAX,
};
use crate::rules::fine::FinePercent;

/// Why a template or a charge is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct ChargeError {
    /// The field, as a path from the template's root, or `pay`.
    pub field: String,
    /// What is wrong.
    pub problem: ChargeProblem,
}

/// What is wrong with a template or a charge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ChargeProblem {
    #[error("is empty")]
    Empty,
    #[error("is {bytes} bytes long, at most {NAME_BYTES_MAX} are allowed")]
    TooLong { bytes: usize },
    #[error("has {count}, at most {max} are allowed")]
    TooMany { count: usize, max: usize },
    #[error("is the name of an earlier cost or of a base")]
    NameTaken,
    #[error("names `{name}`, which is neither a base nor an earlier cost")]
    BaseUnknown { name: String },
    #[error("names `{name}`, which is no cost of this template")]
    CostUnknown { name: String },
    #[error("names `{name}`, a yearly amount, which an hour of overtime cannot carry")]
    CostYearly { name: String },
    #[error("needs exactly one of percent, statutory, per_hour and per_year")]
    Unclear,
    #[error("belongs to a share only")]
    PercentOnly,
    #[error("needs annual accounting")]
    AnnualOnly,
    #[error("is not a currency code of ISO 4217")]
    CurrencyUnknown,
    #[error("is negative")]
    Negative,
    #[error("is {percent} %, expected below 100.00 % of the price")]
    WholePrice { percent: Percent },
    #[error("is zero")]
    ZeroHours,
    #[error("is {to}, before effective_from {from}")]
    DatesBackwards { from: Date, to: Date },
    #[error("is {pay}, expected above 0.00 and at most {PAY_MAX}")]
    PayOutOfRange { pay: Money },
    #[error(
        "cannot be overtime under annual accounting: add `overtime` to the template, with the \
         costs that an overtime hour carries"
    )]
    OvertimeAnnual,
    #[error("names the table `{table}`, which is not published")]
    TableUnknown { table: String },
    #[error("has no rate in the table `{table}` for {what}; publish one")]
    RateUnknown { table: String, what: String },
    #[error("depends on the state of the work, which is not given")]
    StateNeeded,
    #[error("lead to a number too long to be exact")]
    Inexact,
}

pub(super) fn refuse(field: impl Into<String>, problem: ChargeProblem) -> ChargeError {
    ChargeError { field: field.into(), problem }
}

impl ChargeTemplate {
    /// Checks everything that does not depend on the pay, the day or the published tables.
    pub fn check(&self) -> Result<(), ChargeError> {
        name("code", &self.code)?;
        name("title", &self.title)?;
        if !self.currency.is_known() {
            return Err(refuse("currency", ChargeProblem::CurrencyUnknown));
        }
        count("costs", self.costs.len(), COSTS_COUNT_MAX)?;
        if let Accounting::Annual(year) = self.accounting {
            let fields = [("paid_hours", year.paid_hours), ("billable_hours", year.billable_hours)];
            for (field, hours) in fields {
                if hours == Hours::ZERO {
                    let field = format!("accounting.annual.{field}");
                    return Err(refuse(field, ChargeProblem::ZeroHours));
                }
            }
        }
        if let (Some(from), Some(to)) = (self.effective_from, self.effective_to)
            && to < from
        {
            return Err(refuse("effective_to", ChargeProblem::DatesBackwards { from, to }));
        }
        for (at, cost) in self.costs.iter().enumerate() {
            self.check_cost(at, cost)?;
        }
        check_margin("margin", &self.margin)?;
        self.check_overtime()?;
        self.check_pay()
    }

    fn check_cost(&self, at: usize, cost: &OnCost) -> Result<(), ChargeError> {
        let place = |field: &str| format!("costs[{at}].{field}");
        name(&place("name"), &cost.name)?;
        let known = |name: &str| {
            [ORDINARY_TIME_EARNINGS, GROSS_WAGES].contains(&name)
                || self.costs[..at].iter().any(|it| it.name == name)
        };
        if known(&cost.name) {
            return Err(refuse(place("name"), ChargeProblem::NameTaken));
        }
        let stated = [
            cost.percent.is_some(),
            cost.statutory.is_some(),
            cost.per_hour.is_some(),
            cost.per_year.is_some(),
        ];
        if stated.into_iter().filter(|it| *it).count() != 1 {
            return Err(refuse(format!("costs[{at}]"), ChargeProblem::Unclear));
        }
        let annual = self.accounting != Accounting::PerHour;
        let only_annual = [
            ("per_year", cost.per_year.is_some()),
            ("hours", cost.hours.is_some()),
            ("less_hours", cost.less_hours.is_some()),
        ];
        for (field, present) in only_annual {
            if present && !annual {
                return Err(refuse(place(field), ChargeProblem::AnnualOnly));
            }
        }
        let wages = cost.statutory.as_ref().and_then(|it| it.annual_wages);
        let amounts = [cost.per_hour, cost.per_year, cost.base_max, wages];
        if cost.percent.is_some_and(|it| it < FinePercent::ZERO)
            || amounts.into_iter().flatten().any(|it| it < Money::ZERO)
        {
            return Err(refuse(format!("costs[{at}]"), ChargeProblem::Negative));
        }
        if let Some(statutory) = &cost.statutory {
            name(&place("statutory.table"), &statutory.table)?;
        }
        if cost.percent.is_none() && cost.statutory.is_none() {
            let only_share = [
                ("of", !cost.of.is_empty()),
                ("hours", cost.hours.is_some()),
                ("less_hours", cost.less_hours.is_some()),
                ("base_max", cost.base_max.is_some()),
            ];
            for (field, present) in only_share {
                if present {
                    return Err(refuse(place(field), ChargeProblem::PercentOnly));
                }
            }
            return Ok(());
        }
        if cost.hours.is_none() && cost.of.is_empty() {
            return Err(refuse(place("of"), ChargeProblem::Empty));
        }
        count(&place("of"), cost.of.len(), COSTS_COUNT_MAX)?;
        for (position, base) in cost.of.iter().enumerate() {
            if !known(base) {
                let problem = ChargeProblem::BaseUnknown { name: base.clone() };
                return Err(refuse(format!("costs[{at}].of[{position}]"), problem));
            }
        }
        Ok(())
    }

    fn check_overtime(&self) -> Result<(), ChargeError> {
        let Some(overtime) = &self.overtime else { return Ok(()) };
        count("overtime.costs", overtime.costs.len(), COSTS_COUNT_MAX)?;
        for (at, named) in overtime.costs.iter().enumerate() {
            let field = format!("overtime.costs[{at}]");
            let name = named.clone();
            match self.costs.iter().find(|it| it.name == *named) {
                None => return Err(refuse(field, ChargeProblem::CostUnknown { name })),
                Some(cost) if cost.per_year.is_some() => {
                    return Err(refuse(field, ChargeProblem::CostYearly { name }));
                }
                Some(_) => {}
            }
        }
        overtime.margin.as_ref().map_or(Ok(()), |it| check_margin("overtime.margin", it))
    }

    fn check_pay(&self) -> Result<(), ChargeError> {
        count("pay", self.pay.len(), PAY_COUNT_MAX)?;
        for (at, pay) in self.pay.iter().enumerate() {
            for (field, text) in [("award", &pay.award), ("classification", &pay.classification)] {
                if text.is_empty() {
                    return Err(refuse(format!("pay[{at}].{field}"), ChargeProblem::Empty));
                }
            }
            if pay.hourly <= Money::ZERO || PAY_MAX < pay.hourly {
                let problem = ChargeProblem::PayOutOfRange { pay: pay.hourly };
                return Err(refuse(format!("pay[{at}].hourly"), problem));
            }
        }
        Ok(())
    }
}

fn check_margin(field: &str, margin: &Margin) -> Result<(), ChargeError> {
    let (share, amount) = match *margin {
        Margin::OnPrice(percent) if Percent::WHOLE <= percent => {
            let problem = ChargeProblem::WholePrice { percent };
            return Err(refuse(format!("{field}.on-price"), problem));
        }
        Margin::Markup(percent) | Margin::OnPrice(percent) | Margin::OfPay(percent) => {
            (percent, Money::ZERO)
        }
        Margin::PerHour(amount) => (Percent::ZERO, amount),
    };
    if share < Percent::ZERO || amount < Money::ZERO {
        return Err(refuse(field, ChargeProblem::Negative));
    }
    Ok(())
}

fn count(field: &str, count: usize, max: usize) -> Result<(), ChargeError> {
    if max < count {
        return Err(refuse(field, ChargeProblem::TooMany { count, max }));
    }
    Ok(())
}

fn name(field: &str, text: &str) -> Result<(), ChargeError> {
    if text.is_empty() {
        return Err(refuse(field, ChargeProblem::Empty));
    }
    if NAME_BYTES_MAX < text.len() {
        return Err(refuse(field, ChargeProblem::TooLong { bytes: text.len() }));
    }
    Ok(())
}
