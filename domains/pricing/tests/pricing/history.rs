//! What was known when: lists and taxes that were replaced or retired, asked for as known before.

use contract::Tenant;
use fixture::Core;
use pricing::{FORMER_COUNT_MAX, LISTS_COUNT_MAX};
use serde_json::{Value, json};

use crate::start::{
    BATCH, LIST, LISTS, PRICE, PUBLISH, QUOTE, RETIRE, T, TABLES, TAXES, empty, expect_one_slot,
    gst, list, quote,
};

/// The same request as known at a moment.
fn at(us: u64, mut request: Value) -> Value {
    request["as_known_at_us"] = json!(us);
    request
}

/// A list of tea at this price, in place of whatever has its code.
fn tea(code: &str, price: &str) -> Value {
    let mut list = list(code);
    list["list"]["prices"][0]["model"]["per-unit"] = json!(price);
    list["replace"] = json!(true);
    list
}

fn price() -> Value {
    json!({"product": "tea", "currency": "AUD", "date": "2026-07-07"})
}

/// Published at 1,000 for $4.50, corrected at 2,000 to $5, retired at 3,000, revived at 4,000 for $6.
fn corrected() -> Core {
    let mut core = empty();
    core.call(T, PUBLISH, &list("base")).unwrap();
    core.now_us = 2_000;
    core.call(T, PUBLISH, &tea("base", "5")).unwrap();
    core.now_us = 3_000;
    core.call(T, RETIRE, &json!({"code": "base", "last_day": "2026-07-06"})).unwrap();
    core.now_us = 4_000;
    core.call(T, PUBLISH, &tea("base", "6")).unwrap();
    expect_one_slot(&core);
    core
}

/// What every query about the list answers as known at each moment, asked of one core.
fn expect_corrected(core: &mut Core) {
    for (us, cost, ends) in [
        (1_000, Some(("4.5", "9.00")), None),
        (1_999, Some(("4.5", "9.00")), None),
        (2_000, Some(("5", "10.00")), None),
        (2_999, Some(("5", "10.00")), None),
        (3_000, None, Some("2026-07-06")),
        (3_999, None, Some("2026-07-06")),
        (4_000, Some(("6", "12.00")), None),
        (u64::MAX, Some(("6", "12.00")), None),
    ] {
        let quoted = at(us, quote("tea", "2"));
        let batch = json!({"quotes": [quoted, quote("tea", "2")]});
        if let Some((cost, total)) = cost {
            assert_eq!(core.call(T, QUOTE, &quoted).unwrap()["total"], total, "{us}");
            let batch = core.call(T, BATCH, &batch).unwrap();
            // Each quote of a batch is as known at its own moment.
            assert_eq!(batch["quotes"][0]["total"], total, "{us}");
            assert_eq!(batch["quotes"][1]["total"], "12.00", "{us}");
            let found = core.call(T, PRICE, &at(us, price())).unwrap();
            assert_eq!(found["price"]["model"]["per-unit"], cost, "{us}");
        } else {
            assert_eq!(core.refusal(T, QUOTE, &quoted).0, "NoPrice", "{us}");
            let refused = core.refusal(T, BATCH, &batch);
            assert_eq!((&*refused.0, &*refused.1), ("NoPrice", "quotes[0].lines[0].product"));
            assert_eq!(core.refusal(T, PRICE, &at(us, price())).0, "NoPrice", "{us}");
        }
        // Work on a day before the end costs what was known of it then.
        let mut before = quoted.clone();
        before["date"] = json!("2026-07-06");
        let known = core.call(T, QUOTE, &before).unwrap()["total"].clone();
        let expected = match us {
            ..2_000 => "9.00",
            2_000..4_000 => "10.00",
            _ => "12.00",
        };
        assert_eq!(known, expected, "{us}");
        let shown = core.call(T, LIST, &at(us, json!({"code": "base"}))).unwrap();
        assert_eq!(shown.get("valid_until"), ends.map(|it| json!(it)).as_ref(), "{us}");
        let lists = core.call(T, LISTS, &at(us, json!({}))).unwrap();
        let lists = lists["lists"].as_array().unwrap();
        let from = (us / 1_000 * 1_000).min(4_000);
        assert_eq!(lists.len(), 1, "{us}");
        assert_eq!(lists[0]["known_from_us"], from, "{us}");
        assert_eq!(lists[0]["valid_until"], json!(ends), "{us}");
        let on = at(us, json!({"on": "2026-07-07"}));
        let on = core.call(T, LISTS, &on).unwrap();
        assert_eq!(on["lists"].as_array().unwrap().len(), usize::from(cost.is_some()), "{us}");
    }
    // Before anything was published, nothing was known.
    let never = at(999, quote("tea", "2"));
    assert_eq!(core.refusal(T, QUOTE, &never).0, "ProductUnknown");
    assert_eq!(core.refusal(T, PRICE, &at(0, price())).0, "ProductUnknown");
    assert_eq!(core.refusal(T, LIST, &at(999, json!({"code": "base"}))).0, "ListUnknown");
    assert_eq!(core.call(T, LISTS, &at(999, json!({}))).unwrap()["lists"], json!([]));
    assert_eq!(core.call(T, QUOTE, &quote("tea", "2")).unwrap()["total"], "12.00");
}

