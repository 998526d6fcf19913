//! Charge rates: what a client pays for an hour, from what the worker is paid for it.
//!
//! A template is a list of on-costs, each with its own base, and a margin. Two bases of account:
//! per hour (a stack of percentages on the hourly pay), or annual (a year's cost spread over the
//! hours that can be billed). Statutory on-costs take their rate from the published tables, by the
//! date and the state of the work. All arithmetic is exact; where cents appear is the template's
//! choice.

mod check;
mod compute;
pub mod former;

use values::{Currency, Date, Hours, Money, Percent};

use super::award::Employment;
use super::calendar::State;
use super::fine::FinePercent;

pub use check::{ChargeError, ChargeProblem};
pub use compute::{ChargeRate, Charging};

/// The most on-costs in one template.
pub const COSTS_COUNT_MAX: usize = 16;
/// The most pay rates in one template.
pub const PAY_COUNT_MAX: usize = 64;
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

    /// A published statutory rate.
    pub struct Statutory {
        /// The table's code, such as `super-guarantee`.
        pub table: String,
        /// The class inside it, such as an industry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub class: Option<String>,
        /// All taxable wages of the employer in a year: a tax with a threshold then takes its
        /// effective share of them, else its headline rate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub annual_wages: Option<Money>,
    }

    /// One cost on top of pay: exactly one of `percent`, `statutory`, `per_hour` and `per_year`.
    #[derive(Default)]
    pub struct OnCost {
        /// Its name, by which later costs can have it in their base.
        pub name: String,
        /// A share of the sum of `of`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub percent: Option<FinePercent>,
        /// The share that a published table states for the day and the state of the work.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub statutory: Option<Statutory>,
        /// `ordinary-time-earnings`, `gross-wages`, or names of earlier costs.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub of: Vec<String>,
        /// Annual: the share is taken of the pay for these hours of a year only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub hours: Option<Hours>,
        /// Annual: the pay for these hours of a year is left out of the base.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub less_hours: Option<Hours>,
        /// The most of the base that counts, in an hour or, annual, in a year.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub base_max: Option<Money>,
        /// A fixed amount for each hour charged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub per_hour: Option<Money>,
        /// Annual: a fixed amount a year.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub per_year: Option<Money>,
        /// Only for work in these states; everywhere when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub states: Vec<State>,
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

    /// How overtime is charged where it is not charged like any other hour: only some costs, each
    /// of the hour's own pay, whatever the template's accounting.
    pub struct OvertimeTerms {
        /// The names of the costs that an overtime hour carries.
        pub costs: Vec<String>,
        /// The margin on overtime where it differs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub margin: Option<Margin>,
    }

    /// A pay rate that the template is meant for; it must not be below the award's.
    pub struct TemplatePay {
        /// The award's code.
        pub award: String,
        /// The pack's code of the classification, or `fwc:` and its `classification_fixed_id`.
        pub classification: String,
        /// How the person is engaged.
        pub employment: Employment,
        /// The award's rule that it pays; the lowest rate for ordinary hours when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub rule: Option<String>,
        /// Dollars an hour.
        pub hourly: Money,
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
        /// The first day of work it is for; any day when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub effective_from: Option<Date>,
        /// The last day of work it is for; until another version when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub effective_to: Option<Date>,
        /// How overtime is charged where it differs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub overtime: Option<OvertimeTerms>,
        /// The pay rates it is meant for, checked against the award.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub pay: Vec<TemplatePay>,
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

impl ChargeTemplate {
    /// Whether its dates cover `date`.
    #[must_use]
    pub fn covers(&self, date: Date) -> bool {
        self.effective_from.is_none_or(|it| it <= date)
            && self.effective_to.is_none_or(|it| date <= it)
    }
}
