//! What a policy covers and how much it admits at once.

use contract::RateClass;
use limits::{Class, Policy, SetPolicy};
use serde_json::{Value, json};

use crate::start::policy;

fn with(changes: &Value) -> Policy {
    let mut request = policy("a");
    request.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value::<SetPolicy>(request).unwrap().policy
}

#[test]
fn a_pattern_covers_its_operations_and_no_others() {
    for (pattern, operation, expected) in [
        ("*", "rates.quote", true),
        ("rates.*", "rates.quote", true),
        ("rates.*", "rates.quote-roster", true),
        ("rates.*", "ratesx.quote", false),
        ("rates.*", "identity.users", false),
        ("rates.quote", "rates.quote", true),
        ("rates.quote", "rates.quote-roster", false),
        ("rates.quote", "rates", false),
    ] {
        let covers = with(&json!({ "operations": pattern })).covers(operation, RateClass::Read);
        assert_eq!(covers, expected, "{pattern} {operation}");
    }
}

#[test]
fn a_class_covers_itself_and_a_disabled_policy_nothing() {
    let rates = [RateClass::Read, RateClass::Write, RateClass::Bulk];
    let covered = |policy: Policy| rates.map(|rate| policy.covers("rates.quote", rate));
    assert_eq!(covered(with(&json!({}))), [true; 3]);
    assert_eq!(covered(with(&json!({"rate_class": "write"}))), [false, true, false]);
    assert_eq!(covered(with(&json!({"rate_class": "bulk"}))), [false, false, true]);
    assert_eq!(covered(with(&json!({"enabled": false}))), [false; 3]);
    assert_eq!(rates.map(Class::from), Class::ALL);
}

#[test]
fn a_policy_admits_its_burst_at_once_or_else_its_quota() {
    assert_eq!(with(&json!({})).at_once(), 100);
    assert_eq!(with(&json!({"burst": 7})).at_once(), 7);
    assert_eq!(with(&json!({"burst": 7, "unit": "concurrent"})).at_once(), 100);
    let policy = with(&json!({"cost": {"read": 2, "bulk": 9}}));
    assert_eq!(policy.cost_of(RateClass::Read), 2);
    assert_eq!(policy.cost_of(RateClass::Write), 1);
    assert_eq!(policy.cost_of(RateClass::Bulk), 9);
}
