//! Allowances: those that conditions grant, and those that are claimed.

use values::{Money, half_up_div};

use super::select::Seen;
use super::walk::{DAY_MINUTES, WEEK_DAYS};
use super::{AllowanceLine, Particulars, Priced, Terms, full};
use crate::rules::award::limits::ALLOWANCES_COUNT_MAX;
use crate::rules::award::{AllowanceUnit, Employment};
use crate::rules::compile::{Practice, PricedAllowance};
use crate::rules::paid::PaidFor;
use crate::rules::person::{CLAIMS_COUNT_MAX, Claim, Quantity};
use crate::rules::shift::{Field, QuoteError, QuoteProblem, Roster};

/// The all-purpose allowances claimed: a bit for each, by their position.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct AllPurpose(u128);

const _: () = assert!(ALLOWANCES_COUNT_MAX <= 128);

impl AllPurpose {
    /// Dollars a week and dollars an hour at a classification: not what it has for good anyway.
    pub(super) fn dollars(self, practice: &Practice, position: usize) -> (Money, Money) {
        let (mut weekly, mut hourly) = (Money::ZERO, Money::ZERO);
        for (at, it) in practice.allowances.iter().enumerate() {
            if self.0 & 1 << at == 0 || !it.positions.has(position) {
                continue;
            }
            if it.per == AllowanceUnit::Week {
                weekly += it.rate;
            } else {
                hourly += it.rate;
            }
        }
        (weekly, hourly)
    }
}

/// What one shift counts for allowances.
pub(super) struct Facts {
    pub(super) kind: usize,
    pub(super) position: usize,
    pub(super) worked: u32,
    pub(super) overtime: u32,
    pub(super) gap: i32,
    pub(super) week: i32,
}

/// One allowance counted through the pay period.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tally {
    day: i32,
    week: i32,
    minutes: u32,
    units: i64,
    weeks: i64,
    week_amount: Money,
    amount: Money,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            day: i32::MIN,
            week: i32::MIN,
            minutes: 0,
            units: 0,
            weeks: 0,
            week_amount: Money::ZERO,
            amount: Money::ZERO,
        }
    }
}

impl Tally {
    /// Counts one shift, on a day and in a week of the period.
    fn add(&mut self, it: &PricedAllowance, worked: u32, day: i32, week: i32) {
        let (is_new_day, is_new_week) = (day != self.day, week != self.week);
        (self.day, self.week) = (day, week);
        if is_new_week {
            self.week_amount = Money::ZERO;
            self.weeks += 1;
        }
        let times = |count: i64| Money::from_cents(it.rate.cents() * count);
        let (units, amount) = match it.per {
            AllowanceUnit::Hour => (0, it.rate.times_hours(values::Hours::from_minutes(worked))),
            AllowanceUnit::StartedHour => {
                let begun = i64::from(worked.div_ceil(60));
                (begun, times(begun))
            }
            AllowanceUnit::Shift | AllowanceUnit::Occasion => (1, it.rate),
            AllowanceUnit::Day => (i64::from(is_new_day), times(i64::from(is_new_day))),
            AllowanceUnit::Week => (i64::from(is_new_week), times(i64::from(is_new_week))),
            // Kilometres are never counted from shifts.
            AllowanceUnit::Km => (0, Money::ZERO),
        };
        let room = it.week_max.map_or(amount, |max| max - self.week_amount);
        let amount = amount.min(room);
        self.minutes += worked;
        self.units += units;
        self.week_amount += amount;
        self.amount += amount;
    }

    fn line(&self, it: &PricedAllowance, allowance: usize, shift: Option<u32>) -> AllowanceLine {
        let (hundredths, amount) = match (it.per, it.week_max) {
            // Rounded once, not shift by shift.
            (AllowanceUnit::Hour, None) => (
                half_up_div(i64::from(self.minutes) * 100, 60),
                it.rate.times_hours(values::Hours::from_minutes(self.minutes)),
            ),
            (AllowanceUnit::Hour, Some(_)) => {
                (half_up_div(i64::from(self.minutes) * 100, 60), self.amount)
            }
            _ => (self.units * 100, self.amount),
        };
        AllowanceLine {
            allowance: u16::try_from(allowance).expect("checked against the limit"),
            shift,
            quantity: Quantity::from_hundredths(hundredths),
            amount,
        }
    }
}

/// Empties the tallies.
pub(super) fn begin(practice: &Practice, tallies: &mut Vec<Tally>) {
    tallies.clear();
    tallies.resize(practice.automatic.len(), Tally::default());
}

/// Counts one shift for every allowance whose conditions hold.
pub(super) fn tally(
    practice: &Practice,
    employment: Employment,
    seen: &Seen,
    facts: &Facts,
    tallies: &mut [Tally],
) {
    for (at, tally) in practice.automatic.iter().zip(tallies) {
        let it = &practice.allowances[usize::from(*at)];
        let holds = it.filter.holds(employment, seen.day_bit, facts.kind, seen.flags)
            && it.positions.has(facts.position)
            && it.overtime_above.is_none_or(|above| above < facts.overtime)
            && it.hours_above.is_none_or(|above| above < facts.worked)
            && it.broken_above.is_none_or(|above| above < facts.gap);
        if holds {
            tally.add(it, facts.worked, seen.day(), facts.week);
        }
    }
}

