//! What a price list must be before it is published: every field in range, tiers without a gap or an
//! overlap, nothing that its model has no use for.

use values::Hours;

use super::decimal::{Decimal, Quantity};
use super::list::{
    Adjustment, DayRate, Model, Package, Percentage, Price, PriceList, Tier, limits,
};
use super::tax::name_problem;

/// Why a list cannot be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct ListError {
    /// The field inside the list, such as `prices[2].model.graduated[1].up_to`.
    pub field: String,
    /// What is wrong with it.
    pub problem: ListProblem,
}

/// What is wrong with a field. Reads after its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListProblem {
    /// A tier begins inside the one before it.
    #[error("is {from}, the tier before goes up to {before}: they overlap")]
    TiersOverlap {
        /// Where it begins.
        from: Quantity,
        /// Where the one before ends.
        before: Quantity,
    },
    /// A tier leaves quantities without a price.
    #[error("is {from}, expected {expected}: quantities between have no price")]
    TiersGap {
        /// Where it begins.
        from: Quantity,
        /// Where it has to.
        expected: Quantity,
    },
    /// Bounds that do not rise.
    #[error("is {bound}, expected more than {before}")]
    Unsorted {
        /// The bound.
        bound: String,
        /// The one before.
        before: String,
    },
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

type Checked = Result<(), ListError>;

fn refuse(field: impl Into<String>, problem: ListProblem) -> ListError {
    ListError { field: field.into(), problem }
}

fn other(field: impl Into<String>, problem: impl Into<String>) -> ListError {
    refuse(field, ListProblem::Other(problem.into()))
}

impl PriceList {
    /// Checks everything but whether its tax table is published.
    pub fn check(&self) -> Checked {
        name("code", &self.code, limits::CODE_BYTES_MAX)?;
        if limits::NAME_BYTES_MAX < self.title.len() {
            let problem = format!("is longer than {} bytes", limits::NAME_BYTES_MAX);
            return Err(other("title", problem));
        }
        if !self.currency.is_known() {
            return Err(other("currency", "is not a currency code of ISO 4217"));
        }
        if let (Some(from), Some(until)) = (self.valid_from, self.valid_until)
            && until < from
        {
            return Err(other("valid_until", format!("is {until}, before valid_from {from}")));
        }
        for (field, it) in [
            ("customer", &self.customer),
            ("group", &self.group),
            ("channel", &self.channel),
            ("country", &self.country),
        ] {
            if let Some(it) = it {
                name(field, it, limits::NAME_BYTES_MAX)?;
            }
        }
        if limits::PRIORITY_MAX.unsigned_abs() < self.priority.unsigned_abs() {
            let most = limits::PRIORITY_MAX;
            let problem = format!("is {}, expected -{most} to {most}", self.priority);
            return Err(other("priority", problem));
        }
        if let Some(tax) = &self.tax {
            name("tax.table", &tax.table, limits::CODE_BYTES_MAX)?;
        }
        self.check_prices()?;
        self.check_adjustments()
    }

    fn check_prices(&self) -> Checked {
        count("prices", self.prices.len(), 1, limits::PRICES_COUNT_MAX)?;
        let mut products: Vec<(&str, usize)> = Vec::with_capacity(self.prices.len());
        for (at, price) in self.prices.iter().enumerate() {
            let field = format!("prices[{at}]");
            price.check(&field, self)?;
            products.push((&price.product, at));
        }
        products.sort_unstable();
        for pair in products.windows(2) {
            if pair[0].0 == pair[1].0 {
                let (product, first) = pair[0];
                let problem = format!("is {product}, which prices[{first}] is for already");
                return Err(other(format!("prices[{}].product", pair[1].1), problem));
            }
        }
        Ok(())
    }

    fn check_adjustments(&self) -> Checked {
        count("adjustments", self.adjustments.len(), 0, limits::ADJUSTMENTS_COUNT_MAX)?;
        for (at, it) in self.adjustments.iter().enumerate() {
            let field = format!("adjustments[{at}]");
            if self.adjustments[..at].iter().any(|earlier| earlier.name == it.name) {
                let problem = format!("is {}, another adjustment has that name", it.name);
                return Err(other(format!("{field}.name"), problem));
            }
            it.check(&field, self)?;
        }
        Ok(())
    }
}

