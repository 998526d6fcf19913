//! The bytes of every record and event, as they stand in logs and stores of released versions. They
//! must never change: a changed type gets a new version and an upgrade. After adding a type, write
//! its file with `QUOIN_BLESS=1 cargo test -p fairwork --test fairwork`.

use std::path::Path;

use contract::Stored;
use fairwork::{
    AwardRow, AwardSheet, AwardYear, ClassificationRow, ExpenseAllowanceRow, Figure, Page,
    PageStaged, PenaltyRow, Sheet, WageAllowanceRow, Year, YearPublished,
};
use values::Date;

fn check<T: Stored + PartialEq + std::fmt::Debug>(name: &str, value: &T) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{name}.bin"));
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    if std::env::var_os("QUOIN_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &bytes).unwrap();
    }
    let golden = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(T::decode(&golden).as_ref(), Ok(value), "{name} no longer reads");
    assert_eq!(bytes, golden, "{name} is written differently");
}

#[allow(clippy::unnecessary_wraps, reason = "fields are optional")]
fn date(text: &str) -> Option<Date> {
    Some(Date::parse(text).unwrap())
}

#[allow(clippy::unnecessary_wraps, reason = "fields are optional")]
fn figure(text: &str) -> Option<Figure> {
    Some(Figure::parse(text).unwrap())
}

fn page() -> Page {
    let modified = || "2025-06-03T01:30:22".to_owned();
    Page {
        classifications: vec![ClassificationRow {
            classification_fixed_id: 112,
            clause_fixed_id: Some(21_665),
            clauses: "17.1".to_owned(),
            clause_description: "Minimum rates".to_owned(),
            parent_classification_name: "Adults".to_owned(),
            classification: "Retail Employee Level 1".to_owned(),
            classification_level: Some(1),
            next_down_classification_fixed_id: None,
            next_up_classification_fixed_id: Some(113),
            employee_rate_type_code: "AD".to_owned(),
            is_heading: false,
            base_pay_rate_id: "BR89790".to_owned(),
            base_rate_type: "Weekly".to_owned(),
            base_rate: figure("1008.9"),
            calculated_pay_rate_id: "CR25659".to_owned(),
            calculated_rate_type: "Hourly".to_owned(),
            calculated_rate: figure("26.55"),
            calculated_includes_all_purpose: false,
            operative_from: date("2025-07-01"),
            operative_to: date("2026-06-30"),
            version_number: Some(6),
            last_modified: modified(),
        }],
        penalties: vec![PenaltyRow {
            penalty_fixed_id: 1_805,
            classification_level: Some(1),
            penalty_description: "Sunday".to_owned(),
            rate: figure("150"),
            base_pay_rate_id: "BR89790".to_owned(),
            penalty_calculated_value: figure("39.83"),
            operative_from: date("2025-07-01"),
            last_modified: modified(),
            ..PenaltyRow::default()
        }],
        wage_allowances: vec![WageAllowanceRow {
            wage_allowance_fixed_id: 1_500,
            allowance: "Broken shift allowance".to_owned(),
            is_all_purpose: true,
            rate: figure("1.91"),
            rate_unit: "Percent".to_owned(),
            allowance_amount: figure("20.41"),
            payment_frequency: "per day".to_owned(),
            ..WageAllowanceRow::default()
        }],
        expense_allowances: vec![ExpenseAllowanceRow {
            expense_allowance_fixed_id: 2,
            allowance: "Meal allowance".to_owned(),
            allowance_amount: figure("19.77"),
            round_value: Some(2),
            cpi_value_current_year: figure("146.3"),
            last_adjusted_year: Some(2024),
            ..ExpenseAllowanceRow::default()
        }],
    }
}

fn year() -> Year {
    Year {
        year: 2025,
        awards: vec![AwardYear {
            award: AwardRow {
                award_id: "d95171e3".to_owned(),
                award_fixed_id: 154,
                code: "MA000155".to_owned(),
                name: "An Award 2020".to_owned(),
                award_operative_from: date("2010-01-01"),
                award_operative_to: None,
                version_number: Some(3),
                last_modified: "2025-07-04T00:23:18".to_owned(),
            },
            sheets: vec![AwardSheet { sheet: Sheet::Penalty, import: 7, parts: vec![400, 12] }],
        }],
        published_us: 1_760_000_000_000_000,
    }
}

#[test]
fn records_keep_their_bytes() {
    check("page_1", &page());
    check("year_1", &year());
}

#[test]
fn events_keep_their_bytes() {
    let sheet = Sheet::Classification;
    let staged = PageStaged { award: 155, year: 2025, sheet, import: 7, part: 1, page: page() };
    check("page_staged_1", &staged);
    check("year_published_1", &YearPublished { year: year() });
}

/// The number of a variant is part of the bytes.
#[test]
fn variants_keep_their_numbers() {
    for (number, sheet) in (0_u8..).zip(Sheet::ALL) {
        let mut bytes = Vec::new();
        sheet.encode(&mut bytes);
        assert_eq!(bytes, [number]);
    }
}
