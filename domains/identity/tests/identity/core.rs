//! One core in memory, driven through the domain's erased face.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;

use contract::{Actor, Change, Cx, Decided, Failure, RowVisitor, Run, TableId, Tables, Tenant};
use identity::ENTRY;
use serde_json::{Value, json};

/// Rows in memory; kept bytes leak, which a test can afford.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) rows: BTreeMap<(TableId, Vec<u8>), Vec<u8>>,
}

impl Tables for Memory {
    fn get(&self, table: TableId, key: &[u8]) -> Option<&[u8]> {
        self.rows.get(&(table, key.to_vec())).map(Vec::as_slice)
    }
    fn scan(&self, table: TableId, from: &[u8], to: &[u8], visit: &mut RowVisitor<'_>) {
        for ((_, key), value) in self.rows.range((table, from.to_vec())..) {
            if key.as_slice() >= to || !visit(key, value) {
                return;
            }
        }
    }
    fn keep(&self, bytes: Vec<u8>) -> &[u8] {
        Vec::leak(bytes)
    }
    fn damaged(&self, table: TableId, _: &[u8], reason: &dyn fmt::Display) {
        panic!("a row of {table:?} is damaged: {reason}");
    }
}

/// One core: rows, compiled reference data, the clock, and the events so far.
pub(crate) struct Core {
    pub(crate) memory: Memory,
    pub(crate) reference: Box<dyn Any>,
    pub(crate) events: Vec<(Tenant, u16, u16, Vec<u8>)>,
    pub(crate) now_us: u64,
    id_next: u64,
}

pub(crate) const BOX: Tenant = Tenant::BOX;
/// A tenant that [`Core::staffed`] has.
pub(crate) const T: Tenant = Tenant(5);
/// SHA-256 of `test`.
pub(crate) const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
/// The public key of RFC 8037 A.2.
pub(crate) const ED25519: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

impl Core {
    pub(crate) fn new() -> Self {
        Self {
            memory: Memory::default(),
            reference: (ENTRY.reference)(),
            events: Vec::new(),
            now_us: 1_000,
            id_next: 4096 + 77,
        }
    }

    /// A core with tenant 5, and in it the role `pricing` and the user `ann`, who has it.
    pub(crate) fn staffed() -> Self {
        let mut core = Self::new();
        core.ok(BOX, "create-tenant", &json!({"number": 5, "name": "main"}));
        let role = json!({"role": "pricing", "permissions": ["rates.read", "rates.quote"]});
        core.ok(T, "set-role", &role);
        core.ok(T, "create-user", &json!({"user": "ann"}));
        core.ok(T, "grant-role", &json!({"user": "ann", "role": "pricing"}));
        core
    }

    /// The id of a new API key of `ann`.
    pub(crate) fn api_key(&mut self, scopes: &Value) -> Value {
        let request = json!({"user": "ann", "scopes": scopes, "digest": DIGEST});
        self.ok(T, "create-api-key", &request)["id"].clone()
    }

    pub(crate) fn ok(&mut self, tenant: Tenant, name: &str, request: &Value) -> Value {
        self.call(tenant, Actor(0), name, request)
            .unwrap_or_else(|failure| panic!("{name}: {failure:?}"))
    }

    /// What the box itself is answered.
    pub(crate) fn own(&mut self, name: &str, request: &Value) -> Result<Value, &'static str> {
        match self.call(BOX, Actor(0), name, request) {
            Ok(reply) => Ok(reply),
            Err(Failure::Denied(denial)) => Err(denial.name),
            Err(failure) => panic!("{name}: {failure:?}"),
        }
    }

    pub(crate) fn call(
        &mut self,
        tenant: Tenant,
        actor: Actor,
        name: &str,
        request: &Value,
    ) -> Result<Value, Failure> {
        let mut operations = ENTRY.operations.iter();
        let operation = operations
            .find(|it| it.shape.name.strip_prefix("identity.") == Some(name))
            .unwrap_or_else(|| panic!("no operation {name}"));
        let mut payload = Vec::new();
        (operation.from_json)(request.to_string().as_bytes(), &mut payload)
            .unwrap_or_else(|error| panic!("{}: {error}", error.field));
        let cx = Cx::new(self.now_us, tenant, actor, 0, self.id_next);
        let mut scratch = (ENTRY.scratch)();
        let mut decided = Decided::default();
        let reference = self.reference.as_ref();
        match operation.run {
            Run::Query(run) => {
                let reply = &mut decided.reply;
                (run.answer)(&cx, &self.memory, reference, scratch.as_mut(), &payload, reply)?;
            }
            Run::Command(run) => {
                run(&cx, &self.memory, reference, scratch.as_mut(), &payload, &mut decided)?;
                for (event, payload) in decided.rows() {
                    self.events.push((tenant, event.code, event.version, payload.to_vec()));
                }
                let changes = std::mem::take(&mut decided.changes);
                self.install(tenant, &changes);
            }
        }
        self.id_next = cx.id_next();
        let mut json = Vec::new();
        (operation.to_json)(&decided.reply, &mut json).unwrap();
        Ok(serde_json::from_slice(&json).unwrap())
    }

    pub(crate) fn install(&mut self, tenant: Tenant, changes: &[Change]) {
        for change in changes {
            let key = change.key.as_slice().to_vec();
            let value = change.value.as_deref();
            assert!(ENTRY.replicated.contains(&change.table), "everything is replicated");
            (ENTRY.compile)(self.reference.as_mut(), tenant, change.table, &key[6..], value)
                .unwrap();
            match value {
                Some(value) => self.memory.rows.insert((change.table, key), value.to_vec()),
                None => self.memory.rows.remove(&(change.table, key)),
            };
        }
    }

    /// The refusal's name and field.
    pub(crate) fn refusal(
        &mut self,
        tenant: Tenant,
        name: &str,
        request: &Value,
    ) -> (&'static str, String) {
        match self.call(tenant, Actor(0), name, request) {
            Err(Failure::Denied(it)) => (it.name, it.field.into_owned()),
            other => panic!("{name} {request}: expected a refusal, got {other:?}"),
        }
    }
}
