//! What was paid against what was due, one pay period at a time.

use std::collections::BTreeMap;

use values::{Hours, Money};

use crate::rules::paid::PaidLine;

contract::message! {
    /// An amount that was paid.
    pub struct PaidEntitlement {
        /// The rule or allowance it was paid for, by the award's name.
        pub rule: String,
        /// The shift it was paid for; the whole period when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub shift: Option<u32>,
        /// How much.
        pub amount: Money,
    }

    /// One entitlement of a period: what was due and what was paid.
    pub open struct Entitlement {
        /// The rule or allowance.
        pub rule: String,
        /// The shift, when what was paid names it.
        pub shift: Option<u32>,
        /// Where the award says so; empty for what the award does not know.
        pub clause: String,
        /// The hours it is due for.
        pub hours: Hours,
        /// What was due.
        pub due: Money,
        /// What was paid.
        pub paid: Money,
        /// What is missing.
        pub shortfall: Money,
    }
}

/// One pay period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodCheck {
    /// Every entitlement, in order of rule and shift.
    pub entitlements: Vec<Entitlement>,
    /// The sum of what was due.
    pub due: Money,
    /// The sum of what was paid.
    pub paid: Money,
    /// What is missing: of each entitlement by itself, or of the period where amounts are set off
    /// within it.
    pub shortfall: Money,
}

/// Compares what was `paid` with the lines that were due. An entitlement is a rule; of a shift when
/// any payment for that rule names shifts, else of the period. What was paid beyond one entitlement
/// makes up for another of the same period only under `set_off`.
#[must_use]
pub fn compare(due: &[PaidLine], paid: &[PaidEntitlement], set_off: bool) -> PeriodCheck {
    let by_shift = |rule: &str| paid.iter().any(|it| it.rule == rule && it.shift.is_some());
    let mut found: BTreeMap<(String, Option<u32>), Entitlement> = BTreeMap::new();
    let entry = |rule: &str, shift: Option<u32>| {
        let shift = shift.filter(|_| by_shift(rule));
        let entitlement = Entitlement {
            rule: rule.to_owned(),
            shift,
            clause: String::new(),
            hours: Hours::ZERO,
            due: Money::ZERO,
            paid: Money::ZERO,
            shortfall: Money::ZERO,
        };
        ((rule.to_owned(), shift), entitlement)
    };
    for line in due {
        let (key, new) = entry(&line.rule, line.shift);
        let it = found.entry(key).or_insert(new);
        it.clause.clone_from(&line.clause);
        it.hours += line.hours;
        it.due += line.amount;
    }
    for payment in paid {
        let (key, new) = entry(&payment.rule, payment.shift);
        found.entry(key).or_insert(new).paid += payment.amount;
    }
    let mut entitlements: Vec<Entitlement> = found.into_values().collect();
    for it in &mut entitlements {
        it.shortfall = (it.due - it.paid).max(Money::ZERO);
    }
    let due: Money = entitlements.iter().map(|it| it.due).sum();
    let paid: Money = entitlements.iter().map(|it| it.paid).sum();
    let shortfall = if set_off {
        (due - paid).max(Money::ZERO)
    } else {
        entitlements.iter().map(|it| it.shortfall).sum()
    };
    PeriodCheck { entitlements, due, paid, shortfall }
}
