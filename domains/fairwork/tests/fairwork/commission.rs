//! The Commission's own exports, read where they stand.
//!
//! They are not part of the project (their licence forbids that). They are looked for in
//! `QUOIN_FWC_DATA`, else beside the workspace in `../shared/data/fwc`; without them these tests say
//! so and pass.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fairwork::reading::{Expected, FileReport, Reason, Rows, read};
use fairwork::rules::base_rates::{BaseRates, Outcome, base_rates};
use fairwork::{ClassificationRow, Sheet};

fn file(
    name: &str,
    sheet: Sheet,
    year: Option<u32>,
    award: Option<u32>,
) -> Option<(Rows, FileReport)> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("QUOIN_FWC_DATA")
        .map_or_else(|| workspace.join("../shared/data/fwc"), PathBuf::from);
    let path = folder.join(name);
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    };
    Some(read(Expected { file: name, sheet, year, award }, &bytes))
}

#[test]
fn every_export_is_read_and_every_row_accounted_for() {
    for (name, sheet, year, award, rows, good) in [
        ("award-2025.csv", Sheet::Award, Some(2025), None, 157, 155),
        ("classification-2019.csv", Sheet::Classification, Some(2019), None, 10_912, 10_912),
        ("classification-2024.csv", Sheet::Classification, Some(2024), None, 15_304, 15_304),
        ("classification-2025.csv", Sheet::Classification, Some(2025), None, 15_169, 15_167),
        ("wage-allowance-2024.csv", Sheet::WageAllowance, Some(2024), None, 1_906, 1_906),
        ("wage-allowance-2025.csv", Sheet::WageAllowance, Some(2025), None, 1_899, 1_898),
        ("expense-allowance-2025.csv", Sheet::ExpenseAllowance, Some(2025), None, 1_283, 1_282),
        ("penalty-2019.csv", Sheet::Penalty, Some(2019), None, 6_898, 6_898),
        ("penalty-MA000004.csv", Sheet::Penalty, None, Some(4), 5_448, 5_380),
        ("payrates-MA000004.csv", Sheet::Classification, None, Some(4), 380, 374),
    ] {
        let Some((_, report)) = file(name, sheet, year, award) else { return };
        println!("{name}: {} rows, {} taken, {:?}", report.rows, report.good, report.left_out);
        assert!(report.is_clean(), "{name}: {:?}", report.findings.first());
        assert_eq!((report.rows, report.good), (rows, good), "{name} {:?}", report.left_out);
        let out: u32 = report.left_out.values().sum();
        assert_eq!(report.good + out, report.rows, "{name}");
        assert!(
            report.left_out.keys().all(|it| matches!(it, Reason::EmptyRow | Reason::Duplicate))
        );
    }
}

/// The rows of each award by year.
type Awards = BTreeMap<u32, Vec<(u32, Vec<ClassificationRow>)>>;

fn by_award(names: &[(&str, u32)]) -> Option<Awards> {
    let mut awards: Awards = BTreeMap::new();
    for (name, year) in names {
        let (rows, _) = file(name, Sheet::Classification, Some(*year), None)?;
        for it in rows.classifications {
            let years = awards.entry(it.award).or_default();
            if years.last().is_none_or(|(known, _)| known != year) {
                years.push((*year, Vec::new()));
            }
            if let Some((_, rows)) = years.last_mut() {
                rows.push(it.row);
            }
        }
    }
    Some(awards)
}

fn rates(awards: &Awards) -> BTreeMap<u32, BaseRates> {
    let one = |(award, years): (&u32, &Vec<(u32, Vec<ClassificationRow>)>)| {
        let years: Vec<(u32, &[ClassificationRow])> =
            years.iter().map(|(year, rows)| (*year, rows.as_slice())).collect();
        (*award, base_rates(*award, &years))
    };
    awards.iter().map(one).collect()
}

/// Of all classifications of 2025 with a weekly rate and a published hourly rate, how many are the
/// weekly rate over the award's week to the cent, and what the rest are.
#[test]
fn every_classification_of_2025_has_a_rate_or_a_reason() {
    let Some(awards) = by_award(&[("classification-2025.csv", 2025)]) else { return };
    let mut total: BTreeMap<Outcome, u32> = BTreeMap::new();
    let (mut casual, mut largest, mut all_purpose) = (0, 0, 0);
    let found = rates(&awards);
    for (award, rates) in &found {
        assert!(!rates.versions.is_empty(), "MA{award:06} has no quotable classification");
        assert!(rates.known_to.is_none() && rates.gap_before.is_none(), "MA{award:06}");
        for (outcome, count) in &rates.outcomes {
            *total.entry(*outcome).or_default() += count;
        }
        for rate in &rates.versions.last().unwrap().rates {
            assert_ne!(rate.casual_agrees, Some(false), "MA{award:06} {}", rate.fixed_id);
            casual += u32::from(rate.casual_agrees == Some(true));
            all_purpose += u32::from(rate.all_purpose_weekly.is_some());
        }
        largest = largest.max(rates.versions.iter().map(|it| it.rates.len()).max().unwrap_or(0));
    }
    for (outcome, count) in &total {
        println!("{count:6} {}", outcome.name());
    }
    println!("{casual} published casual rates agree, {all_purpose} all-purpose rates are known");
    let of = |outcome| total.get(&outcome).copied().unwrap_or(0);
    assert_eq!(found.len(), 155);
    assert_eq!((of(Outcome::WeeklyAgrees), of(Outcome::WeeklyRaised)), (1_715, 38));
    assert_eq!((of(Outcome::OtherWeek), of(Outcome::Loaded)), (30, 50));
    assert_eq!((of(Outcome::TwoRates), of(Outcome::KindUnknown)), (0, 0));
    assert_eq!(casual, 174);
    // Every published ordinary hourly rate with all-purpose allowances is one that can be quoted.
    assert_eq!((all_purpose, of(Outcome::OrdinaryHourly)), (57, 81));
    let priced: u32 = total.iter().filter(|(it, _)| it.is_priced()).map(|(_, count)| count).sum();
    assert!(7_900 < priced, "{priced}");
    assert!(largest <= 512, "{largest} classifications are more than an award version may have");
}

#[test]
fn two_years_make_a_history_without_a_gap() {
    let names = [("classification-2024.csv", 2024), ("classification-2025.csv", 2025)];
    let Some(awards) = by_award(&names) else { return };
    for (award, rates) in rates(&awards) {
        assert!(rates.gap_before.is_none() && rates.known_to.is_none(), "MA{award:06}");
        let dates: Vec<_> = rates.versions.iter().map(|it| it.operative_from).collect();
        assert!(dates.is_sorted(), "MA{award:06}");
        if award == 34 {
            // Aged care: nurses' rates moved on five dates.
            assert_eq!(dates.len(), 5, "{dates:?}");
        }
    }
}
