//! Charging the lines of a priced quote, each at its own rate.

use contract::Denial;
use values::{Currency, Hours, Money};

use crate::Refusal;
use crate::rules::charge::{ChargeError, Charging, HourKind};
use crate::rules::paid::{PaidFor, PaidLine};

contract::message! {
    /// What one line of pay is charged.
    #[derive(Copy)]
    pub open struct LineCharge {
        /// Whether it is charged as overtime.
        pub hour: HourKind,
        /// What the client is charged an hour; none where no hours are charged.
        pub rate: Option<Money>,
        /// What the client is charged.
        pub charge: Money,
    }
}

/// Charges each of `lines`, which are paid in `currency`.
pub(crate) fn charges(
    charging: &Charging<'_>,
    currency: Currency,
    lines: &[PaidLine],
) -> Result<Vec<LineCharge>, Denial> {
    if charging.template.currency != currency {
        let one = charging.template.currency;
        let detail = format!("template is in {one}, but the award pays in {currency}");
        return Err(Refusal::CurrenciesDiffer.at("template").because(detail));
    }
    lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            charge(charging, line).map_err(|error| {
                let detail = format!("line {at} of the quote: {error}");
                Refusal::ChargeInvalid.at("template").because(detail)
            })
        })
        .collect()
}

fn charge(charging: &Charging<'_>, line: &PaidLine) -> Result<LineCharge, ChargeError> {
    let hour = if line.overtime { HourKind::Overtime } else { HourKind::Ordinary };
    // What is paid without or beside hours carries shares alone: its hours, if it has any, are
    // charged by the lines that pay them.
    if matches!(line.paid_for, PaidFor::Added | PaidFor::Allowance) {
        let charge = charging.line(line.amount, Hours::ZERO, hour)?;
        return Ok(LineCharge { hour, rate: None, charge });
    }
    let rate = charging.hour(line.rate, hour)?.rate;
    // A line whose pay is not its rate times its hours (a loading for each hour begun) is charged
    // from what it pays, so that nothing paid is left out.
    let charge = if line.rate.times_hours(line.hours) == line.amount {
        rate.times_hours(line.hours)
    } else {
        charging.line(line.amount, line.hours, hour)?
    };
    Ok(LineCharge { hour, rate: Some(rate), charge })
}
