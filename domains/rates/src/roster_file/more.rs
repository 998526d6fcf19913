//! The columns that a roster file may have beyond those that it must have.

use values::{Hours, Money};

use super::{listed, parsed};
use crate::queries::Quote;
use crate::rules::person::{Before, Claim, Duties, Person, Quantity};
use crate::rules::shift::Shift;

/// Takes a cell that is not empty into the quote of its row, or says what is wrong with it.
pub(super) type Take = fn(&mut Quote, &str) -> Result<(), String>;

/// Each column with how its cells are read. Those of the person, of what went before, and
/// `period_claims` are the same in all rows of a pay period.
pub(super) const MORE: [(&str, Take); 15] = [
    ("date_of_birth", |it, cell| parsed(cell).map(|cell| person(it).date_of_birth = Some(cell))),
    ("service_from", |it, cell| parsed(cell).map(|cell| person(it).service_from = Some(cell))),
    ("apprenticeship_from", |it, cell| {
        parsed(cell).map(|cell| person(it).apprenticeship_from = Some(cell))
    }),
    ("supported_wage", |it, cell| parsed(cell).map(|cell| person(it).supported_wage = Some(cell))),
    ("agreed_weekly", |it, cell| parsed(cell).map(|cell| person(it).agreed_weekly = Some(cell))),
    ("person_flags", |it, cell| {
        person(it).flags = listed(cell).map(str::to_owned).collect();
        Ok(())
    }),
    ("before_shift_end", |it, cell| parsed(cell).map(|cell| before(it).shift_end = Some(cell))),
    ("before_consecutive_days", |it, cell| {
        count(cell).map(|cell| before(it).consecutive_days = cell)
    }),
    ("before_averaging_weeks", |it, cell| {
        count(cell).map(|cell| before(it).averaging_weeks = cell)
    }),
    ("before_averaging_hours", |it, cell| {
        parsed(cell).map(|cell: Hours| before(it).averaging_hours = cell)
    }),
    ("period_claims", |it, cell| claims(it, None, cell)),
    ("flags", |it, cell| {
        shift(it).flags = listed(cell).map(str::to_owned).collect();
        Ok(())
    }),
    ("agreed", |it, cell| parsed(cell).map(|cell| shift(it).agreed = Some(cell))),
    ("duties", |it, cell| {
        for part in listed(cell) {
            let duty = duty(part)?;
            shift(it).duties.push(duty);
        }
        Ok(())
    }),
    ("claims", |it, cell| claims(it, Some(0), cell)),
];

fn person(quote: &mut Quote) -> &mut Person {
    quote.person.get_or_insert_default()
}

fn before(quote: &mut Quote) -> &mut Before {
    quote.before.get_or_insert_default()
}

/// The shift of a row.
fn shift(quote: &mut Quote) -> &mut Shift {
    quote.shifts.first_mut().expect("a row has a shift")
}

fn count(cell: &str) -> Result<u8, String> {
    cell.parse().map_err(|_| format!("`{cell}` is not a number from 0 to {}", u8::MAX))
}

/// `start/end/classification`.
fn duty(text: &str) -> Result<Duties, String> {
    let form = || format!("`{text}` is not of the form start/end/classification");
    let (start, rest) = text.split_once('/').ok_or_else(form)?;
    let (end, classification) = rest.split_once('/').ok_or_else(form)?;
    if classification.is_empty() {
        return Err(form());
    }
    let classification = classification.to_owned();
    Ok(Duties { start: parsed(start)?, end: parsed(end)?, classification })
}

/// `allowance` or `allowance:quantity`.
fn claims(quote: &mut Quote, shift: Option<u32>, cell: &str) -> Result<(), String> {
    for text in listed(cell) {
        let (allowance, quantity) = match text.split_once(':') {
            Some((allowance, quantity)) => (allowance, Some(quantity)),
            None => (text, None),
        };
        if allowance.is_empty() {
            return Err(format!("`{text}` is not of the form allowance or allowance:quantity"));
        }
        let quantity = quantity.map(parsed::<Money>).transpose()?;
        let quantity = quantity.map(|it| Quantity::from_hundredths(it.cents()));
        quote.claims.push(Claim { allowance: allowance.to_owned(), quantity, shift });
    }
    Ok(())
}
