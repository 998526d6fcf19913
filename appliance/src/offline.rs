//! Queries without a server: the domain's own code over packs, in this process.

use std::any::Any;
use std::fmt;

use contract::{
    Actor, Compile, Cx, Denial, Failure, Record, Replicated, Request, RowVisitor, Run, TableId,
    Tables, Tenant,
};
use rates::Reference;

use crate::operations;
use crate::reference::Packs;

/// Compiled packs, ready to answer.
pub(crate) struct Offline {
    reference: Box<dyn Any>,
    scratch: Box<dyn Any>,
}

/// A box without records: all that a quote needs is compiled.
struct NoRecords;

impl Tables for NoRecords {
    fn get(&self, _: TableId, _: &[u8]) -> Option<&[u8]> {
        None
    }

    fn scan(&self, _: TableId, _: &[u8], _: &[u8], _: &mut RowVisitor<'_>) {}

    fn keep(&self, _: Vec<u8>) -> &[u8] {
        unreachable!("only a record that was read is kept, and there is none")
    }

    fn damaged(&self, _: TableId, _: &[u8], _: &dyn fmt::Display) {
        unreachable!("only a record that was read is damaged, and there is none")
    }
}

impl Offline {
    /// Compiles `packs` as a core does.
    pub(crate) fn new(packs: &Packs) -> Self {
        let (entry, _) = operations::find::<rates::Quote>();
        let mut reference = Reference::default();
        compile(&mut reference, &packs.holidays);
        for version in &packs.versions {
            compile(&mut reference, version);
        }
        Self { reference: Box::new(reference), scratch: (entry.scratch)() }
    }

    /// Answers the archived request with an archived reply.
    pub(crate) fn answer<R: Request>(&mut self, payload: &[u8]) -> Result<Vec<u8>, Refused> {
        let (_, operation) = operations::find::<R>();
        let Run::Query(query) = operation.run else {
            unreachable!("only queries can be asked without a server")
        };
        let cx = Cx::new(0, Tenant::BOX, Actor(0), 0, 0);
        let mut reply = Vec::new();
        let (reference, scratch) = (&*self.reference, &mut *self.scratch);
        match (query.answer)(&cx, &NoRecords, reference, scratch, payload, &mut reply) {
            Ok(()) => Ok(reply),
            Err(Failure::Denied(denial)) => Err(Refused::from(denial)),
            Err(Failure::Malformed) => unreachable!("this process archived the request"),
        }
    }
}

fn compile<R: Record>(reference: &mut Reference, record: &R) {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    let (tenant, table) = (Tenant::BOX, R::TABLE);
    reference.compile(&Replicated { tenant, table, key: &[], record: Some(&bytes) });
}

/// A refusal, whoever refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{detail}", if field.is_empty() { String::new() } else { format!("{field}: ") })]
pub(crate) struct Refused {
    /// The field at fault; may be empty.
    pub(crate) field: String,
    /// One sentence.
    pub(crate) detail: String,
}

impl From<Denial> for Refused {
    fn from(denial: Denial) -> Self {
        Self { field: denial.field.into_owned(), detail: denial.detail.into_owned() }
    }
}
