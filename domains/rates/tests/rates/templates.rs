//! Charge templates through the domain: drafted, approved, retired; what each day is charged by.

use contract::Tenant;
use fixture::Core;
use rates::rules::statutory::StatutoryTable;
use rates::{ENTRY, PublishStatutory};
use serde_json::{Value, json};

use crate::start::{BOX, T, sunday, with_packs};
use crate::support::read;

/// A core with packs and statutory tables.
pub(crate) fn core() -> Core {
    let mut core = with_packs();
    for name in ["super-guarantee", "payroll-tax", "workers-compensation", "national-minimum-wage"]
    {
        let table: StatutoryTable =
            toml::from_str(&read(&format!("statutory/{name}.toml"))).unwrap();
        let request = serde_json::to_value(PublishStatutory { table }).unwrap();
        core.call(BOX, 7, &request).unwrap();
        assert_eq!(core.call(BOX, 7, &request).unwrap()["changed"], false);
    }
    core
}

fn example(code: u16) -> Value {
    serde_json::from_str(ENTRY.operation(code).unwrap().shape.example).unwrap()
}

#[test]
fn a_template_is_used_once_it_is_approved() {
    let mut core = core();
    let draft = json!({"code": "labour-hire", "version": 1, "status": "draft", "changed": true});
    assert_eq!(core.call(T, 3, &example(3)).unwrap(), draft);
    assert_eq!(core.call(T, 3, &example(3)).unwrap()["changed"], false);
    let charge = example(66);
    let refusal = core.refusal(T, 66, &charge);
    assert_eq!((refusal.0.as_str(), refusal.1.as_str()), ("TemplateNotInForce", "template"));
    // A draft can be tried by its number.
    let mut tried = charge.clone();
    tried["version"] = json!(1);
    let reply = core.call(T, 66, &tried).unwrap();
    assert_eq!((&reply["rate"], &reply["status"]), (&json!("52.00"), &json!("draft")));
    let costs = json!([
        {"name": "super", "amount": "4.5800000000", "valid_from": "2025-07-01"},
        {"name": "workers-compensation", "amount": "1.9100000000", "valid_from": null},
        {"name": "payroll-tax", "amount": "2.3300000000", "valid_from": "2022-07-01"},
        {"name": "overhead", "amount": "0.8500000000", "valid_from": null}]);
    assert_eq!(reply["costs"], costs);
    let approved = core.call(T, 5, &example(5)).unwrap();
    assert_eq!((&approved["status"], &approved["changed"]), (&json!("approved"), &json!(true)));
    assert_eq!(core.call(T, 5, &example(5)).unwrap()["changed"], false);
    assert_eq!(core.call(T, 66, &charge).unwrap()["rate"], "52.00");
    // Not before it is effective.
    let mut early = charge.clone();
    early["date"] = json!("2025-06-30");
    assert_eq!(core.refusal(T, 66, &early).0, "TemplateNotInForce");
    // A new version is a draft beside the approved one, which goes on.
    let mut later = example(3);
    later["effective_from"] = json!("2026-07-01");
    later["margin"] = json!({"per-hour": "5.20"});
    let second = core.call(T, 3, &later).unwrap();
    assert_eq!((&second["version"], &second["status"]), (&json!(2), &json!("draft")));
    later["margin"] = json!({"per-hour": "6.20"});
    assert_eq!(core.call(T, 3, &later).unwrap()["version"], 2);
    core.call(T, 5, &json!({"code": "labour-hire", "version": 2})).unwrap();
    let mut of_next_year = charge.clone();
    of_next_year["date"] = json!("2026-07-01");
    assert_eq!(core.call(T, 66, &of_next_year).unwrap()["rate"], "54.00");
    assert_eq!(core.call(T, 66, &charge).unwrap()["version"], 1);
    // Retired from a day on: what was before stays.
    let retire = json!({"code": "labour-hire", "version": 2, "retired_from": "2026-08-01"});
    assert_eq!(core.call(T, 6, &retire).unwrap()["status"], "retired");
    assert_eq!(core.call(T, 6, &retire).unwrap()["changed"], false);
    assert_eq!(core.call(T, 66, &of_next_year).unwrap()["version"], 2);
    of_next_year["date"] = json!("2026-08-01");
    assert_eq!(core.call(T, 66, &of_next_year).unwrap()["version"], 1);
    for (code, request) in [
        (5, json!({"code": "labour-hire", "version": 2})),
        (6, json!({"code": "labour-hire", "version": 2})),
    ] {
        assert_eq!(core.refusal(T, code, &request).0, "TemplateStatus");
    }
    // All of it can be shown: who and when.
    let shown = core.call(T, 80, &json!({"code": "labour-hire"})).unwrap();
    assert_eq!(shown["versions"].as_array().unwrap().len(), 2);
    assert_eq!(shown["versions"][0]["approved_by"], 9);
    assert_eq!(shown["versions"][0]["approved_us"], 1_000);
    assert_eq!(shown["versions"][1]["retired_from"], "2026-08-01");
    assert_eq!(shown["versions"][1]["template"]["margin"], json!({"per-hour": "6.20"}));
    for code in [5, 6] {
        let refusal = core.refusal(T, code, &json!({"code": "labour-hire", "version": 3}));
        assert_eq!((refusal.0.as_str(), refusal.1.as_str()), ("VersionUnknown", "version"));
    }
    assert_eq!(core.refusal(Tenant(6), 80, &json!({"code": "labour-hire"})).0, "TemplateUnknown");
}

