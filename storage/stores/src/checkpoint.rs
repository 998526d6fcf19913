//! Writing an overlay's changes into the stores.

use std::iter::Peekable;
use std::ops::Bound;

use contract::TableId;
use frame::Position;
use redb::{ReadableTable, Table, WriteTransaction};

use crate::error::{CheckpointError, Hex, boxed};
use crate::meta;
use crate::open::{Definition, Store, Stores};

/// What a checkpoint wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CheckpointReport {
    /// Rows written.
    pub written_count: u64,
    /// Rows removed.
    pub removed_count: u64,
    /// Bytes of keys and values written.
    pub bytes: u64,
}

/// One row of a checkpoint: `None` removes it.
type Change<'c> = (TableId, &'c [u8], Option<&'c [u8]>);

impl Stores {
    /// Applies `changes`, sorted by table and key, and notes `position` as applied: one transaction
    /// per domain with changes, and at the end one of the last domain, whose position speaks for the
    /// domains without.
    ///
    /// After an error some domains may hold the changes and others not; the positions say which,
    /// and the log still has all of it. Values are sealed ([`contract::seal`]); index rows may be
    /// empty.
    pub fn checkpoint<'c>(
        &self,
        changes: impl Iterator<Item = Change<'c>>,
        position: Position,
    ) -> Result<CheckpointReport, CheckpointError> {
        let mut positions = self.positions();
        let mut changes = changes.peekable();
        let mut report = CheckpointReport::default();
        let last = self.stores.last().map(|store| store.domain);
        for (store, applied) in self.stores.iter().zip(positions.iter_mut()) {
            assert!(applied.lsn <= position.lsn, "a checkpoint goes forward");
            let concerned =
                changes.peek().is_some_and(|(table, ..)| table.domain().0 <= store.domain);
            if concerned || Some(store.domain) == last {
                store.checkpoint(&mut changes, position, &mut report)?;
            }
            *applied = position;
        }
        match changes.peek() {
            Some((table, ..)) => Err(CheckpointError::Table { table: *table }),
            None => Ok(report),
        }
    }
}

impl Store {
    fn checkpoint<'c>(
        &self,
        changes: &mut Peekable<impl Iterator<Item = Change<'c>>>,
        position: Position,
        report: &mut CheckpointReport,
    ) -> Result<(), CheckpointError> {
        let transaction = self.begin().map_err(|error| self.failed(error))?;
        while let Some(&(table, ..)) = changes.peek() {
            if self.domain < table.domain().0 {
                break;
            }
            self.write_table(&transaction, table, changes, report)?;
        }
        meta::write_position(&transaction, position).map_err(|error| self.failed(error))?;
        transaction.commit().map_err(|error| self.failed(error))
    }

    fn failed(&self, error: impl Into<redb::Error>) -> CheckpointError {
        CheckpointError::Store { store: self.name, source: boxed(error) }
    }

    /// Writes all changes of one table.
    fn write_table<'c>(
        &self,
        transaction: &WriteTransaction,
        id: TableId,
        changes: &mut Peekable<impl Iterator<Item = Change<'c>>>,
        report: &mut CheckpointReport,
    ) -> Result<(), CheckpointError> {
        let found = self.tables.binary_search_by_key(&id.number(), |(number, _)| *number);
        let name = match found {
            Ok(index) if self.domain == id.domain().0 => &self.tables[index].1,
            _ => return Err(CheckpointError::Table { table: id }),
        };
        let mut table =
            transaction.open_table(Definition::new(name)).map_err(|error| self.failed(error))?;
        let last = table.last().map_err(|error| self.failed(error))?;
        let last = last.map(|(key, _)| key.value().to_vec());
        let mut previous: Option<&[u8]> = None;
        let mut in_order = |key: &'c [u8]| {
            let unsorted = previous.is_some_and(|previous| key <= previous);
            previous = Some(key);
            if unsorted {
                return Err(CheckpointError::Unsorted { table: id, key: Hex(key.to_vec()) });
            }
            Ok(())
        };
        while let Some((_, key, value)) = changes.next_if(|(table, key, _)| {
            *table == id && last.as_deref().is_some_and(|last| *key <= last)
        }) {
            in_order(key)?;
            write_row(&mut table, key, value).map_err(|error| self.failed(error))?;
            report.count(key, value);
        }
        // What sorts behind everything stored is appended through one cursor: no descent for each
        // row.
        let mut cursor =
            table.upper_bound_mut(Bound::<&[u8]>::Unbounded).map_err(|error| self.failed(error))?;
        while let Some((_, key, value)) = changes.next_if(|(table, ..)| *table == id) {
            in_order(key)?;
            if let Some(value) = value {
                cursor.insert_before(key, value).map_err(|error| self.failed(error))?;
                report.count(key, Some(value));
            }
        }
        cursor.close().map_err(|error| self.failed(error))
    }
}

fn write_row(
    table: &mut Table<'_, &'static [u8], &'static [u8]>,
    key: &[u8],
    value: Option<&[u8]>,
) -> Result<(), redb::StorageError> {
    match value {
        Some(value) => table.insert(key, value).map(drop),
        None => table.remove(key).map(drop),
    }
}

impl CheckpointReport {
    fn count(&mut self, key: &[u8], value: Option<&[u8]>) {
        match value {
            Some(value) => {
                self.written_count += 1;
                self.bytes += (key.len() + value.len()) as u64;
            }
            None => self.removed_count += 1,
        }
    }
}
