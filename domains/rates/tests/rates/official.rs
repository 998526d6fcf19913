//! Every classification of every shipped pack that names the Commission's id, against the
//! Commission's yearly exports of 2024 and 2025: the weekly rate, and the hourly rate where one is
//! published. As in `commission`, without the data set the test says so and passes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use crate::commission::{data, dollars};
use crate::support::{date, pack, workspace};
use rates::rules::compile::VersionTables;
use values::{Date, Money};

/// Years of the exports, and the dates that each speaks for.
const EXPORTS: [(&str, &str, &str); 2] = [
    ("classification-2024.csv", "2024-07-01", "2025-06-30"),
    ("classification-2025.csv", "2025-07-01", "2026-06-30"),
];

/// What the Commission published for one classification from one date on.
#[derive(Default)]
struct Published {
    /// The base rate, and the rate that the equal remuneration order makes of it.
    weekly: Vec<Money>,
    hourly: Option<Money>,
}

type ByClassification = BTreeMap<(String, u32), BTreeMap<Date, Published>>;

fn published(file: &str) -> Option<ByClassification> {
    let mut rates = ByClassification::new();
    for row in data(file)? {
        let (Some(base), Ok(id)) =
            (dollars(&row["baseRate"]), row["classificationFixedID"].parse())
        else {
            continue;
        };
        // Rows of worked examples and of ordinary hourly rates are no classifications.
        if row["baseRateType"].trim() != "Weekly" || row["clauses"].contains("*_") {
            continue;
        }
        let from = date(&row["operativeFrom"][..10]);
        let key = (row["awardCode"].clone(), id);
        let entry = rates.entry(key).or_default().entry(from).or_default();
        entry.weekly.push(base);
        let calculated = dollars(&row["calculatedRate"]);
        match row["calculatedRateType"].trim() {
            "Weekly" => entry.weekly.extend(calculated),
            "Hourly" => entry.hourly = calculated,
            _ => {}
        }
    }
    Some(rates)
}

/// The awards that have a pack.
fn awards() -> Vec<String> {
    let folder = workspace().join("config/reference/packs");
    let names = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    names.map(stem).collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn rates_of_every_pack_are_those_of_the_commission() {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (file, first, last) in EXPORTS {
        let Some(published) = published(file) else { return };
        for award in &awards() {
            for version in pack(award).versions(award).unwrap() {
                let from = version.operative_from;
                if from < date(first) || date(last) < from {
                    continue;
                }
                let tables = VersionTables::compile(&version).unwrap();
                for (position, it) in version.classifications.iter().enumerate() {
                    let rows = it.fwc.and_then(|fwc| published.get(&(award.clone(), fwc)));
                    let in_force = rows.and_then(|rows| rows.range(..=from).next_back());
                    let (Some((_, row)), Some(weekly)) = (in_force, it.weekly) else { continue };
                    let whole = weekly + it.all_purpose_weekly.unwrap_or(Money::ZERO);
                    if !row.weekly.contains(&weekly) && !row.weekly.contains(&whole) {
                        let code = &it.code;
                        wrong.push(format!("{award} {from} {code}: {weekly}, {:?}", row.weekly));
                    }
                    let hourly = tables.minimum(position);
                    if row.hourly.is_some() && hourly != row.hourly {
                        let code = &it.code;
                        wrong.push(format!("{award} {from} {code}: {hourly:?}, {:?}", row.hourly));
                    }
                    *counts.entry(award.clone()).or_default() +=
                        1 + u32::from(row.hourly.is_some());
                }
            }
        }
    }
    let total: u32 = counts.values().sum();
    println!("{total} rates agree with the Commission's exports: {counts:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
