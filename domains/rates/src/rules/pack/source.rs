//! A pack as written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use values::{Currency, Date, Hours, Money, Percent};

use crate::rules::award::{
    Allowance, Employment, HigherDuties, Minimum, MissedBreak, OrdinaryHours, OvertimeBy,
    Precedence, RateFactor, Rule, ScaleBy, ShiftKind, Step, SupportedWage,
};
use crate::rules::calendar::State;
use crate::rules::person::{Before, Claim, Person};
use crate::rules::shift::Shift;

/// A pack as written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// The award's code.
    pub award: String,
    /// The award's name.
    pub name: String,
    /// What its dollars are in.
    #[serde(default)]
    pub currency: Currency,
    /// Rule sets, which versions name.
    pub rules: Vec<RuleSet>,
    /// Classifications, in the award's order.
    pub classification: Vec<PackClassification>,
    /// Juniors: one share of a rate for each age.
    #[serde(default)]
    pub juniors: Vec<Juniors>,
    /// Apprentices, trainees and years of service: one share or rate for each stage.
    #[serde(default)]
    pub apprentices: Vec<Apprentices>,
    /// Versions, oldest first.
    pub version: Vec<PackVersion>,
    /// Worked shifts that must come out as stated.
    #[serde(default)]
    pub example: Vec<Example>,
}

/// Rules that one or more versions share.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// What versions call it.
    pub name: String,
    /// The hours that the weekly rate pays for.
    pub week: Hours,
    /// The casual loading.
    pub casual_loading: Percent,
    /// What to do where penalties overlap.
    #[serde(default)]
    pub precedence: Precedence,
    /// What the tiers of overtime count.
    #[serde(default)]
    pub overtime_by: OvertimeBy,
    /// When ordinary hours end.
    pub ordinary: Vec<OrdinaryHours>,
    /// What ordinary hours are paid at.
    pub penalty: Vec<Rule>,
    /// What overtime is paid at.
    pub overtime: Vec<Rule>,
    /// Kinds of shift, in the order in which they are tried.
    #[serde(default)]
    pub shift: Vec<ShiftKind>,
    /// Least times of an engagement.
    #[serde(default)]
    pub minimum: Vec<Minimum>,
    /// What missed breaks cost.
    #[serde(default)]
    pub missed_break: Vec<MissedBreak>,
    /// When higher duties pay a whole shift.
    #[serde(default)]
    pub higher_duties: Vec<HigherDuties>,
    /// Allowances; dollars that change by version stand in the versions.
    #[serde(default)]
    pub allowance: Vec<Allowance>,
    /// The supported wage system.
    #[serde(default)]
    pub supported_wage: Option<SupportedWage>,
}

/// Which rate of another classification a share is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShareOf {
    /// Of the weekly rate, rounded as `round` says, then divided by the week.
    #[default]
    Weekly,
    /// Of the hourly rate, rounded to the cent.
    Hourly,
}

/// A classification; its rate stands in each version unless it is a share of another's.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackClassification {
    /// The pack's name for it.
    pub code: String,
    /// The award's name for it.
    pub title: String,
    /// Where the award says so.
    pub clause: String,
    /// The Fair Work Commission's `classification_fixed_id`.
    #[serde(default)]
    pub fwc: Option<u32>,
    /// The classification it is a share of.
    #[serde(default)]
    pub of: Option<String>,
    /// The share.
    #[serde(default)]
    pub percent: Option<Percent>,
    /// Which of its rates.
    #[serde(default)]
    pub share_of: ShareOf,
    /// What the weekly share is rounded to.
    #[serde(default)]
    pub round: Step,
    /// Weekly allowances that are always part of its ordinary hourly rate.
    #[serde(default)]
    pub all_purpose: Vec<String>,
    /// Its hourly rates are (weekly rate + all-purpose allowances) x `times` / `over` / `week`,
    /// rounded once to the cent: `{ times = "52.00", over = "50.40" }` for daily hire. A share of its
    /// weekly or hourly rate is taken without it; its juniors have it too.
    #[serde(default)]
    pub factor: Option<RateFactor>,
    /// Its rate is there for shares, allowances and flat loadings to refer to (`of`), and nobody is
    /// paid it: an old rate that still decides allowances, say. It has no juniors and no share.
    #[serde(default)]
    pub reference_only: bool,
}

/// Junior rates: every age of every classification named.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Juniors {
    /// The adult classifications.
    pub of: Vec<String>,
    /// Where the award says so.
    pub clause: String,
    /// Which of their rates.
    #[serde(default)]
    pub share_of: ShareOf,
    /// What the weekly share is rounded to.
    #[serde(default)]
    pub round: Step,
    /// The one classification whose rate all are a share of; their own when left out.
    #[serde(default)]
    pub reference: Option<String>,
    /// The age from which the adult rate is paid.
    #[serde(default = "adult")]
    pub adult_from: u16,
    /// The ages.
    pub age: Vec<Age>,
}

