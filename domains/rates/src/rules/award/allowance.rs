//! Allowances: dollars beside the rate, or inside it.

use values::{Hours, Money, Percent};

use super::{Day, Employment};

contract::message! {
    /// What an allowance is counted by.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    #[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
    pub enum AllowanceUnit {
        /// In proportion to hours.
        Hour,
        /// Each hour begun, shift by shift.
        StartedHour,
        /// Each shift.
        #[default]
        Shift,
        /// Each day on which a shift starts.
        Day,
        /// Each week of the pay period in which a shift starts.
        Week,
        /// Each kilometre.
        Km,
        /// Each time.
        Occasion,
    }

    /// Which rate of a classification an allowance is a share of.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum RateKind {
        /// The weekly rate.
        #[default]
        Weekly,
        /// The hourly rate, rounded to the cent.
        Hourly,
        /// The weekly rate over the week's hours, not rounded.
        HourlyUnrounded,
    }

    /// The step that an amount is rounded to, half-up.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum Step {
        /// One cent.
        #[default]
        Cent,
        /// Ten cents.
        TenCents,
        /// A dollar.
        Dollar,
        /// Not rounded before it is divided into hours.
        None,
    }

    /// An allowance. Its dollars are `amount`, or a share `percent` of the rate of `of`.
    #[derive(Default)]
    pub struct Allowance {
        /// What requests and lines call it.
        pub code: String,
        /// The award's name for it.
        pub title: String,
        /// Where the award says so.
        pub clause: String,
        /// For whom; empty means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub employment: Vec<Employment>,
        /// The classifications, as in a rule; empty means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub classifications: Vec<String>,
        /// Dollars for one unit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub amount: Option<Money>,
        /// The classification of which it is a share.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub of: Option<String>,
        /// The share.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub percent: Option<Percent>,
        /// Which of its rates.
        #[serde(default)]
        pub rate: RateKind,
        /// What the share is rounded to.
        #[serde(default)]
        pub round: Step,
        /// What it is counted by.
        #[serde(default)]
        pub per: AllowanceUnit,
        /// Paid without being claimed, for every shift that meets the conditions below.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub automatic: bool,
        /// Part of the ordinary hourly rate (`base = "ordinary-all-purpose"`): per week or hour.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub all_purpose: bool,
        /// At most so many dollars a week of the pay period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub week_max: Option<Money>,
        /// Automatic: the shift starts on one of these days; empty means any.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub days: Vec<Day>,
        /// Automatic: the shift is of one of these kinds; empty means any.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub shifts: Vec<String>,
        /// Automatic: the request states all of these flags.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub flags: Vec<String>,
        /// Automatic: the request states none of these flags.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub without: Vec<String>,
        /// Automatic: the shift has more than so much overtime.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub overtime_above: Option<Hours>,
        /// Automatic: the shift has more than so much work.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub hours_above: Option<Hours>,
        /// Automatic: an unpaid break of the shift, or the gap to the day's shift before it, is more
        /// than this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub broken_above: Option<Hours>,
    }
}

impl AllowanceUnit {
    /// The text that JSON and packs use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::StartedHour => "started-hour",
            Self::Shift => "shift",
            Self::Day => "day",
            Self::Week => "week",
            Self::Km => "km",
            Self::Occasion => "occasion",
        }
    }
}

impl ArchivedAllowanceUnit {
    /// The native value.
    #[must_use]
    pub const fn to_native(self) -> AllowanceUnit {
        match self {
            Self::Hour => AllowanceUnit::Hour,
            Self::StartedHour => AllowanceUnit::StartedHour,
            Self::Shift => AllowanceUnit::Shift,
            Self::Day => AllowanceUnit::Day,
            Self::Week => AllowanceUnit::Week,
            Self::Km => AllowanceUnit::Km,
            Self::Occasion => AllowanceUnit::Occasion,
        }
    }
}
