//! The arithmetic of pay: shifts in memory, their lines included.

use std::hint::black_box;

use rates::Quote;
use rates::rules::quote::{Particulars, Priced};
use rates::rules::reference::Book;

use crate::harness::Harness;
use crate::reference;

const NAMES: [&str; 4] = [
    "price one-segment shift",
    "price overnight penalties and overtime",
    "look terms up, price one-segment shift",
    "look terms up, price overnight",
];

pub(crate) fn run(harness: &mut Harness) {
    if !harness.wants(&NAMES) {
        return;
    }
    let book = reference::book();
    let (plain, overnight) = (reference::plain(), reference::overnight());
    assert_eq!(lines(&book, &plain), 1, "one segment is one line");
    assert!(3 <= lines(&book, &overnight), "penalties and overtime are several lines");
    for (name, quote) in NAMES.into_iter().zip([&plain, &overnight]) {
        let terms = terms(&book, quote);
        let calendar = book.calendar().expect("the shipped calendar is in the book");
        let mut priced = Priced::default();
        harness.time(name, || {
            terms
                .price(
                    calendar,
                    quote.state,
                    black_box(&quote.shifts[..]),
                    &Particulars::default(),
                    &mut priced,
                )
                .expect("a legal shift");
            black_box(&priced.lines);
        });
    }
    for (name, quote) in NAMES.into_iter().skip(2).zip([&plain, &overnight]) {
        let mut priced = Priced::default();
        harness.time(name, || {
            price(&book, black_box(quote), &mut priced);
            black_box(&priced.lines);
        });
    }
}

fn terms<'b>(book: &'b Book, quote: &Quote) -> rates::rules::quote::Terms<'b> {
    book.terms(&quote.award, &quote.classification, quote.employment, quote.pay_period_start)
        .expect("a shipped award and classification")
}

fn price(book: &Book, quote: &Quote, priced: &mut Priced) {
    let calendar = book.calendar().expect("the shipped calendar is in the book");
    terms(book, quote)
        .price(calendar, quote.state, &quote.shifts[..], &Particulars::default(), priced)
        .expect("a legal shift");
}

fn lines(book: &Book, quote: &Quote) -> usize {
    let mut priced = Priced::default();
    price(book, quote, &mut priced);
    priced.lines.len()
}
