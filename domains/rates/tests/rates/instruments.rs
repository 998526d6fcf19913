//! Agreements, protected rates and contracts: which pays, why, and whether what was paid is enough.

use contract::Tenant;
use fixture::Core;
use rates::rules::award::AwardVersion;
use serde_json::{Value, json};
use values::Money;

use crate::start::{BOX, T, sunday};
use crate::support::{money, pack};

/// An instrument with the retail award's rules of July 2025, its weekly rates scaled.
fn instrument(code: &str, kind: &str, percent: i64) -> Value {
    let mut rules: AwardVersion = pack("MA000004").versions("p").unwrap().remove(4);
    code.clone_into(&mut rules.award);
    for it in &mut rules.classifications {
        it.hourly = None;
        it.weekly = it.weekly.map(|it| Money::from_cents(it.cents() * percent / 100));
    }
    let mut instrument = json!({"kind": kind, "rules": rules});
    if kind == "enterprise-agreement" {
        instrument["floor_award"] = json!("MA000004");
    }
    json!({"instrument": instrument})
}

fn core() -> Core {
    let mut core = crate::templates::core();
    for (code, kind, percent) in [
        ("EA-HIGH", "enterprise-agreement", 110),
        ("EA-LOW", "enterprise-agreement", 90),
        ("HOST", "protected-rate", 120),
        ("CONTRACT", "contract", 105),
    ] {
        let request = instrument(code, kind, percent);
        assert_eq!(core.call(T, 8, &request).unwrap()["changed"], true);
        assert_eq!(core.call(T, 8, &request).unwrap()["changed"], false);
    }
    core
}

fn covered(coverage: &[(&str, &str)]) -> Value {
    let mut request = json!({"quote": sunday(), "coverage": {}});
    for (name, code) in coverage {
        request["coverage"][name] =
            json!({"instrument": code, "classification": "retail-employee-level-1"});
    }
    request
}

