//! The counts of before, and what has changed since.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// A count may be off by this part of it: the library of the system has copies for several processors.
const TOLERANCE: f64 = 0.05;
/// And by so many instructions, since a part of a small count is nothing.
const SLACK: f64 = 4.0;

/// Instructions per call, and what they are counts of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counts {
    /// As the compiler names itself. Another one makes other instructions.
    pub(crate) compiler: String,
    /// Such as `x86_64`.
    pub(crate) architecture: String,
    /// By the name of the function.
    pub(crate) instructions: BTreeMap<String, f64>,
}

/// What became of one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Within the tolerance.
    Same,
    /// It costs more: what the guard is for.
    More,
    /// It costs less.
    Less,
    /// There was no count of it.
    New,
    /// It is no longer counted.
    Gone,
}

/// One function, then and now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) before: Option<f64>,
    pub(crate) now: Option<f64>,
    pub(crate) change: Change,
}

impl Counts {
    /// Whether counts of the two may be held against each other.
    pub(crate) fn is_comparable(&self, other: &Self) -> bool {
        self.compiler == other.compiler && self.architecture == other.architecture
    }

    /// What changed from `self` to `now`, by name. Only names that hold `filter` are looked at.
    pub(crate) fn changes(&self, now: &Self, filter: &str) -> Vec<Row> {
        let names = self.instructions.keys().chain(now.instructions.keys());
        let mut names: Vec<&String> = names.filter(|it| it.contains(filter)).collect();
        names.sort_unstable();
        names.dedup();
        let row = |name: &String| {
            let (before, now) = (self.instructions.get(name), now.instructions.get(name));
            let (before, now) = (before.copied(), now.copied());
            Row { name: name.clone(), before, now, change: Change::between(before, now) }
        };
        names.into_iter().map(row).collect()
    }
}

impl Change {
    fn between(before: Option<f64>, now: Option<f64>) -> Self {
        let (Some(before), Some(now)) = (before, now) else {
            return if before.is_none() { Self::New } else { Self::Gone };
        };
        let room = (before * TOLERANCE).max(SLACK);
        match now - before {
            it if room < it => Self::More,
            it if it < -room => Self::Less,
            _ => Self::Same,
        }
    }

    /// Whether a person has to look before this may be merged.
    pub(crate) fn is_refused(self) -> bool {
        matches!(self, Self::More | Self::New | Self::Gone)
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let count = |it: Option<f64>| it.map_or_else(|| "-".to_owned(), |it| format!("{it:.1}"));
        write!(f, "{:<40}{:>12}{:>12}", self.name, count(self.before), count(self.now))?;
        if let (Some(before), Some(now)) = (self.before, self.now) {
            write!(f, "{:>+9.1} %", 100.0 * (now - before) / before.max(1.0))?;
        }
        match self.change {
            Change::Same => Ok(()),
            Change::More => write!(f, "  MORE"),
            Change::Less => write!(f, "  less: bless it, so that it stays"),
            Change::New => write!(f, "  NEW"),
            Change::Gone => write!(f, "  GONE"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(all: &[(&str, f64)]) -> Counts {
        Counts {
            compiler: "rustc 1".to_owned(),
            architecture: "x86_64".to_owned(),
            instructions: all.iter().map(|(name, it)| ((*name).to_owned(), *it)).collect(),
        }
    }

    #[test]
    fn every_change_beyond_the_tolerance_is_named() {
        for (before, now, change) in [
            (Some(1000.0), Some(1000.0), Change::Same),
            (Some(1000.0), Some(1050.0), Change::Same),
            (Some(1000.0), Some(1050.5), Change::More),
            (Some(1000.0), Some(950.0), Change::Same),
            (Some(1000.0), Some(949.5), Change::Less),
            (Some(20.0), Some(24.0), Change::Same),
            (Some(20.0), Some(24.5), Change::More),
            (None, Some(1.0), Change::New),
            (Some(1.0), None, Change::Gone),
        ] {
            assert_eq!(Change::between(before, now), change, "{before:?} {now:?}");
        }
        for (change, refused) in [
            (Change::Same, false),
            (Change::Less, false),
            (Change::More, true),
            (Change::New, true),
            (Change::Gone, true),
        ] {
            assert_eq!(change.is_refused(), refused, "{change:?}");
        }
    }

    #[test]
    fn both_sides_are_looked_through_by_name() {
        let before = counts(&[("a: one", 100.0), ("a: two", 100.0), ("b: three", 5.0)]);
        let now = counts(&[("a: one", 200.0), ("a: four", 7.0), ("b: three", 500.0)]);
        let found = before.changes(&now, "a:");
        let found: Vec<(&str, Change)> =
            found.iter().map(|it| (it.name.as_str(), it.change)).collect();
        assert_eq!(
            found,
            [("a: four", Change::New), ("a: one", Change::More), ("a: two", Change::Gone)]
        );
        let text = before.changes(&now, "one")[0].to_string();
        assert!(text.contains("+100.0 %") && text.ends_with("MORE"), "{text}");
    }

    #[test]
    fn counts_of_another_compiler_are_not_compared() {
        let before = counts(&[]);
        for (compiler, architecture, comparable) in [
            ("rustc 1", "x86_64", true),
            ("rustc 2", "x86_64", false),
            ("rustc 1", "aarch64", false),
        ] {
            let now = Counts {
                compiler: compiler.to_owned(),
                architecture: architecture.to_owned(),
                ..counts(&[])
            };
            assert_eq!(before.is_comparable(&now), comparable, "{compiler} {architecture}");
        }
    }
}
