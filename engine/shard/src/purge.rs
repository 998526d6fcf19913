//! Kept replies that nobody may ask for any more leave the store.
//!
//! Wherever a kept reply is read, one of [`IDEMPOTENCY_KEPT_US`] ago counts as none, so it makes no
//! difference to anybody when it goes. A pass goes over the rows in the order of their keys, a
//! bounded run of them at each checkpoint, and the removals are part of the checkpoint's changes.
//! Where a pass stands is a row beside them: what is removed follows from the store and the
//! checkpoint alone, and a crash takes back both or neither.
//!
//! ```text
//! key     slot 0 (2) | tenant 0 (4) | "purge" (5), in the table of kept replies
//! value   a kept reply:
//!           under way   time: the oldest that it left, or its beginning; reply: the key to go on from
//!           between     time: when the next one is due; reply: empty
//! ```

use std::sync::Arc;

use contract::{Change, KeyBytes, Slot, StoreKey, Tenant};
use frame::Lsn;

use crate::{
    clock,
    idempotency::{IDEMPOTENCY, IDEMPOTENCY_KEPT_US, KEPT_KEY_BYTES, Kept, parse},
    overlay::Rows,
    tables::Base,
};

/// A pass begins when the oldest reply could have gone so long ago, in microseconds: 12 hours. So
/// each reply is looked at two or three times in its life, and kept for a day and a half at most if
/// the passes keep up.
const OVERDUE_US: u64 = 12 * 60 * 60 * 1_000_000;
/// The rows that one checkpoint looks at, if it keeps few replies of its own.
pub const PURGE_ROWS_MIN: usize = 16 * 1024;
/// The rows that one checkpoint looks at, however many replies it keeps.
pub const PURGE_ROWS_MAX: usize = 256 * 1024;

/// Where the passes stand.
#[derive(Debug, PartialEq, Eq)]
enum Pass {
    /// None is under way.
    Due { at_us: u64 },
    /// Rows before `next` have been looked at. What is left of them, and all that was kept since the
    /// pass began, is of `oldest_us` or later.
    Running { oldest_us: u64, next: Vec<u8> },
}

/// The changes that belong into the checkpoint of `parts` beside them: replies that nobody may ask
/// for any more, and how far the search for them is. `base` is what the last checkpoint stored. Looks
/// at twice as many rows as the parts add, but at `rows_min` at least and [`PURGE_ROWS_MAX`] at most.
pub fn purge(base: &dyn Base, parts: &[Arc<Rows>], rows_min: usize) -> Result<Rows, String> {
    let mut changes = Rows::default();
    let Some(now_us) = clock::earliest_us(parts) else { return Ok(changes) };
    let after = match Pass::read(base)? {
        Pass::Due { at_us } if now_us < at_us => return Ok(changes),
        // The rows of `parts`, which may be older than now, are in the stores the next time.
        Pass::Due { .. } => Pass::Running { oldest_us: now_us, next: vec![0] },
        Pass::Running { oldest_us, next } => {
            let added: usize = parts.iter().map(|part| part.len_of(IDEMPOTENCY)).sum();
            let rows_max = added.saturating_mul(2).max(rows_min).min(PURGE_ROWS_MAX);
            let from = next.as_slice();
            let (oldest_us, next) =
                look(base, parts, now_us, oldest_us, from, rows_max, &mut changes)?;
            match next {
                Some(next) => Pass::Running { oldest_us, next },
                None => Pass::Due { at_us: oldest_us + IDEMPOTENCY_KEPT_US + OVERDUE_US },
            }
        }
    };
    changes.install(after.change(), Lsn::NONE);
    Ok(changes)
}

/// Removes what is too old among the next rows. Returns the oldest time left, and where to go on
/// unless that was the end.
fn look(
    base: &dyn Base,
    parts: &[Arc<Rows>],
    now_us: u64,
    mut oldest_us: u64,
    from: &[u8],
    rows_max: usize,
    changes: &mut Rows,
) -> Result<(u64, Option<Vec<u8>>), String> {
    let mut next = None;
    let mut damaged = None;
    let mut left = rows_max;
    base.scan(IDEMPOTENCY, from, &[], &mut |name, value| {
        if left == 0 {
            next = Some(name.to_vec());
            return false;
        }
        left -= 1;
        let key = StoreKey::from_slice(name).filter(|_| name.len() == KEPT_KEY_BYTES);
        let (Some(key), Some(slot)) = (key, StoreKey::slot_of_record(name)) else { return true };
        let Some(kept) = parse(value) else {
            damaged = Some(format!("the kept reply {} is too short", name.escape_ascii()));
            return false;
        };
        if now_us < kept.time_us.saturating_add(IDEMPOTENCY_KEPT_US) {
            oldest_us = oldest_us.min(kept.time_us);
        } else if parts.iter().all(|part| part.get(IDEMPOTENCY, name).is_none()) {
            // Otherwise the key was used again, and the checkpoint writes its new reply.
            let change = Change { slot, table: IDEMPOTENCY, key, value: None };
            changes.install(change, Lsn::NONE);
        }
        true
    })?;
    damaged.map_or(Ok((oldest_us, next)), Err)
}

