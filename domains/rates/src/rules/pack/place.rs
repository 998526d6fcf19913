//! Where in its file a pack says something: by its tables' headings, without parsing it again.

use super::examine::Finding;
use super::{Pack, PackProblem};
use crate::rules::compile::VersionError;

/// The tables of a file, in order. A pack that writes its tables inline has fewer places to point to;
/// its faults are told all the same.
pub(super) struct Places<'t> {
    lines: Vec<&'t str>,
    tables: Vec<Table<'t>>,
}

/// A heading such as `[[rules.penalty]]` and the lines to the next.
struct Table<'t> {
    heading: &'t str,
    /// Positions of the heading and of the line after the last, from 0.
    from: usize,
    to: usize,
}

/// The key of `key = value`.
fn key_of(line: &str) -> Option<&str> {
    line.split_once('=').map(|(key, _)| key.trim().trim_matches('"'))
}

fn says(line: &str, key: &str, value: &str) -> bool {
    key_of(line) == Some(key) && line.contains(&format!("\"{value}\""))
}

impl<'t> Places<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let mut tables: Vec<Table<'t>> = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            // A heading stands at the margin; brackets of a list do not.
            let heading = line.trim_end().trim_start_matches('[').trim_end_matches(']');
            if line.starts_with('[') && !heading.contains(['"', '{', ',']) {
                if let Some(before) = tables.last_mut() {
                    before.to = at;
                }
                tables.push(Table { heading, from: at, to: lines.len() });
            }
        }
        Self { lines, tables }
    }

    /// The key at a line, from 1.
    pub(super) fn key_at(&self, line: usize) -> String {
        let at = line - 1;
        let heading = self.tables.iter().rfind(|it| it.from <= at).map_or("", |it| it.heading);
        let key = self.lines.get(at).and_then(|it| key_of(it)).unwrap_or_default();
        joined(heading, key)
    }

    fn table(&self, table: &Table<'_>, key: &str) -> (Option<usize>, String) {
        let own = self.lines[table.from..table.to].iter().position(|it| key_of(it) == Some(key));
        let line = table.from + own.unwrap_or(0) + 1;
        (Some(line), joined(table.heading, key))
    }

    /// The table `heading` in which `key` is `value`, at that key.
    pub(super) fn named(&self, heading: &str, key: &str, value: &str) -> (Option<usize>, String) {
        let is_it = |table: &&Table<'_>| {
            table.heading == heading
                && self.lines[table.from..table.to].iter().any(|it| says(it, key, value))
        };
        match self.tables.iter().find(is_it) {
            Some(table) => self.table(table, key),
            None => (None, joined(heading, key)),
        }
    }

    /// The table in which `key` is `value`, at another of its keys.
    fn beside(
        &self,
        (heading, key, value): (&str, &str, &str),
        wanted: &str,
    ) -> (Option<usize>, String) {
        let (line, place) = self.named(heading, key, value);
        let table = line.and_then(|line| self.tables.iter().rfind(|it| it.from < line));
        table.map_or((line, place), |it| self.table(it, wanted))
    }

    /// A classification or scale. Those of juniors and apprentices have the code of their table with a
    /// suffix.
    fn classification(&self, code: &str) -> (Option<usize>, String) {
        let mut stem = code;
        loop {
            let quoted = format!("\"{stem}\"");
            let is_it = |table: &&Table<'_>| {
                ["classification", "apprentices", "juniors"].contains(&table.heading)
                    && self.lines[table.from..table.to]
                        .iter()
                        .any(|it| matches!(key_of(it), Some("code" | "of")) && it.contains(&quoted))
            };
            if let Some(table) = self.tables.iter().find(is_it) {
                return self.table(table, if table.heading == "juniors" { "of" } else { "code" });
            }
            match stem.rsplit_once('-') {
                Some((shorter, _)) => stem = shorter,
                None => return (None, "classification".to_owned()),
            }
        }
    }

    /// A rule, by its path in a version such as `penalties[3].percent`.
    fn rule(&self, pack: &Pack, error: &VersionError) -> (Option<usize>, String) {
        let (list, rest) = error.field.split_once('[').unwrap_or((error.field.as_str(), ""));
        let table = match list {
            "classifications" | "scales" => return self.classification(&error.rule),
            "allowances" => return self.named("rules.allowance", "code", &error.rule),
            "ordinary" => "rules.ordinary",
            "penalties" => "rules.penalty",
            "overtime" => "rules.overtime",
            "shifts" => "rules.shift",
            "minimums" => "rules.minimum",
            "missed_breaks" => "rules.missed_break",
            "higher_duties" => "rules.higher_duties",
            other => other,
        };
        let version = pack.version.iter().find(|it| it.operative_from == error.operative_from);
        let set = version.map_or("", |it| it.rules.as_str());
        let own = self.named("rules", "name", set);
        let Some(line) = own.0 else { return own };
        // A list as a whole is shown at its first entry.
        let (number, path) = rest.split_once(']').unwrap_or(("0", ""));
        let key = path.trim_start_matches('.').split(['.', '[']).next().unwrap_or_default();
        let after = self.tables.iter().skip_while(|it| it.from < line);
        let mut same =
            after.take_while(|it| it.heading != "rules").filter(|it| it.heading == table);
        let nth = number.parse().ok().and_then(|nth| same.nth(nth));
        nth.map_or(own, |it| self.table(it, key))
    }

    /// A problem as a finding, with its place.
    pub(super) fn fault(&self, pack: &Pack, problem: &PackProblem) -> Finding {
        use PackProblem as P;
        let version = |date: &values::Date, key: &str| {
            let date = date.to_string();
            let (line, place) = self.named("version", "operative_from", &date);
            let Some(first) = line else { return (line, place) };
            // Rates and allowances are tables of their own, before the next version.
            let tables = self.tables.iter().filter(|it| first <= it.to);
            let mut own = tables.take_while(|it| it.from < first || it.heading != "version");
            let holds = |it: &&Table<'_>| {
                self.lines[it.from..it.to].iter().any(|it| key_of(it) == Some(key))
            };
            own.find(holds).map_or((line, place), |it| self.table(it, key))
        };
        let (line, key) = match problem {
            P::Empty { field } => (None, (*field).to_owned()),
            P::VersionsOutOfOrder { operative_from, .. } => {
                version(operative_from, "operative_from")
            }
            P::RuleSetUnknown { operative_from, .. } => version(operative_from, "rules"),
            P::RateUnknown { operative_from, code }
            | P::AllowanceUnknown { operative_from, code }
            | P::ShareContradicts { operative_from, code, .. } => version(operative_from, code),
            P::RatesFromUnknown { operative_from, .. } => version(operative_from, "rates_from"),
            P::RuleSetTwice { name } => self.named("rules", "name", name),
            P::JuniorIds { .. } => (None, "juniors.age.fwc".to_owned()),
            P::Version(error)
                if [".weekly", ".hourly", ".annual"].iter().any(|it| error.field.ends_with(it)) =>
            {
                version(&error.operative_from, &error.rule)
            }
            P::Version(error) => self.rule(pack, error),
            P::ExampleRefused { name, .. } => self.named("example", "name", name),
            P::ExampleWrong { name, .. } => self.beside(("example", "name", name), "total"),
            P::ClassificationTwice { code } => {
                let (first, place) = self.classification(code);
                let again = self.tables.iter().rfind(|it| {
                    it.heading == "classification"
                        && self.lines[it.from..it.to].iter().any(|it| says(it, "code", code))
                });
                again.map_or((first, place), |it| self.table(it, "code"))
            }
            P::Share { code, .. } | P::Scale { code, .. } | P::AllPurpose { code, .. } => {
                self.classification(code)
            }
            _ => (None, String::new()),
        };
        Finding { line, key, reason: problem.to_string() }
    }
}

fn joined(heading: &str, key: &str) -> String {
    match (heading, key) {
        (heading, "") => heading.to_owned(),
        ("", key) => key.to_owned(),
        (heading, key) => format!("{heading}.{key}"),
    }
}
