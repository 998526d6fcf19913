//! What bad quotes get: the same words, field and code on both doors, and nothing is stored.

use serde_json::{Value, json};

use crate::support::http::post;
use crate::support::{TestBox, call, quote};

/// One shift from `start` to `end`.
fn shift(start: &str, end: &str) -> Value {
    json!({ "start": start, "end": end })
}

/// One shift on 13 July 2025 from 10:00 to 15:00 with these breaks.
fn breaks(breaks: &[(&str, &str)]) -> Value {
    let mut shift = shift("2025-07-13T10:00", "2025-07-13T15:00");
    let one = |(start, end): &(&str, &str)| json!({ "start": format!("2025-07-13T{start}"), "end": format!("2025-07-13T{end}") });
    shift["unpaid_breaks"] = breaks.iter().map(one).collect();
    json!([shift])
}

/// A quote with these members in place of its own.
fn with(changes: &Value) -> Value {
    let mut quote = quote();
    for (name, value) in changes.as_object().unwrap() {
        quote[name] = value.clone();
    }
    quote
}

fn in_april(shifts: &Value) -> Value {
    with(&json!({ "pay_period_start": "2026-03-30", "shifts": shifts }))
}

fn in_october(shifts: &Value) -> Value {
    with(&json!({ "pay_period_start": "2025-09-29", "shifts": shifts }))
}

#[test]
fn a_quote_at_a_boundary_is_answered() {
    let quoin = TestBox::quiet();
    let check = |what: &str, quote: &Value| {
        let answer = post(&quoin.http(), "/v1/rates/quote", &quote.to_string());
        assert_eq!(answer.status, 200, "{what}: {}", answer.json());
        assert_eq!(call(&quoin.client(), "rates.quote", quote).unwrap(), answer.json(), "{what}");
    };
    let day = shift("2025-07-13T10:00", "2025-07-14T10:00");
    check("24 hours", &with(&json!({ "shifts": [day] })));
    let (one, two) = (
        shift("2025-07-13T10:00", "2025-07-13T12:00"),
        shift("2025-07-13T12:00", "2025-07-13T15:00"),
    );
    check("shifts that touch", &with(&json!({ "shifts": [two, one] })));
    check("a break to the end", &with(&json!({ "shifts": breaks(&[("14:30", "15:00")]) })));
    check(
        "breaks that touch",
        &with(&json!({ "shifts": breaks(&[("12:00", "12:15"), ("12:15", "12:30")]) })),
    );
    check(
        "the first day of the first version",
        &with(&json!({
            "pay_period_start": "2021-09-01",
            "shifts": [shift("2021-09-01T09:00", "2021-09-01T10:00")],
        })),
    );
    check(
        "the first 02:30",
        &in_april(&json!([shift("2026-04-05T02:30+11:00", "2026-04-05T05:00")])),
    );
    check(
        "the second 02:30",
        &in_april(&json!([shift("2026-04-05T02:30+10:00", "2026-04-05T05:00")])),
    );
    check("no change of clocks there", &{
        let mut quote = in_april(&json!([shift("2026-04-05T02:30", "2026-04-05T05:00")]));
        quote["state"] = json!("QLD");
        quote
    });
    check(
        "across the hour that is skipped",
        &in_october(&json!([shift("2025-10-05T01:30", "2025-10-05T03:00")])),
    );
    check(
        "25 hours on the clock",
        &in_october(&json!([shift("2025-10-04T10:00", "2025-10-05T11:00")])),
    );
}

