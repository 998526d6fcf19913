//! Statutory tables as shipped, by date, state and class; and what a table may not say.

use rates::rules::calendar::State;
use rates::rules::fine::FinePercent;
use rates::rules::statutory::StatutoryTable;
use serde_json::{Value, json};

use crate::support::{date, money, read};

const TABLES: [&str; 4] =
    ["super-guarantee", "payroll-tax", "workers-compensation", "national-minimum-wage"];

fn table(name: &str) -> StatutoryTable {
    let table: StatutoryTable = toml::from_str(&read(&format!("statutory/{name}.toml"))).unwrap();
    table.check().unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(table.code, name);
    table
}

fn percent(table: &StatutoryTable, day: &str, state: Option<State>, class: Option<&str>) -> String {
    table.find(date(day), state, class).unwrap().percent.unwrap().to_string()
}

#[test]
fn every_shipped_table_is_good() {
    let entries: usize = TABLES.iter().map(|it| table(it).entry.len()).sum();
    println!("{} statutory tables, {entries} entries", TABLES.len());
    assert!(60 < entries);
}

#[test]
fn the_super_guarantee_rises_by_year() {
    let table = table("super-guarantee");
    for (day, expected) in [
        ("2013-06-30", "9.00"),
        ("2013-07-01", "9.25"),
        ("2014-07-01", "9.50"),
        ("2021-06-30", "9.50"),
        ("2021-07-01", "10.00"),
        ("2022-07-01", "10.50"),
        ("2023-07-01", "11.00"),
        ("2024-07-01", "11.50"),
        ("2025-06-30", "11.50"),
        ("2025-07-01", "12.00"),
        ("2030-01-01", "12.00"),
    ] {
        assert_eq!(percent(&table, day, None, None), expected, "{day}");
        // A state changes nothing: the entries are the whole country's.
        assert_eq!(percent(&table, day, Some(State::Wa), None), expected);
    }
    assert!(table.find(date("2002-06-30"), None, None).is_none());
    for (day, base) in [
        ("2019-12-01", "55270.00"),
        ("2020-12-01", "57090.00"),
        ("2021-12-01", "58920.00"),
        ("2022-12-01", "60220.00"),
        ("2023-12-01", "62270.00"),
        ("2024-12-01", "65070.00"),
    ] {
        let limit = table.find(date(day), None, None).unwrap().base_max.unwrap();
        assert_eq!(limit.amount, money(base));
    }
    // By the quarter once, by the year since "Payday Super".
    let year = |day: &str| {
        table.find(date(day), None, None).unwrap().levy(None).unwrap().base_max_year.unwrap()
    };
    assert_eq!((year("2025-07-01"), year("2026-07-01")), (money("250000"), money("250000")));
}

#[test]
fn payroll_tax_by_state_and_wages() {
    let table = table("payroll-tax");
    let mut checked = 0;
    for (state, day, rows) in [
        (State::Nsw, "2025-07-01", "1200000=0.00 1200001=0.05 5000000=207100.00"),
        (State::Nsw, "2021-12-31", "5000000=184300.00"),
        (
            State::Vic,
            "2025-07-01",
            "1000000=0.00 3000000=97000.00 4000000=169750.00 5000000=242500.00 \
             10000000=485000.00 12000000=602000.00 110000000=6435000.00",
        ),
        (State::Vic, "2025-06-30", "900000=0.00 4000000=172175.00"),
        (State::Qld, "2025-07-01", "1300000=0.00 5000000=200857.14 10400000=515800.00"),
        (
            State::Sa,
            "2025-07-01",
            "1500000=0.00 1600000=24750.00 1700000=54450.00 2000000=69300.00",
        ),
        (State::Wa, "2025-07-01", "1000000=0.00 3000000=126923.08 7500000=412500.00"),
        (State::Tas, "2025-07-01", "1250000=0.00 2000000=30000.00 3000000=91000.00"),
        (State::Act, "2025-06-30", "2000000=0.00 5000000=205500.00"),
        (State::Act, "2026-01-01", "5000000=205500.00 160000000=13825000.00"),
        (State::Act, "2026-07-01", "1750000=0.00 5000000=219375.00"),
        (State::Nt, "2025-06-30", "1500000=0.00 4000000=171875.00"),
        (State::Nt, "2025-07-01", "2500000=0.00 4000000=123750.00 7500000=412500.00"),
    ] {
        let entry = table.find(date(day), Some(state), None).unwrap();
        let scale = entry.tax.as_ref().unwrap();
        for row in rows.split_whitespace() {
            let (wages, tax) = row.split_once('=').unwrap();
            let found = scale.tax(money(wages)).unwrap().to_money().unwrap();
            assert_eq!(found, money(tax), "{state:?} {day} {wages}");
            checked += 1;
        }
        // More wages are never taxed less, within what has a short exact form.
        let mut before = money("0");
        for wages in (0..130).map(|it| money(&format!("{}", it * 250_000))) {
            let tax = scale.tax(wages).unwrap().to_money().unwrap();
            assert!(before <= tax, "{state:?} {day} {wages}");
            before = tax;
        }
    }
    println!("payroll tax: {checked} amounts");
    // The headline rate, and the effective share of an employer's wages.
    let share = |state, wages: Option<&str>| {
        let entry = table.find(date("2025-07-01"), Some(state), None).unwrap();
        entry.levy(wages.map(money)).unwrap().share.decimal(6).unwrap()
    };
    assert_eq!(share(State::Nsw, None), "0.054500");
    assert_eq!(share(State::Nsw, Some("5000000")), "0.041420");
    assert_eq!(share(State::Nsw, Some("1000000")), "0.000000");
    assert_eq!(share(State::Sa, None), "0.049500");
    assert_eq!(share(State::Qld, None), "0.047500");
    // Regional classes, one of them with an end.
    let regional = |day: &str, state| table.find(date(day), Some(state), Some("regional"));
    let scale = regional("2025-07-01", State::Vic).unwrap().tax.as_ref().unwrap();
    assert_eq!(scale.bands[0].percent.to_string(), "1.2125");
    assert!(regional("2030-06-30", State::Qld).is_some());
    assert!(regional("2030-07-01", State::Qld).is_none());
    assert!(regional("2025-07-01", State::Nsw).is_none());
}

