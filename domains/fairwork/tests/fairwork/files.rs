//! Files that are good, and files that are not: what is taken, and what is said of the rest.

use fairwork::reading::{Expected, FileReport, Reason, Rows, read};
use fairwork::text::{is_mangled, matching, shadow};
use fairwork::{Figure, FigureError, Sheet, award_code, award_number};

const HEADER: &str = "awardFixedID,awardCode,publishedYear,isHeading,classificationFixedID,clauses,\
                      parentClassificationName,classification,baseRate,basePayRateID,baseRateType,\
                      calculatedRate,calculatedRateType,operativeFrom,operativeTo,\
                      lastModifiedDateTime";
const ROW: &str = "4,MA000004,2025,0,112,17.1,,Retail Employee Level 1,1008.9,BR89790,Weekly,26.55,\
                   Hourly,2025-07-01 00:00:00,,2025-06-03 01:30:22";

pub(crate) fn classifications(bytes: &[u8]) -> (Rows, FileReport) {
    let (sheet, year, award) = (Sheet::Classification, Some(2025), None);
    read(Expected { file: "c.csv", sheet, year, award }, bytes)
}

fn with(from: &str, to: &str) -> String {
    assert!(ROW.contains(from), "{from}");
    format!("{HEADER}\n{}\n", ROW.replacen(from, to, 1))
}

#[test]
fn figures_are_exact() {
    for (text, millionths, shown) in [
        ("940", 940_000_000, "940"),
        ("22.33", 22_330_000, "22.33"),
        ("22.330000000000002", 22_330_000, "22.33"),
        ("0.63000000000000012", 630_000, "0.63"),
        ("99999999999.999999999", 100_000_000_000_000_000, "100000000000"),
        ("6.3E-1", 630_000, "0.63"),
        ("1.0407e3", 1_040_700_000, "1040.7"),
        ("-0.5", -500_000, "-0.5"),
        ("0", 0, "0"),
        ("0.0000000", 0, "0"),
        ("0.000001", 1, "0.000001"),
    ] {
        let figure = Figure::parse(text).unwrap();
        assert_eq!((figure.millionths(), figure.text().as_str()), (millionths, shown), "{text}");
    }
    for (text, error) in [
        ("", FigureError::Form),
        (".5", FigureError::Form),
        ("5.", FigureError::Form),
        ("1,040.70", FigureError::Form),
        ("$5", FigureError::Form),
        ("1e", FigureError::Form),
        ("0.0000001", FigureError::TooPrecise),
        ("1e13", FigureError::TooLarge),
        ("1e2147483647", FigureError::TooLarge),
    ] {
        assert_eq!(Figure::parse(text), Err(error), "{text}");
    }
    assert_eq!(Figure::parse("215").unwrap().json(), "215.0");
    assert_eq!(Figure::parse("0.1234").unwrap().money(), None);
}

#[test]
fn names_are_compared_in_one_form() {
    let plain = matching("Clerks-Private Sector Award 2020");
    for text in [
        "Clerks\u{2014}Private Sector Award 2020 ",
        "Clerks \u{2013} Private  Sector Award 2020\n",
        "clerks\u{e2}\u{20ac}\u{201d}private\u{a0}sector award 2020",
        "Clerks\u{20ac}\u{201d}Private Sector Award 2020",
    ] {
        assert_eq!(matching(text), plain, "{text:?}");
    }
    assert_eq!(matching("Employee\u{2019}s"), matching("Employee's"));
    assert!(is_mangled("a\u{20ac}\u{201d}b") && !is_mangled("5 \u{20ac}"));
    assert_eq!(shadow("15.1(a)*_OrdHrRate"), Some(("15.1(a)", "OrdHrRate")));
    assert_eq!(shadow("15.1(a)"), None);
    assert_eq!((award_number("ma000004"), award_number(" 4 ")), (Some(4), Some(4)));
    assert_eq!(award_code(155), "MA000155");
    for text in ["", "0", "MA4", "XX000004", "MA0000004", "-4", "MA00000\u{e9}"] {
        assert_eq!(award_number(text), None, "{text}");
    }
}