/// Checks the claims and gives those that are part of the rate.
pub(super) fn all_purpose(
    terms: &Terms<'_>,
    practice: &Practice,
    claims: &[Claim],
) -> Result<AllPurpose, QuoteError> {
    if CLAIMS_COUNT_MAX < claims.len() {
        let problem = QuoteProblem::TooManyClaims { count: claims.len() };
        return Err(Field::Claims.refuse(problem));
    }
    let mut found = AllPurpose::default();
    for (at, claim) in claims.iter().enumerate() {
        let refuse = |field, problem| Err(Field::Claim { at, field }.refuse(problem));
        let Some((position, it)) = find(practice, claim) else {
            let code = claim.allowance.clone();
            return refuse("allowance", QuoteProblem::AllowanceUnknown(code));
        };
        if it.automatic {
            return refuse("allowance", QuoteProblem::AllowanceAutomatic);
        }
        if !it.filter.employs(terms.employment) || !it.positions.has(terms.position) {
            return refuse("allowance", QuoteProblem::AllowanceNotOffered);
        }
        if it.all_purpose {
            if claim.quantity.is_some() || claim.shift.is_some() {
                return refuse("quantity", QuoteProblem::AllPurposeCounted);
            }
            found.0 |= 1 << position;
            continue;
        }
        let needs_quantity = matches!(it.per, AllowanceUnit::Km | AllowanceUnit::Occasion);
        match claim.quantity {
            None if needs_quantity => return refuse("quantity", QuoteProblem::QuantityMissing),
            Some(quantity) if quantity.hundredths() < 0 || 10_000_000 < quantity.hundredths() => {
                return refuse("quantity", QuoteProblem::QuantityOutOfRange);
            }
            _ => {}
        }
    }
    Ok(found)
}

fn find<'p>(practice: &'p Practice, claim: &Claim) -> Option<(usize, &'p PricedAllowance)> {
    practice.allowances.iter().enumerate().find(|it| it.1.code == claim.allowance)
}

/// Adds the allowances to a priced roster: those granted, then those claimed.
pub(super) fn pay<R: Roster + ?Sized>(
    terms: &Terms<'_>,
    roster: &R,
    particulars: &Particulars<'_>,
    priced: &mut Priced,
) -> Result<(), QuoteError> {
    let practice: &Practice = terms.version.practice.as_deref().unwrap_or(&full::NO_PRACTICE);
    for (at, tally) in practice.automatic.iter().zip(&priced.tallies) {
        if Money::ZERO < tally.amount {
            let at = usize::from(*at);
            priced.allowances.push(tally.line(&practice.allowances[at], at, None));
        }
    }
    for (at, claim) in particulars.claims.iter().enumerate() {
        let Some((allowance, it)) = find(practice, claim).filter(|it| !it.1.all_purpose) else {
            continue;
        };
        if claim.shift.is_some_and(|it| roster.shifts_count() <= it as usize) {
            let problem = QuoteProblem::ShiftMissing { count: roster.shifts_count() };
            return Err(Field::Claim { at, field: "shift" }.refuse(problem));
        }
        let counted = count(terms, roster, claim, it, priced);
        let line = match claim.quantity {
            None => counted.line(it, allowance, claim.shift),
            Some(quantity) => {
                let cents = half_up_div(it.rate.cents() * quantity.hundredths(), 100);
                let amount = Money::from_cents(cents);
                let weeks = counted.weeks.max(1);
                let max = it.week_max.map(|max| Money::from_cents(max.cents() * weeks));
                AllowanceLine {
                    quantity,
                    amount: max.map_or(amount, |max| amount.min(max)),
                    ..counted.line(it, allowance, claim.shift)
                }
            }
        };
        priced.allowances.push(line);
    }
    priced.total += priced.allowances.iter().map(|it| it.amount).sum();
    Ok(())
}

/// Counts what was worked, in the shift that is claimed for or in all.
fn count<R: Roster + ?Sized>(
    terms: &Terms<'_>,
    roster: &R,
    claim: &Claim,
    it: &PricedAllowance,
    priced: &Priced,
) -> Tally {
    let mut tally = Tally::default();
    let mut lines = priced.lines.iter().peekable();
    while let Some(first) = lines.next() {
        let shift = first.shift;
        let worked = |line: &super::Line| match line.nature {
            PaidFor::Work => line.hours.minutes(),
            PaidFor::Minimum | PaidFor::Added | PaidFor::Allowance => 0,
        };
        let mut minutes = worked(first);
        while let Some(next) = lines.next_if(|it| it.shift == shift) {
            minutes += worked(next);
        }
        if claim.shift.is_none_or(|it| it == shift) {
            let start = roster.shift(shift as usize).0.local_time().minutes();
            let day = start.div_euclid(DAY_MINUTES);
            let week = (day - terms.pay_period_start.days()).div_euclid(WEEK_DAYS);
            tally.add(it, minutes, day, week);
        }
    }
    tally
}