#[test]
fn a_list_replaced_and_retired_is_quoted_as_it_was_known() {
    expect_corrected(&mut corrected());
}

#[test]
fn history_is_the_same_from_the_log_and_from_the_records() {
    let core = corrected();
    let mut replayed = core.replayed();
    assert_eq!(core.memory.rows, replayed.memory.rows);
    expect_corrected(&mut replayed);
    // A core that starts from the records compiles them in the order of its tables.
    expect_corrected(&mut core.restarted());
}

#[test]
fn what_changes_nothing_is_no_edition() {
    let mut core = corrected();
    let rows = core.memory.rows.clone();
    core.now_us = 5_000;
    core.call(T, PUBLISH, &tea("base", "6")).unwrap();
    core.call(T, RETIRE, &json!({"code": "base", "last_day": "2026-12-31"})).unwrap();
    core.now_us = 6_000;
    core.call(T, RETIRE, &json!({"code": "base", "last_day": "2026-12-31"})).unwrap();
    core.call(T, RETIRE, &json!({"code": "base", "last_day": "2027-12-31"})).unwrap();
    assert_eq!(core.memory.rows.len(), rows.len() + 1, "one edition more");
    // Two editions of one moment: the later one was known at it.
    core.call(T, PUBLISH, &tea("base", "7")).unwrap();
    core.call(T, PUBLISH, &tea("base", "8")).unwrap();
    let total = |core: &mut Core, us| {
        core.call(T, QUOTE, &at(us, quote("tea", "1"))).unwrap()["total"].clone()
    };
    assert_eq!(total(&mut core, 5_999), "6.00");
    assert_eq!(total(&mut core, 6_000), "8.00");
}

#[test]
fn taxes_are_as_they_were_known() {
    let mut core = empty();
    core.call(T, TAXES, &gst()).unwrap();
    let mut taxed = list("base");
    taxed["list"]["tax"] = json!({"table": "au-gst", "inclusive": false});
    taxed["list"]["prices"][0]["tax"] = json!("standard");
    core.now_us = 1_500;
    core.call(T, PUBLISH, &taxed).unwrap();
    let raised = |percent: &str| {
        let mut raised = gst();
        raised["table"]["rates"][0]["percent"] = json!(percent);
        raised["replace"] = json!(true);
        raised
    };
    core.now_us = 2_000;
    core.call(T, TAXES, &raised("12.5")).unwrap();
    core.now_us = 3_000;
    core.call(T, TAXES, &raised("15")).unwrap();
    for core in [&mut core.replayed(), &mut core] {
        for (us, tax, percent) in [
            (1_500, "0.90", "10"),
            (1_999, "0.90", "10"),
            (2_000, "1.13", "12.5"),
            (2_999, "1.13", "12.5"),
            (3_000, "1.35", "15"),
        ] {
            let answer = core.call(T, QUOTE, &at(us, quote("tea", "2"))).unwrap();
            assert_eq!((&answer["net"], &answer["tax"]), (&json!("9.00"), &json!(tax)), "{us}");
            assert_eq!(answer["lines"][0]["tax"]["percent"], percent, "{us}");
            let tables = core.call(T, TABLES, &at(us, json!({}))).unwrap();
            let tables = tables["tables"].as_array().unwrap();
            assert_eq!(tables.len(), 1, "{us}");
            assert_eq!(tables[0]["rates"][0]["percent"], percent, "{us}");
        }
        assert_eq!(core.call(T, QUOTE, &quote("tea", "2")).unwrap()["tax"], "1.35");
        let none = core.call(T, TABLES, &at(999, json!({}))).unwrap();
        assert_eq!(none["tables"], json!([]));
    }
}