#[test]
fn a_template_below_the_award_is_not_approved() {
    let mut core = core();
    let mut template = example(3);
    // Casual level 1 from 1 July 2025: 33.19 for ordinary hours, 46.46 on a Sunday.
    template["pay"][0]["hourly"] = json!("33.18");
    core.call(T, 3, &template).unwrap();
    let (name, field, detail) = core.refusal(T, 5, &example(5));
    assert_eq!((name.as_str(), field.as_str()), ("BelowAward", "template.pay[0].hourly"));
    assert!(detail.contains("is 33.18, below 33.19 for "), "{detail}");
    let check = core.call(T, 82, &example(82)).unwrap();
    assert_eq!(
        (&check["compliant"], &check["pay"][0]["difference"]),
        (&json!(false), &json!("-0.01"))
    );
    template["pay"][0]["hourly"] = json!("33.19");
    template["pay"][0]["rule"] = json!("sunday");
    core.call(T, 3, &template).unwrap();
    let check = core.call(T, 82, &example(82)).unwrap();
    assert_eq!((&check["pay"][0]["minimum"], &check["status"]), (&json!("46.46"), &json!("draft")));
    assert_eq!(core.refusal(T, 5, &example(5)).0, "BelowAward");
    template["pay"][0]["hourly"] = json!("46.46");
    core.call(T, 3, &template).unwrap();
    assert_eq!(core.call(T, 82, &example(82)).unwrap()["compliant"], true);
    // A year later the same pay is too little, and says so; the version stays approved.
    core.call(T, 5, &example(5)).unwrap();
    let next = json!({"code": "labour-hire", "version": 1, "date": "2026-07-06"});
    let check = core.call(T, 82, &next).unwrap();
    assert_eq!((&check["compliant"], &check["status"]), (&json!(false), &json!("approved")));
    for (field, value, name) in [
        ("rule", json!("no-such"), "RuleUnknown"),
        ("award", json!("MA999999"), "AwardUnknown"),
        ("classification", json!("x"), "ClassificationUnknown"),
    ] {
        let mut other = template.clone();
        other["code"] = json!(format!("other-{field}"));
        other["pay"][0][field] = value;
        core.call(T, 3, &other).unwrap();
        let refusal = core.refusal(T, 5, &json!({"code": other["code"], "version": 1}));
        assert_eq!((refusal.0.as_str(), refusal.1), (name, format!("template.pay[0].{field}")));
    }
}

