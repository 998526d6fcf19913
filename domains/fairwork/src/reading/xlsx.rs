//! Workbooks (ECMA-376), read whole: the first sheet, as text.
//!
//! Numbers stay the decimal text that stands in the file. A general reader makes binary fractions of
//! them, and no money here passes through one.

mod archive;
mod markup;

use super::report::Reason;
use super::table::{COLUMNS_COUNT_MAX, Cell, Fault, Line, ROWS_COUNT_MAX, Table};
use archive::Archive;
use markup::{Markup, Piece};

/// Whether the bytes are an archive, as workbooks are.
pub(super) fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Reads the first sheet.
pub(super) fn read(bytes: &[u8]) -> Result<Table, Fault> {
    let archive = Archive::open(bytes)?;
    let shared = match archive.file("xl/sharedStrings.xml")? {
        Some(text) => shared_strings(&text)?,
        None => Vec::new(),
    };
    let name = first_sheet(&archive)?;
    let text = archive
        .file(&name)?
        .ok_or_else(|| damaged(format!("the workbook names a sheet {name} and has none")))?;
    let mut rows = sheet(&text, &shared)?.into_iter();
    let Some(header) = rows.next() else {
        return Err(Fault::new(0, Reason::Empty, "the first sheet has no header row"));
    };
    let columns: Vec<String> = header.cells.into_iter().map(|it| it.text).collect();
    let mut rows: Vec<Line> = rows.collect();
    // A sheet leaves out cells at the end of a row that are empty.
    for row in &mut rows {
        while row.cells.len() < columns.len() {
            row.cells.push(Cell::default());
        }
        while columns.len() < row.cells.len()
            && row.cells.last().is_some_and(|it| it.text.is_empty())
        {
            row.cells.pop();
        }
    }
    Ok(Table { format: "XLSX", columns, rows })
}

fn damaged(detail: impl Into<String>) -> Fault {
    Fault::new(0, Reason::WorkbookDamaged, detail)
}

/// The file of the first sheet in the workbook's order, which need not be `sheet1.xml`.
fn first_sheet(archive: &Archive<'_>) -> Result<String, Fault> {
    const USUAL: &str = "xl/worksheets/sheet1.xml";
    let (Some(workbook), Some(relations)) =
        (archive.file("xl/workbook.xml")?, archive.file("xl/_rels/workbook.xml.rels")?)
    else {
        return Ok(USUAL.to_owned());
    };
    let mut markup = Markup::new(&workbook);
    let mut id = None;
    while let Some(piece) = markup.next()? {
        if let Piece::Open { name: "sheet", .. } = piece {
            id = piece.attribute("id").map(std::borrow::Cow::into_owned);
            break;
        }
    }
    let Some(id) = id else { return Ok(USUAL.to_owned()) };
    let mut markup = Markup::new(&relations);
    while let Some(piece) = markup.next()? {
        if let Piece::Open { name: "Relationship", .. } = piece
            && piece.attribute("Id").as_deref() == Some(&id)
            && let Some(target) = piece.attribute("Target")
        {
            return Ok(match target.strip_prefix('/') {
                Some(whole) => whole.to_owned(),
                None => format!("xl/{target}"),
            });
        }
    }
    Ok(USUAL.to_owned())
}

/// The texts that cells name by number; runs of one text are joined, phonetic hints left out.
fn shared_strings(text: &str) -> Result<Vec<String>, Fault> {
    let mut markup = Markup::new(text);
    let mut all: Vec<String> = Vec::new();
    let (mut inside, mut hint) = (false, false);
    while let Some(piece) = markup.next()? {
        match piece {
            Piece::Open { name: "si", .. } => all.push(String::new()),
            Piece::Open { name: "t", is_closed, .. } => inside = !is_closed,
            Piece::Close("t") => inside = false,
            Piece::Open { name: "rPh", is_closed, .. } => hint = !is_closed,
            Piece::Close("rPh") => hint = false,
            Piece::Text(it) if inside && !hint => {
                if let Some(last) = all.last_mut() {
                    last.push_str(&it);
                }
            }
            _ => {}
        }
    }
    Ok(all)
}

fn sheet(text: &str, shared: &[String]) -> Result<Vec<Line>, Fault> {
    let mut markup = Markup::new(text);
    let mut rows: Vec<Line> = Vec::new();
    let (mut column, mut kind) = (0, String::new());
    // Values stand in `v`, inline texts in `t`.
    let mut value: Option<String> = None;
    while let Some(piece) = markup.next()? {
        match &piece {
            Piece::Open { name: "row", .. } => {
                let following = rows.last().map_or(1, |it: &Line| it.number + 1);
                let number = match piece.attribute("r") {
                    Some(it) => {
                        it.parse().map_err(|_| damaged(format!("a row is numbered {it:?}")))?
                    }
                    None => following,
                };
                if rows.len() > ROWS_COUNT_MAX {
                    let detail = format!("more than {ROWS_COUNT_MAX} rows");
                    return Err(Fault::new(0, Reason::TooLarge, detail));
                }
                rows.push(Line { number, cells: Vec::new() });
            }
            Piece::Open { name: "c", .. } => {
                let row = rows.last().ok_or_else(|| damaged("a cell stands outside a row"))?;
                column = match piece.attribute("r") {
                    Some(it) => column_of(&it)?,
                    None => row.cells.len(),
                };
                kind = piece.attribute("t").unwrap_or_default().into_owned();
                value = None;
            }
            Piece::Open { name: "v" | "t", is_closed, .. } => {
                value = (!is_closed).then(|| value.take().unwrap_or_default());
            }
            Piece::Text(it) => {
                if let Some(value) = &mut value {
                    value.push_str(it);
                }
            }
            Piece::Close("v" | "t") => {
                if let (Some(text), Some(row)) = (value.take(), rows.last_mut()) {
                    place(row, column, cell(&kind, text, shared)?)?;
                }
            }
            _ => {}
        }
    }
    Ok(rows)
}

fn cell(kind: &str, text: String, shared: &[String]) -> Result<Cell, Fault> {
    Ok(match kind {
        "s" => {
            let found = text.trim().parse::<usize>().ok().and_then(|it| shared.get(it));
            let found = found.ok_or_else(|| damaged(format!("a cell names the text {text:?}")))?;
            Cell::text(found.clone())
        }
        "" | "n" => Cell::number(text),
        _ => Cell::text(text),
    })
}

fn place(row: &mut Line, column: usize, cell: Cell) -> Result<(), Fault> {
    if COLUMNS_COUNT_MAX <= column {
        let detail = format!("more than {COLUMNS_COUNT_MAX} columns");
        return Err(Fault::new(row.number, Reason::TooLarge, detail));
    }
    if row.cells.len() <= column {
        row.cells.resize(column + 1, Cell::default());
    }
    let known = &mut row.cells[column];
    if known.text.is_empty() {
        *known = cell;
    } else {
        // Runs of one inline text.
        known.text.push_str(&cell.text);
    }
    Ok(())
}

/// The position of a cell such as `AB7`: A is 0.
fn column_of(reference: &str) -> Result<usize, Fault> {
    let letters = reference.bytes().take_while(u8::is_ascii_uppercase);
    let mut count = 0;
    let column = letters.fold(0_usize, |sum, letter| {
        count += 1;
        sum.saturating_mul(26).saturating_add(usize::from(letter - b'A') + 1)
    });
    if count == 0 || 3 < count {
        return Err(damaged(format!("a cell is placed at {reference:?}")));
    }
    Ok(column - 1)
}
