//! Answers of the pay database's interface, as tables: numbers keep their digits.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::report::Reason;
use super::table::{Cell, Fault, Line, ROWS_COUNT_MAX, Table};

/// Reads a JSON list of objects, one for each row. Row 2 is the first, as below a header.
pub(super) fn read(bytes: &[u8]) -> Result<Table, Fault> {
    let damaged = |error: serde_json::Error| {
        let reason = if error.is_eof() { Reason::Truncated } else { Reason::Encoding };
        Fault::new(0, reason, format!("the answer is not a list of objects: {error}"))
    };
    let objects: Vec<BTreeMap<String, &RawValue>> =
        serde_json::from_slice(bytes).map_err(damaged)?;
    if ROWS_COUNT_MAX < objects.len() {
        let detail = format!("more than {ROWS_COUNT_MAX} rows");
        return Err(Fault::new(0, Reason::TooLarge, detail));
    }
    // Objects may leave out what they do not have.
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut columns = Vec::new();
    for name in objects.iter().flat_map(BTreeMap::keys) {
        places.entry(name).or_insert_with(|| {
            columns.push(name.clone());
            columns.len() - 1
        });
    }
    let mut rows = Vec::with_capacity(objects.len());
    for (number, object) in (2..).zip(&objects) {
        let mut cells = vec![Cell::default(); columns.len()];
        for (name, value) in object {
            cells[places[name.as_str()]] = cell(value.get()).map_err(damaged)?;
        }
        rows.push(Line { number, cells });
    }
    Ok(Table { format: "JSON", columns, rows })
}

fn cell(json: &str) -> Result<Cell, serde_json::Error> {
    Ok(match json.as_bytes().first() {
        Some(b'"') => Cell::text(serde_json::from_str::<String>(json)?),
        Some(b'0'..=b'9' | b'-') => Cell::number(json),
        _ if json == "null" => Cell::default(),
        _ => Cell::text(json),
    })
}
