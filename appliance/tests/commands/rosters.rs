//! `quoin quote --roster`: a file that says all that a request can, priced here and by a running box.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{Server, init, json, output, text};

const HEADER: &str =
    "worker,award,classification,employment,state,pay_period_start,start,end,unpaid_breaks";
/// One worker for each of the further columns, and one who has none of them.
const ROSTER: &str = "\
worker,award,classification,employment,state,pay_period_start,start,end,unpaid_breaks,\
date_of_birth,service_from,apprenticeship_from,supported_wage,agreed_weekly,person_flags,\
before_shift_end,period_claims,flags,agreed,duties,claims
plain,MA000004,retail-employee-level-1,casual,NSW,2025-07-07,2025-07-13T10:00,2025-07-13T15:00,,,,,,,,,,,,,
junior,MA000004,retail-employee-level-1,part-time,NSW,2025-07-07,2025-07-07T10:00,2025-07-07T15:00,,2008-07-09,2024-01-01,,,12.00,,,,,,,
junior,MA000004,retail-employee-level-1,part-time,NSW,2025-07-07,2025-07-10T09:00,2025-07-10T18:00,2025-07-10T12:00/2025-07-10T12:30,2008-07-09,2024-01-01,,,12.00,,,,,4.00,,
apprentice,MA000004,retail-apprentice-year-12,full-time,VIC,2025-07-07,2025-07-08T09:00,2025-07-08T17:00,,,,2024-07-09,,,,,first-aid,,,,
apprentice,MA000004,retail-apprentice-year-12,full-time,VIC,2025-07-07,2025-07-09T09:00,2025-07-09T17:00,,,,2024-07-09,,,,,first-aid,,,,vehicle:12.5
recalled,MA000004,retail-employee-level-2,casual,QLD,2025-07-07,2025-07-07T07:00,2025-07-07T15:00,,,,,,,ten-hour-break-agreed,2025-07-06T20:30,,,,2025-07-07T08:00/2025-07-07T09:30/retail-employee-level-4,laundry
recalled,MA000004,retail-employee-level-2,casual,QLD,2025-07-07,2025-07-08T20:00,2025-07-08T21:00,,,,,,,ten-hour-break-agreed,2025-07-06T20:30,,recall,,,laundry;vehicle:7
assessed,MA000004,retail-employee-level-1,full-time,SA,2025-07-07,2025-07-07T09:00,2025-07-07T17:00,,,,,70.00,,,,,,,,
";

/// What the same workers would ask one by one.
#[allow(clippy::too_many_lines, reason = "a table")]
fn requests() -> Vec<(&'static str, Value)> {
    let shift = |start: &str, end: &str| json!({ "start": start, "end": end });
    let of = |classification: &str, employment: &str, state: &str| {
        json!({
            "award": "MA000004",
            "classification": classification,
            "employment": employment,
            "state": state,
            "pay_period_start": "2025-07-07",
        })
    };
    let with = |mut request: Value, fields: Value| {
        for (name, value) in fields.as_object().expect("fields") {
            request[name] = value.clone();
        }
        request
    };
    vec![
        (
            "plain",
            with(
                of("retail-employee-level-1", "casual", "NSW"),
                json!({ "shifts": [shift("2025-07-13T10:00", "2025-07-13T15:00")] }),
            ),
        ),
        (
            "junior",
            with(
                of("retail-employee-level-1", "part-time", "NSW"),
                json!({
                    "person": {
                        "date_of_birth": "2008-07-09",
                        "service_from": "2024-01-01",
                        "agreed_weekly": "12.00",
                    },
                    "shifts": [
                        shift("2025-07-07T10:00", "2025-07-07T15:00"),
                        {
                            "start": "2025-07-10T09:00",
                            "end": "2025-07-10T18:00",
                            "unpaid_breaks": [
                                { "start": "2025-07-10T12:00", "end": "2025-07-10T12:30" },
                            ],
                            "agreed": "4.00",
                        },
                    ],
                }),
            ),
        ),
        (
            "apprentice",
            with(
                of("retail-apprentice-year-12", "full-time", "VIC"),
                json!({
                    "person": { "apprenticeship_from": "2024-07-09" },
                    "shifts": [
                        shift("2025-07-08T09:00", "2025-07-08T17:00"),
                        shift("2025-07-09T09:00", "2025-07-09T17:00"),
                    ],
                    "claims": [
                        { "allowance": "first-aid" },
                        { "allowance": "vehicle", "quantity": "12.50", "shift": 1 },
                    ],
                }),
            ),
        ),
        (
            "recalled",
            with(
                of("retail-employee-level-2", "casual", "QLD"),
                json!({
                    "person": { "flags": ["ten-hour-break-agreed"] },
                    "before": { "shift_end": "2025-07-06T20:30" },
                    "shifts": [
                        {
                            "start": "2025-07-07T07:00",
                            "end": "2025-07-07T15:00",
                            "duties": [{
                                "start": "2025-07-07T08:00",
                                "end": "2025-07-07T09:30",
                                "classification": "retail-employee-level-4",
                            }],
                        },
                        {
                            "start": "2025-07-08T20:00",
                            "end": "2025-07-08T21:00",
                            "flags": ["recall"],
                        },
                    ],
                    "claims": [
                        { "allowance": "laundry", "shift": 0 },
                        { "allowance": "laundry", "shift": 1 },
                        { "allowance": "vehicle", "quantity": "7.00", "shift": 1 },
                    ],
                }),
            ),
        ),
        (
            "assessed",
            with(
                of("retail-employee-level-1", "full-time", "SA"),
                json!({
                    "person": { "supported_wage": "70.00" },
                    "shifts": [shift("2025-07-07T09:00", "2025-07-07T17:00")],
                }),
            ),
        ),
    ]
}

