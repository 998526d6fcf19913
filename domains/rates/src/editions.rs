//! Compiled history of what is published: which edition a moment knew.

use std::collections::BTreeMap;

use contract::Tenant;
use values::Date;

use crate::history::{Former, Known, Subject};
use crate::reference::{Reference, Shelf};
use crate::rules::award::AwardVersion;
use crate::rules::calendar::{Calendar, HolidayTable};
use crate::rules::compile::VersionTables;
use crate::rules::instrument::Instrument;
use crate::rules::quote::Terms;
use crate::rules::reference::Book;
use crate::rules::shift::QuoteError;
use crate::rules::statutory::StatutoryTable;

/// What was published before anything was.
static EMPTY: Book = Book::EMPTY;

/// An edition that was replaced, compiled.
#[derive(Debug)]
struct Past<T> {
    from_us: u64,
    until_us: u64,
    what: T,
}

/// What was known when, for one tenant.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Since when the edition in force is known.
    since: BTreeMap<Subject, u64>,
    awards: BTreeMap<Subject, Vec<Past<Book>>>,
    holidays: Vec<Past<Calendar>>,
    statutory: BTreeMap<String, Vec<Past<StatutoryTable>>>,
    instruments: BTreeMap<Subject, Vec<Past<(Instrument, Book)>>>,
    /// The newest moment at which anything became known.
    newest_us: u64,
}

fn at<T>(past: Option<&Vec<Past<T>>>, known_us: u64) -> Option<&T> {
    let then = |it: &&Past<T>| it.from_us <= known_us && known_us < it.until_us;
    past?.iter().find(then).map(|it| &it.what)
}

fn keep<T>(list: &mut Vec<Past<T>>, former: &Former, what: T) {
    let (from_us, until_us) = (former.known_from_us, former.known_until_us);
    // A row that is compiled again takes its own place.
    match list.iter_mut().find(|it| it.until_us == until_us) {
        Some(it) => *it = Past { from_us, until_us, what },
        None => list.push(Past { from_us, until_us, what }),
    }
}

impl History {
    pub(crate) fn learn(&mut self, known: &Known) {
        self.note(known.known_from_us);
        self.since.insert(known.subject.clone(), known.known_from_us);
    }

    /// Something without editions became known.
    pub(crate) fn note(&mut self, us: u64) {
        self.newest_us = self.newest_us.max(us);
    }

    /// Takes an edition in that was replaced. It compiled once, when it was published; a build that
    /// can no longer read it must not go on without it.
    pub(crate) fn remember(&mut self, former: &Former) {
        let what = "a replaced edition can no longer be read";
        match &former.subject {
            Subject::Award(..) => {
                let version: AwardVersion = former.kept.read().expect(what);
                let mut book = Book::default();
                book.insert(VersionTables::compile(&version).expect(what));
                keep(self.awards.entry(former.subject.clone()).or_default(), former, book);
            }
            Subject::Holidays => {
                let table: HolidayTable = former.kept.read().expect(what);
                keep(&mut self.holidays, former, Calendar::new(&table).expect(what));
            }
            Subject::Statutory(code) => {
                let table = former.kept.read().expect(what);
                keep(self.statutory.entry(code.clone()).or_default(), former, table);
            }
            Subject::Instrument(..) => {
                let instrument: Instrument = former.kept.read().expect(what);
                let mut book = Book::default();
                book.insert(instrument.compile().expect(what));
                let list = self.instruments.entry(former.subject.clone()).or_default();
                keep(list, former, (instrument, book));
            }
        }
    }

    /// Whether the edition in force of `subject` was known.
    fn is_current(&self, subject: &Subject, known_us: u64) -> bool {
        self.since.get(subject).is_none_or(|since| *since <= known_us)
    }
}

/// The dates of versions on or before `start`, newest first, of those in force and those replaced.
fn dates(
    current: impl Iterator<Item = Date>,
    past: impl Iterator<Item = Date>,
    start: Date,
) -> Vec<Date> {
    let mut dates: Vec<Date> = current.chain(past).filter(|it| *it <= start).collect();
    dates.sort_unstable();
    dates.dedup();
    dates.reverse();
    dates
}

impl Shelf {
    /// The book that holds the award version for a pay period starting on `start` as `known_us` knew
    /// it, and the version's date.
    fn version_known(&self, award: &str, start: Date, known_us: u64) -> Option<(&Book, Date)> {
        let history = &self.history;
        let past = history.awards.keys().filter_map(|it| match it {
            Subject::Award(code, days) if code == award => Some(Date::from_days(*days)),
            _ => None,
        });
        let current: Vec<Date> =
            self.book.versions(award).iter().map(|it| it.operative_from).collect();
        dates(current.iter().copied(), past, start).into_iter().find_map(|date| {
            let subject = Subject::Award(award.to_owned(), date.days());
            if current.contains(&date) && history.is_current(&subject, known_us) {
                return Some((&self.book, date));
            }
            at(history.awards.get(&subject), known_us).map(|book| (book, date))
        })
    }

    /// The versions of an award that `known_us` knew, oldest first.
    fn versions_known(&self, award: &str, known_us: u64) -> Vec<&VersionTables> {
        let mut versions: Vec<&VersionTables> = Vec::new();
        let mut until = Date::from_days(i32::MAX);
        while let Some((book, date)) = self.version_known(award, until, known_us) {
            versions.extend(book.version(award, date).ok());
            until = date.plus_days(-1);
        }
        versions.reverse();
        versions
    }

