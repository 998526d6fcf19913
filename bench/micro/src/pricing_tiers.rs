//! The arithmetic of product prices: a tiered price chosen and priced in memory, its steps included.

use std::hint::black_box;

use pricing::rules::book::{Book, Circumstances};
use pricing::rules::decimal::{Decimal, Quantity};
use pricing::rules::line::{AskedLine, Step};
use pricing::rules::list::PriceList;
use pricing::rules::quote::{Asked, Books, Priced};
use pricing::rules::tax::TaxTable;
use serde_json::json;
use values::{Currency, Date};

use crate::harness::Harness;

const NAMES: [&str; 4] = [
    "product: price three graduated tiers",
    "product: choose among lists, price three tiers",
    "product: choose among lists, price volume tiers",
    "product: quote a line with discount and tax",
];

/// As many products as a small catalogue has.
const PRODUCTS: usize = 1_000;

/// One list for everybody, one for a group and one for other customers, all with every product.
fn book() -> Book {
    let mut book = Book::default();
    let taxes: TaxTable = serde_json::from_value(json!({"code": "au-gst", "rates": [
        {"category": "standard", "from": "2000-07-01", "percent": "10"}]}))
    .expect("a tax table");
    book.insert_tax(taxes);
    for (code, restriction) in [
        ("everybody", json!({})),
        ("group", json!({"group": "trade", "valid_from": "2026-07-01"})),
        ("other", json!({"customer": "c2", "valid_from": "2026-07-01"})),
    ] {
        let tiers = json!([
            {"up_to": "1000", "unit_price": "0.01"},
            {"up_to": "10000", "unit_price": "0.008"},
            {"unit_price": "0.005"},
        ]);
        let prices: Vec<_> = (0..PRODUCTS)
            .map(|at| {
                let model = if at % 2 == 0 { "graduated" } else { "volume" };
                json!({"product": format!("product-{at:04}"), "tax": "standard",
                    "model": {model: tiers}})
            })
            .collect();
        let mut list = json!({"code": code, "currency": "AUD", "prices": prices,
            "tax": {"table": "au-gst", "inclusive": false, "rounding": "per-line"},
            "adjustments": [{"name": "five", "percent": "5"}]});
        let fields = list.as_object_mut().expect("a list is an object");
        fields.extend(restriction.as_object().expect("an object").clone());
        let list: PriceList = serde_json::from_value(list).expect("a price list");
        list.check().expect("it can be followed");
        book.insert(list);
    }
    book
}

fn line(product: &str) -> AskedLine {
    AskedLine {
        product: product.to_owned(),
        quantity: Some(Quantity::whole(15_000)),
        prior: Quantity::ZERO,
        amounts: Vec::new(),
        prior_events: 0,
        prior_amount: Decimal::ZERO,
        days: Vec::new(),
    }
}

pub(crate) fn run(harness: &mut Harness) {
    if !harness.wants(&NAMES) {
        return;
    }
    let book = book();
    let circumstances = Circumstances {
        currency: Currency::AUD,
        date: Date::new(2026, 7, 7).expect("a date"),
        customer: Some("c1"),
        group: Some("trade"),
        channel: Some("web"),
        country: Some("AU"),
    };
    let (graduated, volume) = (line("product-0500"), line("product-0501"));
    let mut steps: Vec<Step> = Vec::new();
    let mut choose = |asked: &AskedLine| {
        steps.clear();
        let found = book.find(&asked.product, &circumstances).expect("it has a price");
        let minor = found.price.charge(asked, Currency::AUD, &mut steps).expect("it is priced");
        (minor, steps.len())
    };
    assert_eq!(choose(&graduated), (10_700, 3), "$10 + $72 + $25");
    assert_eq!(choose(&volume), (7_500, 1));
    harness.time(NAMES[1], || choose(black_box(&graduated)));
    harness.time(NAMES[2], || choose(black_box(&volume)));
    let found = book.find(&graduated.product, &circumstances).expect("it has a price");
    let mut steps: Vec<Step> = Vec::new();
    harness.time(NAMES[0], || {
        steps.clear();
        found.price.charge(black_box(&graduated), Currency::AUD, &mut steps)
    });
    let books = Books { books: [Some(&book), None] };
    let lines = [graduated];
    let mut priced = Priced::default();
    harness.time(NAMES[3], || {
        let asked = Asked { circumstances, lines: black_box(&lines), requested: &[], cash_step: 1 };
        books.quote_into(&asked, &mut priced).expect("it is priced");
        priced.total
    });
}
