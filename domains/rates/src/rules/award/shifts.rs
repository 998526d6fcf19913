//! Kinds of shift, and what a whole shift is owed: a minimum, its breaks, higher duties.

use values::{Hours, Percent, TimeOfDay};

use super::{Base, CasualRegime, Day, Employment};

contract::message! {
    /// A stretch of the clock; it runs past midnight when it ends at or before its start.
    #[derive(Copy)]
    pub struct Window {
        /// From.
        pub from: TimeOfDay,
        /// To.
        pub to: TimeOfDay,
    }

    /// Which day's rates pay a shift that crosses midnight.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum PaidAs {
        /// Each hour by its own day.
        #[default]
        Hours,
        /// All of it as the day on which it starts.
        Start,
        /// All of it as the day that has the greater part of it; the first where they are equal.
        GreaterPart,
    }

    /// A kind of shift, chosen once for a whole shift: the first of the list whose every condition
    /// holds. A shift that is of no kind is plain. Rules that name the kind in `shifts` pay such
    /// shifts, before rules that name none.
    #[derive(Default)]
    pub struct ShiftKind {
        /// What rules call it; not `plain`.
        pub name: String,
        /// Where the award says so.
        pub clause: String,
        /// For whom; empty means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub employment: Vec<Employment>,
        /// The classifications, as in a rule; empty means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub classifications: Vec<String>,
        /// It starts on one of these days; empty means any.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub days: Vec<Day>,
        /// It starts within one of these: at `from` or later, before `to`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub starts: Vec<Window>,
        /// It ends within one of these: after `from`, at `to` or before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub ends: Vec<Window>,
        /// Some of it lies within one of these.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub touches: Vec<Window>,
        /// The request states all of these flags, for the person or for the shift.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub flags: Vec<String>,
        /// The request states none of these flags.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub without: Vec<String>,
        /// It starts less than this after the last shift before it ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub rest_below: Option<Hours>,
        /// All of it is overtime.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub overtime: bool,
        /// Which day's rates pay it.
        #[serde(default)]
        pub paid_as: PaidAs,
    }

    /// What a minimum is owed for.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum MinimumPer {
        /// Each shift.
        #[default]
        Shift,
        /// Each day on which a shift starts: its shifts together, paid at the end of the last.
        Day,
    }

    /// The least time that is paid for an engagement. What is missing is paid as if the shift went
    /// on: at ordinary rates where they apply then, else at the rate the shift ended at, or with
    /// `through_tiers` at those that would follow. It counts towards no limit.
    #[derive(Default)]
    pub struct Minimum {
        /// Its name on the lines of a quote.
        pub rule: String,
        /// Where the award says so.
        pub clause: String,
        /// For whom; empty means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub employment: Vec<Employment>,
        /// The classifications, as in a rule; empty means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub classifications: Vec<String>,
        /// The shift starts on one of these days; empty means any.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub days: Vec<Day>,
        /// The shift is of one of these kinds; empty means any.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub shifts: Vec<String>,
        /// The request states all of these flags.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub flags: Vec<String>,
        /// The request states none of these flags.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub without: Vec<String>,
        /// The least time. Where several minimums hold, the longest applies.
        pub hours: Hours,
        /// What it is owed for.
        #[serde(default)]
        pub per: MinimumPer,
        /// Where the shift ended in overtime, what is missing goes on through its tiers as work would.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub through_tiers: bool,
    }

    /// How a missed break is paid.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum BreakPay {
        /// The percentage is paid on top of what the time is paid anyway.
        #[default]
        Added,
        /// The time is paid the percentage, where that is more than what it is paid anyway.
        AtLeast,
    }

    /// What is paid for work past the time at which a meal break was due, until a break is taken or
    /// the shift ends.
    #[derive(Default)]
    pub struct MissedBreak {
        /// Its name on the lines of a quote.
        pub rule: String,
        /// Where the award says so.
        pub clause: String,
        /// For whom; empty means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub employment: Vec<Employment>,
        /// The classifications, as in a rule; empty means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub classifications: Vec<String>,
        /// The request states all of these flags.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub flags: Vec<String>,
        /// The request states none of these flags.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub without: Vec<String>,
        /// Work without a break that may go before one.
        pub after: Hours,
        /// The shortest unpaid break that counts as one.
        #[serde(rename = "break")]
        pub break_min: Hours,
        /// The share of the base.
        pub percent: Percent,
        /// What the percentage is taken of.
        #[serde(default)]
        pub base: Base,
        /// How casual employees are paid; needed when `employment` names them or is empty.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub casual: Option<CasualRegime>,
        /// How it is paid.
        #[serde(default)]
        pub pay: BreakPay,
    }

    /// When work at a higher classification is paid at its rates. Without such a rule the time itself
    /// is.
    #[derive(Default)]
    pub struct HigherDuties {
        /// Its name in a trace.
        pub rule: String,
        /// Where the award says so.
        pub clause: String,
        /// For whom; empty means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub employment: Vec<Employment>,
        /// The person's own classifications, as in a rule; empty means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub classifications: Vec<String>,
        /// Beyond so much of it in one shift, the whole shift is paid at the higher rates.
        pub whole_shift_after: Hours,
    }

    /// The wages of people assessed under the supported wage system: a share of every rate.
    #[derive(Default)]
    pub struct SupportedWage {
        /// Where the award says so.
        pub clause: String,
    }
}

impl Default for Window {
    fn default() -> Self {
        Self { from: TimeOfDay::START, to: TimeOfDay::END }
    }
}