/// Prices `roster`; gives the exit status, what was told, and what was written.
fn price(directory: &Path, roster: &str, more: &[&str]) -> (Option<i32>, String, Option<String>) {
    let (file, out) = (directory.join("in.csv"), directory.join("out.csv"));
    fs::write(&file, roster).expect("the directory can be written");
    let _ = fs::remove_file(&out);
    let paths = ["--roster", file.to_str().expect("ASCII"), "--out", out.to_str().expect("ASCII")];
    let answer = output(&[&["quote"], &paths[..], more].concat());
    (answer.status.code(), text(&answer.stderr), fs::read_to_string(out).ok())
}

/// The roster with only the columns that it must have.
fn bare(roster: &str) -> String {
    let first = |line: &str| line.split(',').take(9).collect::<Vec<_>>().join(",") + "\n";
    roster.lines().map(first).collect()
}

/// Worker and total of each row of a sheet of totals.
fn totals(sheet: &str) -> Vec<(String, String)> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].to_owned(), cells[9].to_owned())
    };
    sheet.lines().skip(1).map(row).collect()
}

#[test]
fn a_box_prices_all_that_a_roster_says_as_this_process_does() {
    let directory = tempfile::tempdir().unwrap();
    assert!(init(directory.path()).status.success());
    let server = Server::start(directory.path(), &[]);
    let rpc = format!("--rpc={}", server.address("rpc"));
    let written = |roster: &str, more: &[&str]| {
        let (status, told, written) = price(directory.path(), roster, more);
        assert_eq!(status, Some(0), "{told}");
        written.expect("it is written")
    };
    // Line by line, and in sum.
    let lines = written(ROSTER, &[]);
    assert_eq!(written(ROSTER, &[&rpc]), lines);
    let sums = written(ROSTER, &["--totals"]);
    assert_eq!(written(ROSTER, &["--totals", &rpc]), sums);

    // Each worker as when asked for alone, of this process and of the box.
    let sums = totals(&sums);
    let requests = requests();
    assert_eq!(sums.len(), requests.len());
    let file = directory.path().join("request.json");
    for ((worker, sum), (name, request)) in sums.iter().zip(&requests) {
        assert_eq!(worker, name);
        fs::write(&file, request.to_string()).unwrap();
        let arguments = ["quote", "--json", "--file", file.to_str().unwrap()];
        let here = json(&output(&arguments));
        assert_eq!(here["total"], *sum, "{name}: {here:#}");
        let there = json(&output(&[&arguments[..], &[rpc.as_str()]].concat()));
        assert_eq!(there, here, "{name}");
    }

    // Every further column matters to somebody; the apprentice cannot be priced without.
    let apprentice = |it: &&str| !it.starts_with("apprentice,");
    let mut without = bare(ROSTER).lines().filter(apprentice).collect::<Vec<_>>().join("\n");
    without.push('\n');
    let without = totals(&written(&without, &["--totals", &rpc]));
    for (worker, sum) in &without {
        let same = sums.contains(&(worker.clone(), sum.clone()));
        assert_eq!(same, worker == "plain", "{worker} {sum}");
    }
    // Time at other duties, and at another age, is at that classification.
    for (worker, classification) in
        [("recalled", "retail-employee-level-4"), ("junior", "retail-employee-level-1-age-17")]
    {
        let begin = format!("{worker},MA000004,{classification},");
        assert!(lines.lines().any(|it| it.starts_with(&begin)), "{begin}\n{lines}");
    }
    assert_eq!(server.stop(Signal::TERM).0, Some(0));
}

