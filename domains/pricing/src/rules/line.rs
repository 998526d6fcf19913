//! What is asked of one price, and what it comes to step by step.

use values::{Currency, Hours};

use super::decimal::{Decimal, Exact, Quantity, half_up, power};
use super::list::{Model, Price, limits};
use super::{day, percentage, units};

/// The most days in one line.
pub const DAYS_COUNT_MAX: usize = 366;
/// The most amounts in one line.
pub const AMOUNTS_COUNT_MAX: usize = 1_024;
/// The greatest amount of a line, either way, in minor units.
pub const LINE_MINOR_MAX: i64 = 1_000_000_000_000_000;

contract::message! {
    /// One line of a quote: a product, and `quantity`, `amounts` or `days` as its price asks for.
    pub struct AskedLine {
        /// The product.
        pub product: String,
        /// How many units.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub quantity: Option<Quantity>,
        /// Units charged before in the same period: the line is then what all come to, less what
        /// those came to.
        #[serde(default)]
        pub prior: Quantity,
        /// Amounts of money that a percentage is taken of, in the order they occurred; at most 1,024.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub amounts: Vec<Decimal>,
        /// Amounts before these in the same period.
        #[serde(default)]
        pub prior_events: u32,
        /// The sum of the amounts before these.
        #[serde(default)]
        pub prior_amount: Decimal,
        /// Days of a person; at most 366.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub days: Vec<Day>,
    }

    /// One day of a person: either `hours` or `cancelled_notice_hours`.
    #[derive(Copy)]
    pub struct Day {
        /// The hours on call, above zero, at most 24.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub hours: Option<Hours>,
        /// It was cancelled with this many whole hours' notice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cancelled_notice_hours: Option<u32>,
        /// A recall is paid the fee of a whole day however short it is.
        #[serde(default)]
        pub recall: bool,
    }

    /// What a step of a price is.
    #[serde(rename_all = "kebab-case")]
    pub enum StepKind {
        /// Units at one price.
        Units,
        /// Units of one tier, and its flat amount.
        Tier,
        /// Packages.
        Package,
        /// A fixed amount.
        Flat,
        /// Units or amounts of money that cost nothing.
        Free,
        /// Units added to reach the least that are priced.
        MinimumUnits,
        /// A share of amounts of money.
        Percentage,
        /// So much for each amount of money.
        EventFee,
        /// What amounts of money below their least were raised by.
        EventMinimum,
        /// What amounts of money above their most were lowered by.
        EventMaximum,
        /// Whole days.
        Day,
        /// Shorter days.
        PartDay,
        /// Recalls.
        Recall,
        /// Whole days at the price of a week.
        Week,
        /// Hours after the included ones.
        Overtime,
        /// Cancelled days.
        Cancellation,
        /// The price's fixed amount on top.
        Fee,
        /// What the line was raised by to its least.
        Minimum,
        /// What the line was lowered by to its most.
        Maximum,
        /// What rounding half-up to the minor unit changed.
        Rounding,
        /// What was charged before in the same period.
        Prior,
    }

    /// One step of a price. The amounts of all steps of a line come to its price.
    #[derive(Copy)]
    pub struct Step {
        /// What it is.
        pub kind: StepKind,
        /// Which tier, part day, overtime step or cancellation step, from 1 on; 0 where there is
        /// only one.
        pub tier: u32,
        /// What `price` is taken of: units, packages, days or hours, or money for a percentage.
        pub units: Quantity,
        /// For one unit; in percent where the step is a share.
        pub price: Decimal,
        /// What the step comes to.
        pub amount: Exact,
    }
}

impl Step {
    /// An amount without a count.
    pub(crate) const fn amount(kind: StepKind, amount: Exact) -> Self {
        Self { kind, tier: 0, units: Quantity::ZERO, price: Decimal::ZERO, amount }
    }
}

