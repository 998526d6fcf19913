//! Shifts at the places where pay changes: midnight, spans, holidays, breaks, overtime, clocks; and
//! every refusal.

use crate::support::{Case, book};
use rates::rules::award::Employment::{self, Casual, FullTime};
use rates::rules::calendar::State::{self, Nsw, Qld, Sa, Vic, Wa};

fn retail(employment: Employment, state: State, period: &str) -> Case<'_> {
    let classification = "retail-employee-level-1";
    Case { award: "MA000004", classification, employment, state, period }
}

fn hospitality(employment: Employment, period: &str) -> Case<'_> {
    let classification = "hospitality-level-1";
    Case { award: "MA000009", classification, employment, state: Vic, period }
}

fn manufacturing(employment: Employment, period: &str) -> Case<'_> {
    let classification = "manufacturing-c10";
    Case { award: "MA000010", classification, employment, state: Nsw, period }
}

#[test]
fn the_example_of_the_issue() {
    let lines = retail(Casual, Nsw, "2025-07-07").lines(book(), &["2025-07-13T10:00/15:00"]);
    assert_eq!(lines, ["07-13T10:00-13T15:00 5.00 sunday 175.00 46.46 232.30"]);
}

#[test]
fn the_rule_changes_where_the_evening_and_the_span_end() {
    let lines = retail(FullTime, Nsw, "2025-07-07").lines(book(), &["2025-07-11T17:00/23:00"]);
    assert_eq!(
        lines,
        [
            "07-11T17:00-11T18:00 1.00 ordinary 100.00 26.55 26.55",
            "07-11T18:00-11T21:00 3.00 weekday-evening 125.00 33.19 99.57",
            "07-11T21:00-11T23:00 2.00 overtime-first-3-hours 150.00 39.83 79.66",
        ]
    );
}

#[test]
fn before_the_span_is_overtime_too() {
    let lines = retail(FullTime, Nsw, "2025-07-07").lines(book(), &["2025-07-13T08:30/09:30"]);
    assert_eq!(
        lines,
        [
            "07-13T08:30-13T09:00 0.50 overtime-sunday 200.00 53.10 26.55",
            "07-13T09:00-13T09:30 0.50 sunday 150.00 39.83 19.92",
        ]
    );
}

#[test]
fn a_shift_across_midnight_takes_the_new_days_rules() {
    let case = hospitality(Casual, "2026-07-06");
    assert_eq!(
        case.lines(book(), &["2026-07-10T22:00/2026-07-11T02:00"]),
        [
            "07-10T22:00-11T00:00 2.00 weekday-evening 125.00 36.00 72.00",
            "07-11T00:00-11T02:00 2.00 saturday 150.00 39.66 79.32",
        ]
    );
    // One rule on both sides of midnight stays one line.
    let weekend = hospitality(FullTime, "2026-07-06");
    let lines = weekend.lines(book(), &["2026-07-06T22:00/2026-07-07T05:00"]);
    assert_eq!(
        lines,
        [
            "07-06T22:00-07T00:00 2.00 weekday-evening 100.00 29.39 58.78",
            "07-07T00:00-07T05:00 5.00 weekday-night 100.00 30.86 154.30",
        ]
    );
    let week = retail(FullTime, Nsw, "2025-07-07");
    let lines = week.lines(book(), &["2025-07-07T23:00/2025-07-08T01:00"]);
    assert_eq!(lines, ["07-07T23:00-08T01:00 2.00 overtime-first-3-hours 150.00 39.83 79.66"]);
}

#[test]
fn a_loading_per_hour_begun_is_not_pro_rata() {
    let case = hospitality(FullTime, "2026-07-06");
    for (until, hours, amount) in
        [("19:01", "0.0167", "3.39"), ("20:00", "1.00", "29.39"), ("20:01", "1.0167", "32.78")]
    {
        let lines = case.lines(book(), &[&format!("2026-07-07T19:00/{until}")]);
        let expected =
            format!("07-07T19:00-07T{until} {hours} weekday-evening 100.00 29.39 {amount}");
        assert_eq!(lines, [expected]);
    }
}

