//! One core in memory, driven through the domain's erased face.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;

use contract::{
    Actor, Change, Cx, Decided, Failure, Key, Record, RowVisitor, Run, Staging, StoreKey, TableId,
    Tables, Tenant, Touched,
};
use pricing::{ENTRY, Former, Whole};
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
    pub(crate) now_us: u64,
}

/// Some tenant.
pub(crate) const T: Tenant = Tenant(5);
pub(crate) const PUBLISH: u16 = 1;
pub(crate) const RETIRE: u16 = 2;
pub(crate) const TAXES: u16 = 3;
pub(crate) const QUOTE: u16 = 64;
pub(crate) const BATCH: u16 = 65;
pub(crate) const LISTS: u16 = 66;
pub(crate) const LIST: u16 = 67;
pub(crate) const PRICE: u16 = 68;
pub(crate) const TABLES: u16 = 69;

impl Core {
    pub(crate) fn new() -> Self {
        let (memory, events) = (Memory::default(), Vec::new());
        Self { memory, reference: (ENTRY.reference)(), events, now_us: 1_000 }
    }

    /// A core with the same records and the same reference data.
    pub(crate) fn copy(&self) -> Self {
        let mut copy = Self { now_us: self.now_us, ..Self::new() };
        for ((table, key), value) in &self.memory.rows {
            let value = value.as_slice();
            if ENTRY.replicated.contains(table) {
                let (tenant, own) = StoreKey::split_record(key).unwrap();
                let reference = copy.reference.as_mut();
                (ENTRY.compile)(reference, tenant, *table, own, Some(value)).unwrap();
            }
            copy.memory.rows.insert((*table, key.clone()), value.to_vec());
        }
        copy
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

    /// A core that the events of this one were applied to.
    pub(crate) fn replayed(&self) -> Self {
        let mut replayed = Self { now_us: self.now_us, ..Self::new() };
        for (tenant, code, version, payload) in &self.events {
            let mut changes = Vec::new();
            let mut staging = Staging::new(&replayed.memory, &mut changes);
            assert!((ENTRY.replay)(&mut staging, *tenant, *code, *version, payload));
            replayed.install(&changes);
        }
        replayed
    }

    /// As a shard does: whatever a command changes, it has named before; a former edition lives beside
    /// the tally, which every command names.
    pub(crate) fn archived(
        &mut self,
        tenant: Tenant,
        code: u16,
        payload: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let operation = ENTRY.operation(code).unwrap();
        let cx = Cx::new(self.now_us, tenant, Actor(9), 0, 4096);
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
                for change in decided.changes.iter().filter(|it| it.table != Former::TABLE) {
                    let row = (change.slot, change.table, change.key);
                    assert!(touched.rows(tenant).any(|it| it == row), "{row:?} was not named");
                }
                let home = Whole.slot();
                assert!(decided.changes.iter().all(|it| it.slot == home), "not one core's");
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
            other => panic!("expected a refusal, got {:.2000}", format!("{other:?}")),
        }
    }
}

/// A list of one product, `tea`, at $4.50.
pub(crate) fn list(code: &str) -> Value {
    json!({"list": {"code": code, "currency": "AUD",
        "prices": [{"product": "tea", "model": {"per-unit": "4.50"}}]}})
}

/// The Australian goods and services tax.
pub(crate) fn gst() -> Value {
    json!({"table": {"code": "au-gst", "title": "", "rates": [
        {"category": "standard", "from": "2000-07-01", "percent": "10"},
        {"category": "free", "from": "2000-07-01", "percent": "0"},
    ]}})
}

/// One line on 2026-07-07 in Australian dollars.
pub(crate) fn quote(product: &str, quantity: &str) -> Value {
    json!({"currency": "AUD", "date": "2026-07-07",
        "lines": [{"product": product, "quantity": quantity}]})
}
