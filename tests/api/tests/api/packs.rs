//! Award versions that contradict themselves: published over the HTTP door, refused by field.

use serde_json::{Value, json};

use crate::support::http::post;
use crate::support::{TestBox, operation};

fn example() -> Value {
    serde_json::from_str(operation("rates.publish-award").1.shape.example).unwrap()
}

/// Publishes the example with one value changed: it must be refused, with this field and words.
fn check(quoin: &TestBox, what: &str, place: &str, value: Value, field: &str, says: &str) {
    let mut order = example();
    let (parent, name) = place.rsplit_once('/').unwrap();
    match order.pointer_mut(parent).unwrap() {
        Value::Array(list) if name == "-" => list.push(value),
        Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
        parent => parent[name] = value,
    }
    let answer = post(&quoin.http(), "/v1/rates/awards", &order.to_string());
    let problem = answer.assert_problem(what, 422, field, "VersionInvalid");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(says), "{what}: {detail}");
    assert!(detail.contains("version 2026-07-01"), "{what}: {detail}");
}

#[test]
fn a_version_with_a_gap_an_overlap_or_a_contradiction_is_refused_and_changes_nothing() {
    let quoin = TestBox::quiet();
    let check = |what: &str, place: &str, value: Value, field: &str, says: &str| {
        check(&quoin, what, place, value, field, says);
    };
    let days = |it: &[&str]| json!(it);
    let hourly = "version.classifications[0].hourly";

    // 1056.80 / 38 = 27.810526...
    for stated in ["27.80", "27.82", "0.01"] {
        let says = "1056.80 a week of 38.00 hours is 27.81";
        check("a contradiction", "/version/classifications/0/hourly", json!(stated), hourly, says);
    }
    let gap = "version.penalties";
    check(
        "no Sunday",
        "/version/penalties/1/days",
        days(&["sat", "holiday"]),
        gap,
        "Sunday 00:00 to 24:00",
    );
    check("no holiday", "/version/penalties/1/days", days(&["sat", "sun"]), gap, "holiday");
    check("nothing after 18:00", "/version/penalties/1/to", json!("18:00"), gap, "18:00 to 24:00");
    check(
        "nothing before 06:00",
        "/version/penalties/1/from",
        json!("06:00"),
        gap,
        "00:00 to 06:00",
    );
    check(
        "no overtime on Monday",
        "/version/overtime/0/days",
        days(&["tue", "wed", "thu", "fri", "sat", "sun", "holiday"]),
        "version.overtime",
        "Monday",
    );
    check(
        "overtime from the third hour",
        "/version/overtime/0/after",
        json!("2.00"),
        "version.overtime",
        "no tier from 0.00 hours",
    );
    let mut again = example()["version"]["penalties"][0].clone();
    again["rule"] = json!("evening");
    again["from"] = json!("18:00");
    check("two rules at once", "/version/penalties/-", again, gap, "`ordinary` and `evening`");
    let mut again = example()["version"]["overtime"][0].clone();
    again["rule"] = json!("double");
    check(
        "two tiers at once",
        "/version/overtime/-",
        again,
        "version.overtime",
        "`overtime` and `double`",
    );
    let mut again = example()["version"]["classifications"][0].clone();
    again["title"] = json!("Level 1 again");
    check(
        "a code twice",
        "/version/classifications/-",
        again,
        "version.classifications[1].code",
        "twice",
    );
    quoin.assert_untouched();
}

#[test]
fn a_version_with_a_value_out_of_range_is_refused_and_changes_nothing() {
    let quoin = TestBox::quiet();
    let check = |what: &str, place: &str, value: Value, field: &str, says: &str| {
        check(&quoin, what, place, value, field, says);
    };
    check(
        "no rate",
        "/version/classifications/0",
        json!({"code": "level-1", "title": "Level 1", "clause": "1"}),
        "version.classifications[0].weekly",
        "needs one of",
    );
    check(
        "a negative rate",
        "/version/classifications/0/weekly",
        json!("-1056.80"),
        "version.classifications[0].weekly",
        "-1056.80",
    );
    check("no code", "/version/award", json!(""), "version.award", "");
    check("no hours", "/version/week", json!("0.00"), "version.week", "0.00");
    check("no penalties", "/version/penalties", json!([]), "version.penalties", "empty");
    check(
        "an end before its start",
        "/version/penalties/0/from",
        json!("24:00"),
        "version.penalties[0].to",
        "expected an end after the start",
    );
    check(
        "0 %",
        "/version/penalties/0/percent",
        json!("0.00"),
        "version.penalties[0].percent",
        "0.00",
    );
    check(
        "an unknown classification",
        "/version/penalties/0/classifications",
        json!(["level-9"]),
        "version.penalties[0].classifications",
        "level-9",
    );

    // JSON that is no version at all.
    let mut order = example();
    order["version"]["penalties"][0]["percents"] = json!("1");
    let answer = post(&quoin.http(), "/v1/rates/awards", &order.to_string());
    answer.assert_problem("an unknown field", 400, "version.penalties[0].percents", "");
    let mut order = example();
    order["version"]["week"] = json!("38.001");
    let answer = post(&quoin.http(), "/v1/rates/awards", &order.to_string());
    answer.assert_problem("too fine", 400, "version.week", "");

    quoin.assert_untouched();
}

#[test]
fn what_is_published_pays_at_once_and_is_not_replaced_by_accident() {
    let quoin = TestBox::written();
    let quote = json!({
        "award": "EXAMPLE", "classification": "level-1", "employment": "casual", "state": "NSW",
        "pay_period_start": "2026-07-06",
        "shifts": [{ "start": "2026-07-06T09:00", "end": "2026-07-06T10:00" }],
    })
    .to_string();
    let publish = |order: &Value| post(&quoin.http(), "/v1/rates/awards", &order.to_string());
    let published = publish(&example());
    assert_eq!((published.status, &published.json()["changed"]), (200, &json!(true)));
    // 27.81 at 100 % + 25 % = 34.7625.
    for _ in 0..8 {
        // Each on a connection of its own, which the kernel gives to either core.
        let answer = post(&quoin.http(), "/v1/rates/quote", &quote);
        assert_eq!(answer.json()["total"], "34.76");
    }
    assert_eq!(publish(&example()).json()["changed"], json!(false));

    let mut other = example();
    other["version"]["classifications"][0]["weekly"] = json!("1100.00");
    other["version"]["classifications"][0]["hourly"] = json!("28.95");
    publish(&other).assert_problem("", 409, "version.operative_from", "VersionExists");
    other["replace"] = json!(true);
    assert_eq!(publish(&other).status, 200);
    assert_eq!(post(&quoin.http(), "/v1/rates/quote", &quote).json()["total"], "36.19");
}
