//! What an ordinary hour is worth, from small made-up rows.

use fairwork::rules::base_rates::{Outcome, Rate, base_rates};
use fairwork::{ClassificationRow, Figure};
use values::{Date, Money};

fn row(id: u32, kind: &str, base: &str, calculated: Option<(&str, &str)>) -> ClassificationRow {
    let figure = |text: &str| Some(Figure::parse(text).unwrap());
    ClassificationRow {
        classification_fixed_id: id,
        classification: format!("Level {id}"),
        clauses: "15.1".to_owned(),
        base_rate_type: kind.to_owned(),
        base_rate: figure(base),
        calculated_rate_type: calculated.map_or(String::new(), |it| it.0.to_owned()),
        calculated_rate: calculated.and_then(|it| figure(it.1)),
        operative_from: Some(Date::parse("2025-07-01").unwrap()),
        ..ClassificationRow::default()
    }
}

fn money(text: &str) -> Money {
    Money::parse(text).unwrap()
}

#[test]
fn each_kind_of_row_has_its_outcome() {
    let weekly = |text: &str| Some(Rate::Weekly(money(text)));
    let hourly = |text: &str| Some(Rate::Hourly(money(text)));
    let cases: Vec<(Vec<ClassificationRow>, Option<Rate>, Outcome)> = vec![
        (
            vec![row(1, "Weekly", "1008.9", Some(("Hourly", "26.55")))],
            weekly("1008.90"),
            Outcome::WeeklyAgrees,
        ),
        (vec![row(1, "Weekly", "1008.9", None)], weekly("1008.90"), Outcome::WeeklyAlone),
        // SCHADS level 2 pay point 2: 1102.00 raised by 1.23.
        (
            vec![
                row(1, "Weekly", "1102", Some(("Hourly", "35.67"))),
                row(1, "Weekly", "1102", Some(("Weekly", "1355.46"))),
            ],
            weekly("1355.46"),
            Outcome::WeeklyRaised,
        ),
        (
            vec![row(1, "Weekly", "1068.4", Some(("Hourly", "34.58")))],
            hourly("34.58"),
            Outcome::Loaded,
        ),
        (
            vec![row(1, "Weekly", "2898", Some(("Hourly", "34.50")))],
            hourly("34.50"),
            Outcome::OtherWeek,
        ),
        (vec![row(1, "Weekly", "959.5", Some(("Weekly", "287.85")))], None, Outcome::Part),
        (vec![row(1, "Hourly", "31.99", None)], hourly("31.99"), Outcome::Hourly),
        (
            vec![row(1, "Hourly", "31.99", Some(("Hourly", "23.99")))],
            hourly("23.99"),
            Outcome::Share,
        ),
        (vec![row(1, "Hourly", "0.1234", None)], None, Outcome::NotCents),
        (vec![row(1, "Hourly", "0", None)], None, Outcome::NotCents),
        (
            vec![row(1, "Annual", "60000", None)],
            Some(Rate::Annual(money("60000.00"))),
            Outcome::AnnualAlone,
        ),
        (
            vec![row(1, "Annual", "60000", Some(("Hourly", "30.36")))],
            hourly("30.36"),
            Outcome::AnnualHourly,
        ),
        (
            vec![row(1, "Annual", "60000", Some(("Weekly", "1153.85")))],
            weekly("1153.85"),
            Outcome::AnnualWeekly,
        ),
        (
            vec![row(1, "Daily", "310.17", Some(("Hourly", "62.03")))],
            hourly("62.03"),
            Outcome::DailyHourly,
        ),
        (vec![row(1, "Daily", "310.17", None)], None, Outcome::DailyAlone),
        (vec![row(1, "Piece rate", "1.50", None)], None, Outcome::Piece),
        (vec![row(1, "Yearly", "1.50", None)], None, Outcome::KindUnknown),
        (
            vec![row(1, "Weekly", "1000", None), row(1, "Weekly", "1001", Some(("Hourly", "26")))],
            None,
            Outcome::TwoRates,
        ),
    ];
    for (rows, rate, outcome) in cases {
        let kind = rows[0].base_rate_type.clone();
        // Something that is always priced, so that there is a version.
        let mut all = rows.clone();
        all.push(row(9, "Weekly", "1008.9", Some(("Hourly", "26.55"))));
        let found = base_rates(4, &[(2025, all.as_slice())]);
        assert_eq!(
            found.outcomes.get(&outcome).copied().unwrap_or(0),
            if outcome == Outcome::WeeklyAgrees { 2 } else { 1 },
            "{kind} {found:?}"
        );
        let first = found.versions[0].rates.iter().find(|it| it.fixed_id == 1);
        assert_eq!(first.map(|it| it.rate), rate, "{kind}");
        assert_eq!(
            outcome.is_priced(),
            rate.is_some_and(|it| !matches!(it, Rate::Annual(_))),
            "{}",
            outcome.name()
        );
    }
}

#[test]
fn headings_and_shadow_clauses_are_no_classifications() {
    let mut heading = row(2, "Weekly", "1000", None);
    heading.is_heading = true;
    let mut note = row(3, "", "0", None);
    note.base_rate = None;
    let mut shadow = row(4, "Weekly", "1000", None);
    shadow.clauses = "15.1*_Formatted".to_owned();
    let rows = [row(1, "Hourly", "25", None), heading, note, shadow];
    let found = base_rates(4, &[(2025, &rows)]);
    assert_eq!(found.versions[0].rates.len(), 1);
    assert_eq!((found.outcomes[&Outcome::Heading], found.outcomes[&Outcome::Shadow]), (2, 1));
}

