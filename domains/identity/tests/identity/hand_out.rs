//! Nobody hands out a permission that it does not have itself.

use contract::{Actor, Failure, Tenant};
use fixture::Core;
use identity::{ENTRY, Reference, handed_out};
use serde_json::{Value, json};

use crate::start::{BOX, ByName, DIGEST, ED25519, T, staffed};

/// The actor of a new user of `tenant` with a role of its own name.
fn caller(core: &mut Core, tenant: Tenant, name: &str, permissions: &Value) -> Actor {
    let made = core.ok(tenant, "create-user", &json!({"user": name}));
    core.ok(tenant, "set-role", &json!({"role": name, "permissions": permissions}));
    core.ok(tenant, "grant-role", &json!({"user": name, "role": name}));
    Actor(made["actor"].as_str().unwrap().parse().unwrap())
}

fn key(user: &str, scopes: &Value) -> Value {
    json!({"user": user, "scopes": scopes, "digest": DIGEST})
}

fn role(permissions: &Value) -> Value {
    json!({"role": "new", "permissions": permissions})
}

fn certificate(scopes: &Value) -> Value {
    json!({"name": "a.example", "tenant": 5, "user": "ann", "scopes": scopes})
}

fn issuer() -> Value {
    json!({
        "issuer": "login", "url": "https://login.example", "audience": "quoin", "tenant": 5,
        "keys": [{"kid": "a", "alg": "EdDSA", "public_key": ED25519}]
    })
}

fn rotation() -> Value {
    json!({"kid": "a", "sealed_seed": "c2VhbGVk", "public_key": ED25519})
}

/// In tenant 5, `ann` may read and price and `boss` everything; `clerk` has `identity.*` and `rates.read`.
/// In the box's own tenant `root` may everything and `helper` `identity.*`.
#[test]
fn what_the_caller_lacks_is_not_handed_out() {
    let lacks = |field: &'static str| Some(("PermissionNotHeld", field));
    let cases = [
        ("clerk", T, "set-role", role(&json!(["rates.read", "identity.user.*"])), None),
        ("clerk", T, "set-role", role(&json!([])), None),
        ("clerk", T, "set-role", role(&json!(["rates.read", "rates.quote"])), lacks("permissions")),
        ("clerk", T, "set-role", role(&json!(["rates.*"])), lacks("permissions")),
        ("clerk", T, "set-role", role(&json!(["*"])), lacks("permissions")),
        ("boss", T, "set-role", role(&json!(["*"])), None),
        ("clerk", T, "grant-role", json!({"user": "ann", "role": "clerk"}), None),
        ("clerk", T, "grant-role", json!({"user": "ann", "role": "boss"}), lacks("role")),
        ("clerk", T, "grant-role", json!({"user": "clerk", "role": "pricing"}), lacks("role")),
        // It is so already: nothing is handed out.
        ("clerk", T, "grant-role", json!({"user": "ann", "role": "pricing"}), None),
        ("boss", T, "grant-role", json!({"user": "ann", "role": "boss"}), None),
        // Of another user only what the caller may itself, of its own whatever it may.
        ("clerk", T, "create-api-key", key("ann", &json!(["rates.read"])), None),
        ("clerk", T, "create-api-key", key("ann", &json!(["rates.quote"])), lacks("scopes")),
        ("clerk", T, "create-api-key", key("boss", &json!(["*"])), lacks("scopes")),
        ("clerk", T, "create-api-key", key("clerk", &json!(["*"])), None),
        ("boss", T, "create-api-key", key("ann", &json!(["*"])), None),
        ("clerk", T, "create-user", json!({"user": "new"}), None),
        ("helper", BOX, "bind-certificate", certificate(&json!(["identity.*"])), None),
        ("helper", BOX, "bind-certificate", certificate(&json!(["rates.*"])), lacks("scopes")),
        ("root", BOX, "bind-certificate", certificate(&json!(["*"])), None),
        ("helper", BOX, "register-issuer", issuer(), lacks("keys")),
        ("root", BOX, "register-issuer", issuer(), None),
        ("helper", BOX, "rotate-signing-key", rotation(), lacks("public_key")),
        ("root", BOX, "rotate-signing-key", rotation(), None),
        // On behalf of another tenant the caller has what it has in its own.
        ("helper", T, "set-role", role(&json!(["identity.*"])), None),
        ("helper", T, "grant-role", json!({"user": "ann", "role": "boss"}), lacks("role")),
        ("nobody", T, "set-role", role(&json!(["rates.read"])), lacks("permissions")),
    ];
    for (name, tenant, operation, request, expected) in cases {
        let mut core = staffed();
        let clerk = json!(["identity.*", "rates.read"]);
        let actors = [
            ("clerk", caller(&mut core, T, "clerk", &clerk)),
            ("boss", caller(&mut core, T, "boss", &json!(["*"]))),
            ("helper", caller(&mut core, BOX, "helper", &json!(["identity.*"]))),
            ("root", caller(&mut core, BOX, "root", &json!(["*"]))),
            ("nobody", Actor(4_242)),
        ];
        let actor = actors.iter().find(|it| it.0 == name).unwrap().1;
        let rows = core.memory.rows.clone();
        let place = format!("{name} {operation} {request}");
        match core.ask(tenant, actor, operation, &request) {
            Ok(_) => assert_eq!(None, expected, "{place}"),
            Err(Failure::Denied(it)) => {
                assert_eq!(Some((it.name, it.field.as_ref())), expected, "{place}");
                assert_eq!(it.class, contract::RefusalClass::Forbidden);
                assert!(it.detail.contains("the permission "), "{place}: {}", it.detail);
                assert_eq!(core.memory.rows, rows, "{place}");
            }
            other @ Err(_) => panic!("{place}: {other:?}"),
        }
    }
}

