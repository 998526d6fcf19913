//! What a pack that is not right gets: each fault names file, version, rule and field.

use crate::support::{calendar, date, read};
use rates::rules::calendar::{Calendar, Holiday, HolidayError, HolidayTable, State};
use rates::rules::pack::{Pack, examine};

/// Checks a shipped pack in which `from` was replaced by `to`, everywhere.
fn refusal(award: &str, from: &str, to: &str) -> String {
    let path = format!("packs/{award}.toml");
    let text = read(&path);
    assert!(text.contains(from), "{path} has no {from:?}");
    let checked = Pack::from_toml(&path, &text.replace(from, to))
        .and_then(|pack| pack.check(&path, &calendar()));
    checked.expect_err("the pack was accepted").to_string()
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table of faults")]
fn a_shipped_pack_that_is_changed_for_the_worse_is_refused() {
    let retail = "packs/MA000004.toml: MA000004 version 2021-09-01";
    for (from, to, expected) in [
        // A stated hourly rate that its weekly rate contradicts.
        (
            "weekly = \"1008.90\", hourly = \"26.55\"",
            "weekly = \"1008.90\", hourly = \"26.56\"",
            "packs/MA000004.toml: MA000004 version 2025-07-01, `retail-employee-level-1`: \
             classifications[0].hourly is 26.56, but 1008.90 a week of 38.00 hours is 26.55"
                .to_owned(),
        ),
        // A gap: nothing pays 18:00 to 18:30.
        (
            "from = \"18:00\"\npercent = \"125.00\"",
            "from = \"18:30\"\npercent = \"125.00\"",
            format!(
                "{retail}: penalties leave a gap: full-time, retail-employee-level-1, Monday 18:00 \
                 to 18:30 has no rate"
            ),
        ),
        // An overlap: two rules pay 17:30 to 18:00.
        (
            "from = \"18:00\"\npercent = \"125.00\"",
            "from = \"17:30\"\npercent = \"125.00\"",
            format!(
                "{retail}: penalties overlap without precedence: `weekday-evening` and `ordinary` \
                 both pay full-time, retail-employee-level-1, on Monday 17:30 to 18:00"
            ),
        ),
        (
            "percent = \"150.00\"\ncasual = \"additive\"",
            "percent = \"0.00\"\ncasual = \"additive\"",
            format!(
                "{retail}, `sunday`: penalties[3].percent is 0.00 %, expected above 0 and at most \
                 1000.00 %"
            ),
        ),
        (
            "percent = \"225.00\"",
            "percent = \"1000.01\"",
            format!(
                "{retail}, `public-holiday`: penalties[4].percent is 1000.01 %, expected above 0 \
                 and at most 1000.00 %"
            ),
        ),
        (
            "percent = \"225.00\"\ncasual = \"additive\"",
            "percent = \"225.00\"",
            format!(
                "{retail}, `public-holiday`: penalties[4].casual is missing: the rule names casual \
                 employees and does not say how it pays them"
            ),
        ),
        (
            "days = [\"holiday\"]\npercent = \"250.00\"",
            "days = [\"sun\"]\nafter = \"9.00\"\npercent = \"250.00\"",
            format!(
                "{retail}: overtime leave a gap: full-time, retail-employee-level-1, Monday holiday \
                 has no tier from 0.00 hours"
            ),
        ),
        (
            "after = \"3.00\"\n",
            "",
            format!(
                "{retail}: overtime overlap: `overtime-first-3-hours` and `overtime-after-3-hours` \
                 both pay full-time, retail-employee-level-1, on Monday after 0.00 hours"
            ),
        ),
        (
            "from = \"18:00\"\npercent = \"125.00\"",
            "from = \"18:00\"\nto = \"18:00\"\npercent = \"125.00\"",
            format!(
                "{retail}, `weekday-evening`: penalties[1].to is 18:00 to 18:00, expected an end \
                 after the start"
            ),
        ),
        (
            "operative_from = \"2024-07-01\"",
            "operative_from = \"2021-07-01\"",
            "packs/MA000004.toml: version 2021-07-01 comes after 2023-07-01, expected the oldest \
             version first"
                .to_owned(),
        ),
        (
            "operative_from = \"2025-07-01\"",
            "operative_from = \"2024-07-01\"",
            "packs/MA000004.toml: version 2024-07-01 comes after 2024-07-01, expected the oldest \
             version first"
                .to_owned(),
        ),
        (
            "code = \"retail-employee-level-2\"",
            "code = \"retail-employee-level-1\"",
            "packs/MA000004.toml: classification `retail-employee-level-1` is given twice"
                .to_owned(),
        ),
        (
            "fwc = 113\n",
            "fwc = 112\n",
            format!("{retail}, `retail-employee-level-2`: classifications[1].fwc is given twice"),
        ),
        (
            "of = \"retail-employee-level-4\"\nstage = [",
            "of = \"retail-employee-level-9\"\nstage = [",
            "packs/MA000004.toml: classification `retail-apprentice-before-2014-year-1`, of: names no \
             classification of this pack"
                .to_owned(),
        ),
        (
            "retail-employee-level-3 = {",
            "retail-employee-level-33 = {",
            "packs/MA000004.toml: version 2021-09-01, rates: `retail-employee-level-33` is not a \
             classification of this pack"
                .to_owned(),
        ),
        (
            "rules = \"general\"",
            "rules = \"special\"",
            "packs/MA000004.toml: version 2021-09-01, rules: no rule set is named `special`"
                .to_owned(),
        ),
        (
            "total = \"232.30\"",
            "total = \"232.31\"",
            "packs/MA000004.toml: example `a casual Sunday`, total: is 232.31, but the shifts come \
             to 232.30"
                .to_owned(),
        ),
        (
            "start = \"2025-07-13T10:00\"",
            "start = \"2025-07-13T16:00\"",
            "packs/MA000004.toml: example `a casual Sunday`: shifts[0].end is 2025-07-13T15:00, not \
             after the start 2025-07-13T16:00"
                .to_owned(),
        ),
        (
            "weekly = \"848.50\", hourly = \"22.33\"",
            "weekly = \"-848.50\"",
            format!(
                "{retail}, `retail-employee-level-1`: classifications[0].weekly is -848.50, \
                 expected above 0.00 and at most 1000000.00"
            ),
        ),
        (
            "weekly = \"848.50\", hourly = \"22.33\"",
            "weekly = \"848.50\", annual = \"44122.00\"",
            format!(
                "{retail}, `retail-employee-level-1`: classifications[0].weekly needs one of weekly, \
                 hourly or annual"
            ),
        ),
        (
            "week = \"38.00\"",
            "week = \"0.00\"",
            format!("{retail}: week is 0.00 hours, expected above 0.00 and at most 168.00"),
        ),
    ] {
        assert_eq!(refusal("MA000004", from, to), expected);
    }
}

#[test]
fn other_faults() {
    let hospitality = "packs/MA000009.toml: MA000009 version 2024-07-01";
    assert_eq!(
        refusal(
            "MA000009",
            "of = \"hospitality-level-4\", percent = \"10.00\"",
            "percent = \"10.00\""
        ),
        format!(
            "{hospitality}, `weekday-evening`: penalties[1].flat needs either amount, or of and percent, or allowance"
        )
    );
    assert_eq!(
        refusal("MA000009", "flat = { of = \"hospitality-level-4\"", "flat = { of = \"level-4\""),
        format!(
            "{hospitality}, `weekday-evening`: penalties[1].flat.of names `level-4`, which this \
             version does not have"
        )
    );
    assert_eq!(
        refusal("MA000009", "employment = [\"casual\"]", "employment = [\"full-time\"]"),
        format!(
            "{hospitality}, `ordinary`: penalties[0].employment name casual employees, for whom \
             there are no ordinary hours"
        )
    );
    let wrong_share = refusal(
        "MA000010",
        "manufacturing-c5 = { weekly = \"1309.50\"",
        "manufacturing-apprentice-no-year-12-stage-1 = { weekly = \"559.56\" }\nmanufacturing-c5 = { weekly = \"1309.50\"",
    );
    assert_eq!(
        wrong_share,
        "packs/MA000010.toml: version 2026-07-01, rates.manufacturing-apprentice-no-year-12-stage-1\
         .weekly is 559.56, but 50.00 % of `manufacturing-c10` is 559.55"
    );
    let unknown = refusal("MA000010", "currency = \"AUD\"", "currency = \"AUD\"\ncolour = 1");
    assert!(unknown.contains("packs/MA000010.toml: TOML parse error at line"), "{unknown}");
    assert!(unknown.contains("unknown field `colour`"), "{unknown}");
    let money = refusal("MA000010", "weekly = \"1119.10\"", "weekly = \"1119.101\"");
    assert!(money.contains("has more than 2 digits after the point"), "{money}");
    let large = "#".repeat((1 << 20) + 1);
    assert!(Pack::from_toml("big", &large).is_err());
}

#[test]
fn precedence_can_be_stated_or_left_to_the_highest() {
    let overlap = ("from = \"18:00\"\npercent = \"125.00\"", "percent = \"125.00\"");
    let text = read("packs/MA000004.toml").replace(overlap.0, overlap.1);
    let check = |text: &str| {
        Pack::from_toml("p", text).and_then(|it| it.check("p", &calendar())).map(|it| it.len())
    };
    assert!(check(&text).is_err());
    // The evening now pays all day: by the highest, and by priority, examples change and say so.
    let highest = text.replace(
        "casual_loading = \"25.00\"\n",
        "casual_loading = \"25.00\"\nprecedence = \"highest\"\n",
    );
    let error = check(&highest).unwrap_err().to_string();
    assert!(error.contains("example `an ordinary day with a meal break`, total: is 212.40, but the shifts come to 265.52"), "{error}");
    let priority =
        text.replace("to = \"18:00\"\npercent = \"100.00\"", "percent = \"100.00\"\npriority = 1");
    let error = check(&priority).unwrap_err().to_string();
    assert!(error.contains("a Friday into the evening"), "{error}");
}

#[test]
fn a_holiday_table_at_its_edges() {
    let holiday = |date_text: &str, from: Option<&str>, states: &[State]| Holiday {
        date: date(date_text),
        name: "A day".to_owned(),
        from: from.map(|it| it.parse().unwrap()),
        states: states.to_vec(),
    };
    let table = |holiday: Vec<Holiday>| HolidayTable {
        first: date("2025-01-01"),
        last: date("2025-12-31"),
        holiday,
    };
    let check = |holiday: Holiday| Calendar::new(&table(vec![holiday]));
    let (first, last) = (date("2025-01-01"), date("2025-12-31"));
    for outside in ["2024-12-31", "2026-01-01"] {
        let expected = HolidayError::Outside { at: 0, date: date(outside), first, last };
        assert_eq!(check(holiday(outside, None, &[State::Nsw])), Err(expected));
    }
    let nowhere = check(holiday("2025-06-01", None, &[]));
    assert_eq!(nowhere, Err(HolidayError::Nowhere { at: 0 }));
    let late = check(holiday("2025-06-01", Some("24:00"), &[State::Nsw]));
    assert_eq!(late, Err(HolidayError::Start { at: 0 }));
    let backwards = HolidayTable { first: last, last: first, holiday: Vec::new() };
    assert_eq!(Calendar::new(&backwards), Err(HolidayError::Range { first: last, last: first }));
    // Of a part-day and a whole-day holiday on one date, the whole day counts.
    let both = vec![
        holiday("2025-06-01", Some("19:00"), &[State::Sa]),
        holiday("2025-06-01", None, &[State::Sa]),
    ];
    let calendar = Calendar::new(&table(both)).unwrap();
    let from = calendar.holiday_from(State::Sa, date("2025-06-01")).unwrap();
    assert_eq!(from.minutes(), 0);
    assert_eq!(calendar.holiday_from(State::Nsw, date("2025-06-01")), None);
}

#[test]
fn holidays_that_every_state_shares() {
    let calendar = calendar();
    for (day, states) in [
        ("2021-01-01", 8),
        ("2022-09-22", 8),
        ("2023-04-07", 8),
        ("2024-04-01", 8),
        ("2025-01-27", 8),
        ("2025-04-25", 8),
        ("2025-12-25", 8),
        ("2026-01-26", 8),
        ("2027-03-26", 8),
        ("2025-11-04", 1),
        ("2026-04-27", 3),
        ("2025-07-13", 0),
    ] {
        let count =
            State::ALL.iter().filter(|it| calendar.holiday_from(**it, date(day)).is_some()).count();
        assert_eq!(count, states, "{day}");
    }
}

#[test]
fn every_fault_is_placed() {
    let text = read("packs/MA000004.toml");
    let good = examine(&text, &calendar());
    assert_eq!((good.faults, good.gaps), (vec![], vec![]));
    assert_eq!((good.award.as_str(), good.versions.len()), ("MA000004", 7));
    for (from, to, key) in [
        ("week = \"38.00\"", "week = 38", "rules.week"),
        ("percent = \"225.00\"", "percent = \"1000.01\"", "rules.penalty.percent"),
        ("hourly = \"26.55\"", "hourly = \"26.56\"", "version.rates.retail-employee-level-1"),
        ("rates_from = \"2026-07-01\"", "rates_from = \"2026-07-02\"", "version.rates_from"),
        (
            "retail-employee-level-3 = { weekly = \"1097.80\"",
            "retail-employee-level-33 = { weekly = \"1097.80\"",
            "version.rates.retail-employee-level-33",
        ),
        ("total = \"232.30\"", "total = \"232.31\"", "example.total"),
        (
            "name = \"a casual Sunday\"\nclassification = \"retail-employee-level-1\"",
            "name = \"a casual Sunday\"\nclassification = \"nobody\"",
            "example.name",
        ),
        ("percent = \"1.30\"\nrate = \"hourly\"", "percent = \"0.00\"\nrate = \"hourly\"", ""),
    ] {
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        let found = examine(&changed, &calendar()).faults;
        let fault = found.first().unwrap_or_else(|| panic!("{to} was accepted"));
        if key.is_empty() {
            assert!(fault.reason.contains("cold-work"), "{fault:?}");
            continue;
        }
        assert_eq!(fault.key, key, "{fault:?}");
        let line = changed.lines().nth(fault.line.unwrap() - 1).unwrap();
        let name = key.rsplit('.').next().unwrap();
        assert!(line.starts_with(name), "{key}: {line}");
    }
    // All examples are run, and the same fault of several versions is told once.
    let wrong = text.replace("total = \"2", "total = \"1");
    assert!(1 < examine(&wrong, &calendar()).faults.len());
    let two = text.replacen("percent = \"225.00\"", "percent = \"0.00\"", 1);
    assert_eq!(examine(&two, &calendar()).faults.len(), 1);
    // What is left out is a gap and no fault.
    let less = text.replacen("rates_from = \"2026-07-01\"\n", "", 1);
    let found = examine(&less, &calendar());
    assert!(found.gaps.iter().any(|it| it.reason.contains("has no rate from 2026-12-01")));
    let bare = examine("award = \"X\"", &calendar());
    assert_eq!(bare.faults.len(), 1, "{bare:?}");
}
