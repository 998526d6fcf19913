//! Workbooks: the same rows as the text form, and what damage is said to be.

use std::io::Write;

use fairwork::Sheet;
use fairwork::reading::{Expected, FileReport, Reason, Rows, read};
use flate2::Compression;
use flate2::write::DeflateEncoder;

const SHEET: &str = r#"<?xml version="1.0"?><worksheet xmlns="x"><sheetData>
<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>publishedYear</t></is></c>
<c r="C1" t="s"><v>1</v></c><c r="D1" t="s"><v>2</v></c><c r="E1" t="s"><v>3</v></c>
<c r="F1" t="s"><v>4</v></c><c r="G1" t="s"><v>5</v></c><c r="H1" t="s"><v>6</v></c></row>
<row r="2"><c r="A2" t="s"><v>7</v></c><c r="B2"><v>2025</v></c><c r="C2"><v>112</v></c>
<c r="D2" t="str"><v>Clerks &amp; others&#8212;level_x0020_1</v></c><c r="E2"><v>22.330000000000002</v></c>
<c r="F2" t="inlineStr"><is><r><t>Hou</t></r><r><t>rly</t></r></is></c><c r="G2"><v>45839</v></c></row>
<row r="3"/><row r="4"><c r="A4" t="s"><v>7</v></c></row></sheetData></worksheet>"#;
const STRINGS: &str = r"<sst><si><t>awardCode</t></si><si><t>classificationFixedID</t></si>
<si><t>classification</t></si><si><r><t>base</t></r><r><t>Rate</t></r></si><si><t>baseRateType</t></si>
<si><t>operativeFrom</t></si><si><t>operativeTo</t></si><si><t>MA000004</t><rPh><t>no</t></rPh></si></sst>";

/// A ZIP archive of these files, the first of them stored, the others deflated.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (at, (name, text)) in files.iter().enumerate() {
        let method: u16 = if at == 0 { 0 } else { 8 };
        let packed = if method == 0 {
            text.as_bytes().to_vec()
        } else {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let number = |it: usize| u32::try_from(it).unwrap().to_le_bytes();
        let offset = out.len();
        let mut common = Vec::new();
        common.extend([20, 0, 0, 0]);
        common.extend(method.to_le_bytes());
        common.extend([0; 8]);
        common.extend(number(packed.len()));
        common.extend(number(text.len()));
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(&packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(number(offset));
        directory.extend(name.as_bytes());
    }
    let (start, length) = (out.len(), directory.len());
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    out.extend(count);
    out.extend(count);
    out.extend(u32::try_from(length).unwrap().to_le_bytes());
    out.extend(u32::try_from(start).unwrap().to_le_bytes());
    out.extend([0, 0]);
    out
}

fn workbook() -> Vec<u8> {
    archive(&[
        ("[Content_Types].xml", "<Types/>"),
        (
            "xl/workbook.xml",
            r#"<workbook><sheets><sheet name="a" sheetId="9" r:id="rId3"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships><Relationship Id="rId1" Target="x.xml"/>
            <Relationship Id="rId3" Target="worksheets/sheet7.xml"/></Relationships>"#,
        ),
        ("xl/sharedStrings.xml", STRINGS),
        ("xl/worksheets/sheet7.xml", SHEET),
    ])
}

fn classifications(bytes: &[u8]) -> (Rows, FileReport) {
    let (sheet, year, award) = (Sheet::Classification, Some(2025), None);
    read(Expected { file: "c.xlsx", sheet, year, award }, bytes)
}

#[test]
fn a_workbook_is_read_to_the_last_digit() {
    let (rows, report) = classifications(&workbook());
    assert_eq!((report.format, report.rows, report.good), ("XLSX", 3, 1), "{report:?}");
    assert_eq!(report.left_out[&Reason::EmptyRow], 1);
    assert_eq!(report.left_out[&Reason::ValueMissing], 1);
    assert_eq!(report.findings[0].row, 4);
    let row = &rows.classifications[0].row;
    assert_eq!(row.classification, "Clerks & others\u{2014}level 1");
    assert_eq!(row.base_rate.unwrap().text(), "22.33");
    assert_eq!(row.base_rate_type, "Hourly");
    assert_eq!(row.operative_from.unwrap().text().as_str(), "2025-07-01");
    assert_eq!(row.operative_to, None);
}

#[test]
fn every_cut_of_a_workbook_is_damage_and_no_panic() {
    let whole = workbook();
    for length in 4..whole.len() {
        let (rows, report) = classifications(&whole[..length]);
        assert!(report.is_refused && rows == Rows::default(), "{length}");
        assert_eq!(report.findings[0].reason, Reason::WorkbookDamaged, "{length}");
    }
}

#[test]
fn every_changed_byte_of_a_workbook_is_read_or_refused_and_no_panic() {
    let whole = workbook();
    for at in 4..whole.len() {
        for flip in [0x01, 0x80, 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            let (_, report) = classifications(&bytes);
            assert!(report.is_refused || report.good <= 2, "{at}");
        }
    }
}

#[test]
fn damage_inside_a_workbook_is_named() {
    for (strings, sheet, words) in [
        (STRINGS, SHEET.replace("<v>7</v>", "<v>99</v>"), "a cell names the text \"99\""),
        (STRINGS, SHEET.replace("r=\"A2\"", "r=\"2\""), "a cell is placed at \"2\""),
        (STRINGS, SHEET.replace("row r=\"2\"", "row r=\"x\""), "a row is numbered \"x\""),
        (STRINGS, SHEET.replace("</worksheet>", "<open"), "has no end"),
        ("<sst", SHEET.to_owned(), "has no end"),
    ] {
        let bytes = archive(&[
            ("a", ""),
            ("xl/sharedStrings.xml", strings),
            ("xl/worksheets/sheet1.xml", &sheet),
        ]);
        let (_, report) = classifications(&bytes);
        assert!(report.is_refused, "{words}");
        assert!(report.findings[0].detail.contains(words), "{:?}", report.findings);
    }
    let without = archive(&[("a", ""), ("b", "")]);
    assert!(classifications(&without).1.findings[0].detail.contains("has none"));
    let far = SHEET.replace("r=\"A2\"", "r=\"ZZZ2\"");
    let bytes = archive(&[
        ("a", ""),
        ("xl/sharedStrings.xml", STRINGS),
        ("xl/worksheets/sheet1.xml", &far),
    ]);
    assert_eq!(classifications(&bytes).1.findings[0].reason, Reason::TooLarge);
}
