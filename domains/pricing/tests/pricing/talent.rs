//! Day rates: the published practice of television commercials, and the other published rates of
//! performers.

use serde_json::{Value, json};

use crate::support::{book, charged, price, try_quote};

/// The featured extra of the guideline in force from 24 September 2024.
fn featured_extra() -> Value {
    json!({"model": {"day-rate": {
        "day": "1500", "hours": "10.00",
        "part_days": [{"up_to": "4.00", "percent": "60"}],
        "overtime": [{"after": "10.00", "per_hour": "150"}],
        "overtime_unit_minutes": 60,
        "week": {"days": 5, "multiple": "4.5"},
        "cancellation": [{"within_hours": 24, "percent": "100"},
            {"within_hours": 168, "percent": "50"}],
    }}})
}

fn hours(hours: &[&str]) -> Value {
    let day = |it: &&str| json!({ "hours": it });
    json!({ "days": hours.iter().map(day).collect::<Vec<_>>() })
}

#[test]
fn the_published_day_rates_are_met() {
    let price = price(&featured_extra());
    let notice = |hours: u32| json!({"days": [{"cancelled_notice_hours": hours}]});
    let recall = |hours: &str| json!({"days": [{"hours": hours, "recall": true}]});
    let rows = [
        // Floor, overtime after the tenth hour at a flat rate, short call.
        (hours(&["10.00"]), "1500.00"),
        (hours(&["12.00"]), "1800.00"),
        (hours(&["4.00"]), "900.00"),
        (hours(&["1.00"]), "900.00"),
        (hours(&["4.25"]), "1500.00"),
        (hours(&["10.25"]), "1650.00"),
        // Five days cost four and a half.
        (hours(&["10.00"; 4]), "6000.00"),
        (hours(&["10.00"; 5]), "6750.00"),
        (hours(&["10.00"; 6]), "8250.00"),
        (hours(&["10.00"; 10]), "13500.00"),
        (hours(&["12.00", "10.00", "10.00", "10.00", "10.00"]), "7050.00"),
        // A short call is no day of a week.
        (hours(&["10.00", "10.00", "10.00", "10.00", "4.00"]), "6900.00"),
        // A recall is a day's fee.
        (recall("2.00"), "1500.00"),
        (recall("11.00"), "1650.00"),
        // Nothing outside seven days, half inside, all inside 24 hours.
        (notice(200), "0.00"),
        (notice(168), "0.00"),
        (notice(167), "750.00"),
        (notice(24), "750.00"),
        (notice(23), "1500.00"),
        (notice(0), "1500.00"),
    ];
    for (asked, expected) in &rows {
        assert_eq!(charged(&price, asked).0, *expected, "{asked}");
    }
    println!("{} day rate figures", rows.len());
}

#[test]
fn overtime_has_tiers_by_the_hour_of_the_day() {
    let price = price(&json!({"model": {"day-rate": {
        "day": "1000", "hours": "8.00",
        "part_days": [{"up_to": "4.00", "percent": "50"}, {"up_to": "6.00", "percent": "75"}],
        "overtime": [{"after": "8.00", "percent": "150"}, {"after": "10.00", "percent": "200"},
            {"after": "12.00", "per_hour": "400"}],
        "overtime_unit_minutes": 15,
    }}}));
    for (asked, expected) in [
        (hours(&["8.00"]), "1000.00"),
        (hours(&["4.00"]), "500.00"),
        (hours(&["6.00"]), "750.00"),
        (hours(&["6.25"]), "1000.00"),
        // 15 minutes begun: 125 x 150 % / 4 is 46.875.
        (hours(&["8.10"]), "1046.88"),
        (hours(&["10.00"]), "1375.00"),
        (hours(&["11.00"]), "1625.00"),
        (hours(&["12.00"]), "1875.00"),
        (hours(&["24.00"]), "6675.00"),
        // Minutes of the same tier are summed before they are rounded.
        (hours(&["8.25", "8.25"]), "2093.75"),
    ] {
        assert_eq!(charged(&price, &asked).0, expected, "{asked}");
    }
    // The steps say which tier and how long.
    let (_, steps) = charged(&price, &hours(&["11.50", "3.00"]));
    let steps: Vec<String> = steps
        .iter()
        .map(|it| {
            let kind = serde_json::to_value(it.kind).unwrap();
            format!(
                "{} {} {} {} {}",
                kind.as_str().unwrap(),
                it.tier,
                it.units,
                it.price,
                it.amount
            )
        })
        .collect();
    assert_eq!(
        steps,
        [
            "day 0 1 1000 1000",
            "part-day 1 1 50 500",
            "overtime 1 2 150 375",
            "overtime 2 1.5 200 375",
        ]
    );
}