/// A tenant's own prices and the box's have each their own history; one choice is made of both.
#[test]
fn what_the_box_publishes_has_its_own_history() {
    let mut core = empty();
    core.call(Tenant::BOX, PUBLISH, &tea("shared", "3")).unwrap();
    core.now_us = 2_000;
    core.call(T, PUBLISH, &tea("own", "4")).unwrap();
    core.now_us = 3_000;
    core.call(Tenant::BOX, PUBLISH, &tea("shared", "5")).unwrap();
    core.now_us = 4_000;
    core.call(T, RETIRE, &json!({"code": "own", "last_day": "2026-01-01"})).unwrap();
    for (tenant, us, total) in [
        (T, 1_999, "3.00"),
        (T, 2_000, "4.00"),
        (T, 3_999, "4.00"),
        (T, 4_000, "5.00"),
        (Tenant(6), 2_999, "3.00"),
        (Tenant(6), 3_000, "5.00"),
        (Tenant::BOX, 2_999, "3.00"),
        (Tenant::BOX, 3_000, "5.00"),
    ] {
        let answer = core.call(tenant, QUOTE, &at(us, quote("tea", "1"))).unwrap();
        assert_eq!(answer["total"], total, "{tenant:?} {us}");
    }
    let lists = core.call(T, LISTS, &at(2_999, json!({}))).unwrap();
    let seen = |at: usize, field: &str| lists["lists"][at][field].clone();
    assert_eq!((seen(0, "code"), seen(0, "shared")), (json!("own"), json!(false)));
    assert_eq!((seen(1, "code"), seen(1, "known_from_us")), (json!("shared"), json!(1_000)));
    // Of one code, the tenant's own goes first as soon as it is known.
    core.now_us = 5_000;
    core.call(T, PUBLISH, &tea("shared", "9")).unwrap();
    let shown = |core: &mut Core, us| {
        let shown = core.call(T, LIST, &at(us, json!({"code": "shared"}))).unwrap();
        shown["prices"][0]["model"]["per-unit"].clone()
    };
    let known = [2_999, 4_999, 5_000].map(|us| shown(&mut core, us));
    assert_eq!(known, ["3", "5", "9"].map(|it| json!(it)));
}

/// Editions in force and replaced ones are chosen from in one order: the better rank wins whichever
/// of the two it is.
#[test]
fn replaced_and_current_editions_are_ranked_together() {
    let mut core = empty();
    let ranked = |code: &str, priority: i32, price: &str| {
        let mut list = tea(code, price);
        list["list"]["priority"] = json!(priority);
        list
    };
    for (code, priority, price) in [("a", 1, "1"), ("b", 2, "2"), ("c", 3, "3"), ("d", 4, "4")] {
        core.call(T, PUBLISH, &ranked(code, priority, price)).unwrap();
    }
    let chosen = |core: &mut Core, us| {
        core.call(T, QUOTE, &at(us, quote("tea", "1"))).unwrap()["lines"][0]["list"].clone()
    };
    // Each in turn falls to the end, best first.
    for (us, code) in [(2_000, "d"), (3_000, "c"), (4_000, "b")] {
        core.now_us = us;
        core.call(T, PUBLISH, &ranked(code, -10, "9")).unwrap();
    }
    let known = [1_999, 2_000, 2_999, 3_000, 3_999, 4_000].map(|us| chosen(&mut core, us));
    assert_eq!(known, ["d", "c", "c", "b", "b", "a"].map(|it| json!(it)));
    // A sale's comparison comes from what was known with it.
    let mut sale = ranked("sale", 100, "0.50");
    sale["list"]["sale"] = json!(true);
    core.now_us = 5_000;
    core.call(T, PUBLISH, &sale).unwrap();
    core.now_us = 6_000;
    core.call(T, PUBLISH, &ranked("a", 1, "1.50")).unwrap();
    let original = |core: &mut Core, us| {
        core.call(T, QUOTE, &at(us, quote("tea", "1"))).unwrap()["lines"][0]["original"].clone()
    };
    let known = [4_999, 5_999, 6_000].map(|us| original(&mut core, us));
    assert_eq!(known, [Value::Null, json!("1.00"), json!("1.50")]);
}

