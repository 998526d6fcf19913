//! Reading records.

use std::fmt;

use crate::{Key, KeyBytes, StoreKey, Stored, TableId, Tenant, envelope};

/// Called for each row with its store key and sealed value; `false` ends the scan.
pub type RowVisitor<'v> = dyn FnMut(&[u8], &[u8]) -> bool + 'v;

/// Untyped rows. The shard implements it over its overlay and a store snapshot, tests over a
/// `BTreeMap`. Values are sealed (see [`crate::seal`]) and were verified where they came from disk.
pub trait Tables {
    /// The sealed value at `key`, for as long as these tables are borrowed.
    fn get(&self, table: TableId, key: &[u8]) -> Option<&[u8]>;
    /// Visits the rows with `from <= key < to` in order; `to` empty means to the table's end.
    fn scan(&self, table: TableId, from: &[u8], to: &[u8], visit: &mut RowVisitor<'_>);
    /// Keeps bytes alive for as long as these tables are borrowed.
    fn keep(&self, bytes: Vec<u8>) -> &[u8];
    /// Notes that a row cannot be trusted. The request that read it gets an internal error, whatever
    /// it decides, and nothing of it is stored.
    fn damaged(&self, table: TableId, key: &[u8], reason: &dyn fmt::Display);
}

/// A type that is stored under a key. `domain!` implements it.
pub trait Record: Stored {
    /// The table.
    const TABLE: TableId;
    /// The schema version that is written; older ones are upgraded on read.
    const VERSION: u16;
    /// The declared indexes as `(field, number)`.
    const INDEXES: &'static [(&'static str, u16)];
    /// What names a record inside its tenant.
    type Key: Key;

    /// Calls `emit` with the number and value of each declared index.
    fn index_rows(&self, emit: &mut dyn FnMut(u16, KeyBytes)) {
        let _ = emit;
    }

    /// Builds the current form from an archive of an older `version`; `None` when that version was
    /// never released.
    fn upgrade(version: u16, payload: &[u8]) -> Option<Self> {
        let _ = (version, payload);
        None
    }
}

/// What a decision or a query may read: the records of one tenant.
#[derive(Clone, Copy)]
pub struct View<'a> {
    tables: &'a dyn Tables,
    tenant: Tenant,
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl<'a> View<'a> {
    /// The records of `tenant` in `tables`.
    pub fn new(tables: &'a dyn Tables, tenant: Tenant) -> Self {
        Self { tables, tenant }
    }

    /// The records of the box itself: reference data that every tenant may read.
    #[must_use]
    pub fn of_box(self) -> Self {
        Self { tenant: Tenant::BOX, ..self }
    }

    /// The record at `key`, in place.
    pub fn get<R: Record>(&self, key: &R::Key) -> Option<&'a R::Archived> {
        let row = StoreKey::record(key.slot(), self.tenant, &KeyBytes::of(key));
        let value = self.tables.get(R::TABLE, row.as_slice())?;
        self.open::<R>(row.as_slice(), value)
    }

    /// The record at `key`, built.
    pub fn load<R: Record>(&self, key: &R::Key) -> Option<R> {
        self.get::<R>(key).map(R::revive)
    }

    /// Visits the records whose `index` value begins with `value`, in index order, starting after
    /// the row key `after` (empty: from the first). The visitor gets the row key, which is the
    /// cursor to go on from, and the record; `false` ends the scan. Sees this core's records.
    pub fn by_index<R: Record>(
        &self,
        index: u16,
        value: &KeyBytes,
        after: &[u8],
        visit: &mut dyn FnMut(&[u8], &'a R::Archived) -> bool,
    ) {
        let prefix = index_prefix(self.tenant, value);
        let to = prefix_end(&prefix);
        let mut from = prefix;
        if after > from.as_slice() {
            from = after.to_vec();
            from.push(0);
        }
        let mut rows: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        // Collected first: the visitor may read other records while the scan is not.
        self.tables.scan(R::TABLE.index(index), &from, &to, &mut |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            rows.len() < INDEX_PAGE_ROWS_MAX
        });
        for (row, value) in rows {
            let Ok(pointer) = envelope::open(&value, false) else {
                self.tables.damaged(R::TABLE.index(index), &row, &"an index row is too short");
                return;
            };
            let Some(sealed) = self.tables.get(R::TABLE, pointer.payload) else { continue };
            let Some(record) = self.open::<R>(pointer.payload, sealed) else { return };
            if !visit(&row, record) {
                return;
            }
        }
    }

    fn open<R: Record>(&self, key: &[u8], value: &'a [u8]) -> Option<&'a R::Archived> {
        match open_record::<R>(self.tables, value) {
            Ok(record) => Some(record),
            Err(reason) => {
                self.tables.damaged(R::TABLE, key, &reason);
                None
            }
        }
    }
}

/// The most rows that one index scan returns.
const INDEX_PAGE_ROWS_MAX: usize = 1024;

/// The first bytes of every index row of `tenant` whose value begins with `value`.
pub fn index_prefix(tenant: Tenant, value: &KeyBytes) -> Vec<u8> {
    let mut prefix = tenant.0.to_be_bytes().to_vec();
    prefix.extend_from_slice(value.as_slice());
    prefix
}

/// The first key after every key that begins with `prefix`; empty when there is none.
fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// A sealed record in its current form, upgraded when it is older.
pub(crate) fn open_record<'a, R: Record>(
    tables: &'a dyn Tables,
    value: &'a [u8],
) -> Result<&'a R::Archived, String> {
    let sealed = envelope::open(value, false).map_err(|error| error.to_string())?;
    if sealed.table != R::TABLE.number() {
        return Err(format!("a row of table {} stands in {}", sealed.table, R::TABLE.number()));
    }
    let payload = if sealed.version == R::VERSION {
        sealed.payload
    } else {
        let upgraded = R::upgrade(sealed.version, sealed.payload)
            .ok_or_else(|| format!("no upgrade from schema version {}", sealed.version))?;
        let mut bytes = Vec::new();
        upgraded.encode(&mut bytes);
        tables.keep(bytes)
    };
    R::access(payload).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_the_next_begins() {
        assert_eq!(prefix_end(&[1, 2]), [1, 3]);
        assert_eq!(prefix_end(&[1, 255]), [2]);
        assert_eq!(prefix_end(&[255, 255]), Vec::<u8>::new());
    }
}
