//! Records and what names them.

use contract::{Key, KeyBytes, Slot};
use rkyv::{Archive, Deserialize, Serialize};
use values::Date;

use crate::history::Known;
use crate::rules::list::PriceList;
use crate::rules::tax::TaxTable;

/// The edition in force of a version of a price list.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ListEdition {
    /// The version.
    pub list: PriceList,
    /// Since when.
    pub known: Known,
}

/// The edition in force of a tax table.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TaxesEdition {
    /// The table.
    pub table: TaxTable,
    /// Since when.
    pub known: Known,
}

/// A price list's code and the first day of one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListKey {
    /// The code.
    pub code: String,
    /// The first day; a list may have one version without.
    pub valid_from: Option<Date>,
}

impl Key for ListKey {
    fn write(&self, key: &mut KeyBytes) {
        key.push_text(&self.code);
        if let Some(date) = self.valid_from {
            // Flipping the sign bit makes the order of the bytes that of the dates.
            let days = date.days().cast_unsigned() ^ (1 << 31);
            key.push(&days.to_be_bytes());
        }
    }
    /// All of this domain lives with the tally that every command touches.
    fn slot(&self) -> Slot {
        Whole.slot()
    }
}

/// A tax table's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxesKey(pub String);

impl Key for TaxesKey {
    fn write(&self, key: &mut KeyBytes) {
        key.push_text(&self.0);
    }
    fn slot(&self) -> Slot {
        Whole.slot()
    }
}

/// How much a tenant has. Every command touches it, so that those made at the same time cannot pass a
/// limit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Archive, Serialize, Deserialize)]
pub struct Tally {
    /// Versions of lists, retired ones too.
    pub lists: u32,
    /// Tax tables.
    pub taxes: u32,
    /// Editions of both that were replaced, ever.
    pub replaced: u64,
    /// From this moment on every edition is kept, in microseconds since 1970-01-01 UTC; 0 while none
    /// was dropped.
    pub whole_from_us: u64,
}

/// Names the one tally of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole;

impl Key for Whole {
    fn write(&self, key: &mut KeyBytes) {
        key.push_text("all");
    }
}

/// The most versions of lists of one tenant.
pub const LISTS_COUNT_MAX: u32 = 1_024;
/// The most tax tables of one tenant.
pub const TAXES_COUNT_MAX: u32 = 64;
