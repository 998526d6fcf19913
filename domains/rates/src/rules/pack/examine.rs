//! Everything that is wrong with a pack, where it stands in the file, and what the pack leaves out.

use std::collections::{BTreeMap, BTreeSet};

use super::place::Places;
use super::{PACK_BYTES_MAX, Pack, PackProblem};
use crate::rules::award::{AwardVersion, Employment};
use crate::rules::calendar::Calendar;
use crate::rules::compile::VersionTables;
use crate::rules::quote::Priced;
use crate::rules::reference::Book;

/// One thing that is wrong, or left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1, where it stands as far as that can be told.
    pub line: Option<usize>,
    /// The key there, such as `rules.penalty.percent`; empty when it is about the file.
    pub key: String,
    /// What is wrong and what was expected.
    pub reason: String,
}

/// What was found out about a pack.
#[derive(Debug, Clone, Default)]
pub struct Examined {
    /// The award's code; empty when the file cannot be read as a pack.
    pub award: String,
    /// The award's name.
    pub name: String,
    /// The versions, when nothing is wrong with them.
    pub versions: Vec<AwardVersion>,
    /// How many examples there are.
    pub examples: usize,
    /// What the pack is refused for.
    pub faults: Vec<Finding>,
    /// What it leaves out: nothing is refused for that.
    pub gaps: Vec<Finding>,
}

/// Reads the pack in `text`, compiles every version and runs every example. Unlike [`Pack::check`] it
/// does not stop at the first fault.
#[must_use]
pub fn examine(text: &str, calendar: &Calendar) -> Examined {
    let mut examined = Examined::default();
    let places = Places::new(text);
    if PACK_BYTES_MAX < text.len() {
        let reason = PackProblem::TooLarge { bytes: text.len() }.to_string();
        examined.faults.push(Finding { line: None, key: String::new(), reason });
        return examined;
    }
    let pack: Pack = match toml::from_str(text) {
        Ok(pack) => pack,
        Err(error) => {
            let line = error.span().map(|it| 1 + text[..it.start].matches('\n').count());
            let reason = error.message().to_owned();
            let key = line.map(|it| places.key_at(it)).unwrap_or_default();
            examined.faults.push(Finding { line, key, reason });
            return examined;
        }
    };
    examined.award.clone_from(&pack.award);
    examined.name.clone_from(&pack.name);
    examined.examples = pack.example.len();
    pack.find_faults(calendar, &places, &mut examined);
    pack.find_gaps(text, &places, &mut examined);
    examined
}

impl Pack {
    fn find_faults(&self, calendar: &Calendar, places: &Places<'_>, examined: &mut Examined) {
        let versions = match self.spell_out() {
            Ok(versions) => versions,
            Err(problem) => return examined.faults.push(places.fault(self, &problem)),
        };
        let mut book = Book::default();
        // The same fault in several versions is told once.
        let mut told: BTreeMap<(String, String, String), usize> = BTreeMap::new();
        for version in &versions {
            match VersionTables::compile(version) {
                Ok(tables) => book.insert(tables),
                Err(error) => {
                    let problem = error.problem.to_string();
                    let count =
                        told.entry((error.rule.clone(), error.field.clone(), problem)).or_default();
                    *count += 1;
                    if *count == 1 {
                        examined.faults.push(places.fault(self, &error.into()));
                    }
                }
            }
        }
        if !examined.faults.is_empty() {
            return;
        }
        let mut quote = Priced::default();
        for example in &self.example {
            if let Err(problem) = self.run(example, &book, calendar, &mut quote) {
                examined.faults.push(places.fault(self, &problem));
            }
        }
        examined.versions = versions;
    }

    /// What somebody may expect of the pack and not find.
    fn find_gaps(&self, text: &str, places: &Places<'_>, examined: &mut Examined) {
        let mut note = |(line, key): (Option<usize>, String), reason: String| {
            examined.gaps.push(Finding { line, key, reason });
        };
        if !text.trim_start().starts_with('#') {
            let reason = "begins without a comment that says what the pack does not cover";
            note((Some(1), String::new()), reason.to_owned());
        }
        let Some(last) = self.version.last() else { return };
        let date = last.operative_from;
        // A version may take its rates over from an earlier one.
        let sources: Vec<_> = self
            .version
            .iter()
            .filter(|it| it.operative_from == date || Some(it.operative_from) == last.rates_from)
            .collect();
        for it in self.classification.iter().filter(|it| it.of.is_none()) {
            if !sources.iter().any(|version| version.rates.contains_key(&it.code)) {
                let reason = format!("`{}` has no rate from {date} on: it is not offered", it.code);
                note(places.named("classification", "code", &it.code), reason);
            }
        }
        let Some(set) = self.rules.iter().find(|it| it.name == last.rules) else { return };
        for it in set.allowance.iter().filter(|it| it.amount.is_none() && it.of.is_none()) {
            if !sources.iter().any(|version| version.allowances.contains_key(&it.code)) {
                let reason =
                    format!("`{}` has no dollars from {date} on: it is not offered", it.code);
                note(places.named("rules.allowance", "code", &it.code), reason);
            }
        }
        for set in &self.rules {
            if !self.version.iter().any(|it| it.rules == set.name) {
                let reason = format!("no version uses the rule set `{}`", set.name);
                note(places.named("rules", "name", &set.name), reason);
            }
        }
        let offered: BTreeSet<Employment> =
            set.ordinary.iter().flat_map(|it| it.employment.iter().copied()).collect();
        for employment in Employment::ALL {
            let name = employment.name();
            let (nowhere, at) = ((None, "example".to_owned()), (None, "rules.ordinary".to_owned()));
            if !offered.contains(&employment) {
                note(at, format!("{name} employees have no ordinary hours: they are not offered"));
            } else if !self.example.iter().any(|it| it.employment == employment) {
                note(nowhere, format!("no example is of a {name} employee"));
            }
        }
    }
}
