//! Rows of the pay database, as its exports and its interface give them.
//!
//! An empty text stands for one that is not given.

use values::Date;

use crate::figure::Figure;

contract::message! {
    /// One of the pay database's tables.
    #[derive(PartialOrd, Ord)]
    #[serde(rename_all = "kebab-case")]
    #[repr(u8)]
    pub enum Sheet {
        /// Awards.
        Award = 0,
        /// Classifications with their pay rates.
        Classification = 1,
        /// Penalties and overtime.
        Penalty = 2,
        /// Allowances that move with wages.
        WageAllowance = 3,
        /// Allowances that move with prices.
        ExpenseAllowance = 4,
    }
}

impl Sheet {
    /// Every table.
    pub const ALL: [Self; 5] = [
        Self::Award,
        Self::Classification,
        Self::Penalty,
        Self::WageAllowance,
        Self::ExpenseAllowance,
    ];

    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Award => "award",
            Self::Classification => "classification",
            Self::Penalty => "penalty",
            Self::WageAllowance => "wage allowance",
            Self::ExpenseAllowance => "expense allowance",
        }
    }
}

contract::message! {
    /// An award in one published year.
    pub struct AwardRow {
        /// The export's own id, new in every year.
        pub award_id: String,
        /// The pay database's id, the same in every year.
        pub award_fixed_id: u32,
        /// Such as MA000004.
        pub code: String,
        /// Its name.
        pub name: String,
        /// Since when the award is in operation.
        pub award_operative_from: Option<Date>,
        /// Until when.
        pub award_operative_to: Option<Date>,
        /// The published version.
        pub version_number: Option<u32>,
        /// `YYYY-MM-DDTHH:MM:SS`.
        pub last_modified: String,
    }
}

contract::message! {
    /// A classification with one base rate and one rate calculated from it.
    #[derive(Default)]
    #[serde(default)]
    pub struct ClassificationRow {
        /// The classification, the same in every year.
        pub classification_fixed_id: u32,
        /// The clause, the same in every year.
        pub clause_fixed_id: Option<u32>,
        /// The clause as printed; a mark after `_` makes it a shadow clause.
        pub clauses: String,
        /// What the clause is about.
        pub clause_description: String,
        /// The group it stands under.
        pub parent_classification_name: String,
        /// Its name.
        pub classification: String,
        /// Its level.
        pub classification_level: Option<u32>,
        /// The classification below.
        pub next_down_classification_fixed_id: Option<u32>,
        /// The classification above.
        pub next_up_classification_fixed_id: Option<u32>,
        /// `AD` adult, `JN` junior, `AP` apprentice, `AA` adult apprentice, `TN` trainee, `CA`, `XT`.
        pub employee_rate_type_code: String,
        /// Whether it is only a heading.
        pub is_heading: bool,
        /// Such as `BR89790`, the same in every year since 2021.
        pub base_pay_rate_id: String,
        /// `Weekly`, `Hourly`, `Annual` and others.
        pub base_rate_type: String,
        /// The rate that a wage review's increase is applied to.
        pub base_rate: Option<Figure>,
        /// Such as `CR25659`.
        pub calculated_pay_rate_id: String,
        /// `Hourly`, `Casual hourly` and others.
        pub calculated_rate_type: String,
        /// The rate calculated from it.
        pub calculated_rate: Option<Figure>,
        /// Whether all-purpose allowances are in it.
        pub calculated_includes_all_purpose: bool,
        /// Since when.
        pub operative_from: Option<Date>,
        /// Until when, that day included.
        pub operative_to: Option<Date>,
        /// The published version.
        pub version_number: Option<u32>,
        /// `YYYY-MM-DDTHH:MM:SS`.
        pub last_modified: String,
    }
}

