//! What the commands leave behind, and what every core then prices with.

use contract::{Failure, Staging, Stored, Tenant};
use fixture::Core;
use pricing::{ENTRY, LISTS_COUNT_MAX, Pricing, Refusal, TAXES_COUNT_MAX, Tally, Whole};
use serde_json::{Value, json};

use crate::start::{
    BATCH, LIST, LISTS, PRICE, PUBLISH, QUOTE, RETIRE, T, TABLES, TAXES, empty, expect_one_slot,
    gst, list, quote,
};

#[test]
fn a_list_is_published_quoted_shown_listed_and_retired() {
    let mut core = empty();
    let published = core.call(T, PUBLISH, &list("base")).unwrap();
    let reply = json!({"code": "base", "valid_from": null, "prices": 1, "changed": true});
    assert_eq!(published, reply);
    let answer = core.call(T, QUOTE, &quote("tea", "3")).unwrap();
    assert_eq!(
        answer,
        json!({
            "currency": "AUD", "date": "2026-07-07",
            "lines": [{
                "product": "tea", "list": "base", "valid_from": null, "model": "per-unit",
                "steps": [{"kind": "units", "tier": 0, "units": "3", "price": "4.5",
                    "amount": "13.5"}],
                "price": "13.50", "adjustments": [], "amount": "13.50", "original": null,
                "tax": null,
            }],
            "taxes": [], "net": "13.50", "tax": "0.00", "total": "13.50", "payable": "13.50",
        })
    );
    let shown = core.call(T, LIST, &json!({"code": "base"})).unwrap();
    assert_eq!(shown["prices"][0]["model"], json!({"per-unit": "4.5"}));
    let retire = json!({"code": "base", "last_day": "2026-07-06"});
    let retired = core.call(T, RETIRE, &retire).unwrap();
    let ends = json!({"code": "base", "valid_from": null, "valid_until": "2026-07-06",
        "changed": true});
    assert_eq!(retired, ends);
    assert_eq!(core.refusal(T, QUOTE, &quote("tea", "3")).0, "NoPrice");
    // The days before stay as they were.
    let mut before = quote("tea", "3");
    before["date"] = json!("2026-07-06");
    assert_eq!(core.call(T, QUOTE, &before).unwrap()["total"], "13.50");
    // Retiring again, or later, changes nothing.
    for last_day in ["2026-07-06", "2026-12-31"] {
        let retire = json!({"code": "base", "last_day": last_day});
        assert_eq!(core.call(T, RETIRE, &retire).unwrap()["changed"], false);
    }
    assert_eq!(core.events.len(), 2);
    let earlier = json!({"code": "base", "last_day": "2020-01-01"});
    assert_eq!(core.call(T, RETIRE, &earlier).unwrap()["changed"], true);
    assert_eq!(core.refusal(T, QUOTE, &before).0, "NoPrice");
}

#[test]
fn a_list_published_again_is_no_event_and_another_one_asks_for_replace() {
    let mut core = empty();
    core.call(T, PUBLISH, &list("base")).unwrap();
    assert_eq!(core.call(T, PUBLISH, &list("base")).unwrap()["changed"], false);
    assert_eq!(core.events.len(), 1);
    let mut other = list("base");
    other["list"]["prices"][0]["model"]["per-unit"] = json!("5");
    let (name, field, detail) = core.refusal(T, PUBLISH, &other);
    assert_eq!((name.as_str(), field.as_str()), ("ListExists", "list.valid_from"));
    assert_eq!(
        detail,
        "list base has another version without a first day; to correct it, set replace"
    );
    other["replace"] = json!(true);
    assert_eq!(core.call(T, PUBLISH, &other).unwrap()["changed"], true);
    assert_eq!(core.call(T, PUBLISH, &other).unwrap()["changed"], false);
    assert_eq!(core.call(T, QUOTE, &quote("tea", "3")).unwrap()["total"], "15.00");
    // A version with a first day is another one.
    let mut dated = list("base");
    dated["list"]["valid_from"] = json!("2026-07-01");
    assert_eq!(core.call(T, PUBLISH, &dated).unwrap()["changed"], true);
    dated["list"]["title"] = json!("corrected");
    let detail = core.refusal(T, PUBLISH, &dated).2;
    assert!(detail.starts_with("list base has another version from 2026-07-01"), "{detail}");
    let lists = core.call(T, LISTS, &json!({})).unwrap();
    let firsts: Vec<&Value> =
        lists["lists"].as_array().unwrap().iter().map(|it| &it["valid_from"]).collect();
    assert_eq!(firsts, [&Value::Null, &json!("2026-07-01")]);
    let on = json!({"on": "2026-06-30"});
    assert_eq!(core.call(T, LISTS, &on).unwrap()["lists"].as_array().unwrap().len(), 1);
}

