//! What the commands leave behind, and what every core then has compiled.

use contract::{Failure, Stored, Tenant};
use fixture::Core;
use limits::{ENTRY, Limits, Refusal};
use serde_json::{Value, json};

use crate::start::{LIST, REMOVE, SET, SHOW, T, names, policies, policy};

#[test]
fn a_policy_is_set_shown_listed_and_removed() {
    let mut core = Core::new(&ENTRY);
    let set = core.call(T, SET, &policy("a")).unwrap();
    assert_eq!(set, json!({"name": "a", "changed": true}));
    let whole = json!({
        "name": "a", "per": "key", "operations": "*", "rate_class": null, "quota": 100,
        "window_s": 60, "burst": 0, "unit": "requests",
        "cost": {"read": 1, "write": 1, "bulk": 1}, "enabled": true
    });
    assert_eq!(core.call(T, SHOW, &json!({"name": "a"})).unwrap(), whole);
    assert_eq!(core.call(T, LIST, &json!({})).unwrap(), json!({ "policies": [whole] }));
    assert_eq!(core.call(T, REMOVE, &json!({"name": "a"})).unwrap(), json!({"name": "a"}));
    assert_eq!(core.call(T, LIST, &json!({})).unwrap(), json!({"policies": []}));
    assert_eq!(names(&core), []);
}

#[test]
fn a_policy_set_again_is_replaced_and_the_same_one_is_no_event() {
    let mut core = Core::new(&ENTRY);
    core.call(T, SET, &policy("a")).unwrap();
    assert_eq!(core.call(T, SET, &policy("a")).unwrap()["changed"], false);
    assert_eq!(core.events.len(), 1);
    for (field, value) in [
        ("per", json!("address")),
        ("operations", json!("rates.*")),
        ("rate_class", json!("bulk")),
        ("quota", json!(101)),
        ("window_s", json!(61)),
        ("burst", json!(7)),
        ("cost", json!({"read": 2, "write": 3, "bulk": 4})),
        ("enabled", json!(false)),
        ("unit", json!("concurrent")),
    ] {
        let mut changed = policy("a");
        changed[field] = value.clone();
        assert_eq!(core.call(T, SET, &changed).unwrap()["changed"], true, "{field}");
        assert_eq!(core.call(T, SHOW, &json!({"name": "a"})).unwrap()[field], value);
        assert_eq!(core.call(T, SET, &changed).unwrap()["changed"], false, "{field}");
    }
    assert_eq!(core.events.len(), 10);
    assert_eq!(names(&core), [(5, "a")]);
}

#[test]
fn what_is_counted_at_the_same_time_has_neither_window_nor_burst() {
    let mut core = Core::new(&ENTRY);
    let concurrent = json!({"name": "a", "per": "box", "quota": 8, "unit": "concurrent"});
    core.call(T, SET, &concurrent).unwrap();
    let mut same = concurrent.clone();
    (same["window_s"], same["burst"]) = (json!(4_000_000), json!(u64::MAX));
    assert_eq!(core.call(T, SET, &same).unwrap()["changed"], false);
    let shown = core.call(T, SHOW, &json!({"name": "a"})).unwrap();
    assert_eq!((&shown["window_s"], &shown["burst"]), (&json!(0), &json!(0)));
}

#[test]
fn policies_stand_by_tenant_and_name_whatever_the_order_they_came_in() {
    let mut core = Core::new(&ENTRY);
    for (tenant, name) in [(7, "b"), (0, "z"), (5, "b"), (5, "a-2"), (7, "a"), (5, "a"), (0, "a")] {
        core.call(Tenant(tenant), SET, &policy(name)).unwrap();
    }
    let all = [(0, "a"), (0, "z"), (5, "a"), (5, "a-2"), (5, "b"), (7, "a"), (7, "b")];
    assert_eq!(names(&core), all);
    for tenant in [0, 1, 5, 6, 7, 8] {
        let own = policies(&core).of(Tenant(tenant));
        let own: Vec<_> = own.iter().map(|(it, policy)| (it.0, policy.name.as_str())).collect();
        let expected: Vec<_> = all.into_iter().filter(|it| it.0 == tenant).collect();
        assert_eq!(own, expected);
    }
    assert!(policies(&core).find(T, "a-2").is_some());
    assert!(policies(&core).find(Tenant(7), "a-2").is_none());
    // One tenant's removal leaves the other's of the same name.
    core.call(T, REMOVE, &json!({"name": "a"})).unwrap();
    assert_eq!(names(&core).len(), 6);
    assert_eq!(core.call(Tenant(7), SHOW, &json!({"name": "a"})).unwrap()["name"], "a");
}

