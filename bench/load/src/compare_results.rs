//! Two results beside each other, and how sure each difference is.
//!
//! What is compared are samples: rounds of a bench, or seconds and steps of a plan. The test is that of
//! Mann and Whitney, exact and two-sided, and the change with its interval is the estimate of Hodges and
//! Lehmann that goes with it, over ratios. Rounds are few, and latencies have long tails and outliers:
//! the mean of Welch's test follows the outlier, and a bootstrap of five rounds draws from five figures
//! and makes intervals too narrow. Ranks do neither, and with few samples the exact distribution is
//! known.

mod bench;
mod plan;
mod show;
mod statistics;

use std::cmp::Ordering;

use serde::Serialize;

use statistics::Shift;

/// A difference is told from chance when chance makes one like it less often than this.
const CHANCE_MAX: f64 = 0.05;

/// Two results beside each other. Prints as a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What was compared, in words.
    pub of: String,
    /// How, and why so.
    pub method: String,
    /// Figure by figure.
    pub differences: Vec<Difference>,
    /// What is not the same about the two, and what was left out: read it before the figures.
    pub remarks: Vec<String>,
}

/// One figure, before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Its name with its unit.
    pub figure: String,
    /// Whether more of it is better.
    pub more_is_better: bool,
    /// The median of the samples before.
    pub before: f64,
    /// The median of the samples after.
    pub after: f64,
    /// How many samples there were, before and after.
    pub samples: [usize; 2],
    /// The change in percent of before, and what lies within 95 % confidence.
    pub change: Option<Change>,
    /// How likely chance alone would make a difference like it; none where no samples were drawn.
    pub chance: Option<f64>,
    /// What follows.
    pub verdict: Verdict,
}

/// In percent of before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// The estimate.
    pub percent: f64,
    /// The lower end of its interval.
    pub low_percent: f64,
    /// The upper end of its interval.
    pub high_percent: f64,
}

/// What follows of one difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// After is better, and chance is no explanation.
    Better,
    /// After is worse, and chance is no explanation.
    Worse,
    /// Chance explains the difference.
    NotTold,
    /// There are too few samples to tell anything: give more rounds.
    TooFew,
}

/// Why two results cannot stand beside each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// One of the texts is no result.
    #[error(
        "{file} is neither a plan (quoin bench plan) nor a bench (quoin bench --json): {reason}"
    )]
    NotAResult {
        /// Its name.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// They have no figure that both know.
    #[error("nothing of {before} and {after} can be compared: {why}")]
    Nothing {
        /// The first file's name.
        before: String,
        /// The second file's name.
        after: String,
        /// What is missing.
        why: String,
    },
    /// One is a plan and the other a bench.
    #[error("{before} is {} and {after} is {}: compare two of a kind", kind(*.before_is_plan), kind(!.before_is_plan))]
    Unlike {
        /// The first file's name.
        before: String,
        /// The second file's name.
        after: String,
        /// Whether the first is a plan.
        before_is_plan: bool,
    },
}

fn kind(is_plan: bool) -> &'static str {
    if is_plan { "a plan" } else { "a bench" }
}

/// A file's name and its text.
pub type Named<'a> = (&'a str, &'a str);

/// Compares two results, given as they were written: two plans or two benches.
///
/// # Errors
///
/// One is no result, or they are not of a kind, or nothing of them can be compared.
pub fn compare_results(before: Named<'_>, after: Named<'_>) -> Result<Comparison, CompareError> {
    let names = (before.0.to_owned(), after.0.to_owned());
    let found = match (Measured::read(before)?, Measured::read(after)?) {
        (Measured::Plan(a), Measured::Plan(b)) => plan::compare(&a, &b),
        (Measured::Bench(a), Measured::Bench(b)) => bench::compare(&a, &b),
        (a, _) => {
            let (before, after) = names;
            let before_is_plan = matches!(a, Measured::Plan(_));
            return Err(CompareError::Unlike { before, after, before_is_plan });
        }
    };
    if found.differences.is_empty() {
        let (before, after) = names;
        let mut why = "they have no figure in common".to_owned();
        for remark in &found.remarks {
            why.push_str("; ");
            why.push_str(remark);
        }
        return Err(CompareError::Nothing { before, after, why });
    }
    Ok(found)
}

/// One name where both sides have the same.
fn both(before: &str, after: &str) -> String {
    if before == after { before.to_owned() } else { format!("{before} and {after}") }
}

enum Measured {
    Plan(Box<crate::plan::result::PlanResult>),
    Bench(bench::Bench),
}

impl Measured {
    fn read((file, text): Named<'_>) -> Result<Self, CompareError> {
        let failed = |reason: String| CompareError::NotAResult { file: file.to_owned(), reason };
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| failed(error.to_string()))?;
        if value.get("scenario").is_some() {
            let plan = crate::plan::result::PlanResult::from_json(text).map_err(failed)?;
            return Ok(Self::Plan(Box::new(plan)));
        }
        Ok(Self::Bench(bench::Bench::read(value).map_err(failed)?))
    }
}

impl Difference {
    /// Of two sets of samples, none below nothing.
    fn of(figure: &str, more_is_better: bool, before: &[f64], after: &[f64]) -> Self {
        let mut it = Self {
            figure: figure.to_owned(),
            more_is_better,
            before: statistics::median(before),
            after: statistics::median(after),
            samples: [before.len(), after.len()],
            change: None,
            chance: None,
            verdict: Verdict::TooFew,
        };
        if !statistics::is_enough(before, after, CHANCE_MAX) {
            return it;
        }
        // Ranks tell of nothing, too; a ratio to it there is not.
        if before.iter().chain(after).all(|it| 0.0 < *it)
            && let Some(Shift { ratio, low, high }) = statistics::shift(before, after, CHANCE_MAX)
        {
            let percent = |ratio: f64| 100.0 * (ratio - 1.0);
            it.change = Some(Change {
                percent: percent(ratio),
                low_percent: percent(low),
                high_percent: percent(high),
            });
        }
        let chance = statistics::chance(before, after);
        it.chance = Some(chance);
        it.verdict = match (statistics::lean(before, after), more_is_better) {
            _ if CHANCE_MAX <= chance => Verdict::NotTold,
            (Ordering::Equal, _) => Verdict::NotTold,
            (Ordering::Greater, true) | (Ordering::Less, false) => Verdict::Better,
            (Ordering::Greater, false) | (Ordering::Less, true) => Verdict::Worse,
        };
        it
    }
}

#[cfg(test)]
#[path = "compare_results/tests.rs"]
mod tests;
