//! From frames back to changes: what recovery does with the log above the stores.

use std::{cell::RefCell, fmt};

use bumpalo::Bump;
use contract::{Change, DomainId, Entry, RowVisitor, Staging, StoreKey, TableId, Tables, Tenant};
use frame::{Frame, Lsn};

use crate::{
    clock,
    idempotency::{ENGINE, Kept, row},
    map::SlotMap,
    overlay::Rows,
    tables::Base,
};

/// Why a frame cannot be replayed. The frame itself passed its checksum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The body is not as this version writes it.
    #[error("frame {lsn}: {reason}")]
    Body {
        /// Which frame.
        lsn: Lsn,
        /// What is wrong.
        reason: String,
    },
    /// No domain, code or version like this: the data was written by a newer version.
    #[error(
        "frame {lsn} holds event {code} version {version} of domain {domain}, which this version \
         does not know; start the version that wrote it"
    )]
    UnknownEvent {
        /// Which frame.
        lsn: Lsn,
        /// The event's domain.
        domain: u16,
        /// Its code.
        code: u16,
        /// Its schema version.
        version: u16,
    },
    /// A stored record that an event changes is damaged.
    #[error(
        "frame {lsn} changes a damaged record: {reason}; restore a backup or fetch from a standby"
    )]
    Damaged {
        /// Which frame.
        lsn: Lsn,
        /// Which record and how.
        reason: String,
    },
    /// The latest time before the last checkpoint cannot be read.
    #[error(
        "the clock rows of the engine's store: {reason}; restore a backup or fetch from a standby"
    )]
    Clock {
        /// What is wrong.
        reason: String,
    },
}

/// Applies frames in order with the same code that applied them first.
pub struct Replay<'a> {
    entries: &'static [Entry],
    map: SlotMap,
    base: &'a dyn Base,
    /// Up to which frame each domain's store already has the changes.
    applied: &'a [(DomainId, Lsn)],
    rows: Vec<Rows>,
    changes: Vec<Change>,
    arena: Bump,
    floor_us: u64,
    events: u64,
}

impl fmt::Debug for Replay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("events", &self.events).finish_non_exhaustive()
    }
}

impl<'a> Replay<'a> {
    /// Over the stores as they are, for the cores of `map`.
    pub fn new(
        entries: &'static [Entry],
        map: SlotMap,
        base: &'a dyn Base,
        applied: &'a [(DomainId, Lsn)],
    ) -> Self {
        let rows = map.ids().map(|_| Rows::default()).collect();
        let (changes, arena) = (Vec::new(), Bump::new());
        Self { entries, map, base, applied, rows, changes, arena, floor_us: 0, events: 0 }
    }

    /// Applies one frame.
    pub fn frame(&mut self, frame: &Frame<'_>) -> Result<(), ReplayError> {
        let lsn = frame.lsn();
        let meta = *frame.meta();
        self.floor_us = self.floor_us.max(frame.time_us());
        if let Some(idempotency) = meta.idempotency
            && self.is_new(ENGINE, lsn)
        {
            let (slot, (table, key)) = row(idempotency.key);
            let kept = Kept {
                time_us: frame.time_us(),
                fingerprint: idempotency.fingerprint,
                reply: idempotency.reply,
            };
            self.changes.push(Change { slot, table, key, value: Some(kept.seal()) });
        }
        for event in frame.events() {
            self.events += 1;
            let (domain, code, version) = (event.domain, event.code, event.version);
            if !self.is_new(DomainId(domain), lsn) {
                continue;
            }
            let unknown = ReplayError::UnknownEvent { lsn, domain, code, version };
            let entry = self.entries.iter().find(|entry| entry.id.0 == domain);
            let entry = entry.ok_or_else(|| unknown.clone())?;
            let tables = ReplayTables {
                map: self.map,
                rows: &self.rows,
                base: self.base,
                arena: &self.arena,
                damage: RefCell::new(None),
            };
            let mut staging = Staging::new(&tables, &mut self.changes);
            let tenant = Tenant(meta.tenant);
            if !(entry.replay)(&mut staging, tenant, code, version, event.payload) {
                return Err(unknown);
            }
            if let Some(reason) = tables.damage.into_inner() {
                return Err(ReplayError::Damaged { lsn, reason });
            }
        }
        for change in self.changes.drain(..) {
            let owner = self.map.owner(change.slot);
            self.rows[usize::from(owner.0)].install(change, lsn);
        }
        self.arena.reset();
        Ok(())
    }

    /// How many events were replayed so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The changes of each core in order, and the latest time that any earlier start gave out, in
    /// microseconds.
    pub fn finish(self) -> Result<(Vec<Rows>, u64), ReplayError> {
        let stored_us =
            clock::floor_us(self.base).map_err(|reason| ReplayError::Clock { reason })?;
        Ok((self.rows, self.floor_us.max(stored_us)))
    }

    fn is_new(&self, domain: DomainId, lsn: Lsn) -> bool {
        let applied = self.applied.iter().find(|(id, _)| *id == domain);
        applied.is_none_or(|(_, applied)| lsn > *applied)
    }
}

struct ReplayTables<'a> {
    map: SlotMap,
    rows: &'a [Rows],
    base: &'a dyn Base,
    arena: &'a Bump,
    damage: RefCell<Option<String>>,
}

impl Tables for ReplayTables<'_> {
    fn get(&self, table: TableId, key: &[u8]) -> Option<&[u8]> {
        let slot = StoreKey::slot_of_record(key)?;
        let rows = &self.rows[usize::from(self.map.owner(slot).0)];
        if let Some(row) = rows.get(table, key) {
            return row.value.as_deref();
        }
        let mut value: Option<&[u8]> = None;
        let read = self.base.get(table, key, &mut |found| {
            value = Some(self.arena.alloc_slice_copy(found));
        });
        if let Err(reason) = read {
            self.damaged(table, key, &reason);
        }
        value
    }

    fn scan(&self, _: TableId, _: &[u8], _: &[u8], _: &mut RowVisitor<'_>) {
        unreachable!("an event names the records it changes");
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
