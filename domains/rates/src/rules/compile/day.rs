//! One kind of day: cutting it into cells, and its overtime into tiers.

use values::{Hours, Money, TimeOfDay};

use super::check::{VersionError, VersionProblem, in_version};
use super::who::{self, Named};
use super::{Cell, Column, Ladder, NO_RATE, OUTSIDE_SPAN, Paying, Run, Tier, index};
use crate::rules::award::{
    AwardVersion, Classification, Day, Employment, OrdinaryHours, Precedence, Rule, ShiftKind,
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
#[derive(Clone, Copy)]
pub(super) struct Place<'v> {
    pub(super) version: &'v AwardVersion,
    pub(super) classification: &'v Classification,
    pub(super) employment: Employment,
}

/// On which day, in which kind of shift.
#[derive(Clone, Copy)]
pub(super) struct When<'v> {
    /// Weekday times two, plus one on a public holiday.
    pub(super) day: usize,
    /// The name of the public holiday, where rules know it by name.
    pub(super) holiday: Option<&'v str>,
    pub(super) kind: Option<&'v ShiftKind>,
}

impl When<'_> {
    /// How closely a rule names this day and kind of shift; `None` where it is for others.
    fn named(&self, rule: &Rule) -> Option<(bool, Named)> {
        let on_day = rule.days.contains(&rule_day(self.day));
        let by_name = !rule.holidays.is_empty();
        let on_holiday =
            !by_name || self.holiday.is_some_and(|name| rule.holidays.iter().any(|it| it == name));
        let kind = who::named(&rule.shifts, self.kind);
        (on_day && on_holiday && kind != Named::No).then_some((by_name, kind))
    }
}

fn weekday(kind: usize) -> Day {
    WEEKDAYS[kind / 2]
}

/// A public holiday is its own day: weekday rules do not reach it.
fn rule_day(kind: usize) -> Day {
    if kind % 2 == 1 { Day::Holiday } else { weekday(kind) }
}

impl<'v> Place<'v> {
    /// The block of ordinary hours for a kind of shift: the one that says the most about it.
    pub(super) fn ordinary(
        &self,
        kind: Option<usize>,
    ) -> Result<Option<(usize, &'v OrdinaryHours)>, VersionError> {
        let kind = kind.map(|it| &self.version.shifts[it]);
        let mut best: Option<(u8, usize, &OrdinaryHours)> = None;
        let mut tied = false;
        for (at, it) in self.version.ordinary.iter().enumerate() {
            let named = who::named(&it.shifts, kind);
            let reached = it.classifications.is_empty()
                || who::reaches(&it.classifications, &self.classification.code);
            if named == Named::No || !reached || !it.employment.contains(&self.employment) {
                continue;
            }
            let weight =
                2 * u8::from(named == Named::Yes) + u8::from(!it.classifications.is_empty());
            match best {
                Some((other, ..)) if weight < other => {}
                Some((other, ..)) if weight == other => tied = true,
                _ => {
                    best = Some((weight, at, it));
                    tied = false;
                }
            }
        }
        if tied {
            return Err(in_version(self.version, "ordinary", VersionProblem::Duplicate));
        }
        Ok(best.map(|(_, at, it)| (at, it)))
    }

    /// Appends the cells of one kind of day, from midnight to midnight.
    pub(super) fn cells(
        &self,
        when: When<'_>,
        ordinary: &OrdinaryHours,
        penalties: &[Paying<'_>],
        columns: &[Column],
        out: &mut Vec<Cell>,
    ) -> Result<(), VersionError> {
        let pays = |it: &&Paying<'_>| when.named(it.0).is_some();
        let penalties: Vec<Paying<'_>> = penalties.iter().filter(pays).copied().collect();
        let weekday = weekday(when.day);
        let spans: Vec<(TimeOfDay, TimeOfDay)> = ordinary
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
            let any_time = ordinary.span.is_empty();
            let inside = any_time || spans.iter().any(|it| it.0 <= from && to <= it.1);
            let column = if inside {
                let covering = penalties.iter().filter(|it| it.0.from <= from && to <= it.0.to);
                self.choose(when, from, to, covering, columns)?
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
        when: When<'_>,
        from: TimeOfDay,
        to: TimeOfDay,
        covering: impl Iterator<Item = &'r Paying<'r>>,
        columns: &[Column],
    ) -> Result<u32, VersionError> {
        let rate = |column: u32| -> Money { columns[column as usize].rate };
        let weight = |it: &Paying<'_>| (it.0.priority, when.named(it.0));
        let mut best: Option<&Paying<'_>> = None;
        let mut rival: Option<&Paying<'_>> = None;
        for it in covering {
            let Some(current) = best else {
                best = Some(it);
                continue;
            };
            if weight(it) == weight(current) {
                rival = Some(it);
                if rate(current.1) < rate(it.1) {
                    rival = Some(current);
                    best = Some(it);
                }
            } else if weight(current) < weight(it) {
                best = Some(it);
                rival = None;
            }
        }
        let employment = self.employment.name();
        let classification = self.classification.code.clone();
        let day = NAMES[when.day];
        let Some(best) = best else {
            if self.version.partial {
                return Ok(NO_RATE);
            }
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

    /// Appends the overtime of one kind of day: for each part of it the tiers, by the overtime
    /// worked before.
    pub(super) fn ladders(
        &self,
        when: When<'_>,
        overtime: &[Paying<'_>],
        out: &mut Vec<Ladder>,
        tiers: &mut Vec<Tier>,
    ) -> Result<(), VersionError> {
        let named = |it: &Paying<'_>| when.named(it.0);
        let strongest = overtime.iter().filter_map(named).max();
        let closest = |it: &&Paying<'_>| strongest.is_some() && named(it) == strongest;
        let paying: Vec<Paying<'_>> = overtime.iter().filter(closest).copied().collect();
        let mut cuts: Vec<TimeOfDay> = vec![TimeOfDay::START, TimeOfDay::END];
        cuts.extend(paying.iter().flat_map(|it| [it.0.from, it.0.to]));
        cuts.sort_unstable();
        cuts.dedup();
        for pair in cuts.windows(2) {
            let (start, end) = (pair[0], pair[1]);
            let covering = paying.iter().filter(|it| it.0.from <= start && end <= it.0.to);
            let from = index(tiers.len());
            self.tiers(when.day, covering.copied().collect(), tiers)?;
            let run = Run { from, to: index(tiers.len()) };
            out.push(Ladder { until: i32::from(end.minutes()), tiers: run });
        }
        Ok(())
    }

    fn tiers(
        &self,
        kind: usize,
        mut paying: Vec<Paying<'_>>,
        out: &mut Vec<Tier>,
    ) -> Result<(), VersionError> {
        paying.sort_by_key(|it| it.0.after);
        let employment = self.employment.name();
        let classification = || self.classification.code.clone();
        let day = NAMES[kind];
        if paying.first().is_none_or(|it| it.0.after != Hours::ZERO) {
            if self.version.partial {
                return Ok(());
            }
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
