//! Published dollar tables, one text file for each award in `figures/`, to the cent.
//!
//! A file is named after its award. Its lines: `at DATE` chooses the version; `columns A | B | ...` says
//! what the columns are; then one row for each classification, its code first. A column is `weekly`,
//! `hourly`, `annual`, or a kind of employment with a rule (`casual saturday`) whose rate it is; with
//! `flat` before the rule it is the dollars that the rule adds per hour. `-` stands where nothing is
//! published. What begins with `#` says where figures come from.

use std::collections::BTreeMap;
use std::fs;

use crate::support::{calendar, date, money, pack, rate, workspace};
use rates::rules::award::Employment;
use rates::rules::compile::VersionTables;
use rates::rules::reference::Book;
use values::Money;

/// The pack of one award, checked with its examples.
fn book(award: &str) -> Book {
    let versions = pack(award)
        .check(&format!("packs/{award}.toml"), &calendar())
        .unwrap_or_else(|error| panic!("{error}"));
    let mut book = Book::default();
    for version in versions {
        book.insert(VersionTables::compile(&version).unwrap());
    }
    book
}

/// What the pack makes of one cell.
fn figure(book: &Book, award: &str, start: &str, code: &str, column: &str) -> Money {
    let version = book.version(award, date(start)).unwrap();
    assert_eq!(version.operative_from, date(start), "{award} has no version of {start}");
    let position =
        version.position(code).unwrap_or_else(|| panic!("{award} {start} does not offer {code}"));
    let classification = &version.classifications[position];
    match column.split(' ').collect::<Vec<_>>()[..] {
        ["weekly"] => classification.weekly.unwrap(),
        ["hourly"] => version.minimum(position).unwrap(),
        ["annual"] => classification.annual.unwrap(),
        [employment, "flat", rule] => {
            rate(book, award, code, employment_named(employment), start, rule).flat
        }
        [employment, rule] => {
            rate(book, award, code, employment_named(employment), start, rule).rate
        }
        _ => panic!("{award}: no column is named `{column}`"),
    }
}

fn employment_named(name: &str) -> Employment {
    *Employment::ALL.iter().find(|it| it.name() == name).unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn published_tables() {
    let folder = workspace().join("domains/rates/tests/rates/figures");
    let mut counts = BTreeMap::new();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let award = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let book = book(&award);
        let (mut start, mut columns) = (String::new(), Vec::new());
        let mut count = 0;
        for (line, number) in fs::read_to_string(&path).unwrap().lines().zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(at) = line.strip_prefix("at ") {
                at.clone_into(&mut start);
                continue;
            }
            if let Some(names) = line.strip_prefix("columns ") {
                columns = names.split('|').map(|it| it.trim().to_owned()).collect();
                continue;
            }
            let mut cells = line.split('|').map(str::trim);
            let code = cells.next().unwrap();
            let cells: Vec<&str> = cells.collect();
            assert_eq!(cells.len(), columns.len(), "{award} line {number}: {line}");
            for (cell, column) in cells.into_iter().zip(&columns) {
                if cell == "-" {
                    continue;
                }
                let computed = figure(&book, &award, &start, code, column);
                if computed != money(cell) {
                    wrong.push(format!(
                        "{award} line {number}: {code} {column} from {start} is {computed}, \
                         published {cell}"
                    ));
                }
                count += 1;
            }
        }
        counts.insert(award, count);
    }
    let total: u32 = counts.values().sum();
    println!("{total} published figures, by award: {counts:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts.values().all(|it| 0 < *it), "a file without figures: {counts:?}");
}

/// Awards whose packs are held against the classification exports, row by row.
const EXPORTED: [&str; 9] = [
    "MA000002", "MA000003", "MA000004", "MA000005", "MA000009", "MA000012", "MA000022", "MA000104",
    "MA000119",
];

#[test]
fn every_exported_rate_that_a_pack_offers_is_its_own() {
    let mut books = BTreeMap::new();
    let mut counts: BTreeMap<String, [u32; 2]> = BTreeMap::new();
    for year in ["2024", "2025"] {
        let Some(rows) = crate::commission::data(&format!("classification-{year}.csv")) else {
            return;
        };
        for row in rows {
            let award = row["awardCode"].trim();
            if !EXPORTED.contains(&award) || row["baseRate"].is_empty() {
                continue;
            }
            let book = books.entry(award.to_owned()).or_insert_with(|| book(award));
            let start = &row["operativeFrom"][..10];
            let id = format!("fwc:{}", row["classificationFixedID"]);
            let version = book.version(award, date(start));
            let position = version
                .ok()
                .filter(|it| it.operative_from == date(start))
                .and_then(|it| it.position(&id).map(|position| (it, position)));
            let [agreed, absent] = counts.entry(award.to_owned()).or_default();
            let Some((version, position)) = position else {
                *absent += 1;
                continue;
            };
            let classification = &version.classifications[position];
            let stated = Some(money(&row["baseRate"]));
            let held = match row["baseRateType"].as_str() {
                "Weekly" => classification.weekly,
                "Annual" => classification.annual,
                _ => version.minimum(position),
            };
            assert_eq!(held, stated, "{award} {start} {id} {}", classification.code);
            if row["calculatedRateType"] == "Hourly" {
                let hourly = Some(money(&row["calculatedRate"]));
                assert_eq!(version.minimum(position), hourly, "{award} {start} {id}, hourly");
            }
            *agreed += 1;
        }
    }
    println!("exported rates that agree, and rows that no pack offers: {counts:?}");
    assert!(counts.values().all(|[agreed, _]| 0 < *agreed), "{counts:?}");
}
