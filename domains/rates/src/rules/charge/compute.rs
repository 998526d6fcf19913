//! The arithmetic of a charge: exact until the price.

use values::{Date, Hours, Money};

use super::check::refuse;
use super::{
    Accounting, ChargeError, ChargeProblem, ChargeTemplate, GROSS_WAGES, HourKind, Margin,
    ORDINARY_TIME_EARNINGS, OnCost, PAY_MAX, Rounding,
};
use crate::rules::calendar::State;
use crate::rules::ratio::Ratio;
use crate::rules::statutory::{Levy, StatutoryTable};

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

/// A template on a day and in a state: its statutory rates are found.
#[derive(Debug, Clone)]
pub struct Charging<'t> {
    /// The template.
    pub template: &'t ChargeTemplate,
    /// For each cost, in order: nothing when it is not charged in that state.
    costs: Vec<Option<Share>>,
}

/// What a cost takes of its base.
#[derive(Debug, Clone, Copy)]
struct Share {
    of_base: Ratio,
    /// The most of the base that counts, in a year.
    base_max_year: Option<Money>,
    /// The statutory entry it comes from.
    levy: Option<Levy>,
}

/// Over what one price is counted.
#[derive(Debug, Clone, Copy)]
struct Period {
    /// Hours paid.
    paid: Ratio,
    /// Hours charged for; everything is divided by them last.
    billable: Ratio,
    is_annual: bool,
}

impl ChargeTemplate {
    /// The template for work on `date` in `state`, with the rates that `tables` publish. The
    /// template is checked.
    pub fn on<'t, 's>(
        &'t self,
        date: Date,
        state: Option<State>,
        tables: impl Fn(&str) -> Option<&'s StatutoryTable>,
    ) -> Result<Charging<'t>, ChargeError> {
        let mut costs = Vec::with_capacity(self.costs.len());
        for (at, cost) in self.costs.iter().enumerate() {
            let applies = match (cost.states.is_empty(), state) {
                (true, _) => true,
                (false, Some(state)) => cost.states.contains(&state),
                (false, None) => {
                    return Err(refuse(format!("costs[{at}].states"), ChargeProblem::StateNeeded));
                }
            };
            let share = match (applies, &cost.statutory) {
                (false, _) => None,
                (true, None) => Some(Share {
                    of_base: cost.percent.map_or(Ratio::ZERO, Ratio::from),
                    base_max_year: None,
                    levy: None,
                }),
                (true, Some(statutory)) => {
                    let place = format!("costs[{at}].statutory");
                    let name = statutory.table.as_str();
                    let Some(table) = tables(name) else {
                        let table = name.to_owned();
                        return Err(refuse(place, ChargeProblem::TableUnknown { table }));
                    };
                    let class = statutory.class.as_deref();
                    let entry = table.find(date, state, class);
                    let levy = entry.and_then(|it| it.levy(statutory.annual_wages));
                    let levy = levy.ok_or_else(|| {
                        let class = class.map_or(String::new(), |it| format!("class `{it}`, "));
                        let place_of_work = state.map_or("no state", State::name);
                        let what = format!("{class}{place_of_work}, on {date}");
                        let table = name.to_owned();
                        refuse(place, ChargeProblem::RateUnknown { table, what })
                    })?;
                    let base_max_year = levy.base_max_year;
                    Some(Share { of_base: levy.share, base_max_year, levy: Some(levy) })
                }
            };
            costs.push(share);
        }
        Ok(Charging { template: self, costs })
    }
}

