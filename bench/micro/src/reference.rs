//! The shipped reference data, and the requests that are timed.

use rates::Quote;
use rates::rules::award::Employment;
use rates::rules::calendar::{Calendar, HolidayTable, State};
use rates::rules::compile::VersionTables;
use rates::rules::pack::Pack;
use rates::rules::reference::Book;
use rates::rules::shift::{Shift, UnpaidBreak};
use rates::rules::statutory::StatutoryTable;
use values::Date;

const HOLIDAYS: &str = include_str!("../../../config/reference/holidays.toml");
/// Every shipped pack, by its award's code.
macro_rules! packs {
    ($($award:literal)*) => {
        [$(($award, include_str!(concat!("../../../config/reference/packs/", $award, ".toml")))),*]
    };
}

pub(crate) const PACKS: [(&str, &str); 17] = packs![
    "MA000002" "MA000003" "MA000004" "MA000005" "MA000009" "MA000010" "MA000012" "MA000016"
    "MA000018" "MA000020" "MA000022" "MA000025" "MA000034" "MA000038" "MA000100" "MA000104"
    "MA000119"
];

/// Every shipped table of statutory rates.
pub(crate) const STATUTORY: [&str; 4] = [
    include_str!("../../../config/reference/statutory/national-minimum-wage.toml"),
    include_str!("../../../config/reference/statutory/payroll-tax.toml"),
    include_str!("../../../config/reference/statutory/super-guarantee.toml"),
    include_str!("../../../config/reference/statutory/workers-compensation.toml"),
];

const SHIPPED: &str = "shipped packs are checked by the tests of their domain";

pub(crate) fn holidays() -> HolidayTable {
    toml::from_str(HOLIDAYS).expect(SHIPPED)
}

/// The shipped pack of an award.
pub(crate) fn text(award: &str) -> &'static str {
    PACKS.iter().find(|it| it.0 == award).expect("a shipped award").1
}

pub(crate) fn pack(award: &str, text: &str) -> Pack {
    Pack::from_toml(award, text).expect(SHIPPED)
}

pub(crate) fn statutory() -> Vec<StatutoryTable> {
    STATUTORY.iter().map(|text| toml::from_str(text).expect(SHIPPED)).collect()
}

/// Everything shipped, compiled.
pub(crate) fn book() -> Book {
    let mut book = Book::default();
    book.calendar = Some(Calendar::new(&holidays()).expect(SHIPPED));
    for (award, text) in PACKS {
        for version in pack(award, text).versions(award).expect(SHIPPED) {
            book.insert(VersionTables::compile(&version).expect(SHIPPED));
        }
    }
    book
}

/// A weekday inside the span of ordinary hours: one segment, one line.
pub(crate) fn plain() -> Quote {
    quote(Employment::FullTime, shift("2025-07-09T09:00", "2025-07-09T14:00", &[]))
}

/// Saturday into Sunday with a break: penalty days, overtime after the span and after nine hours.
pub(crate) fn overnight() -> Quote {
    let unpaid = [("2025-07-12T19:00", "2025-07-12T19:30")];
    quote(Employment::Casual, shift("2025-07-12T14:00", "2025-07-13T02:00", &unpaid))
}

/// Eight ordinary hours on one day: one line.
pub(crate) fn eight_hours() -> Quote {
    quote(Employment::FullTime, shift("2025-07-09T09:00", "2025-07-09T17:00", &[]))
}

/// Ten shifts in two weeks of retail: evenings, a weekend, a long day and overtime.
pub(crate) fn retail_fortnight() -> Quote {
    fortnight(
        RETAIL,
        &[
            ("2025-07-07T09:00", "2025-07-07T17:30", "13:00"),
            ("2025-07-08T12:00", "2025-07-08T20:30", "16:00"),
            ("2025-07-09T08:00", "2025-07-09T20:30", "13:00"),
            ("2025-07-11T13:00", "2025-07-11T21:30", "17:00"),
            ("2025-07-12T08:00", "2025-07-12T19:00", "12:00"),
            ("2025-07-14T09:00", "2025-07-14T17:30", "13:00"),
            ("2025-07-15T12:00", "2025-07-15T22:00", "16:00"),
            ("2025-07-17T09:00", "2025-07-17T17:30", "13:00"),
            ("2025-07-19T09:00", "2025-07-19T17:30", "13:00"),
            ("2025-07-20T10:00", "2025-07-20T18:30", "14:00"),
        ],
    )
}

/// Ten shifts in two weeks of clerical work: overtime by the day and by the week, Saturdays and a
/// Sunday.
pub(crate) fn clerical_fortnight() -> Quote {
    fortnight(
        ("MA000002", "clerks-level-2-year-1"),
        &[
            ("2025-07-07T09:00", "2025-07-07T17:30", "13:00"),
            ("2025-07-08T08:00", "2025-07-08T20:30", "13:00"),
            ("2025-07-09T09:00", "2025-07-09T17:30", "13:00"),
            ("2025-07-10T09:00", "2025-07-10T20:00", "13:00"),
            ("2025-07-12T08:00", "2025-07-12T15:30", "11:00"),
            ("2025-07-14T09:00", "2025-07-14T17:30", "13:00"),
            ("2025-07-15T06:00", "2025-07-15T17:30", "13:00"),
            ("2025-07-16T09:00", "2025-07-16T17:30", "13:00"),
            ("2025-07-19T08:00", "2025-07-19T12:30", "10:00"),
            ("2025-07-20T10:00", "2025-07-20T16:30", "13:00"),
        ],
    )
}

const RETAIL: (&str, &str) = ("MA000004", "retail-employee-level-1");

/// A full-time pay period from 7 July 2025: start and end of each shift, and when its unpaid
/// half-hour begins.
fn fortnight((award, classification): (&str, &str), shifts: &[(&str, &str, &str)]) -> Quote {
    let shifts = shifts
        .iter()
        .map(|(start, end, pause)| {
            let (day, hour) = (&start[..11], &pause[..3]);
            let pause = (format!("{day}{pause}"), format!("{day}{hour}30"));
            shift(start, end, &[(&pause.0, &pause.1)])
        })
        .collect();
    asked(award, classification, Employment::FullTime, shifts)
}

fn quote(employment: Employment, shift: Shift) -> Quote {
    asked(RETAIL.0, RETAIL.1, employment, vec![shift])
}

fn asked(award: &str, classification: &str, employment: Employment, shifts: Vec<Shift>) -> Quote {
    Quote::new(
        award.to_owned(),
        classification.to_owned(),
        employment,
        State::Nsw,
        Date::parse("2025-07-07").expect("a date"),
        shifts,
    )
}

fn shift(start: &str, end: &str, breaks: &[(&str, &str)]) -> Shift {
    let moment = |text: &str| text.parse().expect("a time of day on a date");
    let unpaid_breaks = breaks
        .iter()
        .map(|(start, end)| UnpaidBreak { start: moment(start), end: moment(end) })
        .collect();
    Shift::new(moment(start), moment(end), unpaid_breaks)
}