#[test]
fn unpaid_breaks_are_cut_out_in_any_order() {
    let case = retail(FullTime, Nsw, "2025-07-07");
    let expected = [
        "07-08T09:00-08T11:00 2.00 ordinary 100.00 26.55 53.10",
        "07-08T11:10-08T13:00 1.8333 ordinary 100.00 26.55 48.68",
        "07-08T13:30-08T17:00 3.50 ordinary 100.00 26.55 92.93",
    ];
    for breaks in ["11:00/11:10 13:00/13:30", "13:00/13:30 11:00/11:10"] {
        let shift = format!("2025-07-08T09:00/17:00 {breaks}");
        assert_eq!(case.lines(book(), &[&shift]), expected);
    }
    // Breaks may touch the shift's ends and each other; nothing but breaks is nothing paid.
    let lines = case.lines(book(), &["2025-07-08T09:00/11:00 09:00/10:00 10:00/11:00"]);
    assert_eq!(lines, [""; 0]);
}

#[test]
fn a_break_is_not_worked_towards_overtime() {
    let case = retail(FullTime, Nsw, "2025-07-07");
    assert_eq!(
        case.lines(book(), &["2025-07-08T07:00/19:30 12:00/13:00"]),
        [
            "07-08T07:00-08T12:00 5.00 ordinary 100.00 26.55 132.75",
            "07-08T13:00-08T18:00 5.00 ordinary 100.00 26.55 132.75",
            "07-08T18:00-08T19:00 1.00 weekday-evening 125.00 33.19 33.19",
            "07-08T19:00-08T19:30 0.50 overtime-first-3-hours 150.00 39.83 19.92",
        ]
    );
}

#[test]
fn overtime_tiers_count_across_the_shifts_of_a_day() {
    let case = manufacturing(FullTime, "2026-07-06");
    assert_eq!(
        case.lines(
            book(),
            &["2026-07-07T04:00/06:00", "2026-07-07T06:00/12:00", "2026-07-07T17:00/20:00"]
        ),
        [
            "07-07T04:00-07T06:00 2.00 overtime-first-3-hours 150.00 44.18 88.36",
            "07-07T06:00-07T12:00 6.00 ordinary 100.00 29.45 176.70",
            "07-07T17:00-07T18:00 1.00 ordinary 100.00 29.45 29.45",
            "07-07T18:00-07T19:00 1.00 overtime-first-3-hours 150.00 44.18 44.18",
            "07-07T19:00-07T20:00 1.00 overtime-after-3-hours 200.00 58.90 58.90",
        ]
    );
    // The next day stands alone.
    let lines = case.lines(book(), &["2026-07-07T18:00/22:00", "2026-07-08T18:00/19:00"]);
    assert_eq!(lines[2], "07-08T18:00-08T19:00 1.00 overtime-first-3-hours 150.00 44.18 44.18");
}

#[test]
fn hours_past_the_week_are_overtime_and_the_next_week_starts_afresh() {
    let case = retail(FullTime, Nsw, "2025-07-07");
    let days = ["07", "08", "09", "10"].map(|day| format!("2025-07-{day}T08:00/17:00"));
    let mut shifts: Vec<&str> = days.iter().map(String::as_str).collect();
    shifts.push("2025-07-11T08:00/12:00");
    shifts.push("2025-07-14T08:00/12:00");
    let lines = case.lines(book(), &shifts);
    assert_eq!(
        lines[4..],
        [
            "07-11T08:00-11T10:00 2.00 ordinary 100.00 26.55 53.10",
            "07-11T10:00-11T12:00 2.00 overtime-first-3-hours 150.00 39.83 79.66",
            "07-14T08:00-14T12:00 4.00 ordinary 100.00 26.55 106.20",
        ]
    );
    // The order in which shifts are listed does not matter.
    shifts.reverse();
    assert_eq!(case.lines(book(), &shifts), lines);
}