/// The places fill up; then the oldest edition goes and moments that knew it are refused.
#[test]
fn the_oldest_edition_is_dropped_and_said_to_be() {
    let most = u64::from(FORMER_COUNT_MAX);
    assert_eq!((FORMER_COUNT_MAX, LISTS_COUNT_MAX), (1_024, 1_024));
    let mut core = empty();
    // The first edition is a tax table's, so that a list takes its place later on.
    core.now_us = 10;
    core.call(T, TAXES, &gst()).unwrap();
    let mut other = gst();
    other["replace"] = json!(true);
    other["table"]["title"] = json!("other");
    core.now_us = 20;
    core.call(T, TAXES, &other).unwrap();
    let publish = |core: &mut Core, number: u64| {
        core.now_us = 1_000 * number;
        core.call(T, PUBLISH, &tea("base", &number.to_string())).unwrap();
    };
    // One edition replaced above, and all but one of the places filled below.
    for number in 1..=most {
        publish(&mut core, number);
    }
    let total = |core: &mut Core, us| {
        core.call(T, QUOTE, &at(us, quote("tea", "1"))).map(|it| it["total"].clone())
    };
    let title = |core: &mut Core, us| {
        core.call(T, TABLES, &at(us, json!({}))).map(|it| it["tables"][0]["title"].clone())
    };
    assert_eq!(title(&mut core, 19).unwrap(), "");
    assert_eq!(total(&mut core, 1_000).unwrap(), "1.00");
    let rows = core.memory.rows.len();
    publish(&mut core, most + 1);
    assert_eq!(core.memory.rows.len(), rows, "the new edition has the place of the oldest");
    // The list is whole; only what the tax table was before 20 is gone.
    let mut copy = core.restarted();
    for core in [&mut copy, &mut core] {
        let asked = [
            (QUOTE, at(19, quote("tea", "1"))),
            (PRICE, at(19, price())),
            (LISTS, at(19, json!({}))),
            (LIST, at(19, json!({"code": "base"}))),
            (TABLES, at(19, json!({}))),
        ];
        for (code, request) in asked {
            let refused = core.refusal(T, code, &request);
            assert_eq!((&*refused.0, &*refused.1), ("HistoryDropped", "as_known_at_us"), "{code}");
        }
        let refused = core.refusal(T, BATCH, &json!({"quotes": [at(19, quote("tea", "1"))]}));
        assert_eq!(refused.1, "quotes[0].as_known_at_us");
        assert_eq!(
            refused.2,
            "quotes[0].as_known_at_us is 19, but what was known is kept only from 20 on"
        );
        assert_eq!(title(core, 20).unwrap(), "other");
        for number in [1, 2, most, most + 1] {
            assert_eq!(total(core, 1_000 * number).unwrap(), json!(format!("{number}.00")));
        }
    }
    // The next one drops the list's first edition, which was known until 2,000.
    publish(&mut core, most + 2);
    assert_eq!(core.refusal(T, QUOTE, &at(1_999, quote("tea", "1"))).0, "HistoryDropped");
    assert_eq!(total(&mut core, 2_000).unwrap(), "2.00");
    assert_eq!(core.call(T, QUOTE, &quote("tea", "1")).unwrap()["total"], "1026.00");
    // What another tenant asks for is none of its concern.
    assert_eq!(core.refusal(Tenant(6), QUOTE, &at(19, quote("tea", "1"))).0, "ProductUnknown");
    assert_eq!(core.memory.rows, core.replayed().memory.rows);
}
