//! The Commission's own exports through the real binary, when they are there.

use std::time::Instant;

use serde_json::Value;

use crate::support::{TestBox, exports};

fn whole_year(own: &TestBox, folder: &std::path::Path) -> Value {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (award, classification) = (path("award-2025.csv"), path("classification-2025.csv"));
    let (wage, expense) = (path("wage-allowance-2025.csv"), path("expense-allowance-2025.csv"));
    let done = own.import(&[
        "fwc",
        "--year",
        "2025",
        "--award",
        &award,
        "--classification",
        &classification,
        "--wage-allowance",
        &wage,
        "--expense-allowance",
        &expense,
        "--json",
    ]);
    assert!(done.is_good, "{}", done.error);
    done.report()
}

/// Every award and classification of a year has a quotable hour or a reason why not.
#[test]
fn every_classification_is_quotable_or_explained() {
    let Some(folder) = exports() else { return };
    let own = TestBox::start();
    let began = Instant::now();
    let report = whole_year(&own, &folder);
    println!("imported in {} ms", began.elapsed().as_millis());
    let rates = &report["base_rates"];
    assert_eq!(rates["awards"], 155);
    assert_eq!(rates["without_rate"].as_array().unwrap().len(), 0);
    let mut counts = [0_u64; 2];
    for it in rates["classifications"].as_array().unwrap() {
        let is_quotable = it["quotable"].as_bool().unwrap();
        let outcome = it["outcome"].as_str().unwrap();
        assert!(!outcome.contains("unknown") && !outcome.contains("two base rates"), "{it}");
        counts[usize::from(is_quotable)] += it["count"].as_u64().unwrap();
    }
    println!("{} classifications quotable by the hour, {} explained", counts[1], counts[0]);
    // Rates as published: divisor 38, a casual's 25 %, all-purpose allowances inside, a raised rate.
    assert_eq!(rates["with_pack"], serde_json::json!(["MA000004"]));
    for (award, classification, employment, rate) in [
        // Retail level 1: 1008.90 a week over 38 hours; a casual's 25 % more.
        ("MA000004-base", "fwc:112", "full-time", "26.55"),
        ("MA000004-base", "fwc:112", "casual", "33.19"),
        // A week of 35 hours.
        ("MA000072", "fwc:2638", "full-time", "26.93"),
        // All-purpose allowances inside: 931.50 a week is 24.51, with them 25.44.
        ("MA000024", "fwc:845", "full-time", "25.44"),
        ("MA000029", "fwc:908", "full-time", "25.33"),
        // One that no single classification has, by its own id.
        ("MA000036", "fwc:86801", "full-time", "26.71"),
        // Raised by the equal remuneration order: 1314.13 a week.
        ("MA000100", "fwc:142253", "full-time", "34.58"),
    ] {
        let found = own.hour(award, classification, employment);
        assert_eq!(found, rate, "{award} {classification} {employment}");
    }
    // The same import again finds everything there.
    let again = whole_year(&own, &folder);
    assert_eq!(again["base_rates"]["changed"], 0);
}

/// A second box reads one award of the first by the mirror, and prices it the same.
#[test]
fn a_box_reads_the_mirror_of_another() {
    let Some(folder) = exports() else { return };
    let (first, second) = (TestBox::start(), TestBox::start());
    whole_year(&first, &folder);
    let url = format!("http://{}", first.server.http());
    let key = first.key_file();
    for award in ["MA000100", "MA000155"] {
        let done = second.import(&[
            "fwc",
            "--api",
            &url,
            "--key-file",
            key.to_str().unwrap(),
            "--pace-ms",
            "0",
            "--of-award",
            award,
            "--json",
        ]);
        assert!(done.is_good, "{} {}", done.out, done.error);
        for list in ["pay-rates", "classifications", "wage-allowances", "expense-allowances"] {
            let path = format!("awards/{award}/{list}");
            let rows = first.mirror(&path);
            assert_eq!(second.mirror(&path), rows, "{path}");
            println!("{path}: {} rows", rows.len());
        }
    }
}