#[test]
fn casual_overtime_by_award() {
    for (case, shift, expected) in [
        (
            retail(Casual, Nsw, "2025-07-07"),
            "2025-07-08T08:00/20:00",
            "07-08T19:00-08T20:00 1.00 overtime-first-3-hours 175.00 46.46 46.46",
        ),
        (
            hospitality(Casual, "2026-07-06"),
            "2026-07-07T06:00/19:00",
            "07-07T18:00-07T19:00 1.00 overtime-first-2-hours 150.00 39.66 39.66",
        ),
        (
            manufacturing(Casual, "2026-07-06"),
            "2026-07-07T07:00/18:00",
            "07-07T17:00-07T18:00 1.00 overtime-first-3-hours 150.00 55.22 55.22",
        ),
    ] {
        assert_eq!(case.lines(book(), &[shift]).last().unwrap(), expected);
    }
}

#[test]
fn public_holidays_by_state_and_part_of_the_day() {
    // Melbourne Cup Day is a holiday in Victoria only.
    let cup = ["2025-11-04T10:00/11:00"];
    let rule = |state| retail(FullTime, state, "2025-11-03").lines(book(), &cup).remove(0);
    assert!(rule(Vic).contains("public-holiday 225.00 59.74"), "{}", rule(Vic));
    assert!(rule(Nsw).contains("ordinary 100.00"), "{}", rule(Nsw));
    // Christmas Eve becomes a holiday at 19:00 in South Australia, at 18:00 in Queensland.
    let eve = ["2025-12-24T17:00/20:00"];
    assert_eq!(
        retail(FullTime, Sa, "2025-12-22").lines(book(), &eve),
        [
            "12-24T17:00-24T18:00 1.00 ordinary 100.00 26.55 26.55",
            "12-24T18:00-24T19:00 1.00 weekday-evening 125.00 33.19 33.19",
            "12-24T19:00-24T20:00 1.00 public-holiday 225.00 59.74 59.74",
        ]
    );
    assert_eq!(
        retail(FullTime, Qld, "2025-12-22").lines(book(), &eve)[1],
        "12-24T18:00-24T20:00 2.00 public-holiday 225.00 59.74 119.48"
    );
    // The extra Mondays of New South Wales, and a Sunday shift that runs into one.
    assert_eq!(
        hospitality(Casual, "2026-04-20").price(book(), &[]).unwrap_err().field.to_string(),
        "shifts"
    );
    let anzac = Case { state: Nsw, ..hospitality(FullTime, "2026-04-20") };
    assert_eq!(
        anzac.lines(book(), &["2026-04-26T22:00/2026-04-27T02:00"]),
        [
            "04-26T22:00-27T00:00 2.00 sunday 150.00 37.43 74.86",
            "04-27T00:00-27T02:00 2.00 public-holiday 225.00 56.14 112.28",
        ]
    );
}

#[test]
fn a_night_with_a_clock_change_is_paid_for_the_time_that_passed() {
    let night = |case: Case<'_>, shift: &str| {
        let shifts = [crate::support::shift(shift)];
        let quote = case.price(book(), &shifts).unwrap();
        (quote.hours.to_string(), quote.lines.len())
    };
    // Back at 03:00 on 6 April 2025: 22:00 to 06:00 is nine hours; forward on 5 October: seven.
    let autumn = |state| Case { state, ..hospitality(FullTime, "2025-03-31") };
    let spring = |state| Case { state, ..hospitality(FullTime, "2025-09-29") };
    let (back, forward) =
        ("2025-04-05T22:00/2025-04-06T06:00", "2025-10-04T22:00/2025-10-05T06:00");
    assert_eq!(night(autumn(Vic), back).0, "9.00");
    assert_eq!(night(spring(Vic), forward).0, "7.00");
    // Queensland and Western Australia do not change their clocks.
    for state in [Qld, Wa] {
        assert_eq!(night(autumn(state), back).0, "8.00");
        assert_eq!(night(spring(state), forward).0, "8.00");
    }
    let lines = autumn(Nsw).lines(book(), &[back]);
    assert_eq!(lines[1], "04-06T00:00-06T06:00 7.00 sunday 150.00 36.15 253.05");
    // 24 hours on the clock are 25 here, and one too long.
    let refusal = autumn(Nsw).refusal(book(), &["2025-04-05T12:00/2025-04-06T12:00"]);
    assert_eq!(
        refusal,
        "shifts[0].end makes the shift 1500 minutes long, at most 1440 are allowed"
    );
}