#[test]
fn the_week_is_the_one_that_published_rates_show() {
    let coal = [
        row(1, "Weekly", "1040.7", Some(("Hourly", "29.73"))),
        row(2, "Weekly", "1060.7", Some(("Hourly", "30.31"))),
    ];
    let found = base_rates(1, &[(2025, &coal)]);
    assert_eq!((found.week.minutes(), found.week_shown_by), (35 * 60, 2));
    let unsaid = [row(1, "Weekly", "1040.7", None)];
    let found = base_rates(1, &[(2025, &unsaid)]);
    assert_eq!((found.week.minutes(), found.week_shown_by), (38 * 60, 0));
}

#[test]
fn all_purpose_allowances_join_the_rate_that_they_belong_to() {
    let mut ordinary = row(7, "Ordinary hourly", "28.74", None);
    ordinary.clauses = "15.1*_OrdHrRate".to_owned();
    ordinary.classification = "level 1 ".to_owned();
    ordinary.calculated_includes_all_purpose = true;
    let rows = [
        row(1, "Weekly", "1008.9", Some(("Hourly", "26.55"))),
        row(2, "Weekly", "1050", None),
        ordinary,
    ];
    let found = base_rates(4, &[(2025, &rows)]);
    let rates = &found.versions[0].rates;
    assert_eq!((rates.len(), rates[1].all_purpose_weekly), (2, None));
    let allowances = rates[0].all_purpose_weekly.unwrap();
    assert_eq!((money("1008.90") + allowances).per_hour_of(found.week), money("28.74"));
}

#[test]
fn an_ordinary_rate_that_no_classification_has_is_quotable_by_its_own_id() {
    let ordinary = |id, clauses: &str, name: &str, rate: &str| ClassificationRow {
        clauses: clauses.to_owned(),
        classification: name.to_owned(),
        calculated_includes_all_purpose: true,
        ..row(id, "Ordinary hourly", rate, None)
    };
    let mut casual = ordinary(13, "15.1*_OrdHrRate", "Level 1", "35.93");
    casual.calculated_includes_all_purpose = false;
    let rows = [
        row(1, "Weekly", "1008.9", Some(("Hourly", "26.55"))),
        // Another name; for some of the employees alone; and of one name, but two rates.
        ordinary(10, "15.1*_OrdHrRate", "Level 1\u{2014}glaziers", "28.74"),
        ordinary(11, "15.1*_OrdHrRate - Daily hire", "Level 1", "29.74"),
        ordinary(12, "15.1*_OrdHrRate", "Level 1", "27.74"),
        ordinary(14, "15.1*_OrdHrRate", "Level 1", "27.75"),
        casual,
    ];
    let found = base_rates(4, &[(2025, &rows)]);
    let ids: Vec<u32> = found.versions[0].rates.iter().map(|it| it.fixed_id).collect();
    assert_eq!(ids, [1, 10, 11, 12, 14]);
    assert_eq!(found.versions[0].rates[0].all_purpose_weekly, None);
    assert_eq!(found.versions[0].rates[1].rate, Rate::Hourly(money("28.74")));
    let outcomes = (found.outcomes[&Outcome::OrdinaryHourly], found.outcomes[&Outcome::Shadow]);
    assert_eq!(outcomes, (4, 1));
}

#[test]
fn casual_rates_are_the_rate_and_the_loading() {
    let pair = |casual: &str| {
        [
            row(1, "Annual", "60000", Some(("Hourly", "30.36"))),
            row(1, "Annual", "60000", Some(("Casual hourly", casual))),
        ]
    };
    let rows = pair("37.95");
    let found = base_rates(134, &[(2025, &rows)]);
    assert_eq!(found.casual_loading.map(values::Percent::hundredths), Some(2_500));
    assert_eq!(found.versions[0].rates[0].casual_agrees, Some(true));
    let rows = pair("36.43");
    assert_eq!(base_rates(134, &[(2025, &rows)]).casual_loading, None);
    assert_eq!(base_rates(4, &[(2025, &rows)]).versions[0].rates[0].casual_agrees, Some(false));
    let mut own = row(1, "Hourly", "31.99", None);
    own.clause_description = "Casual junior driveway attendant".to_owned();
    assert!(base_rates(89, &[(2025, &[own])]).versions[0].rates[0].is_casual_only);
}

#[test]
fn every_date_on_which_anything_changed_has_a_version() {
    let day = |text: &str| Some(Date::parse(text).unwrap());
    let dated = |id, base: &str, from: &str, to: Option<Date>| ClassificationRow {
        operative_from: day(from),
        operative_to: to,
        ..row(id, "Weekly", base, None)
    };
    let older =
        [dated(1, "950", "2024-07-01", day("2025-06-30")), dated(2, "960", "2024-07-01", None)];
    let newer = [
        dated(1, "980", "2025-07-01", day("2025-09-30")),
        dated(1, "990", "2025-10-01", None),
        dated(2, "960", "2024-07-01", None),
    ];
    let found = base_rates(4, &[(2025, &newer), (2024, &older)]);
    let versions: Vec<(String, usize)> = found
        .versions
        .iter()
        .map(|it| (it.operative_from.text().as_str().to_owned(), it.rates.len()))
        .collect();
    let expected = ["2024-07-01", "2025-07-01", "2025-10-01"].map(|it| (it.to_owned(), 2));
    assert_eq!(versions, expected);
    assert_eq!((found.known_to, found.gap_before), (None, None));
    // Years between that are not imported: what was before them is not known any more.
    let oldest = [dated(1, "740.80", "2019-07-01", day("2020-10-31"))];
    let found = base_rates(4, &[(2019, &oldest), (2025, &newer[..2])]);
    assert_eq!((found.versions.len(), found.gap_before), (2, day("2025-07-01")));
    let found = base_rates(4, &[(2019, &oldest)]);
    assert_eq!((found.versions.len(), found.known_to), (1, day("2020-10-31")));
}