impl Charging<'_> {
    /// The statutory entry behind the cost at `position`, when it has one and is charged.
    #[must_use]
    pub fn levy(&self, position: usize) -> Option<Levy> {
        self.costs.get(position).copied().flatten().and_then(|it| it.levy)
    }

    /// The charge for an hour of `kind` that the worker is paid `pay` for.
    pub fn hour(&self, pay: Money, kind: HourKind) -> Result<ChargeRate, ChargeError> {
        if pay <= Money::ZERO || PAY_MAX < pay {
            return Err(refuse("pay", ChargeProblem::PayOutOfRange { pay }));
        }
        let period = self.period(kind)?;
        self.exact(pay.into(), kind, period).ok_or_else(|| refuse("costs", ChargeProblem::Inexact))
    }

    /// The charge for a line that pays `amount` for `hours`, rounded half-up to the cent once; what
    /// is fixed by the hour is charged for the hours, and not at all for a line without hours.
    pub fn line(&self, amount: Money, hours: Hours, kind: HourKind) -> Result<Money, ChargeError> {
        let inexact = || refuse("costs", ChargeProblem::Inexact);
        let period = self.period(kind)?;
        if hours == Hours::ZERO {
            let period = Period { paid: Ratio::ONE, billable: Ratio::ZERO, ..period };
            return self.lump(amount, kind, period).ok_or_else(inexact);
        }
        let hours = Ratio::from(hours);
        let price = || {
            let pay = Ratio::from(amount).over(hours)?;
            self.exact(pay, kind, period)?.exact.times(hours)?.to_money()
        };
        price().ok_or_else(inexact)
    }

    fn period(&self, kind: HourKind) -> Result<Period, ChargeError> {
        let hour = Period { paid: Ratio::ONE, billable: Ratio::ONE, is_annual: false };
        match self.template.accounting {
            Accounting::PerHour => Ok(hour),
            Accounting::Annual(_) if kind == HourKind::Overtime => match self.template.overtime {
                Some(_) => Ok(hour),
                None => Err(refuse("hour", ChargeProblem::OvertimeAnnual)),
            },
            Accounting::Annual(year) => Ok(Period {
                paid: year.paid_hours.into(),
                billable: year.billable_hours.into(),
                is_annual: true,
            }),
        }
    }

    /// A line without hours: shares of its amount alone.
    fn lump(&self, amount: Money, kind: HourKind, period: Period) -> Option<Money> {
        let wages = Ratio::from(amount);
        let amounts = self.amounts(wages, Ratio::ZERO, kind, period)?;
        let cost = amounts.iter().try_fold(wages, |sum, it| sum.plus(*it))?;
        let margin = self.margin(wages, cost, kind, Ratio::ZERO)?;
        cost.plus(margin)?.to_money()
    }

    fn exact(&self, hourly: Ratio, kind: HourKind, period: Period) -> Option<ChargeRate> {
        // Amounts are for the accounting period and divided by the billable hours last.
        let wages = hourly.times(period.paid)?;
        let amounts = self.amounts(wages, hourly, kind, period)?;
        let per_hour = |amount: Ratio| amount.over(period.billable);
        let costs = amounts.into_iter().map(per_hour).collect::<Option<Vec<_>>>()?;
        let pay = per_hour(wages)?;
        let cost = costs.iter().try_fold(pay, |sum, it| sum.plus(*it))?;
        let margin = self.margin(pay, cost, kind, Ratio::ONE)?;
        let exact = cost.plus(margin)?;
        Some(ChargeRate { pay, costs, cost, margin, exact, rate: exact.to_money()? })
    }

    /// The costs of one accounting period.
    fn amounts(
        &self,
        wages: Ratio,
        hourly: Ratio,
        kind: HourKind,
        period: Period,
    ) -> Option<Vec<Ratio>> {
        let mut amounts: Vec<Ratio> = Vec::with_capacity(self.costs.len());
        for (cost, share) in self.template.costs.iter().zip(&self.costs) {
            let amount = match (share, self.carries(cost, kind)) {
                (Some(share), true) => {
                    self.amount(cost, *share, wages, hourly, kind, period, &amounts)?
                }
                _ => Ratio::ZERO,
            };
            amounts.push(amount);
        }
        Some(amounts)
    }

    fn carries(&self, cost: &OnCost, kind: HourKind) -> bool {
        match &self.template.overtime {
            Some(overtime) if kind == HourKind::Overtime => overtime.costs.contains(&cost.name),
            _ => true,
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one cost in its period; a struct would hide it")]
    fn amount(
        &self,
        cost: &OnCost,
        share: Share,
        wages: Ratio,
        hourly: Ratio,
        kind: HourKind,
        period: Period,
        earlier: &[Ratio],
    ) -> Option<Ratio> {
        let amount = match (cost.per_hour, cost.per_year) {
            (Some(per_hour), _) => Ratio::from(per_hour).times(period.billable)?,
            (None, Some(per_year)) if period.billable != Ratio::ZERO => per_year.into(),
            (None, Some(_)) => Ratio::ZERO,
            (None, None) => {
                let base = self.base(cost, wages, hourly, kind, period, earlier)?;
                let max = share.base_max_year.filter(|_| period.is_annual);
                let base =
                    [max, cost.base_max].into_iter().flatten().try_fold(base, |base, max| {
                        let over = base.minus(max.into())?;
                        Some(if over.is_negative() { base } else { max.into() })
                    })?;
                base.times(share.of_base)?
            }
        };
        if self.template.rounding == Rounding::Exact {
            return Some(amount);
        }
        if period.billable == Ratio::ZERO {
            return amount.to_money().map(Ratio::from);
        }
        // Cents appear in the amount of one hour.
        Ratio::from(amount.over(period.billable)?.to_money()?).times(period.billable)
    }

    fn base(
        &self,
        cost: &OnCost,
        wages: Ratio,
        hourly: Ratio,
        kind: HourKind,
        period: Period,
        earlier: &[Ratio],
    ) -> Option<Ratio> {
        let mut base = Ratio::ZERO;
        for name in &cost.of {
            let part = match name.as_str() {
                GROSS_WAGES => wages,
                ORDINARY_TIME_EARNINGS if kind == HourKind::Ordinary => wages,
                ORDINARY_TIME_EARNINGS => Ratio::ZERO,
                name => earlier[self.template.costs.iter().position(|it| it.name == name)?],
            };
            base = base.plus(part)?;
        }
        if !period.is_annual {
            return Some(base);
        }
        if let Some(hours) = cost.hours {
            base = base.plus(hourly.times(hours.into())?)?;
        }
        if let Some(hours) = cost.less_hours {
            base = base.minus(hourly.times(hours.into())?)?;
        }
        Some(base)
    }

    /// The margin on `cost`, where what is fixed by the hour is for `hours`.
    fn margin(&self, pay: Ratio, cost: Ratio, kind: HourKind, hours: Ratio) -> Option<Ratio> {
        let overtime = self.template.overtime.as_ref().filter(|_| kind == HourKind::Overtime);
        let margin = overtime.and_then(|it| it.margin).unwrap_or(self.template.margin);
        let amount = match margin {
            Margin::Markup(percent) => cost.times(percent.into())?,
            Margin::OnPrice(percent) => {
                cost.over(Ratio::ONE.minus(percent.into())?)?.minus(cost)?
            }
            Margin::OfPay(percent) => pay.times(percent.into())?,
            Margin::PerHour(amount) => Ratio::from(amount).times(hours)?,
        };
        match self.template.rounding {
            Rounding::Exact => Some(amount),
            Rounding::Cent => amount.to_money().map(Ratio::from),
        }
    }
}