contract::message! {
    /// A penalty or overtime rate of one classification.
    #[derive(Default)]
    #[serde(default)]
    pub struct PenaltyRow {
        /// The penalty, the same in every year and for every classification.
        pub penalty_fixed_id: u32,
        /// The clause, the same in every year.
        pub clause_fixed_id: Option<u32>,
        /// The clause as printed.
        pub clauses: String,
        /// What the clause is about.
        pub clause_description: String,
        /// The group of the classification; only exports give it.
        pub parent_classification_name: String,
        /// The classification; only exports give it.
        pub classification: String,
        /// Its level.
        pub classification_level: Option<u32>,
        /// What it is paid for.
        pub penalty_description: String,
        /// A code that only some years give.
        pub penalty_code: String,
        /// As of [`ClassificationRow::employee_rate_type_code`].
        pub employee_rate_type_code: String,
        /// Whether it is only a heading.
        pub is_heading: bool,
        /// A percentage of the base rate.
        pub rate: Option<Figure>,
        /// Of which base rate.
        pub base_pay_rate_id: String,
        /// What it comes to.
        pub penalty_calculated_value: Option<Figure>,
        /// Whether all-purpose allowances are in it.
        pub calculated_includes_all_purpose: bool,
        /// Since when.
        pub operative_from: Option<Date>,
        /// Until when, that day included.
        pub operative_to: Option<Date>,
        /// The published version.
        pub version_number: Option<u32>,
        /// `YYYY-MM-DDTHH:MM:SS`.
        pub last_modified: String,
    }
}

contract::message! {
    /// An allowance that moves with wages.
    #[derive(Default)]
    #[serde(default)]
    pub struct WageAllowanceRow {
        /// The allowance, the same in every year.
        pub wage_allowance_fixed_id: u32,
        /// The clause, the same in every year.
        pub clause_fixed_id: Option<u32>,
        /// The clause as printed.
        pub clauses: String,
        /// The group it stands under.
        pub parent_allowance: String,
        /// Its name.
        pub allowance: String,
        /// A code that only some years give.
        pub allowance_type_code: String,
        /// Whether it is only a heading.
        pub is_heading: bool,
        /// Whether it is part of the ordinary hourly rate.
        pub is_all_purpose: bool,
        /// The share of the base rate.
        pub rate: Option<Figure>,
        /// Such as `Percent`.
        pub rate_unit: String,
        /// The base rate itself; only exports give it.
        pub base_rate: Option<Figure>,
        /// Which base rate.
        pub base_pay_rate_id: String,
        /// What it comes to.
        pub allowance_amount: Option<Figure>,
        /// Such as `per hour`.
        pub payment_frequency: String,
        /// Since when.
        pub operative_from: Option<Date>,
        /// Until when, that day included.
        pub operative_to: Option<Date>,
        /// The published version.
        pub version_number: Option<u32>,
        /// `YYYY-MM-DDTHH:MM:SS`.
        pub last_modified: String,
    }
}

contract::message! {
    /// An allowance that moves with prices.
    #[derive(Default)]
    #[serde(default)]
    pub struct ExpenseAllowanceRow {
        /// The allowance, the same in every year.
        pub expense_allowance_fixed_id: u32,
        /// The clause, the same in every year.
        pub clause_fixed_id: Option<u32>,
        /// The clause as printed.
        pub clauses: String,
        /// The group it stands under.
        pub parent_allowance: String,
        /// Its name.
        pub allowance: String,
        /// Whether it is only a heading.
        pub is_heading: bool,
        /// Whether it is part of the ordinary hourly rate.
        pub is_all_purpose: bool,
        /// Dollars.
        pub allowance_amount: Option<Figure>,
        /// Such as `per occasion`.
        pub payment_frequency: String,
        /// Digits after the point that the amount is rounded to.
        pub round_value: Option<u32>,
        /// The price index it follows.
        pub cpi_series_id: String,
        /// What that index measures.
        pub cpi_group_description: String,
        /// The index now.
        pub cpi_value_current_year: Option<Figure>,
        /// The index when the amount was last adjusted.
        pub cpi_value_last_adjusted: Option<Figure>,
        /// When that was.
        pub last_adjusted_year: Option<u32>,
        /// In which quarter.
        pub cpi_quarter_last_adjusted: String,
        /// Since when.
        pub operative_from: Option<Date>,
        /// Until when, that day included.
        pub operative_to: Option<Date>,
        /// The published version.
        pub version_number: Option<u32>,
        /// `YYYY-MM-DDTHH:MM:SS`.
        pub last_modified: String,
    }
}

impl ArchivedSheet {
    /// The native value.
    #[must_use]
    pub const fn to_native(&self) -> Sheet {
        match self {
            Self::Award => Sheet::Award,
            Self::Classification => Sheet::Classification,
            Self::Penalty => Sheet::Penalty,
            Self::WageAllowance => Sheet::WageAllowance,
            Self::ExpenseAllowance => Sheet::ExpenseAllowance,
        }
    }
}
