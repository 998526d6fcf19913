//! Writing records: changes are staged beside the tables and installed by the shard when the frame
//! has its place in the log.

use std::fmt;

use crate::{
    Key, KeyBytes, Record, RowVisitor, Slot, StoreKey, TableId, Tables, Tenant, View, envelope,
    view::open_record,
};

/// One row to write, or to remove when `value` is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The slot of the record: an index row lives where its record does.
    pub slot: Slot,
    /// Where.
    pub table: TableId,
    /// The row.
    pub key: StoreKey,
    /// The sealed value.
    pub value: Option<Box<[u8]>>,
}

/// Tables with changes on top that nobody else sees yet.
pub struct Staging<'a> {
    tables: &'a dyn Tables,
    changes: &'a mut Vec<Change>,
    sealed: Vec<u8>,
}

impl fmt::Debug for Staging<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staging").field("changes", &self.changes).finish_non_exhaustive()
    }
}

impl<'a> Staging<'a> {
    /// Stages into `changes`, which may hold earlier changes of the same frame.
    pub fn new(tables: &'a dyn Tables, changes: &'a mut Vec<Change>) -> Self {
        Self { tables, changes, sealed: Vec::new() }
    }

    /// The face that an event of `tenant` writes through.
    pub fn batch(&mut self, tenant: Tenant) -> Batch<'_, 'a> {
        Batch { staging: self, tenant }
    }

    fn put(&mut self, change: Change) {
        let same = |it: &&mut Change| it.table == change.table && it.key == change.key;
        match self.changes.iter_mut().rev().find(same) {
            Some(earlier) => earlier.value = change.value,
            None => self.changes.push(change),
        }
    }
}

impl Tables for Staging<'_> {
    fn get(&self, table: TableId, key: &[u8]) -> Option<&[u8]> {
        let staged = |it: &&Change| it.table == table && it.key.as_slice() == key;
        match self.changes.iter().rev().find(staged) {
            Some(change) => change.value.as_deref(),
            None => self.tables.get(table, key),
        }
    }

    fn scan(&self, table: TableId, from: &[u8], to: &[u8], visit: &mut RowVisitor<'_>) {
        // Index scans belong to queries; an event names the records it changes.
        self.tables.scan(table, from, to, visit);
    }

    fn keep(&self, bytes: Vec<u8>) -> &[u8] {
        self.tables.keep(bytes)
    }

    fn damaged(&self, table: TableId, key: &[u8], reason: &dyn fmt::Display) {
        self.tables.damaged(table, key, reason);
    }
}

/// What applying an event may do: read and write records of one tenant.
#[derive(Debug)]
pub struct Batch<'s, 'a> {
    staging: &'s mut Staging<'a>,
    tenant: Tenant,
}

impl Batch<'_, '_> {
    /// The records as they stand after the changes so far.
    pub fn view(&self) -> View<'_> {
        View::new(self.staging, self.tenant)
    }

    /// Writes the record at `key` and keeps its index rows in step.
    pub fn put<R: Record>(&mut self, key: &R::Key, record: &R) {
        let own = KeyBytes::of(key);
        let row = StoreKey::record(key.slot(), self.tenant, &own);
        self.index::<R>(key.slot(), &row, &own, Some(record));
        let mut sealed = std::mem::take(&mut self.staging.sealed);
        sealed.clear();
        envelope::seal(R::TABLE.number(), R::VERSION, |out| record.encode(out), &mut sealed);
        let value = Some(Box::from(sealed.as_slice()));
        self.staging.sealed = sealed;
        self.staging.put(Change { slot: key.slot(), table: R::TABLE, key: row, value });
    }

    /// Removes the record at `key`, if there is one, and its index rows.
    pub fn remove<R: Record>(&mut self, key: &R::Key) {
        let own = KeyBytes::of(key);
        let row = StoreKey::record(key.slot(), self.tenant, &own);
        self.index::<R>(key.slot(), &row, &own, None);
        self.staging.put(Change { slot: key.slot(), table: R::TABLE, key: row, value: None });
    }

    fn index<R: Record>(&mut self, slot: Slot, row: &StoreKey, own: &KeyBytes, new: Option<&R>) {
        if R::INDEXES.is_empty() {
            return;
        }
        let mut before: Vec<(u16, KeyBytes)> = Vec::new();
        let mut after: Vec<(u16, KeyBytes)> = Vec::new();
        if let Some(old) = self.staging.get(R::TABLE, row.as_slice()) {
            match open_record::<R>(self.staging, old) {
                Ok(old) => R::revive(old).index_rows(&mut |no, value| before.push((no, value))),
                Err(reason) => self.staging.damaged(R::TABLE, row.as_slice(), &reason),
            }
        }
        if let Some(new) = new {
            new.index_rows(&mut |no, value| after.push((no, value)));
        }
        let tenant = self.tenant;
        let change = |no: u16, value: &KeyBytes, pointer: Option<Box<[u8]>>| Change {
            slot,
            table: R::TABLE.index(no),
            key: StoreKey::index(tenant, value, own),
            value: pointer,
        };
        for (no, value) in &before {
            let kept = |(n, v): &(u16, KeyBytes)| n == no && v.as_slice() == value.as_slice();
            if !after.iter().any(kept) {
                self.staging.put(change(*no, value, None));
            }
        }
        for (no, value) in &after {
            let mut pointer = Vec::new();
            let table = R::TABLE.index(*no).number();
            envelope::seal(table, 1, |out| out.extend_from_slice(row.as_slice()), &mut pointer);
            self.staging.put(change(*no, value, Some(pointer.into_boxed_slice())));
        }
    }
}
