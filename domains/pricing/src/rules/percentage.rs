//! Prices that are a share of amounts of money, such as transactions.

use values::Currency;

use super::decimal::{Decimal, Exact, Quantity, power};
use super::line::{AMOUNTS_COUNT_MAX, AskedLine, LineError, LineProblem, Step, StepKind, refuse};
use super::list::{Percentage, limits};

/// The greatest sum of amounts before the ones that are asked.
const PRIOR_AMOUNT_MAX: Decimal = Decimal::whole(1_000_000_000_000);

/// What the amounts of a line come to.
#[derive(Default)]
struct Tally {
    free: Decimal,
    charged: Decimal,
    charged_events: i64,
    share: Exact,
    raised: Exact,
    lowered: Exact,
}

/// What the amounts of `asked` cost, without a rounding. Appends the steps.
pub(crate) fn price(
    percentage: &Percentage,
    asked: &AskedLine,
    currency: Currency,
    steps: &mut Vec<Step>,
) -> Result<Exact, LineError> {
    if AMOUNTS_COUNT_MAX < asked.amounts.len() {
        let problem = LineProblem::TooMany { count: asked.amounts.len(), most: AMOUNTS_COUNT_MAX };
        return Err(refuse("amounts", problem));
    }
    check(|| "prior_amount".to_owned(), asked.prior_amount, PRIOR_AMOUNT_MAX, currency)?;
    let mut tally = Tally::default();
    let (mut events, mut sum) = (u64::from(asked.prior_events), asked.prior_amount);
    for (at, amount) in asked.amounts.iter().enumerate() {
        check(|| format!("amounts[{at}]"), *amount, limits::AMOUNT_MAX, currency)?;
        events += 1;
        let free = percentage.free_part(events, sum, *amount);
        sum = plus(sum, *amount);
        match free {
            Some(free) if free == *amount => tally.free = plus(tally.free, free),
            free => {
                let free = free.unwrap_or_default();
                let charged = Decimal::from_units(amount.units() - free.units());
                tally.free = plus(tally.free, free);
                tally.take(percentage, charged);
            }
        }
    }
    Ok(tally.close(percentage, steps))
}

impl Percentage {
    /// How much of the `event`th amount is free when those before it came to `sum`; `None` when
    /// nothing is free any more.
    fn free_part(&self, event: u64, sum: Decimal, amount: Decimal) -> Option<Decimal> {
        if self.free_events.is_none() && self.free_amount.is_none() {
            return None;
        }
        if self.free_events.is_some_and(|most| u64::from(most) < event) {
            return None;
        }
        let Some(most) = self.free_amount else { return Some(amount) };
        let rest = Decimal::from_units(most.units() - sum.units());
        (Decimal::ZERO < rest).then(|| amount.min(rest))
    }
}

impl Tally {
    fn take(&mut self, percentage: &Percentage, charged: Decimal) {
        let share = share(charged, percentage.percent);
        let cost = share.plus(percentage.event_fee.exact());
        let held = percentage.event_minimum.map_or(cost, |it| cost.max(it.exact()));
        self.raised = self.raised.plus(held.minus(cost));
        let capped = percentage.event_maximum.map_or(held, |it| held.min(it.exact()));
        self.lowered = self.lowered.plus(capped.minus(held));
        self.charged = plus(self.charged, charged);
        self.charged_events += 1;
        self.share = self.share.plus(share);
    }

    fn close(self, percentage: &Percentage, steps: &mut Vec<Step>) -> Exact {
        let Self { free, charged, charged_events, share, raised, lowered } = self;
        if free != Decimal::ZERO {
            let mut step = Step::amount(StepKind::Free, Exact::ZERO);
            step.units = as_quantity(free);
            steps.push(step);
        }
        let units = as_quantity(charged);
        let price = percentage.percent;
        steps.push(Step { kind: StepKind::Percentage, tier: 0, units, price, amount: share });
        let mut sum = share;
        if percentage.event_fee != Decimal::ZERO {
            let (units, price) = (Quantity::whole(charged_events), percentage.event_fee);
            let amount = price.times(units);
            steps.push(Step { kind: StepKind::EventFee, tier: 0, units, price, amount });
            sum = sum.plus(amount);
        }
        for (kind, amount) in [(StepKind::EventMinimum, raised), (StepKind::EventMaximum, lowered)]
        {
            if amount != Exact::ZERO {
                steps.push(Step::amount(kind, amount));
                sum = sum.plus(amount);
            }
        }
        sum
    }
}

fn check(
    field: impl Fn() -> String,
    amount: Decimal,
    most: Decimal,
    currency: Currency,
) -> Result<(), LineError> {
    if amount < Decimal::ZERO {
        return Err(refuse(field(), LineProblem::Negative(amount.to_string())));
    }
    if most < amount {
        return Err(refuse(field(), LineProblem::TooMuch(amount.to_string(), most.to_string())));
    }
    if !amount.has_places(currency.exponent()) {
        return Err(refuse(field(), LineProblem::NotMinor(amount, currency)));
    }
    Ok(())
}

/// `percent` of `amount`. Exact: an amount has at most four digits after the point, a percentage six.
fn share(amount: Decimal, percent: Decimal) -> Exact {
    // 10^-12 times 10^-6 is the unit of an exact amount; the hundred of the percentage divides the
    // amount, which is a multiple of 10^8 units.
    Exact::from_units(amount.units() / 100 * (percent.units() / power(6)))
}

fn plus(a: Decimal, b: Decimal) -> Decimal {
    Decimal::from_units(a.units() + b.units())
}

/// Money as the count that a step shows; money has at most four digits after the point.
fn as_quantity(amount: Decimal) -> Quantity {
    let units = i64::try_from(amount.units() / power(6));
    Quantity::from_units(units.expect("1,024 amounts of at most 10^9 fit"))
}
