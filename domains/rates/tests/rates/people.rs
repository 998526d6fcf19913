//! What is refused about the person, the time before the period and the claims: each refusal by name
//! and field.

use crate::start::{T, sunday, with_packs};
use serde_json::{Value, json};

/// Sunday's request with `changes` at JSON pointers; objects on the way are made.
fn changed(changes: &[(&str, Value)]) -> Value {
    let mut request = sunday();
    for (pointer, value) in changes {
        let mut place = &mut request;
        for key in pointer.split('/').skip(1) {
            place = match key.parse::<usize>() {
                Ok(at) => &mut place[at],
                Err(_) => &mut place[key],
            };
        }
        *place = value.clone();
    }
    request
}

#[test]
fn what_is_said_about_people_is_checked() {
    let mut core = with_packs();
    // An apprentice whose stage decides the rate; a person of hospitality, where flags are asked for.
    let apprentice = ("/classification", json!("retail-apprentice-year-12"));
    let full_time = ("/employment", json!("full-time"));
    let electrical = [
        ("/award", json!("MA000025")),
        ("/classification", json!("electrical-worker-grade-1")),
        full_time.clone(),
    ];
    for (changes, refusal, field) in [
        (vec![("/person", json!({"flags": ["left-handed"]}))], "FlagUnknown", "person.flags"),
        (vec![("/shifts/0/flags", json!(["left-handed"]))], "FlagUnknown", "shifts[0].flags"),
        (vec![apprentice.clone(), full_time.clone()], "DateNeeded", "person.apprenticeship_from"),
        (
            vec![
                apprentice,
                full_time.clone(),
                ("/person", json!({"apprenticeship_from": "2025-07-14"})),
            ],
            "PersonInvalid",
            "person.apprenticeship_from",
        ),
        (
            vec![("/person", json!({"supported_wage": "9.99"}))],
            "PersonInvalid",
            "person.supported_wage",
        ),
        (
            vec![("/before", json!({"shift_end": "2025-07-13T10:01"}))],
            "PersonInvalid",
            "before.shift_end",
        ),
        (
            vec![
                electrical[0].clone(),
                electrical[1].clone(),
                electrical[2].clone(),
                ("/person", json!({"supported_wage": "70.00"})),
            ],
            "NotOffered",
            "person.supported_wage",
        ),
        (
            vec![("/claims", json!([{"allowance": "laundry-full-time"}]))],
            "NotOffered",
            "claims[0].allowance",
        ),
        (
            vec![("/claims", json!([{"allowance": "first-aid"}, {"allowance": "second-aid"}]))],
            "AllowanceUnknown",
            "claims[1].allowance",
        ),
        (
            vec![("/claims", json!([{"allowance": "overtime-meal"}]))],
            "ClaimInvalid",
            "claims[0].allowance",
        ),
        (
            vec![("/claims", json!([{"allowance": "vehicle"}]))],
            "ClaimInvalid",
            "claims[0].quantity",
        ),
        (
            vec![("/claims", json!([{"allowance": "laundry", "shift": 1}]))],
            "ClaimInvalid",
            "claims[0].shift",
        ),
    ] {
        let request = changed(&changes);
        let (name, at, detail) = core.refusal(T, 64, &request);
        assert_eq!((name.as_str(), at.as_str()), (refusal, field), "{request}: {detail}");
    }
}

#[test]
fn a_time_or_kind_without_rates_is_refused_by_name() {
    // A version of ordinary hours only, as an import of published rates makes one.
    let version = json!({
        "award": "MA000997", "name": "Weekdays", "operative_from": "2025-07-01", "week": "38.00",
        "casual_loading": "25.00", "partial": true,
        "classifications": [{"code": "one", "title": "One", "clause": "1", "weekly": "1000.00"}],
        "ordinary": [{"employment": ["full-time"], "clause": "2", "daily_max": "10.00",
            "weekly_max": "38.00"}],
        "penalties": [{"rule": "ordinary", "clause": "3", "employment": ["full-time"],
            "days": ["mon", "tue", "wed", "thu", "fri"], "percent": "100.00"}],
        "overtime": [],
    });
    let mut core = with_packs();
    core.call(contract::Tenant::BOX, 1, &json!({ "version": version, "replace": false })).unwrap();
    let own = [
        ("/award", json!("MA000997")),
        ("/classification", json!("one")),
        ("/employment", json!("full-time")),
    ];
    let weekday = json!([{"start": "2025-07-08T10:00", "end": "2025-07-08T15:00"}]);
    let quoted = core.call(T, 64, &changed(&[&own[..], &[("/shifts", weekday)]].concat())).unwrap();
    assert_eq!(quoted["total"], "131.60");
    let (name, field, detail) = core.refusal(T, 64, &changed(&own));
    assert_eq!((name.as_str(), field.as_str()), ("RateMissing", "shifts"), "{detail}");
    assert!(detail.contains("reach 2025-07-13T10:00"), "{detail}");
}
