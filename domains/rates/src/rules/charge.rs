//! Charge rates: what a client pays for an hour, from what the worker is paid for it.
//!
//! A template is a list of on-costs, each with its own base, and a margin. Two bases of account:
//! per hour (a stack of percentages on the hourly pay), or annual (a year's cost spread over the
//! hours that can be billed). All arithmetic is exact; where cents appear is the template's choice.

use values::{Currency, Hours, Money, Percent};

use super::ratio::Ratio;

/// The most on-costs in one template.
pub const COSTS_COUNT_MAX: usize = 16;
/// The longest name or code, in bytes.
pub const NAME_BYTES_MAX: usize = 40;
/// The highest hourly pay that can be charged from.
pub const PAY_MAX: Money = Money::from_cents(10_000_000);

/// The base named "ordinary-time-earnings": nothing of an overtime hour belongs to it.
const ORDINARY_TIME_EARNINGS: &str = "ordinary-time-earnings";
/// The base named "gross-wages": all pay.
const GROSS_WAGES: &str = "gross-wages";

contract::message! {
    /// Over what a template counts cost.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum Accounting {
        /// The hour that is worked.
        #[default]
        PerHour,
        /// A year: `paid_hours` are paid and `billable_hours` are charged for.
        Annual(YearHours),
    }

    /// The hours of a year.
    #[derive(Copy)]
    pub struct YearHours {
        /// Hours paid in a year, leave and holidays included.
        pub paid_hours: Hours,
        /// Hours of a year that a client pays for.
        pub billable_hours: Hours,
    }

    /// One cost on top of pay: exactly one of `percent`, `per_hour` and `per_year`.
    pub struct OnCost {
        /// Its name, by which later costs can have it in their base.
        pub name: String,
        /// A share of the sum of `of`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub percent: Option<Percent>,
        /// `ordinary-time-earnings`, `gross-wages`, or names of earlier costs.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub of: Vec<String>,
        /// Annual: the share is taken of the pay for these hours of a year only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub hours: Option<Hours>,
        /// Annual: the pay for these hours of a year is left out of the base.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub less_hours: Option<Hours>,
        /// A fixed amount for each hour charged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub per_hour: Option<Money>,
        /// Annual: a fixed amount a year.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub per_year: Option<Money>,
    }

    /// What the supplier keeps.
    #[serde(rename_all = "kebab-case")]
    pub enum Margin {
        /// A share of the cost, on top of it: price = cost x (1 + m).
        Markup(Percent),
        /// A share of the price: price = cost / (1 - m).
        OnPrice(Percent),
        /// A share of the pay alone: price = cost + pay x m.
        OfPay(Percent),
        /// A fixed amount for each hour charged.
        PerHour(Money),
    }

    /// Where cents appear.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum Rounding {
        /// Only the price is rounded.
        #[default]
        Exact,
        /// Each cost and the margin are rounded half-up to the cent as they arise.
        Cent,
    }

    /// How a charge rate is built.
    pub struct ChargeTemplate {
        /// Its name in requests.
        pub code: String,
        /// Its name for people.
        pub title: String,
        /// What its amounts are in.
        #[serde(default)]
        pub currency: Currency,
        /// Over what cost is counted.
        #[serde(default)]
        pub accounting: Accounting,
        /// The on-costs, in order.
        pub costs: Vec<OnCost>,
        /// The margin.
        pub margin: Margin,
        /// Where cents appear.
        #[serde(default)]
        pub rounding: Rounding,
    }

    /// What kind of hour is charged.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    #[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
    pub enum HourKind {
        /// Ordinary time, penalties included: its pay is ordinary time earnings.
        #[default]
        Ordinary,
        /// Overtime: its pay is gross wages only.
        Overtime,
    }
}

impl ArchivedHourKind {
    /// The native value.
    #[must_use]
    pub const fn to_native(&self) -> HourKind {
        match self {
            Self::Ordinary => HourKind::Ordinary,
            Self::Overtime => HourKind::Overtime,
        }
    }
}

