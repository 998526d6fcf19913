//! From an award version to flat tables.
//!
//! For each classification and kind of employment there is one [`Table`]: its rates in cents, and
//! for each kind of shift a [`Layout`]: fourteen kinds of day (each weekday, plain or public
//! holiday) cut into cells, each cell naming one of the rates. Layouts hold no rates, so
//! classifications under the same rules share them. Every refusal of an award version is found
//! here, so that what compiles is complete: no minute of the week is without a rate.

mod check;
mod codes;
mod day;
mod layout;
mod practice;
mod price;
mod shape;
mod who;

use values::{Currency, Date, Hours, Money};

use super::award::{AwardVersion, Classification, Employment, MissedBreak, OvertimeBy, Rule};
use codes::Codes;
use layout::Memory;
use price::{column, prices};

pub use check::{VersionError, VersionProblem};
pub(crate) use layout::{DAY_KINDS, DayRuns, Layout, Limits};
pub(crate) use practice::{
    CompiledScale, Kind, Missed, Practice, Priced as PricedAllowance, contains, ends_in, touches,
};
pub use price::Column;
pub(crate) use price::{HourlyRates, RulePrice};

/// Bytes that a list holds, without what its items point to.
fn of<T>(list: &Vec<T>) -> usize {
    list.capacity() * size_of::<T>()
}

/// From the previous cell's end to `until` (a minute of the day).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) until: i32,
    /// Index among the table's columns, or [`OUTSIDE_SPAN`], or [`NO_RATE`].
    pub(crate) column: u32,
}

/// The column of a cell whose time is always overtime.
pub(crate) const OUTSIDE_SPAN: u32 = u32::MAX;
/// The column of a time that no rule of a partial version pays.
pub(crate) const NO_RATE: u32 = u32::MAX - 1;

/// From `after` minutes of overtime on, this column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tier {
    pub(crate) after: u32,
    pub(crate) column: u32,
}

/// From the previous ladder's end to `until`, these tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ladder {
    pub(crate) until: i32,
    pub(crate) tiers: Run,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) from: u32,
    to: u32,
}

impl Run {
    #[inline]
    pub(crate) fn of<T>(self, all: &[T]) -> &[T] {
        &all[self.from as usize..self.to as usize]
    }
}

/// Everything needed to price one classification under one kind of employment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) minimum: Money,
    /// All columns of this table, penalties first.
    pub(crate) columns: Run,
    /// Where its layouts begin: the plain one, then one for each kind of shift.
    layouts: u32,
}

/// A rule's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleText {
    /// Its name.
    pub rule: String,
    /// Where the award says so.
    pub clause: String,
    /// Whether it pays overtime.
    pub is_overtime: bool,
    /// Whether it names the kinds of shift that it pays.
    pub names_kind: bool,
}

/// Why a line begins where it does; the first of [`VersionTables::reasons`], in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub(crate) enum Cause {
    /// Its rule says it all.
    #[default]
    None = 0,
    Span,
    Daily,
    Shift,
    Weekly,
    Averaging,
    WeekDays,
    ConsecutiveDays,
    Spread,
    Agreed,
}

const CAUSES: [&str; 10] = [
    "",
    "outside the span of ordinary hours",
    "the day's ordinary hours are used up",
    "the shift's ordinary hours are used up",
    "the week's ordinary hours are used up",
    "the averaging period's ordinary hours are used up",
    "the week's days of ordinary hours are used up",
    "the days without a day off are used up",
    "the day's spread of hours is over",
    "the hours agreed with the person are used up",
];

/// One compiled award version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionTables {
    /// The award's code.
    pub award: String,
    /// Applies to pay periods that start on or after this date.
    pub operative_from: Date,
    /// What its money is in.
    pub currency: Currency,
    /// The hours that a weekly rate pays for.
    pub week: Hours,
    /// The words of its rules.
    pub rules: Vec<RuleText>,
    /// Why lines begin: the causes, then the parts of the version that can be one.
    pub(crate) reasons: Vec<String>,
    /// Its classifications, as published.
    pub classifications: Vec<Classification>,
    pub(crate) overtime_by: OvertimeBy,
    by_code: Codes,
    /// FWC ids with positions in `classifications`, sorted by id.
    by_fwc: Vec<(u32, u16)>,
    /// By classification times three plus employment; `None` where it is not offered.
    tables: Vec<Option<Table>>,
    pub(crate) prices: Vec<RulePrice>,
    pub(crate) columns: Vec<Column>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) ladders: Vec<Ladder>,
    pub(crate) tiers: Vec<Tier>,
    layouts: Vec<Layout>,
    pub(crate) days: Vec<DayRuns>,
    /// Public holidays that rules name, sorted.
    pub(crate) holidays: Vec<String>,
    /// Runs of one index into `layouts` for each kind of shift, or [`NO_LAYOUT`].
    layout_ids: Vec<u16>,
    pub(crate) practice: Option<Box<Practice>>,
}

