//! What one request reads: rows handed over by other cores, over this core's overlay, over a store
//! snapshot.

use std::{
    cell::{Cell, RefCell},
    cmp::Ordering,
    fmt,
};

use bumpalo::Bump;
use contract::{ENVELOPE_BYTES, RowVisitor, Slot, StoreKey, TableId, Tables};
use frame::Lsn;

use crate::{
    holds::{Holds, RowName},
    map::{CoreId, SlotMap},
    overlay::{HandedRow, Overlay, Row},
};

/// A consistent snapshot of the stores. The stores verify the checksum of every value they give.
pub trait Base: Send + Sync {
    /// Calls `found` with the sealed value at `key`, if there is one.
    fn get(&self, table: TableId, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), String>;
    /// Visits the rows with `from <= key < to` in order; `to` empty means to the table's end.
    fn scan(
        &self,
        table: TableId,
        from: &[u8],
        to: &[u8],
        visit: &mut RowVisitor<'_>,
    ) -> Result<(), String>;
}

/// A box without stores: everything is in the overlay.
#[derive(Debug, Default, Clone, Copy)]
pub struct EmptyBase;

impl Base for EmptyBase {
    fn get(&self, _: TableId, _: &[u8], _: &mut dyn FnMut(&[u8])) -> Result<(), String> {
        Ok(())
    }
    fn scan(&self, _: TableId, _: &[u8], _: &[u8], _: &mut RowVisitor<'_>) -> Result<(), String> {
        Ok(())
    }
}

/// The tables of one request.
pub(crate) struct RequestTables<'a> {
    pub(crate) core: CoreId,
    pub(crate) map: SlotMap,
    pub(crate) overlay: &'a Overlay,
    pub(crate) base: &'a dyn Base,
    pub(crate) handed: &'a [HandedRow],
    pub(crate) arena: &'a Bump,
    /// The holds that a query respects; none for a command, which holds what it reads.
    pub(crate) holds: Option<&'a Holds>,
    /// A row that was read while another core's command held it.
    pub(crate) blocked: Cell<Option<RowName>>,
    pub(crate) seen: Cell<Lsn>,
    pub(crate) damage: RefCell<Option<String>>,
}

impl RequestTables<'_> {
    /// Notes that the request depends on `lsn`.
    fn see(&self, lsn: Lsn) {
        if self.seen.get() < lsn {
            self.seen.set(lsn);
        }
    }

    /// Notes that a row may be of a frame whose part for this core is still under way.
    fn note_hold(&self, table: TableId, key: &[u8]) {
        if let Some(holds) = self.holds
            && let Some(row) = StoreKey::from_slice(key).map(|key| (table, key))
            && holds.is_held_for_another(self.core, &row)
        {
            self.blocked.set(Some(row));
        }
    }

    /// Whether an index row belongs to a record of this core.
    fn owns_index_row(&self, value: &[u8]) -> bool {
        let pointer = value.get(ENVELOPE_BYTES..).and_then(StoreKey::slot_of_record);
        pointer.is_some_and(|slot: Slot| self.map.owner(slot) == self.core)
    }

    fn base_rows(&self, table: TableId, from: &[u8], to: &[u8]) -> Vec<(&[u8], &[u8])> {
        let mut rows = Vec::new();
        let read = self.base.scan(table, from, to, &mut |key, value| {
            if !table.is_index() || self.owns_index_row(value) {
                let key: &[u8] = self.arena.alloc_slice_copy(key);
                let value: &[u8] = self.arena.alloc_slice_copy(value);
                rows.push((key, value));
            }
            rows.len() < SCAN_ROWS_MAX
        });
        if let Err(reason) = read {
            self.damaged(table, from, &reason);
        }
        rows
    }
}

/// The most rows one scan takes from the stores.
const SCAN_ROWS_MAX: usize = 4096;

impl Tables for RequestTables<'_> {
    fn get(&self, table: TableId, key: &[u8]) -> Option<&[u8]> {
        self.note_hold(table, key);
        let handed = |row: &&HandedRow| row.table == table && row.key.as_slice() == key;
        if let Some(row) = self.handed.iter().find(handed) {
            self.see(row.lsn);
            return row.value.as_deref();
        }
        if let Some(row) = self.overlay.get(table, key) {
            self.see(row.lsn);
            return row.value.as_deref();
        }
        let mut value: Option<&[u8]> = None;
        let read = self.base.get(table, key, &mut |found| {
            value = Some(self.arena.alloc_slice_copy(found));
        });
        if let Err(reason) = read {
            self.damaged(table, key, &reason);
            return None;
        }
        value
    }

    fn scan(&self, table: TableId, from: &[u8], to: &[u8], visit: &mut RowVisitor<'_>) {
        // Three sorted sources, newest first; the newest row of a key decides.
        let mut active = self.overlay.active().range(table, from, to).peekable();
        let mut older = self
            .overlay
            .older()
            .into_iter()
            .flat_map(|rows| rows.range(table, from, to))
            .peekable();
        let mut base = self.base_rows(table, from, to).into_iter().peekable();
        loop {
            let keys = [
                active.peek().map(|(key, _)| *key),
                older.peek().map(|(key, _)| *key),
                base.peek().map(|(key, _)| *key),
            ];
            let Some(least) = keys.iter().flatten().min().copied() else { return };
            let at = |key: Option<&[u8]>| key.map(|key| key.cmp(least)) == Some(Ordering::Equal);
            let newest = at(keys[0]).then(|| active.next()).flatten();
            let closing = at(keys[1]).then(|| older.next()).flatten();
            let stored = at(keys[2]).then(|| base.next()).flatten();
            let changed: Option<&Row> = newest.or(closing).map(|(_, row)| row);
            let value = match changed {
                Some(row) => {
                    self.see(row.lsn);
                    row.value.as_deref()
                }
                None => stored.map(|(_, value)| value),
            };
            if let Some(value) = value
                && !visit(least, value)
            {
                return;
            }
        }
    }

    fn keep(&self, bytes: Vec<u8>) -> &[u8] {
        self.arena.alloc_slice_copy(&bytes)
    }

    fn damaged(&self, table: TableId, key: &[u8], reason: &dyn fmt::Display) {
        let (domain, number, key) = (table.domain().0, table.number(), key.escape_ascii());
        let text = format!("domain {domain} table {number} key {key}: {reason}");
        self.damage.borrow_mut().get_or_insert(text);
    }
}