/// A charge rate and how it came about; every amount is for one hour charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeRate {
    /// What the worker is paid (annual: for all paid hours, over the billable ones).
    pub pay: Ratio,
    /// The on-costs, in the template's order.
    pub costs: Vec<Ratio>,
    /// Pay and on-costs.
    pub cost: Ratio,
    /// The margin.
    pub margin: Ratio,
    /// Cost and margin.
    pub exact: Ratio,
    /// The price, rounded half-up to the cent.
    pub rate: Money,
}

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
    #[error("has {count}, at most {COSTS_COUNT_MAX} are allowed")]
    TooMany { count: usize },
    #[error("is the name of an earlier cost or of a base")]
    NameTaken,
    #[error("names `{name}`, which is neither a base nor an earlier cost")]
    BaseUnknown { name: String },
    #[error("needs exactly one of percent, per_hour and per_year")]
    Unclear,
    #[error("belongs to a percentage only")]
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
    #[error("is {pay}, expected above 0.00 and at most {PAY_MAX}")]
    PayOutOfRange { pay: Money },
    #[error("cannot be overtime under annual accounting")]
    OvertimeAnnual,
    #[error("lead to a number too long to be exact")]
    Inexact,
}

fn refuse(field: impl Into<String>, problem: ChargeProblem) -> ChargeError {
    ChargeError { field: field.into(), problem }
}

impl ChargeTemplate {
    /// Checks everything that does not depend on the pay.
    pub fn check(&self) -> Result<(), ChargeError> {
        name("code", &self.code)?;
        name("title", &self.title)?;
        if !self.currency.is_known() {
            return Err(refuse("currency", ChargeProblem::CurrencyUnknown));
        }
        if COSTS_COUNT_MAX < self.costs.len() {
            return Err(refuse("costs", ChargeProblem::TooMany { count: self.costs.len() }));
        }
        if let Accounting::Annual(year) = self.accounting {
            let fields = [("paid_hours", year.paid_hours), ("billable_hours", year.billable_hours)];
            for (field, hours) in fields {
                if hours == Hours::ZERO {
                    let field = format!("accounting.annual.{field}");
                    return Err(refuse(field, ChargeProblem::ZeroHours));
                }
            }
        }
        for (at, cost) in self.costs.iter().enumerate() {
            self.check_cost(at, cost)?;
        }
        let (share, amount) = match self.margin {
            Margin::OnPrice(percent) if Percent::WHOLE <= percent => {
                return Err(refuse("margin.on-price", ChargeProblem::WholePrice { percent }));
            }
            Margin::Markup(percent) | Margin::OnPrice(percent) | Margin::OfPay(percent) => {
                (percent, Money::ZERO)
            }
            Margin::PerHour(amount) => (Percent::ZERO, amount),
        };
        if share < Percent::ZERO || amount < Money::ZERO {
            return Err(refuse("margin", ChargeProblem::Negative));
        }
        Ok(())
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
        let stated = [cost.percent.is_some(), cost.per_hour.is_some(), cost.per_year.is_some()];
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
        if cost.percent.is_some_and(|it| it < Percent::ZERO)
            || [cost.per_hour, cost.per_year].into_iter().flatten().any(|it| it < Money::ZERO)
        {
            return Err(refuse(format!("costs[{at}]"), ChargeProblem::Negative));
        }
        if cost.percent.is_none() {
            let only_percent = [
                ("of", !cost.of.is_empty()),
                ("hours", cost.hours.is_some()),
                ("less_hours", cost.less_hours.is_some()),
            ];
            for (field, present) in only_percent {
                if present {
                    return Err(refuse(place(field), ChargeProblem::PercentOnly));
                }
            }
            return Ok(());
        }
        if cost.hours.is_none() && cost.of.is_empty() {
            return Err(refuse(place("of"), ChargeProblem::Empty));
        }
        if COSTS_COUNT_MAX < cost.of.len() {
            return Err(refuse(place("of"), ChargeProblem::TooMany { count: cost.of.len() }));
        }
        for (position, base) in cost.of.iter().enumerate() {
            if !known(base) {
                let problem = ChargeProblem::BaseUnknown { name: base.clone() };
                return Err(refuse(format!("costs[{at}].of[{position}]"), problem));
            }
        }
        Ok(())
    }