#[test]
fn the_instrument_that_pays_says_why() {
    let mut core = core();
    // Level 1 is 1008.90 a week: 26.55 an hour; 175 % on a Sunday, five hours.
    for (coverage, wins, total, why) in [
        (vec![], "MA000004", "232.30", "no enterprise agreement"),
        (vec![("agreement", "EA-HIGH")], "EA-HIGH", "255.60", "s.57"),
        (vec![("host", "HOST")], "HOST", "278.80", "s.306F"),
        (vec![("agreement", "EA-HIGH"), ("host", "HOST")], "HOST", "278.80", "s.306F"),
        (vec![("contract", "CONTRACT")], "CONTRACT", "243.95", "higher than what the law"),
        (vec![("agreement", "EA-HIGH"), ("contract", "CONTRACT")], "EA-HIGH", "255.60", "s.57"),
    ] {
        let reply = core.call(T, 84, &covered(&coverage)).unwrap();
        assert_eq!(
            (&reply["wins"], &reply["total"]),
            (&json!(wins), &json!(total)),
            "{coverage:?}"
        );
        assert!(reply["because"].as_str().unwrap().contains(why), "{}", reply["because"]);
        let pays: i64 = reply["instruments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| money(it["pays"].as_str().unwrap()).cents())
            .sum();
        assert_eq!(pays, money(total).cents());
        assert_eq!(reply["instruments"].as_array().unwrap().len(), coverage.len() + 1);
    }
}

/// Only the base rate has a floor: penalties follow the agreement on the lifted base (s.206).
#[test]
fn an_agreement_below_the_award_is_lifted_to_its_base() {
    let mut core = core();
    let reply = core.call(T, 84, &covered(&[("agreement", "EA-LOW")])).unwrap();
    let agreement = &reply["instruments"][1];
    assert_eq!(
        agreement["lifted"],
        json!({"own": "23.90", "floor": "26.55", "floor_of": "MA000004"})
    );
    assert_eq!((&reply["total"], &agreement["base"]), (&json!("232.30"), &json!("26.55")));
    assert!(reply["because"].as_str().unwrap().contains("s.206"));
    // Without Sunday penalties of its own it pays none, on the lifted base.
    let mut flat = instrument("EA-FLAT", "enterprise-agreement", 90);
    for it in flat["instrument"]["rules"]["penalties"].as_array_mut().unwrap() {
        it["percent"] = json!("100.00");
        if !it["casual"].is_null() {
            it["casual"] = json!("additive");
        }
        it.as_object_mut().unwrap().remove("flat");
    }
    core.call(T, 8, &flat).unwrap();
    let reply = core.call(T, 84, &covered(&[("agreement", "EA-FLAT")])).unwrap();
    assert_eq!((&reply["wins"], &reply["total"]), (&json!("EA-FLAT"), &json!("165.95")));
    // An agreement without an award has the national minimum wage as its floor: 24.95.
    let mut free = instrument("EA-FREE", "enterprise-agreement", 90);
    free["instrument"].as_object_mut().unwrap().remove("floor_award");
    core.call(T, 8, &free).unwrap();
    let reply = core.call(T, 84, &covered(&[("agreement", "EA-FREE")])).unwrap();
    assert_eq!(
        reply["instruments"][1]["lifted"],
        json!({"own": "23.90", "floor": "24.95", "floor_of": "national-minimum-wage"})
    );
}

/// The floor is the counterpart's, as it was known at the moment asked for.
#[test]
fn the_floor_of_a_counterpart_is_the_one_known_then() {
    let mut core = core();
    let mut request = instrument("EA-HIGHER", "enterprise-agreement", 90);
    request["instrument"]["counterparts"] = json!([{"classification": "retail-employee-level-1",
        "award_classification": "retail-employee-level-4"}]);
    core.call(T, 8, &request).unwrap();
    core.now_us = 2_000;
    // A correction: 38 dollars a week are one dollar an hour.
    crate::history::correct(&mut core, 3_800);
    let mut asked = covered(&[("agreement", "EA-HIGHER")]);
    for (us, floor) in [(1_999, "28.12"), (2_000, "29.12")] {
        asked["quote"]["as_known_at_us"] = json!(us);
        let reply = core.call(T, 84, &asked).unwrap();
        assert_eq!(
            reply["instruments"][1]["lifted"],
            json!({"own": "23.90", "floor": floor, "floor_of": "MA000004"})
        );
    }
    // Of a person of 17 years it is the junior's, which levels 1 to 3 have.
    request["instrument"]["counterparts"][0]["award_classification"] =
        json!("retail-employee-level-2");
    request["replace"] = json!(true);
    core.call(T, 8, &request).unwrap();
    asked["quote"]["person"] = json!({"date_of_birth": "2008-01-01"});
    let reply = core.call(T, 84, &asked).unwrap();
    // (1032.00 x 60 % + 38.00) / 38; its own is 90 % of 605.34 / 38.
    assert_eq!(
        reply["instruments"][1]["lifted"],
        json!({"own": "14.34", "floor": "17.29", "floor_of": "MA000004"})
    );
    // A counterpart that the award does not have is named by its place.
    request["instrument"]["counterparts"][0]["award_classification"] = json!("no-such");
    core.call(T, 8, &request).unwrap();
    let refusal = core.refusal(T, 84, &asked);
    assert_eq!(
        (refusal.0.as_str(), refusal.1.as_str()),
        ("ClassificationUnknown", "coverage.agreement.floor.classification")
    );
}

#[test]
fn a_stretch_is_paid_by_whoever_pays_it_more() {
    let mut core = core();
    // A contract without penalties: better on weekdays, worse on Sunday.
    let mut flat = instrument("FLAT", "contract", 120);
    for it in flat["instrument"]["rules"]["penalties"].as_array_mut().unwrap() {
        it["percent"] = json!("100.00");
        if !it["casual"].is_null() {
            it["casual"] = json!("additive");
        }
        it.as_object_mut().unwrap().remove("flat");
    }
    core.call(T, 8, &flat).unwrap();
    let mut request = covered(&[("contract", "FLAT")]);
    request["quote"]["shifts"] = json!([
        {"start": "2025-07-08T10:00", "end": "2025-07-08T14:00"},
        {"start": "2025-07-13T10:00", "end": "2025-07-13T15:00"}]);
    let reply = core.call(T, 84, &request).unwrap();
    // 4 h at 39.83 under the contract, 5 h at 46.46 under the award.
    let by: Vec<_> =
        reply["lines"].as_array().unwrap().iter().map(|it| &it["instrument"]).collect();
    assert_eq!(by, ["FLAT", "MA000004"]);
    assert_eq!(reply["total"], "391.62");
    // With set-off the sums of the period count: 9 h at 39.83 are less than the award's pay.
    flat["instrument"]["set_off"] = json!(true);
    flat["replace"] = json!(true);
    core.call(T, 8, &flat).unwrap();
    let reply = core.call(T, 84, &request).unwrap();
    assert_eq!((&reply["wins"], &reply["total"]), (&json!("MA000004"), &json!("365.06")));
}

/// What was paid beyond one period or, without set-off, one entitlement never makes up for another.
#[test]
fn compliance_is_by_period_and_entitlement() {
    let mut core = core();
    let period = |paid: Value| json!({"quote": sunday(), "paid": paid});
    let sunday_paid = |amount: &str| json!([{"rule": "sunday", "amount": amount}]);
    let check = |core: &mut Core, periods: Vec<Value>, set_off: bool| {
        core.call(T, 85, &json!({"periods": periods, "set_off": set_off})).unwrap()
    };
    let reply = check(&mut core, vec![period(sunday_paid("232.30"))], false);
    assert_eq!((&reply["compliant"], &reply["shortfall"]), (&json!(true), &json!("0.00")));
    // 100.00 too much in one period, a cent too little in the other.
    for set_off in [false, true] {
        let periods = vec![period(sunday_paid("332.30")), period(sunday_paid("232.29"))];
        let reply = check(&mut core, periods, set_off);
        assert_eq!((&reply["compliant"], &reply["shortfall"]), (&json!(false), &json!("0.01")));
        assert_eq!(reply["periods"][0]["under"], json!([]));
        let under = &reply["periods"][1]["under"][0];
        assert_eq!((&under["rule"], &under["shortfall"]), (&json!("sunday"), &json!("0.01")));
        assert!(under["clause"].as_str().unwrap().starts_with("clause 22"));
    }
    // Within a period another entitlement's surplus counts only where a contract says so.
    let mixed =
        json!([{"rule": "sunday", "amount": "200.00"}, {"rule": "bonus", "amount": "50.00"}]);
    let reply = check(&mut core, vec![period(mixed.clone())], false);
    assert_eq!(reply["shortfall"], "32.30");
    assert_eq!(check(&mut core, vec![period(mixed)], true)["shortfall"], "0.00");
    // Shift by shift, where the payments say so.
    let by_shift = json!([{"rule": "sunday", "shift": 0, "amount": "230.00"}]);
    let reply = check(&mut core, vec![period(by_shift)], false);
    assert_eq!(reply["periods"][0]["under"][0]["shift"], 0);
    assert_eq!(core.refusal(T, 85, &json!({"periods": []})).0, "Empty");
    let many: Vec<Value> = (0..65).map(|_| period(json!([]))).collect();
    assert_eq!(core.refusal(T, 85, &json!({"periods": many})).0, "TooMany");
    for amount in ["1000000000.01", "-1000000000.01"] {
        let periods = [period(json!([])), period(sunday_paid(amount))];
        let refusal = core.refusal(T, 85, &json!({"periods": periods}));
        assert_eq!(
            (refusal.0.as_str(), refusal.1.as_str()),
            ("PaidOutOfRange", "periods[1].paid[0].amount")
        );
    }
    // What was taken back counts against what was paid.
    let back =
        json!([{"rule": "sunday", "amount": "232.30"}, {"rule": "sunday", "amount": "-0.01"}]);
    assert_eq!(check(&mut core, vec![period(back)], false)["shortfall"], "0.01");
    let mut bad = period(json!([]));
    bad["quote"]["award"] = json!("MA999999");
    let refusal = core.refusal(T, 85, &json!({"periods": [bad]}));
    assert_eq!(
        (refusal.0.as_str(), refusal.1.as_str()),
        ("AwardUnknown", "periods[0].quote.award")
    );
}

#[test]
fn an_instrument_that_cannot_be_meant_is_refused() {
    let mut core = core();
    let good = instrument("X", "contract", 100);
    for (path, value, field) in [
        ("kind", json!("award"), "instrument.kind"),
        ("floor_award", json!("MA000004"), "instrument.floor_award"),
        (
            "counterparts",
            json!([{"classification": "a", "award_classification": "b"}]),
            "instrument.counterparts",
        ),
        ("ends", json!("2025-06-30"), "instrument.ends"),
    ] {
        let mut request = good.clone();
        request["instrument"][path] = value;
        let refusal = core.refusal(T, 8, &request);
        assert_eq!((refusal.0.as_str(), refusal.1.as_str()), ("InstrumentInvalid", field));
    }
    let mut rules = good.clone();
    rules["instrument"]["rules"]["penalties"][0]["percent"] = json!("0.00");
    let refusal = core.refusal(T, 8, &rules);
    assert_eq!(
        (refusal.0.as_str(), refusal.1.as_str()),
        ("InstrumentInvalid", "instrument.rules.penalties[0].percent")
    );
    let mut agreement = instrument("Y", "enterprise-agreement", 100);
    agreement["instrument"]["set_off"] = json!(true);
    assert_eq!(core.refusal(T, 8, &agreement).1, "instrument.set_off");
    agreement["instrument"]["set_off"] = json!(false);
    agreement["instrument"]["counterparts"] =
        json!([{"classification": "no-such", "award_classification": "b"}]);
    assert_eq!(core.refusal(T, 8, &agreement).1, "instrument.counterparts[0].classification");
    // Another version of the same date replaces only on purpose.
    assert_eq!(core.refusal(T, 8, &instrument("HOST", "protected-rate", 130)).0, "VersionExists");
    // Of the wrong kind, unknown, not another tenant's, ended.
    let unknown = |core: &mut Core, tenant, request: &Value| core.refusal(tenant, 84, request);
    for code in ["HOST", "NONE"] {
        let refusal = unknown(&mut core, T, &covered(&[("agreement", code)]));
        assert_eq!(
            (refusal.0.as_str(), refusal.1.as_str()),
            ("InstrumentUnknown", "coverage.agreement.instrument")
        );
    }
    assert_eq!(unknown(&mut core, Tenant(6), &covered(&[("host", "HOST")])).0, "InstrumentUnknown");
    let mut ended = instrument("ENDED", "protected-rate", 130);
    ended["instrument"]["ends"] = json!("2025-07-06");
    core.call(BOX, 8, &ended).unwrap();
    assert_eq!(unknown(&mut core, T, &covered(&[("host", "ENDED")])).0, "InstrumentUnknown");
}