/// A rule that pays a classification, with its column among the table's.
type Paying<'v> = (&'v Rule, u32);

impl VersionTables {
    /// Compiles `version`, or says precisely what is wrong with it.
    pub fn compile(version: &AwardVersion) -> Result<Self, VersionError> {
        shape::shape(version)?;
        let mut it = Self {
            award: version.award.clone(),
            operative_from: version.operative_from,
            currency: version.currency,
            week: version.week,
            rules: rule_texts(version),
            reasons: CAUSES.iter().map(|it| (*it).to_owned()).collect(),
            classifications: version.classifications.clone(),
            overtime_by: version.overtime_by,
            by_code: Codes::new(&version.classifications),
            by_fwc: fwc_positions(&version.classifications),
            tables: Vec::with_capacity(version.classifications.len() * Employment::ALL.len()),
            prices: prices(version),
            columns: Vec::new(),
            cells: Vec::new(),
            ladders: Vec::new(),
            tiers: Vec::new(),
            layouts: Vec::new(),
            days: Vec::new(),
            holidays: who::holidays(version),
            layout_ids: Vec::new(),
            practice: None,
        };
        for reference in &version.references {
            check::rates(version, reference)?;
        }
        let mut memory = Memory::default();
        for classification in &version.classifications {
            let rates = check::rates(version, classification)?;
            let mut before = None;
            for employment in Employment::ALL {
                let table = match rates {
                    Some(rates) => {
                        let place = day::Place { version, classification, employment };
                        it.table(place, rates, before, &mut memory)?
                    }
                    None => None,
                };
                before = table.or(before);
                it.tables.push(table);
            }
        }
        let builder = practice::Builder { version, flags: who::flags(version) };
        it.practice = builder.practice(&mut it)?;
        it.shrink();
        Ok(it)
    }

    /// Every published version is kept on every core for good.
    fn shrink(&mut self) {
        self.columns.shrink_to_fit();
        self.cells.shrink_to_fit();
        self.tiers.shrink_to_fit();
        self.ladders.shrink_to_fit();
        self.layouts.shrink_to_fit();
        self.days.shrink_to_fit();
        self.layout_ids.shrink_to_fit();
        self.reasons.shrink_to_fit();
    }

