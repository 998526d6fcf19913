//! Checkpointed rows, and rows rebuilt from the log alone.

use std::{collections::BTreeMap, sync::Arc};

use contract::{DomainId, RowVisitor, TableId};
use frame::{Lsn, Position};
use shard::{Base, ENGINE, EmptyBase, IDEMPOTENCY, Replay, Rows, SlotMap};

use crate::{
    auditor::{Violation, Written},
    ledger::ENTRIES,
    random::mix,
};

/// The domains with a store, in the order that a checkpoint commits them.
pub(crate) const DOMAINS: [DomainId; 2] = [DomainId(900), ENGINE];

/// Sealed rows by table and store key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State {
    rows: BTreeMap<TableId, BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl State {
    /// Takes changes in, of one domain or of all.
    pub(crate) fn merge(&mut self, changes: &Rows, domain: Option<DomainId>) {
        for (table, key, value) in changes.iter() {
            if domain.is_some_and(|domain| table.domain() != domain) {
                continue;
            }
            let rows = self.rows.entry(table).or_default();
            match value {
                Some(value) => rows.insert(key.to_vec(), value.to_vec()),
                None => rows.remove(key),
            };
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (TableId, &[u8], &[u8])> {
        self.rows.iter().flat_map(|(table, rows)| {
            rows.iter().map(|(key, value)| (*table, key.as_slice(), value.as_slice()))
        })
    }

    /// Whether both hold the same rows.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.of_frames().eq(other.of_frames())
    }

    /// The rows that frames made: not the checkpoint's note of the clock, whose key is shorter than
    /// a kept reply's.
    fn of_frames(&self) -> impl Iterator<Item = (TableId, &[u8], &[u8])> {
        const KEPT_KEY_BYTES: usize = 22;
        self.iter().filter(|(table, key, _)| *table != IDEMPOTENCY || key.len() == KEPT_KEY_BYTES)
    }

    /// One number for all of it.
    pub(crate) fn hash(&self) -> u64 {
        let mut hash = 0;
        for (table, key, value) in self.iter() {
            hash = mix(hash ^ u64::from(table.0));
            for byte in key.iter().chain(value) {
                hash = mix(hash ^ u64::from(*byte));
            }
        }
        hash
    }

    /// What the first `frames` give on an empty box.
    pub(crate) fn replayed(frames: &[Written], cores: u16) -> Result<Self, Violation> {
        let mut replay = Replay::new(&ENTRIES, SlotMap::new(cores), &EmptyBase, &[]);
        for frame in frames {
            let replayed = replay.frame(&frame.frame());
            replayed.map_err(|error| Violation(format!("replay from scratch: {error}")))?;
        }
        let mut state = Self::default();
        let (parts, _) =
            replay.finish().map_err(|error| Violation(format!("replay from scratch: {error}")))?;
        for rows in &parts {
            state.merge(rows, None);
        }
        Ok(state)
    }

    /// The first difference, in words.
    pub(crate) fn difference(&self, other: &Self) -> String {
        let ours: BTreeMap<_, _> = self.of_frames().map(|it| ((it.0, it.1), it.2)).collect();
        let theirs: BTreeMap<_, _> = other.of_frames().map(|it| ((it.0, it.1), it.2)).collect();
        for (row, value) in &ours {
            if theirs.get(row) != Some(value) {
                let key = row.1.escape_ascii();
                return format!(
                    "table {:#x} key {key}: {value:?} or {:?}",
                    row.0.0,
                    theirs.get(row)
                );
            }
        }
        let extra = theirs.keys().find(|row| !ours.contains_key(*row));
        extra.map_or_else(String::new, |row| {
            format!("table {:#x} key {} is only in the second", row.0.0, row.1.escape_ascii())
        })
    }
}

impl Base for State {
    fn get(&self, table: TableId, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), String> {
        if let Some(value) = self.rows.get(&table).and_then(|rows| rows.get(key)) {
            found(value);
        }
        Ok(())
    }

    fn scan(
        &self,
        table: TableId,
        from: &[u8],
        to: &[u8],
        visit: &mut RowVisitor<'_>,
    ) -> Result<(), String> {
        for (key, value) in
            self.rows.get(&table).into_iter().flat_map(|it| it.range(from.to_vec()..))
        {
            if (!to.is_empty() && to <= key.as_slice()) || !visit(key, value) {
                break;
            }
        }
        Ok(())
    }
}

/// The stores: one transaction per domain, each with the position it reflects. They survive crashes.
#[derive(Debug, Default)]
pub(crate) struct Stores {
    pub(crate) state: Arc<State>,
    applied: [Position; 2],
}

impl Stores {
    /// Commits one domain's part of a checkpoint.
    pub(crate) fn commit(&mut self, domain: usize, changes: &[Arc<Rows>], position: Position) {
        let state = Arc::make_mut(&mut self.state);
        for rows in changes {
            state.merge(rows, Some(DOMAINS[domain]));
        }
        self.applied[domain] = position;
    }

    /// Up to where every domain has the log.
    pub(crate) fn applied(&self) -> Position {
        let [ledger, engine] = self.applied;
        if ledger.lsn <= engine.lsn { ledger } else { engine }
    }

    /// Up to where each domain has the log.
    pub(crate) fn applied_each(&self) -> [(DomainId, Lsn); 2] {
        [0, 1].map(|index| (DOMAINS[index], self.applied[index].lsn))
    }
}
