//! What a request may say besides its shifts: about the person, about the time before the pay
//! period, and which allowances are claimed.

use values::{Date, Hours, Moment, Money, Percent, Text};

/// The most flags of a person or of a shift.
pub const FLAGS_STATED_COUNT_MAX: usize = 16;
/// The most claims of a request.
pub const CLAIMS_COUNT_MAX: usize = 64;
/// The most intervals of higher duties in one shift.
pub const DUTIES_COUNT_MAX: usize = 4;

/// A number of units, to the hundredth: "12.5".
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Quantity(Money);

impl Quantity {
    /// `hundredths` of a unit.
    #[must_use]
    pub const fn from_hundredths(hundredths: i64) -> Self {
        Self(Money::from_cents(hundredths))
    }

    /// The decimal text, with two digits after the point.
    #[must_use]
    pub fn text(self) -> Text<24> {
        self.0.text()
    }

    /// In hundredths of a unit.
    #[must_use]
    pub const fn hundredths(self) -> i64 {
        self.0.cents()
    }
}

impl ArchivedQuantity {
    /// The native value.
    #[must_use]
    pub const fn to_native(&self) -> Quantity {
        Quantity(self.0.to_native())
    }
}

contract::message! {
    /// Facts about the person that an award's rates may depend on. All may be left out.
    #[derive(Default)]
    pub struct Person {
        /// For junior rates: the age on the day a shift starts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub date_of_birth: Option<Date>,
        /// When the employment began, for rates by length of service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub service_from: Option<Date>,
        /// When the apprenticeship or traineeship began, for its stages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub apprenticeship_from: Option<Date>,
        /// The assessed capacity under the supported wage system, 10 to 100 %.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub supported_wage: Option<Percent>,
        /// Ordinary hours a week agreed with the person, where the award pays overtime beyond them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub agreed_weekly: Option<Hours>,
        /// What the award asks for by name, such as `shiftworker`; it holds for every shift.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub flags: Vec<String>,
    }

    /// What went before the pay period. All may be left out.
    #[derive(Default)]
    pub struct Before {
        /// When the last shift before the period ended, for the break before its first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub shift_end: Option<Moment>,
        /// Days worked one after the other up to the day before the period.
        #[serde(default)]
        pub consecutive_days: u8,
        /// Weeks of an averaging period that passed before this pay period.
        #[serde(default)]
        pub averaging_weeks: u8,
        /// Ordinary hours worked in those weeks.
        #[serde(default)]
        pub averaging_hours: Hours,
    }

    /// A claim of an allowance. An all-purpose allowance needs no quantity: it is in the rate. Of one
    /// per hour, shift, day or week the quantity may be left out: it is then what was worked, of the
    /// shift named or of all.
    #[derive(Default)]
    pub struct Claim {
        /// The allowance's code.
        pub allowance: String,
        /// How many units.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub quantity: Option<Quantity>,
        /// The position of the shift it is claimed for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub shift: Option<u32>,
    }

    /// Work at another classification within a shift.
    pub struct Duties {
        /// On the local clock.
        pub start: Moment,
        /// On the local clock.
        pub end: Moment,
        /// The classification.
        pub classification: String,
    }
}
