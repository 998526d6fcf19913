//! A price list as data: what `pricing.publish-list` takes and what a core prices from.
//!
//! Amounts are in the list's currency and may be negative: a credit. Bounds of tiers are inclusive:
//! a tier holds every quantity above the bound of the tier before it, up to its own.

use values::{Currency, Date, Hours};

use super::decimal::{Decimal, Quantity};

/// Limits of one price list; beyond them it is refused.
pub mod limits {
    use super::{Decimal, Quantity};

    /// Prices of a list.
    pub const PRICES_COUNT_MAX: usize = 1_024;
    /// Tiers, part days, overtime steps and cancellation steps of a price, each.
    pub const TIERS_COUNT_MAX: usize = 64;
    /// Adjustments of a list.
    pub const ADJUSTMENTS_COUNT_MAX: usize = 64;
    /// Products that one adjustment names.
    pub const PRODUCTS_COUNT_MAX: usize = 256;
    /// Bytes of a list's code, which is part of keys.
    pub const CODE_BYTES_MAX: usize = 32;
    /// Bytes of any other name.
    pub const NAME_BYTES_MAX: usize = 64;
    /// The greatest amount, either way, in units of the currency.
    pub const AMOUNT_MAX: Decimal = Decimal::whole(1_000_000_000);
    /// The greatest percentage.
    pub const PERCENT_MAX: Decimal = Decimal::whole(1_000);
    /// Digits after the point of a percentage.
    pub const PERCENT_PLACES: u8 = 6;
    /// The greatest quantity.
    pub const QUANTITY_MAX: Quantity = Quantity::whole(1_000_000_000);
    /// The least size of a package.
    pub const PACKAGE_SIZE_MIN: Quantity = Quantity::from_units(10_000);
    /// The greatest priority, either way.
    pub const PRIORITY_MAX: i32 = 1_000_000;
}

contract::message! {
    /// One version of one price list.
    pub struct PriceList {
        /// What names it: 1 to 32 bytes. A list may have several versions, by `valid_from`.
        pub code: String,
        /// Its name for people.
        #[serde(default)]
        pub title: String,
        /// What its amounts are in; a quote sees only lists of its own currency.
        pub currency: Currency,
        /// The first day it applies; every day up to `valid_until` when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub valid_from: Option<Date>,
        /// The last day it applies; for ever when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub valid_until: Option<Date>,
        /// Only for this customer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub customer: Option<String>,
        /// Only for customers of this group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub group: Option<String>,
        /// Only through this channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub channel: Option<String>,
        /// Only in this country.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub country: Option<String>,
        /// Goes before everything else in the choice of a list: the higher one wins.
        #[serde(default)]
        pub priority: i32,
        /// Whether it is a sale: a quote then also tells what the product costs without it.
        #[serde(default)]
        pub sale: bool,
        /// How its prices are taxed; not at all when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tax: Option<ListTax>,
        /// At least one, at most 1,024, one a product.
        pub prices: Vec<Price>,
        /// Discounts and loadings, in the order they are taken; at most 64.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub adjustments: Vec<Adjustment>,
    }

    /// How the prices of a list are taxed.
    pub struct ListTax {
        /// The published tax table.
        pub table: String,
        /// Whether its prices hold the tax already.
        pub inclusive: bool,
        /// Where the tax is rounded.
        #[serde(default)]
        pub rounding: TaxRounding,
    }

    /// Where tax is rounded half-up to the minor unit (GST Act s.9-90 leaves the choice to the
    /// supplier).
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum TaxRounding {
        /// The tax on the sum of all lines of one rate is rounded once.
        #[default]
        PerTotal,
        /// The tax on each line is rounded, then summed.
        PerLine,
    }

    /// What one product costs.
    pub struct Price {
        /// The product: 1 to 64 bytes.
        pub product: String,
        /// How the price follows from what is asked.
        pub model: Model,
        /// Digits after the point that a quantity may have, 0 to 6.
        #[serde(default)]
        pub places: u8,
        /// Units that cost nothing; taken off before tiers and packages.
        #[serde(default)]
        pub free_units: Quantity,
        /// Units that are priced at least, before free units are taken off.
        #[serde(default)]
        pub minimum_units: Quantity,
        /// A fixed amount on top.
        #[serde(default)]
        pub fee: Decimal,
        /// The line costs at least this, its fee included, whatever the quantity.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub minimum: Option<Decimal>,
        /// The line costs at most this, its fee included.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub maximum: Option<Decimal>,
        /// The category of the list's tax table; only when the list is taxed, and then always.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tax: Option<String>,
    }
}

/// How a price follows from what is asked.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// So much for each unit.
    PerUnit(Decimal),
    /// So much for each package of units, begun ones in full.
    Package(Package),
    /// Each unit at the price of the tier it falls into; the flat amount of every tier reached.
    Graduated(Vec<Tier>),
    /// All units at the price of the tier that the quantity reaches, and that tier's flat amount.
    Volume(Vec<Tier>),
    /// The flat amount of the tier that the quantity reaches, whatever the quantity in it: capacity.
    Stairstep(Vec<Tier>),
    /// A share of amounts of money, and so much for each.
    Percentage(Percentage),
    /// The same for any quantity.
    Flat(Decimal),
    /// Days of a person: part days, overtime and cancellations.
    DayRate(DayRate),
}

