//! What happened. Each event carries what it leaves behind; what it replaces is taken from the records.

use contract::Batch;
use rkyv::{Archive, Deserialize, Serialize};
use values::Date;

use crate::history::{Former, Known, Was};
use crate::records::{ListEdition, ListKey, Tally, TaxesEdition, TaxesKey, Whole};

/// A version of a price list was published, or took the place of the one with its code and first day.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ListPublished {
    /// The version.
    pub edition: ListEdition,
    /// What the tenant has with it.
    pub tally: Tally,
}

impl ListPublished {
    pub(crate) fn key(&self) -> ListKey {
        let list = &self.edition.list;
        ListKey { code: list.code.clone(), valid_from: list.valid_from }
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        let key = self.key();
        if let Some(former) = batch.view().load::<ListEdition>(&key) {
            Former::keep(Was::List(former), self.edition.known.from_us, &self.tally, batch);
        }
        batch.put(&key, &self.edition);
        batch.put(&Whole, &self.tally);
    }
}

/// A version of a price list was given an earlier end.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ListRetired {
    /// The list's code.
    pub code: String,
    /// Which version.
    pub valid_from: Option<Date>,
    /// The last day it applies.
    pub last_day: Date,
    /// Since when that is known.
    pub known: Known,
    /// What the tenant has with it.
    pub tally: Tally,
}

impl ListRetired {
    pub(crate) fn key(&self) -> ListKey {
        ListKey { code: self.code.clone(), valid_from: self.valid_from }
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        let key = self.key();
        if let Some(former) = batch.view().load::<ListEdition>(&key) {
            let mut list = former.list.clone();
            list.valid_until = Some(self.last_day);
            Former::keep(Was::List(former), self.known.from_us, &self.tally, batch);
            batch.put(&key, &ListEdition { list, known: self.known });
            batch.put(&Whole, &self.tally);
        }
    }
}

/// A tax table was published, or took the place of the one with its code.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TaxesPublished {
    /// The table.
    pub edition: TaxesEdition,
    /// What the tenant has with it.
    pub tally: Tally,
}

impl TaxesPublished {
    pub(crate) fn key(&self) -> TaxesKey {
        TaxesKey(self.edition.table.code.clone())
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        let key = self.key();
        if let Some(former) = batch.view().load::<TaxesEdition>(&key) {
            Former::keep(Was::Taxes(former), self.edition.known.from_us, &self.tally, batch);
        }
        batch.put(&key, &self.edition);
        batch.put(&Whole, &self.tally);
    }
}
