//! One version of one award, as data: what a pack holds and what `rates.publish-award` takes.

mod allowance;
mod scale;
mod shifts;

use values::{Currency, Date, Hours, Money, Percent, TimeOfDay, half_up_div};

use super::person::Quantity;

pub use allowance::{Allowance, AllowanceUnit, RateKind, Step};
pub use scale::{Scale, ScaleBy, ScaleStep};
pub use shifts::{
    BreakPay, HigherDuties, Minimum, MinimumPer, MissedBreak, PaidAs, ShiftKind, SupportedWage,
    Window,
};

/// Limits of one award version; beyond them it is refused.
pub mod limits {
    /// Classifications of a version.
    pub const CLASSIFICATIONS_COUNT_MAX: usize = 4_096;
    /// Penalty and overtime rules of a version, each.
    pub const RULES_COUNT_MAX: usize = 256;
    /// Kinds of shift.
    pub const SHIFT_KINDS_COUNT_MAX: usize = 16;
    /// Blocks of ordinary hours.
    pub const ORDINARY_COUNT_MAX: usize = 64;
    /// Minimums, missed breaks and higher duties, each.
    pub const OWED_COUNT_MAX: usize = 32;
    /// Allowances.
    pub const ALLOWANCES_COUNT_MAX: usize = 128;
    /// Scales, and steps of one.
    pub const SCALES_COUNT_MAX: usize = 512;
    /// Different public holidays that rules name.
    pub const HOLIDAYS_NAMED_COUNT_MAX: usize = 16;
    /// Different flags that a version asks for.
    pub const FLAGS_COUNT_MAX: usize = 32;
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

    /// Dollars per hour on top of a percentage. Either `amount`, or `of` and `percent`, or the
    /// `allowance` whose dollars they are.
    #[derive(Default)]
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
        /// The code of an allowance.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub allowance: Option<String>,
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
        /// The classifications it pays; empty means all. `*` stands for any text at the end of a
        /// code; a code or pattern after `!` is left out again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub classifications: Vec<String>,
        /// The kinds of shift it pays, `plain` being a shift of no kind; empty means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub shifts: Vec<String>,
        /// The days it applies on.
        pub days: Vec<Day>,
        /// Only on the public holidays of these names, as the holiday table has them; on those it
        /// goes before rules that name none. Empty means any. Its `days` are then `holiday` alone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub holidays: Vec<String>,
        /// From this time of day.
        #[serde(default = "start_of_day", skip_serializing_if = "is_start_of_day")]
        pub from: TimeOfDay,
        /// To this time of day.
        #[serde(default = "end_of_day", skip_serializing_if = "is_end_of_day")]
        pub to: TimeOfDay,
        /// Overtime: once this much overtime has been worked.
        #[serde(default, skip_serializing_if = "is_zero")]
        pub after: Hours,
        /// The rate as a share of the base, for permanent employees.
        pub percent: Percent,
        /// The share for part-time employees, where theirs differs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub part_time: Option<Percent>,
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

const fn whole_day() -> Hours {
    Hours::from_minutes(24 * 60)
}
const fn whole_week() -> Hours {
    Hours::from_minutes(7 * 24 * 60)
}
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_whole_day(hours: &Hours) -> bool {
    *hours == whole_day()
}
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_whole_week(hours: &Hours) -> bool {
    *hours == whole_week()
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

    /// Ordinary hours over several weeks.
    #[derive(Copy)]
    pub struct Averaging {
        /// The weeks that are taken together: 2 to 52, from the start of the pay period, or of an
        /// earlier one when the request says so.
        pub weeks: u8,
        /// Ordinary hours of these weeks together.
        pub max: Hours,
    }

    /// Longer ordinary days on some days of a week.
    #[derive(Copy)]
    pub struct LongDay {
        /// Ordinary hours of such a day.
        pub max: Hours,
        /// How many days of a week can be one: the first that go beyond `daily_max`.
        pub per_week: u8,
    }

    /// When ordinary hours end and overtime begins: where the first of these limits is reached.
    pub struct OrdinaryHours {
        /// For whom.
        pub employment: Vec<Employment>,
        /// Where the award says so.
        pub clause: String,
        /// The classifications, as in a rule; empty means all that no other block names.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub classifications: Vec<String>,
        /// The kinds of shift, as in a rule; empty means all that no other block names.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub shifts: Vec<String>,
        /// Ordinary hours of one day: of the shifts that start on it.
        #[serde(default = "whole_day", skip_serializing_if = "is_whole_day")]
        pub daily_max: Hours,
        /// Ordinary hours of one shift.
        #[serde(default = "whole_day", skip_serializing_if = "is_whole_day")]
        pub shift_max: Hours,
        /// Ordinary hours of one week of the pay period.
        #[serde(default = "whole_week", skip_serializing_if = "is_whole_week")]
        pub weekly_max: Hours,
        /// Ordinary hours over several weeks: beside `weekly_max`, or in its place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub averaging: Option<Averaging>,
        /// Days of a week that may be longer than `daily_max`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub long_day: Option<LongDay>,
        /// Days of a week of the pay period with ordinary hours; all further days are overtime.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub week_days_max: Option<u8>,
        /// Days with ordinary hours one after the other; all further days without a day off are
        /// overtime.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub consecutive_days_max: Option<u8>,
        /// Time from the start of the day's first shift in which hours can be ordinary.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub day_spread_max: Option<Hours>,
        /// Hours beyond those agreed with the person, when the request states them, are overtime.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub beyond_agreed: bool,
        /// Time outside every span is overtime; no span at all means that any time can be ordinary.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub span: Vec<Span>,
    }

    /// What the tiers of overtime count.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum OvertimeBy {
        /// The overtime of the shifts that start on one day.
        #[default]
        Day,
        /// The overtime between two midnights.
        CalendarDay,
        /// The overtime of one shift.
        Shift,
        /// The overtime of one week of the pay period.
        Week,
    }

