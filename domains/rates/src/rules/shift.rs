//! Shifts as they are asked about, and what can be wrong with them.

use std::fmt;

use values::{ArchivedHours, Date, Hours, LocalTime, Moment, Percent};

use super::person::{CLAIMS_COUNT_MAX, DUTIES_COUNT_MAX, Duties, FLAGS_STATED_COUNT_MAX};

/// The most shifts in one quote.
pub const SHIFTS_COUNT_MAX: usize = 512;
/// The most unpaid breaks in one shift.
pub const BREAKS_COUNT_MAX: usize = 8;
/// The longest shift, in elapsed minutes.
pub const SHIFT_MINUTES_MAX: i32 = 24 * 60;
/// The longest pay period: every shift starts within so many days of its start.
pub const PERIOD_DAYS_MAX: i32 = 31;

contract::message! {
    /// Time inside a shift that is not paid.
    #[derive(Copy)]
    pub struct UnpaidBreak {
        /// On the local clock.
        pub start: Moment,
        /// On the local clock.
        pub end: Moment,
    }

    /// One attendance, on the local clock of its state.
    pub struct Shift {
        /// On the local clock.
        pub start: Moment,
        /// On the local clock; at most 24 hours after the start.
        pub end: Moment,
        /// Inside the shift, not overlapping; in any order.
        #[serde(default)]
        pub unpaid_breaks: Vec<UnpaidBreak>,
        /// What the award asks for by name, such as `recall`; at most 16.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub flags: Vec<String>,
        /// Work at other classifications inside the shift; at most 4, in order of time.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub duties: Vec<Duties>,
        /// Ordinary hours agreed for this shift, where the award pays overtime beyond them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub agreed: Option<Hours>,
    }
}

impl Shift {
    /// A shift with nothing special about it.
    #[must_use]
    pub const fn new(start: Moment, end: Moment, unpaid_breaks: Vec<UnpaidBreak>) -> Self {
        Self { start, end, unpaid_breaks, flags: Vec::new(), duties: Vec::new(), agreed: None }
    }
}

/// Shifts to be priced together, native or archived.
pub trait Roster {
    /// How many.
    fn shifts_count(&self) -> usize;
    /// Start and end of one.
    fn shift(&self, shift: usize) -> (Moment, Moment);
    /// How many unpaid breaks it has.
    fn breaks_count(&self, shift: usize) -> usize;
    /// Start and end of one of them.
    fn unpaid_break(&self, shift: usize, at: usize) -> (Moment, Moment);
    /// How many flags it states.
    fn flags_count(&self, shift: usize) -> usize;
    /// One of them.
    fn flag(&self, shift: usize, at: usize) -> &str;
    /// How many intervals of other duties it has.
    fn duties_count(&self, shift: usize) -> usize;
    /// Start, end and classification of one of them.
    fn duty(&self, shift: usize, at: usize) -> (Moment, Moment, &str);
    /// Ordinary hours agreed for it.
    fn agreed(&self, shift: usize) -> Option<Hours>;
    /// Whether it says nothing but its time and breaks.
    fn is_plain(&self, shift: usize) -> bool;
}

impl Roster for [Shift] {
    fn shifts_count(&self) -> usize {
        self.len()
    }
    fn shift(&self, shift: usize) -> (Moment, Moment) {
        (self[shift].start, self[shift].end)
    }
    fn breaks_count(&self, shift: usize) -> usize {
        self[shift].unpaid_breaks.len()
    }
    fn unpaid_break(&self, shift: usize, at: usize) -> (Moment, Moment) {
        let it = &self[shift].unpaid_breaks[at];
        (it.start, it.end)
    }
    fn flags_count(&self, shift: usize) -> usize {
        self[shift].flags.len()
    }
    fn flag(&self, shift: usize, at: usize) -> &str {
        &self[shift].flags[at]
    }
    fn duties_count(&self, shift: usize) -> usize {
        self[shift].duties.len()
    }
    fn duty(&self, shift: usize, at: usize) -> (Moment, Moment, &str) {
        let it = &self[shift].duties[at];
        (it.start, it.end, &it.classification)
    }
    fn agreed(&self, shift: usize) -> Option<Hours> {
        self[shift].agreed
    }
    fn is_plain(&self, shift: usize) -> bool {
        let it = &self[shift];
        it.flags.is_empty() && it.duties.is_empty() && it.agreed.is_none()
    }
}

