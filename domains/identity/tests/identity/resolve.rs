//! What a key or a token's user resolves to, before and after each change.

use contract::{Actor, Failure, Tenant};
use fixture::Core;
use identity::{ENTRY, Reference};
use serde_json::{Value, json};

use crate::start::{BOX, ByName, DIGEST, ED25519, T, staffed};

fn key(id: &Value) -> Value {
    json!({"id": id, "digest": DIGEST, "known": 0})
}

fn user(name: &str) -> Value {
    json!({"tenant": 5, "user": name, "api_key": null, "certificate": null, "known": 0})
}

#[test]
fn a_key_is_its_user_narrowed_by_its_scopes() {
    let mut core = staffed();
    let id = core.api_key(&json!(["rates.*", "rates.*", "identity.read"]));
    let principal = core.own("resolve-api-key", &key(&id)).unwrap();
    assert_eq!(principal["tenant"], 5);
    assert_eq!(principal["permissions"], json!(["rates.quote", "rates.read"]));
    assert_eq!(principal["scopes"], json!(["identity.read", "rates.*"]));
    let user = user("ann");
    let by_name = core.own("resolve-user", &user).unwrap();
    assert_eq!(by_name["actor"], principal["actor"]);
    assert_eq!(by_name["scopes"], json!(["*"]));
}

#[test]
fn what_is_known_is_not_told_again_until_something_changes() {
    let mut core = staffed();
    let id = core.api_key(&json!(["*"]));
    let mut request = key(&id);
    request["known"] = core.own("resolve-api-key", &request).unwrap()["stamp"].clone();
    let again = core.own("resolve-api-key", &request).unwrap();
    assert_eq!((&again["permissions"], &again["scopes"]), (&json!([]), &json!([])));
    core.ok(T, "set-role", &json!({"role": "pricing", "permissions": ["rates.read"]}));
    let changed = core.own("resolve-api-key", &request).unwrap();
    assert_eq!(changed["permissions"], json!(["rates.read"]));
    assert_ne!(changed["stamp"], request["known"]);
}

#[test]
fn a_key_is_refused_for_the_first_reason_that_its_holder_may_know() {
    let mut core = staffed();
    let id = core.api_key(&json!(["*"]));
    assert!(core.own("resolve-api-key", &key(&id)).is_ok());
    // Whoever does not know the secret hears the same of every id.
    let mut wrong = key(&id);
    wrong["digest"] = json!(DIGEST.replace('9', "8"));
    assert_eq!(core.own("resolve-api-key", &wrong), Err("ApiKeyUnknown"));
    assert_eq!(core.own("resolve-api-key", &key(&json!("1"))), Err("ApiKeyUnknown"));

    core.ok(T, "disable-user", &json!({"user": "ann"}));
    assert_eq!(core.own("resolve-api-key", &key(&id)), Err("UserDisabled"));
    let user = user("ann");
    assert_eq!(core.own("resolve-user", &user), Err("UserDisabled"));
    assert_eq!(core.ok(T, "disable-user", &json!({"user": "ann"}))["changed"], false);
    assert_eq!(core.ok(T, "enable-user", &json!({"user": "ann"}))["changed"], true);
    assert_eq!(core.ok(T, "enable-user", &json!({"user": "ann"}))["changed"], false);
    assert!(core.own("resolve-user", &user).is_ok());

    assert_eq!(core.ok(T, "revoke-api-key", &json!({"id": id}))["changed"], true);
    assert_eq!(core.ok(T, "revoke-api-key", &json!({"id": id}))["changed"], false);
    assert_eq!(core.own("resolve-api-key", &key(&id)), Err("ApiKeyRevoked"));
    assert_eq!(core.own("resolve-api-key", &wrong), Err("ApiKeyUnknown"));
    for (tenant, name) in [(5, "bob"), (6, "ann"), (0, "ann")] {
        let mut request = self::user(name);
        request["tenant"] = json!(tenant);
        assert_eq!(core.own("resolve-user", &request), Err("UserUnknown"));
    }
}

#[test]
fn a_key_runs_out_at_its_microsecond() {
    let mut core = staffed();
    let request = json!({"user": "ann", "scopes": ["*"], "digest": DIGEST, "expires_us": 2_000});
    let id = core.ok(T, "create-api-key", &request)["id"].clone();
    core.now_us = 1_999;
    assert!(core.own("resolve-api-key", &key(&id)).is_ok());
    core.now_us = 2_000;
    assert_eq!(core.own("resolve-api-key", &key(&id)), Err("ApiKeyExpired"));
}

#[test]
fn roles_come_and_go() {
    let mut core = staffed();
    let grant = json!({"user": "ann", "role": "pricing"});
    let user = user("ann");
    assert_eq!(core.ok(T, "grant-role", &grant)["changed"], false);
    assert_eq!(core.ok(T, "ungrant-role", &grant)["changed"], true);
    assert_eq!(core.ok(T, "ungrant-role", &grant)["changed"], false);
    assert_eq!(core.own("resolve-user", &user).unwrap()["permissions"], json!([]));
    // A role of one tenant is none of another's.
    core.ok(BOX, "create-user", &json!({"user": "root"}));
    assert_eq!(
        core.refused(BOX, "grant-role", &json!({"user": "root", "role": "pricing"})).0,
        "RoleUnknown"
    );
}

