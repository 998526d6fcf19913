//! One core in memory, driven through the domain's erased face.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;

use contract::Request;
use contract::{
    Actor, Change, Cx, Decided, Failure, RowVisitor, Run, StoreKey, TableId, Tables, Tenant,
    Touched,
};
use fairwork::ENTRY;
use serde_json::{Value, json};

/// Rows in memory; this domain upgrades nothing yet, so nothing is kept.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) rows: BTreeMap<(TableId, Vec<u8>), Vec<u8>>,
}

impl Tables for Memory {
    fn get(&self, table: TableId, key: &[u8]) -> Option<&[u8]> {
        self.rows.get(&(table, key.to_vec())).map(Vec::as_slice)
    }
    fn scan(&self, table: TableId, _: &[u8], _: &[u8], _: &mut RowVisitor<'_>) {
        panic!("{table:?} has no index");
    }
    fn keep(&self, _: Vec<u8>) -> &[u8] {
        panic!("no record has an older version");
    }
    fn damaged(&self, table: TableId, _: &[u8], reason: &dyn fmt::Display) {
        panic!("a row of {table:?} is damaged: {reason}");
    }
}

/// One core: rows, compiled reference data, and the events so far.
pub(crate) struct Core {
    pub(crate) memory: Memory,
    pub(crate) reference: Box<dyn Any>,
    pub(crate) events: Vec<(Tenant, u16, u16, Vec<u8>)>,
}

impl Core {
    pub(crate) fn new() -> Self {
        Self { memory: Memory::default(), reference: (ENTRY.reference)(), events: Vec::new() }
    }

    pub(crate) fn call(
        &mut self,
        tenant: Tenant,
        code: u16,
        request: &Value,
    ) -> Result<Value, Failure> {
        let operation = ENTRY.operation(code).unwrap();
        let mut payload = Vec::new();
        (operation.from_json)(request.to_string().as_bytes(), &mut payload)
            .unwrap_or_else(|error| panic!("{}: {error}", error.field));
        let reply = self.archived(tenant, code, &payload)?;
        let mut json = Vec::new();
        (operation.to_json)(&reply, &mut json).unwrap();
        Ok(serde_json::from_slice(&json).unwrap())
    }

    /// As a shard does: whatever a command changes, it has named before.
    pub(crate) fn archived(
        &mut self,
        tenant: Tenant,
        code: u16,
        payload: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let operation = ENTRY.operation(code).unwrap();
        let cx = Cx::new(1_000, tenant, Actor(9), 0, 4096);
        let (reference, mut scratch) = (self.reference.as_ref(), (ENTRY.scratch)());
        let mut decided = Decided::default();
        match operation.run {
            Run::Query(run) => {
                let (tables, reply) = (&self.memory, &mut decided.reply);
                (run.answer)(&cx, tables, reference, scratch.as_mut(), payload, reply)?;
            }
            Run::Command(run) => {
                run(&cx, &self.memory, reference, scratch.as_mut(), payload, &mut decided)?;
                for (event, payload) in decided.rows() {
                    self.events.push((tenant, event.code, event.version, payload.to_vec()));
                }
                let mut touched = Touched::new();
                (operation.touches)(payload, &mut touched).unwrap();
                for change in &decided.changes {
                    let row = (change.slot, change.table, change.key);
                    assert!(touched.rows(tenant).any(|it| it == row), "{row:?} was not named");
                }
                let changes = std::mem::take(&mut decided.changes);
                self.install(&changes);
            }
        }
        Ok(decided.reply)
    }

    pub(crate) fn install(&mut self, changes: &[Change]) {
        for Change { table, key, value, .. } in changes {
            let value = value.as_deref();
            if ENTRY.replicated.contains(table) {
                let (tenant, own) = StoreKey::split_record(key.as_slice()).unwrap();
                (ENTRY.compile)(self.reference.as_mut(), tenant, *table, own, value).unwrap();
            }
            let row = (*table, key.as_slice().to_vec());
            match value {
                Some(value) => self.memory.rows.insert(row, value.to_vec()),
                None => self.memory.rows.remove(&row),
            };
        }
    }

    /// The refusal's name, field and detail.
    pub(crate) fn refusal(
        &mut self,
        tenant: Tenant,
        code: u16,
        request: &Value,
    ) -> (String, String, String) {
        match self.call(tenant, code, request) {
            Err(Failure::Denied(it)) => {
                (it.name.to_owned(), it.field.into_owned(), it.detail.into_owned())
            }
            other => panic!("expected a refusal, got {other:?}"),
        }
    }
}

/// The number of a request's operation.
pub(crate) fn code<R: Request>() -> u16 {
    let found = ENTRY.operations.iter().find(|it| it.shape.name == R::SHAPE.name);
    found.unwrap().code
}

/// One classification row of MA000004.
pub(crate) fn classification(id: u32, name: &str, weekly: &str, hourly: &str) -> Value {
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    json!({
        "classification_fixed_id": id, "classification": name, "base_rate_type": "Weekly",
        "base_rate": number(weekly), "base_pay_rate_id": format!("BR{id}"), "clauses": "17.1",
        "calculated_rate_type": "Hourly", "calculated_rate": number(hourly),
        "employee_rate_type_code": "AD", "classification_level": 1, "operative_from": "2025-07-01",
        "last_modified": "2025-06-03T01:30:22"
    })
}

/// An award as a year names it.
pub(crate) fn award(code: &str, id: u32, sheets: &Value) -> Value {
    json!({
        "award": {
            "award_id": "", "award_fixed_id": id, "code": code, "name": "General Retail Industry Award 2020",
            "award_operative_from": "2010-01-01", "award_operative_to": null,
            "version_number": 2, "last_modified": ""
        },
        "sheets": sheets
    })
}
