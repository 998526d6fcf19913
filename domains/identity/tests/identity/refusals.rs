//! Every refusal of a command, by name and field, and that it stores nothing.

use fixture::Core;
use identity::ENTRY;
use serde_json::{Value, json};

use crate::start::{BOX, ByName, DIGEST, ED25519, T, staffed};

fn issuer() -> Value {
    json!({
        "issuer": "other", "url": "https://other.example", "audience": "quoin", "tenant": 5,
        "keys": [{"kid": "a", "alg": "EdDSA", "public_key": ED25519}]
    })
}

fn rotation() -> Value {
    json!({"kid": "b", "keep_s": 9, "sealed_seed": "c2VhbGVk", "public_key": ED25519})
}

fn api_key() -> Value {
    json!({"user": "ann", "scopes": ["*"], "digest": DIGEST})
}

fn with(mut request: Value, path: &str, value: Value) -> Value {
    *request.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
    request
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table, a row a refusal")]
fn refusals_name_their_field_and_store_nothing() {
    let mut core = staffed();
    let login = with(with(issuer(), "/issuer", json!("login")), "/url", json!("https://login"));
    core.ok(BOX, "register-issuer", &login);
    core.ok(BOX, "rotate-signing-key", &with(rotation(), "/kid", json!("a")));
    core.ok(T, "create-user", &json!({"user": "out"}));
    core.ok(T, "disable-user", &json!({"user": "out"}));
    let long = "x".repeat(201);
    let many: Vec<Value> = (0..65).map(|it| json!(format!("a.b{it}"))).collect();
    let keys: Vec<Value> = (0..17)
        .map(|it| json!({"kid": format!("k{it}"), "alg": "EdDSA", "public_key": ED25519}))
        .collect();
    let twins = json!([login["keys"][0], login["keys"][0]]);
    let mut claimless = issuer();
    claimless["permissions_claim"] = json!("");
    let mut expired = api_key();
    expired["expires_us"] = json!(1_000);
    let mut labelled = api_key();
    labelled["label"] = json!(long);
    let nowhere = contract::Tenant(8);
    let cases = [
        (T, "create-tenant", json!({"number": 7, "name": "x"}), "BoxOnly", ""),
        (T, "tenants", json!({}), "BoxOnly", ""),
        (T, "issuers", json!({}), "BoxOnly", ""),
        (T, "register-issuer", issuer(), "BoxOnly", ""),
        (T, "remove-issuer", json!({"issuer": "login"}), "BoxOnly", ""),
        (T, "rotate-signing-key", rotation(), "BoxOnly", ""),
        (BOX, "create-tenant", json!({"number": 0, "name": "x"}), "TenantExists", "number"),
        (BOX, "create-tenant", json!({"number": 5, "name": "x"}), "TenantExists", "number"),
        (BOX, "create-tenant", json!({"number": 6, "name": "main"}), "TenantExists", "name"),
        (BOX, "create-tenant", json!({"number": 6, "name": "a b"}), "NameInvalid", "name"),
        (nowhere, "create-user", json!({"user": "x"}), "TenantUnknown", ""),
        (nowhere, "set-role", json!({"role": "x", "permissions": []}), "TenantUnknown", ""),
        (nowhere, "create-api-key", api_key(), "TenantUnknown", ""),
        (T, "create-user", json!({"user": ""}), "NameInvalid", "user"),
        (T, "create-user", json!({"user": "x", "title": long}), "TextTooLong", "title"),
        (T, "create-user", json!({"user": "ann"}), "UserExists", "user"),
        (T, "disable-user", json!({"user": "bob"}), "UserUnknown", "user"),
        (T, "enable-user", json!({"user": "bob"}), "UserUnknown", "user"),
        (BOX, "disable-user", json!({"user": "ann"}), "UserUnknown", "user"),
        (T, "set-role", json!({"role": "/", "permissions": []}), "NameInvalid", "role"),
        (
            T,
            "set-role",
            json!({"role": "x", "permissions": ["*", "rates"]}),
            "PermissionInvalid",
            "permissions[1]",
        ),
        (T, "set-role", json!({"role": "x", "permissions": many}), "TooMany", "permissions"),
        (T, "grant-role", json!({"user": "bob", "role": "pricing"}), "UserUnknown", "user"),
        (T, "grant-role", json!({"user": "ann", "role": "x"}), "RoleUnknown", "role"),
        (T, "ungrant-role", json!({"user": "bob", "role": "x"}), "UserUnknown", "user"),
        (T, "create-api-key", with(api_key(), "/user", json!("bob")), "UserUnknown", "user"),
        (T, "create-api-key", with(api_key(), "/user", json!("out")), "UserDisabled", "user"),
        (T, "create-api-key", with(api_key(), "/scopes", json!([])), "ScopesEmpty", "scopes"),
        (
            T,
            "create-api-key",
            with(api_key(), "/scopes", json!(["x"])),
            "PermissionInvalid",
            "scopes[0]",
        ),
        (T, "create-api-key", expired, "ExpiryPassed", "expires_us"),
        (T, "create-api-key", labelled, "TextTooLong", "label"),
        (T, "revoke-api-key", json!({"id": "1"}), "ApiKeyUnknown", "id"),
        (BOX, "register-issuer", with(issuer(), "/issuer", json!("")), "NameInvalid", "issuer"),
        (BOX, "register-issuer", with(issuer(), "/url", json!("")), "IssuerInvalid", "url"),
        (
            BOX,
            "register-issuer",
            with(issuer(), "/audience", json!("x".repeat(257))),
            "TextTooLong",
            "audience",
        ),
        (BOX, "register-issuer", claimless, "IssuerInvalid", "permissions_claim"),
        (BOX, "register-issuer", with(issuer(), "/keys", json!([])), "IssuerInvalid", "keys"),
        (BOX, "register-issuer", with(issuer(), "/keys", json!(keys)), "TooMany", "keys"),
        (BOX, "register-issuer", with(issuer(), "/keys", twins), "IssuerInvalid", "keys[1].kid"),
        (BOX, "register-issuer", with(issuer(), "/tenant", json!(8)), "TenantUnknown", "tenant"),
        (
            BOX,
            "register-issuer",
            with(issuer(), "/url", json!("https://login")),
            "IssuerExists",
            "url",
        ),
        (
            BOX,
            "register-issuer",
            with(issuer(), "/keys/0/kid", json!("")),
            "PublicKeyInvalid",
            "keys[0].kid",
        ),
        (BOX, "remove-issuer", json!({"issuer": "other"}), "IssuerUnknown", "issuer"),
        (
            BOX,
            "rotate-signing-key",
            with(rotation(), "/public_key", json!("AAAA")),
            "PublicKeyInvalid",
            "public_key",
        ),
        (
            BOX,
            "rotate-signing-key",
            with(rotation(), "/sealed_seed", json!("")),
            "SeedMissing",
            "sealed_seed",
        ),
        (
            BOX,
            "rotate-signing-key",
            with(rotation(), "/sealed_seed", json!("AAAA".repeat(171))),
            "TooMany",
            "sealed_seed",
        ),
        (
            BOX,
            "rotate-signing-key",
            with(rotation(), "/keep_s", json!(31 * 86_400 + 1)),
            "TooMany",
            "keep_s",
        ),
        (
            BOX,
            "rotate-signing-key",
            with(rotation(), "/kid", json!("a")),
            "SigningKeyExists",
            "kid",
        ),
    ];
    let certificate = |path: &str, value: Value| {
        let plain = json!({"name": "a.example", "tenant": 5, "user": "ann", "scopes": ["*"]});
        with(plain, path, value)
    };
    core.ok(BOX, "bind-certificate", &certificate("/name", json!("b.example")));
    let cases = cases.into_iter().chain([
        (T, "certificates", json!({}), "BoxOnly", ""),
        (T, "bind-certificate", certificate("/user", json!("ann")), "BoxOnly", ""),
        (T, "unbind-certificate", json!({"name": "b.example"}), "BoxOnly", ""),
        (BOX, "bind-certificate", certificate("/name", json!("A.b")), "CertificateInvalid", "name"),
        (BOX, "bind-certificate", certificate("/user", json!("bob")), "UserUnknown", "user"),
        (BOX, "bind-certificate", certificate("/user", json!("out")), "UserDisabled", "user"),
        (BOX, "bind-certificate", certificate("/tenant", json!(8)), "UserUnknown", "user"),
        (BOX, "bind-certificate", certificate("/scopes", json!([])), "ScopesEmpty", "scopes"),
        (
            BOX,
            "bind-certificate",
            with(certificate("/name", json!("b.example")), "/scopes", json!(["rates.*"])),
            "CertificateExists",
            "name",
        ),
        (BOX, "unbind-certificate", json!({"name": "a.example"}), "CertificateUnknown", "name"),
        (T, "note-api-key-use", json!({"id": "1"}), "ApiKeyUnknown", "id"),
        (T, "issue-token", json!({}), "UserOnly", ""),
    ]);
    let rows = core.memory.rows.clone();
    for (tenant, name, request, refusal, field) in cases {
        let found = core.refused(tenant, name, &request);
        assert_eq!((found.0, found.1.as_str()), (refusal, field), "{name} {request}");
        assert_eq!(core.memory.rows, rows, "{name} {request}");
    }
}

#[test]
fn a_public_key_has_the_form_of_its_algorithm() {
    let mut core = staffed();
    let bytes = |first: &[u8], length: usize| {
        let mut bytes = first.to_vec();
        bytes.resize(length, 7);
        data_encoding::BASE64URL_NOPAD.encode(&bytes)
    };
    for (alg, public_key, good) in [
        ("EdDSA", bytes(&[], 32), true),
        ("EdDSA", bytes(&[], 31), false),
        ("EdDSA", bytes(&[4], 65), false),
        ("ES256", bytes(&[4], 65), true),
        ("ES256", bytes(&[2], 65), false),
        ("ES256", bytes(&[2], 33), false),
        ("RS256", bytes(&[0x30], 270), true),
        ("RS256", bytes(&[0x31], 270), false),
        // 1,024 bits.
        ("RS256", bytes(&[0x30], 140), false),
        ("RS256", bytes(&[0x30], 1_100), false),
    ] {
        let key = json!([{"kid": "k", "alg": alg, "public_key": public_key}]);
        let request = with(issuer(), "/keys", key);
        if good {
            core.ok(BOX, "register-issuer", &request);
        } else {
            let found = core.refused(BOX, "register-issuer", &request);
            assert_eq!((found.0, found.1.as_str()), ("PublicKeyInvalid", "keys[0].public_key"));
        }
    }
}

#[test]
fn limits_hold_at_their_boundary() {
    let mut core = staffed();
    for it in 0..100 {
        let id = core.api_key(&json!(["*"]));
        if it == 0 {
            core.ok(T, "revoke-api-key", &json!({"id": id}));
        }
    }
    // The revoked one does not count.
    core.api_key(&json!(["*"]));
    assert_eq!(core.refused(T, "create-api-key", &api_key()), ("TooMany", "user".to_owned()));
    for it in 0..16 {
        let role = format!("r{it}");
        core.ok(T, "set-role", &json!({"role": role, "permissions": []}));
        let grant = json!({"user": "ann", "role": role});
        if it < 15 {
            core.ok(T, "grant-role", &grant);
        } else {
            assert_eq!(core.refused(T, "grant-role", &grant), ("TooMany", "role".to_owned()));
        }
    }
    for it in 0..64 {
        let url = json!(format!("https://{it}.example"));
        let request = with(with(issuer(), "/url", url), "/issuer", json!(format!("i{it}")));
        core.ok(BOX, "register-issuer", &request);
    }
    let found = core.refused(BOX, "register-issuer", &issuer());
    assert_eq!(found, ("TooMany", "issuer".to_owned()));
}

#[test]
fn json_that_is_not_the_request_is_refused_with_its_field() {
    let from_json = ENTRY.operation(8).unwrap().from_json;
    for (request, field, detail) in [
        (with(api_key(), "/digest", json!("secret")), "digest", "is not a SHA-256 digest"),
        (with(api_key(), "/digest", json!(DIGEST.to_uppercase())), "digest", "is not a SHA-256"),
        (json!({"user": "ann", "scopes": []}), "digest", "missing field `digest`"),
        (with(api_key(), "/scopes", json!("*")), "scopes", "invalid type: string"),
    ] {
        let error = from_json(request.to_string().as_bytes(), &mut Vec::new()).unwrap_err();
        assert_eq!(error.field, field);
        assert!(error.detail.contains(detail), "{}", error.detail);
        assert!(!error.detail.contains("secret"), "a secret is never repeated");
    }
}

/// The order in which the examples work, each on what those before it made.
#[test]
fn every_operation_has_an_example_that_works() {
    let mut core = Core::new(&ENTRY);
    let skipped = [
        "revoke-api-key",
        "resolve-api-key",
        "note-api-key-use",
        "disable-user",
        "unbind-certificate",
    ];
    for operation in ENTRY.operations {
        let name = operation.shape.name.strip_prefix("identity.").unwrap();
        let example: Value = serde_json::from_str(operation.shape.example).unwrap();
        if name == "disable-user" || name == "ungrant-role" {
            core.ok(BOX, "set-role", &json!({"role": "pricing", "permissions": []}));
        }
        if skipped.contains(&name) {
            continue;
        }
        if name == "issue-token" {
            let actor = core.ok(BOX, "users", &json!({}))["users"][0]["actor"].clone();
            let actor = contract::Actor(actor.as_str().unwrap().parse().unwrap());
            core.ask(BOX, actor, name, &example).unwrap();
        } else if operation.shape.permission == "identity.resolve" {
            core.own(name, &example).unwrap();
        } else {
            core.ok(BOX, name, &example);
        }
    }
    for (name, request) in [
        ("unbind-certificate", json!({"name": "spiffe://example.org/svc/payroll"})),
        ("disable-user", json!({"user": "ann"})),
    ] {
        core.ok(BOX, name, &request);
    }
}
