//! The first version of award versions.

use contract::Stored;
use rkyv::{Archive, Deserialize, Serialize};
use values::{Currency, Date, Hours, Money, Percent, TimeOfDay};

use crate::AwardPublished;
use crate::rules::award::{
    AwardVersion, Base, CasualRegime, Classification, Day, Employment, Flat, FlatUnit,
    OrdinaryHours, Precedence, Rule, Span,
};

#[derive(Debug, Archive, Serialize, Deserialize)]
struct FlatOne {
    amount: Option<Money>,
    of: Option<String>,
    percent: Option<Percent>,
    per: FlatUnit,
}

#[derive(Debug, Archive, Serialize, Deserialize)]
struct RuleOne {
    rule: String,
    clause: String,
    employment: Vec<Employment>,
    classifications: Vec<String>,
    days: Vec<Day>,
    from: TimeOfDay,
    to: TimeOfDay,
    after: Hours,
    percent: Percent,
    base: Base,
    casual: Option<CasualRegime>,
    casual_loading: Option<Percent>,
    flat: Option<FlatOne>,
    priority: u8,
}

#[derive(Debug, Archive, Serialize, Deserialize)]
struct ClassificationOne {
    code: String,
    title: String,
    clause: String,
    fwc: Option<u32>,
    weekly: Option<Money>,
    hourly: Option<Money>,
    annual: Option<Money>,
    all_purpose_weekly: Option<Money>,
}

#[derive(Debug, Archive, Serialize, Deserialize)]
struct OrdinaryHoursOne {
    employment: Vec<Employment>,
    clause: String,
    daily_max: Hours,
    weekly_max: Hours,
    span: Vec<Span>,
}

#[derive(Debug, Archive, Serialize, Deserialize)]
struct AwardVersionOne {
    award: String,
    name: String,
    operative_from: Date,
    currency: Currency,
    source: String,
    week: Hours,
    casual_loading: Percent,
    precedence: Precedence,
    classifications: Vec<ClassificationOne>,
    ordinary: Vec<OrdinaryHoursOne>,
    penalties: Vec<RuleOne>,
    overtime: Vec<RuleOne>,
}

#[derive(Debug, Archive, Serialize, Deserialize)]
struct AwardPublishedOne {
    version: AwardVersionOne,
}

impl From<RuleOne> for Rule {
    fn from(it: RuleOne) -> Self {
        let flat = it.flat.map(|it| Flat {
            amount: it.amount,
            of: it.of,
            percent: it.percent,
            per: it.per,
            ..Flat::default()
        });
        Self {
            rule: it.rule,
            clause: it.clause,
            employment: it.employment,
            classifications: it.classifications,
            days: it.days,
            from: it.from,
            to: it.to,
            after: it.after,
            percent: it.percent,
            base: it.base,
            casual: it.casual,
            casual_loading: it.casual_loading,
            flat,
            priority: it.priority,
            ..Self::default()
        }
    }
}

impl From<ClassificationOne> for Classification {
    fn from(it: ClassificationOne) -> Self {
        Self {
            code: it.code,
            title: it.title,
            clause: it.clause,
            fwc: it.fwc,
            weekly: it.weekly,
            hourly: it.hourly,
            annual: it.annual,
            all_purpose_weekly: it.all_purpose_weekly,
            factor: None,
        }
    }
}

impl From<AwardVersionOne> for AwardVersion {
    fn from(it: AwardVersionOne) -> Self {
        let ordinary = it.ordinary.into_iter().map(|it| OrdinaryHours {
            employment: it.employment,
            clause: it.clause,
            daily_max: it.daily_max,
            weekly_max: it.weekly_max,
            span: it.span,
            ..OrdinaryHours::default()
        });
        Self {
            currency: it.currency,
            source: it.source,
            casual_loading: it.casual_loading,
            precedence: it.precedence,
            classifications: it.classifications.into_iter().map(Classification::from).collect(),
            ordinary: ordinary.collect(),
            penalties: it.penalties.into_iter().map(Rule::from).collect(),
            overtime: it.overtime.into_iter().map(Rule::from).collect(),
            ..Self::new(it.award, it.name, it.operative_from, it.week)
        }
    }
}

impl AwardVersion {
    /// Reads a row of the first schema version: rates by time alone.
    pub(crate) fn upgrade(version: u16, payload: &[u8]) -> Option<Self> {
        (version == 1).then(|| AwardVersionOne::decode(payload).ok().map(Self::from)).flatten()
    }
}

impl AwardPublished {
    pub(crate) fn upgrade(version: u16, payload: &[u8]) -> Option<Self> {
        if version != 1 {
            return None;
        }
        let version = AwardPublishedOne::decode(payload).ok()?.version.into();
        Some(Self { version })
    }
}