/// Extras of the screen: $23.87 an hour, at least four hours; 40 % more for bit players. A Sunday of
/// live performance at 225 % for casual employees.
#[test]
fn loadings_are_adjustments_asked_for_by_name() {
    let book = book(vec![json!({"code": "extras", "currency": "AUD",
    "prices": [
        {"product": "extra", "minimum_units": "4", "places": 2, "model": {"per-unit": "23.87"}},
        {"product": "live", "model": {"per-unit": "28.89"}},
    ],
    "adjustments": [
        {"name": "bit-player", "kind": "loading", "percent": "40", "on_request": true,
            "products": ["extra"]},
        {"name": "sunday-casual", "kind": "loading", "percent": "125", "on_request": true,
            "products": ["live"]},
        {"name": "sunday", "kind": "loading", "percent": "100", "on_request": true,
            "products": ["live"]},
    ]})]);
    let extra = |hours: &str| json!([{"product": "extra", "quantity": hours}]);
    let live = json!([{"product": "live", "quantity": "1"}]);
    for (lines, requested, cents) in [
        (extra("2.5"), &[][..], 9548),
        (extra("4"), &["bit-player"][..], 13367),
        (extra("5"), &[][..], 11935),
        (live.clone(), &["sunday-casual"][..], 6500),
        (live, &["sunday"][..], 5778),
    ] {
        let total = try_quote(&book, &lines, requested, 1).unwrap().total;
        assert_eq!(total, cents, "{lines} {requested:?}");
    }
}

#[test]
fn a_line_of_days_is_refused_by_field() {
    let short = json!({"model": {"day-rate": {"day": "100", "hours": "8.00"}}});
    let price = price(&short);
    for (asked, field, words) in [
        (
            json!({"days": [{"hours": "8.00"}, {"hours": "8.25"}]}),
            "days[1].hours",
            "is 8.25, days of p end after 8.00",
        ),
        (
            json!({"days": [{"hours": "24.25"}]}),
            "days[0].hours",
            "is 24.25, at most 24.00 is allowed",
        ),
        (json!({"days": [{"hours": "0.00"}]}), "days[0].hours", "is zero, expected up to 24 hours"),
        (json!({"days": [{}]}), "days[0]", "needs either hours or cancelled_notice_hours"),
        (
            json!({"days": [{"hours": "1.00", "cancelled_notice_hours": 1}]}),
            "days[0]",
            "needs either hours or cancelled_notice_hours",
        ),
        (
            json!({"days": [{"recall": true, "cancelled_notice_hours": 1}]}),
            "days[0]",
            "needs either hours or cancelled_notice_hours",
        ),
        (
            json!({"days": vec![json!({"hours": "8.00"}); 367]}),
            "days",
            "has 367, at most 366 are allowed",
        ),
        (json!({}), "days", "is missing, a day-rate price needs it"),
        (json!("1"), "quantity", "is not used by a day-rate price"),
    ] {
        let error = crate::support::try_charge(&price, &asked).unwrap_err();
        assert_eq!((error.field.as_str(), error.problem.to_string().as_str()), (field, words));
    }
}
