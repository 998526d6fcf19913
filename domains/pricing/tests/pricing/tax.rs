//! Tax: GST Act s.9-90, inclusive and exclusive, dated rates, cash.

use pricing::rules::decimal::Decimal;
use pricing::rules::list::TaxRounding;
use pricing::rules::tax::{TaxTable, Treatment, to_step};
use serde_json::{Value, json};

use crate::support::{book, date, quote, try_quote};

fn treatment(percent: &str, inclusive: bool) -> Treatment<'static> {
    let (table, category, rounding) = ("t", "c", TaxRounding::PerTotal);
    let percent = Decimal::parse(percent).unwrap();
    Treatment { table, category, percent, inclusive, rounding }
}

/// Nearest cent, half a cent up (s.9-90(1)); inside a price it is one eleventh (s.9-70, s.9-75).
#[test]
fn tax_of_one_supply_is_rounded_half_up() {
    let supplies = [
        ("10", false, 0, 0),
        ("10", false, 4, 0),
        ("10", false, 5, 1),
        ("10", false, 213_212, 21_321),
        ("10", false, 213_215, 21_322),
        ("10", true, 11, 1),
        ("10", true, 5, 0),
        ("10", true, 6, 1),
        ("10", true, 110_000, 10_000),
        ("10", true, 9_999, 909),
        ("0", false, 12_345, 0),
        ("0", true, 12_345, 0),
        ("100", true, 3, 2),
        ("12.5", false, 4, 1),
        ("9.975", false, 10_000, 998),
        ("10", false, -5, -1),
        ("10", true, -11, -1),
    ];
    println!("GST of one supply: {} amounts", supplies.len());
    for (percent, inclusive, cents, expected) in supplies {
        let found = treatment(percent, inclusive).tax(cents);
        assert_eq!(found, expected, "{percent} {inclusive} {cents}");
    }
}

/// Published: goods of 2,132.12 without tax carry 213.21 when the total is rounded and 213.62 when
/// each line is. The publisher does not print its lines; 80 lines that end in 5 cents and two that
/// end in 6 have that sum and that difference.
fn published_lines() -> Vec<i64> {
    let mut lines = vec![2_605; 79];
    lines.extend([213_212 - 79 * 2_605 - 2 * 6, 6, 6]);
    lines
}

fn invoice(rounding: &str, inclusive: bool) -> (Value, Value) {
    let prices: Vec<Value> = published_lines()
        .iter()
        .enumerate()
        .map(|(at, cents)| {
            let flat = format!("{}.{:02}", cents / 100, cents % 100);
            json!({"product": format!("p{at}"), "model": {"flat": flat}, "tax": "standard"})
        })
        .collect();
    let lines = (0..prices.len()).map(|at| json!({"product": format!("p{at}")})).collect();
    let list = json!({"code": "l", "currency": "AUD", "prices": prices,
        "tax": {"table": "au-gst", "inclusive": inclusive, "rounding": rounding}});
    (list, lines)
}

#[test]
fn the_published_invoice_differs_by_41_cents() {
    assert_eq!(published_lines().iter().sum::<i64>(), 213_212);
    assert!(published_lines()[..80].iter().all(|it| it % 10 == 5));
    for (rounding, tax) in [("per-total", 21_321), ("per-line", 21_362)] {
        let (list, lines) = invoice(rounding, false);
        let book = book(vec![list]);
        let priced = quote(&book, &lines);
        assert_eq!((priced.net, priced.tax), (213_212, tax), "{rounding}");
        assert_eq!(priced.total, priced.net + priced.tax);
        let own: Option<i64> = priced.lines.iter().map(pricing::rules::quote::Line::own_tax).sum();
        assert_eq!(own, (rounding == "per-line").then_some(tax));
    }
}