    /// The charge for an hour of `kind` that the worker is paid `pay` for. The template is
    /// checked.
    pub fn charge(&self, pay: Money, kind: HourKind) -> Result<ChargeRate, ChargeError> {
        if pay <= Money::ZERO || PAY_MAX < pay {
            return Err(refuse("pay", ChargeProblem::PayOutOfRange { pay }));
        }
        if kind == HourKind::Overtime && self.accounting != Accounting::PerHour {
            return Err(refuse("hour", ChargeProblem::OvertimeAnnual));
        }
        self.exact(pay, kind).ok_or_else(|| refuse("costs", ChargeProblem::Inexact))
    }

    fn exact(&self, pay: Money, kind: HourKind) -> Option<ChargeRate> {
        let hourly = Ratio::from(pay);
        let (paid, billable) = match self.accounting {
            Accounting::PerHour => (Ratio::ONE, Ratio::ONE),
            Accounting::Annual(year) => (year.paid_hours.into(), year.billable_hours.into()),
        };
        // Everything below is for the accounting period and divided by the billable hours last.
        let wages = hourly.times(paid)?;
        let mut amounts: Vec<Ratio> = Vec::with_capacity(self.costs.len());
        for cost in &self.costs {
            let amount = match (cost.percent, cost.per_hour, cost.per_year) {
                (Some(percent), _, _) => {
                    let base = self.base(cost, wages, hourly, kind, &amounts)?;
                    base.times(percent.into())?
                }
                (None, Some(per_hour), _) => Ratio::from(per_hour).times(billable)?,
                (None, None, per_year) => per_year?.into(),
            };
            amounts.push(self.rounded(amount.over(billable)?)?.times(billable)?);
        }
        let per_hour = |amount: Ratio| amount.over(billable);
        let costs = amounts.into_iter().map(per_hour).collect::<Option<Vec<_>>>()?;
        let pay = wages.over(billable)?;
        let cost = costs.iter().try_fold(pay, |sum, it| sum.plus(*it))?;
        let margin = match self.margin {
            Margin::Markup(percent) => cost.times(percent.into())?,
            Margin::OnPrice(percent) => {
                cost.over(Ratio::ONE.minus(percent.into())?)?.minus(cost)?
            }
            Margin::OfPay(percent) => pay.times(percent.into())?,
            Margin::PerHour(amount) => amount.into(),
        };
        let margin = self.rounded(margin)?;
        let exact = cost.plus(margin)?;
        Some(ChargeRate { pay, costs, cost, margin, exact, rate: exact.to_money()? })
    }

    fn base(
        &self,
        cost: &OnCost,
        wages: Ratio,
        hourly: Ratio,
        kind: HourKind,
        amounts: &[Ratio],
    ) -> Option<Ratio> {
        let mut base = Ratio::ZERO;
        for name in &cost.of {
            let part = match name.as_str() {
                GROSS_WAGES => wages,
                ORDINARY_TIME_EARNINGS if kind == HourKind::Ordinary => wages,
                ORDINARY_TIME_EARNINGS => Ratio::ZERO,
                name => amounts[self.costs.iter().position(|it| it.name == name)?],
            };
            base = base.plus(part)?;
        }
        if let Some(hours) = cost.hours {
            base = base.plus(hourly.times(hours.into())?)?;
        }
        if let Some(hours) = cost.less_hours {
            base = base.minus(hourly.times(hours.into())?)?;
        }
        Some(base)
    }

    fn rounded(&self, amount: Ratio) -> Option<Ratio> {
        match self.rounding {
            Rounding::Exact => Some(amount),
            Rounding::Cent => amount.to_money().map(Ratio::from),
        }
    }
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
