//! The demonstration's roster, priced by the oracle alone.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;

use oracle::Second;
use oracle::packs::reference;
use rates::roster_file;
use values::Money;

/// What `quoin demo` prints as its total; `tests/api` holds it to that.
const TOTAL: &str = "298874.33";

#[test]
fn the_oracle_comes_to_the_total_of_the_demonstration() {
    let Some(mut oracle) = Second::start() else {
        println!("skipped: no python3 with tomllib and zoneinfo");
        return;
    };
    let text = fs::read_to_string(reference().join("sample-roster.csv")).unwrap();
    let roster = roster_file::read(&text).unwrap();
    let cents: i64 =
        roster.workers.iter().map(|it| oracle.answer(&it.quote)["total"].as_i64().unwrap()).sum();
    let total = Money::from_cents(cents);
    assert_eq!(total.to_string(), TOTAL);
    println!("{} workers, {total}", roster.workers.len());
}