impl Roster for [ArchivedShift] {
    fn shifts_count(&self) -> usize {
        self.len()
    }
    fn shift(&self, shift: usize) -> (Moment, Moment) {
        (self[shift].start.to_native(), self[shift].end.to_native())
    }
    fn breaks_count(&self, shift: usize) -> usize {
        self[shift].unpaid_breaks.len()
    }
    fn unpaid_break(&self, shift: usize, at: usize) -> (Moment, Moment) {
        let it = &self[shift].unpaid_breaks[at];
        (it.start.to_native(), it.end.to_native())
    }
    fn flags_count(&self, shift: usize) -> usize {
        self[shift].flags.len()
    }
    fn flag(&self, shift: usize, at: usize) -> &str {
        &self[shift].flags[at]
    }
    fn duties_count(&self, shift: usize) -> usize {
        self[shift].duties.len()
    }
    fn duty(&self, shift: usize, at: usize) -> (Moment, Moment, &str) {
        let it = &self[shift].duties[at];
        (it.start.to_native(), it.end.to_native(), &it.classification)
    }
    fn agreed(&self, shift: usize) -> Option<Hours> {
        self[shift].agreed.as_ref().map(ArchivedHours::to_native)
    }
    fn is_plain(&self, shift: usize) -> bool {
        let it = &self[shift];
        it.flags.is_empty() && it.duties.is_empty() && it.agreed.is_none()
    }
}

/// Which end of a shift or break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the two ends name themselves")]
pub enum End {
    Start,
    End,
}

