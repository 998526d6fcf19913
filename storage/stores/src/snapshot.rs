//! Reading the stores as of one checkpoint.

use std::fmt;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use contract::TableId;
use frame::Position;
use redb::{ReadOnlyTable, ReadableDatabase};

use crate::error::{Hex, ReadError, boxed};
use crate::open::{Definition, Store, Stores};

/// Called with key and value of each row until it breaks.
pub type RowVisitor<'v> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'v;

/// All tables of all domains as of one moment. Clones share it; it holds back the reuse of replaced
/// pages until the last one is dropped.
#[derive(Clone)]
pub struct Snapshot {
    tables: Arc<[OpenTable]>,
    applied: Position,
}

struct OpenTable {
    id: TableId,
    store: &'static str,
    rows: ReadOnlyTable<&'static [u8], &'static [u8]>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("applied", &self.applied).finish_non_exhaustive()
    }
}

impl Stores {
    /// What the last checkpoint wrote. Waits while a checkpoint is being taken.
    pub fn snapshot(&self) -> Result<Snapshot, ReadError> {
        let positions = self.positions();
        let mut tables = Vec::new();
        for store in &self.stores {
            store
                .open_tables(&mut tables)
                .map_err(|error| ReadError::Store { store: store.name, source: Box::new(error) })?;
        }
        tables.sort_unstable_by_key(|table| table.id);
        let applied = positions.iter().copied().min_by_key(|it| it.lsn).unwrap_or_default();
        Ok(Snapshot { tables: tables.into(), applied })
    }
}

impl Store {
    fn open_tables(&self, tables: &mut Vec<OpenTable>) -> Result<(), redb::Error> {
        let read = self.database.begin_read()?;
        for (number, name) in &self.tables {
            let rows = read.open_table(Definition::new(name))?;
            let id = TableId(u32::from(self.domain) << 16 | u32::from(*number));
            tables.push(OpenTable { id, store: self.name, rows });
        }
        Ok(())
    }
}

impl Snapshot {
    /// The position up to which every domain holds the log.
    pub fn applied(&self) -> Position {
        self.applied
    }

    /// Hands the value at `key` to `visit`; false when there is none. A value whose checksum does
    /// not match is an error that names it.
    pub fn get(
        &self,
        table: TableId,
        key: &[u8],
        visit: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, ReadError> {
        let table = self.table(table)?;
        let Some(value) = table.rows.get(key).map_err(|error| table.failed(error))? else {
            return Ok(false);
        };
        table.verify(key, value.value())?;
        visit(value.value());
        Ok(true)
    }

    /// Hands rows between the bounds to `visit`, in the order of their keys, until it breaks.
    pub fn scan(
        &self,
        table: TableId,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        visit: &mut RowVisitor<'_>,
    ) -> Result<(), ReadError> {
        let table = self.table(table)?;
        if is_empty(from, to) {
            return Ok(());
        }
        let rows = table.rows.range::<&[u8]>((from, to)).map_err(|error| table.failed(error))?;
        for row in rows {
            let (key, value) = row.map_err(|error| table.failed(error))?;
            table.verify(key.value(), value.value())?;
            if visit(key.value(), value.value()).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn table(&self, id: TableId) -> Result<&OpenTable, ReadError> {
        match self.tables.binary_search_by_key(&id, |table| table.id) {
            Ok(index) => Ok(&self.tables[index]),
            Err(_) => Err(ReadError::Table { table: id }),
        }
    }
}

impl OpenTable {
    fn failed(&self, error: redb::StorageError) -> ReadError {
        ReadError::Store { store: self.store, source: boxed(error) }
    }

    fn verify(&self, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        match verify(self.id, value) {
            Ok(()) => Ok(()),
            Err(source) => Err(ReadError::Value {
                store: self.store,
                number: self.id.number(),
                key: Hex(key.to_vec()),
                source,
            }),
        }
    }
}

/// Checks the value's envelope. An index row may have no value at all: everything is in its key.
pub(crate) fn verify(table: TableId, value: &[u8]) -> Result<(), contract::EnvelopeError> {
    if table.is_index() && value.is_empty() {
        return Ok(());
    }
    contract::open(value, true).map(drop)
}

/// Whether no key can lie between the bounds; redb is not asked then.
fn is_empty(from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    match (from, to) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(from), Bound::Included(to)) => to < from,
        (
            Bound::Included(from) | Bound::Excluded(from),
            Bound::Included(to) | Bound::Excluded(to),
        ) => to <= from,
    }
}
