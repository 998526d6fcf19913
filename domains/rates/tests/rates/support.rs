//! What every test here starts from: the shipped packs, compiled.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rates::rules::award::Employment;
use rates::rules::calendar::{Calendar, HolidayTable, State};
use rates::rules::compile::{Column, VersionTables};
use rates::rules::pack::Pack;
use rates::rules::quote::{Particulars, Priced};
use rates::rules::reference::Book;
use rates::rules::shift::{QuoteError, Shift, UnpaidBreak};
use values::{Date, Money, Percent};

/// Every shipped pack.
pub(crate) const PACKS: [&str; 17] = [
    "MA000002", "MA000003", "MA000004", "MA000005", "MA000009", "MA000010", "MA000012", "MA000016",
    "MA000018", "MA000020", "MA000022", "MA000025", "MA000034", "MA000038", "MA000100", "MA000104",
    "MA000119",
];

pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join("config/reference").join(path)).unwrap()
}

pub(crate) fn holidays() -> HolidayTable {
    toml::from_str(&read("holidays.toml")).unwrap()
}

pub(crate) fn calendar() -> Calendar {
    Calendar::new(&holidays()).unwrap()
}

pub(crate) fn pack(award: &str) -> Pack {
    let path = format!("packs/{award}.toml");
    Pack::from_toml(&path, &read(&path)).unwrap_or_else(|error| panic!("{error}"))
}

/// Every shipped pack, checked with its examples, and the holiday table.
pub(crate) fn book() -> &'static Book {
    static BOOK: LazyLock<Book> = LazyLock::new(checked_book);
    &BOOK
}

fn checked_book() -> Book {
    let calendar = calendar();
    let mut book = Book::default();
    for award in PACKS {
        let versions = pack(award)
            .check(&format!("packs/{award}.toml"), &calendar)
            .unwrap_or_else(|it| panic!("{it}"));
        for version in versions {
            book.insert(VersionTables::compile(&version).unwrap());
        }
    }
    book.calendar = Some(calendar);
    book
}

pub(crate) fn money(text: &str) -> Money {
    Money::parse(text).unwrap()
}

pub(crate) fn percent(text: &str) -> Percent {
    Percent::parse(text).unwrap()
}

pub(crate) fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

/// `2025-07-13T10:00/15:00` or `2025-07-13T22:00/2025-07-14T02:00`, with unpaid breaks after blanks
/// in the same form or as clock times.
pub(crate) fn shift(text: &str) -> Shift {
    let mut parts = text.split(' ');
    let (start, end) = interval(parts.next().unwrap(), "");
    let day = &start[..11];
    let unpaid_breaks = parts
        .map(|it| {
            let (from, to) = interval(it, day);
            UnpaidBreak { start: from.parse().unwrap(), end: to.parse().unwrap() }
        })
        .collect();
    Shift::new(start.parse().unwrap(), end.parse().unwrap(), unpaid_breaks)
}

fn interval(text: &str, day: &str) -> (String, String) {
    let (from, to) = text.split_once('/').unwrap();
    let from = if from.contains('T') { from.to_owned() } else { format!("{day}{from}") };
    let to = if to.contains('T') { to.to_owned() } else { format!("{}{to}", &from[..11]) };
    (from, to)
}

/// One person's shifts.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) award: &'a str,
    pub(crate) classification: &'a str,
    pub(crate) employment: Employment,
    pub(crate) state: State,
    pub(crate) period: &'a str,
}

impl Case<'_> {
    pub(crate) fn price(&self, book: &Book, shifts: &[Shift]) -> Result<Priced, QuoteError> {
        let terms =
            book.terms(self.award, self.classification, self.employment, date(self.period))?;
        let mut quote = Priced::default();
        terms.price(book.calendar()?, self.state, shifts, &Particulars::default(), &mut quote)?;
        Ok(quote)
    }

    /// The lines as text: `from-to hours rule percent rate amount`.
    pub(crate) fn lines(&self, book: &Book, shifts: &[&str]) -> Vec<String> {
        let shifts: Vec<Shift> = shifts.iter().map(|it| shift(it)).collect();
        let terms = book
            .terms(self.award, self.classification, self.employment, date(self.period))
            .unwrap();
        let quote = self.price(book, &shifts).unwrap_or_else(|error| panic!("{error}"));
        quote
            .lines
            .iter()
            .map(|line| {
                let column = quote.column(&terms, line);
                let rule = &quote.rule(&terms, line).rule;
                let (from, to) = (line.from.to_string(), line.to.to_string());
                let (percent, rate) = (column.percent, column.rate);
                format!(
                    "{}-{} {} {rule} {percent} {rate} {}",
                    &from[5..],
                    &to[8..],
                    line.hours,
                    line.amount
                )
            })
            .collect()
    }

    pub(crate) fn refusal(&self, book: &Book, shifts: &[&str]) -> String {
        let shifts: Vec<Shift> = shifts.iter().map(|it| shift(it)).collect();
        self.price(book, &shifts).unwrap_err().to_string()
    }
}

/// The rate of one rule for one classification and kind of employment.
pub(crate) fn rate(
    book: &Book,
    award: &str,
    classification: &str,
    employment: Employment,
    start: &str,
    rule: &str,
) -> Column {
    let version = book.version(award, date(start)).unwrap();
    let position = version.position(classification).unwrap();
    *version
        .rates(position, employment)
        .iter()
        .find(|it| version.rules[usize::from(it.rule)].rule == rule)
        .unwrap_or_else(|| panic!("{award} {classification} has no rule {rule}"))
}
