//! What a roster file says, what is wrong with one, and where a refusal of its request stands in it.

use rates::roster_file::{self, HEADER, place};
use rates::{Quote, QuoteRoster};
use serde_json::{Value, json};

const GOOD: &str = "R1,MA000004,retail-employee-level-1,casual,NSW,2025-07-07,\
    2025-07-13T10:00,2025-07-13T15:00,";

/// A file with `columns` beyond those that it must have.
fn file(columns: &str, rows: &[&str]) -> String {
    let comma = if columns.is_empty() { "" } else { "," };
    format!("{HEADER}{comma}{columns}\n{}\n", rows.join("\n"))
}

/// The row that is good, then these cells.
fn row(cells: &str) -> String {
    format!("{GOOD},{cells}")
}

fn read(columns: &str, rows: &[&str]) -> QuoteRoster {
    roster_file::read(&file(columns, rows)).unwrap_or_else(|it| panic!("{columns} {rows:?}: {it}"))
}

/// The only worker's request.
fn quote(columns: &str, rows: &[&str]) -> Quote {
    let mut workers = read(columns, rows).workers;
    assert_eq!(workers.len(), 1);
    workers.remove(0).quote
}

/// The request that the good row makes, with `fields` of it replaced.
fn expected(fields: &Value) -> Value {
    let mut request = json!({
        "award": "MA000004",
        "classification": "retail-employee-level-1",
        "employment": "casual",
        "state": "NSW",
        "pay_period_start": "2025-07-07",
        "shifts": [{ "start": "2025-07-13T10:00", "end": "2025-07-13T15:00", "unpaid_breaks": [] }],
    });
    for (pointer, value) in fields.as_object().unwrap() {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        request.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    request
}

#[test]
fn every_column_is_a_field_of_the_request() {
    for (column, cell, fields) in [
        ("date_of_birth", "2008-07-12", json!({ "/person": { "date_of_birth": "2008-07-12" } })),
        ("service_from", "2024-01-02", json!({ "/person": { "service_from": "2024-01-02" } })),
        (
            "apprenticeship_from",
            "2023-02-01",
            json!({ "/person": { "apprenticeship_from": "2023-02-01" } }),
        ),
        ("supported_wage", "70", json!({ "/person": { "supported_wage": "70.00" } })),
        ("agreed_weekly", "20.5", json!({ "/person": { "agreed_weekly": "20.50" } })),
        ("person_flags", "a;b", json!({ "/person": { "flags": ["a", "b"] } })),
        (
            "before_shift_end",
            "2025-07-06T22:00",
            json!({ "/before": { "shift_end": "2025-07-06T22:00", "consecutive_days": 0,
                "averaging_weeks": 0, "averaging_hours": "0.00" } }),
        ),
        (
            "before_consecutive_days",
            "5",
            json!({ "/before": { "consecutive_days": 5, "averaging_weeks": 0,
                "averaging_hours": "0.00" } }),
        ),
        (
            "before_averaging_weeks",
            "255",
            json!({ "/before": { "consecutive_days": 0, "averaging_weeks": 255,
                "averaging_hours": "0.00" } }),
        ),
        (
            "before_averaging_hours",
            "38",
            json!({ "/before": { "consecutive_days": 0, "averaging_weeks": 0,
                "averaging_hours": "38.00" } }),
        ),
        (
            "period_claims",
            "first-aid; vehicle:12.5",
            json!({ "/claims": [{ "allowance": "first-aid" },
                { "allowance": "vehicle", "quantity": "12.50" }] }),
        ),
        ("flags", " recall ; ", json!({ "/shifts/0/flags": ["recall"] })),
        ("agreed", "4", json!({ "/shifts/0/agreed": "4.00" })),
        (
            "duties",
            "2025-07-13T10:00/2025-07-13T12:00/fwc:113;2025-07-13T13:00/2025-07-13T14:00/b",
            json!({ "/shifts/0/duties": [
                { "start": "2025-07-13T10:00", "end": "2025-07-13T12:00", "classification": "fwc:113" },
                { "start": "2025-07-13T13:00", "end": "2025-07-13T14:00", "classification": "b" },
            ] }),
        ),
        (
            "claims",
            "laundry;cold-work:2",
            json!({ "/claims": [{ "allowance": "laundry", "shift": 0 },
                { "allowance": "cold-work", "quantity": "2.00", "shift": 0 }] }),
        ),
    ] {
        let read = quote(column, &[&row(cell)]);
        assert_eq!(serde_json::to_value(&read).unwrap(), expected(&fields), "{column}");
        // An empty cell states nothing, as an absent column does.
        assert_eq!(quote(column, &[&row("")]), quote("", &[GOOD]), "{column}");
    }
    assert_eq!(serde_json::to_value(quote("", &[GOOD])).unwrap(), expected(&json!({})));
}

#[test]
fn columns_stand_in_any_order_after_those_that_are_needed() {
    let one = quote("flags,date_of_birth,agreed", &[&row("recall,2008-07-12,4.00")]);
    let other = quote("agreed, flags ,date_of_birth", &[&row("4.00,recall,2008-07-12")]);
    assert_eq!(one, other);
    assert_eq!((one.shifts[0].flags.len(), one.person.is_some()), (1, true));
}

#[test]
fn rows_of_a_worker_become_one_request() {
    let breaks =
        format!("{GOOD}2025-07-13T11:00/2025-07-13T11:30;2025-07-13T12:00/2025-07-13T12:30");
    let roster = read("", &[GOOD, "", &breaks, &GOOD.replace("R1", "R2")]);
    let shifts: Vec<usize> = roster.workers.iter().map(|it| it.quote.shifts.len()).collect();
    assert_eq!(shifts, [2, 1]);
    assert_eq!(roster.workers[0].quote.shifts[1].unpaid_breaks.len(), 2);
    // A claim of a row is for its shift, wherever the row stands.
    let columns = "claims,period_claims,date_of_birth";
    let of = |claims: &str| row(&format!("{claims},first-aid,2008-07-12"));
    let quote = quote(columns, &[&of("laundry"), &of(""), &of("vehicle:3;laundry")]);
    let claims: Vec<(&str, Option<u32>)> =
        quote.claims.iter().map(|it| (it.allowance.as_str(), it.shift)).collect();
    let whole = claims.iter().filter(|it| it.1.is_none()).count();
    assert_eq!((whole, quote.shifts.len()), (1, 3));
    for claim in [("laundry", Some(0)), ("vehicle", Some(2)), ("laundry", Some(2))] {
        assert!(claims.contains(&claim), "{claim:?} of {claims:?}");
    }
}

#[test]
fn a_bad_file_is_refused_with_line_column_and_reason() {
    let bad = |from: &str, to: &str| GOOD.replace(from, to);
    for (text, expected) in [
        ("worker\n".to_owned(), format!("line 1: expected the columns {HEADER}")),
        (format!("flags,{HEADER}\n"), format!("line 1: expected the columns {HEADER}")),
        (file("flags,agreed,flags", &[]), "line 1: `flags` is there twice".to_owned()),
        (file("", &["R1,MA000004"]), "line 2: has 2 columns, expected 9".to_owned()),
        (file("flags", &[GOOD]), "line 2: has 9 columns, expected 10".to_owned()),
        (file("", &[&row("x")]), "line 2: has 10 columns, expected 9".to_owned()),
        (file("", &[&bad("casual", "gig")]), "line 2, employment: `gig` is none".to_owned()),
        (file("", &[&bad("NSW", "NZ")]), "line 2, state: `NZ` is none".to_owned()),
        (
            file("", &[&bad("2025-07-07", "2025-07")]),
            "line 2, pay_period_start: `2025-07` is not a date of the form YYYY-MM-DD".to_owned(),
        ),
        (
            file("", &[&bad("T15:00", "T25:00")]),
            "line 2, end: `2025-07-13T25:00` has time 25:00, expected 00:00 to 23:59".to_owned(),
        ),
        (
            file("", &[&format!("{GOOD}11:00")]),
            "line 2, unpaid_breaks: `11:00` is not of the form start/end".to_owned(),
        ),
        (
            file("", &[GOOD, &bad("NSW", "VIC")]),
            "line 3, state: differs from the line before, also of R1".to_owned(),
        ),
    ] {
        assert_eq!(roster_file::read(&text).unwrap_err().to_string(), expected);
    }
    let unknown = roster_file::read(&file("colour", &[])).unwrap_err().to_string();
    assert!(unknown.starts_with("line 1: `colour` is not a column, there can"), "{unknown}");
    assert!(unknown.contains("date_of_birth") && unknown.contains("duties"), "{unknown}");
}

#[test]
fn a_bad_cell_names_its_column() {
    for (column, cell, expected) in [
        ("date_of_birth", "12/07/2008", "`12/07/2008` is not a date of the form YYYY-MM-DD"),
        ("service_from", "2024-13-01", "`2024-13-01` has month 13, expected 01 to 12"),
        ("apprenticeship_from", "2023-02-29", "`2023-02-29` has day 29, that month has 28"),
        (
            "supported_wage",
            "70%",
            "`70%` has an unexpected character at position 2, expected digits and one point",
        ),
        ("agreed_weekly", "-1", "`-1` is negative"),
        ("agreed", "4.01", "`4.01` is not a whole number of minutes"),
        ("before_consecutive_days", "256", "`256` is not a number from 0 to 255"),
        ("before_averaging_weeks", "-1", "`-1` is not a number from 0 to 255"),
        (
            "before_averaging_hours",
            "38:00",
            "`38:00` has an unexpected character at position 2, expected digits and one point",
        ),
        (
            "before_shift_end",
            "2025-07-06T24:30",
            "`2025-07-06T24:30` has time 24:30, expected 00:00 to 23:59",
        ),
        ("duties", "10:00/12:00", "`10:00/12:00` is not of the form start/end/classification"),
        (
            "duties",
            "2025-07-13T10:00/2025-07-13T12:00/",
            "`2025-07-13T10:00/2025-07-13T12:00/` is not of the form start/end/classification",
        ),
        (
            "duties",
            "2025-07-13T10:00/2025-07-13T12:60/b",
            "`2025-07-13T12:60` has time 12:60, expected 00:00 to 23:59",
        ),
        ("claims", ":2", "`:2` is not of the form allowance or allowance:quantity"),
        ("claims", "laundry:", "`` is empty, expected a decimal number"),
        ("period_claims", "vehicle:1.234", "`1.234` has more than 2 digits after the point"),
    ] {
        let error = roster_file::read(&file(column, &[&row(""), &row(cell)])).unwrap_err();
        assert_eq!(error.to_string(), format!("line 3, {column}: {expected}"));
    }
}

#[test]
fn what_is_of_the_pay_period_is_the_same_in_all_its_rows() {
    for (column, one, other) in [
        ("date_of_birth", "2008-07-12", "2008-07-13"),
        ("service_from", "2024-01-02", ""),
        ("apprenticeship_from", "", "2024-01-02"),
        ("supported_wage", "70.00", "80.00"),
        ("agreed_weekly", "20.00", "21.00"),
        ("person_flags", "a", "b"),
        ("before_shift_end", "2025-07-06T22:00", "2025-07-06T22:01"),
        ("before_consecutive_days", "1", "2"),
        ("before_averaging_weeks", "1", "2"),
        ("before_averaging_hours", "1", "2"),
        ("period_claims", "first-aid", "first-aid;vehicle:2"),
    ] {
        let text = file(column, &[&row(one), &row(other)]);
        let error = roster_file::read(&text).unwrap_err().to_string();
        assert_eq!(error, format!("line 3, {column}: differs from the line before, also of R1"));
        assert_eq!(quote(column, &[&row(one), &row(one)]).shifts.len(), 2, "{column}");
    }
    for (column, one, other) in
        [("flags", "a", "b"), ("agreed", "1", "2"), ("claims", "laundry", ""), ("duties", "", "")]
    {
        assert_eq!(quote(column, &[&row(one), &row(other)]).shifts.len(), 2, "{column}");
    }
}

#[test]
fn fields_of_a_request_have_a_place_in_the_file() {
    let columns = "period_claims,claims";
    let quote = quote(columns, &[&row("first-aid,"), &row("first-aid,laundry")]);
    let claim = |it: &str| quote.claims.iter().position(|claim| claim.allowance == it).unwrap();
    let (whole, of_shift) = (claim("first-aid"), claim("laundry"));
    for (field, expected) in [
        ("award".to_owned(), (None, "award")),
        ("shifts".to_owned(), (None, "")),
        ("shifts[1]".to_owned(), (Some(1), "")),
        ("shifts[1].end".to_owned(), (Some(1), "end")),
        ("shifts[0].unpaid_breaks[3].start".to_owned(), (Some(0), "unpaid_breaks")),
        ("shifts[1].flags".to_owned(), (Some(1), "flags")),
        ("shifts[1].duties[0].classification".to_owned(), (Some(1), "duties")),
        ("person.date_of_birth".to_owned(), (None, "date_of_birth")),
        ("person.supported_wage".to_owned(), (None, "supported_wage")),
        ("person.flags".to_owned(), (None, "person_flags")),
        ("before.shift_end".to_owned(), (None, "before_shift_end")),
        ("claims".to_owned(), (None, "claims")),
        (format!("claims[{whole}].allowance"), (None, "period_claims")),
        (format!("claims[{of_shift}].quantity"), (Some(1), "claims")),
    ] {
        assert_eq!(place(&quote, &field), expected, "{field}");
    }
}