#[test]
fn taxes_are_published_replaced_and_listed() {
    let mut core = empty();
    assert_eq!(core.call(T, TAXES, &gst()).unwrap(), json!({"code": "au-gst", "changed": true}));
    assert_eq!(core.call(T, TAXES, &gst()).unwrap()["changed"], false);
    let mut raised = gst();
    raised["table"]["rates"][0]["percent"] = json!("12.5");
    let refused = core.refusal(T, TAXES, &raised);
    assert_eq!((refused.0.as_str(), refused.1.as_str()), ("TaxesExist", "table.code"));
    raised["replace"] = json!(true);
    assert_eq!(core.call(T, TAXES, &raised).unwrap()["changed"], true);
    let tables = core.call(T, TABLES, &json!({})).unwrap();
    assert_eq!(tables["tables"], json!([raised["table"]]));
}

#[test]
fn tax_sale_and_adjustments_stand_in_the_answer() {
    let mut core = empty();
    core.call(T, TAXES, &gst()).unwrap();
    let sold = |code: &str, sale: bool, price: &str| {
        json!({"list": {"code": code, "currency": "AUD", "sale": sale, "priority": i32::from(sale),
            "tax": {"table": "au-gst", "inclusive": true, "rounding": "per-line"},
            "prices": [{"product": "tea", "tax": "standard", "model": {"per-unit": price}}],
            "adjustments": [{"name": "club", "percent": "10", "cap": "1", "on_request": true}]}})
    };
    core.call(T, PUBLISH, &sold("base", false, "4.50")).unwrap();
    core.call(T, PUBLISH, &sold("winter", true, "4")).unwrap();
    let mut asked = quote("tea", "3");
    asked["adjustments"] = json!(["club"]);
    asked["cash_step"] = json!(5);
    let answer = core.call(T, QUOTE, &asked).unwrap();
    let line = &answer["lines"][0];
    assert_eq!(
        (&line["list"], &line["price"], &line["amount"]),
        (&json!("winter"), &json!("12.00"), &json!("11.00"))
    );
    assert_eq!(line["original"], "12.50");
    assert_eq!(
        line["adjustments"],
        json!([{"name": "club", "kind": "discount", "amount": "-1.00", "capped": true}])
    );
    assert_eq!(
        line["tax"],
        json!({"table": "au-gst", "category": "standard", "percent": "10", "inclusive": true,
            "tax": "1.00"})
    );
    assert_eq!(
        answer["taxes"],
        json!([{"table": "au-gst", "category": "standard", "percent": "10", "inclusive": true,
            "rounding": "per-line", "lines": "11.00", "tax": "1.00"}])
    );
    let sums = ["net", "tax", "total", "payable"].map(|it| answer[it].as_str().unwrap());
    assert_eq!(sums, ["10.00", "1.00", "11.00", "11.00"]);
    let found = core
        .call(T, PRICE, &json!({"product": "tea", "currency": "AUD", "date": "2026-07-07"}))
        .unwrap();
    assert_eq!((&found["list"], &found["sale"]), (&json!("winter"), &json!(true)));
    assert_eq!(found["price"]["model"], json!({"per-unit": "4"}));
}

