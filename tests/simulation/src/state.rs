//! Checkpointed rows, and rows rebuilt from the log alone.

use std::{collections::BTreeMap, sync::Arc};

use contract::{DomainId, RowVisitor, TableId};
use frame::{Lsn, Position};
use shard::{Base, ENGINE, EmptyBase, IDEMPOTENCY, IDEMPOTENCY_KEPT_US, Replay, Rows, SlotMap};

use crate::{
    auditor::{Violation, Written},
    ledger::ENTRIES,
    random::mix,
};

/// The domains with a store, in the order that a checkpoint commits them.
pub(crate) const DOMAINS: [DomainId; 2] = [DomainId(900), ENGINE];

/// The length of a kept reply's store key: slot, tenant, idempotency key.
const KEPT_KEY_BYTES: usize = 22;
/// Where the name of a row begins in its store key.
const ROW_NAME_AT: usize = 6;

/// The time of a kept reply, or of a note in the same form: it follows the envelope.
fn kept_us(value: &[u8]) -> u64 {
    let time = value[8..].first_chunk().expect("a kept reply has a time");
    u64::from_le_bytes(*time)
}

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

    /// Whether both hold the same rows. A reply that nobody may ask for any more may be there or
    /// not.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let now_us = self.clock_us();
        self.of_frames(now_us).eq(other.of_frames(now_us))
    }

    /// The rows that frames made and that count at `now_us`: not the notes of checkpoints, whose keys
    /// are shorter than a kept reply's.
    fn of_frames(&self, now_us: u64) -> impl Iterator<Item = (TableId, &[u8], &[u8])> {
        self.iter().filter(move |(table, key, value)| {
            *table != IDEMPOTENCY
                || (key.len() == KEPT_KEY_BYTES
                    && now_us < kept_us(value).saturating_add(IDEMPOTENCY_KEPT_US))
        })
    }

    /// The latest time that a checkpoint noted.
    fn clock_us(&self) -> u64 {
        let rows = self.rows.get(&IDEMPOTENCY).into_iter().flatten();
        let clocks =
            rows.filter(|(key, _)| key[ROW_NAME_AT.min(key.len())..].starts_with(b"clock"));
        let times = clocks.filter(|(key, _)| key.len() < KEPT_KEY_BYTES).map(|(_, it)| kept_us(it));
        times.max().unwrap_or(0)
    }

    /// How many replies are kept.
    pub(crate) fn kept(&self) -> usize {
        let rows = self.rows.get(&IDEMPOTENCY).into_iter().flatten();
        rows.filter(|(key, _)| key.len() == KEPT_KEY_BYTES).count()
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
        let now_us = self.clock_us();
        let ours: BTreeMap<_, _> = self.of_frames(now_us).map(|it| ((it.0, it.1), it.2)).collect();
        let theirs: BTreeMap<_, _> =
            other.of_frames(now_us).map(|it| ((it.0, it.1), it.2)).collect();
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
/// The last domain is always committed and speaks for the others: a domain without changes is not.
#[derive(Debug, Default)]
pub(crate) struct Stores {
    pub(crate) state: Arc<State>,
    applied: [Position; 2],
}

impl Stores {
    /// Commits one domain's part of a checkpoint, if it has one.
    pub(crate) fn commit(&mut self, domain: usize, changes: &[Arc<Rows>], position: Position) {
        let mut rows = changes.iter().flat_map(|rows| rows.iter());
        let concerned = rows.any(|(table, ..)| table.domain() == DOMAINS[domain]);
        if !concerned && domain + 1 < DOMAINS.len() {
            return;
        }
        let state = Arc::make_mut(&mut self.state);
        for rows in changes {
            state.merge(rows, Some(DOMAINS[domain]));
        }
        self.applied[domain] = position;
    }

    /// Up to where every domain has the log.
    pub(crate) fn applied(&self) -> Position {
        let [_, engine] = self.applied;
        engine
    }

    /// Up to where each domain has the log.
    pub(crate) fn applied_each(&self) -> [(DomainId, Lsn); 2] {
        let [ledger, engine] = self.applied.map(|position| position.lsn);
        [(DOMAINS[0], ledger.max(engine)), (DOMAINS[1], engine)]
    }
}
