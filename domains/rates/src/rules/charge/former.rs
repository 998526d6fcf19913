//! The first version of a template's archive, as logs and stores of older boxes hold it.

use rkyv::{Archive, Deserialize, Serialize};
use values::{Currency, Hours, Money, Percent};

use super::{Accounting, ChargeTemplate, Margin, OnCost, Rounding};
use crate::rules::fine::FinePercent;

/// An on-cost of version 1.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct OnCostOne {
    /// Its name.
    pub name: String,
    /// A share of the sum of `of`.
    pub percent: Option<Percent>,
    /// Its base.
    pub of: Vec<String>,
    /// Annual: hours added to the base.
    pub hours: Option<Hours>,
    /// Annual: hours taken off the base.
    pub less_hours: Option<Hours>,
    /// A fixed amount an hour.
    pub per_hour: Option<Money>,
    /// A fixed amount a year.
    pub per_year: Option<Money>,
}

/// A template of version 1: no dates, no approval.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ChargeTemplateOne {
    /// Its name in requests.
    pub code: String,
    /// Its name for people.
    pub title: String,
    /// What its amounts are in.
    pub currency: Currency,
    /// Over what cost is counted.
    pub accounting: Accounting,
    /// The on-costs.
    pub costs: Vec<OnCostOne>,
    /// The margin.
    pub margin: Margin,
    /// Where cents appear.
    pub rounding: Rounding,
}

impl From<ChargeTemplateOne> for ChargeTemplate {
    fn from(it: ChargeTemplateOne) -> Self {
        let costs = it.costs.into_iter().map(|cost| OnCost {
            name: cost.name,
            percent: cost.percent.map(FinePercent::from),
            of: cost.of,
            hours: cost.hours,
            less_hours: cost.less_hours,
            per_hour: cost.per_hour,
            per_year: cost.per_year,
            ..OnCost::default()
        });
        Self {
            code: it.code,
            title: it.title,
            currency: it.currency,
            accounting: it.accounting,
            costs: costs.collect(),
            margin: it.margin,
            rounding: it.rounding,
            effective_from: None,
            effective_to: None,
            overtime: None,
            pay: Vec::new(),
        }
    }
}
