//! From an award version to flat tables.
//!
//! For each classification and kind of employment there is one [`Table`]: fourteen kinds of day
//! (each weekday, plain or public holiday) cut into cells, each cell naming a column, each column
//! one rate in cents. Every refusal of an award version is found here, so that what compiles is
//! complete: no minute of the week is without a rate.

mod check;
mod day;

use values::{Currency, Date, Money, Percent, half_up_div};

use super::award::{AwardVersion, Base, CasualRegime, Classification, Employment, FlatUnit, Rule};

pub use check::{VersionError, VersionProblem};

/// Kinds of day: weekday times two, plus one on a public holiday.
pub(crate) const DAY_KINDS: usize = 14;

/// One rate: what a line of a quote shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Index into [`VersionTables::rules`].
    pub rule: u16,
    /// Whether `flat` counts each hour begun in full.
    pub flat_per_started_hour: bool,
    /// The share of `base`.
    pub percent: Percent,
    /// The hourly rate the percentage is taken of.
    pub base: Money,
    /// Dollars per hour on top; part of `rate`.
    pub flat: Money,
    /// Dollars per hour.
    pub rate: Money,
}

/// From the previous cell's end to `until` (a minute of the day).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) until: i32,
    /// Index of a column, or [`OUTSIDE_SPAN`].
    pub(crate) column: u32,
}

/// The column of a cell whose time is always overtime.
pub(crate) const OUTSIDE_SPAN: u32 = u32::MAX;

/// From `after` minutes of overtime on, this column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tier {
    pub(crate) after: u32,
    pub(crate) column: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Run {
    from: u32,
    to: u32,
}

impl Run {
    #[inline]
    pub(crate) fn of<T>(self, all: &[T]) -> &[T] {
        &all[self.from as usize..self.to as usize]
    }
}

/// Everything needed to price one classification under one kind of employment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) minimum: Money,
    pub(crate) daily_max: u32,
    pub(crate) weekly_max: u32,
    pub(crate) cells: [Run; DAY_KINDS],
    pub(crate) tiers: [Run; DAY_KINDS],
    /// All columns of this table, penalties first, for showing them.
    pub(crate) columns: Run,
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
}

/// One compiled award version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionTables {
    /// The award's code.
    pub award: String,
    /// Applies to pay periods that start on or after this date.
    pub operative_from: Date,
    /// What its money is in.
    pub currency: Currency,
    /// The words of its rules.
    pub rules: Vec<RuleText>,
    /// Its classifications, as published.
    pub classifications: Vec<Classification>,
    /// Positions in `classifications`, sorted by code.
    pub(crate) by_code: Vec<u16>,
    /// FWC ids with positions in `classifications`, sorted by id.
    pub(crate) by_fwc: Vec<(u32, u16)>,
    /// By classification times three plus employment; `None` where it is not offered.
    pub(crate) tables: Vec<Option<Table>>,
    pub(crate) columns: Vec<Column>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) tiers: Vec<Tier>,
}