#[test]
fn a_tenant_has_at_most_64_policies() {
    let mut core = Core::new(&ENTRY);
    let name = |number: u32| format!("p-{number}");
    for number in 0..64 {
        core.call(T, SET, &policy(&name(number))).unwrap();
    }
    let (refusal, field, _) = core.refusal(T, SET, &policy("one-more"));
    assert_eq!((refusal.as_str(), field.as_str()), ("TooManyPolicies", "name"));
    // One that is there may still change, and another tenant has its own 64.
    let mut changed = policy(&name(3));
    changed["quota"] = json!(5);
    assert_eq!(core.call(T, SET, &changed).unwrap()["changed"], true);
    assert_eq!(core.refusal(T, SET, &policy("one-more")).0, "TooManyPolicies");
    core.call(Tenant(6), SET, &policy("one-more")).unwrap();
    core.call(T, REMOVE, &json!({"name": name(3)})).unwrap();
    core.call(T, SET, &policy("one-more")).unwrap();
    assert_eq!(core.refusal(T, SET, &policy(&name(3))).0, "TooManyPolicies");
    assert_eq!(policies(&core).of(T).len(), 64);
}

/// What was decided before is not compiled before it is durable: the limit must not rest on it.
#[test]
fn the_limit_counts_what_is_not_compiled_yet() {
    let mut core = Core::new(&ENTRY);
    for number in 0..64 {
        core.call(T, SET, &policy(&format!("p-{number}"))).unwrap();
    }
    core.reference = (ENTRY.reference)();
    assert_eq!(core.refusal(T, SET, &policy("one-more")).0, "TooManyPolicies");
}

#[test]
fn replaying_the_events_rebuilds_the_rows() {
    let mut core = Core::new(&ENTRY);
    for (tenant, name) in [(5, "a"), (5, "b"), (0, "a")] {
        core.call(Tenant(tenant), SET, &policy(name)).unwrap();
    }
    core.call(T, REMOVE, &json!({"name": "a"})).unwrap();
    let rebuilt = core.replayed();
    assert_eq!(rebuilt.memory.rows, core.memory.rows);
    assert_eq!(policies(&rebuilt).all(), policies(&core).all());
}

#[test]
fn json_that_is_not_a_policy_is_refused_with_its_field() {
    let from_json = ENTRY.operation(SET).unwrap().from_json;
    for (field, value, detail) in [
        ("per", json!("nobody"), "unknown variant `nobody`"),
        ("rate_class", json!("huge"), "unknown variant `huge`"),
        ("unit", json!("bytes"), "unknown variant `bytes`"),
        ("quota", json!(-1), "invalid value"),
        ("quota", json!(1.5), "invalid type"),
        ("cost", json!({"reads": 1}), "unknown field `reads`"),
        ("colour", json!(1), "unknown field `colour`"),
    ] {
        let mut request = policy("a");
        request[field] = value;
        let error = from_json(request.to_string().as_bytes(), &mut Vec::new()).unwrap_err();
        assert!(error.field.starts_with(field), "{error:?}");
        assert!(error.detail.starts_with(detail), "{error:?}");
    }
}

#[test]
fn every_operation_has_an_example_that_works() {
    let mut core = Core::new(&ENTRY);
    for code in [SET, LIST, SHOW, REMOVE] {
        let operation = ENTRY.operation(code).unwrap();
        let example: Value = serde_json::from_str(operation.shape.example).unwrap();
        if let Err(failure) = core.call(T, code, &example) {
            panic!("{}: {failure:?}", operation.shape.name);
        }
    }
    assert_eq!(ENTRY.id, <Limits as contract::Domain>::ID);
    assert_eq!((ENTRY.id.0, ENTRY.tables()), (105, vec![1, 2]));
    // Numbers of refusals are part of the wire contract.
    assert_eq!(Refusal::SHAPES.len(), 10);
    assert_eq!(Refusal::PolicyUnknown as u16, 10);
}

/// Archives with bytes changed are refused or answered, never a panic: whatever passes the
/// structural check is checked again by the domain.
#[test]
fn damaged_archives_are_refused_or_answered() {
    let mut core = Core::new(&ENTRY);
    let mut payload = Vec::new();
    let request: limits::SetPolicy = serde_json::from_value(policy("quotes-per-key")).unwrap();
    request.encode(&mut payload);
    let (mut answered, mut refused, mut damaged) = (0, 0, 0);
    for at in 0..payload.len() {
        for byte in [0, 1, 2, 0x41, 0x7F, 0x80, 0xFF] {
            let mut payload = payload.clone();
            payload[at] = byte;
            match core.archived(T, SET, &payload) {
                Ok(_) => answered += 1,
                Err(Failure::Denied(_)) => refused += 1,
                Err(_) => damaged += 1,
            }
        }
    }
    assert!(0 < answered && 0 < refused && 0 < damaged, "{answered} {refused} {damaged}");
}
