//! Rows that a transaction across cores holds, and who waits for them.
//!
//! Every transaction takes the cores it needs in ascending order and all its rows of one core at
//! once, so no two can wait for each other.

use std::collections::{BTreeMap, VecDeque};

use contract::{StoreKey, TableId};

use crate::{call::OwnedCall, limits::PARKED_MAX, map::CoreId, shard::Origin};

/// A row, whatever stands in it.
pub(crate) type RowName = (TableId, StoreKey);

/// Who holds a row: the home core of a transaction and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Holder {
    pub(crate) home: CoreId,
    pub(crate) transaction: u64,
}

/// Who waits for a row.
#[derive(Debug)]
pub(crate) enum Waiter {
    /// A command whose rows are all on this core.
    Call(Origin, OwnedCall),
    /// A transaction of this core that needs its local rows now.
    Local(u64),
    /// A query that read the row while another core's command held it.
    Query(Origin, OwnedCall),
    /// A transaction of another core.
    Remote(Holder, Vec<RowName>),
}

/// The held rows of one core.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    held: BTreeMap<RowName, Holder>,
    waiting: BTreeMap<RowName, VecDeque<Waiter>>,
    waiting_count: usize,
}

impl Holds {
    pub(crate) fn is_idle(&self) -> bool {
        self.held.is_empty() && self.waiting.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.waiting_count >= PARKED_MAX
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting_count
    }

    /// Whether a command of another core than `core` holds the row. It may be in the log already
    /// with its part for this core under way: whoever reads the row now may have seen the other
    /// parts.
    pub(crate) fn is_held_for_another(&self, core: CoreId, row: &RowName) -> bool {
        !self.held.is_empty() && self.held.get(row).is_some_and(|holder| holder.home != core)
    }

    /// Whether anybody but this transaction of core `home` holds the row.
    pub(crate) fn is_held_by_other(
        &self,
        home: CoreId,
        transaction: Option<u64>,
        row: &RowName,
    ) -> bool {
        let own = transaction.map(|transaction| Holder { home, transaction });
        self.held.get(row).is_some_and(|holder| Some(*holder) != own)
    }

    /// The first of these rows that somebody holds or already waits for.
    pub(crate) fn conflict<'a>(
        &self,
        mut rows: impl Iterator<Item = &'a RowName>,
    ) -> Option<RowName> {
        if self.is_idle() {
            return None;
        }
        rows.find(|row| self.held.contains_key(row) || self.waiting.contains_key(row)).copied()
    }

    /// As [`Holds::conflict`], for whoever was just taken off a queue: only holders block it.
    pub(crate) fn holder_conflict(&self, rows: &[RowName]) -> Option<RowName> {
        rows.iter().find(|row| self.held.contains_key(row)).copied()
    }

    pub(crate) fn hold(&mut self, holder: Holder, rows: &[RowName]) {
        for row in rows {
            let before = self.held.insert(*row, holder);
            assert!(before.is_none_or(|it| it == holder), "a row has one holder");
        }
    }

    /// Waits for `row`; at the front when it had been taken off the queue of another row before.
    pub(crate) fn wait(&mut self, row: RowName, waiter: Waiter, at_front: bool) {
        self.waiting_count += 1;
        let queue = self.waiting.entry(row).or_default();
        if at_front { queue.push_front(waiter) } else { queue.push_back(waiter) }
    }

    /// Releases every row of `holder` and gives their names.
    pub(crate) fn release(&mut self, holder: Holder) -> Vec<RowName> {
        let rows: Vec<_> =
            self.held.iter().filter(|(_, it)| **it == holder).map(|(row, _)| *row).collect();
        for row in &rows {
            self.held.remove(row);
        }
        rows
    }

    /// The next waiter for a row that nobody holds.
    pub(crate) fn next_waiter(&mut self, row: &RowName) -> Option<Waiter> {
        if self.held.contains_key(row) {
            return None;
        }
        let queue = self.waiting.get_mut(row)?;
        let waiter = queue.pop_front();
        if queue.is_empty() {
            self.waiting.remove(row);
        }
        self.waiting_count -= usize::from(waiter.is_some());
        waiter
    }
}
