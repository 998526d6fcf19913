//! A table of cells, whatever it was read from.

use super::report::Reason;

/// The most rows of a table.
pub const ROWS_COUNT_MAX: usize = 400_000;
/// The most columns of a table.
pub const COLUMNS_COUNT_MAX: usize = 256;

/// One value as text; numbers of spreadsheets and of JSON are marked, since a bare number can be a
/// spreadsheet's date.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) is_number: bool,
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_number: false }
    }

    pub(crate) fn number(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_number: true }
    }
}

/// One row; the header is row 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: u32,
    pub(crate) cells: Vec<Cell>,
}

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.cells.iter().all(|it| it.text.trim().is_empty())
    }
}

/// A header and rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Table {
    pub(crate) format: &'static str,
    /// The column names as printed.
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Line>,
}

/// Why bytes are no table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) row: u32,
    pub(crate) column: String,
    pub(crate) reason: Reason,
    pub(crate) detail: String,
}

impl Fault {
    pub(crate) fn new(row: u32, reason: Reason, detail: impl Into<String>) -> Self {
        Self { row, column: String::new(), reason, detail: detail.into() }
    }
}

/// The form in which column names are compared: `classificationFixedID`, `classification_fixed_id`
/// and `data__classification_fixed_id` are one.
pub(crate) fn column_key(name: &str) -> String {
    let name = name.trim().trim_start_matches('\u{feff}');
    let name = name.rsplit_once("__").map_or(name, |(_, name)| name);
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|it| it.to_ascii_lowercase()).collect()
}
