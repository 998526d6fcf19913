//! Every refusal of a price list, by name, field and words, at its bounds.

use serde_json::{Value, json};

use crate::start::{PUBLISH, T, empty, list};

/// Publishes the list with changes: name, field and detail of its refusal.
fn refusal(changes: &Value) -> (String, String, String) {
    let mut core = empty();
    let mut order = list("l");
    order["list"].as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let found = core.refusal(T, PUBLISH, &order);
    assert!(core.memory.rows.is_empty() && core.events.is_empty());
    found
}

fn check(rows: &[(Value, &str, &str, &str)]) {
    for (changes, name, field, detail) in rows {
        let found = refusal(changes);
        assert_eq!((found.0.as_str(), found.1.as_str()), (*name, *field), "{changes}");
        assert!(found.2.starts_with(detail), "{}", found.2);
        assert!(found.2.starts_with(&found.1), "{}", found.2);
    }
}

#[test]
fn a_field_of_the_list_out_of_range_is_named() {
    let (name32, name64) = ("x".repeat(33), "x".repeat(65));
    let one = json!({"product": "tea", "model": {"per-unit": "1"}});
    check(&[
        (json!({"code": ""}), "ListInvalid", "list.code", "list.code is empty"),
        (json!({"code": name32}), "ListInvalid", "list.code", "list.code is longer than 32 bytes"),
        (
            json!({"code": "a\u{0}b"}),
            "ListInvalid",
            "list.code",
            "list.code has a control character",
        ),
        (json!({"title": name64}), "ListInvalid", "list.title", ""),
        (
            json!({"valid_from": "2026-07-02", "valid_until": "2026-07-01"}),
            "ListInvalid",
            "list.valid_until",
            "list.valid_until is 2026-07-01, before valid_from 2026-07-02",
        ),
        (json!({"customer": ""}), "ListInvalid", "list.customer", ""),
        (json!({"group": name64}), "ListInvalid", "list.group", ""),
        (json!({"channel": "\t"}), "ListInvalid", "list.channel", ""),
        (json!({"country": ""}), "ListInvalid", "list.country", ""),
        (
            json!({"priority": 1_000_001}),
            "ListInvalid",
            "list.priority",
            "list.priority is 1000001, expected -1000000 to 1000000",
        ),
        (json!({"priority": i32::MIN}), "ListInvalid", "list.priority", ""),
        (json!({"tax": {"table": "", "inclusive": true}}), "ListInvalid", "list.tax.table", ""),
        (
            json!({"prices": []}),
            "ListInvalid",
            "list.prices",
            "list.prices has 0, expected 1 to 1024",
        ),
        (
            json!({"prices": vec![one.clone(); 1_025]}),
            "ListInvalid",
            "list.prices",
            "list.prices has 1025",
        ),
        (
            json!({"prices": [one, {"product": "cup", "model": {"flat": "1"}}, one]}),
            "ListInvalid",
            "list.prices[2].product",
            "list.prices[2].product is tea, which prices[0] is for already",
        ),
    ]);
}