#[test]
fn workers_compensation_by_class_and_the_minimum_wage() {
    let table_wc = table("workers-compensation");
    for (state, class, expected) in [
        (State::Nsw, None, "1.30"),
        (State::Vic, None, "1.2720"),
        (State::Vic, Some("meat-products"), "5.7190"),
        (State::Qld, Some("house-construction"), "2.8810"),
        (State::Sa, Some("labour-hire-low"), "1.85"),
    ] {
        assert_eq!(percent(&table_wc, "2025-08-01", Some(state), class), expected);
    }
    assert!(table_wc.find(date("2025-08-01"), Some(State::Nt), None).is_none());
    let wage = table("national-minimum-wage");
    for (day, hourly) in [("2016-07-01", "17.70"), ("2025-07-01", "24.95"), ("2026-07-01", "26.44")]
    {
        assert_eq!(wage.find(date(day), None, None).unwrap().hourly, Some(money(hourly)));
    }
    assert!(wage.find(date("2026-07-01"), None, None).unwrap().levy(None).is_none());
}

#[test]
fn percentages_as_fine_as_levies_are_set() {
    for (text, shown) in [
        ("5.45", "5.45"),
        ("5", "5.00"),
        ("1.2125", "1.2125"),
        ("1.212", "1.2120"),
        ("-0.1", "-0.10"),
        ("10000000", "10000000.00"),
    ] {
        let percent = FinePercent::parse(text).unwrap();
        assert_eq!(percent.to_string(), shown);
        assert_eq!(FinePercent::parse(shown), Some(percent));
    }
    for text in ["", ".5", "5.", "1.21251", "1e2", "+1", "--1", "10000000.01", "123456789"] {
        assert_eq!(FinePercent::parse(text), None, "{text}");
    }
}

#[test]
fn a_table_that_cannot_be_meant_is_refused() {
    let good = json!({"code": "levy", "title": "A levy", "entry": [
        {"state": "NSW", "valid_from": "2025-07-01", "percent": "1.00", "source": "a notice"},
        {"state": "NSW", "valid_from": "2026-07-01", "valid_to": "2026-12-31", "source": "a notice",
         "tax": {"deduction": "10.00", "fades": {"from": "10.00", "to": "20.00"},
                 "bands": [{"above": "10.00", "percent": "1.00", "glides": true},
                           {"above": "20.00", "percent": "2.00"}]}}]});
    let check = |value: Value| serde_json::from_value::<StatutoryTable>(value).unwrap().check();
    assert_eq!(check(good.clone()), Ok(()));
    for (path, value, expected) in [
        ("/code", json!(""), "code is empty"),
        ("/entry", json!([]), "entry is empty"),
        ("/entry/0/source", json!(""), "entry[0].source is empty"),
        ("/entry/0/percent", Value::Null, "entry[0] needs exactly one of percent, tax and hourly"),
        ("/entry/0/hourly", json!("1.00"), "entry[0] needs exactly one of percent, tax and hourly"),
        (
            "/entry/0/percent",
            json!("100.01"),
            "entry[0].percent is 100.01 %, expected 0.00 to 100.00 %",
        ),
        (
            "/entry/0/base_max",
            json!({"amount": "0", "per": "year"}),
            "entry[0].base_max.amount is 0.00, expected above 0.00",
        ),
        (
            "/entry/1/valid_to",
            json!("2026-06-30"),
            "entry[1].valid_to is 2026-06-30, before valid_from 2026-07-01",
        ),
        (
            "/entry/0/valid_to",
            json!("2026-07-01"),
            "entry[1] is in force on 2026-07-01 together with entry[0], for the same state and class",
        ),
        (
            "/entry/0/valid_from",
            json!("2026-07-01"),
            "entry[1] is in force on 2026-07-01 together with entry[0], for the same state and class",
        ),
        ("/entry/1/tax/bands", json!([]), "entry[1].tax.bands is empty"),
        ("/entry/1/tax/deduction", json!("-1"), "entry[1].tax.deduction is negative"),
        (
            "/entry/1/tax/fades/to",
            json!("10.00"),
            "entry[1].tax.fades.to is 10.00, not above 10.00",
        ),
        (
            "/entry/1/tax/bands/1/above",
            json!("10.00"),
            "entry[1].tax.bands[1].above is 10.00, not above the band before, 10.00",
        ),
        (
            "/entry/1/tax/bands/1/glides",
            json!(true),
            "entry[1].tax.bands[1].glides glides to the next band, but there is none",
        ),
        (
            "/entry/1/tax/marginal",
            json!(true),
            "entry[1].tax.bands[0].glides glides, which a marginal scale cannot",
        ),
    ] {
        let mut table = good.clone();
        let (parent, name) = path.rsplit_once('/').unwrap();
        let parent = table.pointer_mut(parent).unwrap();
        match name.parse::<usize>() {
            Ok(at) => parent[at] = value,
            Err(_) => parent[name] = value,
        }
        assert_eq!(check(table).unwrap_err().to_string(), expected);
    }
}
