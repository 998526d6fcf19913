//! Lists: pages, order, and what is not in them.

use serde_json::{Value, json};

use crate::start::{BOX, ByName, DIGEST, T, staffed};

fn column(rows: &Value, field: &str) -> Vec<String> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|it| it[field].to_string().trim_matches('"').to_owned()).collect()
}

#[test]
fn a_list_goes_on_after_its_last_row() {
    let mut core = staffed();
    for user in ["bob", "cid"] {
        core.ok(T, "create-user", &json!({"user": user, "title": "someone"}));
    }
    let page = core.ok(T, "users", &json!({"limit": 2}));
    assert_eq!(column(&page["users"], "user"), ["ann", "bob"]);
    assert_eq!(page["more"], true);
    let page = core.ok(T, "users", &json!({"limit": 2, "after": "bob"}));
    assert_eq!(
        (column(&page["users"], "user"), &page["more"]),
        (vec!["cid".into()], &json!(false))
    );
    assert_eq!(page["users"][0]["status"], "active");
    assert_eq!(core.ok(T, "users", &json!({"limit": 0}))["users"].as_array().unwrap().len(), 1);
    // Another tenant sees none of it.
    assert_eq!(core.ok(BOX, "users", &json!({}))["users"], json!([]));

    core.ok(T, "set-role", &json!({"role": "a", "permissions": ["b.c", "a.*", "b.c"]}));
    let roles = core.ok(T, "roles", &json!({}));
    assert_eq!(roles["roles"][0], json!({"name": "a", "permissions": ["a.*", "b.c"]}));
    assert_eq!(column(&core.ok(T, "roles", &json!({"after": "a"}))["roles"], "name"), ["pricing"]);

    core.ok(BOX, "create-tenant", &json!({"number": 6, "name": "other"}));
    let tenants = core.ok(BOX, "tenants", &json!({"limit": 1}));
    assert_eq!(
        (column(&tenants["tenants"], "number"), &tenants["more"]),
        (vec!["5".into()], &json!(true))
    );
    let tenants = core.ok(BOX, "tenants", &json!({"after": 5}));
    assert_eq!(column(&tenants["tenants"], "name"), ["other"]);
    assert_eq!(core.ok(BOX, "issuers", &json!({})), json!({"issuers": []}));
}

#[test]
fn a_listed_key_shows_all_but_its_digest() {
    let mut core = staffed();
    let (first, second) = (core.api_key(&json!(["*"])), core.api_key(&json!(["rates.*"])));
    core.ok(T, "revoke-api-key", &json!({"id": first}));
    let page = core.ok(T, "api-keys", &json!({"user": "ann", "limit": 1}));
    assert_eq!((&page["api_keys"][0]["id"], &page["more"]), (&first, &json!(true)));
    assert_eq!(page["api_keys"][0]["revoked_us"], 1_000);
    let page = core.ok(T, "api-keys", &json!({"user": "ann", "after": first}));
    assert_eq!((&page["api_keys"][0]["id"], &page["more"]), (&second, &json!(false)));
    assert!(!page.to_string().contains(&DIGEST[..8]));
    assert_eq!(core.refused(T, "api-keys", &json!({"user": "bob"})).0, "UserUnknown");
}