impl VersionTables {
    /// Compiles `version`, or says precisely what is wrong with it.
    pub fn compile(version: &AwardVersion) -> Result<Self, VersionError> {
        check::shape(version)?;
        let mut it = Self {
            award: version.award.clone(),
            operative_from: version.operative_from,
            currency: version.currency,
            rules: rule_texts(version),
            classifications: version.classifications.clone(),
            by_code: positions(&version.classifications),
            by_fwc: fwc_positions(&version.classifications),
            tables: Vec::new(),
            columns: Vec::new(),
            cells: Vec::new(),
            tiers: Vec::new(),
        };
        for classification in &version.classifications {
            let rates = check::rates(version, classification)?;
            for employment in Employment::ALL {
                let table = match rates {
                    Some(rates) => it.table(version, classification, rates, employment)?,
                    None => None,
                };
                it.tables.push(table);
            }
        }
        Ok(it)
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
            let code = |it: &u16| self.classifications[usize::from(*it)].code.as_str();
            let at = self.by_code.binary_search_by(|it| code(it).cmp(name)).ok()?;
            self.by_code[at]
        };
        Some(usize::from(position))
    }

    #[inline]
    pub(crate) fn table_at(&self, position: usize, employment: Employment) -> Option<&Table> {
        self.tables.get(position * Employment::ALL.len() + employment as usize)?.as_ref()
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

    fn table(
        &mut self,
        version: &AwardVersion,
        classification: &Classification,
        rates: check::HourlyRates,
        employment: Employment,
    ) -> Result<Option<Table>, VersionError> {
        let Some(ordinary) = check::ordinary_hours(version, employment)? else {
            return Ok(None);
        };
        let first = index(self.columns.len());
        let applies = |rule: &Rule| {
            rule.employment.contains(&employment)
                && (rule.classifications.is_empty()
                    || rule.classifications.contains(&classification.code))
        };
        // One column for each rule that pays this classification.
        let mut penalties = Vec::new();
        let mut overtime = Vec::new();
        let lists = [(&version.penalties, &mut penalties), (&version.overtime, &mut overtime)];
        let mut position = 0;
        for (rules, found) in lists {
            for rule in rules {
                if applies(rule) {
                    let column = column(version, rule, rates, employment, position)?;
                    found.push((rule, index(self.columns.len())));
                    self.columns.push(column);
                }
                position += 1;
            }
        }
        let columns = Run { from: first, to: index(self.columns.len()) };
        let mut table = Table {
            minimum: rates.minimum,
            daily_max: ordinary.daily_max.minutes(),
            weekly_max: ordinary.weekly_max.minutes(),
            cells: [Run::default(); DAY_KINDS],
            tiers: [Run::default(); DAY_KINDS],
            columns,
        };
        let place = day::Place { version, classification, employment, ordinary };
        for kind in 0..DAY_KINDS {
            let from = index(self.cells.len());
            place.cells(kind, &penalties, &self.columns, &mut self.cells)?;
            table.cells[kind] = Run { from, to: index(self.cells.len()) };
            let from = index(self.tiers.len());
            place.tiers(kind, &overtime, &mut self.tiers)?;
            table.tiers[kind] = Run { from, to: index(self.tiers.len()) };
        }
        Ok(Some(table))
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
    };
    let penalties = version.penalties.iter().map(|it| text(it, false));
    penalties.chain(version.overtime.iter().map(|it| text(it, true))).collect()
}

fn positions(classifications: &[Classification]) -> Vec<u16> {
    let count = u16::try_from(classifications.len()).expect("checked against the limit");
    let mut positions: Vec<u16> = (0..count).collect();
    positions.sort_by_key(|it| classifications[usize::from(*it)].code.as_str());
    positions
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

/// What a rule pays, in dollars: each step rounded half-up to the cent, as the Fair Work
/// Commission's published tables are.
fn column(
    version: &AwardVersion,
    rule: &Rule,
    rates: check::HourlyRates,
    employment: Employment,
    position: u16,
) -> Result<Column, VersionError> {
    let mut base = match rule.base {
        Base::Minimum => rates.minimum,
        Base::OrdinaryAllPurpose => rates.ordinary,
    };
    let loading = rule.casual_loading.unwrap_or(version.casual_loading);
    let mut percent = rule.percent;
    if employment == Employment::Casual {
        let regime = rule
            .casual
            .ok_or_else(|| check::in_rule(version, rule, "casual", VersionProblem::CasualUnsaid))?;
        match regime {
            CasualRegime::Additive => percent = percent + loading,
            CasualRegime::Compounded => base = base.percent(Percent::WHOLE + loading),
            CasualRegime::OneMultiplier => {
                percent = percent.of(Percent::WHOLE + loading).ok_or_else(|| {
                    check::in_rule(version, rule, "casual", VersionProblem::MultiplierInexact)
                })?;
            }
            CasualRegime::Without => {}
            CasualRegime::Tabulated(stated) => percent = stated,
        }
    }
    let (flat, flat_per_started_hour) = match &rule.flat {
        None => (Money::ZERO, false),
        Some(flat) => (check::flat(version, rule, flat)?, flat.per == FlatUnit::StartedHour),
    };
    let rate = base.percent(percent) + flat;
    Ok(Column { rule: position, flat_per_started_hour, percent, base, flat, rate })
}

impl Column {
    /// What `minutes` at this rate come to: the rate is already rounded to the cent, and the line
    /// is rounded once more.
    #[inline]
    #[must_use]
    pub fn amount(&self, minutes: u32) -> Money {
        let minutes = i64::from(minutes);
        if self.flat_per_started_hour {
            let worked = half_up_div((self.rate - self.flat).cents() * minutes, 60);
            let hours_begun = (minutes + 59) / 60;
            return Money::from_cents(worked + self.flat.cents() * hours_begun);
        }
        Money::from_cents(half_up_div(self.rate.cents() * minutes, 60))
    }
}
