//! Laws that hold for every price: more never costs less where the model promises it, the parts of a
//! period come to the whole, steps come to the price, order and batching change nothing, and an
//! independent reckoning unit by unit agrees.

use fixture::Core;
use pricing::rules::decimal::{Decimal, Exact, Quantity};
use pricing::rules::line::AskedLine;
use pricing::rules::list::{Model, Package, PackageRounding, Price, Tier};
use proptest::prelude::*;
use serde_json::{Value, json};
use values::Currency;

use crate::start::{BATCH, PUBLISH, QUOTE, T, TAXES, empty, gst};
use crate::support::{book, quote};

/// Units of 10^-12 with a few digits after the point.
fn amount(most: i64) -> impl Strategy<Value = Decimal> {
    (0..=most, 0..5u32).prop_map(|(number, places)| {
        Decimal::from_units(i128::from(number) * 10_i128.pow(12 - places))
    })
}

/// Up to six tiers of whole units.
fn tiers() -> impl Strategy<Value = Vec<Tier>> {
    prop::collection::vec((1..40i64, amount(9_999), amount(99)), 1..6).prop_map(|parts| {
        let (mut bound, last) = (0, parts.len() - 1);
        let tier = |(at, (width, unit_price, flat)): (usize, (i64, Decimal, Decimal))| {
            bound += width;
            let up_to = (at < last).then(|| Quantity::whole(bound));
            Tier { from: None, up_to, unit_price, flat }
        };
        parts.into_iter().enumerate().map(tier).collect()
    })
}

fn flat_tiers(rising: bool) -> impl Strategy<Value = Vec<Tier>> {
    tiers().prop_map(move |mut tiers| {
        for it in &mut tiers {
            it.unit_price = Decimal::ZERO;
        }
        if rising {
            let mut flats: Vec<Decimal> = tiers.iter().map(|it| it.flat).collect();
            flats.sort_unstable();
            for (it, flat) in tiers.iter_mut().zip(flats) {
                it.flat = flat;
            }
        }
        tiers
    })
}

fn model() -> impl Strategy<Value = Model> {
    prop_oneof![
        amount(9_999).prop_map(Model::PerUnit),
        (1..20i64, amount(9_999), any::<bool>()).prop_map(|(size, price, up)| {
            let rounding = if up { PackageRounding::Up } else { PackageRounding::Down };
            Model::Package(Package { size: Quantity::whole(size), price, rounding })
        }),
        tiers().prop_map(Model::Graduated),
        tiers().prop_map(Model::Volume),
        flat_tiers(true).prop_map(Model::Stairstep),
        flat_tiers(false).prop_map(Model::Stairstep),
        amount(9_999).prop_map(Model::Flat),
    ]
}

fn price() -> impl Strategy<Value = Price> {
    (
        model(),
        0..3i64,
        0..3i64,
        amount(99),
        prop::option::of(amount(999)),
        prop::option::of(amount(9_999)),
    )
        .prop_map(|(model, free, least, fee, minimum, above)| Price {
            product: "p".to_owned(),
            model,
            places: 0,
            free_units: Quantity::whole(free),
            minimum_units: Quantity::whole(least),
            fee,
            minimum,
            maximum: above
                .map(|it| Decimal::from_units(minimum.unwrap_or_default().units() + it.units())),
            tax: None,
        })
}

fn asked(quantity: i64, prior: i64) -> AskedLine {
    let (quantity, prior) = (Quantity::whole(quantity), Quantity::whole(prior));
    let mut line: AskedLine = serde_json::from_value(json!({"product": "p"})).unwrap();
    (line.quantity, line.prior) = (Some(quantity), prior);
    line
}

/// Minor units; the steps must come to them.
fn cents(price: &Price, quantity: i64, prior: i64) -> i64 {
    let mut steps = Vec::new();
    let minor = price.charge(&asked(quantity, prior), Currency::AUD, &mut steps).unwrap();
    let sum = steps.iter().fold(Exact::ZERO, |sum, it| sum.plus(it.amount));
    assert_eq!(sum, Exact::from_minor(minor, Currency::AUD), "{price:?} {quantity} {steps:?}");
    minor
}

