//! Published figures of other engines, to the cent. Where a figure follows from the published rule
//! and is not printed by its publisher, the row says so.

use serde_json::{Value, json};

use crate::support::{charged, price};

struct Oracle {
    name: &'static str,
    price: Value,
    rows: Vec<(Value, &'static str)>,
}

fn units(rows: &[(&str, &'static str)]) -> Vec<(Value, &'static str)> {
    rows.iter().map(|(quantity, expected)| (json!(quantity), *expected)).collect()
}

fn tiers(bounds: &[(Option<&str>, &str, &str)]) -> Value {
    let tier = |(up_to, unit_price, flat): &(Option<&str>, &str, &str)| {
        let mut tier = json!({"unit_price": unit_price, "flat": flat});
        if let Some(up_to) = up_to {
            tier["up_to"] = json!(up_to);
        }
        tier
    };
    bounds.iter().map(tier).collect()
}

#[allow(clippy::too_many_lines, reason = "one table")]
fn oracles() -> Vec<Oracle> {
    let stripe = tiers(&[(Some("5"), "7", "0"), (Some("10"), "6.5", "0"), (None, "6", "0")]);
    let water = [(Some("1000"), "1.50", "0"), (None, "2.00", "0")];
    let zuplo =
        tiers(&[(Some("1000"), "0.10", "0"), (Some("10000"), "0.05", "0"), (None, "0.01", "0")]);
    let mut all = vec![
        Oracle {
            name: "Stripe, volume tiers",
            price: json!({"model": {"volume": stripe}}),
            rows: units(&[
                ("1", "7.00"),
                ("5", "35.00"),
                ("6", "39.00"),
                ("20", "120.00"),
                ("25", "150.00"),
            ]),
        },
        Oracle {
            // 5 is printed; 6, 20 and 25 follow from the rule.
            name: "Stripe, graduated tiers",
            price: json!({"model": {"graduated": stripe}}),
            rows: units(&[("5", "35.00"), ("6", "41.50"), ("20", "127.50"), ("25", "157.50")]),
        },
        Oracle {
            name: "Stripe, $10 for each 5 users, rounded up",
            price: json!({"model": {"package": {"size": "5", "price": "10"}}}),
            rows: units(&[("1", "10.00"), ("5", "10.00"), ("6", "20.00"), ("7", "20.00")]),
        },
        Oracle {
            name: "Stripe, 150 minutes at $10 an hour, rounded up",
            price: json!({"model": {"package": {"size": "60", "price": "10"}}}),
            rows: units(&[("150", "30.00")]),
        },
        Oracle {
            // By the rule: the other direction of the same transformation.
            name: "Stripe, $10 for each 5 users, rounded down",
            price: json!({"model": {"package": {"size": "5", "price": "10", "rounding": "down"}}}),
            rows: units(&[("1", "0.00"), ("5", "10.00"), ("9", "10.00"), ("10", "20.00")]),
        },
        Oracle {
            name: "Lago, package of 100 at $5, the first 100 free",
            price: json!({"free_units": "100",
                "model": {"package": {"size": "100", "price": "5"}}}),
            rows: units(&[("201", "10.00"), ("100", "0.00"), ("101", "5.00"), ("0", "0.00")]),
        },
        Oracle {
            name: "Lago, volume and $10",
            price: json!({"fee": "10", "model": {"volume": tiers(&[
                (Some("10000"), "0.0010", "0"),
                (Some("50000"), "0.0008", "0"),
                (Some("100000"), "0.0006", "0"),
                (None, "0.0004", "0"),
            ])}}),
            rows: units(&[("65000", "49.00")]),
        },
        Oracle {
            // By the rule.
            name: "Lago, graduated",
            price: json!({"model": {"graduated": tiers(&[
                (Some("100"), "1", "0"),
                (Some("200"), "0.50", "0"),
                (None, "0.10", "0"),
            ])}}),
            rows: units(&[("250", "155.00")]),
        },
        Oracle {
            name: "Lago, 1.2 % and $0.10 an event after 3 events or $500",
            price: json!({"model": {"percentage": {"percent": "1.2", "event_fee": "0.10",
                "free_events": 3, "free_amount": "500"}}}),
            rows: vec![
                (json!({"amounts": ["50"], "prior_events": 3, "prior_amount": "400"}), "0.70"),
                (json!({"amounts": ["200", "100", "100"]}), "0.00"),
                (json!({"amounts": ["200", "100", "100", "50"]}), "0.70"),
                // By the rule: the rest of what passes $500 is charged.
                (json!({"amounts": ["200", "400"]}), "1.30"),
                (json!({"amounts": ["500", "0.01"]}), "0.10"),
            ],
        },
        Oracle {
            name: "Kill Bill, water, all tiers",
            price: json!({"fee": "30", "model": {"graduated": tiers(&water)}}),
            rows: units(&[("400", "630.00"), ("1200", "1930.00")]),
        },
        Oracle {
            name: "Kill Bill, water, top tier",
            price: json!({"fee": "30", "model": {"volume": tiers(&water)}}),
            rows: units(&[("400", "630.00"), ("1200", "2430.00")]),
        },
        Oracle {
            name: "Kill Bill, capacity",
            price: json!({"fee": "30", "model": {"stairstep":
                [{"up_to": "1000", "flat": "750"}, {"flat": "500"}]}}),
            rows: units(&[("400", "780.00"), ("1200", "530.00")]),
        },
        Oracle {
            name: "OpenMeter, volume with flat tiers and a cliff",
            price: json!({"model": {"volume": tiers(&[
                (Some("5"), "0", "100"),
                (Some("10"), "0", "150"),
                (Some("15"), "10", "0"),
                (None, "5", "0"),
            ])}}),
            rows: units(&[
                ("0", "100.00"),
                ("3", "100.00"),
                ("5", "100.00"),
                ("14", "140.00"),
                ("15", "150.00"),
                ("16", "80.00"),
                // By the rule: the second flat tier.
                ("6", "150.00"),
                ("10", "150.00"),
                ("11", "110.00"),
            ]),
        },
        Oracle {
            name: "OpenMeter, package of 10 for $15",
            price: json!({"model": {"package": {"size": "10", "price": "15"}}}),
            rows: vec![
                (json!("0"), "0.00"),
                (json!("5"), "15.00"),
                (json!("10"), "15.00"),
                (json!({"quantity": "5", "prior": "17"}), "15.00"),
            ],
        },
        Oracle {
            name: "OpenMeter, least and most spend",
            price: json!({"minimum": "100", "maximum": "300", "model": {"per-unit": "10"}}),
            rows: units(&[
                ("0", "100.00"),
                ("10", "100.00"),
                ("11", "110.00"),
                ("30", "300.00"),
                ("31", "300.00"),
            ]),
        },
        Oracle {
            name: "Autumn, graduated",
            price: json!({"model": {"graduated": tiers(&[
                (Some("1000"), "0.01", "0"),
                (Some("10000"), "0.008", "0"),
                (None, "0.005", "0"),
            ])}}),
            rows: units(&[("15000", "107.00")]),
        },
        Oracle {
            name: "Medusa, quantity bands",
            price: json!({"model": {"volume": [
                {"from": "1", "up_to": "9", "unit_price": "10"},
                {"from": "10", "up_to": "19", "unit_price": "8"},
                {"from": "20", "unit_price": "6"},
            ]}}),
            rows: units(&[
                ("1", "10.00"),
                ("9", "90.00"),
                ("10", "80.00"),
                ("19", "152.00"),
                ("20", "120.00"),
            ]),
        },
    ];
    for (model, expected) in [("graduated", "600.00"), ("volume", "150.00")] {
        all.push(Oracle {
            name: "Zuplo",
            price: json!({"model": {model: zuplo.clone()}}),
            rows: units(&[("15000", expected)]),
        });
    }
    all
}

#[test]
fn published_figures_are_met_to_the_cent() {
    let mut rows = 0;
    for oracle in oracles() {
        let price = price(&oracle.price);
        for (asked, expected) in oracle.rows {
            assert_eq!(charged(&price, &asked).0, expected, "{}: {asked}", oracle.name);
            rows += 1;
        }
    }
    println!("{rows} published figures");
    assert_eq!(rows, 61);
}

/// Edges that every engine of its kind has to decide: each row is one decision.
#[test]
fn the_edges_of_tiers_are_decided() {
    let edges = [
        // Each bound is inside its tier, one step more is not.
        (
            json!({"places": 2, "model": {"graduated":
            [{"up_to": "10", "unit_price": "1"}, {"unit_price": "0.5"}]}}),
            vec![("10", "10.00"), ("10.01", "10.01"), ("10.02", "10.01"), ("12", "11.00")],
        ),
        (
            json!({"places": 2, "model": {"volume":
            [{"up_to": "10", "unit_price": "1"}, {"unit_price": "0.5"}]}}),
            vec![("10", "10.00"), ("10.01", "5.01"), ("0.5", "0.50")],
        ),
        // A tier's flat amount is due as soon as it is reached; the first one's at once.
        (
            json!({"model": {"graduated":
            [{"up_to": "10", "flat": "5"}, {"unit_price": "1", "flat": "7"}]}}),
            vec![("0", "5.00"), ("10", "5.00"), ("11", "13.00")],
        ),
        // Free units move the whole scale.
        (
            json!({"free_units": "10", "model": {"graduated":
            [{"up_to": "10", "unit_price": "1"}, {"unit_price": "0.5"}]}}),
            vec![("0", "0.00"), ("10", "0.00"), ("11", "1.00"), ("20", "10.00"), ("21", "10.50")],
        ),
        // Units that are priced at least.
        (
            json!({"minimum_units": "4", "places": 2, "model": {"per-unit": "23.87"}}),
            vec![("0", "95.48"), ("3.99", "95.48"), ("4", "95.48"), ("4.5", "107.42")],
        ),
        // A credit: half a cent goes away from zero on either side of it.
        (
            json!({"places": 1, "model": {"per-unit": "-0.05"}}),
            vec![("0", "0.00"), ("1", "-0.05"), ("0.1", "-0.01"), ("0.3", "-0.02")],
        ),
        (
            json!({"model": {"graduated": [{"up_to": "2", "unit_price": "3", "flat": "-10"},
            {"unit_price": "1"}]}}),
            vec![("0", "-10.00"), ("2", "-4.00"), ("8", "2.00")],
        ),
        // Twelve digits after the point count.
        (json!({"model": {"per-unit": "0.000000000001"}}), vec![("1000000000", "0.00")]),
        (
            json!({"model": {"per-unit": "0.000004999999"}}),
            vec![("1000", "0.00"), ("1001", "0.01")],
        ),
        (json!({"model": {"flat": "99.995"}}), vec![("0", "100.00"), ("7", "100.00")]),
        // The greatest of everything.
        (
            json!({"places": 6, "model": {"per-unit": "999999.999999999999"}}),
            vec![("999999.999999", "999999999999.00")],
        ),
    ];
    for (model, rows) in edges {
        let price = price(&model);
        for (quantity, expected) in rows {
            assert_eq!(charged(&price, &json!(quantity)).0, expected, "{model}: {quantity}");
        }
    }
}

#[test]
fn the_steps_tell_tier_units_and_rounding() {
    let price = price(&json!({"free_units": "1", "places": 1, "fee": "0.004", "model":
        {"graduated": [{"up_to": "5", "unit_price": "7"}, {"unit_price": "6.5", "flat": "1"}]}}));
    let (total, steps) = charged(&price, &json!("8.1"));
    assert_eq!(total, "49.65");
    let steps: Vec<Value> = steps.iter().map(|it| serde_json::to_value(it).unwrap()).collect();
    let step = |kind: &str, tier: u32, units: &str, price: &str, amount: &str| json!({"kind": kind, "tier": tier, "units": units, "price": price, "amount": amount});
    assert_eq!(
        steps,
        [
            step("free", 0, "1", "0", "0"),
            step("tier", 1, "5", "7", "35"),
            step("tier", 2, "2.1", "6.5", "14.65"),
            step("fee", 0, "0", "0", "0.004"),
            step("rounding", 0, "0", "0", "-0.004"),
        ]
    );
}

#[test]
fn amounts_are_held_between_their_least_and_most() {
    let price = price(&json!({"model": {"percentage": {"percent": "1", "event_fee": "0.10",
        "event_minimum": "0.50", "event_maximum": "2"}}}));
    for (amounts, expected) in [
        (json!(["0"]), "0.50"),
        (json!(["40"]), "0.50"),
        (json!(["41"]), "0.51"),
        (json!(["190"]), "2.00"),
        (json!(["191"]), "2.00"),
        (json!(["10", "100", "1000"]), "3.60"),
    ] {
        assert_eq!(charged(&price, &json!({ "amounts": amounts })).0, expected, "{amounts}");
    }
}
