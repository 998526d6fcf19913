//! Our side: the retail award, compiled, and a half-hour shift for every input.

use rates::Quote;
use rates::rules::award::AwardVersion;
use rates::rules::calendar::{Calendar, HolidayTable, State};
use rates::rules::compile::VersionTables;
use rates::rules::pack::Pack;
use rates::rules::quote::{Particulars, Priced};
use rates::rules::reference::Book;
use rates::rules::shift::Shift;
use values::{Date, Money};

use crate::table::Input;

const SHIPPED: &str = "shipped reference data are checked by the tests of their domain";
const AWARD: &str = "MA000004";
const PACK: &str = include_str!("../../../../config/reference/packs/MA000004.toml");
const HOLIDAYS: &str = include_str!("../../../../config/reference/holidays.toml");

/// The version of July 2025.
pub(crate) fn version() -> AwardVersion {
    let pack = Pack::from_toml(AWARD, PACK).expect(SHIPPED);
    let date = Date::parse("2025-07-01").expect("a date");
    let versions = pack.versions(AWARD).expect(SHIPPED);
    versions.into_iter().find(|it| it.operative_from == date).expect(SHIPPED)
}

pub(crate) fn book(version: &AwardVersion) -> Book {
    let holidays: HolidayTable = toml::from_str(HOLIDAYS).expect(SHIPPED);
    let mut book = Book::default();
    book.calendar = Some(Calendar::new(&holidays).expect(SHIPPED));
    book.insert(VersionTables::compile(version).expect(SHIPPED));
    book
}

/// Requests and the buffers they are priced in.
pub(crate) struct Ours<'b> {
    book: &'b Book,
    quotes: Vec<Quote>,
    priced: Priced,
}

impl<'b> Ours<'b> {
    pub(crate) fn new(book: &'b Book, inputs: &[Input]) -> Self {
        let quotes = inputs.iter().map(quote).collect();
        Self { book, quotes, priced: Priced::default() }
    }

    /// What the input at `at` is paid.
    pub(crate) fn price(&mut self, at: usize) -> Money {
        let it = &self.quotes[at];
        let terms = self
            .book
            .terms(&it.award, &it.classification, it.employment, it.pay_period_start)
            .expect("a shipped award and classification");
        let calendar = self.book.calendar().expect("the shipped calendar is in the book");
        let nothing = Particulars::default();
        terms
            .price(calendar, it.state, &it.shifts[..], &nothing, &mut self.priced)
            .expect("a legal shift");
        self.priced.total
    }

    /// The percentage that the input at `at` is paid, in hundredths.
    pub(crate) fn percent(&mut self, at: usize) -> i64 {
        self.price(at);
        let it = &self.quotes[at];
        let terms = self
            .book
            .terms(&it.award, &it.classification, it.employment, it.pay_period_start)
            .expect("a shipped award and classification");
        let line = &self.priced.lines[0];
        let rule = self.priced.rule(&terms, line);
        assert!(!rule.is_overtime, "{:?} is {}", it.shifts, rule.rule);
        self.priced.column(&terms, line).percent.hundredths()
    }
}

fn quote(input: &Input) -> Quote {
    let until = input.minute + 30;
    let moment = |minute: i64| {
        let text = format!("{}T{:02}:{:02}", input.date, minute / 60, minute % 60);
        text.parse().expect("a time of day on a date")
    };
    Quote::new(
        AWARD.to_owned(),
        "retail-employee-level-1".to_owned(),
        input.employment,
        State::Nsw,
        Date::parse(input.period).expect("a date"),
        vec![Shift::new(moment(input.minute), moment(until), Vec::new())],
    )
}