impl Adjustment {
    fn check(&self, field: &str, list: &PriceList) -> Checked {
        name(&format!("{field}.name"), &self.name, limits::NAME_BYTES_MAX)?;
        match (self.percent, self.amount) {
            (Some(percent), None) => {
                check_percent(&format!("{field}.percent"), percent, Decimal::ZERO)?;
            }
            (None, Some(amount)) => minor(&format!("{field}.amount"), amount, list)?,
            _ => return Err(other(field, "needs either percent or amount")),
        }
        if let Some(cap) = self.cap {
            minor(&format!("{field}.cap"), cap, list)?;
        }
        count(&format!("{field}.products"), self.products.len(), 0, limits::PRODUCTS_COUNT_MAX)?;
        for (at, product) in self.products.iter().enumerate() {
            if !list.prices.iter().any(|it| it.product == *product) {
                let problem = format!("is {product}, the list has no price of it");
                return Err(other(format!("{field}.products[{at}]"), problem));
            }
        }
        self.from_quantity.map_or(Ok(()), |it| quantity(&format!("{field}.from_quantity"), it, 6))
    }
}

impl Price {
    fn check(&self, field: &str, list: &PriceList) -> Checked {
        let inner = |name: &str| format!("{field}.{name}");
        name(&inner("product"), &self.product, limits::NAME_BYTES_MAX)?;
        if 6 < self.places {
            return Err(other(inner("places"), format!("is {}, expected 0 to 6", self.places)));
        }
        quantity(&inner("free_units"), self.free_units, self.places)?;
        quantity(&inner("minimum_units"), self.minimum_units, self.places)?;
        let model = self.model.name();
        if !self.model.counts_units() {
            for (name, is_set) in [
                ("places", self.places != 0),
                ("free_units", self.free_units != Quantity::ZERO),
                ("minimum_units", self.minimum_units != Quantity::ZERO),
            ] {
                if is_set {
                    let problem = format!("is not used by a {model} price");
                    return Err(other(inner(name), problem));
                }
            }
        }
        amount(&inner("fee"), self.fee)?;
        for (name, it) in [("minimum", self.minimum), ("maximum", self.maximum)] {
            it.map_or(Ok(()), |it| amount(&inner(name), it))?;
        }
        if let (Some(least), Some(most)) = (self.minimum, self.maximum)
            && most < least
        {
            let problem = format!("is {most}, below the minimum of {least}");
            return Err(other(inner("maximum"), problem));
        }
        match (&list.tax, &self.tax) {
            (Some(_), Some(category)) => {
                name(&inner("tax"), category, limits::NAME_BYTES_MAX)?;
            }
            (Some(tax), None) => {
                let problem = format!("is missing, the list is taxed by {}", tax.table);
                return Err(other(inner("tax"), problem));
            }
            (None, Some(_)) => {
                return Err(other(inner("tax"), "is set, but the list is not taxed"));
            }
            (None, None) => {}
        }
        let field = format!("{field}.model.{model}");
        match &self.model {
            Model::PerUnit(price) | Model::Flat(price) => amount(&field, *price),
            Model::Package(package) => package.check(&field, self.places),
            Model::Graduated(list) | Model::Volume(list) => tiers(&field, list, self.places),
            Model::Stairstep(list) => {
                if let Some(at) = list.iter().position(|it| it.unit_price != Decimal::ZERO) {
                    let problem = "is not used by a stairstep price";
                    return Err(other(format!("{field}[{at}].unit_price"), problem));
                }
                tiers(&field, list, self.places)
            }
            Model::Percentage(percentage) => percentage.check(&field, list),
            Model::DayRate(rate) => rate.check(&field),
        }
    }
}

impl Package {
    fn check(&self, field: &str, places: u8) -> Checked {
        let size = format!("{field}.size");
        quantity(&size, self.size, places)?;
        if self.size < limits::PACKAGE_SIZE_MIN {
            let problem =
                format!("is {}, expected at least {}", self.size, limits::PACKAGE_SIZE_MIN);
            return Err(other(size, problem));
        }
        amount(&format!("{field}.price"), self.price)
    }
}

