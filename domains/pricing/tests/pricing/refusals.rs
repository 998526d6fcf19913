//! Every refusal of a quote, by name, field and words, at its bounds.

use fixture::Core;
use serde_json::{Value, json};

use crate::start::{BATCH, LIST, PRICE, PUBLISH, QUOTE, RETIRE, T, TAXES, empty, gst, list, quote};

/// A core with one product of each kind.
fn shop() -> Core {
    let mut core = empty();
    core.call(T, TAXES, &gst()).unwrap();
    core.call(
        T,
        PUBLISH,
        &json!({"list": {"code": "base", "currency": "AUD", "valid_from": "2026-01-01",
        "valid_until": "2026-12-31", "prices": [
            {"product": "tea", "model": {"per-unit": "4.50"}},
            {"product": "cloth", "places": 2, "model": {"per-unit": "4.50"}},
            {"product": "gold", "model": {"per-unit": "1000000000"}},
            {"product": "card", "model": {"percentage": {"percent": "1.5"}}},
            {"product": "crew", "model": {"day-rate": {"day": "100", "hours": "8.00"}}},
            {"product": "visit", "model": {"flat": "30"}},
            {"product": "many", "model": {"graduated": (1..64)
                .map(|at| json!({"up_to": at.to_string(), "unit_price": "1"}))
                .chain([json!({"unit_price": "1"})])
                .collect::<Vec<_>>()}},
        ],
        "adjustments": [
            {"name": "club", "percent": "5", "on_request": true},
            {"name": "always", "percent": "5", "products": ["tea"]},
            {"name": "gild", "kind": "loading", "percent": "1000", "products": ["gold"],
                "on_request": true},
        ]}}),
    )
    .unwrap();
    core.call(
        T,
        PUBLISH,
        &json!({"list": {"code": "private", "currency": "AUD", "customer": "c9",
            "prices": [{"product": "secret", "model": {"flat": "1"}}]}}),
    )
    .unwrap();
    core
}

fn lines(line: &Value) -> Value {
    json!({"lines": [line]})
}

