//! From a data directory to a state: the stores, and the log above them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use contract::{DomainId, Entry, TableId};
use disk::{
    DirLock, DiskError, LockError,
    plain::{PlainDevice, block_on},
};
use frame::Position;
use segments::{RecoverError, Resume, recover};
use shard::{Base, ENGINE, IDEMPOTENCY, Replay, ReplayError, Rows, SlotMap};
use stores::{DomainStore, OpenError, ReadError, Stores};

use crate::{
    base::StoreBase,
    checkpoint::{MergedRow, merged_rows},
};

/// Why a data directory cannot be used. Each message names the file and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The directory itself.
    #[error("the data directory {path} cannot be made: {source}")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process uses it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A store cannot be opened.
    #[error(transparent)]
    Stores(#[from] OpenError),
    /// A store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log cannot be opened.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The log is damaged.
    #[error(transparent)]
    Log(#[from] RecoverError),
    /// A frame cannot be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

/// A data directory brought up to the end of its log. Holds its lock.
pub struct Recovery {
    /// The stores as they are on disk.
    pub stores: Stores,
    /// The changes of each core above the stores.
    pub rows: Vec<Rows>,
    /// The end of the log.
    pub position: Position,
    /// The latest time in the log, in microseconds.
    pub floor_us: u64,
    /// Frames that were replayed.
    pub frames: u64,
    /// Events that were replayed.
    pub events: u64,
    pub(crate) base: Arc<dyn Base>,
    pub(crate) resume: Resume,
    pub(crate) lock: DirLock,
}

impl std::fmt::Debug for Recovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recovery").field("position", &self.position).finish_non_exhaustive()
    }
}

impl Recovery {
    /// Every row of `table` as it stands at the end of the log, in order.
    pub fn rows_of(&self, table: TableId) -> Result<Vec<MergedRow>, String> {
        merged_rows(&[table], &*self.base, &self.rows)
    }
}

/// Recovers the directory `data` for `map`'s cores without starting anything, as `check` does.
/// `progress` gets frames replayed, bytes read and bytes in all.
pub fn recover_offline(
    data: &Path,
    entries: &'static [Entry],
    map: SlotMap,
    log: &segments::LogOptions,
    cache_bytes: usize,
    progress: &mut dyn FnMut(segments::Progress),
) -> Result<Recovery, RecoveryError> {
    let failed = |source| RecoveryError::Directory { path: data.to_owned(), source };
    std::fs::create_dir_all(data).map_err(failed)?;
    let lock = DirLock::take(data)?;
    let stores = open_stores(&data.join("stores"), entries, cache_bytes)?;
    let base: Arc<dyn Base> = Arc::new(StoreBase(stores.snapshot()?));
    let mut applied: Vec<_> =
        entries.iter().map(|entry| (entry.id, stores.applied_of(entry.id))).collect();
    applied.push((ENGINE, stores.applied_of(ENGINE)));

    let device = PlainDevice::open_directory(&data.join("log"))?;
    let mut replay = Replay::new(entries, map, &*base, &applied);
    let mut refused: Option<ReplayError> = None;
    let recovered = {
        let mut on_frame = |frame: &frame::Frame<'_>| {
            if refused.is_none() {
                refused = replay.frame(frame).err();
            }
        };
        let reading = recover(&device, log, stores.applied(), &mut on_frame, progress);
        block_on(&device, reading)?
    };
    if let Some(error) = refused {
        return Err(error.into());
    }
    let events = replay.events();
    let (rows, floor_us) = replay.finish()?;
    let (position, frames) = (recovered.position, recovered.frames_count);
    let resume = recovered.resume;
    Ok(Recovery { stores, rows, position, floor_us, frames, events, base, resume, lock })
}

fn open_stores(
    directory: &Path,
    entries: &'static [Entry],
    cache_bytes: usize,
) -> Result<Stores, OpenError> {
    let tables: Vec<(DomainId, &'static str, Vec<u16>)> = entries
        .iter()
        .map(|entry| (entry.id, entry.name, entry.tables()))
        .chain([(ENGINE, "engine", vec![IDEMPOTENCY.number()])])
        .collect();
    let domains: Vec<_> =
        tables.iter().map(|(id, name, tables)| DomainStore { id: id.0, name, tables }).collect();
    Stores::open(directory, &domains, cache_bytes)
}
