//! What every core keeps compiled, and the buffers it prices with.

use std::collections::BTreeMap;

use contract::{Compile, Replicated, Stored, Tenant};
use values::Date;

use crate::editions::History;
use crate::history::{Former, Known};
use crate::rules::award::AwardVersion;
use crate::rules::calendar::{Calendar, HolidayTable};
use crate::rules::compile::VersionTables;
use crate::rules::instrument::Instrument;
use crate::rules::quote::{Priced, Terms};
use crate::rules::reference::Book;
use crate::rules::shift::QuoteError;
use crate::rules::statutory::StatutoryTable;
use crate::templates::TemplateVersions;

/// Published awards, holidays and templates by tenant. What the box itself publishes, every tenant
/// sees; a tenant's own award, holiday table or template goes before the box's.
#[derive(Debug, Default)]
pub struct Reference {
    shelves: BTreeMap<u32, Shelf>,
}

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) book: Book,
    templates: BTreeMap<String, TemplateVersions>,
    pub(crate) statutory: BTreeMap<String, StatutoryTable>,
    /// Versions of instruments by code and date, each with a book of its own.
    pub(crate) instruments: BTreeMap<String, BTreeMap<Date, (Instrument, Book)>>,
    pub(crate) history: History,
}

/// Buffers that pricing reuses: one per worker of the largest roster so far.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) priced: Vec<Priced>,
}

impl Scratch {
    /// The buffer of the `at`th worker.
    #[inline]
    pub(crate) fn buffer(&mut self, at: usize) -> &mut Priced {
        if self.priced.len() <= at {
            self.priced.resize_with(at + 1, Priced::default);
        }
        &mut self.priced[at]
    }
}

impl Compile for Reference {
    fn compile(&mut self, change: &Replicated<'_>) {
        let own = self.shelves.entry(change.tenant.0).or_default();
        // Records of these tables are never removed, and each was compiled once before it was
        // published; a build that can no longer compile one must not go on without it.
        if let Some(version) = change.of::<AwardVersion>() {
            let tables = VersionTables::compile(&AwardVersion::revive(version))
                .unwrap_or_else(|error| panic!("a published award does not compile: {error}"));
            own.book.insert(tables);
        } else if let Some(table) = change.of::<HolidayTable>() {
            let calendar = Calendar::new(&HolidayTable::revive(table))
                .unwrap_or_else(|error| panic!("a published holiday table is invalid: {error}"));
            own.book.calendar = Some(calendar);
        } else if let Some(all) = change.of::<TemplateVersions>() {
            let all = TemplateVersions::revive(all);
            for it in &all.versions {
                let times = [Some(it.defined_us), it.approved_us, it.retired_us];
                times.into_iter().flatten().for_each(|us| own.history.note(us));
            }
            if let Some(code) = all.versions.first().map(|it| it.template.code.clone()) {
                own.templates.insert(code, all);
            }
        } else if let Some(table) = change.of::<StatutoryTable>() {
            let table = StatutoryTable::revive(table);
            own.statutory.insert(table.code.clone(), table);
        } else if let Some(instrument) = change.of::<Instrument>() {
            let instrument = Instrument::revive(instrument);
            let tables = instrument
                .compile()
                .unwrap_or_else(|error| panic!("a published instrument does not compile: {error}"));
            let (code, date) = (tables.award.clone(), tables.operative_from);
            let mut book = Book::default();
            book.insert(tables);
            own.instruments.entry(code).or_default().insert(date, (instrument, book));
        } else if let Some(known) = change.of::<Known>() {
            own.history.learn(&Known::revive(known));
        } else if let Some(former) = change.of::<Former>() {
            own.history.remember(&Former::revive(former));
        }
    }
}

impl Reference {
    pub(crate) fn shelves(&self, tenant: Tenant) -> impl Iterator<Item = &Shelf> {
        let own = (tenant != Tenant::BOX).then(|| self.shelves.get(&tenant.0)).flatten();
        own.into_iter().chain(self.shelves.get(&Tenant::BOX.0))
    }

    /// The book that has `award` for this tenant; any book when none has it.
    #[inline]
    pub(crate) fn book(&self, tenant: Tenant, award: &str) -> &Book {
        static EMPTY: Book = Book::EMPTY;
        let mut found: Option<&Book> = None;
        for shelf in self.shelves(tenant) {
            if shelf.book.has(award) {
                return &shelf.book;
            }
            found = found.or(Some(&shelf.book));
        }
        found.unwrap_or(&EMPTY)
    }

    /// The calendar for this tenant.
    #[inline]
    pub(crate) fn calendar(&self, tenant: Tenant) -> Result<&Calendar, QuoteError> {
        self.shelves(tenant).find_map(|it| it.book.calendar.as_ref()).ok_or_else(Book::no_calendar)
    }

    /// The template with this code, with its versions.
    pub(crate) fn templates(&self, tenant: Tenant, code: &str) -> Option<&TemplateVersions> {
        self.shelves(tenant).find_map(|it| it.templates.get(code))
    }

    /// Terms for this tenant.
    #[inline]
    pub(crate) fn terms(
        &self,
        tenant: Tenant,
        quote: &impl crate::queries::Asked,
    ) -> Result<Terms<'_>, QuoteError> {
        let (award, classification, employment, start) = quote.terms();
        self.book(tenant, award).terms(award, classification, employment, start)
    }
}
