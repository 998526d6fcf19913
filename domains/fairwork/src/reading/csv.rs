//! Separated values (RFC 4180), read whole.
//!
//! The reader is our own since it must say where a field has no end: a file that was cut off inside a
//! quoted field reads as one long field elsewhere.

use super::report::Reason;
use super::table::{COLUMNS_COUNT_MAX, Cell, Fault, Line, ROWS_COUNT_MAX, Table};

/// Reads text in UTF-8, with or without its mark, or in UTF-16 with it.
pub(super) fn read(bytes: &[u8]) -> Result<Table, Fault> {
    let wide: String;
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest)?,
        [0xFF, 0xFE, rest @ ..] => {
            wide = utf16(rest, u16::from_le_bytes)?;
            &wide
        }
        [0xFE, 0xFF, rest @ ..] => {
            wide = utf16(rest, u16::from_be_bytes)?;
            &wide
        }
        bytes => utf8(bytes)?,
    };
    let mut rows = Rows::new(text);
    let Some(header) = rows.next().transpose()? else {
        return Err(Fault::new(0, Reason::Empty, "the file has no header row"));
    };
    let columns = header.cells.into_iter().map(|it| it.text).collect();
    let mut table = Table { format: "CSV", columns, rows: Vec::new() };
    for row in rows {
        if table.rows.len() == ROWS_COUNT_MAX {
            let detail = format!("more than {ROWS_COUNT_MAX} rows");
            return Err(Fault::new(0, Reason::TooLarge, detail));
        }
        table.rows.push(row?);
    }
    Ok(table)
}

fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let row = before.split(|it| *it == b'\n').count();
        let line = before.rsplit(|it| *it == b'\n').next().unwrap_or_default();
        let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        let detail = format!(
            "byte 0x{byte:02x} at offset {} (line {row}, byte {}) is not UTF-8: save the file as CSV \
             UTF-8, or give the workbook (.xlsx)",
            error.valid_up_to(),
            line.len() + 1
        );
        Fault::new(u32::try_from(row).unwrap_or(u32::MAX), Reason::Encoding, detail)
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Fault> {
    let fault = || Fault::new(0, Reason::Encoding, "the file is marked as UTF-16 and is not");
    if !bytes.len().is_multiple_of(2) {
        return Err(fault());
    }
    let units: Vec<u16> =
        bytes.chunks_exact(2).map(|it| unit(it.try_into().expect("two bytes"))).collect();
    String::from_utf16(&units).map_err(|_| fault())
}

/// Rows one after the other. Numbers count rows, as a spreadsheet does: a quoted line break does not
/// begin another.
struct Rows<'t> {
    text: &'t str,
    at: usize,
    number: u32,
    separator: u8,
}

impl<'t> Rows<'t> {
    fn new(text: &'t str) -> Self {
        let header = text.lines().next().unwrap_or_default();
        let count = |it: u8| header.bytes().filter(|byte| *byte == it).count();
        // A spreadsheet saves with semicolons or tabs where the system's settings say so.
        let separator = [b',', b';', b'\t']
            .into_iter()
            .max_by_key(|it| (count(*it), *it == b','))
            .unwrap_or(b',');
        Self { text, at: 0, number: 0, separator }
    }

    fn quoted(&mut self) -> Result<Cell, Fault> {
        let mut text = String::new();
        let bytes = self.text.as_bytes();
        let open = self.at;
        self.at += 1;
        loop {
            let Some(end) = bytes[self.at..].iter().position(|it| *it == b'"') else {
                let detail = format!(
                    "the quoted field that begins at byte {open} has no end: the file was cut off"
                );
                return Err(Fault::new(self.number, Reason::Truncated, detail));
            };
            text.push_str(&self.text[self.at..self.at + end]);
            self.at += end + 1;
            if bytes.get(self.at) == Some(&b'"') {
                text.push('"');
                self.at += 1;
                continue;
            }
            // What follows a closing quote up to the separator belongs to the field.
            let rest = self.plain();
            text.push_str(rest);
            return Ok(Cell::text(text));
        }
    }

    fn plain(&mut self) -> &'t str {
        let bytes = &self.text.as_bytes()[self.at..];
        let is_end = |it: &u8| *it == self.separator || *it == b'\n' || *it == b'\r';
        let length = bytes.iter().position(is_end).unwrap_or(bytes.len());
        let field = &self.text[self.at..self.at + length];
        self.at += length;
        field
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Line, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at == self.text.len() {
            return None;
        }
        self.number += 1;
        let mut line = Line { number: self.number, cells: Vec::new() };
        let bytes = self.text.as_bytes();
        loop {
            let cell = if bytes.get(self.at) == Some(&b'"') {
                match self.quoted() {
                    Ok(cell) => cell,
                    Err(fault) => {
                        self.at = self.text.len();
                        return Some(Err(fault));
                    }
                }
            } else {
                Cell::text(self.plain())
            };
            line.cells.push(cell);
            if line.cells.len() > COLUMNS_COUNT_MAX {
                self.at = self.text.len();
                let detail = format!("more than {COLUMNS_COUNT_MAX} columns");
                return Some(Err(Fault::new(line.number, Reason::TooLarge, detail)));
            }
            match bytes.get(self.at) {
                Some(it) if *it == self.separator => self.at += 1,
                Some(b'\r') => {
                    self.at += if bytes.get(self.at + 1) == Some(&b'\n') { 2 } else { 1 };
                    return Some(Ok(line));
                }
                Some(_) => {
                    self.at += 1;
                    return Some(Ok(line));
                }
                None => return Some(Ok(line)),
            }
        }
    }
}