    /// The codes of all awards that are or ever were published.
    fn awards_ever(&self) -> impl Iterator<Item = &str> {
        let past = self.history.awards.keys().filter_map(|it| match it {
            Subject::Award(code, _) => Some(code.as_str()),
            _ => None,
        });
        self.book.awards().chain(past)
    }

    fn calendar_known(&self, known_us: u64) -> Option<&Calendar> {
        let current = self.book.calendar.as_ref();
        current
            .filter(|_| self.history.is_current(&Subject::Holidays, known_us))
            .or_else(|| at(Some(&self.history.holidays), known_us))
    }

    fn statutory_known(&self, code: &str, known_us: u64) -> Option<&StatutoryTable> {
        let subject = Subject::Statutory(code.to_owned());
        let current = self.statutory.get(code);
        current
            .filter(|_| self.history.is_current(&subject, known_us))
            .or_else(|| at(self.history.statutory.get(code), known_us))
    }

    fn instrument_known(
        &self,
        code: &str,
        start: Date,
        known_us: u64,
    ) -> Option<(&Instrument, &Book)> {
        let history = &self.history;
        let past = history.instruments.keys().filter_map(|it| match it {
            Subject::Instrument(found, days) if found == code => Some(Date::from_days(*days)),
            _ => None,
        });
        let current = self.instruments.get(code);
        let here = current.into_iter().flat_map(|it| it.keys().copied());
        dates(here, past, start).into_iter().find_map(|date| {
            let subject = Subject::Instrument(code.to_owned(), date.days());
            current
                .and_then(|it| it.get(&date))
                .filter(|_| history.is_current(&subject, known_us))
                .or_else(|| at(history.instruments.get(&subject), known_us))
                .map(|(instrument, book)| (instrument, book))
        })
    }
}

impl Reference {
    /// The newest moment of which this core has compiled what was published.
    pub(crate) fn newest_us(&self, tenant: Tenant) -> u64 {
        self.shelves(tenant).map(|it| it.history.newest_us).max().unwrap_or(0)
    }

    /// Terms for this tenant by what was published at `known_us`.
    pub(crate) fn terms_known(
        &self,
        tenant: Tenant,
        quote: &impl crate::queries::Asked,
        known_us: u64,
    ) -> Result<Terms<'_>, QuoteError> {
        if self.newest_us(tenant) <= known_us {
            return self.terms(tenant, quote);
        }
        let (award, classification, employment, start) = quote.terms();
        for shelf in self.shelves(tenant) {
            if let Some((book, date)) = shelf.version_known(award, start, known_us) {
                // The version is found by its own date; the pay period is the request's.
                let terms = book.terms(award, classification, employment, date)?;
                return Ok(Terms { pay_period_start: start, ..terms });
            }
        }
        // Nothing of it was known then: refused as an award that is not published.
        EMPTY.terms(award, classification, employment, start)
    }

    /// The version of an award for a pay period starting on `start`, by what was published at
    /// `known_us`.
    pub(crate) fn version_known(
        &self,
        tenant: Tenant,
        award: &str,
        start: Date,
        known_us: u64,
    ) -> Result<&VersionTables, QuoteError> {
        if self.newest_us(tenant) <= known_us {
            return self.book(tenant, award).version(award, start);
        }
        let found = self.shelves(tenant).find_map(|it| it.version_known(award, start, known_us));
        match found {
            Some((book, date)) => book.version(award, date),
            // Nothing of it was known then: refused as an award that is not published.
            None => EMPTY.version(award, start),
        }
    }

    /// Every award this tenant sees, with the versions that `known_us` knew, oldest first, in order
    /// of code.
    pub(crate) fn awards_known(
        &self,
        tenant: Tenant,
        known_us: u64,
    ) -> Vec<(&str, Vec<&VersionTables>)> {
        let mut awards: BTreeMap<&str, Vec<&VersionTables>> = BTreeMap::new();
        for shelf in self.shelves(tenant) {
            for code in shelf.awards_ever() {
                let known = awards.entry(code).or_default();
                if known.is_empty() {
                    *known = shelf.versions_known(code, known_us);
                }
            }
        }
        awards.retain(|_, versions| !versions.is_empty());
        awards.into_iter().collect()
    }

    /// The calendar for this tenant by what was published at `known_us`.
    pub(crate) fn calendar_known(
        &self,
        tenant: Tenant,
        known_us: u64,
    ) -> Result<&Calendar, QuoteError> {
        let found = self.shelves(tenant).find_map(|it| it.calendar_known(known_us));
        found.ok_or_else(Book::no_calendar)
    }

    /// The statutory table with this code, by what was published at `known_us`.
    pub(crate) fn statutory(
        &self,
        tenant: Tenant,
        code: &str,
        known_us: u64,
    ) -> Option<&StatutoryTable> {
        self.shelves(tenant).find_map(|it| it.statutory_known(code, known_us))
    }

    /// The version of an instrument for a pay period starting on `start`, with its pay rules, by
    /// what was published at `known_us`; none once the instrument has ended.
    pub(crate) fn instrument(
        &self,
        tenant: Tenant,
        code: &str,
        start: Date,
        known_us: u64,
    ) -> Option<(&Instrument, &Book)> {
        self.shelves(tenant)
            .find_map(|it| it.instrument_known(code, start, known_us))
            .filter(|(instrument, _)| instrument.ends.is_none_or(|it| start <= it))
    }
}
