//! What a token says, what it ends with, client certificates, and the note of a key's last use.

use contract::{Actor, Failure};
use fixture::Core;
use serde_json::{Value, json};

use crate::start::{BOX, ByName, DIGEST, ED25519, T, staffed};

fn ann(core: &mut Core) -> Actor {
    let actor = core.ok(T, "users", &json!({}))["users"][0]["actor"].clone();
    Actor(actor.as_str().unwrap().parse().unwrap())
}

fn signing(core: &mut Core) {
    let rotation = json!({"kid": "a", "sealed_seed": "c2VhbGVk", "public_key": ED25519});
    core.ok(BOX, "rotate-signing-key", &rotation);
}

#[test]
fn a_token_is_granted_within_its_bounds() {
    let mut core = staffed();
    core.now_us = 5_999_999;
    let ann = ann(&mut core);
    let denied = |core: &mut Core, request: Value| match core.ask(T, ann, "issue-token", &request) {
        Err(Failure::Denied(it)) => (it.name, it.field.into_owned()),
        other => panic!("{request}: {other:?}"),
    };
    assert_eq!(denied(&mut core, json!({})).0, "SigningKeyUnknown");
    signing(&mut core);
    for (request, scopes, expires_s) in [
        (json!({}), json!([]), 905),
        (json!({"lifetime_s": 1}), json!([]), 6),
        (json!({"lifetime_s": 3_600, "scopes": ["rates.*"]}), json!(["rates.*"]), 3_605),
    ] {
        let issued = core.ask(T, ann, "issue-token", &request).unwrap();
        let expected = json!({
            "token": "", "tenant": 5, "user": "ann", "scopes": scopes,
            "issued_s": 5, "expires_s": expires_s
        });
        assert_eq!(issued, expected, "{request}");
    }
    let lifetime = ("LifetimeInvalid", "lifetime_s".to_owned());
    assert_eq!(denied(&mut core, json!({"lifetime_s": 0})), lifetime);
    assert_eq!(denied(&mut core, json!({"lifetime_s": 3_601})), lifetime);
    assert_eq!(denied(&mut core, json!({"scopes": []})).0, "ScopesEmpty");
    assert_eq!(denied(&mut core, json!({"scopes": ["x"]})).0, "PermissionInvalid");
    core.ok(T, "disable-user", &json!({"user": "ann"}));
    assert_eq!(denied(&mut core, json!({})).0, "UserOnly");
}

#[test]
fn a_token_ends_with_what_it_was_issued_for() {
    let mut core = staffed();
    core.ok(T, "create-user", &json!({"user": "bob"}));
    let request = json!({"user": "ann", "scopes": ["*"], "digest": DIGEST, "expires_us": 2_000});
    let short = core.ok(T, "create-api-key", &request)["id"].clone();
    let id = core.api_key(&json!(["*"]));
    let bound = json!({"name": "a.example", "tenant": 5, "user": "ann", "scopes": ["*"]});
    core.ok(BOX, "bind-certificate", &bound);
    let resolve = |core: &mut Core, user: &str, api_key: &Value, certificate: &Value| {
        let request = json!({
            "tenant": 5, "user": user, "api_key": api_key, "certificate": certificate, "known": 0
        });
        core.own("resolve-user", &request).map(|_| ())
    };
    let (none, name) = (json!(null), json!("a.example"));
    for (user, api_key, certificate, expected) in [
        ("ann", &id, &none, Ok(())),
        ("ann", &short, &none, Ok(())),
        ("ann", &none, &name, Ok(())),
        ("ann", &id, &name, Ok(())),
        ("bob", &id, &none, Err("ApiKeyUnknown")),
        ("ann", &json!("1"), &none, Err("ApiKeyUnknown")),
        ("bob", &none, &name, Err("CertificateUnknown")),
        ("ann", &none, &json!("b.example"), Err("CertificateUnknown")),
    ] {
        assert_eq!(resolve(&mut core, user, api_key, certificate), expected, "{user} {api_key}");
    }
    core.now_us = 2_000;
    assert_eq!(resolve(&mut core, "ann", &short, &none), Err("ApiKeyExpired"));
    core.ok(T, "revoke-api-key", &json!({"id": id}));
    assert_eq!(resolve(&mut core, "ann", &id, &none), Err("ApiKeyRevoked"));
    core.ok(BOX, "unbind-certificate", &json!({"name": name}));
    assert_eq!(resolve(&mut core, "ann", &none, &name), Err("CertificateUnknown"));
}

