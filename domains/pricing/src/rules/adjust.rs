//! Discounts and loadings: in the order of the list, each on what those before it left.
//!
//! A line at or below zero is left alone, so that no discount makes a credit.

use super::decimal::{Decimal, half_up, power};
use super::line::{AskedLine, LINE_MINOR_MAX, LineError, LineProblem, refuse};
use super::list::{Adjustment, AdjustmentKind, PriceList};

/// One adjustment of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Its place in the list.
    pub at: usize,
    /// What it changed the line by, in minor units: below zero for a discount.
    pub minor: i64,
    /// Whether its cap, or the line's amount, held it back.
    pub capped: bool,
}

impl PriceList {
    /// What a line of `minor` minor units comes to with the adjustments that apply, those on request
    /// when `requested` names them. Appends what each changed.
    pub fn adjust(
        &self,
        asked: &AskedLine,
        requested: &[String],
        mut minor: i64,
        taken: &mut Vec<Taken>,
    ) -> Result<i64, LineError> {
        for (at, it) in self.adjustments.iter().enumerate() {
            if minor <= 0 || !it.applies(asked, requested) {
                continue;
            }
            let whole = it.minor(minor, self.currency.exponent());
            // Without a cap a discount still ends at nothing, and a loading at the line's limit.
            let cap = it.cap.map(|cap| cap.minor(self.currency));
            let most = match it.kind {
                AdjustmentKind::Discount => Some(cap.unwrap_or(i128::MAX).min(minor.into())),
                AdjustmentKind::Loading => cap,
            };
            let held = most.map_or(whole, |most| whole.min(most));
            let change = if it.kind == AdjustmentKind::Discount { -held } else { held };
            let after = i64::try_from(i128::from(minor) + change).ok();
            let Some(after) = after.filter(|it| *it <= LINE_MINOR_MAX) else {
                return Err(refuse("product", LineProblem::AmountTooLarge));
            };
            taken.push(Taken { at, minor: after - minor, capped: held < whole });
            minor = after;
        }
        Ok(minor)
    }
}

impl Adjustment {
    fn applies(&self, asked: &AskedLine, requested: &[String]) -> bool {
        let at_least = |from| asked.quantity.is_some_and(|it| from <= it);
        (self.products.is_empty() || self.products.contains(&asked.product))
            && self.from_quantity.is_none_or(at_least)
            && (!self.on_request || requested.contains(&self.name))
    }

    /// What it comes to on a line of `minor` minor units, before its cap.
    fn minor(&self, minor: i64, exponent: u8) -> i128 {
        match (self.percent, self.amount) {
            (Some(percent), _) => percent_of(minor, percent),
            (None, Some(amount)) => amount.units() / power(12 - exponent),
            (None, None) => 0,
        }
    }
}

/// `percent` of `minor`, rounded half-up.
fn percent_of(minor: i64, percent: Decimal) -> i128 {
    // At most 10^15 times 10^9: percentages have six digits after the point.
    half_up(i128::from(minor) * (percent.units() / power(6)), power(8))
}