#[test]
fn only_the_box_itself_resolves() {
    let mut core = staffed();
    let id = core.api_key(&json!(["*"]));
    let requests = [
        ("resolve-api-key", key(&id)),
        ("resolve-user", user("ann")),
        ("resolve-certificate", json!({"name": "a.example", "known": 0})),
        ("resolve-issuer", json!({"url": "https://login.example"})),
    ];
    for (name, request) in requests {
        for (tenant, actor) in [(BOX, Actor(9)), (T, Actor(0)), (T, Actor(9))] {
            match core.ask(tenant, actor, name, &request) {
                Err(Failure::Denied(denial)) => assert_eq!(denial.name, "ItselfOnly"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[test]
fn an_issuer_is_taken_replaced_and_dropped() {
    let mut core = staffed();
    let mut issuer = json!({
        "issuer": "login", "url": "https://login.example", "audience": "quoin", "tenant": 5,
        "keys": [{"kid": "a", "alg": "EdDSA", "public_key": ED25519}]
    });
    let ask = json!({"url": "https://login.example"});
    assert_eq!(core.own("resolve-issuer", &ask).unwrap()["issuers"], json!([]));
    assert_eq!(core.ok(BOX, "register-issuer", &issuer)["changed"], true);
    assert_eq!(core.ok(BOX, "register-issuer", &issuer)["changed"], false);
    let first = core.own("resolve-issuer", &ask).unwrap();
    assert_eq!(first["issuers"][0]["user_claim"], "sub");
    assert_eq!(first["issuers"][0]["keys"][0]["public_key"], ED25519);
    issuer["keys"][0]["kid"] = json!("b");
    core.ok(BOX, "register-issuer", &issuer);
    let second = core.own("resolve-issuer", &ask).unwrap();
    assert_eq!(second["issuers"][0]["keys"][0]["kid"], "b");
    assert_ne!(first["trust_stamp"], second["trust_stamp"]);
    // Another audience of the same address is another issuer; a user's change is no change of trust.
    issuer["issuer"] = json!("login-2");
    issuer["audience"] = json!("other");
    core.ok(BOX, "register-issuer", &issuer);
    assert_eq!(core.own("resolve-issuer", &ask).unwrap()["issuers"].as_array().unwrap().len(), 2);
    core.ok(BOX, "remove-issuer", &json!({"issuer": "login"}));
    let third = core.own("resolve-issuer", &ask).unwrap();
    assert_eq!(third["issuers"].as_array().unwrap().len(), 1);
    core.ok(T, "create-user", &json!({"user": "bob"}));
    assert_eq!(core.own("resolve-issuer", &ask).unwrap()["trust_stamp"], third["trust_stamp"]);
    assert_eq!(core.refused(BOX, "remove-issuer", &json!({"issuer": "login"})).0, "IssuerUnknown");
}

#[test]
fn a_signing_key_is_kept_while_its_tokens_live() {
    let mut core = Core::new(&ENTRY);
    let rotate = |kid: &str| json!({"kid": kid, "keep_s": 2, "sealed_seed": "c2VhbGVk", "public_key": ED25519});
    let first = core.ok(BOX, "rotate-signing-key", &rotate("a"));
    assert_eq!(first, json!({"kid": "a", "retired": null}));
    core.now_us = 10_000_000;
    assert_eq!(core.ok(BOX, "rotate-signing-key", &rotate("b"))["retired"], "a");
    let kids = |core: &mut Core| -> Vec<String> {
        let reply = core.ok(T, "signing-keys", &json!({}));
        assert!(!reply.to_string().contains("c2VhbGVk"), "the sealed seed is in no list");
        let keys = reply["keys"].as_array().unwrap().clone();
        keys.iter().map(|it| it["kid"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kids(&mut core), ["a", "b"]);
    let reference: &Reference = core.reference.downcast_ref().unwrap();
    let active = reference.signing_key().unwrap();
    assert_eq!((active.kid.as_str(), active.sealed_seed.0.as_slice()), ("b", &b"sealed"[..]));
    core.now_us = 11_999_999;
    assert_eq!(kids(&mut core), ["a", "b"]);
    assert_eq!(core.refused(BOX, "rotate-signing-key", &rotate("a")).0, "SigningKeyExists");
    core.now_us = 12_000_000;
    assert_eq!(kids(&mut core), ["b"]);
    // What is no longer kept may be named again, and counts no more.
    core.ok(BOX, "rotate-signing-key", &rotate("a"));
    for kid in ["c", "d", "e", "f", "g", "h"] {
        core.ok(BOX, "rotate-signing-key", &rotate(kid));
    }
    assert_eq!(core.refused(BOX, "rotate-signing-key", &rotate("i")).0, "TooMany");
}

#[test]
fn replaying_the_events_rebuilds_rows_and_answers() {
    let mut core = staffed();
    let id = core.api_key(&json!(["*"]));
    core.ok(T, "revoke-api-key", &json!({"id": id}));
    let issuer = json!({
        "issuer": "login", "url": "https://login.example", "audience": "quoin", "tenant": 5,
        "keys": [{"kid": "a", "alg": "EdDSA", "public_key": ED25519}]
    });
    core.ok(BOX, "register-issuer", &issuer);
    core.ok(BOX, "remove-issuer", &json!({"issuer": "login"}));
    let live = core.api_key(&json!(["rates.quote"]));
    let mut rebuilt = core.replayed();
    assert_eq!(rebuilt.memory.rows, core.memory.rows);
    // Whatever core a caller reaches knows who it is.
    assert!(ENTRY.records.iter().all(|it| ENTRY.replicated.contains(&it.table)));
    for id in [id, live] {
        let (a, b) =
            (rebuilt.own("resolve-api-key", &key(&id)), core.own("resolve-api-key", &key(&id)));
        assert_eq!(a, b);
    }
    assert_eq!(Tenant(5), T);
}
