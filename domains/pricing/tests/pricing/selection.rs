//! Which list a price is taken from.

use pricing::rules::book::{Book, Circumstances};
use pricing::rules::quote::Books;
use serde_json::{Value, json};
use values::Currency;

use crate::support::{book, circumstances, currency, list};

fn named(code: &str, fields: &Value) -> Value {
    let mut whole = json!({"code": code, "currency": "AUD",
        "prices": [{"product": "p", "model": {"flat": "1"}}]});
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    whole
}

/// A buyer that every restriction below could mean.
fn buyer(on: &str) -> Circumstances<'static> {
    Circumstances {
        customer: Some("c1"),
        group: Some("g1"),
        channel: Some("web"),
        country: Some("AU"),
        ..circumstances(Currency::AUD, on)
    }
}

fn found(book: &Book, asked: &Circumstances<'_>) -> Option<String> {
    Books { books: [Some(book), None] }.find("p", asked).map(|it| it.list.code.clone())
}

/// From first to last choice; each goes before all that follow it.
#[test]
fn the_documented_order_holds_for_every_pair() {
    let ladder = [
        named("priority", &json!({"priority": 1})),
        named("dated-customer", &json!({"valid_from": "2026-01-01", "customer": "c1"})),
        named("dated-later", &json!({"valid_from": "2026-02-01"})),
        named(
            "dated-until-earlier",
            &json!({"valid_from": "2026-01-01",
            "valid_until": "2026-07-31"}),
        ),
        named("dated-until", &json!({"valid_from": "2026-01-01", "valid_until": "2026-08-31"})),
        named("dated", &json!({"valid_from": "2026-01-01"})),
        named("only-until", &json!({"valid_until": "2026-12-31"})),
        named(
            "all-four",
            &json!({"customer": "c1", "group": "g1", "channel": "web",
            "country": "AU"}),
        ),
        named("customer-group", &json!({"customer": "c1", "group": "g1"})),
        named("customer-country", &json!({"customer": "c1", "country": "AU"})),
        named("customer", &json!({"customer": "c1"})),
        named("group-channel", &json!({"group": "g1", "channel": "web"})),
        named("group-country", &json!({"group": "g1", "country": "AU"})),
        named("group", &json!({"group": "g1"})),
        named("channel-country", &json!({"channel": "web", "country": "AU"})),
        named("channel", &json!({"channel": "web"})),
        named("country", &json!({"country": "AU"})),
        named("a", &json!({})),
        named("b", &json!({})),
        named("low", &json!({"priority": -1, "customer": "c1", "valid_from": "2026-01-01"})),
    ];
    let asked = buyer("2026-07-07");
    let mut pairs = 0;
    for (at, first) in ladder.iter().enumerate() {
        for second in &ladder[at + 1..] {
            for lists in [[first, second], [second, first]] {
                let book = book(lists.map(Clone::clone).to_vec());
                assert_eq!(found(&book, &asked).as_deref(), first["code"].as_str(), "{second}");
            }
            pairs += 1;
        }
    }
    assert_eq!(pairs, 190);
}

/// Default 500, region 400, city 450, region and city 500: the price with most rules wins. A region
/// is a channel here and a city a country; any two of the four do.
#[test]
fn the_published_choices_of_others_are_met() {
    let priced = |code: &str, amount: &str, fields: Value| {
        let mut list = named(code, &fields);
        list["prices"][0]["model"]["flat"] = json!(amount);
        list
    };
    let book = book(vec![
        priced("default", "500", json!({})),
        priced("region", "400", json!({"channel": "web"})),
        priced("city", "450", json!({"country": "AU"})),
        priced("both", "500.00", json!({"channel": "web", "country": "AU"})),
    ]);
    let asked = |channel, country| Circumstances {
        channel,
        country,
        ..circumstances(Currency::AUD, "2026-07-07")
    };
    for (channel, country, code) in [
        (None, None, "default"),
        (Some("web"), None, "region"),
        (None, Some("AU"), "city"),
        (Some("web"), Some("AU"), "both"),
        (Some("shop"), Some("AU"), "city"),
        (Some("shop"), Some("NZ"), "default"),
    ] {
        assert_eq!(found(&book, &asked(channel, country)).as_deref(), Some(code));
    }
}

