//! From the bytes of one file to typed rows and a report. Pure: files are read by whoever calls.

mod answers;
mod csv;
mod json;
mod report;
mod rows;
mod table;
mod twins;
mod values;
mod xlsx;

use crate::rows::{
    AwardRow, ClassificationRow, ExpenseAllowanceRow, PenaltyRow, Sheet, WageAllowanceRow,
};

pub use answers::{AnswerError, AnswerList};
pub use report::{FINDINGS_KEPT_MAX, FileReport, Finding, Reason};
pub use table::{COLUMNS_COUNT_MAX, ROWS_COUNT_MAX};

/// The most bytes of a file.
pub const FILE_BYTES_MAX: usize = 128 * 1024 * 1024;

/// A row and where it stands: its row in the file, its award and its published year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The row of the file; the header is row 1.
    pub line: u32,
    /// The number of the award's code.
    pub award: u32,
    /// The award's fixed id, where the file has it.
    pub award_fixed_id: Option<u32>,
    /// The year it was published for.
    pub year: u32,
    /// The row.
    pub row: T,
}

/// The rows that are taken, in the order of the file; only the list of the file's own table has any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// Awards.
    pub awards: Vec<Located<AwardRow>>,
    /// Classifications with their pay rates.
    pub classifications: Vec<Located<ClassificationRow>>,
    /// Penalties.
    pub penalties: Vec<Located<PenaltyRow>>,
    /// Wage allowances.
    pub wage_allowances: Vec<Located<WageAllowanceRow>>,
    /// Expense allowances.
    pub expense_allowances: Vec<Located<ExpenseAllowanceRow>>,
}

impl Rows {
    /// Takes the rows of another file behind these.
    pub fn append(&mut self, mut other: Self) {
        self.awards.append(&mut other.awards);
        self.classifications.append(&mut other.classifications);
        self.penalties.append(&mut other.penalties);
        self.wage_allowances.append(&mut other.wage_allowances);
        self.expense_allowances.append(&mut other.expense_allowances);
    }
}

/// What a file is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected<'a> {
    /// For people, in findings.
    pub file: &'a str,
    /// The table.
    pub sheet: Sheet,
    /// The published year; `None` takes each row's own.
    pub year: Option<u32>,
    /// The award of a file that does not name it in its rows.
    pub award: Option<u32>,
}

/// Reads a file: separated values, a workbook, or a JSON list, whichever the bytes are.
#[must_use]
pub fn read(expected: Expected<'_>, bytes: &[u8]) -> (Rows, FileReport) {
    let mut report = FileReport::new(expected.file, expected.sheet);
    let mut taken = Rows::default();
    match table(bytes) {
        Ok(table) => {
            rows::read(expected, &table, &mut taken, &mut report);
            twins::sift(&mut taken, &mut report);
            report.findings.sort_by_key(|it| it.row);
        }
        Err(fault) => report.refuse(fault.row, &fault.column, fault.reason, fault.detail),
    }
    let lengths = [
        taken.awards.len(),
        taken.classifications.len(),
        taken.penalties.len(),
        taken.wage_allowances.len(),
        taken.expense_allowances.len(),
    ];
    report.good = u32::try_from(lengths.iter().sum::<usize>()).expect("rows are limited");
    (taken, report)
}

fn table(bytes: &[u8]) -> Result<table::Table, table::Fault> {
    if FILE_BYTES_MAX < bytes.len() {
        let detail = format!("{} bytes, at most {FILE_BYTES_MAX} are read", bytes.len());
        return Err(table::Fault::new(0, Reason::TooLarge, detail));
    }
    let first = bytes.iter().find(|it| !it.is_ascii_whitespace());
    match first {
        None => Err(table::Fault::new(0, Reason::Empty, "the file is empty")),
        Some(_) if xlsx::is_workbook(bytes) => xlsx::read(bytes),
        Some(b'[') => json::read(bytes),
        Some(_) if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) => {
            let detail = "this is a workbook of the old .xls form: save it as .xlsx or CSV UTF-8";
            Err(table::Fault::new(0, Reason::Encoding, detail))
        }
        Some(_) => csv::read(bytes),
    }
}
