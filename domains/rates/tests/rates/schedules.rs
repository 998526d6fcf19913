//! Published dollars outside the shipped packs, by the arithmetic that all packs use, and the tables of
//! apprentices in building, priced whole.

use crate::support::{book, date, money, percent, shift};
use rates::rules::award::Employment;
use rates::rules::calendar::State;
use rates::rules::person::Claim;
use rates::rules::quote::{Particulars, Priced};
use values::{Hours, Money};

/// Schedules of hourly rates from 1 July 2026: award, the percentages of the columns; then the hourly
/// rate and each column's dollars.
const SCHEDULES: &str = "
MA000112 120 150 175 250 125 145 175 200
27.11 | 32.53 | 40.67 | 47.44 | 67.78 | 33.89 | 39.31 | 47.44 | 54.22
27.97 | 33.56 | 41.96 | 48.95 | 69.93 | 34.96 | 40.56 | 48.95 | 55.94
29.03 | 34.84 | 43.55 | 50.80 | 72.58 | 36.29 | 42.09 | 50.80 | 58.06
31.30 | 37.56 | 46.95 | 54.78 | 78.25 | 39.13 | 45.39 | 54.78 | 62.60
37.24 | 44.69 | 55.86 | 65.17 | 93.10 | 46.55 | 54.00 | 65.17 | 74.48
49.09 | 58.91 | 73.64 | 85.91 | 122.73 | 61.36 | 71.18 | 85.91 | 98.18
MA000094 125 150 250 125 130
25.74 | 32.18 | 38.61 | 64.35 | 32.18 | 33.46
26.44 | 33.05 | 39.66 | 66.10 | 33.05 | -
27.97 | 34.96 | 41.96 | 69.93 | 34.96 | -
MA000116 110 115 150 200 130 125 135 140 175 225 155 275
28.24 | 31.06 | 32.48 | 42.36 | 56.48 | 36.71 | 35.30 | 38.12 | 39.54 | 49.42 | 63.54 | 43.77 | 77.66
MA000081 225
28.89 | 65.00
MA000018 187.5 250
27.77 | 52.07 | 69.43
";

/// Apprentices who completed year 12, from 1 July 2026: award, share of 1,119.10 a week, the
/// percentages, and the dollars of each.
const APPRENTICES: &str = "
MA000089 150 200 250
55 | 24.30 | 32.40 | 40.50
65 | 28.71 | 38.28 | 47.85
75 | 33.14 | 44.18 | 55.23
88 | 38.88 | 51.84 | 64.80
MA000009 125 150 225
55 | 20.25 | 24.30 | 36.45
65 | 23.93 | 28.71 | 43.07
80 | 29.45 | 35.34 | 53.01
95 | 34.98 | 41.97 | 62.96
";

/// Weekly shares of 1,119.10: butchers of MA000059, and the apprentices of retail and manufacturing.
const SHARES: &str = "
50 559.55 14.73
55 615.51 16.20
60 671.46 17.67
65 727.42 19.14
80 895.28 23.56
85 951.24 25.03
88 984.81 25.92
90 1007.19 26.51
95 1063.15 27.98
";

/// The national minimum wage and C14 by year: weekly, hourly, and the increase on the year before,
/// which is rounded to ten cents.
const MINIMUM: &str = "
2015 656.90 17.29 -
2016 672.70 17.70 2.4
2017 694.90 18.29 3.3
2018 719.20 18.93 3.5
2019 740.80 19.49 3.0
2020 753.80 19.84 1.75
2021 772.60 20.33 2.5
2022 812.60 21.38 -
2023 882.80 23.23 -
2024 915.90 24.10 3.75
2025 948.00 24.95 3.5
2026 1004.90 26.44 -
";

fn week() -> Hours {
    Hours::parse("38").unwrap()
}

/// Rows of one table: the words of the heading above, then the cells.
fn rows(table: &str) -> Vec<(Vec<&str>, Vec<&str>)> {
    let mut heading = Vec::new();
    let mut found = Vec::new();
    for line in table.trim().lines() {
        if line.starts_with("MA") {
            heading = line.split(' ').skip(1).collect();
        } else {
            found.push((heading.clone(), line.split('|').map(str::trim).collect()));
        }
    }
    found
}

