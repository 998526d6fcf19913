//! Laws that hold for every roster: order does not matter, splitting does not pay, more work never
//! pays less, and an independent minute-by-minute reckoning agrees.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::support::{Case, PACKS, book, calendar, date, pack};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use rates::rules::award::{AwardVersion, Day, Employment, Rule};
use rates::rules::calendar::State;
use rates::rules::compile::VersionTables;
use rates::rules::paid::PaidFor;
use rates::rules::quote::Priced;
use rates::rules::reference::Book;
use rates::rules::shift::{Shift, UnpaidBreak};
use values::{LocalTime, Moment, Money, TimeOfDay};

const PERIOD: &str = "2026-09-28";

/// The version of an award in [`PERIOD`], as its pack spells it out.
fn version_of(award: &str) -> AwardVersion {
    let before = |it: &AwardVersion| it.operative_from <= date(PERIOD);
    let versions = pack(award).versions(award).unwrap();
    versions.into_iter().rfind(before).unwrap()
}

/// Who is paid under a version: award, classification, kind of employment.
type Person = (&'static str, String, Employment);

/// Every adult with an hourly rate under every pack. Juniors and apprentices have the same rules, but
/// flat dollars can outweigh a penalty or overtime that is a share of their lower rate.
static EVERYBODY: LazyLock<Vec<Person>> = LazyLock::new(|| {
    let mut people = Vec::new();
    for award in PACKS {
        let version = version_of(award);
        for it in &version.classifications {
            let mut steps = version.scales.iter().flat_map(|it| &it.steps);
            let on_scale = steps.any(|step| step.classification == it.code)
                || ["apprentice", "junior", "-under-", "-age-"]
                    .iter()
                    .any(|word| it.code.contains(word));
            if it.annual.is_some() || on_scale {
                continue;
            }
            for employment in Employment::ALL {
                if book().terms(award, &it.code, employment, date(PERIOD)).is_ok() {
                    people.push((award, it.code.clone(), employment));
                }
            }
        }
    }
    assert!(400 < people.len(), "{}", people.len());
    people
});

fn anybody() -> impl Strategy<Value = Case<'static>> {
    let people: &'static [Person] = &EVERYBODY;
    (0..people.len(), 0..8usize).prop_map(|(at, state)| {
        let (award, classification, employment) = &people[at];
        let (employment, state) = (*employment, State::ALL[state]);
        Case { award, classification, employment, state, period: PERIOD }
    })
}

/// Those whose hours are reckoned minute by minute.
const CLASSIFICATIONS: [(&str, &str); 4] = [
    ("MA000004", "retail-employee-level-1"),
    ("MA000004", "retail-employee-level-6"),
    ("MA000009", "hospitality-level-3"),
    ("MA000010", "manufacturing-c10"),
];

/// Their versions in [`PERIOD`], without what marks a shift as a whole: kinds of shift, minimums,
/// breaks, long days, days in a row. The independent implementation in `tests/oracle` has those too.
static PLAIN: LazyLock<Vec<AwardVersion>> = LazyLock::new(|| {
    let plain = |award| {
        let mut version = version_of(award);
        version.shifts.clear();
        version.minimums.clear();
        version.missed_breaks.clear();
        version.allowances.clear();
        version.penalties.retain(|it| it.shifts.is_empty());
        version.overtime.retain(|it| it.shifts.is_empty());
        version.ordinary.retain(|it| it.shifts.is_empty());
        for limits in &mut version.ordinary {
            limits.long_day = None;
            limits.consecutive_days_max = None;
        }
        version
    };
    ["MA000004", "MA000009", "MA000010"].map(plain).into()
});

static PLAIN_BOOK: LazyLock<Book> = LazyLock::new(|| {
    let mut book = Book::default();
    for version in PLAIN.iter() {
        book.insert(VersionTables::compile(version).unwrap());
    }
    book.calendar = Some(calendar());
    book
});

fn case() -> impl Strategy<Value = Case<'static>> {
    (0..CLASSIFICATIONS.len(), 0..3usize, 0..8usize).prop_map(|(at, employment, state)| Case {
        award: CLASSIFICATIONS[at].0,
        classification: CLASSIFICATIONS[at].1,
        employment: Employment::ALL[employment],
        state: State::ALL[state],
        period: PERIOD,
    })
}

/// Up to ten shifts, in order, from (gap, length, break) in minutes. Ends in the skipped or
/// repeated hour are refused by some states, so readings between 02:00 and 03:00 are moved on.
fn roster() -> impl Strategy<Value = Vec<Shift>> {
    prop::collection::vec((1..1_500i32, 61..800i32, 0..60i32), 1..10).prop_map(|parts| {
        let clear = |minute: i32| {
            let of_day = minute.rem_euclid(1440);
            if (120..180).contains(&of_day) { minute + 180 - of_day } else { minute }
        };
        let moment = |minute: i32| Moment::local(LocalTime::from_minutes(minute));
        let mut at = LocalTime::new(date(PERIOD), TimeOfDay::START).minutes();
        let mut shifts = Vec::new();
        for (gap, length, unpaid) in parts {
            let start = clear(at + gap);
            let end = clear(start + length);
            let (pause, resume) = (clear(start + 1), clear(start + 1 + unpaid));
            let unpaid_breaks = if pause < resume && resume < end {
                vec![UnpaidBreak { start: moment(pause), end: moment(resume) }]
            } else {
                Vec::new()
            };
            shifts.push(Shift::new(moment(start), moment(end), unpaid_breaks));
            at = end;
        }
        shifts
    })
}