#[test]
fn the_same_rows_in_every_form_are_the_same() {
    let (rows, report) = classifications(format!("{HEADER}\n{ROW}\n").as_bytes());
    assert!(report.is_clean() && report.good == 1, "{report:?}");
    let row = &rows.classifications[0];
    assert_eq!((row.award, row.award_fixed_id, row.year, row.line), (4, Some(4), 2025, 2));
    assert_eq!(row.row.base_rate.unwrap().text(), "1008.9");
    assert_eq!(row.row.last_modified, "2025-06-03T01:30:22");
    let same = |text: Vec<u8>, what: &str| {
        let (other, report) = classifications(&text);
        assert!(report.is_clean(), "{what}: {report:?}");
        assert_eq!(other, rows, "{what}");
    };
    let text = format!("{HEADER}\n{ROW}\n");
    same(format!("\u{feff}{text}").into_bytes(), "with a mark");
    same(text.replace('\n', "\r\n").into_bytes(), "with carriage returns");
    same(text.trim_end().as_bytes().to_vec(), "without the last line break");
    same(text.replace(',', ";").into_bytes(), "with semicolons");
    same(text.replace(',', "\t").into_bytes(), "with tabs");
    same(
        text.replace("2025-07-01 00:00:00", "2021-07-01T00:00:00+00:00")
            .replace("2021", "2025")
            .into_bytes(),
        "2022's dates",
    );
    same(text.replace("2025-07-01 00:00:00", "2025-07-01").into_bytes(), "2025's dates");
    same(text.replace("2025-07-01 00:00:00", "1/07/2025 0:00").into_bytes(), "Australian dates");
    same(text.replace(",,Retail", ",null,Retail").into_bytes(), "null words");
    same(text.replace("Level 1,", "Level 1 \t,").into_bytes(), "trailing blanks");
    same(
        text.replace("Retail Employee Level 1", "\"Retail Employee Level 1\"").into_bytes(),
        "quotes",
    );
    let prefixed: Vec<String> = HEADER
        .split(',')
        .map(|it| {
            let mut name = String::from("data__");
            for letter in it.chars() {
                if letter.is_ascii_uppercase()
                    && !name.ends_with(|it: char| it.is_ascii_uppercase())
                {
                    name.push('_');
                }
                name.push(letter);
            }
            name.to_lowercase()
        })
        .collect();
    same(format!("{}\n{ROW}\n", prefixed.join(",")).into_bytes(), "prefixed names");
    for (mark, units) in [
        ([0xFF, 0xFE], text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()),
        ([0xFE, 0xFF], text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ] {
        same([mark.to_vec(), units].concat(), "UTF-16");
    }
    // Columns in another order.
    let turn = |line: &str| line.split(',').rev().collect::<Vec<_>>().join(",");
    same(format!("{}\n{}\n", turn(HEADER), turn(ROW)).into_bytes(), "moved columns");
}

#[test]
fn a_bad_row_is_named_with_its_column_and_the_good_ones_stay() {
    for (from, to, reason, column) in [
        ("1008.9", "1,008.9", Reason::CellCount, ""),
        ("1008.9", "abc", Reason::NumberInvalid, "baseRate"),
        ("1008.9", "10.12345678", Reason::NumberInvalid, "baseRate"),
        (",112,", ",,", Reason::ValueMissing, "classificationFixedID"),
        (",112,", ",1.5,", Reason::NumberInvalid, "classificationFixedID"),
        ("2025-07-01 00:00:00", "2025-13-01", Reason::DateInvalid, "operativeFrom"),
        ("2025-07-01 00:00:00", "2025-07-01 10:00:00", Reason::DateInvalid, "operativeFrom"),
        ("2025-07-01 00:00:00,", "2025-07-01,2025-06-30", Reason::Backwards, "operativeTo"),
        (",0,112", ",maybe,112", Reason::FlagInvalid, "isHeading"),
        ("MA000004", "XY", Reason::AwardInvalid, "awardCode"),
        ("MA000004", "", Reason::ValueMissing, "awardCode"),
        (",2025,0", ",2024,0", Reason::YearDiffers, "publishedYear"),
        ("2025-06-03 01:30:22", "yesterday", Reason::DateInvalid, "lastModifiedDateTime"),
    ] {
        let bad = ROW.replacen(from, to, 1);
        let good = ROW.replace(",112,", ",113,");
        let (rows, report) = classifications(format!("{HEADER}\n{bad}\n{good}\n").as_bytes());
        assert_eq!((report.rows, report.good, report.bad()), (2, 1, 1), "{to}: {report:?}");
        assert!(!report.is_clean() && !report.is_refused, "{to}");
        let found = &report.findings[0];
        assert_eq!((found.row, found.column.as_str(), found.reason), (2, column, reason), "{to}");
        assert_eq!(rows.classifications[0].row.classification_fixed_id, 113);
    }
    let long = with("Retail Employee Level 1", &"x".repeat(2_001));
    assert_eq!(classifications(long.as_bytes()).1.findings[0].reason, Reason::TextTooLong);
    let text = format!("{HEADER}\n{}\n", ROW.replacen("1008.9", "abc", 1));
    let finding = classifications(text.as_bytes()).1.findings[0].to_string();
    assert_eq!(
        finding,
        "c.csv, row 2, column baseRate: not a number: \"abc\" is not a decimal number"
    );
}

#[test]
fn repeated_and_contradictory_rows_are_told_apart() {
    let lines =
        |rows: &[&str]| classifications(format!("{HEADER}\n{}\n", rows.join("\n")).as_bytes());
    let empty = ",".repeat(15);
    let (rows, report) = lines(&[ROW, &empty, ROW]);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.good, rows.classifications.len()), (1, 1));
    assert_eq!(report.left_out[&Reason::EmptyRow], 1);
    assert_eq!(report.left_out[&Reason::Duplicate], 1);
    // The same figures under another modification time.
    let touched = ROW.replace("01:30:22", "01:30:23");
    assert_eq!(lines(&[ROW, &touched]).1.left_out[&Reason::Duplicate], 1);
    let other = ROW.replace("1008.9", "1009.9");
    let (rows, report) = lines(&[ROW, &other]);
    assert_eq!((report.left_out[&Reason::Contradiction], rows.classifications.len()), (2, 0));
    assert!(report.findings[0].detail.contains("row 3 says baseRate 1009.9"), "{report:?}");
    let overlapping = other.replace("2025-07-01 00:00:00", "2025-10-01");
    let (_, report) = lines(&[ROW, &overlapping]);
    assert_eq!(report.left_out[&Reason::Overlap], 2);
    let ended = ROW.replace("2025-07-01 00:00:00,", "2025-07-01,2025-09-30");
    let (rows, report) = lines(&[&ended, &overlapping]);
    assert!(report.is_clean() && rows.classifications.len() == 2, "{report:?}");
}

