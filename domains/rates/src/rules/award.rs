//! One version of one award, as data: what a pack holds and what `rates.publish-award` takes.

use values::{Currency, Date, Hours, Money, Percent, TimeOfDay};

/// Limits of one award version; beyond them it is refused.
pub mod limits {
    /// Classifications of a version.
    pub const CLASSIFICATIONS_COUNT_MAX: usize = 512;
    /// Penalty and overtime rules of a version, each.
    pub const RULES_COUNT_MAX: usize = 64;
    /// Bytes of a code, name, title or clause.
    pub const TEXT_BYTES_MAX: usize = 240;
    /// Bytes of an award's code, which is part of keys.
    pub const AWARD_BYTES_MAX: usize = 24;
    /// Bytes of a classification's code.
    pub const CODE_BYTES_MAX: usize = 64;
}

contract::message! {
    /// How a person is engaged.
    #[derive(PartialOrd, Ord)]
    #[serde(rename_all = "kebab-case")]
    #[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
    #[repr(u8)]
    pub enum Employment {
        /// Ongoing, a full week.
        FullTime = 0,
        /// Ongoing, less than a full week.
        PartTime = 1,
        /// Without a firm advance commitment; paid a loading instead of leave.
        Casual = 2,
    }
}

impl Employment {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::FullTime, Self::PartTime, Self::Casual];

    /// The text that JSON and packs use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FullTime => "full-time",
            Self::PartTime => "part-time",
            Self::Casual => "casual",
        }
    }
}

impl ArchivedEmployment {
    /// The native value.
    #[must_use]
    pub const fn to_native(&self) -> Employment {
        match self {
            Self::FullTime => Employment::FullTime,
            Self::PartTime => Employment::PartTime,
            Self::Casual => Employment::Casual,
        }
    }
}

contract::message! {
    /// A kind of day for rules: a weekday, or a public holiday on whatever weekday.
    #[derive(PartialOrd, Ord)]
    #[serde(rename_all = "lowercase")]
    #[allow(missing_docs, reason = "the days name themselves")]
    #[repr(u8)]
    pub enum Day {
        Mon = 0,
        Tue,
        Wed,
        Thu,
        Fri,
        Sat,
        Sun,
        /// A public holiday of the state; weekday rules do not apply on it.
        Holiday,
    }

    /// What a rule's percentage is taken of.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum Base {
        /// The minimum hourly rate: the weekly rate over the week's hours, to the cent.
        #[default]
        Minimum,
        /// The ordinary hourly rate: weekly rate plus all-purpose allowances, over the week's hours.
        OrdinaryAllPurpose,
    }

    /// How one rule pays casual employees.
    #[serde(rename_all = "kebab-case")]
    pub enum CasualRegime {
        /// The loading is added to the percentage: base x (150 % + 25 %).
        Additive,
        /// The percentage is taken of the casual rate, itself rounded to the cent first.
        Compounded,
        /// One product, rounded once: base x (150 % x 125 %).
        OneMultiplier,
        /// No loading: casual employees get the permanent percentage.
        Without,
        /// The award states the casual percentage outright.
        Tabulated(Percent),
    }

    /// What a flat loading is counted by.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum FlatUnit {
        /// In proportion to the time worked.
        #[default]
        Hour,
        /// In full for each hour begun ("per hour or part of an hour").
        StartedHour,
    }

    /// Dollars per hour on top of a percentage. Either `amount`, or `of` and `percent`.
    pub struct Flat {
        /// The dollars, stated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub amount: Option<Money>,
        /// The classification whose minimum hourly rate it is a share of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub of: Option<String>,
        /// The share.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub percent: Option<Percent>,
        /// What it is counted by.
        #[serde(default)]
        pub per: FlatUnit,
    }

    /// One penalty window or one overtime tier.
    pub struct Rule {
        /// Its name on the lines of a quote.
        pub rule: String,
        /// Where the award says so.
        pub clause: String,
        /// Whom it pays.
        pub employment: Vec<Employment>,
        /// The classifications it pays; empty means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub classifications: Vec<String>,
        /// The days it applies on.
        pub days: Vec<Day>,
        /// Penalties: from this time of day.
        #[serde(default = "start_of_day", skip_serializing_if = "is_start_of_day")]
        pub from: TimeOfDay,
        /// Penalties: to this time of day.
        #[serde(default = "end_of_day", skip_serializing_if = "is_end_of_day")]
        pub to: TimeOfDay,
        /// Overtime: once this much overtime has been worked.
        #[serde(default, skip_serializing_if = "is_zero")]
        pub after: Hours,
        /// The rate as a share of the base, for permanent employees.
        pub percent: Percent,
        /// What the percentage is taken of.
        #[serde(default)]
        pub base: Base,
        /// How casual employees are paid; needed when `employment` names them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub casual: Option<CasualRegime>,
        /// The casual loading where this rule's differs from the award's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub casual_loading: Option<Percent>,
        /// Dollars per hour on top.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub flat: Option<Flat>,
        /// Where penalties overlap, the higher priority applies.
        #[serde(default, skip_serializing_if = "is_no_priority")]
        pub priority: u8,
    }
}