fn total(book: &Book, case: &Case<'_>, shifts: &[Shift]) -> Money {
    case.price(book, shifts).unwrap_or_else(|error| panic!("{error}")).total
}

fn later(moment: Moment, minutes: i32) -> Moment {
    Moment::local(LocalTime::from_minutes(moment.local_time().minutes() + minutes))
}

/// Every line is its rate times its hours, and the whole is the sum of the lines.
fn adds_up(case: &Case<'_>, shifts: &[Shift], quote: &Priced) -> Result<(), TestCaseError> {
    let terms = PLAIN_BOOK
        .terms(case.award, case.classification, case.employment, date(case.period))
        .unwrap();
    let mut minutes = 0u32;
    for line in &quote.lines {
        let shift = &shifts[usize::try_from(line.shift).unwrap()];
        prop_assert!(shift.start.local_time() <= line.from && line.to <= shift.end.local_time());
        let column = quote.column(&terms, line);
        prop_assert_eq!(column.rate, column.base.percent(column.percent) + column.flat);
        if !column.flat_per_started_hour {
            let exact = i128::from(column.rate.cents()) * i128::from(line.hours.minutes());
            let rounded = (2 * exact + 60) / 120;
            prop_assert_eq!(i128::from(line.amount.cents()), rounded);
        }
        minutes += line.hours.minutes();
    }
    prop_assert_eq!(minutes, quote.hours.minutes());
    let sum: Money = quote.lines.iter().map(|it| it.amount).sum();
    prop_assert_eq!(sum, quote.total);
    for pair in quote.lines.windows(2) {
        // Lines of one shift that touch differ in rate, or they would be one.
        if pair[0].shift == pair[1].shift && pair[0].to == pair[1].from {
            prop_assert_ne!(quote.column(&terms, &pair[0]), quote.column(&terms, &pair[1]));
        }
    }
    Ok(())
}

const DAYS: [Day; 7] = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];

/// The minutes of each shift at each rule, found minute by minute from the award's rules alone:
/// no cells, no compiled tables, the clock straight from the zone.
fn reckon(case: &Case<'_>, shifts: &[Shift]) -> BTreeMap<(usize, String), u32> {
    let version = PLAIN.iter().find(|it| it.award == case.award).unwrap();
    let calendar = PLAIN_BOOK.calendar().unwrap();
    let zone = TimeZone::get(case.state.zone()).unwrap();
    let pays = |rule: &Rule| rule.employment.contains(&case.employment);
    let limits =
        version.ordinary.iter().find(|it| it.employment.contains(&case.employment)).unwrap();
    let mut found: BTreeMap<(usize, String), u32> = BTreeMap::new();
    let mut ordinary_by_day: BTreeMap<i32, u32> = BTreeMap::new();
    let mut overtime_by_day: BTreeMap<i32, u32> = BTreeMap::new();
    let mut ordinary_by_week: BTreeMap<i32, u32> = BTreeMap::new();
    for (at, shift) in shifts.iter().enumerate() {
        let day = shift.start.local_time().date().days();
        let week = (day - date(case.period).days()).div_euclid(7);
        let mut now = instant(&zone, shift.start);
        while now < instant(&zone, shift.end) {
            let offset = i64::from(zone.to_offset(Timestamp::from_second(now).unwrap()).seconds());
            let local = LocalTime::from_minutes(i32::try_from((now + offset) / 60).unwrap());
            now += 60;
            let inside =
                |it: &UnpaidBreak| it.start.local_time() <= local && local < it.end.local_time();
            if shift.unpaid_breaks.iter().any(inside) {
                continue;
            }
            let of_day = u16::try_from(local.minute_of_day()).unwrap();
            let weekday = DAYS[local.date().weekday().index()];
            let holiday = calendar.holiday_from(case.state, local.date());
            let is_holiday = holiday.is_some_and(|it| it.minutes() <= of_day);
            let kind = if is_holiday { Day::Holiday } else { weekday };
            let within =
                |from: TimeOfDay, to: TimeOfDay| from.minutes() <= of_day && of_day < to.minutes();
            let in_span = limits.span.is_empty()
                || limits
                    .span
                    .iter()
                    .any(|it| it.days.contains(&weekday) && within(it.from, it.to));
            let today = ordinary_by_day.entry(day).or_default();
            let this_week = ordinary_by_week.entry(week).or_default();
            let overtime = overtime_by_day.entry(day).or_default();
            let room =
                *today < limits.daily_max.minutes() && *this_week < limits.weekly_max.minutes();
            let rule = if in_span && room {
                *today += 1;
                *this_week += 1;
                version
                    .penalties
                    .iter()
                    .find(|it| pays(it) && it.days.contains(&kind) && within(it.from, it.to))
            } else {
                let worked = *overtime;
                *overtime += 1;
                version
                    .overtime
                    .iter()
                    .filter(|it| {
                        pays(it) && it.days.contains(&kind) && it.after.minutes() <= worked
                    })
                    .max_by_key(|it| it.after)
            };
            *found.entry((at, rule.unwrap().rule.clone())).or_default() += 1;
        }
    }
    found
}