/// A price of tea with these fields besides a model.
fn price(fields: &Value) -> Value {
    let mut price = json!({"product": "tea", "model": {"per-unit": "1"}});
    price.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({ "prices": [price] })
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn a_field_of_a_price_out_of_range_is_named() {
    let day = json!({"day-rate": {"day": "1", "hours": "8.00"}});
    check(&[
        (price(&json!({"product": ""})), "ListInvalid", "list.prices[0].product", ""),
        (
            price(&json!({"places": 7})),
            "ListInvalid",
            "list.prices[0].places",
            "list.prices[0].places is 7, expected 0 to 6",
        ),
        (
            price(&json!({"free_units": "-1"})),
            "ListInvalid",
            "list.prices[0].free_units",
            "list.prices[0].free_units is -1, expected 0 to 1000000000",
        ),
        (
            price(&json!({"free_units": "0.5"})),
            "ListInvalid",
            "list.prices[0].free_units",
            "list.prices[0].free_units is 0.5, expected at most 0 digits after the point",
        ),
        (
            price(&json!({"minimum_units": "1000000001"})),
            "ListInvalid",
            "list.prices[0].minimum_units",
            "",
        ),
        (
            price(&json!({"model": day, "free_units": "1"})),
            "ListInvalid",
            "list.prices[0].free_units",
            "list.prices[0].free_units is not used by a day-rate price",
        ),
        (
            price(&json!({"model": day, "minimum_units": "1"})),
            "ListInvalid",
            "list.prices[0].minimum_units",
            "",
        ),
        (price(&json!({"model": day, "places": 1})), "ListInvalid", "list.prices[0].places", ""),
        (
            price(&json!({"fee": "1000000000.01"})),
            "ListInvalid",
            "list.prices[0].fee",
            "list.prices[0].fee is 1000000000.01, expected -1000000000 to 1000000000",
        ),
        (
            price(&json!({"minimum": "2", "maximum": "1"})),
            "ListInvalid",
            "list.prices[0].maximum",
            "list.prices[0].maximum is 1, below the minimum of 2",
        ),
        (
            price(&json!({"tax": "standard"})),
            "ListInvalid",
            "list.prices[0].tax",
            "list.prices[0].tax is set, but the list is not taxed",
        ),
        (
            json!({"tax": {"table": "t", "inclusive": true}}),
            "ListInvalid",
            "list.prices[0].tax",
            "list.prices[0].tax is missing, the list is taxed by t",
        ),
        (
            price(&json!({"model": {"per-unit": "-1000000000.000000000001"}})),
            "ListInvalid",
            "list.prices[0].model.per-unit",
            "",
        ),
        (
            price(&json!({"model": {"package": {"size": "0", "price": "1"}}})),
            "ListInvalid",
            "list.prices[0].model.package.size",
            "list.prices[0].model.package.size is 0, expected at least 0.01",
        ),
        (
            price(&json!({"model": {"package": {"size": "1", "price": "2000000000"}}})),
            "ListInvalid",
            "list.prices[0].model.package.price",
            "",
        ),
        (
            price(&json!({"model": {"percentage": {"percent": "1000.1"}}})),
            "ListInvalid",
            "list.prices[0].model.percentage.percent",
            "list.prices[0].model.percentage.percent is 1000.1, expected -1000 to 1000",
        ),
        (
            price(&json!({"model": {"percentage": {"percent": "1.0000001"}}})),
            "ListInvalid",
            "list.prices[0].model.percentage.percent",
            "",
        ),
        (
            price(&json!({"model": {"percentage": {"percent": "1", "free_amount": "0.001"}}})),
            "ListInvalid",
            "list.prices[0].model.percentage.free_amount",
            "list.prices[0].model.percentage.free_amount is 0.001, more digits after the point",
        ),
        (
            price(&json!({"model": {"percentage": {"percent": "1", "event_minimum": "2",
            "event_maximum": "1"}}})),
            "ListInvalid",
            "list.prices[0].model.percentage.event_maximum",
            "",
        ),
    ]);
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn tiers_that_do_not_join_are_named() {
    let tiers = |tiers: Value| price(&json!({"model": {"graduated": tiers}}));
    let fine = |tiers: Value| price(&json!({"places": 2, "model": {"volume": tiers}}));
    let many: Vec<Value> = (1..=64).map(|at| json!({"up_to": at.to_string()})).collect();
    let many = [many, vec![json!({})]].concat();
    check(&[
        (
            tiers(json!([{"up_to": "10"}, {"from": "10"}])),
            "TiersOverlap",
            "list.prices[0].model.graduated[1].from",
            "list.prices[0].model.graduated[1].from is 10, the tier before goes up to 10: they \
             overlap",
        ),
        (
            tiers(json!([{"up_to": "10"}, {"from": "5", "up_to": "20"}, {}])),
            "TiersOverlap",
            "list.prices[0].model.graduated[1].from",
            "",
        ),
        (
            tiers(json!([{"up_to": "10"}, {"from": "12"}])),
            "TiersGap",
            "list.prices[0].model.graduated[1].from",
            "list.prices[0].model.graduated[1].from is 12, expected 11: quantities between have no \
             price",
        ),
        (tiers(json!([{"from": "2"}])), "TiersGap", "list.prices[0].model.graduated[0].from", ""),
        (
            fine(json!([{"up_to": "10"}, {"from": "11"}])),
            "TiersGap",
            "list.prices[0].model.volume[1].from",
            "list.prices[0].model.volume[1].from is 11, expected 10.01",
        ),
        (
            tiers(json!([{"up_to": "10"}, {"up_to": "10"}, {}])),
            "BoundsUnsorted",
            "list.prices[0].model.graduated[1].up_to",
            "list.prices[0].model.graduated[1].up_to is 10, expected more than 10",
        ),
        (
            tiers(json!([{"up_to": "10"}, {"up_to": "5"}, {}])),
            "BoundsUnsorted",
            "list.prices[0].model.graduated[1].up_to",
            "",
        ),
        (
            tiers(json!([{"up_to": "0"}, {}])),
            "BoundsUnsorted",
            "list.prices[0].model.graduated[0].up_to",
            "",
        ),
        (
            tiers(json!([{"up_to": "-1"}, {}])),
            "ListInvalid",
            "list.prices[0].model.graduated[0].up_to",
            "",
        ),
        (
            tiers(json!([{"up_to": "1.5"}, {}])),
            "ListInvalid",
            "list.prices[0].model.graduated[0].up_to",
            "list.prices[0].model.graduated[0].up_to is 1.5, expected at most 0 digits",
        ),
        (
            tiers(json!([{"up_to": "10"}])),
            "ListInvalid",
            "list.prices[0].model.graduated[0].up_to",
            "list.prices[0].model.graduated[0].up_to is set, but the last tier has no bound",
        ),
        (
            tiers(json!([{}, {}])),
            "ListInvalid",
            "list.prices[0].model.graduated[0].up_to",
            "list.prices[0].model.graduated[0].up_to is missing, only the last tier has no bound",
        ),
        (
            tiers(json!([])),
            "ListInvalid",
            "list.prices[0].model.graduated",
            "list.prices[0].model.graduated has 0, expected 1 to 64",
        ),
        (tiers(json!(many)), "ListInvalid", "list.prices[0].model.graduated", ""),
        (
            tiers(json!([{"unit_price": "1000000001"}])),
            "ListInvalid",
            "list.prices[0].model.graduated[0].unit_price",
            "",
        ),
        (
            tiers(json!([{"flat": "-1000000001"}])),
            "ListInvalid",
            "list.prices[0].model.graduated[0].flat",
            "",
        ),
        (
            price(&json!({"model": {"stairstep": [{"unit_price": "1"}]}})),
            "ListInvalid",
            "list.prices[0].model.stairstep[0].unit_price",
            "list.prices[0].model.stairstep[0].unit_price is not used by a stairstep price",
        ),
    ]);
    // What joins is taken, whether its tiers say where they begin or not.
    for first in ["0", "1"] {
        let joined = tiers(json!([{"from": first, "up_to": "10"}, {"from": "11", "up_to": "12"},
            {}]));
        let mut order = list("l");
        order["list"]["prices"] = joined["prices"].clone();
        assert!(empty().call(T, PUBLISH, &order).is_ok(), "{first}");
    }
}

#[test]
fn a_day_rate_that_contradicts_itself_is_named() {
    let rate = |fields: Value| {
        let mut rate = json!({"day": "100", "hours": "8.00"});
        rate.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        price(&json!({"model": {"day-rate": rate}}))
    };
    let at = |field: &str| format!("list.prices[0].model.day-rate.{field}");
    let part = |up_to: &str, percent: &str| json!({"up_to": up_to, "percent": percent});
    let over = |after: &str| json!({"after": after, "per_hour": "20"});
    let notice = |within: u32| json!({"within_hours": within, "percent": "50"});
    let rows = [
        (json!({"day": "1000000001"}), "ListInvalid", "day"),
        (json!({"hours": "0.00"}), "ListInvalid", "hours"),
        (json!({"hours": "24.25"}), "ListInvalid", "hours"),
        (
            json!({"part_days": [part("4.00", "50"), part("4.00", "60")]}),
            "BoundsUnsorted",
            "part_days[1].up_to",
        ),
        (json!({"part_days": [part("0.00", "50")]}), "BoundsUnsorted", "part_days[0].up_to"),
        (json!({"part_days": [part("8.00", "50")]}), "ListInvalid", "part_days[0].up_to"),
        (json!({"part_days": [part("4.00", "-1")]}), "ListInvalid", "part_days[0].percent"),
        (json!({"overtime": [over("9.00")]}), "ListInvalid", "overtime[0].after"),
        (json!({"overtime": [over("8.00"), over("8.00")]}), "BoundsUnsorted", "overtime[1].after"),
        (json!({"overtime": [over("8.00"), over("24.25")]}), "ListInvalid", "overtime[1].after"),
        (json!({"overtime": [{"after": "8.00"}]}), "ListInvalid", "overtime[0]"),
        (
            json!({"overtime": [{"after": "8.00", "percent": "1", "per_hour": "1"}]}),
            "ListInvalid",
            "overtime[0]",
        ),
        (
            json!({"overtime": [{"after": "8.00", "percent": "1001"}]}),
            "ListInvalid",
            "overtime[0].percent",
        ),
        (json!({"overtime_unit_minutes": 0}), "ListInvalid", "overtime_unit_minutes"),
        (json!({"overtime_unit_minutes": 61}), "ListInvalid", "overtime_unit_minutes"),
        (json!({"week": {"days": 1, "multiple": "1"}}), "ListInvalid", "week.days"),
        (json!({"week": {"days": 32, "multiple": "1"}}), "ListInvalid", "week.days"),
        (json!({"week": {"days": 5, "multiple": "31.01"}}), "ListInvalid", "week.multiple"),
        (json!({"week": {"days": 5, "multiple": "4.00001"}}), "ListInvalid", "week.multiple"),
        (
            json!({"cancellation": [notice(24), notice(24)]}),
            "BoundsUnsorted",
            "cancellation[1].within_hours",
        ),
        (json!({"cancellation": [notice(0)]}), "BoundsUnsorted", "cancellation[0].within_hours"),
        (json!({"cancellation": [notice(9_000)]}), "ListInvalid", "cancellation[0].within_hours"),
    ];
    for (fields, name, field) in rows {
        let found = refusal(&rate(fields.clone()));
        assert_eq!((found.0.as_str(), found.1), (name, at(field)), "{fields}: {}", found.2);
    }
}

#[test]
fn an_adjustment_that_contradicts_itself_is_named() {
    let with = |adjustments: Value| json!({ "adjustments": adjustments });
    let percent = json!({"name": "a", "percent": "5"});
    let many: Vec<Value> =
        (0..65).map(|at| json!({"name": at.to_string(), "percent": "1"})).collect();
    check(&[
        (
            with(json!(many)),
            "ListInvalid",
            "list.adjustments",
            "list.adjustments has 65, expected 0 to 64",
        ),
        (
            with(json!([percent, percent])),
            "ListInvalid",
            "list.adjustments[1].name",
            "list.adjustments[1].name is a, another adjustment has that name",
        ),
        (
            with(json!([{"name": "", "percent": "5"}])),
            "ListInvalid",
            "list.adjustments[0].name",
            "",
        ),
        (
            with(json!([{"name": "a"}])),
            "ListInvalid",
            "list.adjustments[0]",
            "list.adjustments[0] needs either percent or amount",
        ),
        (
            with(json!([{"name": "a", "percent": "5", "amount": "5"}])),
            "ListInvalid",
            "list.adjustments[0]",
            "",
        ),
        (
            with(json!([{"name": "a", "percent": "-5"}])),
            "ListInvalid",
            "list.adjustments[0].percent",
            "",
        ),
        (
            with(json!([{"name": "a", "amount": "-5"}])),
            "ListInvalid",
            "list.adjustments[0].amount",
            "list.adjustments[0].amount is -5, below zero",
        ),
        (
            with(json!([{"name": "a", "amount": "0.001"}])),
            "ListInvalid",
            "list.adjustments[0].amount",
            "",
        ),
        (
            with(json!([{"name": "a", "percent": "5", "cap": "0.001"}])),
            "ListInvalid",
            "list.adjustments[0].cap",
            "",
        ),
        (
            with(json!([{"name": "a", "percent": "5", "products": ["cup"]}])),
            "ListInvalid",
            "list.adjustments[0].products[0]",
            "list.adjustments[0].products[0] is cup, the list has no price of it",
        ),
        (
            with(json!([{"name": "a", "percent": "5", "products": vec!["tea"; 257]}])),
            "ListInvalid",
            "list.adjustments[0].products",
            "",
        ),
        (
            with(json!([{"name": "a", "percent": "5", "from_quantity": "-1"}])),
            "ListInvalid",
            "list.adjustments[0].from_quantity",
            "",
        ),
    ]);
}

/// What is no number at all does not become a request.
#[test]
fn a_text_that_is_no_number_is_refused_by_the_door() {
    let read = pricing::ENTRY.operation(PUBLISH).unwrap().from_json;
    for (path, value, field) in [
        ("/list/prices/0/model/per-unit", json!("4,50"), "list.prices[0].model.per-unit"),
        ("/list/prices/0/model/per-unit", json!(4.5), "list.prices[0].model.per-unit"),
        ("/list/prices/0/model", json!({"free": "1"}), "list.prices[0].model"),
        ("/list/currency", json!("aud"), "list.currency"),
        ("/list/prices/0/product", json!(7), "list.prices[0].product"),
    ] {
        let mut order = list("l");
        *order.pointer_mut(path).unwrap() = value.clone();
        let error = read(order.to_string().as_bytes(), &mut Vec::new()).unwrap_err();
        assert!(error.field.starts_with(field), "{value}: {error:?}");
    }
}
