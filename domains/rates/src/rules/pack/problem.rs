//! What is wrong with a pack, and how it is said.

use values::{Date, Money, Percent};

use super::PACK_BYTES_MAX;
use crate::rules::compile::VersionError;
use crate::rules::shift::QuoteError;

/// Why a pack is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct PackError {
    /// The file.
    pub file: String,
    /// What is wrong.
    pub problem: PackProblem,
}

/// What is wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum PackProblem {
    #[error("is {bytes} bytes, at most {PACK_BYTES_MAX} are read")]
    TooLarge { bytes: usize },
    #[error("{0}")]
    Toml(String),
    #[error("{field} is empty")]
    Empty { field: &'static str },
    #[error("version {operative_from} comes after {before}, expected the oldest version first")]
    VersionsOutOfOrder { operative_from: Date, before: Date },
    #[error("version {operative_from}, rules: no rule set is named `{name}`")]
    RuleSetUnknown { operative_from: Date, name: String },
    #[error("rules `{name}` is given twice")]
    RuleSetTwice { name: String },
    #[error("version {operative_from}, rates: `{code}` is not a classification of this pack")]
    RateUnknown { operative_from: Date, code: String },
    #[error("classification `{code}` is given twice")]
    ClassificationTwice { code: String },
    #[error("classification `{code}`, of: {problem}")]
    Share { code: String, problem: &'static str },
    #[error("scale `{code}`: {problem}")]
    Scale { code: String, problem: &'static str },
    #[error("version {operative_from}, rates_from: no earlier version is operative from {date}")]
    RatesFromUnknown { operative_from: Date, date: Date },
    #[error("version {operative_from}, allowances: `{code}` is not an allowance of its rules")]
    AllowanceUnknown { operative_from: Date, code: String },
    #[error("classification `{code}`, all_purpose: `{allowance}` {problem}")]
    AllPurpose { code: String, allowance: String, problem: &'static str },
    #[error("juniors, age `{suffix}`, fwc: has {count} ids, expected none or {expected}")]
    JuniorIds { suffix: String, count: usize, expected: usize },
    #[error(
        "version {operative_from}, rates.{code}.{field} is {stated}, but {percent} % of `{of}` is \
         {computed}"
    )]
    ShareContradicts {
        operative_from: Date,
        code: String,
        field: &'static str,
        stated: Money,
        percent: Percent,
        of: String,
        computed: Money,
    },
    #[error(transparent)]
    Version(#[from] VersionError),
    #[error("example `{name}`: {error}")]
    ExampleRefused { name: String, error: QuoteError },
    #[error("example `{name}`, total: is {stated}, but the shifts come to {computed}")]
    ExampleWrong { name: String, stated: Money, computed: Money },
}
