//! A pack: one award's versions in one file, written by hand. See `config/reference/README.md`.
//!
//! A pack says each thing once: classifications and rule sets by name, rates by version, juniors
//! and apprentices as shares of other classifications. [`Pack::versions`] spells it out into one
//! complete [`AwardVersion`] per date; [`Pack::check`] compiles them and runs the pack's examples.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use values::{Currency, Date, Hours, Money, Percent};

use super::award::{AwardVersion, Classification, Employment, OrdinaryHours, Precedence, Rule};
use super::calendar::{Calendar, State};
use super::compile::{VersionError, VersionTables};
use super::quote::Priced;
use super::reference::Book;
use super::shift::{QuoteError, Shift};

/// The largest pack file, in bytes.
pub const PACK_BYTES_MAX: usize = 1 << 20;

/// A pack as written.
#[derive(Debug, Clone, Deserialize)]
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
    /// Versions, oldest first.
    pub version: Vec<PackVersion>,
    /// Worked shifts that must come out as stated.
    #[serde(default)]
    pub example: Vec<Example>,
}

/// Rules that one or more versions share.
#[derive(Debug, Clone, Deserialize)]
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
    /// When ordinary hours end.
    pub ordinary: Vec<OrdinaryHours>,
    /// What ordinary hours are paid at.
    pub penalty: Vec<Rule>,
    /// What overtime is paid at.
    pub overtime: Vec<Rule>,
}

/// Which rate of another classification a share is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShareOf {
    /// Of the weekly rate, rounded to the cent, then divided by the week.
    #[default]
    Weekly,
    /// Of the hourly rate.
    Hourly,
}

/// A classification; its rate stands in each version unless it is a share of another's.
#[derive(Debug, Clone, Deserialize)]
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
}

/// Junior rates: every age of every classification named.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Juniors {
    /// The adult classifications.
    pub of: Vec<String>,
    /// Where the award says so.
    pub clause: String,
    /// Which of their rates.
    #[serde(default)]
    pub share_of: ShareOf,
    /// The ages.
    pub age: Vec<Age>,
}

/// One age of juniors.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Age {
    /// What follows the adult's code, after a hyphen.
    pub suffix: String,
    /// What follows the adult's title, after a comma.
    pub title: String,
    /// The share.
    pub percent: Percent,
    /// FWC ids, one for each of the adult classifications, in their order.
    #[serde(default)]
    pub fwc: Vec<u32>,
}

/// The rates of one version.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackVersion {
    /// Applies to pay periods that start on or after this date.
    pub operative_from: Date,
    /// The rule set.
    pub rules: String,
    /// Where the figures were taken from.
    pub source: String,
    /// Rates by classification. One that has none is not offered by this version. A share may
    /// state its rate too; it must then agree.
    pub rates: BTreeMap<String, Rate>,
}

/// The rate of one classification in one version.
#[derive(Debug, Clone, Copy, Deserialize)]
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
#[derive(Debug, Clone, Deserialize)]
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
    /// The shifts.
    pub shifts: Vec<Shift>,
    /// Their pay.
    pub total: Money,
}

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