    /// What an hourly rate is multiplied by, such as 52 / 50.4 for daily hire.
    #[derive(Copy)]
    pub struct RateFactor {
        /// The dividend, 0.01 to 1000.00.
        pub times: Quantity,
        /// The divisor, 0.01 to 1000.00.
        pub over: Quantity,
    }

    /// One classification with its rate. Exactly one of `weekly`, `annual`, or `hourly` alone is the
    /// rate the award sets; `hourly` beside `weekly` is a statement that must agree with it.
    #[derive(Default)]
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
        /// Its hourly rates are the weekly rate, with allowances, times this over the week's hours,
        /// rounded once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub factor: Option<RateFactor>,
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
        /// Rates that shares, allowances and flat loadings refer to and that nobody is paid.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub references: Vec<Classification>,
        /// When ordinary hours end.
        pub ordinary: Vec<OrdinaryHours>,
        /// What ordinary hours are paid at.
        pub penalties: Vec<Rule>,
        /// What overtime is paid at.
        pub overtime: Vec<Rule>,
        /// Whether it holds rates for some times only, as one made from published rates does. Times
        /// that no rule pays do not refuse the version then, but a quote that reaches them.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub partial: bool,
        /// What the tiers of overtime count.
        #[serde(default)]
        pub overtime_by: OvertimeBy,
        /// Kinds of shift, in the order in which they are tried.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub shifts: Vec<ShiftKind>,
        /// Least times of an engagement.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub minimums: Vec<Minimum>,
        /// What missed breaks cost.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub missed_breaks: Vec<MissedBreak>,
        /// When higher duties pay a whole shift.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub higher_duties: Vec<HigherDuties>,
        /// Allowances.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub allowances: Vec<Allowance>,
        /// Juniors, apprentices, trainees and years of service.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub scales: Vec<Scale>,
        /// The supported wage system, where the award has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub supported_wage: Option<SupportedWage>,
    }
}

impl Classification {
    /// What `weekly` dollars come to an hour: over the week's hours, with the factor, rounded once
    /// half-up to the cent.
    pub(crate) fn hourly_of(&self, weekly: Money, week: Hours) -> Money {
        let Some(factor) = self.factor else {
            return weekly.per_hour_of(week);
        };
        let dividend = weekly.cents() * factor.times.hundredths() * 60;
        let divisor = factor.over.hundredths() * i64::from(week.minutes());
        Money::from_cents(half_up_div(dividend, divisor))
    }
}

impl AwardVersion {
    /// The rate that a share, an allowance or a flat loading refers to by `code`.
    pub(crate) fn rated(&self, code: &str) -> Option<&Classification> {
        self.classifications.iter().chain(&self.references).find(|it| it.code == code)
    }

    /// A version with its rates' frame and nothing in it yet: neither classifications nor rules.
    #[must_use]
    pub fn new(award: String, name: String, operative_from: Date, week: Hours) -> Self {
        Self {
            award,
            name,
            operative_from,
            currency: Currency::default(),
            source: String::new(),
            week,
            casual_loading: Percent::ZERO,
            precedence: Precedence::Stated,
            classifications: Vec::new(),
            references: Vec::new(),
            ordinary: Vec::new(),
            penalties: Vec::new(),
            overtime: Vec::new(),
            partial: false,
            overtime_by: OvertimeBy::Day,
            shifts: Vec::new(),
            minimums: Vec::new(),
            missed_breaks: Vec::new(),
            higher_duties: Vec::new(),
            allowances: Vec::new(),
            scales: Vec::new(),
            supported_wage: None,
        }
    }
}

impl Default for OrdinaryHours {
    fn default() -> Self {
        Self {
            employment: Vec::new(),
            clause: String::new(),
            classifications: Vec::new(),
            shifts: Vec::new(),
            daily_max: whole_day(),
            shift_max: whole_day(),
            weekly_max: whole_week(),
            averaging: None,
            long_day: None,
            week_days_max: None,
            consecutive_days_max: None,
            day_spread_max: None,
            beyond_agreed: false,
            span: Vec::new(),
        }
    }
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            rule: String::new(),
            clause: String::new(),
            employment: Vec::new(),
            classifications: Vec::new(),
            shifts: Vec::new(),
            days: Vec::new(),
            holidays: Vec::new(),
            from: start_of_day(),
            to: end_of_day(),
            after: Hours::ZERO,
            percent: Percent::WHOLE,
            part_time: None,
            base: Base::Minimum,
            casual: None,
            casual_loading: None,
            flat: None,
            priority: 0,
        }
    }
}