#[test]
fn a_box_says_which_cell_is_wrong_as_this_process_does() {
    let directory = tempfile::tempdir().unwrap();
    assert!(init(directory.path()).status.success());
    let server = Server::start(directory.path(), &[]);
    let rpc = format!("--rpc={}", server.address("rpc"));
    let start = "MA000004,retail-employee-level-1,casual,NSW,2025-07-07,";
    let shift = "2025-07-08T09:00,2025-07-08T14:00,";
    let row = |cell: &str| format!("a,{start}{shift},{cell}\n");
    let apprentice = row("").replace("employee-level-1,casual", "apprentice-year-12,full-time");
    for (column, rows, expected) in [
        ("date_of_birth", row("2008"), "row 2, date_of_birth: `2008` is not a date"),
        (
            "date_of_birth",
            row("2026-01-01"),
            "row 2, date_of_birth: person.date_of_birth is 2026-01-01",
        ),
        (
            "apprenticeship_from",
            apprentice,
            "row 2, apprenticeship_from: person.apprenticeship_from is needed",
        ),
        ("supported_wage", row("5"), "row 2, supported_wage: person.supported_wage is 5.00 %"),
        (
            "person_flags",
            row("left-handed"),
            "row 2, person_flags: person.flags names `left-handed`",
        ),
        ("flags", row("") + &row("on-fire"), "row 3, flags: shifts[1].flags names `on-fire`"),
        (
            "duties",
            row("") + &row("2025-07-08T09:00/2025-07-08T10:00/king"),
            "row 3, duties: shifts[1].duties[0].classification `king` is not",
        ),
        ("claims", row("laundry") + &row("ink"), "row 3, claims: claims[1].allowance is `ink`"),
        ("period_claims", row("ink"), "row 2, period_claims: claims[0].allowance is `ink`"),
        ("claims", row("vehicle"), "row 2, claims: claims[0].quantity is needed"),
        (
            "before_shift_end",
            row("2025-07-08T10:00"),
            "row 2, before_shift_end: before.shift_end is 2025-07-08T10:00",
        ),
        (
            "agreed_weekly",
            row("20.00") + &row(""),
            "row 3, agreed_weekly: differs from the rows before",
        ),
        ("colour", row("red"), "row 1: `colour` is not a column"),
    ] {
        // The second shift is on another day.
        let rows: Vec<String> = rows
            .lines()
            .zip(["07-08", "07-09"])
            .map(|(row, day)| row.replace("2025-07-08", &format!("2025-{day}")))
            .collect();
        let roster = format!("{HEADER},{column}\n{}\n", rows.join("\n"));
        let here = price(directory.path(), &roster, &[]);
        assert_eq!((here.0, here.2), (Some(1), None), "{}", here.1);
        assert!(here.1.contains(&format!("in.csv: {expected}")), "{expected}\n{}", here.1);
        let there = price(directory.path(), &roster, &[&rpc]);
        assert_eq!((there.0, there.2), (Some(1), None), "{}", there.1);
        let refusals = |told: &str| {
            told.lines().filter(|it| it.contains("row ")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(refusals(&there.1), refusals(&here.1));
    }
    assert_eq!(server.stop(Signal::TERM).0, Some(0));
}
