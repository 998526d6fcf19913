//! The Fair Work Commission's own published dollars as the oracle: every percentage penalty row of
//! MA000004 that joins to a weekly rate, by the arithmetic that quotes use.
//!
//! The data set is not part of the project (its licence forbids that). It is looked for in
//! `QUOIN_FWC_DATA`, else beside the workspace in `../shared/data/fwc`; without it these tests say
//! so and pass.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::support::{book, date, money, percent, shift, workspace};
use rates::rules::award::Employment;
use rates::rules::calendar::State;
use rates::rules::person::Person;
use rates::rules::quote::{Particulars, Priced};
use values::{Hours, Money, Percent};

/// A CSV file with a header, quoted fields and doubled quotes.
fn table(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                field.push('"');
                letters.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field).trim_end_matches('\r').to_owned());
                rows.push(std::mem::take(&mut row));
            }
            letter => field.push(letter),
        }
    }
    let header = rows.remove(0);
    rows.into_iter().map(|row| header.iter().cloned().zip(row).collect()).collect()
}

pub(crate) fn data(file: &str) -> Option<Vec<BTreeMap<String, String>>> {
    let folder = std::env::var_os("QUOIN_FWC_DATA")
        .map_or_else(|| workspace().join("../shared/data/fwc"), PathBuf::from);
    let path = folder.join(file);
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    };
    Some(table(&String::from_utf8_lossy(&bytes)))
}

/// Cents of "1068.4", "28.12" or "948".
pub(crate) fn dollars(text: &str) -> Option<Money> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    Money::parse(&format!("{whole}.{part:0<2}")).ok()
}

/// One published weekly rate.
struct Published {
    classification: u32,
    year: String,
    operative_from: String,
    weekly: Money,
    hourly: Option<Money>,
}

/// Published weekly rates by (`base_pay_rate_id`, year).
fn weekly_rates() -> Option<BTreeMap<(String, String), Published>> {
    let mut rates = BTreeMap::new();
    for row in data("payrates-MA000004.csv")? {
        let get = |name: &str| row[&format!("data__{name}")].clone();
        if get("base_rate_type") != "Weekly" {
            continue;
        }
        let key = (get("base_pay_rate_id"), get("published_year"));
        let hourly = Money::parse(&get("calculated_rate")).ok();
        let weekly = Published {
            classification: get("classification_fixed_id").parse().unwrap(),
            year: get("published_year"),
            operative_from: get("operative_from"),
            weekly: money(&get("base_rate")),
            hourly: hourly.filter(|_| get("calculated_rate_type") == "Hourly"),
        };
        rates.insert(key, weekly);
    }
    Some(rates)
}

/// One published penalty row that joins.
struct Row {
    clause: String,
    description: String,
    share: Percent,
    dollars: Money,
    weekly: (String, String),
}

fn penalty_rows(rates: &BTreeMap<(String, String), Published>) -> Option<Vec<Row>> {
    let mut rows = Vec::new();
    let mut left_out: BTreeMap<(&str, String), u32> = BTreeMap::new();
    for row in data("penalty-MA000004.csv")? {
        let weekly = (row["base_pay_rate_id"].clone(), row["published_year"].clone());
        let (Ok(share), Ok(dollars)) =
            (Percent::parse(&row["rate"]), Money::parse(&row["penalty_calculated_value"]))
        else {
            *left_out.entry(("heading without dollars", weekly.1)).or_default() += 1;
            continue;
        };
        if rates.contains_key(&weekly) {
            rows.push(Row {
                clause: row["clause_description"].clone(),
                description: row["penalty_description"].trim().to_owned(),
                share,
                dollars,
                weekly,
            });
        } else {
            *left_out.entry(("names no weekly rate to join", weekly.1)).or_default() += 1;
        }
    }
    eprintln!("rows that do not join: {left_out:?}");
    Some(rows)
}

#[test]
fn every_joined_penalty_row_is_reproduced() {
    let Some(rates) = weekly_rates() else { return };
    let Some(rows) = penalty_rows(&rates) else { return };
    let week = Hours::parse("38").unwrap();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for row in &rows {
        let weekly = &rates[&row.weekly];
        let hourly = weekly.weekly.per_hour_of(week);
        let (clause, description) = (&row.clause, &row.description);
        assert_eq!(hourly.percent(row.share), row.dollars, "{clause}: {description}");
        *counts.entry(&weekly.year).or_default() += 1;
    }
    println!("penalty rows reproduced to the cent: {counts:?}, {} in all", rows.len());
    for year in ["2021", "2022", "2024"] {
        assert_eq!(counts[year], 994, "{year}");
    }
}

#[test]
fn the_pack_has_every_published_weekly_rate() {
    let Some(rates) = weekly_rates() else { return };
    let book = book();
    let (mut weeklies, mut hourlies, mut absent) = (0, 0, 0);
    for rate in rates.values() {
        let Ok(version) = book.version("MA000004", date(&rate.operative_from[..10])) else {
            absent += 1;
            continue;
        };
        if version.operative_from != date(&rate.operative_from[..10]) {
            absent += 1;
            continue;
        }
        let Some(position) = version.position(&format!("fwc:{}", rate.classification)) else {
            absent += 1;
            continue;
        };
        let classification = &version.classifications[position];
        assert_eq!(classification.weekly, Some(rate.weekly), "{}", classification.code);
        weeklies += 1;
        if let Some(hourly) = rate.hourly {
            assert_eq!(version.minimum(position), Some(hourly), "{}", classification.code);
            hourlies += 1;
        }
    }
    println!(
        "published rates in the pack: {weeklies} weekly, {hourlies} hourly; {absent} rows of other \
         dates or classifications"
    );
    assert!(200 < weeklies, "{weeklies}");
}