/// The same price reckoned one unit at a time, in units of 10^-12.
fn unit_by_unit(price: &Price, quantity: i64) -> i128 {
    let least = price.minimum_units.units() / 1_000_000;
    let free = price.free_units.units() / 1_000_000;
    let units = (quantity.max(least) - free).max(0);
    let tier_of = |tiers: &[Tier], unit: i64| {
        let holds = |it: &Tier| it.up_to.is_none_or(|up_to| Quantity::whole(unit) <= up_to);
        tiers.iter().position(holds).unwrap()
    };
    let mut sum = 0;
    match &price.model {
        Model::PerUnit(one) => (0..units).for_each(|_| sum += one.units()),
        Model::Package(package) => {
            let size = package.size.units() / 1_000_000;
            let mut unit = if package.rounding == PackageRounding::Up { 1 } else { size };
            while unit <= units {
                sum += package.price.units();
                unit += size;
            }
        }
        Model::Graduated(tiers) => {
            for unit in 1..=units {
                sum += tiers[tier_of(tiers, unit)].unit_price.units();
            }
            let reached = &tiers[..=tier_of(tiers, units)];
            sum += reached.iter().map(|it| it.flat.units()).sum::<i128>();
        }
        Model::Volume(tiers) | Model::Stairstep(tiers) => {
            let tier = &tiers[tier_of(tiers, units)];
            (0..units).for_each(|_| sum += tier.unit_price.units());
            sum += tier.flat.units();
        }
        Model::Flat(amount) => sum += amount.units(),
        Model::Percentage(_) | Model::DayRate(_) => panic!("no units"),
    }
    sum += price.fee.units();
    sum = price.minimum.map_or(sum, |it| sum.max(it.units()));
    price.maximum.map_or(sum, |it| sum.min(it.units()))
}

/// Half a cent up, of an amount that is not below zero.
fn to_cents(pico: i128) -> i64 {
    i64::try_from((pico + 5_000_000_000) / 10_000_000_000).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_reckoning_unit_by_unit_agrees(price in price(), quantity in 0..300i64) {
        prop_assert_eq!(cents(&price, quantity, 0), to_cents(unit_by_unit(&price, quantity)));
    }

    #[test]
    fn more_never_costs_less_where_it_is_promised(price in price(), a in 0..300i64, b in 0..300i64) {
        let (less, more) = (a.min(b), a.max(b));
        if price.is_monotone() {
            prop_assert!(cents(&price, less, 0) <= cents(&price, more, 0));
        }
    }

    #[test]
    fn the_parts_of_a_period_come_to_the_whole(
        price in price(),
        parts in prop::collection::vec(1..60i64, 1..6),
    ) {
        let (mut before, mut sum) = (0, 0);
        for part in &parts {
            sum += cents(&price, *part, before);
            before += part;
        }
        prop_assert_eq!(sum, cents(&price, before, 0));
    }

    #[test]
    fn a_line_stays_between_its_least_and_most(price in price(), quantity in 0..300i64) {
        let found = cents(&price, quantity, 0);
        if let Some(least) = price.minimum {
            prop_assert!(to_cents(least.units()) <= found);
        }
        if let Some(most) = price.maximum {
            prop_assert!(found <= to_cents(most.units()));
        }
    }
}

/// A published list of several prices, taxed either way, with a discount and a sale.
fn shop() -> Core {
    let mut core = empty();
    core.call(T, TAXES, &gst()).unwrap();
    for (code, sale, factor) in [("base", false, "0.0005"), ("sale", true, "0.0004")] {
        let list = json!({"list": {"code": code, "currency": "AUD", "sale": sale,
            "priority": i32::from(sale),
            "tax": {"table": "au-gst", "inclusive": false, "rounding": "per-line"},
            "prices": [
                {"product": "tea", "tax": "standard", "places": 2, "model": {"per-unit": "4.555"}},
                {"product": "calls", "tax": "free", "model": {"graduated":
                    [{"up_to": "100", "unit_price": factor}, {"unit_price": "0.0001"}]}},
            ],
            "adjustments": [{"name": "five", "percent": "5", "products": ["tea"]}]}});
        core.call(T, PUBLISH, &list).unwrap();
    }
    core
}