/// The field of a quote request that is at fault. Prints as a path: `shifts[3].end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are the fields")]
pub enum Field {
    Award,
    Classification,
    Employment,
    State,
    PayPeriodStart,
    Shifts,
    Shift { shift: usize, end: End },
    Breaks { shift: usize },
    Break { shift: usize, at: usize, end: End },
    Flags { shift: usize },
    Duties { shift: usize },
    Duty { shift: usize, at: usize, end: End },
    DutyClassification { shift: usize, at: usize },
    Person(&'static str),
    Before(&'static str),
    Claims,
    Claim { at: usize, field: &'static str },
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |end: End| if end == End::Start { "start" } else { "end" };
        match *self {
            Self::Award => f.write_str("award"),
            Self::Classification => f.write_str("classification"),
            Self::Employment => f.write_str("employment"),
            Self::State => f.write_str("state"),
            Self::PayPeriodStart => f.write_str("pay_period_start"),
            Self::Shifts => f.write_str("shifts"),
            Self::Shift { shift, end } => write!(f, "shifts[{shift}].{}", name(end)),
            Self::Breaks { shift } => write!(f, "shifts[{shift}].unpaid_breaks"),
            Self::Break { shift, at, end } => {
                write!(f, "shifts[{shift}].unpaid_breaks[{at}].{}", name(end))
            }
            Self::Flags { shift } => write!(f, "shifts[{shift}].flags"),
            Self::Duties { shift } => write!(f, "shifts[{shift}].duties"),
            Self::Duty { shift, at, end } => {
                write!(f, "shifts[{shift}].duties[{at}].{}", name(end))
            }
            Self::DutyClassification { shift, at } => {
                write!(f, "shifts[{shift}].duties[{at}].classification")
            }
            Self::Person(field) => write!(f, "person.{field}"),
            Self::Before(field) => write!(f, "before.{field}"),
            Self::Claims => f.write_str("claims"),
            Self::Claim { at, field } => write!(f, "claims[{at}].{field}"),
        }
    }
}

/// Why a quote is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct QuoteError {
    /// The field at fault.
    pub field: Field,
    /// What is wrong with it.
    pub problem: QuoteProblem,
}

impl Field {
    #[cold]
    pub(crate) fn refuse(self, problem: QuoteProblem) -> QuoteError {
        QuoteError { field: self, problem }
    }
}

/// Minutes east of UTC, printed as `+10:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset(pub i32);

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        let minutes = self.0.abs();
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// What is wrong with a quote request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum QuoteProblem {
    #[error("`{0}` is not a published award")]
    AwardUnknown(String),
    #[error("`{0}` is not a classification of that award version")]
    ClassificationUnknown(String),
    #[error("{start} is before the award's first version, operative from {first}")]
    BeforeFirstVersion { start: Date, first: Date },
    #[error("is not offered for that classification by the award version")]
    EmploymentNotOffered,
    #[error("is not offered for that kind of employment by the award version")]
    ClassificationNotOffered,
    #[error("is paid an annual salary, which has no hourly lines")]
    AnnualSalary,
    #[error("cannot be checked for public holidays, no holiday table is published")]
    HolidaysUnknown,
    #[error("is empty, expected at least one shift")]
    ShiftsEmpty,
    #[error("has {count} shifts, at most {SHIFTS_COUNT_MAX} are allowed")]
    TooManyShifts { count: usize },
    #[error("has {count} breaks, at most {BREAKS_COUNT_MAX} are allowed")]
    TooManyBreaks { count: usize },
    #[error("is {end}, not after the start {start}")]
    Backwards { start: Moment, end: Moment },
    #[error("makes the shift {minutes} minutes long, at most {SHIFT_MINUTES_MAX} are allowed")]
    TooLong { minutes: i32 },
    #[error("lies within shifts[{other}]")]
    ShiftsOverlap { other: usize },
    #[error("is outside the shift, {start} to {end}")]
    BreakOutside { start: Moment, end: Moment },
    #[error("lies within unpaid_breaks[{other}]")]
    BreaksOverlap { other: usize },
    #[error(
        "is ambiguous: clocks went back and read {local} twice, add the offset {earlier} (the \
         first time) or {later}"
    )]
    Ambiguous { local: Moment, earlier: Offset, later: Offset },
    #[error("does not exist: clocks went forward past {local} that day")]
    Skipped { local: Moment },
    #[error("states an offset that is not in force then, expected {in_force}")]
    WrongOffset { in_force: Offset },
    #[error("is {date}, outside the pay period: on or after {start} and within {days} days")]
    OutsidePeriod { date: Date, start: Date, days: i32 },
    #[error("is {date}, outside the published holiday table, {first} to {last}")]
    OutsideHolidays { date: Date, first: Date, last: Date },
    #[error("reach {at}, for which that award version has no rate")]
    NoRate { at: LocalTime },
    #[error(
        "begins a shift of the kind `{name}`, for which the award version has no ordinary hours"
    )]
    KindNotOffered { name: String },
    #[error("names `{0}`, which that award version does not ask for")]
    FlagUnknown(String),
    #[error("has {count} flags, at most {FLAGS_STATED_COUNT_MAX} are allowed")]
    TooManyFlags { count: usize },
    #[error("is needed: it decides the rate of `{scale}`")]
    DateNeeded { scale: String },
    #[error("is {since}, after the shift of {date}")]
    DateLater { since: Date, date: Date },
    #[error("is {since}: on {date} no step of `{scale}` applies")]
    BeyondScale { scale: String, since: Date, date: Date },
    #[error("cannot be assessed under that award version: it has no supported wages")]
    SupportedWageNotOffered,
    #[error("is {percent} %, expected 10.00 to 100.00 %")]
    CapacityOutOfRange { percent: Percent },
    #[error("is {end}, after the first shift of the period starts")]
    EndsLater { end: Moment },
    #[error("has {count} intervals, at most {DUTIES_COUNT_MAX} are allowed")]
    TooManyDuties { count: usize },
    #[error("is not inside the shift and after the interval before it")]
    DutiesOutside,
    #[error("has {count} claims, at most {CLAIMS_COUNT_MAX} are allowed")]
    TooManyClaims { count: usize },
    #[error("is `{0}`, not an allowance of that award version")]
    AllowanceUnknown(String),
    #[error("is not offered to this classification or kind of employment")]
    AllowanceNotOffered,
    #[error("is paid without a claim, whenever its conditions hold")]
    AllowanceAutomatic,
    #[error("has no place in a claim of an all-purpose allowance, which is part of the rate")]
    AllPurposeCounted,
    #[error("is needed: the allowance is not counted by what was worked")]
    QuantityMissing,
    #[error("is out of range, expected 0.00 to 100000.00")]
    QuantityOutOfRange,
    #[error("is not the position of a shift, there are {count}")]
    ShiftMissing { count: usize },
}