fn start_of_day() -> TimeOfDay {
    TimeOfDay::START
}
fn end_of_day() -> TimeOfDay {
    TimeOfDay::END
}
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_start_of_day(time: &TimeOfDay) -> bool {
    *time == TimeOfDay::START
}
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_end_of_day(time: &TimeOfDay) -> bool {
    *time == TimeOfDay::END
}
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(hours: &Hours) -> bool {
    *hours == Hours::ZERO
}
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_no_priority(priority: &u8) -> bool {
    *priority == 0
}

contract::message! {
    /// What to do where two penalties of equal priority cover the same time.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum Precedence {
        /// The pack is ambiguous: refuse it.
        #[default]
        Stated,
        /// Only the highest applies, never both.
        Highest,
    }

    /// Which part of a day can be ordinary hours.
    pub struct Span {
        /// On these weekdays (a public holiday keeps the span of its weekday).
        pub days: Vec<Day>,
        /// From.
        pub from: TimeOfDay,
        /// To.
        pub to: TimeOfDay,
    }

    /// When ordinary hours end and overtime begins.
    pub struct OrdinaryHours {
        /// For whom.
        pub employment: Vec<Employment>,
        /// Where the award says so.
        pub clause: String,
        /// Ordinary hours of one day: of the shifts that start on it.
        pub daily_max: Hours,
        /// Ordinary hours of one week of the pay period.
        pub weekly_max: Hours,
        /// Time outside every span is overtime; no span at all means that any time can be ordinary.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub span: Vec<Span>,
    }

    /// One classification with its rate. Exactly one of `weekly`, `annual`, or `hourly` alone is the
    /// rate the award sets; `hourly` beside `weekly` is a statement that must agree with it.
    pub struct Classification {
        /// The pack's name for it.
        pub code: String,
        /// The award's name for it.
        pub title: String,
        /// Where the award says so.
        pub clause: String,
        /// The Fair Work Commission's `classification_fixed_id`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fwc: Option<u32>,
        /// The minimum weekly rate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub weekly: Option<Money>,
        /// The minimum hourly rate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub hourly: Option<Money>,
        /// An annual salary; such a classification is shown and never priced by the hour.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub annual: Option<Money>,
        /// All-purpose allowances a week, part of the ordinary hourly rate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub all_purpose_weekly: Option<Money>,
    }

    /// One version of one award, complete in itself.
    pub struct AwardVersion {
        /// The award's code, such as `MA000004`.
        pub award: String,
        /// The award's name.
        pub name: String,
        /// Applies from an employee's first full pay period that starts on or after this date
        /// (Fair Work Act 2009 s.165(3)).
        pub operative_from: Date,
        /// What its dollars are in.
        #[serde(default)]
        pub currency: Currency,
        /// Where its figures were taken from.
        #[serde(default)]
        pub source: String,
        /// The hours that the weekly rate pays for.
        pub week: Hours,
        /// The casual loading.
        pub casual_loading: Percent,
        /// What to do where penalties overlap.
        #[serde(default)]
        pub precedence: Precedence,
        /// Who can be paid under it.
        pub classifications: Vec<Classification>,
        /// When ordinary hours end.
        pub ordinary: Vec<OrdinaryHours>,
        /// What ordinary hours are paid at.
        pub penalties: Vec<Rule>,
        /// What overtime is paid at.
        pub overtime: Vec<Rule>,
    }
}