impl Pack {
    /// Reads a pack from the text of `file`, which only names it in errors.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, PackError> {
        let fail = |problem| PackError { file: file.to_owned(), problem };
        if PACK_BYTES_MAX < text.len() {
            return Err(fail(PackProblem::TooLarge { bytes: text.len() }));
        }
        toml::from_str(text).map_err(|error| fail(PackProblem::Toml(error.to_string())))
    }

    /// Spells the pack out, one complete version per date.
    pub fn versions(&self, file: &str) -> Result<Vec<AwardVersion>, PackError> {
        self.spell_out().map_err(|problem| PackError { file: file.to_owned(), problem })
    }

    /// Compiles every version and runs every example.
    pub fn check(&self, file: &str, calendar: &Calendar) -> Result<Vec<AwardVersion>, PackError> {
        let fail = |problem| PackError { file: file.to_owned(), problem };
        let versions = self.versions(file)?;
        let mut book = Book::default();
        for version in &versions {
            let tables = VersionTables::compile(version).map_err(|it| fail(it.into()))?;
            book.insert(tables);
        }
        let mut quote = Priced::default();
        for example in &self.example {
            self.run(example, &book, calendar, &mut quote).map_err(fail)?;
        }
        Ok(versions)
    }

    fn run(
        &self,
        example: &Example,
        book: &Book,
        calendar: &Calendar,
        quote: &mut Priced,
    ) -> Result<(), PackProblem> {
        let refused = |error| {
            let name = example.name.clone();
            PackProblem::ExampleRefused { name, error }
        };
        let (employment, start) = (example.employment, example.pay_period_start);
        let terms =
            book.terms(&self.award, &example.classification, employment, start).map_err(refused)?;
        terms.price(calendar, example.state, &example.shifts[..], quote).map_err(refused)?;
        if quote.total != example.total {
            let name = example.name.clone();
            let (stated, computed) = (example.total, quote.total);
            return Err(PackProblem::ExampleWrong { name, stated, computed });
        }
        Ok(())
    }

    fn spell_out(&self) -> Result<Vec<AwardVersion>, PackProblem> {
        let classifications = self.all_classifications()?;
        let mut names = BTreeSet::new();
        for set in &self.rules {
            if !names.insert(&set.name) {
                return Err(PackProblem::RuleSetTwice { name: set.name.clone() });
            }
        }
        if self.version.is_empty() {
            return Err(PackProblem::Empty { field: "version" });
        }
        for pair in self.version.windows(2) {
            let (before, operative_from) = (pair[0].operative_from, pair[1].operative_from);
            if operative_from <= before {
                return Err(PackProblem::VersionsOutOfOrder { operative_from, before });
            }
        }
        self.version.iter().map(|it| self.spell_out_one(it, &classifications)).collect()
    }

    fn spell_out_one(
        &self,
        version: &PackVersion,
        classifications: &[PackClassification],
    ) -> Result<AwardVersion, PackProblem> {
        let operative_from = version.operative_from;
        let set = self.rules.iter().find(|it| it.name == version.rules).ok_or_else(|| {
            PackProblem::RuleSetUnknown { operative_from, name: version.rules.clone() }
        })?;
        for code in version.rates.keys() {
            if !classifications.iter().any(|it| it.code == *code) {
                let code = code.clone();
                return Err(PackProblem::RateUnknown { operative_from, code });
            }
        }
        let mut offered = Vec::new();
        for it in classifications {
            if let Some(rate) = rate(version, set.week, it)? {
                offered.push(Classification {
                    code: it.code.clone(),
                    title: it.title.clone(),
                    clause: it.clause.clone(),
                    fwc: it.fwc,
                    weekly: rate.weekly,
                    hourly: rate.hourly,
                    annual: rate.annual,
                    all_purpose_weekly: rate.all_purpose_weekly,
                });
            }
        }
        Ok(AwardVersion {
            award: self.award.clone(),
            name: self.name.clone(),
            operative_from,
            currency: self.currency,
            source: version.source.clone(),
            week: set.week,
            casual_loading: set.casual_loading,
            precedence: set.precedence,
            classifications: offered,
            ordinary: set.ordinary.clone(),
            penalties: set.penalty.clone(),
            overtime: set.overtime.clone(),
        })
    }

    /// The classifications with the juniors spelled out.
    fn all_classifications(&self) -> Result<Vec<PackClassification>, PackProblem> {
        let mut all = self.classification.clone();
        for juniors in &self.juniors {
            for age in &juniors.age {
                if !age.fwc.is_empty() && age.fwc.len() != juniors.of.len() {
                    return Err(PackProblem::JuniorIds {
                        suffix: age.suffix.clone(),
                        count: age.fwc.len(),
                        expected: juniors.of.len(),
                    });
                }
            }
            for (at, code) in juniors.of.iter().enumerate() {
                let title = self
                    .classification
                    .iter()
                    .find(|it| it.code == *code)
                    .map_or(code.as_str(), |it| it.title.as_str());
                all.extend(juniors.age.iter().map(|age| PackClassification {
                    code: format!("{code}-{}", age.suffix),
                    title: format!("{title}, {}", age.title),
                    clause: juniors.clause.clone(),
                    fwc: age.fwc.get(at).copied(),
                    of: Some(code.clone()),
                    percent: Some(age.percent),
                    share_of: juniors.share_of,
                }));
            }
        }
        let mut codes = BTreeSet::new();
        for it in &all {
            if !codes.insert(&it.code) {
                return Err(PackProblem::ClassificationTwice { code: it.code.clone() });
            }
            let share = |problem| Err(PackProblem::Share { code: it.code.clone(), problem });
            match (&it.of, it.percent) {
                (None, None) => {}
                (Some(of), Some(_)) => match all.iter().find(|other| other.code == *of) {
                    None => return share("names no classification of this pack"),
                    Some(adult) if adult.of.is_some() => return share("names another share"),
                    Some(_) => {}
                },
                _ => return share("a share needs both `of` and `percent`"),
            }
        }
        Ok(all)
    }
}

/// The rate of `it` in `version`: stated, or a share of a stated one.
fn rate(
    version: &PackVersion,
    week: Hours,
    it: &PackClassification,
) -> Result<Option<Rate>, PackProblem> {
    let stated = version.rates.get(&it.code);
    let (Some(of), Some(percent)) = (&it.of, it.percent) else {
        return Ok(stated.copied());
    };
    let Some(adult) = version.rates.get(of) else {
        return Ok(None);
    };
    let mut rate = Rate { weekly: None, hourly: None, annual: None, all_purpose_weekly: None };
    match (it.share_of, adult.weekly, adult.hourly) {
        (ShareOf::Weekly, Some(weekly), _) => rate.weekly = Some(weekly.percent(percent)),
        (ShareOf::Hourly, Some(weekly), _) => {
            rate.hourly = Some(weekly.per_hour_of(week).percent(percent));
        }
        (ShareOf::Hourly, None, Some(hourly)) => rate.hourly = Some(hourly.percent(percent)),
        _ => {
            let problem = "the classification it names has no such rate";
            return Err(PackProblem::Share { code: it.code.clone(), problem });
        }
    }
    if let Some(stated) = stated {
        let hourly = rate.hourly.or_else(|| rate.weekly.map(|weekly| weekly.per_hour_of(week)));
        let pairs = [("weekly", stated.weekly, rate.weekly), ("hourly", stated.hourly, hourly)];
        for (field, stated, computed) in pairs {
            if let (Some(stated), Some(computed)) = (stated, computed)
                && stated != computed
            {
                return Err(PackProblem::ShareContradicts {
                    operative_from: version.operative_from,
                    code: it.code.clone(),
                    field,
                    stated,
                    percent,
                    of: of.clone(),
                    computed,
                });
            }
        }
    }
    Ok(Some(rate))
}
