//! Whole pay periods: ten shifts priced together, what a client is charged for them, and what a pack
//! costs to compile.

use std::hint::black_box;
use std::sync::Arc;

use rates::rules::award::AwardVersion;
use rates::rules::calendar::State;
use rates::rules::charge::{ChargeTemplate, HourKind};
use rates::rules::compile::VersionTables;
use rates::rules::quote::{Particulars, Priced};
use rates::rules::reference::Book;
use rates::{ChargeQuote, DefineTemplate, PublishStatutory, Quote};
use shard::EmptyBase;
use values::Money;

use crate::engine::{World, encoded, number};
use crate::harness::Harness;
use crate::reference;

const PRICED: [&str; 3] =
    ["price one ordinary 8-hour shift", "price a retail fortnight", "price a clerical fortnight"];
const COMPILED: [&str; 2] =
    ["compile: read and spell out a pack", "compile: one version of a pack"];
const CHARGED: [&str; 3] = [
    "charge: rate of one hour",
    "shard: charge a retail fortnight",
    "shard: quote a retail fortnight",
];

/// Statutory rates, a share, dollars an hour and a margin: what a labour hire company has.
const TEMPLATE: &str = r#"{"code": "labour-hire", "title": "Labour hire, New South Wales",
    "costs": [
        {"name": "super", "statutory": {"table": "super-guarantee"},
         "of": ["ordinary-time-earnings"]},
        {"name": "workers-compensation", "percent": "5.00", "of": ["gross-wages"]},
        {"name": "payroll-tax", "statutory": {"table": "payroll-tax"},
         "of": ["gross-wages", "super"]},
        {"name": "overhead", "per_hour": "0.85"}],
    "margin": {"markup": "15.00"}}"#;

pub(crate) fn run(harness: &mut Harness) {
    price(harness);
    compile(harness);
    charge(harness);
}

fn price(harness: &mut Harness) {
    if !harness.wants(&PRICED) {
        return;
    }
    let book = reference::book();
    let quotes =
        [reference::eight_hours(), reference::retail_fortnight(), reference::clerical_fortnight()];
    for (name, quote) in PRICED.into_iter().zip(&quotes) {
        let mut priced = Priced::default();
        shown(&book, quote, name);
        harness.time(name, || {
            total(&book, black_box(quote), &mut priced);
            black_box(&priced.lines);
        });
    }
}

/// Prices from the book, its terms looked up, as a core does.
fn total(book: &Book, quote: &Quote, priced: &mut Priced) -> Money {
    let terms = book
        .terms(&quote.award, &quote.classification, quote.employment, quote.pay_period_start)
        .expect("a shipped award and classification");
    let calendar = book.calendar().expect("the shipped calendar is in the book");
    terms
        .price(calendar, quote.state, &quote.shifts[..], &Particulars::default(), priced)
        .expect("legal shifts");
    priced.total
}

/// Holds the quote against what its name promises.
fn shown(book: &Book, quote: &Quote, name: &str) {
    let mut priced = Priced::default();
    total(book, quote, &mut priced);
    let terms = book
        .terms(&quote.award, &quote.classification, quote.employment, quote.pay_period_start)
        .expect("a shipped award and classification");
    let (mut overtime, mut penalties) = (0, 0);
    for line in &priced.lines {
        let rule = priced.rule(&terms, line);
        if rule.is_overtime {
            overtime += 1;
        } else if rule.rule != "ordinary" {
            penalties += 1;
        }
    }
    if quote.shifts.len() == 1 {
        assert_eq!((priced.lines.len(), overtime, penalties), (1, 0, 0), "{name}");
        return;
    }
    assert_eq!(quote.shifts.len(), 10, "{name}");
    assert!(20 <= priced.lines.len(), "{name}: a break makes two lines of a shift");
    assert!(3 <= overtime && 2 <= penalties, "{name}: {overtime} overtime, {penalties} penalties");
}

fn compile(harness: &mut Harness) {
    if !harness.wants(&COMPILED) {
        return;
    }
    let (award, text) = ("MA000004", reference::text("MA000004"));
    harness.time(COMPILED[0], || {
        reference::pack(award, black_box(text)).versions(award).expect("a shipped pack").len()
    });
    let versions = reference::pack(award, text).versions(award).expect("a shipped pack");
    let version: &AwardVersion = versions.last().expect("a pack has versions");
    harness.time(COMPILED[1], || {
        VersionTables::compile(black_box(version)).expect("a shipped version")
    });
}

fn charge(harness: &mut Harness) {
    if !harness.wants(&CHARGED) {
        return;
    }
    let template: ChargeTemplate = serde_json::from_str(TEMPLATE).expect("a template");
    let tables = reference::statutory();
    let quote = reference::retail_fortnight();
    let find = |code: &str| tables.iter().find(|it| it.code == code);
    let charging = template
        .on(quote.pay_period_start, Some(State::Nsw), find)
        .expect("its tables are shipped");
    let pay = Money::from_cents(3_319);
    harness
        .time(CHARGED[0], || charging.hour(black_box(pay), HourKind::Ordinary).map(|it| it.rate));

    let mut world = World::new(Arc::new(EmptyBase));
    for table in &tables {
        world.command(&PublishStatutory { table: table.clone() });
    }
    world.command(&DefineTemplate { template: template.clone() });
    let priced = encoded(&quote);
    harness.time(CHARGED[2], || world.query(number::<Quote>(), black_box(&priced)));
    let request = ChargeQuote {
        template: template.code.clone(),
        version: Some(1),
        quote,
        as_known_at_us: None,
    };
    let charged = encoded(&request);
    harness.time(CHARGED[1], || world.query(number::<ChargeQuote>(), black_box(&charged)));
}