impl Pass {
    fn read(base: &dyn Base) -> Result<Self, String> {
        let mut pass = None;
        let mut found = false;
        base.get(IDEMPOTENCY, key().as_slice(), &mut |value| {
            found = true;
            pass = parse(value).map(|note| match note.reply {
                [] => Self::Due { at_us: note.time_us },
                next => Self::Running { oldest_us: note.time_us, next: next.to_vec() },
            });
        })?;
        match (found, pass) {
            (_, Some(pass)) => Ok(pass),
            (false, None) => Ok(Self::Due { at_us: 0 }),
            (true, None) => Err("the row of the passes over kept replies is too short".to_owned()),
        }
    }

    fn change(&self) -> Change {
        let (time_us, reply) = match self {
            Self::Due { at_us } => (*at_us, &[][..]),
            Self::Running { oldest_us, next } => (*oldest_us, next.as_slice()),
        };
        let value = Some(Kept { time_us, fingerprint: 0, reply }.seal());
        Change { slot: Slot::new(0), table: IDEMPOTENCY, key: key(), value }
    }
}

fn key() -> StoreKey {
    let mut name = KeyBytes::new();
    name.push(b"purge");
    StoreKey::record(Slot::new(0), Tenant::BOX, &name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use contract::{RowVisitor, TableId};

    use super::*;
    use crate::{idempotency::row, map::CoreId};

    const HOUR_US: u64 = 60 * 60 * 1_000_000;
    const NONE: [u128; 0] = [];

    /// The table of kept replies as checkpoints left it.
    #[derive(Default)]
    struct Stored(BTreeMap<Vec<u8>, Vec<u8>>);

    impl Base for Stored {
        fn get(&self, _: TableId, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), String> {
            self.0.get(key).into_iter().for_each(|value| found(value));
            Ok(())
        }
        fn scan(
            &self,
            _: TableId,
            from: &[u8],
            _: &[u8],
            visit: &mut RowVisitor<'_>,
        ) -> Result<(), String> {
            for (key, value) in self.0.range(from.to_vec()..) {
                if !visit(key, value) {
                    break;
                }
            }
            Ok(())
        }
    }

    impl Stored {
        /// A checkpoint of one core per time in `clocks`, which all keep the replies in `kept`.
        /// Returns the numbers of the replies that it removed.
        fn checkpoint(
            &mut self,
            clocks: &[u64],
            kept: &[(u128, u64)],
            rows_min: usize,
        ) -> Vec<u128> {
            let mut parts = Vec::new();
            for (core, time_us) in (0..).map(CoreId).zip(clocks) {
                let mut rows = Rows::default();
                rows.install(clock::change(core, *time_us), Lsn::NONE);
                parts.push(rows);
            }
            for (number, time_us) in kept {
                let (slot, (table, key)) = row(*number);
                let value = Kept { time_us: *time_us, fingerprint: 1, reply: b"reply" }.seal();
                let change = Change { slot, table, key, value: Some(value) };
                parts[0].install(change, Lsn(1));
            }
            let parts: Vec<_> = parts.into_iter().map(Arc::new).collect();
            let purged = purge(self, &parts, rows_min).unwrap();
            let mut removed = Vec::new();
            for (_, key, value) in
                parts.iter().map(|it| &**it).chain([&purged]).flat_map(Rows::iter)
            {
                if let Some(value) = value {
                    self.0.insert(key.to_vec(), value.to_vec());
                } else {
                    self.0.remove(key);
                    removed.push(u128::from_be_bytes(*key.last_chunk().unwrap()));
                }
            }
            removed
        }

        fn kept(&self) -> usize {
            self.0.keys().filter(|key| key.len() == KEPT_KEY_BYTES).count()
        }
    }

    #[test]
    fn a_reply_goes_when_no_core_may_be_asked_for_it() {
        let mut stored = Stored::default();
        let (young, old) = (HOUR_US + 1, HOUR_US);
        stored.checkpoint(&[young], &[(1, old), (2, young)], 100);
        let now_us = old + IDEMPOTENCY_KEPT_US;
        // The first pass began with the first checkpoint.
        assert_eq!(stored.checkpoint(&[now_us, now_us - 1], &[], 100), NONE);
        assert_eq!(Pass::read(&stored), Ok(Pass::Due { at_us: now_us + OVERDUE_US }));
        let due_us = now_us + OVERDUE_US;
        assert_eq!(stored.checkpoint(&[due_us, due_us - 1], &[], 100), NONE);
        assert_eq!(Pass::read(&stored), Ok(Pass::Due { at_us: due_us }));
        assert_eq!(stored.checkpoint(&[due_us, due_us], &[], 100), NONE);
        // Time stood still for one core: it may yet be asked.
        assert_eq!(stored.checkpoint(&[due_us, old + 1], &[], 100), NONE);
        assert_eq!(stored.checkpoint(&[due_us, due_us], &[], 100), NONE);
        assert_eq!(stored.kept(), 2);
        assert_eq!(stored.checkpoint(&[due_us, due_us], &[], 100), [1, 2]);
        assert_eq!(stored.kept(), 0);
    }

    #[test]
    fn the_boundary_is_the_one_that_readers_use() {
        for (past_us, gone) in [(0, vec![]), (1, vec![7_u128])] {
            let mut stored = Stored::default();
            stored.checkpoint(&[HOUR_US], &[(7, HOUR_US)], 100);
            let now_us = HOUR_US + IDEMPOTENCY_KEPT_US - 1 + past_us;
            assert_eq!(stored.checkpoint(&[now_us], &[], 100), gone);
        }
    }

    #[test]
    fn a_pass_takes_bounded_steps_and_finds_every_row() {
        let mut stored = Stored::default();
        let rows: Vec<_> = (0..100).map(|number| (number, HOUR_US)).collect();
        stored.checkpoint(&[HOUR_US], &rows, 10);
        let now_us = HOUR_US + IDEMPOTENCY_KEPT_US;
        let mut removed = Vec::new();
        // Notes count as rows: of the clock, and of the pass.
        for _ in 0..11 {
            let step = stored.checkpoint(&[now_us], &[], 10);
            assert!(step.len() <= 10);
            removed.extend(step);
        }
        removed.sort_unstable();
        assert_eq!(removed, (0..100).collect::<Vec<_>>());
        assert_eq!(
            Pass::read(&stored),
            Ok(Pass::Due { at_us: HOUR_US + IDEMPOTENCY_KEPT_US + OVERDUE_US })
        );
    }

    #[test]
    fn a_busy_checkpoint_looks_at_twice_as_many_rows_as_it_adds() {
        let mut stored = Stored::default();
        let rows: Vec<_> = (0..100).map(|number| (number, HOUR_US)).collect();
        stored.checkpoint(&[HOUR_US], &rows, 10);
        let now_us = HOUR_US + IDEMPOTENCY_KEPT_US;
        let fresh: Vec<_> = (1000..1020).map(|number| (number, now_us)).collect();
        // 20 replies and the core's clock were added.
        let removed = stored.checkpoint(&[now_us], &fresh, 10).len();
        assert!((38..=42).contains(&removed), "{removed}");
    }

    #[test]
    fn a_key_that_is_used_again_stays() {
        let mut stored = Stored::default();
        stored.checkpoint(&[HOUR_US], &[(1, HOUR_US), (2, HOUR_US)], 100);
        let now_us = HOUR_US + IDEMPOTENCY_KEPT_US;
        assert_eq!(stored.checkpoint(&[now_us], &[(1, now_us)], 100), [2]);
        assert_eq!(stored.kept(), 1);
    }

    #[test]
    fn damaged_rows_are_named_and_nothing_goes() {
        let mut stored = Stored::default();
        stored.checkpoint(&[HOUR_US], &[(1, HOUR_US)], 100);
        let (_, (_, broken)) = row(2);
        stored.0.insert(broken.as_slice().to_vec(), vec![1, 2]);
        let mut part = Rows::default();
        part.install(clock::change(CoreId(0), HOUR_US + IDEMPOTENCY_KEPT_US), Lsn::NONE);
        let parts = [Arc::new(part)];
        assert!(purge(&stored, &parts, 100).unwrap_err().contains("too short"));
        stored.0.insert(key().as_slice().to_vec(), vec![]);
        assert!(purge(&stored, &parts, 100).unwrap_err().contains("too short"));
    }
}
