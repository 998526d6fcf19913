//! What tests at the rules start from.

use pricing::rules::book::{Book, Circumstances};
use pricing::rules::decimal::{Exact, Rounded};
use pricing::rules::line::{AskedLine, LineError, Step};
use pricing::rules::list::{Price, PriceList};
use pricing::rules::quote::{Asked, Books, Priced, QuoteError};
use pricing::rules::tax::TaxTable;
use serde_json::{Value, json};
use values::{Currency, Date};

pub(crate) fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

pub(crate) fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// A price of `p`: the model and whatever else `price` says. Checked as part of a list.
pub(crate) fn price(price: &Value) -> Price {
    let mut whole = json!({"product": "p"});
    whole.as_object_mut().unwrap().extend(price.as_object().unwrap().clone());
    let list = json!({"code": "l", "currency": "AUD", "prices": [whole]});
    let list: PriceList = serde_json::from_value(list).unwrap();
    list.check().unwrap_or_else(|error| panic!("{error}"));
    list.prices.into_iter().next().unwrap()
}

/// A line of `p`: a text is a quantity, anything else the line's fields.
pub(crate) fn line(asked: &Value) -> AskedLine {
    let mut whole = json!({"product": "p"});
    let fields = match asked {
        Value::String(quantity) => json!({ "quantity": quantity }),
        fields => fields.clone(),
    };
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

/// What a line costs in dollars, with its steps, which come to it.
pub(crate) fn charged(price: &Price, asked: &Value) -> (String, Vec<Step>) {
    try_charge(price, asked).unwrap_or_else(|error| panic!("{asked}: {error:?}"))
}

pub(crate) fn try_charge(price: &Price, asked: &Value) -> Result<(String, Vec<Step>), LineError> {
    let mut steps = Vec::new();
    let minor = price.charge(&line(asked), Currency::AUD, &mut steps)?;
    let sum = steps.iter().fold(Exact::ZERO, |sum, it| sum.plus(it.amount));
    assert_eq!(sum, Exact::from_minor(minor, Currency::AUD), "{asked}: {steps:#?}");
    Ok((Rounded::new(minor, Currency::AUD).to_string(), steps))
}

/// A price list from JSON, checked.
pub(crate) fn list(list: Value) -> PriceList {
    let list: PriceList = serde_json::from_value(list).unwrap();
    list.check().unwrap_or_else(|error| panic!("{error}"));
    list
}

/// A book of lists, with the Australian goods and services tax.
pub(crate) fn book(lists: Vec<Value>) -> Book {
    let mut book = Book::default();
    let gst: TaxTable = serde_json::from_value(json!({"code": "au-gst", "rates": [
        {"category": "standard", "from": "2000-07-01", "percent": "10"},
        {"category": "free", "from": "2000-07-01", "percent": "0"},
    ]}))
    .unwrap();
    gst.check().unwrap();
    book.insert_tax(gst);
    for it in lists {
        book.insert(list(it));
    }
    book
}

pub(crate) fn circumstances(currency: Currency, on: &str) -> Circumstances<'static> {
    let date = date(on);
    Circumstances { currency, date, customer: None, group: None, channel: None, country: None }
}

/// Prices lines given as JSON on 2026-07-07 in Australian dollars.
pub(crate) fn quote<'b>(book: &'b Book, lines: &Value) -> Priced<'b> {
    try_quote(book, lines, &[], 1).unwrap_or_else(|error| panic!("{error:?}"))
}

pub(crate) fn try_quote<'b>(
    book: &'b Book,
    lines: &Value,
    requested: &[&str],
    cash_step: u32,
) -> Result<Priced<'b>, QuoteError> {
    let lines: Vec<AskedLine> = serde_json::from_value(lines.clone()).unwrap();
    let requested: Vec<String> = requested.iter().map(|it| (*it).to_owned()).collect();
    Books { books: [Some(book), None] }.quote(&Asked {
        circumstances: circumstances(Currency::AUD, "2026-07-07"),
        lines: &lines,
        requested: &requested,
        cash_step,
    })
}