#[test]
fn a_list_applies_from_its_first_day_to_its_last() {
    let book = book(vec![
        named("june", &json!({"valid_from": "2026-06-01", "valid_until": "2026-06-30"})),
        named("leap", &json!({"valid_from": "2028-02-29", "valid_until": "2028-02-29"})),
    ]);
    for (on, expected) in [
        ("2026-05-31", None),
        ("2026-06-01", Some("june")),
        ("2026-06-30", Some("june")),
        ("2026-07-01", None),
        ("2028-02-28", None),
        ("2028-02-29", Some("leap")),
        ("2028-03-01", None),
    ] {
        assert_eq!(found(&book, &buyer(on)).as_deref(), expected, "{on}");
    }
}

#[test]
fn versions_of_a_list_follow_one_another_and_a_replacement_leaves_nothing_behind() {
    let mut book = book(vec![
        named("l", &json!({})),
        named("l", &json!({"valid_from": "2026-01-01"})),
        named("l", &json!({"valid_from": "2026-07-01"})),
    ]);
    let version = |book: &Book, on: &str| {
        let books = Books { books: [Some(book), None] };
        books.find("p", &buyer(on)).and_then(|it| it.list.valid_from).map(|it| it.to_string())
    };
    assert_eq!(version(&book, "2025-12-31"), None);
    assert_eq!(version(&book, "2026-06-30").as_deref(), Some("2026-01-01"));
    assert_eq!(version(&book, "2026-07-01").as_deref(), Some("2026-07-01"));
    let mut other = named("l", &json!({"valid_from": "2026-07-01"}));
    other["prices"][0]["product"] = json!("q");
    book.insert(list(other));
    assert_eq!(version(&book, "2026-07-01").as_deref(), Some("2026-01-01"));
    assert_eq!((book.prices("p").count(), book.prices("q").count()), (2, 1));
    assert_eq!(book.lists().count(), 3);
}

#[test]
fn a_list_in_another_currency_is_not_seen() {
    let book = book(vec![
        named("nz", &json!({"currency": "NZD", "priority": 9})),
        named("au", &json!({})),
    ]);
    assert_eq!(found(&book, &buyer("2026-07-07")).as_deref(), Some("au"));
    let asked = Circumstances { currency: currency("NZD"), ..buyer("2026-07-07") };
    assert_eq!(found(&book, &asked).as_deref(), Some("nz"));
    let asked = Circumstances { currency: currency("USD"), ..buyer("2026-07-07") };
    assert_eq!(found(&book, &asked), None);
}

/// A list without a product leaves it to the next that has it.
#[test]
fn a_product_that_the_best_list_lacks_comes_from_the_next() {
    let mut best = named("best", &json!({"customer": "c1"}));
    best["prices"][0]["product"] = json!("other");
    let book = book(vec![best, named("base", &json!({}))]);
    assert_eq!(found(&book, &buyer("2026-07-07")).as_deref(), Some("base"));
}

#[test]
fn the_tenants_own_book_goes_before_the_boxs() {
    let own = book(vec![named("own", &json!({}))]);
    let shared = book(vec![named("shared", &json!({"priority": 9, "customer": "c1"}))]);
    let asked = buyer("2026-07-07");
    let code = |books: Books<'_>| books.find("p", &asked).map(|it| it.list.code.clone());
    assert_eq!(code(Books { books: [Some(&own), Some(&shared)] }).as_deref(), Some("own"));
    assert_eq!(code(Books { books: [None, Some(&shared)] }).as_deref(), Some("shared"));
}
