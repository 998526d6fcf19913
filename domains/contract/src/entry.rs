//! The type-erased face of a domain: what the engine, the doors and the tests see.

use std::any::Any;

use crate::{
    Change, Cx, Damaged, Denial, DomainId, KeyBytes, Operation, RefusalClass, Staging, TableId,
    Tables, Tenant,
};

/// One event as it stands in [`Decided::payloads`].
#[derive(Debug, Clone, Copy)]
pub struct EventRow {
    /// The event's code inside the domain.
    pub code: u16,
    /// The schema version of its archive.
    pub version: u16,
    /// The record it is about.
    pub key: KeyBytes,
    /// Where its archive ends in [`Decided::payloads`]; it begins where the one before ends.
    pub payload_end: usize,
}

/// What one command decided. The shard keeps one and clears it, so a decision allocates only what
/// outlives it.
#[derive(Debug, Default)]
pub struct Decided {
    /// The events in order.
    pub events: Vec<EventRow>,
    /// Their archives, one after the other.
    pub payloads: Vec<u8>,
    /// The rows they change.
    pub changes: Vec<Change>,
    /// The archived reply.
    pub reply: Vec<u8>,
}

impl Decided {
    /// Forgets all, keeping the memory.
    pub fn clear(&mut self) {
        self.events.clear();
        self.payloads.clear();
        self.changes.clear();
        self.reply.clear();
    }

    /// The events with their archives.
    pub fn rows(&self) -> impl Iterator<Item = (&EventRow, &[u8])> {
        let mut start = 0;
        self.events.iter().map(move |event| {
            let payload = &self.payloads[start..event.payload_end];
            start = event.payload_end;
            (event, payload)
        })
    }
}

/// Why an operation gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The payload is not an archive of the request type.
    Malformed,
    /// The domain says no.
    Denied(Denial),
}

impl From<Damaged> for Failure {
    fn from(_: Damaged) -> Self {
        Self::Malformed
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

/// Runs a command: circumstances, tables, the domain's reference and scratch, the request.
pub type CommandRun = fn(
    cx: &Cx,
    tables: &dyn Tables,
    reference: &dyn Any,
    scratch: &mut dyn Any,
    payload: &[u8],
    decided: &mut Decided,
) -> Result<(), Failure>;

/// Takes one changed row of a replicated table into a compiled reference.
pub type CompileRow = fn(
    reference: &mut dyn Any,
    tenant: Tenant,
    table: TableId,
    key: &[u8],
    value: Option<&[u8]>,
) -> Result<(), String>;

/// Runs a query: circumstances, tables, the domain's reference and scratch, the request.
pub type AnswerRun = fn(
    cx: &Cx,
    tables: &dyn Tables,
    reference: &dyn Any,
    scratch: &mut dyn Any,
    payload: &[u8],
    reply: &mut Vec<u8>,
) -> Result<(), Failure>;

/// Merges the archived replies of all cores to one request.
pub type MergeRun =
    fn(payload: &[u8], parts: &[Vec<u8>], reply: &mut Vec<u8>) -> Result<(), Failure>;

/// How a query runs.
#[derive(Debug, Clone, Copy)]
pub struct QueryRun {
    /// Appends the archived reply to `reply`.
    pub answer: AnswerRun,
    /// Merges the archived replies of all cores into one.
    pub merge: MergeRun,
}

/// One kind of record.
#[derive(Debug, Clone, Copy)]
pub struct RecordShape {
    /// The type's name.
    pub name: &'static str,
    /// Its table.
    pub table: TableId,
    /// The schema version that is written.
    pub version: u16,
    /// Its indexes as `(field, number)`.
    pub indexes: &'static [(&'static str, u16)],
}

/// One kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventShape {
    /// The type's name.
    pub name: &'static str,
    /// Its number inside the domain.
    pub code: u16,
    /// The schema version that is written.
    pub version: u16,
}

/// One refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalShape {
    /// Its number inside the domain.
    pub code: u16,
    /// Its name.
    pub name: &'static str,
    /// What kind of answer it is.
    pub class: RefusalClass,
    /// The default sentence.
    pub detail: &'static str,
}

/// A domain without its types. One constant for each, listed in `registry`.
#[derive(Debug)]
pub struct Entry {
    /// The number in every frame.
    pub id: DomainId,
    /// The name, also of its store file.
    pub name: &'static str,
    /// What it is for, from the doc comment of its `domain!` block.
    pub summary: &'static str,
    /// Its records.
    pub records: &'static [RecordShape],
    /// The record tables that every core holds a compiled copy of.
    pub replicated: &'static [TableId],
    /// Its events.
    pub events: &'static [EventShape],
    /// Its operations, commands first.
    pub operations: &'static [Operation],
    /// Its refusals.
    pub refusals: &'static [RefusalShape],
    /// A fresh compiled reference, without records.
    pub reference: fn() -> Box<dyn Any>,
    /// A fresh scratch.
    pub scratch: fn() -> Box<dyn Any>,
    /// Takes one changed row of a replicated table into the compiled reference: the key without
    /// slot and tenant, and the sealed value, `None` when it was removed. An error means that the
    /// row is damaged.
    pub compile: CompileRow,
    /// Applies one event of the log. `false` when the code or version is unknown, or the bytes are
    /// not an archive of it.
    pub replay: fn(
        staging: &mut Staging<'_>,
        tenant: Tenant,
        code: u16,
        version: u16,
        payload: &[u8],
    ) -> bool,
}

impl Entry {
    /// The operation with this code.
    pub fn operation(&self, code: u16) -> Option<&'static Operation> {
        self.operations.iter().find(|it| it.code == code)
    }

    /// Every table number of the domain's store: records, then their indexes.
    pub fn tables(&self) -> Vec<u16> {
        let mut tables: Vec<u16> = Vec::new();
        for record in self.records {
            tables.push(record.table.number());
            tables.extend(record.indexes.iter().map(|(_, no)| record.table.index(*no).number()));
        }
        tables
    }
}