#[test]
fn an_offset_says_which_of_two_equal_readings() {
    let case = Case { state: Nsw, ..hospitality(FullTime, "2025-03-31") };
    let hours = |shift: &str| {
        let quote = case.price(book(), &[crate::support::shift(shift)]);
        quote.map(|it| it.hours.to_string()).map_err(|error| error.to_string())
    };
    assert_eq!(hours("2025-04-06T01:00/2025-04-06T02:30+11:00").unwrap(), "1.50");
    assert_eq!(hours("2025-04-06T01:00/2025-04-06T02:30+10:00").unwrap(), "2.50");
    assert_eq!(hours("2025-04-06T02:30+11:00/2025-04-06T02:30+10:00").unwrap(), "1.00");
    assert_eq!(
        hours("2025-04-06T01:00/2025-04-06T02:30").unwrap_err(),
        "shifts[0].end is ambiguous: clocks went back and read 2025-04-06T02:30 twice, add the \
         offset +11:00 (the first time) or +10:00"
    );
    // The edges: 02:00 is the first ambiguous minute, 03:00 is past it.
    assert!(hours("2025-04-06T01:00/2025-04-06T02:00").unwrap_err().contains("ambiguous"));
    assert_eq!(hours("2025-04-06T01:00/2025-04-06T01:59").unwrap(), "0.9833");
    assert_eq!(hours("2025-04-06T01:00/2025-04-06T03:00").unwrap(), "3.00");
    assert_eq!(hours("2025-04-05T10:00+11:00/2025-04-05T11:00").unwrap(), "1.00");
    assert_eq!(
        hours("2025-04-05T10:00+10:00/2025-04-05T11:00").unwrap_err(),
        "shifts[0].start states an offset that is not in force then, expected +11:00"
    );
    let spring = Case { state: Nsw, ..hospitality(FullTime, "2025-09-29") };
    let hours = |shift: &str| {
        let quote = spring.price(book(), &[crate::support::shift(shift)]);
        quote.map(|it| it.hours.to_string()).map_err(|error| error.to_string())
    };
    assert_eq!(
        hours("2025-10-05T02:30/2025-10-05T06:00").unwrap_err(),
        "shifts[0].start does not exist: clocks went forward past 2025-10-05T02:30 that day"
    );
    assert_eq!(hours("2025-10-05T02:30+10:00/2025-10-05T06:00").unwrap(), "2.50");
    assert_eq!(hours("2025-10-05T01:00/2025-10-05T03:00").unwrap(), "1.00");
}

#[test]
fn the_version_is_the_one_of_the_first_full_pay_period() {
    for (period, shift, amount) in [
        // The new rate is operative from 1 July, a Tuesday: the week in which it falls is not full.
        ("2025-06-30", "2025-07-02T10:00/11:00", "25.65"),
        ("2025-07-01", "2025-07-02T10:00/11:00", "26.55"),
        ("2025-07-07", "2025-07-07T10:00/11:00", "26.55"),
        ("2021-09-01", "2021-09-01T10:00/11:00", "22.33"),
        ("2026-07-06", "2026-07-06T10:00/11:00", "27.81"),
    ] {
        let lines = retail(FullTime, Nsw, period).lines(book(), &[shift]);
        assert!(lines[0].ends_with(amount), "{period}: {lines:?}");
    }
    assert_eq!(
        retail(FullTime, Nsw, "2021-08-31").refusal(book(), &["2021-09-01T10:00/11:00"]),
        "pay_period_start 2021-08-31 is before the award's first version, operative from 2021-09-01"
    );
}