#[test]
fn a_certificate_stands_for_its_user_until_it_is_unbound() {
    let mut core = staffed();
    let long = format!("spiffe://example.org/{}", "x".repeat(235));
    for name in ["spiffe://example.org/svc/payroll", "a.example", &long] {
        let bind =
            json!({"name": name, "tenant": 5, "user": "ann", "scopes": ["b.c", "a.*", "b.c"]});
        let ask = json!({"name": name, "known": 0});
        assert_eq!(core.own("resolve-certificate", &ask), Err("CertificateUnknown"));
        assert_eq!(core.ok(BOX, "bind-certificate", &bind)["changed"], true);
        assert_eq!(core.ok(BOX, "bind-certificate", &bind)["changed"], false);
        let principal = core.own("resolve-certificate", &ask).unwrap();
        assert_eq!(
            (&principal["tenant"], &principal["scopes"]),
            (&json!(5), &json!(["a.*", "b.c"]))
        );
        assert_eq!(principal["permissions"], json!(["rates.quote", "rates.read"]));
    }
    let listed = core.ok(BOX, "certificates", &json!({"after": "a.example", "limit": 1}));
    assert_eq!(listed["certificates"][0]["name"], "spiffe://example.org/svc/payroll");
    assert_eq!(listed["more"], true);
    core.ok(T, "disable-user", &json!({"user": "ann"}));
    let ask = json!({"name": "a.example", "known": 0});
    assert_eq!(core.own("resolve-certificate", &ask), Err("UserDisabled"));
    core.ok(T, "enable-user", &json!({"user": "ann"}));
    core.ok(BOX, "unbind-certificate", &json!({"name": "a.example"}));
    assert_eq!(core.own("resolve-certificate", &ask), Err("CertificateUnknown"));
    assert!(core.own("resolve-certificate", &json!({"name": long, "known": 0})).is_ok());
}

#[test]
fn a_use_is_noted_once_in_a_while() {
    let mut core = staffed();
    let id = core.api_key(&json!(["*"]));
    let key = json!({"id": id, "digest": DIGEST, "known": 0});
    let again_us = 1_000 + 900 * 1_000_000;
    for (now_us, changed, used_us) in [
        (1_000, true, 1_000),
        (1_000, false, 1_000),
        (again_us - 1, false, 1_000),
        (again_us, true, again_us),
        (again_us + 1, false, again_us),
    ] {
        core.now_us = now_us;
        let principal = core.own("resolve-api-key", &key).unwrap();
        assert_eq!(principal["use_is_due"], changed, "{now_us}");
        let noted = core.ask(T, Actor(0), "note-api-key-use", &json!({"id": id})).unwrap();
        assert_eq!(noted["changed"], changed, "{now_us}");
        let row = core.ok(T, "api-keys", &json!({"user": "ann"}))["api_keys"][0].clone();
        assert_eq!(row["used_us"], used_us);
        // Nobody's permissions follow from it: what is known of them stays so.
        assert_eq!(core.own("resolve-api-key", &key).unwrap()["stamp"], principal["stamp"]);
    }
    match core.ask(T, Actor(9), "note-api-key-use", &json!({"id": id})) {
        Err(Failure::Denied(denial)) => assert_eq!(denial.name, "ItselfOnly"),
        other => panic!("{other:?}"),
    }
}
