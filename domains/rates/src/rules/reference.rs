//! Everything published, compiled: which version of which award applies.

use values::Date;

use super::award::Employment;
use super::calendar::Calendar;
use super::compile::VersionTables;
use super::quote::Terms;
use super::shift::{Field, QuoteError, QuoteProblem};

/// The versions of one award, oldest first.
#[derive(Debug, Clone)]
struct Award {
    /// The first eight bytes of its code as a number: in the order of codes, and mostly all of it.
    start: u64,
    code: String,
    versions: Vec<VersionTables>,
}

/// Awards and holidays, compiled; what a core prices from.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Holidays and clocks, once a table is published.
    pub calendar: Option<Calendar>,
    awards: Vec<Award>,
}

#[inline]
fn start(code: &str) -> u64 {
    let mut bytes = [0; 8];
    let length = code.len().min(8);
    bytes[..length].copy_from_slice(&code.as_bytes()[..length]);
    u64::from_be_bytes(bytes)
}

impl Book {
    /// Nothing published.
    pub(crate) const EMPTY: Self = Self { calendar: None, awards: Vec::new() };

    /// Takes a version in, in place of one with the same award and date.
    pub fn insert(&mut self, version: VersionTables) {
        let found = self.awards.binary_search_by(|it| it.code.as_str().cmp(&version.award));
        let award = match found {
            Ok(at) => &mut self.awards[at],
            Err(at) => {
                let code = version.award.clone();
                let award = Award { start: start(&code), code, versions: Vec::new() };
                self.awards.insert(at, award);
                &mut self.awards[at]
            }
        };
        let date = version.operative_from;
        match award.versions.binary_search_by_key(&date, |it| it.operative_from) {
            Ok(at) => award.versions[at] = version,
            Err(at) => award.versions.insert(at, version),
        }
    }

    /// Whether any version of `award` is in the book.
    #[must_use]
    pub fn has(&self, award: &str) -> bool {
        self.award(award).is_some()
    }

    /// The codes of the awards, in order.
    pub fn awards(&self) -> impl Iterator<Item = &str> {
        self.awards.iter().map(|it| it.code.as_str())
    }

    /// The versions of an award, oldest first; empty when it is unknown.
    #[must_use]
    pub fn versions(&self, award: &str) -> &[VersionTables] {
        self.award(award).map_or(&[], |it| &it.versions)
    }

    #[inline]
    fn award(&self, code: &str) -> Option<&Award> {
        let wanted = start(code);
        let from = self.awards.partition_point(|it| it.start < wanted);
        self.awards[from..].iter().take_while(|it| it.start == wanted).find(|it| it.code == code)
    }

    /// The version that applies to a pay period starting on `start`: the last one operative on or
    /// before it (Fair Work Act 2009 s.165(3)).
    #[inline]
    pub fn version(&self, award: &str, start: Date) -> Result<&VersionTables, QuoteError> {
        let Some(found) = self.award(award) else {
            return Err(Field::Award.refuse(QuoteProblem::AwardUnknown(award.to_owned())));
        };
        let after = found.versions.partition_point(|it| it.operative_from <= start);
        after.checked_sub(1).map(|at| &found.versions[at]).ok_or_else(|| {
            let first = found.versions.first().map_or(start, |it| it.operative_from);
            Field::PayPeriodStart.refuse(QuoteProblem::BeforeFirstVersion { start, first })
        })
    }

    /// The terms of one classification and kind of employment for a pay period.
    #[inline]
    pub fn terms(
        &self,
        award: &str,
        classification: &str,
        employment: Employment,
        pay_period_start: Date,
    ) -> Result<Terms<'_>, QuoteError> {
        let version = self.version(award, pay_period_start)?;
        let mut scale = None;
        let position = if let Some(position) = version.position(classification) {
            position
        } else {
            scale = version.practice.as_ref().and_then(|it| it.scale(classification));
            let first = scale.and_then(|it| it.steps.first());
            let problem = || QuoteProblem::ClassificationUnknown(classification.to_owned());
            first
                .map(|it| usize::from(it.2))
                .ok_or_else(|| Field::Classification.refuse(problem()))?
        };
        let Some(table) = version.table_at(position, employment) else {
            return Err(if version.classifications[position].annual.is_some() {
                Field::Classification.refuse(QuoteProblem::AnnualSalary)
            } else {
                Field::Employment.refuse(QuoteProblem::EmploymentNotOffered)
            });
        };
        Ok(Terms { version, position, table, employment, scale, pay_period_start })
    }

    /// The calendar, or the refusal that says it is missing.
    #[inline]
    pub fn calendar(&self) -> Result<&Calendar, QuoteError> {
        self.calendar.as_ref().ok_or_else(Self::no_calendar)
    }

    pub(crate) fn no_calendar() -> QuoteError {
        Field::State.refuse(QuoteProblem::HolidaysUnknown)
    }
}