    /// The position of the classification that `name` names: a code, or `fwc:` and an FWC id.
    #[inline]
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        let position = if let Some(id) = name.strip_prefix("fwc:") {
            let id: u32 = id.parse().ok()?;
            let at = self.by_fwc.binary_search_by_key(&id, |it| it.0).ok()?;
            self.by_fwc[at].1
        } else {
            self.by_code.find(&self.classifications, name)?
        };
        Some(usize::from(position))
    }

    #[inline]
    pub(crate) fn table_at(&self, position: usize, employment: Employment) -> Option<&Table> {
        self.tables.get(position * Employment::ALL.len() + employment as usize)?.as_ref()
    }

    /// The layout of a table for a kind of shift: 0 is plain.
    #[inline]
    pub(crate) fn layout(&self, table: &Table, kind: usize) -> Option<&Layout> {
        self.layouts.get(usize::from(self.layout_ids[table.layouts as usize + kind]))
    }

    /// The rates of one classification and kind of employment, penalties first; empty when the
    /// version does not offer it.
    #[must_use]
    pub fn rates(&self, position: usize, employment: Employment) -> &[Column] {
        self.table_at(position, employment).map_or(&[], |it| it.columns.of(&self.columns))
    }

    /// The minimum hourly rate, when there is one.
    #[must_use]
    pub fn minimum(&self, position: usize) -> Option<Money> {
        let employment = |it: &Employment| self.table_at(position, *it);
        Employment::ALL.iter().find_map(employment).map(|it| it.minimum)
    }

    /// Bytes that the tables take up in memory, with all texts and with what is asked of whole shifts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let texts =
            |it: &Classification| it.code.capacity() + it.title.capacity() + it.clause.capacity();
        let rules = |it: &RuleText| it.rule.capacity() + it.clause.capacity();
        size_of::<Self>()
            + of(&self.rules)
            + self.rules.iter().map(rules).sum::<usize>()
            + of(&self.reasons)
            + self.reasons.iter().map(String::capacity).sum::<usize>()
            + of(&self.classifications)
            + self.classifications.iter().map(texts).sum::<usize>()
            + self.by_code.bytes()
            + of(&self.by_fwc)
            + of(&self.tables)
            + of(&self.prices)
            + of(&self.columns)
            + of(&self.cells)
            + of(&self.ladders)
            + of(&self.tiers)
            + of(&self.layouts)
            + of(&self.days)
            + of(&self.holidays)
            + of(&self.layout_ids)
            + self.practice.as_ref().map_or(0, |it| it.bytes())
    }

    /// Takes in a reason and gives its index.
    fn reason(&mut self, name: &str, clause: &str) -> u16 {
        let index = u16::try_from(self.reasons.len()).expect("limits keep reasons few");
        self.reasons.push(format!("{name}: {clause}"));
        index
    }

    fn table(
        &mut self,
        place: day::Place<'_>,
        rates: HourlyRates,
        before: Option<Table>,
        memory: &mut Memory,
    ) -> Result<Option<Table>, VersionError> {
        let version = place.version;
        if place.ordinary(None)?.is_none() {
            return Ok(None);
        }
        let employment = place.employment;
        let applies = |rule: &Rule| {
            rule.employment.contains(&employment)
                && (rule.classifications.is_empty()
                    || who::reaches(&rule.classifications, &place.classification.code))
        };
        // One column for each rule that pays this classification.
        let mut columns: Vec<Column> = Vec::new();
        let mut penalties: Vec<Paying<'_>> = Vec::new();
        let mut overtime: Vec<Paying<'_>> = Vec::new();
        let lists = [(&version.penalties, &mut penalties), (&version.overtime, &mut overtime)];
        let mut position = 0;
        for (rules, found) in lists {
            for rule in rules {
                if applies(rule) {
                    found.push((rule, index(columns.len())));
                    columns.push(column(version, rule, rates, employment, position)?);
                }
                position += 1;
            }
        }
        let mut ids = Vec::with_capacity(version.shifts.len() + 1);
        ids.push(self.layout_id(place, None, (&penalties, &overtime), &columns, memory)?);
        for kind in 0..version.shifts.len() {
            let rules = (&penalties[..], &overtime[..]);
            ids.push(self.layout_id(place, Some(kind), rules, &columns, memory)?);
        }
        let layouts = *memory.layout_runs.entry(ids).or_insert_with_key(|ids| {
            let from = index(self.layout_ids.len());
            self.layout_ids.extend(ids);
            from
        });
        let run = match before {
            // Part-time employees mostly have the rates of full-time employees.
            Some(before) if *before.columns.of(&self.columns) == columns[..] => before.columns,
            _ => {
                let from = index(self.columns.len());
                self.columns.append(&mut columns);
                Run { from, to: index(self.columns.len()) }
            }
        };
        Ok(Some(Table { minimum: rates.minimum, columns: run, layouts }))
    }
}

fn index(length: usize) -> u32 {
    u32::try_from(length).expect("limits keep a version's tables far below 2^32")
}

fn rule_texts(version: &AwardVersion) -> Vec<RuleText> {
    let text = |it: &Rule, is_overtime| RuleText {
        rule: it.rule.clone(),
        clause: it.clause.clone(),
        is_overtime,
        names_kind: !it.shifts.is_empty(),
    };
    let missed = |it: &MissedBreak| RuleText {
        rule: it.rule.clone(),
        clause: it.clause.clone(),
        is_overtime: false,
        names_kind: false,
    };
    let penalties = version.penalties.iter().map(|it| text(it, false));
    let overtime = version.overtime.iter().map(|it| text(it, true));
    penalties.chain(overtime).chain(version.missed_breaks.iter().map(missed)).collect()
}

fn fwc_positions(classifications: &[Classification]) -> Vec<(u32, u16)> {
    let mut positions: Vec<(u32, u16)> = classifications
        .iter()
        .zip(0..)
        .filter_map(|(it, position)| it.fwc.map(|id| (id, position)))
        .collect();
    positions.sort_unstable();
    positions
}
