//! Invented awards with every trap of the real ones: ids that are no part of the code, headings without
//! rates, shadow clauses, blanks behind names, and the same classification in several years.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

/// The published years.
pub const YEARS: [u32; 2] = [2024, 2025];

/// Lists of rows by path, such as `awards/MA000901/pay-rates`; dates are days alone.
#[derive(Debug, Clone, Default)]
pub struct Database {
    /// Number and fixed id of each award.
    pub awards: Vec<(u32, u32)>,
    pub(crate) lists: BTreeMap<String, Vec<Value>>,
}

impl Database {
    /// So many awards from MA000901 on, each with so many classifications.
    #[must_use]
    pub fn invented(awards: u32, classifications: u32) -> Self {
        let mut database = Self::default();
        for at in 0..awards {
            let (number, fixed_id) = (901 + at, 801 + at);
            database.awards.push((number, fixed_id));
            database.add(number, fixed_id, classifications);
        }
        database
    }

    /// The rows of a list.
    #[must_use]
    pub fn rows(&self, path: &str) -> &[Value] {
        self.lists.get(path).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, number: u32, fixed_id: u32, classifications: u32) {
        let code = format!("MA{number:06}");
        let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for year in YEARS {
            let award = award(&code, fixed_id, year);
            if year == YEARS[1] {
                self.lists.entry("awards".to_owned()).or_default().push(award.clone());
            }
            lists.entry("").or_default().push(award);
            for at in 0..classifications {
                let id = fixed_id * 1_000 + at;
                lists.entry("/classifications").or_default().push(classification(id, at, year));
                lists.entry("/pay-rates").or_default().push(pay_rate(id, at, year));
            }
            for at in 0..7 {
                let id = fixed_id * 1_000 + at;
                lists.entry("/wage-allowances").or_default().push(wage_allowance(id, year));
                lists.entry("/penalties").or_default().push(penalty(id, at, year));
            }
            lists.entry("/expense-allowances").or_default();
        }
        for (list, rows) in lists {
            self.lists.insert(format!("awards/{code}{list}"), rows);
        }
    }

    /// The classifications of one year as the yearly export has them.
    #[must_use]
    pub fn classifications_csv(&self, year: u32) -> String {
        let mut text =
            "awardCode,awardFixedID,publishedYear,isHeading,classificationFixedID,clauses,\
                        classification,employeeRateTypeCode,baseRate,basePayRateID,baseRateType,\
                        calculatedRate,calculatedRateType,operativeFrom,operativeTo\n"
                .to_owned();
        for (number, fixed_id) in &self.awards {
            let code = format!("MA{number:06}");
            let rates = self.rows(&format!("awards/{code}/pay-rates"));
            for row in rates.iter().filter(|it| it["published_year"] == year) {
                let plain = |name: &str| match &row[name] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                let heading = u8::from(row["base_rate"].is_null());
                let _ = writeln!(
                    text,
                    "{code},{fixed_id},{year},{heading},{},15.1,{},AD,{},{},{},{},{},{},{}",
                    plain("classification_fixed_id"),
                    plain("classification"),
                    plain("base_rate"),
                    plain("base_pay_rate_id"),
                    plain("base_rate_type"),
                    plain("calculated_rate"),
                    plain("calculated_rate_type"),
                    plain("operative_from"),
                    plain("operative_to"),
                );
            }
        }
        text
    }
}

fn window(year: u32) -> (String, Value) {
    let to = if year == YEARS[1] { Value::Null } else { json!(format!("{}-06-30", year + 1)) };
    (format!("{year}-07-01"), to)
}

fn award(code: &str, fixed_id: u32, year: u32) -> Value {
    json!({
        "award_id": format!("{fixed_id}-{year}"), "award_fixed_id": fixed_id, "code": code,
        "name": format!("Invented\u{2014}Industry Award {fixed_id} "),
        "award_operative_from": "2010-01-01", "award_operative_to": null, "version_number": 2,
        "last_modified_datetime": format!("{year}-07-04T00:23:20+00:00"), "published_year": year
    })
}

/// The first is a heading, and the last digit 9 tells a shadow clause.
fn classification(id: u32, at: u32, year: u32) -> Value {
    let (from, to) = window(year);
    let clauses = if at % 10 == 9 { "15.1*_OrdHrRate" } else { "15.1" };
    json!({
        "classification_fixed_id": id, "clause_fixed_id": 5, "clauses": clauses,
        "clause_description": "Adults", "parent_classification_name": null,
        "classification": format!("Level {at} "), "classification_level": at,
        "next_down_classification_fixed_id": null, "next_up_classification_fixed_id": id + 1,
        "operative_from": from, "operative_to": to, "version_number": 5,
        "last_modified_datetime": format!("{year}-06-03T01:19:11+00:00"), "published_year": year
    })
}

fn pay_rate(id: u32, at: u32, year: u32) -> Value {
    let (from, to) = window(year);
    let heading = at == 0;
    let or_null = |value: Value| if heading { Value::Null } else { value };
    // Weekly dollars that are a whole number of cents an hour over 38 hours.
    let hourly_cents = 2_500 + at + if year == YEARS[1] { 88 } else { 0 };
    let weekly_cents = hourly_cents * 38;
    let dollars = |cents: u32| {
        let text = format!("{}.{:02}", cents / 100, cents % 100);
        serde_json::from_str::<Value>(&text).expect("a number")
    };
    json!({
        "classification_fixed_id": id,
        "base_pay_rate_id": or_null(json!(format!("BR{id}"))),
        "base_rate_type": or_null(json!("Weekly")), "base_rate": or_null(dollars(weekly_cents)),
        "calculated_pay_rate_id": or_null(json!(format!("CR{id}"))),
        "calculated_rate_type": or_null(json!("Hourly")),
        "calculated_rate": or_null(dollars(hourly_cents)),
        "parent_classification_name": null, "classification": format!("Level {at} "),
        "classification_level": at, "employee_rate_type_code": or_null(json!("AD")),
        "operative_from": from, "operative_to": to, "version_number": 5, "published_year": year,
        "last_modified_datetime": format!("{year}-06-03T01:19:11+00:00")
    })
}

fn wage_allowance(id: u32, year: u32) -> Value {
    let (from, to) = window(year);
    json!({
        "wage_allowance_fixed_id": id, "clause_fixed_id": 721, "clauses": "19.9",
        "parent_allowance": null, "allowance": "Cold work\n", "is_all_purpose": false,
        "rate": 1.25, "rate_unit": "Percent", "base_pay_rate_id": "BR1", "allowance_amount": 0.33,
        "payment_frequency": "per hour", "operative_from": from, "operative_to": to,
        "version_number": 5, "last_modified_datetime": null, "published_year": year
    })
}

fn penalty(id: u32, at: u32, year: u32) -> Value {
    let (from, to) = window(year);
    json!({
        "penalty_fixed_id": id, "clause_fixed_id": 21_665, "clause_description": "Adults",
        "classification_level": at, "penalty_description": "Saturday ", "rate": 125.0,
        "employee_rate_type_code": "AD", "penalty_calculated_value": 31.25,
        "calculated_includes_all_purpose": false, "base_pay_rate_id": format!("BR{at}"),
        "operative_from": from, "operative_to": to, "version_number": 8, "published_year": year,
        "last_modified_datetime": format!("{year}-06-25T23:36:33+00:00")
    })
}
