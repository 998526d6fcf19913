//! What was known when: corrections, and accepted quotes replayed under the rules then in force.

use fixture::Core;
use rates::rules::calendar::HolidayTable;
use rates::{ENTRY, PublishAward, PublishHolidays};
use serde_json::{Value, json};
use values::Money;

use crate::start::{BOX, T, sunday};
use crate::support::{holidays, pack};

fn example(code: u16) -> Value {
    serde_json::from_str(ENTRY.operation(code).unwrap().shape.example).unwrap()
}

/// Publishes the version in force on the Sunday with every weekly rate of it `cents` higher.
pub(crate) fn correct(core: &mut Core, cents: i64) {
    let mut version = pack("MA000004").versions("p").unwrap().remove(4);
    for it in &mut version.classifications {
        it.hourly = None;
        it.weekly = it.weekly.map(|rate| rate + Money::from_cents(cents));
    }
    let request = serde_json::to_value(PublishAward { version, replace: true }).unwrap();
    core.call(BOX, 1, &request).unwrap();
}

#[test]
fn a_correction_keeps_what_was_known_before() {
    let mut core = crate::templates::core();
    core.call(T, 3, &example(3)).unwrap();
    core.call(T, 5, &example(5)).unwrap();
    core.now_us = 2_000;
    let request = json!({"quote": sunday(), "template": "labour-hire", "reference": "week 28"});
    let accepted = core.call(T, 4, &request).unwrap();
    assert_eq!((&accepted["total"], &accepted["template_version"]), (&json!("232.30"), &json!(1)));
    let id = json!({"id": accepted["id"]});
    let replayed = core.call(T, 86, &id).unwrap();
    for side in ["then", "now"] {
        assert_eq!(replayed[side]["identical"], true);
        assert_eq!(replayed[side]["charge"], accepted["charge"]);
    }
    // A correction: 38 dollars a week are one dollar an hour.
    core.now_us = 3_000;
    correct(&mut core, 3_800);
    assert_eq!(core.call(T, 64, &sunday()).unwrap()["total"], "241.05");
    let as_known = |us: u64| {
        let mut quote = sunday();
        quote["as_known_at_us"] = json!(us);
        quote
    };
    for (us, total) in [(1_000, "232.30"), (2_999, "232.30"), (3_000, "241.05"), (9_000, "241.05")]
    {
        assert_eq!(core.call(T, 64, &as_known(us)).unwrap()["total"], total, "{us}");
    }
    assert_eq!(core.refusal(T, 64, &as_known(999)).0, "AwardUnknown");
    let replayed = core.call(T, 86, &id).unwrap();
    assert_eq!(replayed["then"]["identical"], true);
    assert_eq!(replayed["then"]["differences"], json!([]));
    assert_eq!(replayed["now"]["identical"], false);
    let differences = replayed["now"]["differences"].as_array().unwrap();
    let found = |field: &str| differences.iter().find(|it| it["field"] == field).unwrap();
    assert_eq!(
        *found("rate"),
        json!({"shift": 0, "rule": "sunday", "field": "rate", "accepted": "46.46", "recomputed": "48.21"})
    );
    assert_eq!(found("total")["recomputed"], "241.05");
    assert_eq!(found("charge.total")["accepted"], accepted["charge"]);
    // Without the template today there is no charge; what is paid is compared all the same.
    let retire = ENTRY.operations.iter().find(|it| it.shape.name == "rates.retire-template");
    let mut retired = core.replayed();
    retired.now_us = 3_500;
    let template = json!({"code": "labour-hire", "version": 1});
    retired.call(T, retire.unwrap().code, &template).unwrap();
    let replayed = retired.call(T, 86, &id).unwrap();
    assert_eq!(replayed["then"]["identical"], true);
    let now = &replayed["now"];
    assert_eq!((&now["total"], &now["charge"]), (&json!("241.05"), &json!(null)));
    assert!(now["refused"].as_str().unwrap().contains("labour-hire"), "{now}");
    assert_eq!(now["identical"], false);
    assert!(now["differences"].as_array().unwrap().iter().any(|it| it["field"] == "rate"));
    // Corrected again: each edition stays findable.
    core.now_us = 4_000;
    correct(&mut core, 7_600);
    for (us, total) in [(2_500, "232.30"), (3_500, "241.05"), (4_000, "249.80")] {
        assert_eq!(core.call(T, 64, &as_known(us)).unwrap()["total"], total, "{us}");
    }
    assert_eq!(core.call(T, 86, &id).unwrap()["then"]["identical"], true);
    // The history is rebuilt by a replay of the log.
    let mut rebuilt = core.replayed();
    assert_eq!(rebuilt.memory.rows, core.memory.rows);
    assert_eq!(rebuilt.call(T, 64, &as_known(2_500)).unwrap()["total"], "232.30");
    let unknown = json!({"id": "4096"});
    assert_eq!(core.refusal(T, 86, &unknown).0, "QuoteUnknown");
}