#[test]
fn money_has_the_digits_of_its_currency() {
    let mut core = empty();
    for (code, price, total) in [("JPY", "149.5", "299"), ("KWD", "0.1235", "0.247")] {
        let list = json!({"list": {"code": code, "currency": code,
            "prices": [{"product": "tea", "model": {"per-unit": price}}]}});
        core.call(T, PUBLISH, &list).unwrap();
        let mut asked = quote("tea", "2");
        asked["currency"] = json!(code);
        assert_eq!(core.call(T, QUOTE, &asked).unwrap()["total"], total);
    }
}

#[test]
fn the_box_publishes_for_every_tenant_and_a_tenant_for_itself() {
    let mut core = empty();
    core.call(Tenant::BOX, TAXES, &gst()).unwrap();
    core.call(Tenant::BOX, PUBLISH, &list("shared")).unwrap();
    assert_eq!(core.call(T, QUOTE, &quote("tea", "1")).unwrap()["lines"][0]["list"], "shared");
    let mut own = list("own");
    own["list"]["tax"] = json!({"table": "au-gst", "inclusive": false});
    own["list"]["prices"][0]["tax"] = json!("standard");
    core.call(T, PUBLISH, &own).unwrap();
    let answer = core.call(T, QUOTE, &quote("tea", "1")).unwrap();
    assert_eq!((&answer["lines"][0]["list"], &answer["total"]), (&json!("own"), &json!("4.95")));
    // Nobody else sees it.
    let other = core.call(Tenant(6), QUOTE, &quote("tea", "1")).unwrap();
    assert_eq!(other["lines"][0]["list"], "shared");
    let lists = core.call(T, LISTS, &json!({})).unwrap();
    let shared: Vec<&Value> =
        lists["lists"].as_array().unwrap().iter().map(|it| &it["shared"]).collect();
    assert_eq!(shared, [&json!(false), &json!(true)]);
    assert_eq!(core.call(T, TABLES, &json!({})).unwrap()["tables"].as_array().unwrap().len(), 1);
    // Nor does it end what is the box's.
    let retire = json!({"code": "shared", "last_day": "2026-01-01"});
    assert_eq!(core.refusal(T, RETIRE, &retire).0, "ListUnknown");
}

/// Seeds the tally instead of publishing a thousand lists.
fn counted(core: &mut Core, tally: Tally) {
    let mut changes = Vec::new();
    {
        let mut staging = Staging::new(&core.memory, &mut changes);
        staging.batch(T).put(&Whole, &tally);
    }
    core.install(&changes);
}

#[test]
fn a_tenant_has_at_most_so_many_lists_and_tables() {
    let mut core = empty();
    counted(
        &mut core,
        Tally { lists: LISTS_COUNT_MAX - 1, taxes: TAXES_COUNT_MAX - 1, ..Tally::default() },
    );
    core.call(T, PUBLISH, &list("last")).unwrap();
    core.call(T, TAXES, &gst()).unwrap();
    assert_eq!(core.refusal(T, PUBLISH, &list("more")).0, "TooManyLists");
    let mut more = gst();
    more["table"]["code"] = json!("nz-gst");
    assert_eq!(core.refusal(T, TAXES, &more).0, "TooManyTaxes");
    // One that is there may still be replaced.
    let mut other = list("last");
    other["replace"] = json!(true);
    other["list"]["title"] = json!("other");
    assert_eq!(core.call(T, PUBLISH, &other).unwrap()["changed"], true);
}

/// Every example does what it is for, one after the other on one core.
#[test]
fn the_examples_work_together() {
    let mut core = empty();
    for code in [PUBLISH, TAXES, QUOTE, BATCH, LISTS, LIST, PRICE, TABLES, RETIRE] {
        let shape = ENTRY.operation(code).unwrap().shape;
        let example: Value = serde_json::from_str(shape.example).unwrap();
        let answer = core.call(T, code, &example);
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error:?}", shape.name));
        if code == QUOTE {
            // 12 seats less 5 %, 2 packages, 12 hours, half a day.
            assert_eq!(answer["total"], "2628.40");
        }
    }
    expect_one_slot(&core);
}

