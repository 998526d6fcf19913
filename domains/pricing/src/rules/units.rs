//! Prices that follow from a quantity: units, packages, tiers.

use super::decimal::{Decimal, Exact, Quantity};
use super::line::{Step, StepKind};
use super::list::{Model, Package, PackageRounding, Price, Tier};

/// What `quantity` units cost in all, without a rounding: the least that is priced, less what is
/// free, through the model. Appends the steps.
#[inline]
pub(crate) fn price(price: &Price, quantity: Quantity, steps: &mut Vec<Step>) -> Exact {
    let mut units = quantity;
    if units < price.minimum_units {
        units = price.minimum_units;
        let mut step = Step::amount(StepKind::MinimumUnits, Exact::ZERO);
        step.units = units.less(quantity);
        steps.push(step);
    }
    if price.free_units != Quantity::ZERO {
        let charged = units.less(price.free_units);
        let mut step = Step::amount(StepKind::Free, Exact::ZERO);
        step.units = units.less(charged);
        steps.push(step);
        units = charged;
    }
    match &price.model {
        Model::PerUnit(unit_price) => {
            let amount = unit_price.times(units);
            steps.push(Step { kind: StepKind::Units, tier: 0, units, price: *unit_price, amount });
            amount
        }
        Model::Package(package) => packages(package, units, steps),
        Model::Graduated(tiers) => graduated(tiers, units, steps),
        Model::Volume(tiers) | Model::Stairstep(tiers) => reached(tiers, units, steps),
        Model::Flat(amount) => {
            let amount = amount.exact();
            steps.push(Step::amount(StepKind::Flat, amount));
            amount
        }
        Model::Percentage(_) | Model::DayRate(_) => {
            unreachable!("the caller prices these by amounts and days")
        }
    }
}

fn packages(package: &Package, units: Quantity, steps: &mut Vec<Step>) -> Exact {
    let size = package.size.units();
    let (full, rest) = (units.units() / size, units.units() % size);
    let begun = i64::from(package.rounding == PackageRounding::Up && 0 < rest);
    let (count, price) = (full + begun, package.price);
    // A package is at least a hundredth of a unit, so that the count and the product fit.
    let units = Quantity::whole(count);
    let amount = Exact::from_units(price.exact().units() * i128::from(count));
    steps.push(Step { kind: StepKind::Package, tier: 0, units, price, amount });
    amount
}

fn tier_step(at: usize, tier: &Tier, units: Quantity) -> Step {
    let amount = tier.unit_price.times(units).plus(tier.flat.exact());
    let tier_no = u32::try_from(at + 1).expect("a list has at most 64 tiers");
    Step { kind: StepKind::Tier, tier: tier_no, units, price: tier.unit_price, amount }
}

#[inline]
fn graduated(tiers: &[Tier], units: Quantity, steps: &mut Vec<Step>) -> Exact {
    let (mut sum, mut below) = (Exact::ZERO, Quantity::ZERO);
    for (at, tier) in tiers.iter().enumerate() {
        // The first tier is reached by no units at all.
        if 0 < at && units <= below {
            break;
        }
        let up_to = tier.up_to.map_or(units, |it| it.min(units));
        let step = tier_step(at, tier, up_to.less(below));
        sum = sum.plus(step.amount);
        steps.push(step);
        below = up_to.max(below);
        if tier.up_to.is_none_or(|it| units <= it) {
            break;
        }
    }
    sum
}

#[inline]
fn reached(tiers: &[Tier], units: Quantity, steps: &mut Vec<Step>) -> Exact {
    let at = tiers
        .iter()
        .position(|it| it.up_to.is_none_or(|up_to| units <= up_to))
        .expect("the last tier has no bound");
    let step = tier_step(at, &tiers[at], units);
    steps.push(step);
    step.amount
}

impl Price {
    /// Whether a greater quantity can never cost less: no amount is below zero, and the model has no
    /// cliff.
    #[must_use]
    pub fn is_monotone(&self) -> bool {
        let at_least_zero = |it: &Tier| Decimal::ZERO <= it.unit_price && Decimal::ZERO <= it.flat;
        match &self.model {
            Model::PerUnit(price) => Decimal::ZERO <= *price,
            Model::Package(package) => Decimal::ZERO <= package.price,
            Model::Graduated(tiers) => tiers.iter().all(at_least_zero),
            Model::Stairstep(tiers) => tiers.is_sorted_by_key(|it| it.flat),
            Model::Flat(_) => true,
            Model::Volume(_) | Model::Percentage(_) | Model::DayRate(_) => false,
        }
    }
}
