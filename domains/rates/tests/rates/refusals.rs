//! Every refusal of a quote, by name and field.

use serde_json::{Value, json};

use rates::PublishAward;

use crate::start::{BOX, T, empty, sunday, with_packs};
use crate::support::pack;

/// Changes the Sunday quote, and what is refused then: name and field.
#[test]
fn refusals_name_their_field() {
    let mut core = with_packs();
    let shift = |start: &str, end: &str| json!({"start": start, "end": end});
    for (path, value, name, field) in [
        ("/award", json!("MA999999"), "AwardUnknown", "award"),
        ("/classification", json!("level-1"), "ClassificationUnknown", "classification"),
        ("/pay_period_start", json!("2021-08-30"), "BeforeFirstVersion", "pay_period_start"),
        ("/shifts", json!([]), "Empty", "shifts"),
        ("/shifts/0/end", json!("2025-07-13T09:00"), "Backwards", "shifts[0].end"),
        ("/shifts/0/end", json!("2025-07-14T10:01"), "ShiftTooLong", "shifts[0].end"),
        (
            "/shifts",
            json!([
                shift("2025-07-12T10:00", "2025-07-12T12:00"),
                shift("2025-07-12T11:00", "2025-07-12T13:00")
            ]),
            "ShiftsOverlap",
            "shifts[1].start",
        ),
        (
            "/shifts/0/unpaid_breaks",
            json!([shift("2025-07-13T15:00", "2025-07-13T15:30")]),
            "BreakOutside",
            "shifts[0].unpaid_breaks[0].end",
        ),
        ("/shifts/0/start", json!("2025-07-13T10:00+11:00"), "OffsetWrong", "shifts[0].start"),
        ("/shifts/0/start", json!("2025-06-30T10:00"), "ShiftTooLong", "shifts[0].end"),
    ] {
        let mut request = sunday();
        *request.pointer_mut(path).unwrap() = value;
        let refusal = core.refusal(T, 64, &request);
        assert_eq!((refusal.0.as_str(), refusal.1.as_str()), (name, field));
        let roster = json!({"workers": [{"worker": "a", "quote": sunday()}, {"worker": "b", "quote": request}]});
        let refusal = core.refusal(T, 65, &roster);
        assert_eq!((refusal.0.as_str(), refusal.1), (name, format!("workers[1].quote.{field}")));
    }
    assert_eq!(core.refusal(T, 65, &json!({"workers": []})).0, "Empty");
    let mut bare = empty();
    assert_eq!(bare.refusal(T, 64, &sunday()).0, "AwardUnknown");
    let version = pack("MA000004").versions("p").unwrap().remove(4);
    let request = serde_json::to_value(PublishAward { version, replace: false }).unwrap();
    bare.call(BOX, 1, &request).unwrap();
    let (name, field, _) = bare.refusal(T, 64, &sunday());
    assert_eq!((name.as_str(), field.as_str()), ("HolidaysUnknown", "state"));
    let backwards = json!({"first": "2025-01-02", "last": "2025-01-01", "holiday": []});
    let (name, field, _) = bare.refusal(BOX, 2, &backwards);
    assert_eq!((name.as_str(), field.as_str()), ("HolidaysInvalid", "last"));
}

/// The quote's remaining refusals: the local clock, the period, the calendar, limits and kinds.
#[test]
fn refusals_of_times_limits_and_kinds_name_their_field() {
    let mut core = with_packs();
    let shift = |start: &str, end: &str| json!({"start": start, "end": end});
    let breaks = |times: &[(&str, &str)]| {
        let breaks: Vec<_> = times.iter().map(|(start, end)| shift(start, end)).collect();
        json!([{"start": "2025-07-13T10:00", "end": "2025-07-13T15:00", "unpaid_breaks": breaks}])
    };
    let many: Vec<Value> =
        (0..513).map(|_| shift("2025-07-13T10:00", "2025-07-13T11:00")).collect();
    let overlapping = breaks(&[
        ("2025-07-13T11:00", "2025-07-13T12:00"),
        ("2025-07-13T11:30", "2025-07-13T12:30"),
    ]);
    for (start, shifts, name, field) in [
        // Daylight saving in New South Wales ends on 6 April and begins on 5 October 2025.
        (
            "2025-04-01",
            json!([shift("2025-04-06T02:30", "2025-04-06T08:00")]),
            "TimeAmbiguous",
            "shifts[0].start",
        ),
        (
            "2025-10-01",
            json!([shift("2025-10-05T02:30", "2025-10-05T08:00")]),
            "TimeSkipped",
            "shifts[0].start",
        ),
        ("2025-07-07", overlapping, "BreaksOverlap", "shifts[0].unpaid_breaks[1].start"),
        (
            "2025-07-07",
            json!([shift("2025-09-13T10:00", "2025-09-13T11:00")]),
            "OutsidePeriod",
            "shifts[0].start",
        ),
        (
            "2031-07-07",
            json!([shift("2031-07-13T10:00", "2031-07-13T11:00")]),
            "OutsideHolidays",
            "shifts[0].start",
        ),
        ("2025-07-07", json!(many), "TooMany", "shifts"),
    ] {
        let mut request = sunday();
        request["pay_period_start"] = json!(start);
        request["shifts"] = shifts;
        let refusal = core.refusal(T, 64, &request);
        assert_eq!((refusal.0.as_str(), refusal.1.as_str()), (name, field), "{}", refusal.2);
    }
    let mut salaried = sunday();
    salaried["award"] = json!("MA000009");
    salaried["classification"] = json!("hospitality-managerial-staff");
    let refusal = core.refusal(T, 64, &salaried);
    assert_eq!((refusal.0.as_str(), refusal.1.as_str()), ("AnnualSalary", "classification"));

    let version = pack("MA000010").versions("p").unwrap().pop().unwrap();
    let mut request = serde_json::to_value(PublishAward { version, replace: false }).unwrap();
    without_casuals(&mut request);
    core.call(T, 1, &request).unwrap();
    let mut casual = sunday();
    casual["award"] = json!("MA000010");
    casual["classification"] = json!("manufacturing-c10");
    casual["pay_period_start"] = json!("2026-07-06");
    casual["shifts"] = json!([shift("2026-07-07T08:00", "2026-07-07T12:00")]);
    let refusal = core.refusal(T, 64, &casual);
    assert_eq!((refusal.0.as_str(), refusal.1.as_str()), ("EmploymentNotOffered", "employment"));
}

/// Takes `casual` out of every list, however deep.
fn without_casuals(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.retain(|item| item != "casual");
            items.iter_mut().for_each(without_casuals);
        }
        Value::Object(fields) => fields.values_mut().for_each(without_casuals),
        _ => {}
    }
}
