//! What days of a person cost: whole and part days, recalls, overtime, cancellations.
//!
//! A whole day is one longer than every part day. Whole days in groups of a week cost the week's
//! multiple; recalls, part days and cancelled days are outside it. Overtime of a day begins after
//! the included hours, is counted in begun units and falls into tiers by the hour of the day.

use values::{Currency, Hours};

use super::decimal::{Decimal, Exact, Quantity, half_up, power};
use super::line::{
    AskedLine, DAYS_COUNT_MAX, Day, LineError, LineProblem, Step, StepKind, refuse, share,
};
use super::list::{DayRate, OvertimeTier, limits};

const DAY_MINUTES: u32 = 24 * 60;

/// The days of a line by what they are.
struct Count {
    whole: i64,
    recalls: i64,
    part_days: [i64; limits::TIERS_COUNT_MAX],
    cancelled: [i64; limits::TIERS_COUNT_MAX],
    cancelled_free: i64,
    overtime_minutes: [i64; limits::TIERS_COUNT_MAX],
}

/// What the days of `asked` cost; each step is rounded to the minor unit. Appends the steps.
pub(crate) fn price(
    rate: &DayRate,
    asked: &AskedLine,
    currency: Currency,
    steps: &mut Vec<Step>,
) -> Result<Exact, LineError> {
    if DAYS_COUNT_MAX < asked.days.len() {
        let problem = LineProblem::TooMany { count: asked.days.len(), most: DAYS_COUNT_MAX };
        return Err(refuse("days", problem));
    }
    let mut count = Count {
        whole: 0,
        recalls: 0,
        part_days: [0; limits::TIERS_COUNT_MAX],
        cancelled: [0; limits::TIERS_COUNT_MAX],
        cancelled_free: 0,
        overtime_minutes: [0; limits::TIERS_COUNT_MAX],
    };
    for (at, day) in asked.days.iter().enumerate() {
        count.take(rate, asked, at, day)?;
    }
    let from = steps.len();
    count.put(rate, currency, steps);
    Ok(steps[from..].iter().fold(Exact::ZERO, |sum, it| sum.plus(it.amount)))
}

impl Count {
    fn take(
        &mut self,
        rate: &DayRate,
        asked: &AskedLine,
        at: usize,
        day: &Day,
    ) -> Result<(), LineError> {
        let hours = match (day.hours, day.cancelled_notice_hours) {
            (Some(hours), None) => hours,
            (None, Some(notice)) if !day.recall => {
                match rate.cancellation.iter().position(|it| notice < it.within_hours) {
                    Some(tier) => self.cancelled[tier] += 1,
                    None => self.cancelled_free += 1,
                }
                return Ok(());
            }
            _ => return Err(refuse(format!("days[{at}]"), LineProblem::DayUnclear)),
        };
        let field = || format!("days[{at}].hours");
        if hours == Hours::ZERO {
            return Err(refuse(field(), LineProblem::NoHours));
        }
        if DAY_MINUTES < hours.minutes() {
            let most = Hours::from_minutes(DAY_MINUTES).to_string();
            return Err(refuse(field(), LineProblem::TooMuch(hours.to_string(), most)));
        }
        if day.recall {
            self.recalls += 1;
        } else if let Some(tier) = rate.part_days.iter().position(|it| hours <= it.up_to) {
            self.part_days[tier] += 1;
        } else {
            self.whole += 1;
        }
        if hours <= rate.hours {
            return Ok(());
        }
        if rate.overtime.is_empty() {
            let (product, last) = (asked.product.clone(), rate.hours);
            return Err(refuse(field(), LineProblem::DayTooLong { hours, product, last }));
        }
        let unit = rate.overtime_unit_minutes;
        let over = (hours.minutes() - rate.hours.minutes()).div_ceil(unit) * unit;
        let end = rate.hours.minutes() + over;
        for (tier, it) in rate.overtime.iter().enumerate() {
            let until = rate.overtime.get(tier + 1).map_or(end, |it| it.after.minutes().min(end));
            self.overtime_minutes[tier] += i64::from(until.saturating_sub(it.after.minutes()));
        }
        Ok(())
    }

    fn put(&self, rate: &DayRate, currency: Currency, steps: &mut Vec<Step>) {
        let minor = |count: i64, one: i128| {
            let exact = one * i128::from(count) * power(18 - currency.exponent());
            Exact::from_units(exact)
        };
        let mut put = |kind: StepKind, tier: usize, count: i64, price: Decimal, amount: Exact| {
            if count != 0 {
                let tier = u32::try_from(tier).expect("a list has at most 64 tiers");
                steps.push(Step { kind, tier, units: Quantity::whole(count), price, amount });
            }
        };
        let day = rate.day.minor(currency);
        let mut whole = self.whole;
        if let Some(week) = rate.week {
            let weeks = whole / i64::from(week.days);
            whole %= i64::from(week.days);
            let one = share(rate.day, hundredfold(week.multiple), currency);
            let days = weeks * i64::from(week.days);
            put(StepKind::Week, 0, days, week.multiple, minor(weeks, one));
        }
        put(StepKind::Day, 0, whole, rate.day, minor(whole, day));
        for (at, it) in rate.part_days.iter().enumerate() {
            let one = share(rate.day, it.percent, currency);
            let count = self.part_days[at];
            put(StepKind::PartDay, at + 1, count, it.percent, minor(count, one));
        }
        put(StepKind::Recall, 0, self.recalls, rate.day, minor(self.recalls, day));
        for (at, it) in rate.cancellation.iter().enumerate() {
            let one = share(rate.day, it.percent, currency);
            let count = self.cancelled[at];
            put(StepKind::Cancellation, at + 1, count, it.percent, minor(count, one));
        }
        put(StepKind::Free, 0, self.cancelled_free, Decimal::ZERO, Exact::ZERO);
        for (at, it) in rate.overtime.iter().enumerate() {
            let minutes = self.overtime_minutes[at];
            if minutes == 0 {
                continue;
            }
            let amount = minor(1, rate.overtime_minor(it, minutes, currency));
            let units = half_up(i128::from(minutes) * power(6), 60);
            steps.push(Step {
                kind: StepKind::Overtime,
                tier: u32::try_from(at + 1).expect("a list has at most 64 tiers"),
                units: Quantity::from_units(i64::try_from(units).expect("366 days fit")),
                price: it.per_hour.or(it.percent).unwrap_or_default(),
                amount,
            });
        }
    }
}

impl DayRate {
    /// What minutes of overtime cost, in minor units, rounded half-up once.
    fn overtime_minor(&self, tier: &OvertimeTier, minutes: i64, currency: Currency) -> i128 {
        let minutes = i128::from(minutes);
        if let Some(per_hour) = tier.per_hour {
            let scale = power(12 - currency.exponent()) * 60;
            return half_up(per_hour.units() * minutes, scale);
        }
        let percent = tier.percent.unwrap_or_default().units() / power(6);
        let scale = power(20 - currency.exponent()) * i128::from(self.hours.minutes());
        half_up(self.day.units() * percent * minutes, scale)
    }
}

/// A factor as a percentage.
fn hundredfold(factor: Decimal) -> Decimal {
    Decimal::from_units(factor.units() * 100)
}
