//! What the tests start from.

use contract::Request;
use fairwork::ENTRY;
use serde_json::{Value, json};

/// The number of a request's operation.
pub(crate) fn code<R: Request>() -> u16 {
    let found = ENTRY.operations.iter().find(|it| it.shape.name == R::SHAPE.name);
    found.unwrap().code
}

/// One classification row of MA000004.
pub(crate) fn classification(id: u32, name: &str, weekly: &str, hourly: &str) -> Value {
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    json!({
        "classification_fixed_id": id, "classification": name, "base_rate_type": "Weekly",
        "base_rate": number(weekly), "base_pay_rate_id": format!("BR{id}"), "clauses": "17.1",
        "calculated_rate_type": "Hourly", "calculated_rate": number(hourly),
        "employee_rate_type_code": "AD", "classification_level": 1, "operative_from": "2025-07-01",
        "last_modified": "2025-06-03T01:30:22"
    })
}

/// An award as a year names it.
pub(crate) fn award(code: &str, id: u32, sheets: &Value) -> Value {
    json!({
        "award": {
            "award_id": "", "award_fixed_id": id, "code": code, "name": "General Retail Industry Award 2020",
            "award_operative_from": "2010-01-01", "award_operative_to": null,
            "version_number": 2, "last_modified": ""
        },
        "sheets": sheets
    })
}
