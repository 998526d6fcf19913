//! What was found in a file: where, and why a row is not taken.

use std::collections::BTreeMap;
use std::fmt;

use crate::rows::Sheet;

/// The most findings that a report keeps word for word; all are counted.
pub const FINDINGS_KEPT_MAX: usize = 1_000;

/// Why a row, or a whole file, is not taken as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The file is empty, or has a header and no rows.
    Empty,
    /// The file is larger than is read.
    TooLarge,
    /// The bytes are not UTF-8 text.
    Encoding,
    /// A workbook that is cut off or damaged.
    WorkbookDamaged,
    /// A quoted field has no end, or the last row is cut off.
    Truncated,
    /// A column that the table must have is not there, or is there twice.
    ColumnMissing,
    /// The columns are those of another table.
    Mislabelled,
    /// A row has more or fewer cells than the header.
    CellCount,
    /// A value that every row has is missing.
    ValueMissing,
    /// Not a number, or not an exact one.
    NumberInvalid,
    /// Not a date.
    DateInvalid,
    /// Neither yes nor no.
    FlagInvalid,
    /// A text is longer than any published one.
    TextTooLong,
    /// Not an award's code, or not the code of the file's award.
    AwardInvalid,
    /// An award that the award table does not have.
    AwardUnknown,
    /// Published in another year than the import is of.
    YearDiffers,
    /// It ends before it begins.
    Backwards,
    /// Another row has the same identity and other figures.
    Contradiction,
    /// Another row of the same identity is operative at the same time.
    Overlap,
    /// A row without any value: left out.
    EmptyRow,
    /// The same row twice: left out once.
    Duplicate,
}

impl Reason {
    /// Whether such rows are left out without anybody having to agree: nothing is lost with them.
    #[must_use]
    pub const fn is_harmless(self) -> bool {
        matches!(self, Self::EmptyRow | Self::Duplicate)
    }

    /// For people and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too large",
            Self::Encoding => "wrong encoding",
            Self::WorkbookDamaged => "damaged workbook",
            Self::Truncated => "truncated",
            Self::ColumnMissing => "column missing",
            Self::Mislabelled => "another table",
            Self::CellCount => "cell count",
            Self::ValueMissing => "value missing",
            Self::NumberInvalid => "not a number",
            Self::DateInvalid => "not a date",
            Self::FlagInvalid => "neither yes nor no",
            Self::TextTooLong => "text too long",
            Self::AwardInvalid => "award code invalid",
            Self::AwardUnknown => "award unknown",
            Self::YearDiffers => "another year",
            Self::Backwards => "ends before it begins",
            Self::Contradiction => "contradicts another row",
            Self::Overlap => "overlaps another row",
            Self::EmptyRow => "empty row",
            Self::Duplicate => "duplicate row",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing that was found: the file, the row as a spreadsheet numbers it (the header is row 1; 0
/// stands for the whole file), the column as printed, the reason, and a sentence with the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// The row.
    pub row: u32,
    /// The column; empty when no single one is at fault.
    pub column: String,
    /// Why.
    pub reason: Reason,
    /// The values, and what to do about it.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if 0 < self.row {
            write!(f, ", row {}", self.row)?;
        }
        if !self.column.is_empty() {
            write!(f, ", column {}", self.column)?;
        }
        write!(f, ": {}: {}", self.reason, self.detail)
    }
}

/// What reading one file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// The file.
    pub file: String,
    /// The table it was read as.
    pub sheet: Sheet,
    /// `CSV`, `XLSX` or `JSON`.
    pub format: &'static str,
    /// Rows below the header.
    pub rows: u32,
    /// Rows that are taken.
    pub good: u32,
    /// Rows that are not, by reason.
    pub left_out: BTreeMap<Reason, u32>,
    /// What was found, in the order of rows; at most [`FINDINGS_KEPT_MAX`].
    pub findings: Vec<Finding>,
    /// The whole file cannot be taken.
    pub is_refused: bool,
    /// Things to know that leave nothing out, such as columns that are not there.
    pub notes: Vec<String>,
}

impl FileReport {
    pub(crate) fn new(file: &str, sheet: Sheet) -> Self {
        Self {
            file: file.to_owned(),
            sheet,
            format: "",
            rows: 0,
            good: 0,
            left_out: BTreeMap::new(),
            findings: Vec::new(),
            is_refused: false,
            notes: Vec::new(),
        }
    }

    /// Whether every row is taken, but for empty and repeated ones.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        !self.is_refused && self.left_out.keys().all(|it| it.is_harmless())
    }

    /// Rows that somebody has to agree to leave out.
    #[must_use]
    pub fn bad(&self) -> u32 {
        self.left_out.iter().filter(|(reason, _)| !reason.is_harmless()).map(|(_, it)| it).sum()
    }

    pub(crate) fn leave_out(&mut self, row: u32, column: &str, reason: Reason, detail: String) {
        *self.left_out.entry(reason).or_default() += 1;
        self.keep(row, column, reason, detail);
    }

    pub(crate) fn refuse(&mut self, row: u32, column: &str, reason: Reason, detail: String) {
        self.is_refused = true;
        self.keep(row, column, reason, detail);
    }

    fn keep(&mut self, row: u32, column: &str, reason: Reason, detail: String) {
        if self.findings.len() < FINDINGS_KEPT_MAX && reason != Reason::EmptyRow {
            let (file, column) = (self.file.clone(), column.to_owned());
            self.findings.push(Finding { file, row, column, reason, detail });
        }
    }
}