fn lines() -> impl Strategy<Value = Vec<(bool, u32)>> {
    prop::collection::vec((any::<bool>(), 0..100_000u32), 1..8)
}

fn as_quote(lines: &[(bool, u32)]) -> Value {
    let line = |(tea, number): &(bool, u32)| {
        if *tea {
            json!({"product": "tea", "quantity": format!("{}.{:02}", number / 100, number % 100)})
        } else {
            json!({"product": "calls", "quantity": number.to_string()})
        }
    };
    json!({"currency": "AUD", "date": "2026-07-07",
        "lines": lines.iter().map(line).collect::<Vec<_>>()})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_batch_is_its_quotes(quotes in prop::collection::vec(lines(), 1..6)) {
        let mut core = shop();
        let quotes: Vec<Value> = quotes.iter().map(|it| as_quote(it)).collect();
        let batch = core.call(T, BATCH, &json!({"quotes": quotes})).unwrap();
        for (at, quote) in quotes.iter().enumerate() {
            prop_assert_eq!(&core.call(T, QUOTE, quote).unwrap(), &batch["quotes"][at]);
        }
        prop_assert_eq!(batch["quotes"].as_array().unwrap().len(), quotes.len());
    }

    #[test]
    fn the_order_of_lines_changes_no_sum(mut lines in lines()) {
        let mut core = shop();
        let forward = core.call(T, QUOTE, &as_quote(&lines)).unwrap();
        lines.reverse();
        let backward = core.call(T, QUOTE, &as_quote(&lines)).unwrap();
        for sum in ["net", "tax", "total", "payable"] {
            prop_assert_eq!(&forward[sum], &backward[sum], "{}", sum);
        }
        let mut reversed = backward["lines"].as_array().unwrap().clone();
        reversed.reverse();
        prop_assert_eq!(forward["lines"].as_array().unwrap(), &reversed);
    }
}

#[test]
fn discounts_follow_the_order_of_the_list_and_their_caps() {
    let adjusted = |adjustments: Value| {
        let list = json!({"code": "l", "currency": "AUD", "adjustments": adjustments,
            "prices": [{"product": "p", "model": {"per-unit": "100"}},
                {"product": "credit", "model": {"per-unit": "-100"}}]});
        book(vec![list])
    };
    let percent = json!({"name": "ten-percent", "percent": "10"});
    let dollars = json!({"name": "ten-dollars", "amount": "10"});
    let capped = json!({"name": "half", "percent": "50", "cap": "30"});
    let many = json!({"name": "many", "percent": "20", "from_quantity": "3"});
    let loading = json!({"name": "loading", "kind": "loading", "percent": "12.5", "cap": "11"});
    let all = json!({"name": "all", "amount": "1000"});
    let p = |quantity: &str| json!([{"product": "p", "quantity": quantity}]);
    for (adjustments, lines, amount, taken) in [
        (json!([percent, dollars]), p("1"), 8_000, vec![-1_000, -1_000]),
        (json!([dollars, percent]), p("1"), 8_100, vec![-1_000, -900]),
        (json!([capped]), p("1"), 7_000, vec![-3_000]),
        (json!([capped, percent]), p("1"), 6_300, vec![-3_000, -700]),
        (json!([many]), p("2"), 20_000, vec![]),
        (json!([many]), p("3"), 24_000, vec![-6_000]),
        (json!([loading]), p("1"), 11_100, vec![1_100]),
        (json!([all, percent]), p("1"), 0, vec![-10_000]),
        // A credit is left alone, and so is nothing.
        (json!([percent]), json!([{"product": "credit", "quantity": "1"}]), -10_000, vec![]),
        (json!([loading]), p("0"), 0, vec![]),
    ] {
        let book = adjusted(adjustments.clone());
        let priced = quote(&book, &lines);
        let found: Vec<i64> = priced.taken.iter().map(|it| it.minor).collect();
        assert_eq!((priced.total, found), (amount, taken), "{adjustments} {lines}");
    }
    let book = adjusted(json!([capped, all]));
    let capped: Vec<bool> = quote(&book, &p("1")).taken.iter().map(|it| it.capped).collect();
    assert_eq!(capped, [true, true]);
}