/// Changes to a quote of tea, and what is refused then: name, field and the start of the detail.
#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn a_quote_is_refused_by_name_and_field() {
    let mut core = shop();
    let long = "x".repeat(65);
    let line =
        |product: &str, quantity: &str| lines(&json!({"product": product, "quantity": quantity}));
    let card = |amounts: Value| lines(&json!({"product": "card", "amounts": amounts}));
    let rows = [
        (
            line("coffee", "1"),
            "ProductUnknown",
            "lines[0].product",
            "lines[0].product is coffee, which no price list has",
        ),
        (
            json!({"currency": "NZD"}),
            "CurrencyMismatch",
            "lines[0].product",
            "lines[0].product is tea, which is priced in AUD and not in NZD",
        ),
        (
            json!({"date": "2025-12-31"}),
            "NoPrice",
            "lines[0].product",
            "lines[0].product is tea, which has no price on 2025-12-31 for this buyer: list base \
             applies from 2026-01-01",
        ),
        (
            json!({"date": "2027-01-01"}),
            "NoPrice",
            "lines[0].product",
            "lines[0].product is tea, which has no price on 2027-01-01 for this buyer: list base \
             applied until 2026-12-31",
        ),
        (
            line("secret", "1"),
            "NoPrice",
            "lines[0].product",
            "lines[0].product is secret, which has no price on 2026-07-07 for this buyer: list \
             private is for other buyers",
        ),
        (line("tea", "-1"), "Negative", "lines[0].quantity", "lines[0].quantity is -1, below zero"),
        (
            line("tea", "1.5"),
            "Fractional",
            "lines[0].quantity",
            "lines[0].quantity is 1.5, tea is sold with 0 digits after the point",
        ),
        (
            line("cloth", "1.255"),
            "Fractional",
            "lines[0].quantity",
            "lines[0].quantity is 1.255, cloth is sold with 2 digits after the point",
        ),
        (
            line("tea", "1000000001"),
            "TooMuch",
            "lines[0].quantity",
            "lines[0].quantity is 1000000001, at most 1000000000 is allowed",
        ),
        (
            lines(&json!({"product": "tea", "quantity": "1", "prior": "1000000000"})),
            "TooMuch",
            "lines[0].quantity",
            "lines[0].quantity is 1000000001",
        ),
        (
            lines(&json!({"product": "tea", "quantity": "1", "prior": "-1"})),
            "Negative",
            "lines[0].prior",
            "lines[0].prior is -1",
        ),
        (
            lines(&json!({"product": "tea", "quantity": "1", "prior": "0.5"})),
            "Fractional",
            "lines[0].prior",
            "",
        ),
        (
            line("gold", "10001"),
            "TooMuch",
            "lines[0].quantity",
            "lines[0].quantity comes to more than 1000000000000000 minor units",
        ),
        (
            lines(&json!({"product": "tea"})),
            "LineInvalid",
            "lines[0].quantity",
            "lines[0].quantity is missing, a per-unit price needs it",
        ),
        (
            lines(&json!({"product": "tea", "quantity": "1", "amounts": ["1"]})),
            "LineInvalid",
            "lines[0].amounts",
            "lines[0].amounts is not used by a per-unit price",
        ),
        (
            lines(&json!({"product": "tea", "quantity": "1", "days": [{"hours": "1.00"}]})),
            "LineInvalid",
            "lines[0].days",
            "lines[0].days is not used by a per-unit price",
        ),
        (
            lines(&json!({"product": "tea", "quantity": "1", "prior_events": 1})),
            "LineInvalid",
            "lines[0].prior_events",
            "",
        ),
        (
            lines(&json!({"product": "tea", "quantity": "1", "prior_amount": "1"})),
            "LineInvalid",
            "lines[0].prior_amount",
            "",
        ),
        (
            lines(&json!({"product": "card"})),
            "LineInvalid",
            "lines[0].amounts",
            "lines[0].amounts is missing, a percentage price needs it",
        ),
        (
            lines(&json!({"product": "card", "amounts": ["1"], "prior": "1"})),
            "LineInvalid",
            "lines[0].prior",
            "lines[0].prior is not used by a percentage price",
        ),
        (
            card(json!(["1", "-0.01"])),
            "Negative",
            "lines[0].amounts[1]",
            "lines[0].amounts[1] is -0.01, below zero",
        ),
        (
            card(json!(["0.001"])),
            "Fractional",
            "lines[0].amounts[0]",
            "lines[0].amounts[0] is 0.001, more digits after the point than AUD has",
        ),
        (card(json!(["1000000000.01"])), "TooMuch", "lines[0].amounts[0]", ""),
        (
            card(json!(vec!["1"; 1_025])),
            "TooMany",
            "lines[0].amounts",
            "lines[0].amounts has 1025, at most 1024 are allowed",
        ),
        (
            lines(&json!({"product": "card", "amounts": ["1"], "prior_amount": "-1"})),
            "Negative",
            "lines[0].prior_amount",
            "",
        ),
        (lines(&json!({"product": "crew"})), "LineInvalid", "lines[0].days", ""),
        (
            lines(&json!({"product": "crew", "days": [{"hours": "9.00"}]})),
            "TooMuch",
            "lines[0].days[0].hours",
            "lines[0].days[0].hours is 9.00, days of crew end after 8.00",
        ),
        (json!({"lines": []}), "Empty", "lines", "lines is empty, expected at least one"),
        (
            json!({"lines": vec![json!({"product": "tea", "quantity": "1"}); 513]}),
            "TooMany",
            "lines",
            "lines has 513, at most 512 are allowed",
        ),
        (
            json!({"lines": vec![json!({"product": "many", "quantity": "64"}); 512],
            "adjustments": ["club"]}),
            "TooMany",
            "lines",
            "lines come to more than 32768 steps and adjustments; ask for fewer at a time",
        ),
        (
            json!({"adjustments": vec!["club"; 33]}),
            "TooMany",
            "adjustments",
            "adjustments has 33, at most 32 are allowed",
        ),
        (
            json!({"adjustments": ["club", "clubs"]}),
            "AdjustmentUnknown",
            "adjustments[1]",
            "adjustments[1] is clubs, which no list of this quote offers on request",
        ),
        // One that is always taken is not to be asked for.
        (json!({"adjustments": ["always"]}), "AdjustmentUnknown", "adjustments[0]", ""),
        (
            json!({"cash_step": 0}),
            "CashStepInvalid",
            "cash_step",
            "cash_step is 0, expected 1 to 10000",
        ),
        (json!({"cash_step": 10_001}), "CashStepInvalid", "cash_step", ""),
        (json!({"customer": ""}), "TextInvalid", "customer", "customer is empty"),
        (json!({"group": long}), "TextInvalid", "group", "group is longer than 64 bytes"),
        (
            json!({"channel": "a\u{0}b"}),
            "TextInvalid",
            "channel",
            "channel has a control character",
        ),
        (json!({"country": "a\nb"}), "TextInvalid", "country", ""),
    ];
    for (changes, name, field, detail) in &rows {
        let mut asked = quote("tea", "1");
        asked.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let found = core.refusal(T, QUOTE, &asked);
        assert_eq!((found.0.as_str(), found.1.as_str()), (*name, *field), "{changes}");
        assert!(found.2.starts_with(detail), "{}", found.2);
    }
    assert_eq!(core.events.len(), 3);
}

