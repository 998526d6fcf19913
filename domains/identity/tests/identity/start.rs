//! What the tests start from, and how they ask.

use contract::{Actor, Failure, Tenant};
use fixture::Core;
use identity::ENTRY;
use serde_json::{Value, json};

pub(crate) const BOX: Tenant = Tenant::BOX;
/// A tenant that [`staffed`] has.
pub(crate) const T: Tenant = Tenant(5);
/// SHA-256 of `test`.
pub(crate) const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
/// The public key of RFC 8037 A.2.
pub(crate) const ED25519: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

/// A core with tenant 5, and in it the role `pricing` and the user `ann`, who has it.
pub(crate) fn staffed() -> Core {
    let mut core = Core::new(&ENTRY);
    core.ok(BOX, "create-tenant", &json!({"number": 5, "name": "main"}));
    let role = json!({"role": "pricing", "permissions": ["rates.read", "rates.quote"]});
    core.ok(T, "set-role", &role);
    core.ok(T, "create-user", &json!({"user": "ann"}));
    core.ok(T, "grant-role", &json!({"user": "ann", "role": "pricing"}));
    core
}

/// Asking by an operation's name; who asks is the box itself, unless the actor is given.
pub(crate) trait ByName {
    fn ask(
        &mut self,
        tenant: Tenant,
        actor: Actor,
        name: &str,
        request: &Value,
    ) -> Result<Value, Failure>;

    fn ok(&mut self, tenant: Tenant, name: &str, request: &Value) -> Value {
        self.ask(tenant, Actor(0), name, request)
            .unwrap_or_else(|failure| panic!("{name}: {failure:?}"))
    }

    /// What the box's own tenant is answered.
    fn own(&mut self, name: &str, request: &Value) -> Result<Value, &'static str> {
        match self.ask(BOX, Actor(0), name, request) {
            Ok(reply) => Ok(reply),
            Err(Failure::Denied(denial)) => Err(denial.name),
            Err(failure) => panic!("{name}: {failure:?}"),
        }
    }

    /// The refusal's name and field.
    fn refused(&mut self, tenant: Tenant, name: &str, request: &Value) -> (&'static str, String) {
        match self.ask(tenant, Actor(0), name, request) {
            Err(Failure::Denied(it)) => (it.name, it.field.into_owned()),
            other => panic!("{name} {request}: expected a refusal, got {other:?}"),
        }
    }

    /// The id of a new API key of `ann`.
    fn api_key(&mut self, scopes: &Value) -> Value {
        let request = json!({"user": "ann", "scopes": scopes, "digest": DIGEST});
        self.ok(T, "create-api-key", &request)["id"].clone()
    }
}

impl ByName for Core {
    fn ask(
        &mut self,
        tenant: Tenant,
        actor: Actor,
        name: &str,
        request: &Value,
    ) -> Result<Value, Failure> {
        self.actor = actor;
        self.call(tenant, self.code(name), request)
    }
}