contract::message! {
    /// Units sold together.
    pub struct Package {
        /// Units in one, at least 0.01.
        pub size: Quantity,
        /// The price of one.
        pub price: Decimal,
        /// What becomes of one that is not full.
        #[serde(default)]
        pub rounding: PackageRounding,
    }

    /// What becomes of a package that is not full.
    #[derive(Default)]
    #[serde(rename_all = "lowercase")]
    pub enum PackageRounding {
        /// It counts.
        #[default]
        Up,
        /// It does not.
        Down,
    }

    /// One tier. The first begins at zero, each other one where the tier before it ends.
    pub struct Tier {
        /// The first quantity in it, when it is stated: one step above the bound of the tier before,
        /// where a step is one unit or, with `places`, the last digit. 0 or one step in the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub from: Option<Quantity>,
        /// The last quantity in it; absent in the last tier and only there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub up_to: Option<Quantity>,
        /// For each unit; none in a stairstep.
        #[serde(default)]
        pub unit_price: Decimal,
        /// Once, when the tier is reached; that of the first tier at zero units too.
        #[serde(default)]
        pub flat: Decimal,
    }

    /// A share of amounts of money, such as transactions.
    pub struct Percentage {
        /// The share, in percent.
        pub percent: Decimal,
        /// For each amount that is charged.
        #[serde(default)]
        pub event_fee: Decimal,
        /// So many amounts are free, the first ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub free_events: Option<u32>,
        /// Amounts are free until they come to this sum; the rest of the amount that passes it is
        /// charged. With `free_events`, both must still be open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub free_amount: Option<Decimal>,
        /// The least that one charged amount costs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub event_minimum: Option<Decimal>,
        /// The most that one charged amount costs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub event_maximum: Option<Decimal>,
    }

    /// What a day of a person costs. Each part is rounded half-up to the minor unit.
    pub struct DayRate {
        /// The fee of a whole day.
        pub day: Decimal,
        /// The hours it includes.
        pub hours: Hours,
        /// Shorter days, by the hours they go up to, in ascending order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub part_days: Vec<PartDay>,
        /// What hours cost after the included ones, in ascending order; the first begins there. None
        /// when longer days are not offered.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub overtime: Vec<OvertimeTier>,
        /// Overtime is counted in begun units of so many minutes, 1 to 60; 1 when absent.
        #[serde(default = "one")]
        pub overtime_unit_minutes: u32,
        /// Whole days that are cheaper together.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub week: Option<Week>,
        /// What a cancelled day costs, by notice, in ascending order; nothing beyond the last.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub cancellation: Vec<CancellationTier>,
    }

    /// A shorter day.
    #[derive(Copy)]
    pub struct PartDay {
        /// The longest it may be.
        pub up_to: Hours,
        /// Of the day's fee.
        pub percent: Decimal,
    }

    /// Hours after the included ones: either `per_hour` or `percent`.
    #[derive(Copy)]
    pub struct OvertimeTier {
        /// It holds the hours of a day after this many.
        pub after: Hours,
        /// So much an hour.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub per_hour: Option<Decimal>,
        /// A share of the day's fee over its hours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub percent: Option<Decimal>,
    }

    /// Whole days that are cheaper together.
    #[derive(Copy)]
    pub struct Week {
        /// So many days, 2 to 31.
        pub days: u32,
        /// They cost this many times the day's fee.
        pub multiple: Decimal,
    }

    /// What a day costs that was cancelled late.
    #[derive(Copy)]
    pub struct CancellationTier {
        /// When less than this many hours' notice was given.
        pub within_hours: u32,
        /// Of the day's fee.
        pub percent: Decimal,
    }

    /// Which way an adjustment goes.
    #[derive(Default)]
    #[serde(rename_all = "lowercase")]
    pub enum AdjustmentKind {
        /// It is taken off. Never takes a line below zero.
        #[default]
        Discount,
        /// It is added.
        Loading,
    }

    /// A discount or loading on lines: either `percent` or `amount`. A percentage is taken of what
    /// the adjustments before it left, and rounded half-up to the minor unit.
    pub struct Adjustment {
        /// What names it in answers, unique in its list.
        pub name: String,
        /// Which way it goes.
        #[serde(default)]
        pub kind: AdjustmentKind,
        /// A share of the line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub percent: Option<Decimal>,
        /// An amount for each line, in whole minor units.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub amount: Option<Decimal>,
        /// The most that it changes a line by, in whole minor units.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cap: Option<Decimal>,
        /// Only lines of these products of the list; all when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub products: Vec<String>,
        /// Only lines of at least this quantity.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub from_quantity: Option<Quantity>,
        /// Only where the quote names it.
        #[serde(default)]
        pub on_request: bool,
    }
}

const fn one() -> u32 {
    1
}

impl Model {
    /// The model's name in JSON and in answers.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PerUnit(_) => "per-unit",
            Self::Package(_) => "package",
            Self::Graduated(_) => "graduated",
            Self::Volume(_) => "volume",
            Self::Stairstep(_) => "stairstep",
            Self::Percentage(_) => "percentage",
            Self::Flat(_) => "flat",
            Self::DayRate(_) => "day-rate",
        }
    }

    /// Whether the price follows from a quantity.
    #[must_use]
    pub const fn counts_units(&self) -> bool {
        !matches!(self, Self::Percentage(_) | Self::DayRate(_))
    }
}

impl PriceList {
    /// Whether it applies on `date`.
    #[inline]
    #[must_use]
    pub fn is_valid_on(&self, date: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= date)
            && self.valid_until.is_none_or(|until| date <= until)
    }
}