#[test]
fn a_loading_that_passes_the_limit_is_refused() {
    let mut core = shop();
    let mut asked = quote("gold", "10000");
    assert_eq!(core.call(T, QUOTE, &asked).unwrap()["total"], "10000000000000.00");
    asked["adjustments"] = json!(["gild"]);
    let (name, field, _) = core.refusal(T, QUOTE, &asked);
    assert_eq!((name.as_str(), field.as_str()), ("TooMuch", "lines[0].product"));
}

#[test]
fn what_is_at_its_bound_is_taken() {
    let mut core = shop();
    for changes in [
        lines(&json!({"product": "tea", "quantity": "1000000000"})),
        lines(&json!({"product": "tea", "quantity": "0"})),
        lines(&json!({"product": "tea", "quantity": "1", "prior": "999999999"})),
        lines(&json!({"product": "cloth", "quantity": "0.01"})),
        lines(&json!({"product": "visit"})),
        lines(&json!({"product": "visit", "quantity": "3"})),
        lines(&json!({"product": "card", "amounts": vec!["1000000000"; 1_024]})),
        json!({"lines": vec![json!({"product": "many", "quantity": "64"}); 512]}),
        json!({"adjustments": vec!["club"; 32]}),
        json!({"cash_step": 10_000}),
        json!({"date": "2026-01-01"}),
        json!({"date": "2026-12-31"}),
        json!({"customer": "x".repeat(64)}),
    ] {
        let mut asked = quote("tea", "1");
        asked.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let answer = core.call(T, QUOTE, &asked);
        assert!(answer.is_ok(), "{changes}: {answer:?}");
    }
}

#[test]
fn a_batch_is_refused_whole_and_names_the_quote() {
    let mut core = shop();
    let good = quote("tea", "1");
    let of = |quotes: Value| json!({ "quotes": quotes });
    let wide = {
        let mut wide = good.clone();
        wide["lines"] = json!(vec![json!({"product": "tea", "quantity": "1"}); 512]);
        wide
    };
    let deep = {
        let mut deep = good.clone();
        deep["lines"] = json!(vec![json!({"product": "many", "quantity": "64"}); 256]);
        deep
    };
    for (request, name, field) in [
        (of(json!([])), "Empty", "quotes"),
        (of(json!(vec![good.clone(); 1_025])), "TooMany", "quotes"),
        (of(json!(vec![wide; 9])), "TooMany", "quotes"),
        (of(json!(vec![deep; 3])), "TooMany", "quotes"),
        (of(json!([good, quote("coffee", "1")])), "ProductUnknown", "quotes[1].lines[0].product"),
        (of(json!([good, quote("tea", "-1")])), "Negative", "quotes[1].lines[0].quantity"),
    ] {
        let found = core.refusal(T, BATCH, &request);
        assert_eq!((found.0.as_str(), found.1.as_str()), (name, field));
    }
}

