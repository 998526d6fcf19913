//! One kind of day: cutting it into cells, and its overtime into tiers.

use values::{Hours, TimeOfDay};

use super::check::{VersionError, VersionProblem, in_version};
use super::{Cell, Column, OUTSIDE_SPAN, Tier};
use crate::rules::award::{
    AwardVersion, Classification, Day, Employment, OrdinaryHours, Precedence, Rule,
};

const WEEKDAYS: [Day; 7] = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];
const NAMES: [&str; 14] = [
    "Monday",
    "Monday holiday",
    "Tuesday",
    "Tuesday holiday",
    "Wednesday",
    "Wednesday holiday",
    "Thursday",
    "Thursday holiday",
    "Friday",
    "Friday holiday",
    "Saturday",
    "Saturday holiday",
    "Sunday",
    "Sunday holiday",
];

/// Whose day is being cut.
pub(super) struct Place<'v> {
    pub(super) version: &'v AwardVersion,
    pub(super) classification: &'v Classification,
    pub(super) employment: Employment,
    pub(super) ordinary: &'v OrdinaryHours,
}

/// A rule that pays this classification, with its column.
type Paying<'v> = (&'v Rule, u32);

fn weekday(kind: usize) -> Day {
    WEEKDAYS[kind / 2]
}

/// A public holiday is its own day: weekday rules do not reach it.
fn rule_day(kind: usize) -> Day {
    if kind % 2 == 1 { Day::Holiday } else { weekday(kind) }
}

impl Place<'_> {
    /// Appends the cells of one kind of day, from midnight to midnight.
    pub(super) fn cells(
        &self,
        kind: usize,
        penalties: &[Paying<'_>],
        columns: &[Column],
        out: &mut Vec<Cell>,
    ) -> Result<(), VersionError> {
        let day = rule_day(kind);
        let penalties: Vec<Paying<'_>> =
            penalties.iter().copied().filter(|it| it.0.days.contains(&day)).collect();
        let weekday = weekday(kind);
        let spans: Vec<(TimeOfDay, TimeOfDay)> = self
            .ordinary
            .span
            .iter()
            .filter(|it| it.days.contains(&weekday))
            .map(|it| (it.from, it.to))
            .collect();
        let mut cuts: Vec<TimeOfDay> = vec![TimeOfDay::START, TimeOfDay::END];
        cuts.extend(penalties.iter().flat_map(|it| [it.0.from, it.0.to]));
        cuts.extend(spans.iter().flat_map(|it| [it.0, it.1]));
        cuts.sort_unstable();
        cuts.dedup();
        let first = out.len();
        for pair in cuts.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let any_time = self.ordinary.span.is_empty();
            let inside = any_time || spans.iter().any(|it| it.0 <= from && to <= it.1);
            let column = if inside {
                let covering = penalties.iter().filter(|it| it.0.from <= from && to <= it.0.to);
                self.choose(kind, from, to, covering, columns)?
            } else {
                OUTSIDE_SPAN
            };
            let until = i32::from(to.minutes());
            match out[first..].last_mut() {
                Some(last) if last.column == column => last.until = until,
                _ => out.push(Cell { until, column }),
            }
        }
        Ok(())
    }

    /// The one penalty that pays `from` to `to`.
    fn choose<'r>(
        &self,
        kind: usize,
        from: TimeOfDay,
        to: TimeOfDay,
        covering: impl Iterator<Item = &'r Paying<'r>>,
        columns: &[Column],
    ) -> Result<u32, VersionError> {
        let rate = |column: u32| columns[column as usize].rate;
        let mut best: Option<&Paying<'_>> = None;
        let mut rival: Option<&Paying<'_>> = None;
        for it in covering {
            let Some(current) = best else {
                best = Some(it);
                continue;
            };
            if it.0.priority == current.0.priority {
                rival = Some(it);
                if rate(current.1) < rate(it.1) {
                    rival = Some(current);
                    best = Some(it);
                }
            } else if current.0.priority < it.0.priority {
                best = Some(it);
                rival = None;
            }
        }
        let employment = self.employment.name();
        let classification = self.classification.code.clone();
        let day = NAMES[kind];
        let Some(best) = best else {
            let problem = VersionProblem::Gap { employment, classification, day, from, to };
            return Err(in_version(self.version, "penalties", problem));
        };
        if let Some(rival) = rival
            && self.version.precedence == Precedence::Stated
        {
            let (one, other) = (best.0.rule.clone(), rival.0.rule.clone());
            let problem =
                VersionProblem::Overlap { one, other, employment, classification, day, from, to };
            return Err(in_version(self.version, "penalties", problem));
        }
        Ok(best.1)
    }

    /// Appends the overtime tiers of one kind of day, by the overtime worked before.
    pub(super) fn tiers(
        &self,
        kind: usize,
        overtime: &[Paying<'_>],
        out: &mut Vec<Tier>,
    ) -> Result<(), VersionError> {
        let day = rule_day(kind);
        let mut paying: Vec<Paying<'_>> =
            overtime.iter().copied().filter(|it| it.0.days.contains(&day)).collect();
        paying.sort_by_key(|it| it.0.after);
        let employment = self.employment.name();
        let classification = || self.classification.code.clone();
        let day = NAMES[kind];
        if paying.first().is_none_or(|it| it.0.after != Hours::ZERO) {
            let classification = classification();
            let problem = VersionProblem::TierGap { employment, classification, day };
            return Err(in_version(self.version, "overtime", problem));
        }
        if let Some(pair) = paying.windows(2).find(|it| it[0].0.after == it[1].0.after) {
            let problem = VersionProblem::TierOverlap {
                one: pair[0].0.rule.clone(),
                other: pair[1].0.rule.clone(),
                employment,
                classification: classification(),
                day,
                after: pair[0].0.after,
            };
            return Err(in_version(self.version, "overtime", problem));
        }
        out.extend(paying.iter().map(|it| Tier { after: it.0.after.minutes(), column: it.1 }));
        Ok(())
    }
}