/// Tiers join without a gap or an overlap and the last has no end.
fn tiers(field: &str, tiers: &[Tier], places: u8) -> Checked {
    count(field, tiers.len(), 1, limits::TIERS_COUNT_MAX)?;
    let step = Quantity::step(places);
    let mut before: Option<Quantity> = None;
    for (at, tier) in tiers.iter().enumerate() {
        let inner = |name: &str| format!("{field}[{at}].{name}");
        if let Some(from) = tier.from {
            quantity(&inner("from"), from, places)?;
            let below = before.unwrap_or_default();
            let expected = Quantity::from_units(below.units() + step.units());
            // The first tier may say that it begins at zero: it does.
            let is_start = before.is_none() && from == Quantity::ZERO;
            if expected < from {
                return Err(refuse(inner("from"), ListProblem::TiersGap { from, expected }));
            }
            if from < expected && !is_start {
                let problem = ListProblem::TiersOverlap { from, before: below };
                return Err(refuse(inner("from"), problem));
            }
        }
        let is_last = at + 1 == tiers.len();
        match tier.up_to {
            Some(_) if is_last => {
                return Err(other(inner("up_to"), "is set, but the last tier has no bound"));
            }
            None if !is_last => {
                return Err(other(inner("up_to"), "is missing, only the last tier has no bound"));
            }
            Some(up_to) => {
                quantity(&inner("up_to"), up_to, places)?;
                let below = before.unwrap_or_default();
                if up_to <= below {
                    let (bound, before) = (up_to.to_string(), below.to_string());
                    return Err(refuse(inner("up_to"), ListProblem::Unsorted { bound, before }));
                }
                before = Some(up_to);
            }
            None => {}
        }
        amount(&inner("unit_price"), tier.unit_price)?;
        amount(&inner("flat"), tier.flat)?;
    }
    Ok(())
}

impl Percentage {
    fn check(&self, field: &str, list: &PriceList) -> Checked {
        let inner = |name: &str| format!("{field}.{name}");
        check_percent(&inner("percent"), self.percent, -limits::PERCENT_MAX)?;
        amount(&inner("event_fee"), self.event_fee)?;
        if let Some(free) = self.free_amount {
            minor(&inner("free_amount"), free, list)?;
        }
        for (name, it) in
            [("event_minimum", self.event_minimum), ("event_maximum", self.event_maximum)]
        {
            it.map_or(Ok(()), |it| amount(&inner(name), it))?;
        }
        if let (Some(least), Some(most)) = (self.event_minimum, self.event_maximum)
            && most < least
        {
            let problem = format!("is {most}, below event_minimum {least}");
            return Err(other(inner("event_maximum"), problem));
        }
        Ok(())
    }
}

/// The longest day, in minutes.
const DAY_MINUTES: u32 = 24 * 60;
/// The longest notice that can matter: a year of hours.
const NOTICE_HOURS_MAX: u32 = 366 * 24;

impl DayRate {
    fn check(&self, field: &str) -> Checked {
        let inner = |name: &str| format!("{field}.{name}");
        amount(&inner("day"), self.day)?;
        if self.hours == Hours::ZERO || DAY_MINUTES < self.hours.minutes() {
            let problem = format!("is {}, expected more than 0 up to 24.00", self.hours);
            return Err(other(inner("hours"), problem));
        }
        self.check_part_days(&inner("part_days"))?;
        self.check_overtime(&inner("overtime"))?;
        if self.overtime_unit_minutes == 0 || 60 < self.overtime_unit_minutes {
            let problem = format!("is {}, expected 1 to 60", self.overtime_unit_minutes);
            return Err(other(inner("overtime_unit_minutes"), problem));
        }
        if let Some(week) = self.week {
            if !(2..=31).contains(&week.days) {
                let problem = format!("is {}, expected 2 to 31", week.days);
                return Err(other(inner("week.days"), problem));
            }
            let most = Decimal::whole(31);
            let in_range = Decimal::ZERO <= week.multiple && week.multiple <= most;
            if !in_range || !week.multiple.has_places(4) {
                let problem = format!(
                    "is {}, expected 0 to {most} with at most 4 digits after the point",
                    week.multiple
                );
                return Err(other(inner("week.multiple"), problem));
            }
        }
        self.check_cancellation(&inner("cancellation"))
    }

    fn check_part_days(&self, field: &str) -> Checked {
        count(field, self.part_days.len(), 0, limits::TIERS_COUNT_MAX)?;
        let mut before = Hours::ZERO;
        for (at, it) in self.part_days.iter().enumerate() {
            let up_to = format!("{field}[{at}].up_to");
            rising(&up_to, it.up_to, before)?;
            if self.hours <= it.up_to {
                let problem = format!("is {}, a whole day has {}", it.up_to, self.hours);
                return Err(other(up_to, problem));
            }
            check_percent(&format!("{field}[{at}].percent"), it.percent, Decimal::ZERO)?;
            before = it.up_to;
        }
        Ok(())
    }