#[test]
fn what_is_not_there_is_missing() {
    let mut core = shop();
    let long = "x".repeat(99);
    for (code, request, name, field) in [
        (LIST, json!({"code": "none"}), "ListUnknown", "code"),
        (LIST, json!({"code": "base"}), "ListUnknown", "code"),
        (LIST, json!({"code": "base", "valid_from": "2026-01-02"}), "ListUnknown", "valid_from"),
        (RETIRE, json!({"code": "none", "last_day": "2026-01-01"}), "ListUnknown", "code"),
        (RETIRE, json!({"code": long, "last_day": "2026-01-01"}), "ListUnknown", "code"),
        (
            RETIRE,
            json!({"code": "base", "valid_from": "2026-01-02", "last_day": "2026-01-01"}),
            "ListUnknown",
            "valid_from",
        ),
        (
            PRICE,
            json!({"product": "coffee", "currency": "AUD", "date": "2026-07-07"}),
            "ProductUnknown",
            "product",
        ),
        (
            PRICE,
            json!({"product": "tea", "currency": "USD", "date": "2026-07-07"}),
            "CurrencyMismatch",
            "product",
        ),
        (
            PRICE,
            json!({"product": "tea", "currency": "AUD", "date": "2026-07-07", "group": ""}),
            "TextInvalid",
            "group",
        ),
        (
            PRICE,
            json!({"product": "secret", "currency": "AUD", "date": "2026-07-07"}),
            "NoPrice",
            "product",
        ),
    ] {
        let found = core.refusal(T, code, &request);
        assert_eq!((found.0.as_str(), found.1.as_str()), (name, field), "{request}");
    }
}

#[test]
fn tax_that_cannot_be_known_is_refused() {
    let mut core = empty();
    let mut taxed = list("taxed");
    taxed["list"]["tax"] = json!({"table": "au-gst", "inclusive": false});
    taxed["list"]["prices"][0]["tax"] = json!("standard");
    let found = core.refusal(T, PUBLISH, &taxed);
    assert_eq!((found.0.as_str(), found.1.as_str()), ("TaxUnknown", "list.tax.table"));
    core.call(T, TAXES, &gst()).unwrap();
    taxed["list"]["prices"][0]["tax"] = json!("luxury");
    let found = core.refusal(T, PUBLISH, &taxed);
    assert_eq!((found.0.as_str(), found.1.as_str()), ("NoTaxRate", "list.prices[0].tax"));
    taxed["list"]["prices"][0]["tax"] = json!("standard");
    core.call(T, PUBLISH, &taxed).unwrap();
    let mut early = quote("tea", "1");
    early["date"] = json!("2000-06-30");
    let found = core.refusal(T, QUOTE, &early);
    assert_eq!((found.0.as_str(), found.1.as_str()), ("NoTaxRate", "lines[0].product"));
    assert_eq!(
        found.2,
        "lines[0].product is taxed as standard of au-gst, which has no rate on 2000-06-30"
    );
}

#[test]
fn a_tax_table_out_of_range_is_refused() {
    let rate = |category: &str, from: &str, percent: &str| json!({"category": category, "from": from, "percent": percent});
    let one = rate("a", "2020-01-01", "10");
    for (changes, field, detail) in [
        (json!({"code": ""}), "table.code", "table.code is empty"),
        (json!({"code": "x".repeat(33)}), "table.code", "table.code is longer than 32 bytes"),
        (json!({"title": "x".repeat(65)}), "table.title", "table.title is longer than 64 bytes"),
        (json!({"rates": []}), "table.rates", "table.rates has 0, expected 1 to 256"),
        (json!({"rates": vec![one.clone(); 257]}), "table.rates", "table.rates has 257"),
        (json!({"rates": [rate("", "2020-01-01", "10")]}), "table.rates[0].category", ""),
        (
            json!({"rates": [rate("a", "2020-01-01", "100.01")]}),
            "table.rates[0].percent",
            "table.rates[0].percent is 100.01, expected 0 to 100 with at most 6 digits",
        ),
        (json!({"rates": [rate("a", "2020-01-01", "-1")]}), "table.rates[0].percent", ""),
        (json!({"rates": [rate("a", "2020-01-01", "1.0000001")]}), "table.rates[0].percent", ""),
        (
            json!({"rates": [one, rate("a", "2020-01-01", "12")]}),
            "table.rates[1].from",
            "table.rates[1].from is 2020-01-01, category a has a rate of that day",
        ),
    ] {
        let mut core = empty();
        let mut table = gst();
        table["table"].as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let found = core.refusal(T, TAXES, &table);
        assert_eq!((found.0.as_str(), found.1.as_str()), ("TaxesInvalid", field), "{changes}");
        assert!(found.2.starts_with(detail), "{}", found.2);
        assert!(core.memory.rows.is_empty() && core.events.is_empty());
    }
}
