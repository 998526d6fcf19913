//! What happened. Each event carries what it leaves behind.

use contract::Batch;
use rkyv::{Archive, Deserialize, Serialize};

use crate::records::{Page, PageKey, Year};
use crate::rows::Sheet;

/// Rows are there, and not yet seen.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct PageStaged {
    /// The award's number.
    pub award: u32,
    /// The published year.
    pub year: u32,
    /// The table.
    pub sheet: Sheet,
    /// What they are imported as.
    pub import: u64,
    /// The page's place among those of the table.
    pub part: u32,
    /// The rows.
    pub page: Page,
}

impl PageStaged {
    pub(crate) const fn key(&self) -> PageKey {
        let Self { award, year, sheet, import, part, .. } = self;
        PageKey { award: *award, year: *year, sheet: *sheet, import: *import, part: *part }
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.page);
    }
}

/// What was staged for a year is seen from now on.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct YearPublished {
    /// The year as it is now.
    pub year: Year,
}

impl YearPublished {
    pub(crate) const fn key(&self) -> u32 {
        self.year.year
    }
    pub(crate) fn apply(&self, batch: &mut Batch<'_, '_>) {
        batch.put(&self.key(), &self.year);
    }
}