    fn check_overtime(&self, field: &str) -> Checked {
        count(field, self.overtime.len(), 0, limits::TIERS_COUNT_MAX)?;
        let mut before = Hours::ZERO;
        for (at, it) in self.overtime.iter().enumerate() {
            let after = format!("{field}[{at}].after");
            if at == 0 && it.after != self.hours {
                let problem =
                    format!("is {}, overtime begins after the day's {}", it.after, self.hours);
                return Err(other(after, problem));
            }
            rising(&after, it.after, before)?;
            match (it.per_hour, it.percent) {
                (Some(per_hour), None) => amount(&format!("{field}[{at}].per_hour"), per_hour)?,
                (None, Some(percent)) => {
                    check_percent(&format!("{field}[{at}].percent"), percent, Decimal::ZERO)?;
                }
                _ => {
                    let problem = "needs either per_hour or percent";
                    return Err(other(format!("{field}[{at}]"), problem));
                }
            }
            before = it.after;
        }
        Ok(())
    }

    fn check_cancellation(&self, field: &str) -> Checked {
        count(field, self.cancellation.len(), 0, limits::TIERS_COUNT_MAX)?;
        let mut before = 0;
        for (at, it) in self.cancellation.iter().enumerate() {
            let within = format!("{field}[{at}].within_hours");
            if it.within_hours <= before {
                let (bound, before) = (it.within_hours.to_string(), before.to_string());
                return Err(refuse(within, ListProblem::Unsorted { bound, before }));
            }
            if NOTICE_HOURS_MAX < it.within_hours {
                let problem =
                    format!("is {}, at most {NOTICE_HOURS_MAX} is allowed", it.within_hours);
                return Err(other(within, problem));
            }
            check_percent(&format!("{field}[{at}].percent"), it.percent, Decimal::ZERO)?;
            before = it.within_hours;
        }
        Ok(())
    }
}

fn rising(field: &str, bound: Hours, before: Hours) -> Checked {
    if bound <= before {
        let (bound, before) = (bound.to_string(), before.to_string());
        return Err(refuse(field, ListProblem::Unsorted { bound, before }));
    }
    if DAY_MINUTES < bound.minutes() {
        return Err(other(field, format!("is {bound}, at most 24.00 is allowed")));
    }
    Ok(())
}

fn name(field: &str, text: &str, bytes_max: usize) -> Checked {
    name_problem(text, bytes_max).map_or(Ok(()), |problem| Err(other(field, problem)))
}

fn count(field: &str, found: usize, least: usize, most: usize) -> Checked {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(other(field, format!("has {found}, expected {least} to {most}")))
}

fn quantity(field: &str, it: Quantity, places: u8) -> Checked {
    if it < Quantity::ZERO || limits::QUANTITY_MAX < it {
        let most = limits::QUANTITY_MAX;
        return Err(other(field, format!("is {it}, expected 0 to {most}")));
    }
    if !it.has_places(places) {
        let problem = format!("is {it}, expected at most {places} digits after the point");
        return Err(other(field, problem));
    }
    Ok(())
}

fn amount(field: &str, it: Decimal) -> Checked {
    let most = limits::AMOUNT_MAX;
    if (-most..=most).contains(&it) {
        return Ok(());
    }
    Err(other(field, format!("is {it}, expected -{most} to {most}")))
}

/// An amount at or above zero in whole minor units.
fn minor(field: &str, it: Decimal, list: &PriceList) -> Checked {
    amount(field, it)?;
    if it < Decimal::ZERO {
        return Err(other(field, format!("is {it}, below zero")));
    }
    if !it.has_places(list.currency.exponent()) {
        let problem = format!("is {it}, more digits after the point than {} has", list.currency);
        return Err(other(field, problem));
    }
    Ok(())
}

fn check_percent(field: &str, it: Decimal, least: Decimal) -> Checked {
    let (most, places) = (limits::PERCENT_MAX, limits::PERCENT_PLACES);
    if (least..=most).contains(&it) && it.has_places(places) {
        return Ok(());
    }
    let problem =
        format!("is {it}, expected {least} to {most} with at most {places} digits after the point");
    Err(other(field, problem))
}
