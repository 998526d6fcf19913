//! The penalty export of 2019 for all awards in it: every percentage row that joins to a published
//! rate, recomputed to the cent by the arithmetic of quotes; what does not agree is counted by reason.
//!
//! Rows of that year name no pay rate: they join by award and classification. As in `commission`,
//! without the data set the test says so and passes.

use std::collections::BTreeMap;

use crate::commission::{data, dollars};
use crate::support::percent;
use values::{Hours, Money};

/// What the Commission published for one classification.
#[derive(Default)]
struct Published {
    hourly: Option<Money>,
    weekly: Option<Money>,
    annual: Option<Money>,
}

fn name_of(classification: &str) -> String {
    classification.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn published() -> Option<BTreeMap<(String, String), Published>> {
    let mut rates: BTreeMap<_, Published> = BTreeMap::new();
    for row in data("classification-2019.csv")? {
        let key = (row["awardCode"].clone(), name_of(&row["classification"]));
        let rate = rates.entry(key).or_default();
        let figures = [("baseRateType", "baseRate"), ("calculatedRateType", "calculatedRate")];
        for (kind, figure) in figures {
            let place = match row[kind].trim() {
                "Hourly" => &mut rate.hourly,
                "Weekly" => &mut rate.weekly,
                "Annual" => &mut rate.annual,
                _ => continue,
            };
            *place = dollars(&row[figure]).or(*place);
        }
    }
    Some(rates)
}

/// How the published dollars of a row come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Of the published hourly rate.
    Hourly,
    /// Of the published weekly rate over 36.75 hours; the hourly rate is published a cent lower.
    Weekly,
    /// A contradiction: of the annual salary over the hours of a week, without the weeks of the year.
    Annual,
    /// The row has a percentage and no dollars.
    NoDollars,
    /// A heading.
    Heading,
}

#[test]
fn every_joined_row_of_2019_is_reproduced() {
    let (Some(rates), Some(rows)) = (published(), data("penalty-2019.csv")) else { return };
    let weeks = ["38", "36.75"].map(|it| Hours::parse(it).unwrap());
    let mut counts: BTreeMap<(Outcome, String), u32> = BTreeMap::new();
    let mut contradictions: BTreeMap<(String, String), (u32, Money, Option<Money>)> =
        BTreeMap::new();
    let mut wrong = Vec::new();
    for row in &rows {
        let award = row["awardCode"].clone();
        let mut count = |outcome| *counts.entry((outcome, award.clone())).or_default() += 1;
        assert_eq!(row["penaltyRateUnit"], "Percent", "{row:?}");
        if row["isHeading"] != "0" {
            count(Outcome::Heading);
            continue;
        }
        let Some(stated) = dollars(&row["penaltyCalculatedValue"]) else {
            count(Outcome::NoDollars);
            continue;
        };
        let classification = &row["classification"];
        let key = (award.clone(), name_of(classification));
        let rate = rates.get(&key).unwrap_or_else(|| panic!("{award} {classification}: no rate"));
        let share = percent(&row["rate"]);
        let is = |base: Option<Money>| base.is_some_and(|it| it.percent(share) == stated);
        let hourly = rate.hourly.or_else(|| rate.weekly.map(|it| it.per_hour_of(weeks[0])));
        let of_salary = rate.annual.map(|it| it.per_hour_of(weeks[1]));
        if is(hourly) {
            count(Outcome::Hourly);
        } else if is(rate.weekly.map(|it| it.per_hour_of(weeks[1]))) {
            count(Outcome::Weekly);
        } else if is(of_salary) {
            count(Outcome::Annual);
            let entry =
                contradictions.entry(key).or_insert_with(|| (0, of_salary.unwrap(), hourly));
            entry.0 += 1;
        } else {
            wrong
                .push(format!("{award} {classification}: {share} % of {hourly:?} is not {stated}"));
        }
    }
    let sum = |outcome| -> u32 {
        counts.iter().filter(|((it, _), _)| *it == outcome).map(|(_, count)| count).sum()
    };
    let (hourly, weekly, annual) =
        (sum(Outcome::Hourly), sum(Outcome::Weekly), sum(Outcome::Annual));
    println!(
        "penalty rows of 2019: {} of {} with dollars reproduced to the cent, {hourly} from the \
         published hourly rate, {weekly} from the weekly rate over 36.75 hours (their hourly rate is \
         published a cent lower)",
        hourly + weekly,
        hourly + weekly + annual
    );
    println!(
        "{annual} rows contradict their base: the annual salary over 36.75 hours, not divided by the \
         weeks of a year"
    );
    for ((award, name), (count, of_salary, hourly)) in &contradictions {
        let hourly = hourly.unwrap();
        println!("  {award} {name}: {count} rows are shares of {of_salary}, hourly is {hourly}");
    }
    println!(
        "nothing to compare: {} headings, {} rows without dollars",
        sum(Outcome::Heading),
        sum(Outcome::NoDollars)
    );
    println!("by award: {counts:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((hourly, weekly, annual), (6_128, 60, 215));
}