/// What a published row means in the pack: employment, rule, hours of a day that fall under it, and
/// what the person is said to be.
fn pack_rule(
    clause: &str,
    description: &str,
) -> (Employment, &'static str, &'static str, Option<&'static str>) {
    let employment =
        if clause.starts_with("Casual") { Employment::Casual } else { Employment::FullTime };
    let description = description.replace('\u{2013}', "-");
    if clause.ends_with("shiftwork and penalty rates") {
        // Shiftworkers start in the evening, bakers before or from two in the morning.
        let (kind, days) = description.split_once(": ").unwrap_or(("", &description));
        let shiftworker = Some("shiftworker");
        let (rule, shift, flag) = match (kind, days) {
            ("All shiftworkers", "Saturday - OBPE and BPE") => {
                ("shiftwork-saturday", "T19:00/20:00", shiftworker)
            }
            ("All shiftworkers", "Sunday - OBPE and BPE") => {
                ("shiftwork-sunday", "T19:00/20:00", shiftworker)
            }
            ("All shiftworkers", holiday) if holiday.starts_with("Public holiday") => {
                ("shiftwork-public-holiday", "T19:00/20:00", shiftworker)
            }
            (other, _) if other.starts_with("Other than baking") => {
                ("shiftwork", "T19:00/20:00", shiftworker)
            }
            (_, early) if early.ends_with("Starting before 2.00 am") => {
                ("baking-before-2-am", "T01:00/02:00", Some("baking-production"))
            }
            (_, early) if early.contains("at or after 2.00 am") => {
                ("baking-2-am-to-6-am", "T03:00/04:00", Some("baking-production"))
            }
            other => panic!("no rule for {clause}: {other:?}"),
        };
        return (employment, rule, shift, flag);
    }
    let overtime = clause.ends_with("overtime rates");
    let (rule, shift) = match (overtime, description.as_str()) {
        (false, "Ordinary hours") => ("ordinary", "T10:00/11:00"),
        (false, "Monday to Friday after 6.00 pm") => ("weekday-evening", "T19:00/20:00"),
        (false, "Saturday") => ("saturday", "T10:00/11:00"),
        (false, "Sunday") => ("sunday", "T10:00/11:00"),
        (false, "Public holiday") => ("public-holiday", "T10:00/11:00"),
        (true, "Monday to Saturday - first 3 hours") => ("overtime-first-3-hours", "T21:00/22:00"),
        (true, "Monday to Saturday - after 3 hours") => ("overtime-after-3-hours", "T18:00/23:00"),
        (true, "Sunday - all day") => ("overtime-sunday", "T18:00/19:00"),
        (true, "Public holiday") => ("overtime-public-holiday", "T21:00/22:00"),
        other => panic!("no rule for {clause}: {other:?}"),
    };
    (employment, rule, shift, None)
}

#[test]
fn quotes_show_the_published_dollars() {
    let Some(rates) = weekly_rates() else { return };
    let Some(rows) = penalty_rows(&rates) else { return };
    let book = book();
    let calendar = book.calendar().unwrap();
    // The week before Easter within each version: its Monday, Maundy Thursday and Good Friday.
    let weeks = BTreeMap::from([
        ("2021", ("2022-04-11", 14, 15)),
        ("2022", ("2023-04-03", 6, 7)),
        ("2024", ("2025-04-14", 17, 18)),
    ]);
    let mut agreed = [0, 0];
    let mut quote = Priced::default();
    for row in &rows {
        let (employment, rule, times, flag) = pack_rule(&row.clause, &row.description);
        let weekly = &rates[&row.weekly];
        let (period, thursday, friday) = weeks[weekly.year.as_str()];
        // The weekend of Easter is holidays too, so a plain one is taken from the week after.
        let day = match rule {
            "public-holiday" | "overtime-public-holiday" | "shiftwork-public-holiday" => friday,
            "saturday" | "shiftwork-saturday" => thursday + 9,
            "sunday" | "overtime-sunday" | "shiftwork-sunday" => thursday + 10,
            _ => thursday,
        };
        let month_start = date(&format!("{}-01", &period[..7]));
        let work_day = month_start.plus_days(day - 1);
        let work = if rule == "overtime-after-3-hours" {
            // Three hours past the span's end on Wednesday, then on into Thursday.
            format!("{}T20:00/{work_day}T02:00", work_day.plus_days(-1))
        } else {
            format!("{work_day}{times}")
        };
        let code = format!("fwc:{}", weekly.classification);
        let terms = book.terms("MA000004", &code, employment, date(period)).unwrap();
        let shifts = [shift(&work)];
        let flags = flag.map(str::to_owned).into_iter().collect();
        let person = Person { flags, ..Person::default() };
        let facts = Particulars { person: Some(&person), ..Particulars::default() };
        terms.price(calendar, State::Nsw, &shifts[..], &facts, &mut quote).unwrap();
        let shown = quote
            .lines
            .iter()
            .find(|line| quote.rule(&terms, line).rule == rule)
            .unwrap_or_else(|| panic!("{work} has no {rule} line"));
        let column = quote.column(&terms, shown);
        assert_eq!((column.percent, column.rate), (row.share, row.dollars), "{code} {rule}");
        agreed[usize::from(flag.is_some())] += 1;
    }
    let [day_work, shiftwork] = agreed;
    println!(
        "quotes that show the published dollars: {day_work} of day work, {shiftwork} of shiftwork"
    );
    assert_eq!(day_work + shiftwork, rows.len());
    assert_eq!(percent("175").hundredths(), 17_500);
}