#[test]
fn every_core_comes_to_the_same_from_the_log() {
    let mut core = empty();
    core.call(T, TAXES, &gst()).unwrap();
    core.call(T, PUBLISH, &list("a")).unwrap();
    core.call(T, PUBLISH, &list("b")).unwrap();
    core.call(T, RETIRE, &json!({"code": "a", "last_day": "2026-07-06"})).unwrap();
    let mut replayed = core.replayed();
    assert_eq!(core.memory.rows, replayed.memory.rows);
    let asked = quote("tea", "3");
    let answer = core.call(T, QUOTE, &asked).unwrap();
    assert_eq!(answer["lines"][0]["list"], "b");
    assert_eq!(replayed.call(T, QUOTE, &asked).unwrap(), answer);
}

#[test]
fn the_domain_keeps_its_numbers() {
    let id = <Pricing as contract::Domain>::ID;
    assert_eq!((ENTRY.id, id.0, ENTRY.tables()), (id, 4, vec![1, 2, 3, 4]));
    // Numbers of refusals are part of the wire contract.
    assert_eq!(Refusal::SHAPES.len(), 25);
    assert_eq!(Refusal::HistoryDropped as u16, 25);
}

/// Archives with bytes changed are refused or answered, never a panic: whatever passes the
/// structural check is checked again by the domain.
#[test]
fn damaged_archives_are_refused_or_answered() {
    let mut core = empty();
    let mut payloads: Vec<(u16, Vec<u8>)> = Vec::new();
    for code in [PUBLISH, QUOTE, BATCH, PRICE, RETIRE, TAXES] {
        let operation = ENTRY.operation(code).unwrap();
        let mut payload = Vec::new();
        (operation.from_json)(operation.shape.example.as_bytes(), &mut payload).unwrap();
        core.archived(T, code, &payload).unwrap();
        payloads.push((code, payload));
    }
    let (mut answered, mut refused, mut damaged) = (0, 0, 0);
    for (code, payload) in payloads {
        for at in 0..payload.len() {
            for byte in [0, 1, 0x41, 0x7F, 0x80, 0xFF] {
                let mut payload = payload.clone();
                payload[at] = byte;
                // A list that was replaced by a damaged one would be quoted from next.
                let mut core = core.restarted();
                match core.archived(T, code, &payload) {
                    Ok(_) => answered += 1,
                    Err(Failure::Denied(_)) => refused += 1,
                    Err(_) => damaged += 1,
                }
            }
        }
    }
    assert!(0 < answered && 0 < refused && 0 < damaged, "{answered} {refused} {damaged}");
}

/// A quote in hostile hands: every number at its extremes.
#[test]
fn extreme_numbers_are_refused_or_answered() {
    let mut core = empty();
    let request: pricing::PublishList =
        serde_json::from_str(ENTRY.operation(PUBLISH).unwrap().shape.example).unwrap();
    core.call(T, PUBLISH, &serde_json::to_value(&request).unwrap()).unwrap();
    let most = i64::MAX;
    let quantities = [-1, 0, 1, 999_999, most - 1, most, i64::MIN];
    let mut asked: pricing::Quote = serde_json::from_value(quote("seat", "1")).unwrap();
    let (mut answered, mut refused) = (0, 0);
    for quantity in quantities {
        for prior in quantities {
            let units = pricing::rules::decimal::Quantity::from_units;
            asked.lines[0].quantity = Some(units(quantity));
            asked.lines[0].prior = units(prior);
            let mut payload = Vec::new();
            asked.encode(&mut payload);
            match core.archived(T, QUOTE, &payload) {
                Ok(_) => answered += 1,
                Err(Failure::Denied(_)) => refused += 1,
                Err(other) => panic!("{quantity} {prior}: {other:?}"),
            }
        }
    }
    assert_eq!((answered, refused), (1, 48));
}
