//! Bad files through the command: each is told with its place and reason, and nothing of it is seen.

use std::path::PathBuf;
use std::process::Command;

use mapd::Database;
use serde_json::Value;

use crate::support::{TestBox, python};

/// A file, what is said of it, and whether its good rows are offered.
struct Bad {
    what: &'static str,
    bytes: Vec<u8>,
    said: &'static str,
    is_offered: bool,
}

fn bad(what: &'static str, bytes: impl Into<Vec<u8>>, said: &'static str, is_offered: bool) -> Bad {
    Bad { what, bytes: bytes.into(), said, is_offered }
}

#[test]
fn bad_files_are_told_and_nothing_of_them_is_seen() {
    let own = TestBox::start();
    let good = Database::invented(1, 6).classifications_csv(2025);
    let (header, rows) = good.split_once('\n').unwrap();
    let moved: String = good
        .lines()
        .map(|line| {
            let mut cells: Vec<&str> = line.split(',').collect();
            cells.rotate_left(4);
            cells.join(";") + "\r\n"
        })
        .collect();
    let wide: Vec<u8> =
        std::iter::once(0xFEFF).chain(good.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    // Columns in another order, another separator and another encoding are no fault.
    for (name, bytes) in [("moved.csv", moved.into_bytes()), ("wide.csv", wide)] {
        let file = own.file(name, bytes);
        let arguments = ["fwc", "--year", "2025", "--classification", &file, "--check"];
        let done = own.import(&arguments);
        assert!(done.is_good && done.out.contains("6 rows, 6 good"), "{name}: {}", done.out);
    }
    let mut latin = good.clone().into_bytes();
    latin.extend(b"MA000901,801,2025,0,9,15.1,Caf\xE9,AD,,,,,,,\n");
    let twice = format!("{good}{}", rows.lines().nth(1).unwrap().replace("983.82", "983.83"));
    for Bad { what, bytes, said, is_offered } in [
        bad("an empty file", "", "empty", false),
        bad("a header alone", format!("{header}\n"), "a header and no rows", false),
        bad("Windows-1252", latin, "is not UTF-8", false),
        bad("a page of HTML", "<!DOCTYPE html><html>", "column missing", false),
        bad(
            "another table",
            good.replace("classificationFixedID", "penaltyFixedID"),
            "another table",
            false,
        ),
        bad(
            "a column less",
            good.replace("baseRate,", "rate,"),
            "column baseRate: column missing",
            false,
        ),
        bad("cut inside a row", good[..good.len() - 40].to_owned(), "row 7: truncated", true),
        bad("cut inside quotes", format!("{good}MA000901,\"80"), "truncated", false),
        bad(
            "a workbook cut off",
            b"PK\x03\x04 and nothing more".to_vec(),
            "damaged workbook",
            false,
        ),
        bad(
            "a letter in a rate",
            good.replace("984.58", "98A.58"),
            "row 5, column baseRate: not a number",
            true,
        ),
        bad(
            "a date of no month",
            good.replacen("2025-07-01", "2025-13-01", 1),
            "row 2, column operativeFrom: not a date",
            true,
        ),
        bad(
            "another year",
            good.replacen(",2025,", ",2024,", 1),
            "row 2, column publishedYear: another year",
            true,
        ),
        bad("rows that contradict", twice, "contradicts another row", true),
    ] {
        let file = own.file("classification.csv", bytes);
        let arguments = ["fwc", "--year", "2025", "--classification", &file];
        let done = own.import(&arguments);
        assert!(!done.is_good, "{what}");
        assert!(done.out.contains(said), "{what}: {}", done.out);
        assert!(done.out.contains("classification.csv"), "{what}: {}", done.out);
        assert_eq!(done.error.contains("--accept-good"), is_offered, "{what}: {}", done.error);
        assert_eq!(own.mirror("awards"), Vec::<Value>::new(), "{what}");
    }
    // The good rows of the last are taken when they are asked for: both that contradict are left.
    let file = own.folder.path().join("classification.csv");
    let file = file.to_str().unwrap();
    let arguments =
        ["fwc", "--year", "2025", "--classification", file, "--accept-good-rows", "--json"];
    let done = own.import(&arguments);
    assert!(done.is_good, "{}", done.error);
    assert_eq!(done.report()["files"][0]["findings"].as_array().unwrap().len(), 2);
    assert_eq!(own.mirror("awards/MA000901/pay-rates").len(), 5);
}

#[test]
fn two_years_are_compared_in_words_and_in_json() {
    let own = TestBox::start();
    let database = Database::invented(1, 3);
    for year in mapd::YEARS {
        let file = own.file("classification.csv", database.classifications_csv(year));
        let text = year.to_string();
        assert!(own.import(&["fwc", "--year", &text, "--classification", &file]).is_good);
    }
    let words = own.import(&["diff", "--from", "2024", "--to", "2025"]);
    assert!(words.is_good, "{}", words.error);
    // 25.01 and 25.89 dollars an hour, over 38 hours.
    let line = "~ classification 801001 (15.1) Level 1: base_rate 950.38 -> 983.82 (+3.52 %), from 2025-07-01";
    assert!(words.out.contains(line), "{}", words.out);
    assert!(
        words.out.ends_with("from 2024 to 2025: 4 changed, 0 added, 0 removed\n"),
        "{}",
        words.out
    );
    let json = own.import(&["diff", "--from", "2024", "--to", "2025", "--json"]).report();
    let changes = json["awards"][0]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 4);
    assert_eq!((&changes[0]["before"], &changes[0]["after"]), (&"950.38".into(), &"983.82".into()));
    let unknown = own.import(&["diff", "--from", "2023", "--to", "2025"]);
    assert!(!unknown.is_good);
    assert!(unknown.error.contains("fairwork.year: year:"), "{}", unknown.error);
    // Both years stay: the history of a rate is in the mirror.
    assert_eq!(own.mirror("awards/MA000901/pay-rates").len(), 6);
}

/// A workbook that another program wrote is the same table: its dates are counts of days, its rates
/// binary numbers.
#[test]
fn a_workbook_of_another_program_is_the_same_import() {
    let Some(python) = python("openpyxl") else { return };
    let own = TestBox::start();
    let csv = own.file("c.csv", Database::invented(5, 200).classifications_csv(2025));
    let workbook = csv.replace("c.csv", "c.xlsx");
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients/workbook.py");
    let made = Command::new(python).arg(script).args([&csv, &workbook]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(own.import(&["fwc", "--year", "2025", "--classification", &csv]).is_good);
    let second = own.import(&["fwc", "--year", "2025", "--classification", &workbook]);
    assert!(second.is_good && second.out.contains("XLSX, 1000 rows, 1000 good"), "{}", second.out);
    assert!(second.error.contains("2025: 5 awards published already"), "{}", second.error);
}