fn adult() -> u16 {
    21
}

/// One age of juniors.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Age {
    /// What follows the adult's code, after a hyphen.
    pub suffix: String,
    /// What follows the adult's title, after a comma.
    pub title: String,
    /// From this age on, in years, until the next; when all ages state it, a date of birth finds it.
    #[serde(default)]
    pub from: Option<u16>,
    /// Only with at least so many months of service.
    #[serde(default)]
    pub service_months: u16,
    /// The share.
    pub percent: Percent,
    /// Other shares from later dates on, oldest first.
    #[serde(default)]
    pub phase: Vec<Phase>,
    /// FWC ids, one for each of the adult classifications, in their order.
    #[serde(default)]
    pub fwc: Vec<u32>,
}

/// A share in versions that are operative from a date or later.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// The date.
    pub from: Date,
    /// The share.
    pub percent: Percent,
}

/// Apprentices, trainees, or years of service: stages that follow one another.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Apprentices {
    /// What requests name together with the date; the stages are classifications `<code>-<suffix>`.
    pub code: String,
    /// The award's name; a stage's title follows after a comma.
    pub title: String,
    /// Where the award says so.
    pub clause: String,
    /// What is counted.
    #[serde(default = "apprenticeship")]
    pub by: ScaleBy,
    /// The classification that the stages are shares of, unless they name their own.
    #[serde(default)]
    pub of: Option<String>,
    /// Which of its rates.
    #[serde(default)]
    pub share_of: ShareOf,
    /// What the weekly share is rounded to.
    #[serde(default)]
    pub round: Step,
    /// Weekly allowances that are always part of the ordinary hourly rate.
    #[serde(default)]
    pub all_purpose: Vec<String>,
    /// The stages.
    pub stage: Vec<Stage>,
}

fn apprenticeship() -> ScaleBy {
    ScaleBy::Apprenticeship
}

/// One stage.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What follows the code, after a hyphen.
    pub suffix: String,
    /// What follows the title, after a comma.
    pub title: String,
    /// From this many months on, until the next.
    pub from: u16,
    /// The share; without one each version states the rate.
    #[serde(default)]
    pub percent: Option<Percent>,
    /// The classification of the share, where it is not that of all stages.
    #[serde(default)]
    pub of: Option<String>,
    /// Other shares from later dates on, oldest first.
    #[serde(default)]
    pub phase: Vec<Phase>,
    /// The Fair Work Commission's `classification_fixed_id`.
    #[serde(default)]
    pub fwc: Option<u32>,
}

/// The rates of one version.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackVersion {
    /// Applies to pay periods that start on or after this date.
    pub operative_from: Date,
    /// The rule set.
    pub rules: String,
    /// Where the figures were taken from.
    pub source: String,
    /// Takes over rates and allowances of the version of this date; those stated here go before.
    #[serde(default)]
    pub rates_from: Option<Date>,
    /// Rates by classification. One that has none is not offered by this version. A share may
    /// state its rate too; it must then agree.
    #[serde(default)]
    pub rates: BTreeMap<String, Rate>,
    /// Dollars by allowance. One that has none, and is no share, is not offered by this version.
    #[serde(default)]
    pub allowances: BTreeMap<String, Money>,
    /// The most dollars a week by allowance, where that moves with the version; it goes before the
    /// allowance's own `week_max`, and is taken over by `rates_from` as the dollars are.
    #[serde(default)]
    pub week_max: BTreeMap<String, Money>,
}

/// The rate of one classification in one version.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// The weekly rate.
    #[serde(default)]
    pub weekly: Option<Money>,
    /// The hourly rate; beside a weekly rate it must agree with it.
    #[serde(default)]
    pub hourly: Option<Money>,
    /// An annual salary.
    #[serde(default)]
    pub annual: Option<Money>,
    /// All-purpose allowances a week.
    #[serde(default)]
    pub all_purpose_weekly: Option<Money>,
}

/// Shifts and what they must come to.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Whose shifts.
    pub classification: String,
    /// How they are engaged.
    pub employment: Employment,
    /// Where.
    pub state: State,
    /// Decides the version.
    pub pay_period_start: Date,
    /// Facts about the person.
    #[serde(default)]
    pub person: Option<Box<Person>>,
    /// What went before the pay period.
    #[serde(default)]
    pub before: Option<Box<Before>>,
    /// The shifts.
    pub shifts: Vec<Shift>,
    /// Allowances claimed.
    #[serde(default)]
    pub claims: Vec<Claim>,
    /// Their pay.
    pub total: Money,
}