/// Seconds since 1970, by the zone itself.
fn instant(zone: &TimeZone, moment: Moment) -> i64 {
    let local = i64::from(moment.local_time().minutes()) * 60;
    let civil = Timestamp::from_second(local).unwrap().to_zoned(TimeZone::UTC).datetime();
    zone.to_timestamp(civil).unwrap().as_second()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_quote_adds_up(case in case(), shifts in roster()) {
        let quote = case.price(&PLAIN_BOOK, &shifts).unwrap();
        adds_up(&case, &shifts, &quote)?;
        let terms = PLAIN_BOOK
            .terms(case.award, case.classification, case.employment, date(case.period))
            .unwrap();
        let mut minutes: BTreeMap<(usize, String), u32> = BTreeMap::new();
        for line in &quote.lines {
            let key = (usize::try_from(line.shift).unwrap(), quote.rule(&terms, line).rule.clone());
            *minutes.entry(key).or_default() += line.hours.minutes();
        }
        prop_assert_eq!(minutes, reckon(&case, &shifts));
    }

    #[test]
    fn the_order_of_shifts_does_not_matter(
        case in anybody(),
        shifts in roster(),
        turn in 0..10usize,
    ) {
        let mut turned = shifts.clone();
        turned.rotate_left(turn % shifts.len());
        prop_assert_eq!(total(book(), &case, &shifts), total(book(), &case, &turned));
        turned.reverse();
        prop_assert_eq!(total(book(), &case, &shifts), total(book(), &case, &turned));
    }

    #[test]
    fn a_longer_last_shift_never_pays_less(
        case in anybody(),
        shifts in roster(),
        minutes in 1..300i32,
    ) {
        // A minimum is paid as ordinary hours and counts towards no limit: worked instead, the same time
        // can be overtime, which some awards pay casuals less than a public holiday.
        let end = shifts.last().unwrap().end.local_time();
        let quote = case.price(book(), &shifts).unwrap();
        prop_assume!(quote.lines.iter().all(|it| it.to <= end));
        let mut longer = shifts.clone();
        let last = longer.last_mut().unwrap();
        last.end = later(last.end, minutes);
        let of_day = last.end.local_time().minute_of_day();
        prop_assume!(!(120..180).contains(&of_day));
        let more = case.price(book(), &longer).unwrap();
        // A shift that ends later can be of another kind, which pays its first hours otherwise.
        let terms = book()
            .terms(case.award, case.classification, case.employment, date(case.period))
            .unwrap();
        let first_rule = |quote: &Priced| {
            let last = quote.lines.last().unwrap().shift;
            let line = quote.lines.iter().find(|it| it.shift == last).unwrap();
            quote.rule(&terms, line).rule.clone()
        };
        prop_assume!(first_rule(&quote) == first_rule(&more));
        prop_assert!(quote.total <= more.total);
    }

    #[test]
    fn one_more_shift_never_pays_less(case in anybody(), shifts in roster()) {
        let fewer = &shifts[..shifts.len() - 1];
        if !fewer.is_empty() {
            // A second short shift of a day can be worked within the day's minimum.
            let quote = case.price(book(), fewer).unwrap();
            prop_assume!(quote.lines.iter().all(|it| it.nature != PaidFor::Minimum));
            prop_assert!(quote.total < total(book(), &case, &shifts));
        }
    }

    #[test]
    fn splitting_a_shift_moves_cents_at_most(
        case in case(),
        mut shifts in roster(),
        at in 1..60i32,
    ) {
        // Loadings per hour begun count more hours when a shift is split, by design; minimums, breaks
        // and kinds of shift belong to the whole shift.
        let (award, classification) = match case.award {
            "MA000009" => CLASSIFICATIONS[3],
            award => (award, case.classification),
        };
        let case = Case { award, classification, ..case };
        shifts[0].unpaid_breaks.clear();
        let first = &shifts[0];
        let cut = later(first.start, at);
        let of_day = cut.local_time().minute_of_day();
        prop_assume!(!(120..180).contains(&of_day));
        // Shifts that start on another day count towards that day's limits.
        prop_assume!(cut.local_time().date() == first.start.local_time().date());
        let mut split = shifts.clone();
        split[0].end = cut;
        let rest = Shift::new(cut, first.end, Vec::new());
        split.insert(1, rest);
        let book = &PLAIN_BOOK;
        let (whole, parts) = (total(book, &case, &shifts), total(book, &case, &split));
        prop_assert!((whole - parts).cents().abs() <= 1, "{whole} against {parts}");
    }
}
