//! Replies that wait for the durable position: nothing leaves the box that a crash could take back.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use frame::Lsn;

use crate::{
    call::{Fault, OwnedCall},
    map::CoreId,
    message::ReplicatedRow,
    shard::Origin,
};

/// A reply on its way out.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) origin: Origin,
    pub(crate) position: Lsn,
    /// Why there is no reply: a refusal shows the state that it is about, as a reply does.
    pub(crate) fault: Option<Fault>,
    pub(crate) reply: Vec<u8>,
}

impl Finished {
    pub(crate) fn outcome(&mut self) -> Result<Lsn, Fault> {
        self.fault.take().map_or(Ok(self.position), Err)
    }
}

/// A commit that waits for more than the disk.
#[derive(Debug)]
pub(crate) struct SlowCommit {
    pub(crate) origin: Origin,
    pub(crate) reply: Vec<u8>,
    pub(crate) durable: bool,
    /// Cores that have yet to take their part of the changes in.
    pub(crate) applies_left: u16,
    /// Rows that every core has to compile once the frame is durable.
    pub(crate) replicate: Option<Arc<[ReplicatedRow]>>,
    /// Cores that have yet to compile them.
    pub(crate) replicas_left: u16,
    /// The command's idempotency key.
    pub(crate) key: Option<u128>,
    /// Who repeated the command meanwhile, on which core: answered when all have compiled.
    pub(crate) askers: Vec<(CoreId, u64)>,
}

/// Everything of one core that waits.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// Commits that wait for the disk alone, in log order.
    commits: VecDeque<Finished>,
    /// Commits that also wait for other cores, by their frame.
    slow: BTreeMap<Lsn, SlowCommit>,
    /// Answers that show a change which is not durable yet.
    reads: BTreeMap<(Lsn, u64), Finished>,
    /// Calls that demand a position which is not durable yet.
    calls: BTreeMap<(Lsn, u64), (Origin, OwnedCall)>,
    next: u64,
}

impl Gate {
    pub(crate) fn len(&self) -> usize {
        self.commits.len() + self.slow.len() + self.reads.len() + self.calls.len()
    }

    pub(crate) fn commit(&mut self, finished: Finished) {
        let in_order = self.commits.back().is_none_or(|last| last.position < finished.position);
        assert!(in_order, "one core's commits are in log order");
        self.commits.push_back(finished);
    }

    pub(crate) fn slow_commit(&mut self, lsn: Lsn, commit: SlowCommit) {
        self.slow.insert(lsn, commit);
    }

    pub(crate) fn slow(&mut self, lsn: Lsn) -> Option<&mut SlowCommit> {
        self.slow.get_mut(&lsn)
    }

    /// The commit under this idempotency key, while a core may have the rows of before compiled.
    pub(crate) fn replicating(&mut self, key: u128) -> Option<&mut SlowCommit> {
        self.slow.values_mut().find(|commit| {
            commit.key == Some(key) && (commit.replicate.is_some() || commit.replicas_left > 0)
        })
    }

    pub(crate) fn remove_slow(&mut self, lsn: Lsn) -> Option<SlowCommit> {
        self.slow.remove(&lsn)
    }

    pub(crate) fn read(&mut self, until: Lsn, finished: Finished) {
        self.next += 1;
        self.reads.insert((until, self.next), finished);
    }

    pub(crate) fn call(&mut self, until: Lsn, origin: Origin, call: OwnedCall) {
        self.next += 1;
        self.calls.insert((until, self.next), (origin, call));
    }

    /// The next commit that waited for the disk alone.
    pub(crate) fn pop_commit(&mut self, durable: Lsn) -> Option<Finished> {
        let ready = self.commits.front().is_some_and(|commit| commit.position <= durable);
        if ready { self.commits.pop_front() } else { None }
    }

    /// The next read that waited.
    pub(crate) fn pop_read(&mut self, durable: Lsn) -> Option<Finished> {
        let first = self.reads.first_entry().filter(|entry| entry.key().0 <= durable)?;
        Some(first.remove())
    }

    /// The next call that waited.
    pub(crate) fn pop_call(&mut self, durable: Lsn) -> Option<(Origin, OwnedCall)> {
        let first = self.calls.first_entry().filter(|entry| entry.key().0 <= durable)?;
        Some(first.remove())
    }

    /// The slow commits that just became durable.
    pub(crate) fn newly_durable(&mut self, durable: Lsn) -> Vec<Lsn> {
        let fresh = self.slow.range_mut(..=durable).filter(|(_, commit)| !commit.durable);
        fresh
            .map(|(lsn, commit)| {
                commit.durable = true;
                *lsn
            })
            .collect()
    }

    /// The waiting calls whose deadline has passed.
    pub(crate) fn expire_calls(&mut self, now_us: u64) -> Vec<Origin> {
        let late = |call: &OwnedCall| call.deadline_us != 0 && call.deadline_us <= now_us;
        let keys: Vec<_> =
            self.calls.iter().filter(|(_, (_, call))| late(call)).map(|(key, _)| *key).collect();
        keys.into_iter().filter_map(|key| self.calls.remove(&key)).map(|(it, _)| it).collect()
    }
}
