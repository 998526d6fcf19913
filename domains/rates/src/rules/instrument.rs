//! Instruments above the award: enterprise agreements, protected rates of regulated labour hire
//! arrangements, contracts. Each carries pay rules of its own in the shape of an award version.
//!
//! - An **enterprise agreement** takes the award's place while it applies (Fair Work Act 2009 s.57),
//!   but its base rate is never below the award's, or the national minimum wage where no award
//!   covers the work (s.206). Only the base rate has this floor: penalties follow the agreement, on
//!   the lifted base.
//! - A **protected rate** is the full rate payable under the host's instrument; a labour hire
//!   employer under a regulated labour hire arrangement order pays no less (s.306F).
//! - A **contract** can pay more than all of these, never less. Where it says that what it pays is
//!   set off against award entitlements, the pay of the whole period counts, else each piece of it;
//!   never that of another period ([2025] FCA 1092).

mod compliance;
mod contest;

use values::{Date, Money};

use super::award::AwardVersion;
use super::compile::{VersionError, VersionTables};

pub use compliance::{Entitlement, PaidEntitlement, PeriodCheck, compare};
pub use contest::{Contender, Piece, contest, total};

/// The most counterparts of one instrument.
pub const COUNTERPARTS_COUNT_MAX: usize = 512;
/// The longest text, in bytes.
pub const TEXT_BYTES_MAX: usize = 240;

contract::message! {
    /// What an instrument is in law.
    #[derive(PartialOrd, Ord)]
    #[serde(rename_all = "kebab-case")]
    #[rkyv(derive(Debug, Clone, Copy, PartialEq, Eq))]
    pub enum InstrumentKind {
        /// The award itself.
        Award,
        /// An enterprise agreement.
        EnterpriseAgreement,
        /// A host's instrument under a regulated labour hire arrangement order.
        ProtectedRate,
        /// A contract of employment.
        Contract,
    }

    /// The award's classification that stands behind an instrument's own.
    pub struct Counterpart {
        /// The instrument's.
        pub classification: String,
        /// The award's.
        pub award_classification: String,
    }

    /// One version of an instrument.
    pub struct Instrument {
        /// What it is; the award itself is published as an award.
        pub kind: InstrumentKind,
        /// Its pay rules; `award` in them is the instrument's own code.
        pub rules: AwardVersion,
        /// An agreement: the award whose base rates are its floor; the national minimum wage when
        /// left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub floor_award: Option<String>,
        /// An agreement: its classifications with the award's; one that is not listed has the same
        /// code in the award.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub counterparts: Vec<Counterpart>,
        /// The last day on which a pay period under it may start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub ends: Option<Date>,
        /// A contract: what it pays is set off against entitlements within a pay period.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub set_off: bool,
    }
}

/// Why an instrument is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct InstrumentError {
    /// The field, as a path from the instrument's root.
    pub field: String,
    /// What is wrong.
    pub problem: InstrumentProblem,
}

/// What is wrong with an instrument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum InstrumentProblem {
    #[error("is `award`: publish an award as one")]
    IsAward,
    #[error("belongs to an enterprise agreement only")]
    AgreementOnly,
    #[error("belongs to a contract only")]
    ContractOnly,
    #[error("has {count}, at most {COUNTERPARTS_COUNT_MAX} are allowed")]
    TooMany { count: usize },
    #[error("is empty or longer than {TEXT_BYTES_MAX} bytes")]
    Text,
    #[error("names `{code}`, which is no classification of the rules, or is listed twice")]
    ClassificationUnknown { code: String },
    #[error("is {ends}, before the rules are operative, {from}")]
    EndsEarly { ends: Date, from: Date },
    #[error("{0}")]
    Rules(VersionError),
}

impl Instrument {
    /// Checks and compiles it.
    pub fn compile(&self) -> Result<VersionTables, InstrumentError> {
        let refuse =
            |field: &str, problem| Err(InstrumentError { field: field.to_owned(), problem });
        let is_agreement = self.kind == InstrumentKind::EnterpriseAgreement;
        if self.kind == InstrumentKind::Award {
            return refuse("kind", InstrumentProblem::IsAward);
        }
        if self.floor_award.is_some() && !is_agreement {
            return refuse("floor_award", InstrumentProblem::AgreementOnly);
        }
        if !self.counterparts.is_empty() && !is_agreement {
            return refuse("counterparts", InstrumentProblem::AgreementOnly);
        }
        if self.set_off && self.kind != InstrumentKind::Contract {
            return refuse("set_off", InstrumentProblem::ContractOnly);
        }
        let text = |it: &str| !it.is_empty() && it.len() <= TEXT_BYTES_MAX;
        if self.floor_award.as_deref().is_some_and(|it| !text(it)) {
            return refuse("floor_award", InstrumentProblem::Text);
        }
        let from = self.rules.operative_from;
        if let Some(ends) = self.ends
            && ends < from
        {
            return refuse("ends", InstrumentProblem::EndsEarly { ends, from });
        }
        if COUNTERPARTS_COUNT_MAX < self.counterparts.len() {
            let count = self.counterparts.len();
            return refuse("counterparts", InstrumentProblem::TooMany { count });
        }
        let tables = VersionTables::compile(&self.rules).map_err(|error| InstrumentError {
            field: format!("rules.{}", error.field),
            problem: InstrumentProblem::Rules(error),
        })?;
        for (at, it) in self.counterparts.iter().enumerate() {
            let code = &it.classification;
            let listed = self.counterparts[..at].iter().any(|other| other.classification == *code);
            if listed || tables.position(code).is_none() {
                let problem = InstrumentProblem::ClassificationUnknown { code: code.clone() };
                return refuse(&format!("counterparts[{at}].classification"), problem);
            }
            if !text(&it.award_classification) {
                let field = format!("counterparts[{at}].award_classification");
                return refuse(&field, InstrumentProblem::Text);
            }
        }
        Ok(tables)
    }

    /// The award's classification behind `classification`.
    #[must_use]
    pub fn counterpart<'a>(&'a self, classification: &'a str) -> &'a str {
        self.counterparts
            .iter()
            .find(|it| it.classification == classification)
            .map_or(classification, |it| it.award_classification.as_str())
    }

    /// Its rules with the base rate of the classification at `position` lifted to `base` (s.206).
    /// Rates that are shares of it follow, as they do in an award.
    pub fn lifted(&self, position: usize, base: Money) -> Result<VersionTables, VersionError> {
        let mut rules = self.rules.clone();
        if let Some(it) = rules.classifications.get_mut(position) {
            it.weekly = None;
            it.hourly = Some(base);
        }
        VersionTables::compile(&rules)
    }
}
