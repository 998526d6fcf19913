//! Every refusal, by name, field and words, at its bounds.

use fixture::Core;
use limits::ENTRY;
use serde_json::{Value, json};

use crate::start::{REMOVE, SET, SHOW, T, policy};

/// Changes to a policy, and what is refused then: name, field and the whole detail or its start.
#[test]
fn a_field_out_of_range_is_named() {
    let name33 = "n".repeat(33);
    let name48 = "n".repeat(48);
    let long = format!("rates.{}", "o".repeat(59));
    let quota = Value::from(1_000_000_001_u64);
    let cost = |field: &str, value: u32| json!({ field: value });
    for (changes, name, field, detail) in [
        (json!({"name": ""}), "NameInvalid", "name", "A policy's name is 1 to 32"),
        (json!({"name": name33}), "NameInvalid", "name", ""),
        (json!({"name": name48}), "NameInvalid", "name", ""),
        (json!({"name": "Quotes"}), "NameInvalid", "name", ""),
        (json!({"name": "a_b"}), "NameInvalid", "name", ""),
        (json!({"name": "\u{e9}"}), "NameInvalid", "name", ""),
        (json!({"operations": ""}), "OperationsInvalid", "operations", "Operations are given as"),
        (json!({"operations": "rates"}), "OperationsInvalid", "operations", ""),
        (json!({"operations": "rates."}), "OperationsInvalid", "operations", ""),
        (json!({"operations": "*.quote"}), "OperationsInvalid", "operations", ""),
        (json!({"operations": "rates.quote.all"}), "OperationsInvalid", "operations", ""),
        (json!({"operations": "rates.q*"}), "OperationsInvalid", "operations", ""),
        (json!({"operations": long}), "OperationsInvalid", "operations", ""),
        (json!({"quota": 0}), "QuotaInvalid", "quota", "quota is 0, expected 1 to 1000000000"),
        (json!({ "quota": quota }), "QuotaInvalid", "quota", "quota is 1000000001, expected"),
        (json!({"unit": "concurrent", "quota": 0}), "QuotaInvalid", "quota", ""),
        (json!({"window_s": 0}), "WindowInvalid", "window_s", "window_s is 0, expected 1 to 86400"),
        (json!({"window_s": 86_401}), "WindowInvalid", "window_s", "window_s is 86401"),
        (
            json!({"burst": 1_000_000_001}),
            "BurstInvalid",
            "burst",
            "burst is 1000000001, expected 0 to 1000000000",
        ),
        (
            json!({"quota": 1, "window_s": 86_400, "burst": 36_601}),
            "RefillTooLong",
            "burst",
            "burst is 36601, at 1 in 86400 s it takes over 100 years to fill again",
        ),
        (
            json!({ "cost": cost("read", 0) }),
            "CostInvalid",
            "cost.read",
            "cost.read is 0, expected 1 to 1000",
        ),
        (
            json!({ "cost": cost("write", 1_001) }),
            "CostInvalid",
            "cost.write",
            "cost.write is 1001",
        ),
        (json!({ "cost": cost("bulk", 1_001) }), "CostInvalid", "cost.bulk", ""),
        (
            json!({ "cost": cost("bulk", 101) }),
            "CostTooHigh",
            "cost.bulk",
            "cost.bulk is 101, but at most 100 can be taken at once",
        ),
        (json!({"burst": 1, "cost": cost("read", 2)}), "CostTooHigh", "cost.read", ""),
        (
            json!({"unit": "concurrent", "burst": 900, "cost": cost("write", 101)}),
            "CostTooHigh",
            "cost.write",
            "",
        ),
    ] {
        let mut core = Core::new(&ENTRY);
        let refusal = core.refusal(T, SET, &with(&changes));
        assert_eq!((refusal.0.as_str(), refusal.1.as_str()), (name, field), "{changes}");
        assert!(refusal.2.starts_with(detail), "{}", refusal.2);
        assert!(core.memory.rows.is_empty() && core.events.is_empty());
    }
}

#[test]
fn a_field_at_its_bound_is_taken() {
    let name32 = "n".repeat(32);
    let long = format!("rates.{}", "o".repeat(58));
    for changes in [
        json!({"name": "a"}),
        json!({ "name": name32 }),
        json!({"name": "-9-"}),
        json!({"operations": "*"}),
        json!({"operations": "rates.*"}),
        json!({"operations": "rates.define-template"}),
        json!({ "operations": long }),
        json!({"quota": 1}),
        json!({"quota": 1_000_000_000, "burst": 1_000_000_000}),
        json!({"window_s": 1}),
        json!({"window_s": 86_400}),
        json!({"quota": 1, "window_s": 86_400, "burst": 36_600}),
        json!({"cost": {"bulk": 100}}),
        json!({"burst": 1_000, "cost": {"read": 1_000, "write": 1_000, "bulk": 1_000}}),
        // What a class costs that the policy does not cover may be out of reach.
        json!({"rate_class": "read", "quota": 1, "cost": {"bulk": 1_000}}),
    ] {
        let set = Core::new(&ENTRY).call(T, SET, &with(&changes));
        assert!(set.is_ok(), "{changes}: {set:?}");
    }
}

#[test]
fn what_is_not_there_is_missing() {
    let mut core = Core::new(&ENTRY);
    core.call(T, SET, &policy("a")).unwrap();
    for name in ["b", "", "A", &"n".repeat(99)] {
        for code in [REMOVE, SHOW] {
            let (refusal, field, detail) = core.refusal(T, code, &json!({ "name": name }));
            assert_eq!((refusal.as_str(), field.as_str()), ("PolicyUnknown", "name"));
            assert_eq!(detail, "No policy of the tenant has that name.");
        }
    }
    // Nor is another tenant's, not even the box's.
    let other = contract::Tenant::BOX;
    assert_eq!(core.refusal(other, REMOVE, &json!({"name": "a"})).0, "PolicyUnknown");
    assert_eq!(core.refusal(other, SHOW, &json!({"name": "a"})).0, "PolicyUnknown");
    core.call(T, REMOVE, &json!({"name": "a"})).unwrap();
    assert_eq!(core.refusal(T, REMOVE, &json!({"name": "a"})).0, "PolicyUnknown");
    assert_eq!(core.events.len(), 2);
}

fn with(changes: &Value) -> Value {
    let mut request = policy("a");
    request.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    request
}
