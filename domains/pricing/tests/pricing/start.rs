//! What the tests through the domain's erased face start from.

use contract::{Key, Record, StoreKey, Tenant};
use fixture::Core;
use pricing::{ENTRY, Former, Whole};
use serde_json::{Value, json};

/// Some tenant.
pub(crate) const T: Tenant = Tenant(5);
pub(crate) const PUBLISH: u16 = 1;
pub(crate) const RETIRE: u16 = 2;
pub(crate) const TAXES: u16 = 3;
pub(crate) const QUOTE: u16 = 64;
pub(crate) const BATCH: u16 = 65;
pub(crate) const LISTS: u16 = 66;
pub(crate) const LIST: u16 = 67;
pub(crate) const PRICE: u16 = 68;
pub(crate) const TABLES: u16 = 69;

/// A core without lists.
pub(crate) fn empty() -> Core {
    Core { former: Some(Former::TABLE), ..Core::new(&ENTRY) }
}

/// Everything lives with the tally, on one core of a box.
pub(crate) fn expect_one_slot(core: &Core) {
    for (table, key) in core.memory.rows.keys() {
        assert_eq!(StoreKey::slot_of_record(key), Some(Whole.slot()), "{table:?} {key:?}");
    }
}

/// A list of one product, `tea`, at $4.50.
pub(crate) fn list(code: &str) -> Value {
    json!({"list": {"code": code, "currency": "AUD",
        "prices": [{"product": "tea", "model": {"per-unit": "4.50"}}]}})
}

/// The Australian goods and services tax.
pub(crate) fn gst() -> Value {
    json!({"table": {"code": "au-gst", "title": "", "rates": [
        {"category": "standard", "from": "2000-07-01", "percent": "10"},
        {"category": "free", "from": "2000-07-01", "percent": "0"},
    ]}})
}

/// One line on 2026-07-07 in Australian dollars.
pub(crate) fn quote(product: &str, quantity: &str) -> Value {
    json!({"currency": "AUD", "date": "2026-07-07",
        "lines": [{"product": product, "quantity": quantity}]})
}
