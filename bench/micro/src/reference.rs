//! The shipped reference data, and the requests that are timed.

use rates::Quote;
use rates::rules::award::Employment;
use rates::rules::calendar::{Calendar, HolidayTable, State};
use rates::rules::compile::VersionTables;
use rates::rules::pack::Pack;
use rates::rules::reference::Book;
use rates::rules::shift::{Shift, UnpaidBreak};
use values::Date;

const HOLIDAYS: &str = include_str!("../../../config/reference/holidays.toml");
pub(crate) const PACKS: [(&str, &str); 3] = [
    ("MA000004", include_str!("../../../config/reference/packs/MA000004.toml")),
    ("MA000009", include_str!("../../../config/reference/packs/MA000009.toml")),
    ("MA000010", include_str!("../../../config/reference/packs/MA000010.toml")),
];

const SHIPPED: &str = "shipped packs are checked by the tests of their domain";

pub(crate) fn holidays() -> HolidayTable {
    toml::from_str(HOLIDAYS).expect(SHIPPED)
}

pub(crate) fn pack(award: &str, text: &str) -> Pack {
    Pack::from_toml(award, text).expect(SHIPPED)
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

fn quote(employment: Employment, shift: Shift) -> Quote {
    Quote::new(
        "MA000004".to_owned(),
        "retail-employee-level-1".to_owned(),
        employment,
        State::Nsw,
        Date::parse("2025-07-07").expect("a date"),
        vec![shift],
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
