//! Tables for terminals: aligned columns, two spaces apart.

use std::fmt::{self, Write};

/// On which side a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    /// For numbers.
    Right,
}

/// Rows of text under a head. Printed with a rule under the head.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
    /// Rows before which a rule is drawn.
    rules: Vec<usize>,
}

impl Table {
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect();
        Self { columns, rows: Vec::new(), rules: Vec::new() }
    }

    /// Adds a row; it has as many cells as there are columns.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        assert_eq!(N, self.columns.len(), "a row has a cell for every column");
        self.rows.push(cells.into());
    }

    /// Draws a rule before the next row, as above a total.
    pub(crate) fn rule(&mut self) {
        self.rules.push(self.rows.len());
    }

    fn widths(&self) -> Vec<usize> {
        let width = |(column, (name, _)): (usize, &(String, Align))| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0).max(name.chars().count())
        };
        self.columns.iter().enumerate().map(width).collect()
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, width), (_, align)) in cells.iter().zip(widths).zip(&self.columns) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            match align {
                Align::Left => write!(line, "{cell:width$}"),
                Align::Right => write!(line, "{cell:>width$}"),
            }
            .expect("text grows");
        }
        line.trim_end().to_owned()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let names: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        writeln!(f, "{}", self.line(&names, &widths))?;
        writeln!(f, "{}", self.line(&dashes, &widths))?;
        for (index, row) in self.rows.iter().enumerate() {
            if self.rules.contains(&index) {
                writeln!(f, "{}", self.line(&dashes, &widths))?;
            }
            writeln!(f, "{}", self.line(row, &widths))?;
        }
        Ok(())
    }
}

/// A whole number with commas between the thousands.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Nanoseconds with a unit that fits, in whole numbers: `850 ns`, `133 us`, `12.4 ms`, `3.20 s`.
pub(crate) fn duration(nanos: u64) -> String {
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => format!("{} us", nanos / 1_000),
        1_000_000..1_000_000_000 => {
            format!("{}.{} ms", nanos / 1_000_000, nanos / 100_000 % 10)
        }
        _ => format!("{}.{:02} s", nanos / 1_000_000_000, nanos / 10_000_000 % 100),
    }
}

/// Bytes with a unit that fits, in whole numbers.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} B"),
        10_240..10_485_760 => format!("{} KiB", bytes >> 10),
        10_485_760..10_737_418_240 => format!("{} MiB", bytes >> 20),
        _ => format!("{} GiB", bytes >> 30),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&[("award", Align::Left), ("pay", Align::Right)]);
        table.row(["MA000004".into(), "1.00".into()]);
        table.row(["x".into(), "1,234.00".into()]);
        table.rule();
        table.row(["total".into(), "1,235.00".into()]);
        let expected = "award          pay\n--------  --------\nMA000004      1.00\nx         1,234.00\n--------  --------\ntotal     1,235.00\n";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn numbers_are_readable() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
        for (nanos, text) in [
            (999, "999 ns"),
            (1_000, "1 us"),
            (133_999, "133 us"),
            (12_450_000, "12.4 ms"),
            (3_209_000_000, "3.20 s"),
        ] {
            assert_eq!(duration(nanos), text);
        }
        for (size, text) in
            [(512, "512 B"), (65_536, "64 KiB"), (64 << 20, "64 MiB"), (75 << 30, "75 GiB")]
        {
            assert_eq!(bytes(size), text);
        }
    }
}
