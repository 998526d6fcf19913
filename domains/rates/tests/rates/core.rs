//! One core in memory, driven through the domain's erased face.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;

use crate::support::{PACKS, holidays, pack};
use contract::{Actor, Change, Cx, Decided, Failure, RowVisitor, Run, TableId, Tables, Tenant};
use rates::{ENTRY, PublishAward, PublishHolidays};
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

/// One core: rows, compiled reference data, scratch, and the events so far.
pub(crate) struct Core {
    pub(crate) memory: Memory,
    pub(crate) reference: Box<dyn Any>,
    pub(crate) scratch: Box<dyn Any>,
    pub(crate) events: Vec<(Tenant, u16, u16, Vec<u8>)>,
    pub(crate) id_next: u64,
    pub(crate) now_us: u64,
}

pub(crate) const BOX: Tenant = Tenant::BOX;

impl Core {
    pub(crate) fn new() -> Self {
        Self {
            memory: Memory::default(),
            reference: (ENTRY.reference)(),
            scratch: (ENTRY.scratch)(),
            events: Vec::new(),
            id_next: 4096 + 77,
            now_us: 1_000,
        }
    }

    /// A core on which everything shipped is published.
    pub(crate) fn with_packs() -> Self {
        let mut core = Self::new();
        let table = serde_json::to_value(PublishHolidays { table: holidays() }).unwrap();
        core.call(BOX, 2, &table).unwrap();
        for award in PACKS {
            for version in pack(award).versions(award).unwrap() {
                let request = PublishAward { version, replace: false };
                core.call(BOX, 1, &serde_json::to_value(&request).unwrap()).unwrap();
            }
        }
        core
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

    pub(crate) fn archived(
        &mut self,
        tenant: Tenant,
        code: u16,
        payload: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let operation = ENTRY.operation(code).unwrap();
        let cx = Cx::new(self.now_us, tenant, Actor(9), 0, self.id_next);
        let (reference, scratch) = (self.reference.as_ref(), self.scratch.as_mut());
        let mut decided = Decided::default();
        match operation.run {
            Run::Query(run) => {
                let tables = &self.memory;
                (run.answer)(&cx, tables, reference, scratch, payload, &mut decided.reply)?;
            }
            Run::Command(run) => {
                run(&cx, &self.memory, reference, scratch, payload, &mut decided)?;
                for (event, payload) in decided.rows() {
                    self.events.push((tenant, event.code, event.version, payload.to_vec()));
                }
                let changes = std::mem::take(&mut decided.changes);
                self.install(tenant, &changes);
            }
        }
        self.id_next = cx.id_next();
        Ok(decided.reply)
    }

    pub(crate) fn install(&mut self, tenant: Tenant, changes: &[Change]) {
        for change in changes {
            let key = change.key.as_slice().to_vec();
            let value = change.value.as_deref().unwrap().to_vec();
            if ENTRY.replicated.contains(&change.table) {
                (ENTRY.compile)(
                    self.reference.as_mut(),
                    tenant,
                    change.table,
                    &key[6..],
                    Some(&value),
                )
                .unwrap();
            }
            self.memory.rows.insert((change.table, key), value);
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

pub(crate) const T: Tenant = Tenant(5);

pub(crate) fn sunday() -> Value {
    json!({
        "award": "MA000004", "classification": "retail-employee-level-1", "employment": "casual",
        "state": "NSW", "pay_period_start": "2025-07-07",
        "shifts": [{"start": "2025-07-13T10:00", "end": "2025-07-13T15:00", "unpaid_breaks": []}]
    })
}