#[test]
fn a_bad_quote_is_refused_by_field_and_name_and_stores_nothing() {
    let quoin = TestBox::quiet();
    let client = quoin.client();
    let mut count = 0;
    let mut check =
        |what: &str, quote: &Value, status: u16, field: &str, code: &str, says: &str| {
            let answer = post(&quoin.http(), "/v1/rates/quote", &quote.to_string());
            let problem = answer.assert_problem(what, status, field, code);
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(says), "{what}: {detail}");
            assert_eq!(problem["type"], format!("urn:quoin:refusal:rates:{code}"), "{what}");
            let over_rpc = call(&client, "rates.quote", quote).expect_err(what);
            let said = (over_rpc.status.http(), &*over_rpc.field, &*over_rpc.detail);
            assert_eq!(said, (status, field, detail), "{what}");
            let rates = registry::ALL.iter().find(|it| it.name == "rates").expect("it is there");
            let shape = rates.refusals.iter().find(|it| it.name == code).expect(what);
            assert_eq!(over_rpc.code, shape.code, "{what}");
            // Accepting it is refused alike, one level deeper.
            let order = json!({ "quote": quote, "reference": "never" }).to_string();
            let answer = post(&quoin.http(), "/v1/rates/quotes", &order);
            answer.assert_problem(what, status, &format!("quote.{field}"), code);
            count += 1;
        };
    let shifts = |shifts: Value| with(&json!({ "shifts": shifts }));

    for award in ["MA999999", "", "ma000004", "MA000004 ", "MA000004\u{0}"] {
        let quote = with(&json!({ "award": award }));
        check("an unknown award", &quote, 404, "award", "AwardUnknown", "not a published award");
    }
    for name in ["manager", "", "fwc:", "fwc:1", "fwc:-112", "fwc:99999999999", "fwc:112 "] {
        let quote = with(&json!({ "classification": name }));
        let code = "ClassificationUnknown";
        check("an unknown classification", &quote, 404, "classification", code, name);
    }
    let early = |day: &str| {
        let shift = shift(&format!("{day}T09:00"), &format!("{day}T10:00"));
        with(&json!({ "pay_period_start": day, "shifts": [shift] }))
    };
    for day in ["2021-08-31", "1900-01-01"] {
        let (field, code) = ("pay_period_start", "BeforeFirstVersion");
        check("before the first version", &early(day), 404, field, code, "2021-09-01");
    }

    let end = "shifts[0].end";
    for to in ["2025-07-13T09:59", "2025-07-13T10:00", "2024-07-13T15:00"] {
        let quote = shifts(json!([shift("2025-07-13T10:00", to)]));
        check("ends before it starts", &quote, 422, end, "Backwards", "2025-07-13T10:00");
    }
    for to in ["2025-07-14T10:01", "2025-07-20T10:00"] {
        let quote = shifts(json!([shift("2025-07-13T10:00", to)]));
        check("over 24 hours", &quote, 422, end, "ShiftTooLong", "at most 1440");
    }
    let long = in_april(&json!([shift("2026-04-04T10:00", "2026-04-05T10:00")]));
    check("24 hours on the clock, 25 in truth", &long, 422, end, "ShiftTooLong", "1500 minutes");

    for other in [
        shift("2025-07-13T14:59", "2025-07-13T16:00"),
        shift("2025-07-13T10:00", "2025-07-13T15:00"),
        shift("2025-07-13T11:00", "2025-07-13T12:00"),
    ] {
        let quote = shifts(json!([shift("2025-07-13T10:00", "2025-07-13T15:00"), other]));
        check("shares time", &quote, 422, "shifts[1].start", "ShiftsOverlap", "shifts[0]");
    }

    for (at, end) in
        [(("09:59", "10:30"), "start"), (("14:30", "15:01"), "end"), (("16:00", "17:00"), "start")]
    {
        let (quote, field) = (shifts(breaks(&[at])), format!("shifts[0].unpaid_breaks[0].{end}"));
        check("a break outside", &quote, 422, &field, "BreakOutside", "outside the shift");
    }
    let quote = shifts(breaks(&[("12:30", "12:00")]));
    check("a break backwards", &quote, 422, "shifts[0].unpaid_breaks[0].end", "Backwards", "12:30");
    let quote = shifts(breaks(&[("12:00", "12:30"), ("12:29", "13:00")]));
    let field = "shifts[0].unpaid_breaks[1].start";
    check("breaks that share time", &quote, 422, field, "BreaksOverlap", "unpaid_breaks[0]");
    let quote = shifts(breaks(&[("12:00", "12:01"); 9]));
    check("nine breaks", &quote, 422, "shifts[0].unpaid_breaks", "TooMany", "at most 8");

    let start = "shifts[0].start";
    let quote = in_april(&json!([shift("2026-04-05T02:30", "2026-04-05T05:00")]));
    check("twice on the clock", &quote, 422, start, "TimeAmbiguous", "+11:00");
    let quote = in_april(&json!([shift("2026-04-05T00:00", "2026-04-05T02:00")]));
    check("an end twice on the clock", &quote, 422, end, "TimeAmbiguous", "+10:00");
    let quote = in_october(&json!([shift("2025-10-05T02:30", "2025-10-05T05:00")]));
    check("never on the clock", &quote, 422, start, "TimeSkipped", "does not exist");
    let quote = in_october(&json!([shift("2025-10-05T00:00", "2025-10-05T02:00")]));
    check("an end never on the clock", &quote, 422, end, "TimeSkipped", "does not exist");
    let quote = shifts(json!([shift("2025-07-13T10:00+11:00", "2025-07-13T15:00")]));
    check("an offset not in force", &quote, 422, start, "OffsetWrong", "+10:00");

    check("no shift", &shifts(json!([])), 422, "shifts", "Empty", "at least one");
    let many: Vec<Value> = vec![shift("2025-07-13T10:00", "2025-07-13T15:00"); 513];
    check("513 shifts", &shifts(json!(many)), 422, "shifts", "TooMany", "at most 512");
    for day in ["2025-07-06", "2025-08-07"] {
        let shift = shift(&format!("{day}T10:00"), &format!("{day}T15:00"));
        let quote = shifts(json!([shift]));
        check("outside the pay period", &quote, 422, start, "OutsidePeriod", day);
    }
    let code = "OutsideHolidays";
    check("no holidays known", &early("2028-01-03"), 422, start, code, "2027-12-31");

    quoin.assert_untouched();
    println!("{count} bad quotes refused, on both doors");
}
