//! What happened. Each event carries what it leaves behind.

use contract::Batch;
use rkyv::{Archive, Deserialize, Serialize};
use values::Date;

use crate::records::{ListKey, Tally, Whole};
use crate::rules::list::PriceList;
use crate::rules::tax::TaxTable;

/// A version of a price list was published, or took the place of the one with its code and first day.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ListPublished {
    /// The version.
    pub list: PriceList,
    /// What the tenant has with it.
    pub tally: Tally,
}

impl ListPublished {
    pub(crate) fn key(&self) -> ListKey {
        ListKey { code: self.list.code.clone(), valid_from: self.list.valid_from }
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.list);
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
}

impl ListRetired {
    pub(crate) fn key(&self) -> ListKey {
        ListKey { code: self.code.clone(), valid_from: self.valid_from }
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        let key = self.key();
        if let Some(mut list) = batch.view().load::<PriceList>(&key) {
            list.valid_until = Some(self.last_day);
            batch.put(&key, &list);
        }
    }
}

/// A tax table was published, or took the place of the one with its code.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TaxesPublished {
    /// The table.
    pub table: TaxTable,
    /// What the tenant has with it.
    pub tally: Tally,
}

impl TaxesPublished {
    pub(crate) fn key(&self) -> String {
        self.table.code.clone()
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.table.code, &self.table);
        batch.put(&Whole, &self.tally);
    }
}