/// Why a price cannot answer a line; fields are named inside the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// The field, such as `quantity` or `days[2].hours`.
    pub field: String,
    /// What is wrong with it.
    pub problem: LineProblem,
}

/// What is wrong with a line. Reads after the name of its field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// Below zero.
    #[error("is {0}, below zero")]
    Negative(String),
    /// More digits after the point than the price allows.
    #[error("is {quantity}, {product} is sold with {places} digits after the point")]
    Fractional {
        /// What was asked.
        quantity: Quantity,
        /// Of what.
        product: String,
        /// How many digits it may have.
        places: u8,
    },
    /// Above a limit.
    #[error("is {0}, at most {1} is allowed")]
    TooMuch(String, String),
    /// Money with more digits after the point than its currency has.
    #[error("is {0}, more digits after the point than {1} has")]
    NotMinor(Decimal, Currency),
    /// The price's model needs it.
    #[error("is missing, a {0} price needs it")]
    Missing(&'static str),
    /// The price's model has no use for it.
    #[error("is not used by a {0} price")]
    Unused(&'static str),
    /// A day with neither hours nor notice, or with both.
    #[error("needs either hours or cancelled_notice_hours")]
    DayUnclear,
    /// No hours at all.
    #[error("is zero, expected up to 24 hours")]
    NoHours,
    /// Longer than any day that is offered.
    #[error("is {hours}, days of {product} end after {last}")]
    DayTooLong {
        /// What was asked.
        hours: Hours,
        /// Of what.
        product: String,
        /// The longest.
        last: Hours,
    },
    /// A list with too many parts.
    #[error("has {count}, at most {most} are allowed")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// The line comes to more money than can be told.
    #[error("comes to more than {LINE_MINOR_MAX} minor units")]
    AmountTooLarge,
}

pub(crate) fn refuse(field: impl Into<String>, problem: LineProblem) -> LineError {
    LineError { field: field.into(), problem }
}

impl Price {
    /// What `asked` costs in minor units of `currency`, before adjustments and tax. Appends the steps
    /// that it comes from; their amounts come to it exactly.
    #[inline]
    pub fn charge(
        &self,
        asked: &AskedLine,
        currency: Currency,
        steps: &mut Vec<Step>,
    ) -> Result<i64, LineError> {
        self.check_form(asked)?;
        match &self.model {
            Model::Percentage(share) => {
                let sum = percentage::price(share, asked, currency, steps)?;
                self.closed(sum, currency, steps)
            }
            Model::DayRate(rate) => {
                let sum = day::price(rate, asked, currency, steps)?;
                self.closed(sum, currency, steps)
            }
            _ => self.charge_units(asked, currency, steps),
        }
    }

    #[inline]
    fn charge_units(
        &self,
        asked: &AskedLine,
        currency: Currency,
        steps: &mut Vec<Step>,
    ) -> Result<i64, LineError> {
        let quantity = asked.quantity.unwrap_or_default();
        self.check_quantity("quantity", quantity)?;
        let prior = asked.prior;
        if prior == Quantity::ZERO {
            let sum = units::price(self, quantity, steps);
            return self.closed(sum, currency, steps);
        }
        self.check_quantity("prior", prior)?;
        let all = Quantity::from_units(prior.units() + quantity.units());
        self.check_quantity("quantity", all)?;
        // Both are rounded before one is taken off the other, so that the parts of a period always
        // come to what the whole does.
        let from = steps.len();
        let sum = units::price(self, prior, steps);
        let before = self.closed(sum, currency, steps)?;
        steps.truncate(from);
        let sum = units::price(self, all, steps);
        let whole = self.closed(sum, currency, steps)?;
        let mut step = Step::amount(StepKind::Prior, Exact::from_minor(-before, currency));
        step.units = prior;
        steps.push(step);
        Ok(whole - before)
    }

    /// Adds the fee, holds the sum between its least and its most and rounds it.
    #[inline]
    fn closed(
        &self,
        mut sum: Exact,
        currency: Currency,
        steps: &mut Vec<Step>,
    ) -> Result<i64, LineError> {
        let mut add = |sum: &mut Exact, kind: StepKind, amount: Exact| {
            *sum = sum.plus(amount);
            steps.push(Step::amount(kind, amount));
        };
        if self.fee != Decimal::ZERO {
            add(&mut sum, StepKind::Fee, self.fee.exact());
        }
        if let Some(least) = self.minimum.map(Decimal::exact).filter(|it| sum < *it) {
            let amount = least.minus(sum);
            add(&mut sum, StepKind::Minimum, amount);
        }
        if let Some(most) = self.maximum.map(Decimal::exact).filter(|it| *it < sum) {
            let amount = most.minus(sum);
            add(&mut sum, StepKind::Maximum, amount);
        }
        let minor = sum.minor(currency);
        let minor = i64::try_from(minor).ok().filter(|it| it.abs() <= LINE_MINOR_MAX);
        let Some(minor) = minor else {
            return Err(refuse(self.subject(), LineProblem::AmountTooLarge));
        };
        let rounded = Exact::from_minor(minor, currency);
        if rounded != sum {
            let amount = rounded.minus(sum);
            add(&mut sum, StepKind::Rounding, amount);
        }
        Ok(minor)
    }

    /// The field that the line's size comes from.
    const fn subject(&self) -> &'static str {
        match self.model {
            Model::Percentage(_) => "amounts",
            Model::DayRate(_) => "days",
            _ => "quantity",
        }
    }

    #[inline]
    fn check_form(&self, asked: &AskedLine) -> Result<(), LineError> {
        let model = self.model.name();
        let (units, amounts, days) = match self.model {
            Model::Percentage(_) => (false, true, false),
            Model::DayRate(_) => (false, false, true),
            _ => (true, false, false),
        };
        let unused = [
            ("quantity", asked.quantity.is_some() && !units),
            ("prior", asked.prior != Quantity::ZERO && !units),
            ("amounts", !asked.amounts.is_empty() && !amounts),
            ("prior_events", asked.prior_events != 0 && !amounts),
            ("prior_amount", asked.prior_amount != Decimal::ZERO && !amounts),
            ("days", !asked.days.is_empty() && !days),
        ];
        if let Some((field, _)) = unused.into_iter().find(|(_, is_unused)| *is_unused) {
            return Err(refuse(field, LineProblem::Unused(model)));
        }
        let missing = match self.model {
            // A flat price is the same for any quantity, and so for none.
            Model::Flat(_) => None,
            Model::Percentage(_) => asked.amounts.is_empty().then_some("amounts"),
            Model::DayRate(_) => asked.days.is_empty().then_some("days"),
            _ => asked.quantity.is_none().then_some("quantity"),
        };
        missing.map_or(Ok(()), |field| Err(refuse(field, LineProblem::Missing(model))))
    }

    #[inline]
    fn check_quantity(&self, field: &str, quantity: Quantity) -> Result<(), LineError> {
        if quantity < Quantity::ZERO {
            return Err(refuse(field, LineProblem::Negative(quantity.to_string())));
        }
        if limits::QUANTITY_MAX < quantity {
            let most = limits::QUANTITY_MAX.to_string();
            return Err(refuse(field, LineProblem::TooMuch(quantity.to_string(), most)));
        }
        if !quantity.has_places(self.places) {
            let (product, places) = (self.product.clone(), self.places);
            return Err(refuse(field, LineProblem::Fractional { quantity, product, places }));
        }
        Ok(())
    }
}

/// `percent` of `amount`, both in units of 10^-12, rounded half-up to the minor unit of `currency`.
pub(crate) fn share(amount: Decimal, percent: Decimal, currency: Currency) -> i128 {
    // At most 10^21 times 10^9: percentages have six digits after the point.
    let wide = amount.units() * (percent.units() / power(6));
    half_up(wide, power(12 - currency.exponent() + 6 + 2))
}