#[test]
fn a_price_that_holds_its_tax_keeps_its_total() {
    for rounding in ["per-total", "per-line"] {
        let (list, lines) = invoice(rounding, true);
        let book = book(vec![list]);
        let priced = quote(&book, &lines);
        assert_eq!((priced.total, priced.net + priced.tax), (213_212, 213_212), "{rounding}");
        // 213,212 / 11 is 19,382.9; every line of 26.05 holds 2.368.
        assert_eq!(priced.tax == 19_383, rounding == "per-total");
    }
}

#[test]
fn each_rate_is_summed_and_rounded_for_itself() {
    let taxed = |code: &str, inclusive: bool, rounding: &str, products: &[(&str, &str)]| {
        let prices: Vec<Value> = products
            .iter()
            .map(|(product, tax)| {
                json!({"product": product, "model": {"per-unit": "1.05"},
                "tax": tax})
            })
            .collect();
        json!({"code": code, "currency": "AUD", "prices": prices,
            "tax": {"table": "au-gst", "inclusive": inclusive, "rounding": rounding}})
    };
    let plain = json!({"code": "plain", "currency": "AUD",
        "prices": [{"product": "fee", "model": {"flat": "3"}}]});
    let book = book(vec![
        taxed("a", false, "per-total", &[("tea", "standard"), ("milk", "free")]),
        taxed("b", true, "per-line", &[("cup", "standard")]),
        plain,
    ]);
    let line = |product: &str, quantity: &str| json!({"product": product, "quantity": quantity});
    let lines = json!([line("tea", "1"), line("milk", "2"), line("cup", "1"), line("tea", "1"),
        {"product": "fee"}, line("cup", "1")]);
    let priced = quote(&book, &lines);
    let sums: Vec<_> = priced
        .taxes
        .iter()
        .map(|it| (it.treatment.category, it.treatment.inclusive, it.lines, it.tax))
        .collect();
    assert_eq!(
        sums,
        [("standard", false, 210, 21), ("free", false, 210, 0), ("standard", true, 210, 20)]
    );
    assert_eq!((priced.net, priced.tax, priced.total), (910, 41, 951));
}

#[test]
fn a_rate_holds_from_its_day_on() {
    let table: TaxTable = serde_json::from_value(json!({"code": "vat", "rates": [
        {"category": "standard", "from": "2021-01-01", "percent": "19"},
        {"category": "standard", "from": "2020-07-01", "percent": "16"},
        {"category": "standard", "from": "2007-01-01", "percent": "19"},
        {"category": "reduced", "from": "2007-01-01", "percent": "7"},
    ]}))
    .unwrap();
    table.check().unwrap();
    for (category, on, expected) in [
        ("standard", "2006-12-31", None),
        ("standard", "2007-01-01", Some("19")),
        ("standard", "2020-06-30", Some("19")),
        ("standard", "2020-07-01", Some("16")),
        ("standard", "2020-12-31", Some("16")),
        ("standard", "2021-01-01", Some("19")),
        ("reduced", "2020-12-31", Some("7")),
        ("zero", "2020-12-31", None),
    ] {
        let expected = expected.map(|it| Decimal::parse(it).unwrap());
        assert_eq!(table.percent_on(category, date(on)), expected, "{category} {on}");
    }
}

/// A refund in cash is rounded to the nearest five cents, two and a half up: of whole cents, one and
/// two go down, three and four up.
#[test]
fn cash_is_rounded_to_its_smallest_coin() {
    for (cents, step, expected) in [
        (100, 5, 100),
        (101, 5, 100),
        (102, 5, 100),
        (103, 5, 105),
        (104, 5, 105),
        (-103, 5, -105),
        (-102, 5, -100),
        (105, 10, 110),
        (104, 10, 100),
        (150, 100, 200),
        (149, 100, 100),
        (123, 1, 123),
    ] {
        assert_eq!(to_step(cents, step), expected, "{cents} {step}");
    }
    let book = book(vec![json!({"code": "l", "currency": "AUD",
        "prices": [{"product": "p", "model": {"per-unit": "1.03"}}]})]);
    let priced = try_quote(&book, &json!([{"product": "p", "quantity": "1"}]), &[], 5).unwrap();
    assert_eq!((priced.total, priced.payable), (103, 105));
}