#[test]
fn a_quote_is_charged_line_by_line() {
    let mut core = core();
    let mut template = example(3);
    template["costs"] = json!([{"name": "on-cost", "percent": "22.70", "of": ["gross-wages"]}]);
    template["margin"] = json!({"markup": "15.00"});
    template["rounding"] = json!("exact");
    core.call(T, 3, &template).unwrap();
    core.call(T, 5, &example(5)).unwrap();
    let mut quote = sunday();
    quote["shifts"] = json!([
        {"start": "2025-07-11T09:00", "end": "2025-07-11T21:00", "unpaid_breaks": []},
        {"start": "2025-07-13T10:00", "end": "2025-07-13T15:00", "unpaid_breaks": []}]);
    let request = json!({"template": "labour-hire", "quote": quote});
    let reply = core.call(T, 81, &request).unwrap();
    let pay = core.call(T, 64, &quote).unwrap();
    assert_eq!((&reply["pay"], &reply["hours"]), (&pay["total"], &pay["hours"]));
    let lines = reply["lines"].as_array().unwrap();
    assert_eq!(lines.len(), pay["lines"].as_array().unwrap().len());
    assert!(lines.iter().any(|it| it["charge"]["hour"] == "overtime"));
    let cents = |it: &Value| values::Money::parse(it.as_str().unwrap()).unwrap().cents();
    let mut sum = 0;
    for (line, paid) in lines.iter().zip(pay["lines"].as_array().unwrap()) {
        for field in ["rule", "rate", "amount", "hours"] {
            assert_eq!(line["pay"][field], paid[field]);
        }
        // x 1.41105 for each category, rounded to the cent, never a blended rate.
        let expected = values::half_up_div(cents(&line["pay"]["rate"]) * 141_105, 100_000);
        assert_eq!(cents(&line["charge"]["rate"]), expected);
        sum += cents(&line["charge"]["charge"]);
    }
    assert_eq!(cents(&reply["charge"]), sum);
    assert_eq!(lines.last().unwrap()["charge"]["rate"], "65.56");
    let mut unknown = request.clone();
    unknown["quote"]["award"] = json!("MA999999");
    assert_eq!(core.refusal(T, 81, &unknown).1, "quote.award");
    // An annual template without a treatment of overtime cannot charge the line.
    template["code"] = json!("annual");
    template["accounting"] = json!({"annual": {"paid_hours": "1976", "billable_hours": "1444"}});
    core.call(T, 3, &template).unwrap();
    let mut annual = request.clone();
    annual["template"] = json!("annual");
    annual["version"] = json!(1);
    let (name, field, detail) = core.refusal(T, 81, &annual);
    assert_eq!((name.as_str(), field.as_str()), ("ChargeInvalid", "template"));
    assert!(detail.contains("of the quote: hour cannot be overtime"), "{detail}");
    let mut yen = example(3);
    yen["code"] = json!("yen");
    yen["currency"] = json!("JPY");
    core.call(T, 3, &yen).unwrap();
    annual["template"] = json!("yen");
    assert_eq!(core.refusal(T, 81, &annual).0, "CurrenciesDiffer");
}

#[test]
fn statutory_rates_are_found_by_day() {
    let mut core = core();
    let reply = core.call(T, 83, &example(83)).unwrap();
    assert_eq!(
        (&reply["entry"]["percent"], &reply["share"]),
        (&json!("12.00"), &json!("12.0000000000"))
    );
    let tax = json!({"code": "payroll-tax", "date": "2025-07-01", "state": "NSW", "annual_wages": "5000000.00"});
    let reply = core.call(T, 83, &tax).unwrap();
    assert_eq!((&reply["tax"], &reply["share"]), (&json!("207100.00"), &json!("4.1420000000")));
    let unknown = json!({"code": "x", "date": "2025-07-01"});
    assert_eq!(core.refusal(T, 83, &unknown).0, "StatutoryUnknown");
    let early = json!({"code": "super-guarantee", "date": "1999-07-01"});
    let refusal = core.refusal(T, 83, &early);
    assert_eq!((refusal.0.as_str(), refusal.1.as_str()), ("StatutoryMissing", "date"));
    let mut table = example(7);
    table["entry"][0]["percent"] = json!("101");
    let refusal = core.refusal(T, 7, &table);
    assert_eq!((refusal.0.as_str(), refusal.1.as_str()), ("StatutoryInvalid", "entry[0].percent"));
    // A tenant's own table goes before the box's.
    let own = json!({"code": "super-guarantee", "title": "Our own", "entry": [
        {"valid_from": "2025-07-01", "percent": "15.40", "source": "the agreement"}]});
    core.call(T, 7, &own).unwrap();
    assert_eq!(core.call(T, 83, &example(83)).unwrap()["entry"]["percent"], "15.40");
    assert_eq!(core.call(Tenant(6), 83, &example(83)).unwrap()["entry"]["percent"], "12.00");
}
