//! Records and what names them.

use contract::{Key, KeyBytes, Slot};

use crate::award::{award_family, award_number};
use crate::rows::{
    AwardRow, ClassificationRow, ExpenseAllowanceRow, PenaltyRow, Sheet, WageAllowanceRow,
};

/// The most rows of a page.
pub const PAGE_ROWS_MAX: usize = 4_096;
/// The most awards of a year.
pub const AWARDS_COUNT_MAX: usize = 1_000;
/// The most pages of one table of one award in one year.
pub const PARTS_COUNT_MAX: usize = 256;

contract::message! {
    /// Some rows of one table of one award in one published year. Only the list of its own table has
    /// any.
    #[derive(Default)]
    #[serde(default)]
    pub struct Page {
        /// Classifications with their pay rates.
        pub classifications: Vec<ClassificationRow>,
        /// Penalties.
        pub penalties: Vec<PenaltyRow>,
        /// Wage allowances.
        pub wage_allowances: Vec<WageAllowanceRow>,
        /// Expense allowances.
        pub expense_allowances: Vec<ExpenseAllowanceRow>,
    }
}

impl Page {
    /// The rows of a table.
    #[must_use]
    pub fn rows(&self, sheet: Sheet) -> usize {
        match sheet {
            Sheet::Award => 0,
            Sheet::Classification => self.classifications.len(),
            Sheet::Penalty => self.penalties.len(),
            Sheet::WageAllowance => self.wage_allowances.len(),
            Sheet::ExpenseAllowance => self.expense_allowances.len(),
        }
    }
}

/// Names a page. All pages of an award live on one core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageKey {
    /// The award's number.
    pub award: u32,
    /// The published year.
    pub year: u32,
    /// The table.
    pub sheet: Sheet,
    /// What the rows were imported as: a digest of all rows of the table.
    pub import: u64,
    /// Its place among the pages of the table, from 0.
    pub part: u32,
}

impl Key for PageKey {
    fn write(&self, key: &mut KeyBytes) {
        key.push(&self.award.to_be_bytes());
        key.push(&self.year.to_be_bytes());
        key.push(&[self.sheet as u8]);
        key.push(&self.import.to_be_bytes());
        key.push(&self.part.to_be_bytes());
    }
    fn slot(&self) -> Slot {
        Slot::of_bytes(&award_family(self.award).to_be_bytes())
    }
}

contract::message! {
    /// One table of one award in one year.
    pub struct AwardSheet {
        /// The table.
        pub sheet: Sheet,
        /// What its pages were staged as.
        pub import: u64,
        /// The rows of each page.
        pub parts: Vec<u32>,
    }

    /// One award in one year.
    pub struct AwardYear {
        /// The award.
        pub award: AwardRow,
        /// Its tables that have rows, in their order.
        pub sheets: Vec<AwardSheet>,
    }

    /// What is published for one year: from then on seen, all at once.
    pub struct Year {
        /// The published year.
        pub year: u32,
        /// Its awards, in order of number.
        pub awards: Vec<AwardYear>,
        /// When it was published here, in microseconds since 1970-01-01 UTC.
        pub published_us: u64,
    }
}

impl AwardSheet {
    /// All its rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|it| u64::from(*it)).sum()
    }
}

impl AwardYear {
    /// The number of its code; 0 for a code that is none.
    #[must_use]
    pub fn number(&self) -> u32 {
        award_number(&self.award.code).unwrap_or_default()
    }

    /// One of its tables, when it has rows.
    #[must_use]
    pub fn sheet(&self, sheet: Sheet) -> Option<&AwardSheet> {
        self.sheets.iter().find(|it| it.sheet == sheet)
    }
}

impl Year {
    /// One of its awards.
    #[must_use]
    pub fn award(&self, number: u32) -> Option<&AwardYear> {
        let at = self.awards.binary_search_by_key(&number, AwardYear::number).ok()?;
        self.awards.get(at)
    }
}