#[test]
fn a_file_that_is_not_what_it_should_be_is_refused_whole() {
    let refused = |bytes: &[u8], reason: Reason, words: &str| {
        let (rows, report) = classifications(bytes);
        assert!(report.is_refused && !report.is_clean() && rows == Rows::default(), "{words}");
        let found = &report.findings[0];
        assert_eq!(found.reason, reason, "{found}");
        assert!(found.to_string().contains(words), "{found}");
    };
    refused(b"", Reason::Empty, "the file is empty");
    refused(b"\n\n", Reason::Empty, "the file is empty");
    refused(HEADER.as_bytes(), Reason::Empty, "a header and no rows");
    let text = format!("{HEADER}\n{ROW}\n");
    refused(text.replace("baseRate,", "").as_bytes(), Reason::ColumnMissing, "column baseRate");
    refused(text.replace("awardCode,", "").as_bytes(), Reason::ColumnMissing, "column awardCode");
    let twice = text.replace("baseRateType", "baseRate");
    refused(twice.as_bytes(), Reason::ColumnMissing, "column");
    let swapped = text.replace("classificationFixedID", "penaltyFixedID");
    refused(swapped.as_bytes(), Reason::Mislabelled, "those of the penalty table");
    let latin = text.replace("Employee", "Employ\u{e9}e");
    let latin: Vec<u8> = latin.chars().map(|it| u8::try_from(u32::from(it)).unwrap()).collect();
    refused(&latin, Reason::Encoding, "c.csv, row 2: wrong encoding: byte 0xe9");
    refused(b"\xff\xfea", Reason::Encoding, "UTF-16");
    refused(b"\xD0\xCF\x11\xE0....", Reason::Encoding, ".xls");
    refused(format!("{HEADER}\n4,\"MA0").as_bytes(), Reason::Truncated, "has no end");
    refused(b"[{\"a\":1},{\"a\"", Reason::Truncated, "not a list of objects");
    // Cut off between two fields of the last row: the rows before it are good.
    let cut = format!("{HEADER}\n{ROW}\n{}", &ROW[..40]);
    let (rows, report) = classifications(cut.as_bytes());
    assert_eq!((rows.classifications.len(), report.findings[0].reason), (1, Reason::Truncated));
}

#[test]
fn answers_of_the_interface_are_tables_too() {
    let text = br#"[{"classification_fixed_id":112,"base_rate":848.50,"base_rate_type":"Weekly",
        "classification":"Pharmacy assistant level 1","operative_from":"2021-07-01T00:00:00+00:00",
        "operative_to":null,"published_year":2021,"calculated_rate":22.33},
        {"classification_fixed_id":113,"base_rate":null,"base_rate_type":null,"classification":"A",
        "operative_from":"2025-07-01","operative_to":null,"published_year":2025}]"#;
    let (sheet, award) = (Sheet::Classification, Some(12));
    let (rows, report) = read(Expected { file: "page 1", sheet, year: None, award }, text);
    assert!(report.is_clean() && report.format == "JSON", "{report:?}");
    let years: Vec<u32> = rows.classifications.iter().map(|it| it.year).collect();
    assert_eq!(years, [2021, 2025]);
    assert_eq!(rows.classifications[0].row.base_rate.unwrap().text(), "848.5");
    let (rows, report) = read(Expected { file: "page 2", sheet, year: None, award }, b"[]");
    assert!(report.is_clean() && rows == Rows::default(), "{report:?}");
}