#[test]
fn a_disabled_user_hands_nothing_out() {
    let mut core = staffed();
    let boss = caller(&mut core, T, "boss", &json!(["*"]));
    core.ok(T, "disable-user", &json!({"user": "boss"}));
    assert!(core.ask(T, boss, "set-role", &role(&json!(["rates.read"]))).is_err());
    assert!(core.ask(T, boss, "set-role", &role(&json!([]))).is_ok());
}

#[test]
fn the_door_is_told_what_a_request_hands_out() {
    let mut core = staffed();
    let scopes = json!(["rates.*", "identity.read"]);
    for (operation, request, expected) in [
        ("set-role", role(&json!(["a.b"])), json!(["a.b"])),
        (
            "grant-role",
            json!({"user": "ann", "role": "pricing"}),
            json!(["rates.quote", "rates.read"]),
        ),
        ("grant-role", json!({"user": "ann", "role": "none"}), json!([])),
        ("create-api-key", key("ann", &scopes), scopes.clone()),
        ("bind-certificate", certificate(&scopes), scopes.clone()),
        ("register-issuer", issuer(), json!(["*"])),
        ("rotate-signing-key", rotation(), json!(["*"])),
        ("issue-token", json!({"scopes": ["rates.*"]}), json!(["rates.*"])),
        ("issue-token", json!({}), json!([])),
        ("create-user", json!({"user": "x"}), json!([])),
    ] {
        let mut operations = ENTRY.operations.iter();
        let it = operations.find(|it| it.shape.name.ends_with(&format!(".{operation}"))).unwrap();
        let mut payload = Vec::new();
        (it.from_json)(request.to_string().as_bytes(), &mut payload).unwrap();
        let reference: &Reference = core.reference.downcast_ref().unwrap();
        assert_eq!(json!(handed_out(reference, T, it.code, &payload)), expected, "{operation}");
        assert!(handed_out(reference, T, it.code, b"?").is_empty(), "{operation}");
        assert!(handed_out(reference, T, 999, &payload).is_empty());
    }
    // What a role allows is asked when it is granted.
    core.ok(T, "set-role", &json!({"role": "pricing", "permissions": ["rates.read"]}));
}