#[test]
fn holidays_and_statutory_tables_keep_theirs() {
    let mut core = crate::templates::core();
    core.now_us = 2_000;
    let mut table: HolidayTable = holidays();
    let sunday_holiday = rates::rules::calendar::Holiday {
        date: crate::support::date("2025-07-13"),
        name: "A proclaimed holiday".to_owned(),
        from: None,
        states: vec![rates::rules::calendar::State::Nsw],
    };
    let at = table.holiday.iter().position(|it| sunday_holiday.date < it.date).unwrap();
    table.holiday.insert(at, sunday_holiday);
    core.call(BOX, 2, &serde_json::to_value(PublishHolidays { table }).unwrap()).unwrap();
    let mut quote = sunday();
    let now = core.call(T, 64, &quote).unwrap();
    assert_ne!(now["total"], "232.30");
    quote["as_known_at_us"] = json!(1_999);
    assert_eq!(core.call(T, 64, &quote).unwrap()["total"], "232.30");
    let find =
        |us: u64| json!({"code": "super-guarantee", "date": "2025-07-01", "as_known_at_us": us});
    let changed = json!({"code": "super-guarantee", "title": "Corrected", "entry": [
        {"valid_from": "2025-07-01", "percent": "12.50", "source": "a correction"}]});
    core.call(BOX, 7, &changed).unwrap();
    assert_eq!(core.call(T, 83, &find(1_999)).unwrap()["entry"]["percent"], "12.00");
    assert_eq!(core.call(T, 83, &find(2_000)).unwrap()["entry"]["percent"], "12.50");
    assert_eq!(core.refusal(T, 83, &find(1)).0, "StatutoryUnknown");
}

#[test]
fn what_was_agreed_on_is_charged_or_not_stored() {
    let mut core = crate::templates::core();
    core.call(T, 3, &example(3)).unwrap();
    core.call(T, 5, &example(5)).unwrap();
    let rows = core.memory.rows.len();
    let request = json!({"quote": sunday(), "template": "labour-hire", "charge": "1.00"});
    let refusal = core.refusal(T, 4, &request);
    assert_eq!((refusal.0.as_str(), refusal.1.as_str()), ("TotalDiffers", "charge"));
    assert_eq!(
        core.refusal(T, 4, &json!({"quote": sunday(), "template": "x"})).0,
        "TemplateUnknown"
    );
    assert_eq!(core.memory.rows.len(), rows);
}

#[test]
fn every_question_can_be_asked_as_it_was_known() {
    let mut core = crate::templates::core();
    core.now_us = 2_000;
    correct(&mut core, 3_800);
    let classify = |us: Option<u64>| {
        json!({"award": "MA000004", "classification": "retail-employee-level-1",
            "pay_period_start": "2025-07-07", "as_known_at_us": us})
    };
    for (us, rate) in [(Some(1_999), "26.55"), (Some(2_000), "27.55"), (None, "27.55")] {
        assert_eq!(core.call(T, 67, &classify(us)).unwrap()["minimum_hourly"], rate, "{us:?}");
    }
    assert_eq!(core.refusal(T, 67, &classify(Some(999))).0, "AwardUnknown");
    let awards = |core: &mut Core, us: Option<u64>| {
        core.call(T, 68, &json!({ "as_known_at_us": us })).unwrap()["awards"].clone()
    };
    assert_eq!(awards(&mut core, Some(999)), json!([]));
    assert_eq!(awards(&mut core, Some(1_000)), awards(&mut core, None));
    assert_eq!(awards(&mut core, None)[0]["award"], crate::support::PACKS[0]);
    let accepted = core.call(T, 4, &json!({ "quote": sunday() })).unwrap();
    let recall = |us: Option<u64>| json!({"id": accepted["id"], "as_known_at_us": us});
    for (us, total) in [(Some(1_999), json!("232.30")), (None, json!("241.05"))] {
        assert_eq!(core.call(T, 69, &recall(us)).unwrap()["recomputed"], total, "{us:?}");
    }
    assert_eq!(core.call(T, 69, &recall(Some(999))).unwrap()["recomputed"], Value::Null);
    // A template as it stood: not written, written, approved.
    core.call(T, 3, &example(3)).unwrap();
    core.now_us = 3_000;
    core.call(T, 5, &example(5)).unwrap();
    let show = |us: Option<u64>| json!({"code": "labour-hire", "as_known_at_us": us});
    assert_eq!(core.refusal(T, 80, &show(Some(1_999))).0, "TemplateUnknown");
    let then = core.call(T, 80, &show(Some(2_999))).unwrap();
    assert_eq!(then["versions"][0]["approved_us"], Value::Null);
    assert_eq!(core.call(T, 80, &show(None)).unwrap()["versions"][0]["approved_us"], 3_000);
    let mut check = example(82);
    let mut check = |core: &mut Core, us: Option<u64>| {
        check["as_known_at_us"] = json!(us);
        core.call(T, 82, &check).unwrap()
    };
    assert_eq!(check(&mut core, Some(2_999))["status"], "draft");
    assert_eq!(check(&mut core, None)["status"], "approved");
}