#[test]
fn what_cannot_be_priced_is_refused_with_its_field() {
    let book = book();
    let case = retail(FullTime, Nsw, "2025-07-07");
    for (shifts, expected) in [
        (
            vec!["2025-07-08T10:00/09:00"],
            "shifts[0].end is 2025-07-08T09:00, not after the start 2025-07-08T10:00",
        ),
        (
            vec!["2025-07-08T10:00/10:00"],
            "shifts[0].end is 2025-07-08T10:00, not after the start 2025-07-08T10:00",
        ),
        (
            vec!["2025-07-08T10:00/2025-07-09T10:01"],
            "shifts[0].end makes the shift 1441 minutes long, at most 1440 are allowed",
        ),
        (
            vec!["2025-07-08T10:00/12:00", "2025-07-09T10:00/12:00", "2025-07-08T11:59/13:00"],
            "shifts[2].start lies within shifts[0]",
        ),
        (
            vec!["2025-07-08T10:00/12:00", "2025-07-08T09:00/13:00"],
            "shifts[1].start lies within shifts[0]",
        ),
        (
            vec!["2025-07-08T10:00/12:00", "2025-07-08T13:00/17:00 12:30/13:30"],
            "shifts[1].unpaid_breaks[0].start is outside the shift, 2025-07-08T13:00 to \
             2025-07-08T17:00",
        ),
        (
            vec!["2025-07-08T13:00/17:00 14:00/14:30 16:45/17:15"],
            "shifts[0].unpaid_breaks[1].end is outside the shift, 2025-07-08T13:00 to \
             2025-07-08T17:00",
        ),
        (
            vec!["2025-07-08T13:00/17:00 14:30/14:00"],
            "shifts[0].unpaid_breaks[0].end is 2025-07-08T14:00, not after the start \
             2025-07-08T14:30",
        ),
        (
            vec!["2025-07-08T13:00/17:00 14:00/15:00 14:30/15:30"],
            "shifts[0].unpaid_breaks[1].start lies within unpaid_breaks[0]",
        ),
        (
            vec!["2025-07-06T13:00/17:00"],
            "shifts[0].start is 2025-07-06, outside the pay period: on or after 2025-07-07 and \
             within 31 days",
        ),
        (
            vec!["2025-08-07T13:00/17:00"],
            "shifts[0].start is 2025-08-07, outside the pay period: on or after 2025-07-07 and \
             within 31 days",
        ),
        (vec![], "shifts is empty, expected at least one shift"),
    ] {
        assert_eq!(case.refusal(book, &shifts), expected);
    }
    // Shifts that only touch do not overlap.
    let touching = ["2025-07-08T10:00/12:00", "2025-07-08T12:00/13:00"];
    assert_eq!(case.lines(book, &touching).len(), 2);
}

#[test]
fn what_is_not_published_is_refused_with_its_field() {
    let book = book();
    let day = ["2025-07-08T10:00/12:00"];
    let case = || retail(FullTime, Nsw, "2025-07-07");
    let award = Case { award: "MA000999", ..case() };
    assert_eq!(award.refusal(book, &day), "award `MA000999` is not a published award");
    for code in ["retail-employee-level-9", "fwc:999", "fwc:", "fwc:-1", ""] {
        let case = Case { classification: code, ..case() };
        assert_eq!(
            case.refusal(book, &day),
            format!("classification `{code}` is not a classification of that award version")
        );
    }
    let by_id = Case { classification: "fwc:112", ..case() };
    assert_eq!(by_id.lines(book, &day), case().lines(book, &day));
    let late = retail(FullTime, Nsw, "2027-12-27");
    assert_eq!(
        late.refusal(book, &["2027-12-31T22:00/2028-01-01T02:00"]),
        "shifts[0].end is 2028-01-01, outside the published holiday table, 2021-01-01 to 2027-12-31"
    );
}

#[test]
fn counts_are_limited() {
    let book = book();
    let case = retail(FullTime, Nsw, "2025-07-07");
    let breaks = "2025-07-08T08:00/17:00 09:00/09:05 10:00/10:05 11:00/11:05 12:00/12:05 \
                  13:00/13:05 14:00/14:05 15:00/15:05 16:00/16:05 16:30/16:35";
    assert_eq!(
        case.refusal(book, &[breaks]),
        "shifts[0].unpaid_breaks has 9 breaks, at most 8 are allowed"
    );
    assert_eq!(case.lines(book, &[breaks.rsplit_once(' ').unwrap().0]).len(), 9);
    let many = vec![crate::support::shift("2025-07-08T08:00/17:00"); 513];
    assert_eq!(
        case.price(book, &many).unwrap_err().to_string(),
        "shifts has 513 shifts, at most 512 are allowed"
    );
}
