//! The bytes of every record and event, as they stand in logs and stores of released versions. They
//! must never change: a changed type gets a new version and an upgrade. After adding a type, write
//! its file with `QUOIN_BLESS=1 cargo test -p pricing --test pricing`.

use std::path::Path;

use contract::Stored;
use pricing::rules::list::{Model, PriceList};
use pricing::rules::tax::TaxTable;
use pricing::{
    Former, Known, ListEdition, ListPublished, ListRetired, Tally, TaxesEdition, TaxesPublished,
    Was,
};
use serde_json::json;
use values::Date;

fn check<T: Stored + PartialEq + std::fmt::Debug>(name: &str, value: &T) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{name}.bin"));
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    if std::env::var_os("QUOIN_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &bytes).unwrap();
    }
    let golden = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(T::decode(&golden).as_ref(), Ok(value), "{name} no longer reads");
    assert_eq!(bytes, golden, "{name} is written differently");
}

/// Every model and every optional field.
fn price_list() -> PriceList {
    let list = json!({
        "code": "retail", "title": "Public prices", "currency": "AUD",
        "valid_from": "2026-07-01", "valid_until": "2027-06-30",
        "customer": "c1", "group": "g1", "channel": "web", "country": "AU",
        "priority": -3, "sale": true,
        "tax": {"table": "au-gst", "inclusive": true, "rounding": "per-line"},
        "prices": [
            {"product": "a", "tax": "standard", "model": {"per-unit": "0.000000000001"},
                "places": 6, "free_units": "1.5", "minimum_units": "2", "fee": "-1",
                "minimum": "-2", "maximum": "3.25"},
            {"product": "b", "tax": "free",
                "model": {"package": {"size": "10", "price": "15", "rounding": "down"}}},
            {"product": "c", "tax": "free", "model": {"graduated":
                [{"from": "0", "up_to": "5", "unit_price": "7", "flat": "1"}, {"from": "6"}]}},
            {"product": "d", "tax": "free", "model": {"volume": [{"unit_price": "7"}]}},
            {"product": "e", "tax": "free", "model": {"stairstep": [{"flat": "7"}]}},
            {"product": "f", "tax": "free", "model": {"percentage": {"percent": "1.2",
                "event_fee": "0.1", "free_events": 3, "free_amount": "500",
                "event_minimum": "0.2", "event_maximum": "9"}}},
            {"product": "g", "tax": "free", "model": {"flat": "30"}},
            {"product": "h", "tax": "free", "model": {"day-rate": {
                "day": "1500", "hours": "10.00",
                "part_days": [{"up_to": "4.00", "percent": "60"}],
                "overtime": [{"after": "10.00", "per_hour": "150"},
                    {"after": "12.00", "percent": "200"}],
                "overtime_unit_minutes": 15, "week": {"days": 5, "multiple": "4.5"},
                "cancellation": [{"within_hours": 24, "percent": "100"}]}}},
        ],
        "adjustments": [
            {"name": "x", "percent": "5", "cap": "20", "products": ["a", "b"],
                "from_quantity": "10"},
            {"name": "y", "kind": "loading", "amount": "2.5", "on_request": true},
        ],
    });
    let list: PriceList = serde_json::from_value(list).unwrap();
    list.check().unwrap();
    list
}

fn tax_table() -> TaxTable {
    serde_json::from_value(json!({"code": "au-gst", "title": "GST", "rates": [
        {"category": "standard", "from": "2000-07-01", "percent": "10"}]}))
    .unwrap()
}

const KNOWN: Known = Known { from_us: 1_783_000_000_000_000, by: 9 };
const TALLY: Tally =
    Tally { lists: 3, taxes: 1, replaced: 1_025, whole_from_us: 1_782_000_000_000_000 };

fn list_edition() -> ListEdition {
    ListEdition { list: price_list(), known: KNOWN }
}

fn taxes_edition() -> TaxesEdition {
    TaxesEdition { table: tax_table(), known: KNOWN }
}

#[test]
fn records_keep_their_bytes() {
    check("list_edition_1", &list_edition());
    check("taxes_edition_1", &taxes_edition());
    check("tally_1", &TALLY);
    let until_us = 1_784_000_000_000_000;
    let former = |was| Former { replaced: 1_024, until_us, was };
    check("former_1", &former(Was::List(list_edition())));
    check("former_taxes_1", &former(Was::Taxes(taxes_edition())));
}

#[test]
fn events_keep_their_bytes() {
    check("list_published_1", &ListPublished { edition: list_edition(), tally: TALLY });
    check("taxes_published_1", &TaxesPublished { edition: taxes_edition(), tally: TALLY });
    let day = |text: &str| Date::parse(text).unwrap();
    let (code, valid_from) = ("retail".to_owned(), Some(day("2026-07-01")));
    let (known, tally, last_day) = (KNOWN, TALLY, day("2027-06-30"));
    check("list_retired_1", &ListRetired { code, valid_from, last_day, known, tally });
}

/// What is stored reads back as the JSON it came from.
#[test]
fn a_list_keeps_its_json() {
    let list = price_list();
    let mut bytes = Vec::new();
    list.encode(&mut bytes);
    let json = serde_json::to_value(PriceList::decode(&bytes).unwrap()).unwrap();
    assert_eq!(serde_json::from_value::<PriceList>(json).unwrap(), list);
    let models: Vec<&str> = list.prices.iter().map(|it| it.model.name()).collect();
    for (model, price) in models.iter().zip(&list.prices) {
        let json = serde_json::to_value(&price.model).unwrap();
        assert!(json.get(model).is_some(), "{model}: {json}");
        let units = !matches!(price.model, Model::Percentage(_) | Model::DayRate(_));
        assert_eq!(price.model.counts_units(), units, "{model}");
    }
}
