//! The whole state once more, from nothing but the log, compared with what a start would have.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, anyhow};
use contract::TableId;
use disk::plain::{PlainDevice, block_on};
use frame::Frame;
use runtime::{MergedRow, Recovery};
use shard::{EmptyBase, IDEMPOTENCY, Replay, ReplayError, SlotMap};

/// Differences that are listed; further ones are only counted.
const DIFFERENCES_MAX: usize = 20;

/// Rows by table and key.
type State = BTreeMap<TableId, BTreeMap<Vec<u8>, Vec<u8>>>;

/// What a comparison gave.
#[derive(Debug, Default)]
pub(super) struct Rebuilt {
    /// Rows that are the same.
    pub(super) rows_count: u64,
    /// One sentence for each row that is not, at most [`DIFFERENCES_MAX`].
    pub(super) differences: Vec<String>,
}

/// Replays the log in `data`, which must reach back to the first frame, over nothing, and compares
/// every row with `recovery`.
pub(super) fn compare(data: &Path, map: SlotMap, recovery: &Recovery) -> Result<Rebuilt> {
    let mut rebuilt = replayed(data, map)?;
    let mut result = Rebuilt::default();
    for table in tables() {
        let mut expected = rebuilt.remove(&table).unwrap_or_default();
        let found = recovery.rows_of(table).map_err(|reason| anyhow!(reason))?;
        for MergedRow { key, value, .. } in found {
            match expected.remove(&key) {
                Some(same) if same == value => result.rows_count += 1,
                Some(_) => result.differs(table, &key, "differs from what the log says"),
                // The engine keeps its clock there too, which moves without a frame.
                None if table == IDEMPOTENCY => {}
                None => result.differs(table, &key, "is not in the log"),
            }
        }
        for key in expected.keys() {
            result.differs(table, key, "is in the log and not in the state");
        }
    }
    Ok(result)
}

impl Rebuilt {
    fn differs(&mut self, table: TableId, key: &[u8], how: &str) {
        if self.differences.len() < DIFFERENCES_MAX {
            let (domain, number) = (table.domain().0, table.number());
            let key = super::super::inspect::Hex(key);
            self.differences.push(format!("domain {domain}, table {number}, key {key}: {how}"));
        }
    }
}

/// Every table of every domain, and the engine's own of idempotency keys.
fn tables() -> Vec<TableId> {
    let mut tables = vec![IDEMPOTENCY];
    for record in registry::ALL.iter().flat_map(|entry| entry.records) {
        tables.push(record.table);
        tables.extend(record.indexes.iter().map(|(_, number)| record.table.index(*number)));
    }
    tables
}

fn replayed(data: &Path, map: SlotMap) -> Result<State> {
    let device = PlainDevice::open_directory(&data.join("log"))?;
    let mut replay = Replay::new(registry::ALL, map, &EmptyBase, &[]);
    let mut refused: Option<ReplayError> = None;
    let mut on_frame = |frame: &Frame<'_>| {
        if refused.is_none() {
            refused = replay.frame(frame).err();
        }
    };
    block_on(&device, segments::inspect(&device, &mut on_frame, &mut |_| {}))?;
    if let Some(error) = refused {
        return Err(error.into());
    }
    let mut state = State::new();
    for (table, key, value) in replay.finish()?.0.iter().flat_map(shard::Rows::iter) {
        // A row without a value was removed.
        if let Some(value) = value {
            state.entry(table).or_default().insert(key.to_vec(), value.to_vec());
        }
    }
    Ok(state)
}