#[test]
fn schedules_of_other_awards() {
    let mut count = 0;
    let mut check = |base: Money, percentages: &[&str], cells: &[&str]| {
        assert_eq!(percentages.len(), cells.len(), "{cells:?}");
        for (share, cell) in percentages.iter().zip(cells) {
            if *cell != "-" {
                assert_eq!(base.percent(percent(share)), money(cell), "{share} % of {base}");
                count += 1;
            }
        }
    };
    for (percentages, cells) in rows(SCHEDULES) {
        check(money(cells[0]), &percentages, &cells[1..]);
    }
    for (percentages, cells) in rows(APPRENTICES) {
        let base = money("1119.10").percent(percent(cells[0])).per_hour_of(week());
        check(base, &percentages, &cells[1..]);
    }
    for row in SHARES.trim().lines() {
        let cells: Vec<&str> = row.split(' ').collect();
        let weekly = money("1119.10").percent(percent(cells[0]));
        assert_eq!(weekly, money(cells[1]), "{row}");
        assert_eq!(weekly.per_hour_of(week()), money(cells[2]), "{row}");
        count += 2;
    }
    println!("{count} published dollars of awards and apprentices");
    // A casual public holiday of MA000106 is twice the casual rate, itself rounded first.
    let casual = money("28.89").percent(percent("125"));
    assert_eq!((casual, casual.percent(percent("200"))), (money("36.11"), money("72.22")));
}

#[test]
fn minimum_wages_of_twelve_reviews() {
    let mut before = None;
    let mut increases = 0;
    for row in MINIMUM.trim().lines() {
        let cells: Vec<&str> = row.split(' ').collect();
        let weekly = money(cells[1]);
        assert_eq!(weekly.per_hour_of(week()), money(cells[2]), "{row}");
        if let (Some(before), Ok(rise)) = (before, values::Percent::parse(cells[3])) {
            let before: Money = before;
            let hundredths = before.cents() * (10_000 + rise.hundredths());
            let ten_cents = values::half_up_div(hundredths, 100_000);
            assert_eq!(Money::from_cents(ten_cents * 10), weekly, "{row}");
            increases += 1;
        }
        before = Some(weekly);
    }
    println!("12 minimum wages by the hour, {increases} annual increases");
}

/// Apprentices in building from 2 July 2026 (pay guide of MA000020): tool allowance, kind of site, then
/// ordinary hourly rates of year 1 and 2 without and with year 12, year 3, year 4, adult.
const BUILDING: &str = "
tool-carpenter general | 17.58 | 19.05 | 20.52 | 21.99 | 24.94 | 29.36 | 29.52
tool-carpenter residential | 17.22 | 18.70 | 20.17 | 21.64 | 24.59 | 29.00 | 29.17
tool-bricklayer general | 17.26 | 18.73 | 20.21 | 21.68 | 24.62 | 29.04 | 29.21
tool-painter general | 16.75 | 18.23 | 19.70 | 21.17 | 24.12 | 28.53 | 28.70
";
const STAGES: [&str; 7] = [
    "no-year-12-year-1",
    "year-12-year-1",
    "no-year-12-year-2",
    "year-12-year-2",
    "no-year-12-year-3",
    "year-12-year-4",
    "adult",
];

#[test]
fn building_apprentices_with_their_tools() {
    let book = book();
    let mut count = 0;
    let mut quote = Priced::default();
    for row in BUILDING.trim().lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (tool, site) = cells[0].split_once(' ').unwrap();
        let prefix = if site == "general" { "building" } else { "building-residential" };
        let claim = Claim { allowance: tool.to_owned(), quantity: None, shift: None };
        let facts = Particulars { claims: &[claim], ..Particulars::default() };
        for (stage, cell) in STAGES.iter().zip(&cells[1..]) {
            let code = format!("{prefix}-apprentice-{stage}");
            let terms = book
                .terms("MA000020", &code, Employment::FullTime, date("2026-07-06"))
                .unwrap_or_else(|error| panic!("{code}: {error}"));
            let shifts = [shift("2026-07-07T08:00/09:00")];
            terms
                .price(book.calendar().unwrap(), State::Vic, &shifts[..], &facts, &mut quote)
                .unwrap();
            let rate = quote.column(&terms, &quote.lines[0]).rate;
            assert_eq!(rate, money(cell), "{code} {tool}");
            assert_eq!(quote.total, money(cell), "{code} {tool}");
            count += 1;
        }
    }
    println!("{count} rates of building apprentices");
}
