//! Checkpoints: from the overlays into the stores, off the data-plane cores.

use std::{
    cmp::Ordering,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use contract::TableId;
use frame::Position;
use segments::Control;
use sequencer::Sequencer;
use shard::{Base, PURGE_ROWS_MIN, Rows, purge};
use stores::Stores;

use crate::{
    base::StoreBase,
    mailbox::{Mail, Mailbox},
    options::CheckpointOptions,
};

/// How often the thread looks whether a checkpoint is due.
const LOOK: Duration = Duration::from_millis(50);
/// How long a failed checkpoint waits before it is tried again.
const RETRY: Duration = Duration::from_secs(1);

pub(crate) struct Checkpointer {
    pub(crate) options: CheckpointOptions,
    pub(crate) stores: Stores,
    pub(crate) sequencer: Arc<Sequencer>,
    pub(crate) control: Arc<Control>,
    pub(crate) mailboxes: Arc<[Mailbox]>,
    pub(crate) frozen: Receiver<(u64, Arc<Rows>)>,
    pub(crate) stopping: Arc<AtomicBool>,
}

/// Asks for a checkpoint now and says when it is done.
pub(crate) type Request = Sender<()>;

impl Checkpointer {
    pub(crate) fn spawn(self) -> std::io::Result<(JoinHandle<()>, Sender<Request>)> {
        let (ask, asked) = mpsc::channel::<Request>();
        let thread = thread::Builder::new()
            .name("quoin-checkpoint".into())
            .spawn(move || self.run(&asked))?;
        Ok((thread, ask))
    }

    fn run(&self, asked: &Receiver<Request>) {
        let (mut last, mut since) = (self.stores.applied().lsn, Instant::now());
        let mut bytes = 0;
        loop {
            let request = match asked.recv_timeout(LOOK) {
                Ok(request) => Some(request),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if self.sequencer.failure().is_some() {
                return;
            }
            let due = request.is_some() || self.is_due(bytes, since);
            if due && self.sequencer.last() > last {
                bytes = self.sequencer.pushed_bytes();
                let Some(position) = self.take() else { return };
                last = position.lsn;
                since = Instant::now();
            }
            if let Some(request) = request {
                // Whoever asked may have given up.
                let _ = request.send(());
            }
        }
    }

    fn is_due(&self, bytes: u64, since: Instant) -> bool {
        let overlay: usize = self.mailboxes.iter().map(Mailbox::overlay_bytes).sum();
        self.sequencer.pushed_bytes() - bytes >= self.options.log_bytes
            || u64::try_from(overlay).unwrap_or(u64::MAX) >= self.options.overlay_bytes
            || since.elapsed() >= self.options.interval
    }

    /// One checkpoint. `None` when the log failed or the box stopped meanwhile.
    fn take(&self) -> Option<Position> {
        let began = Instant::now();
        let (_, generation) = self.sequencer.rotate();
        for mailbox in self.mailboxes.iter() {
            mailbox.put(Mail::Rotate(generation));
        }
        let mut parts = Vec::with_capacity(self.mailboxes.len());
        while parts.len() < self.mailboxes.len() {
            match self.frozen.recv_timeout(LOOK) {
                Ok((of, rows)) => {
                    assert!(of == generation, "one checkpoint at a time");
                    parts.push(rows);
                }
                Err(RecvTimeoutError::Timeout) if self.sequencer.failure().is_none() => {}
                Err(_) => return None,
            }
        }
        match self.purged(&parts) {
            Ok(rows) => parts.push(Arc::new(rows)),
            // Nobody is answered wrongly because of it: they only take room.
            Err(error) => tracing::error!(%error, "replies that are too old cannot be removed"),
        }
        let position = self.wait_for_cut()?;
        self.write(&parts, position)?;
        let base: Arc<dyn Base> = match self.stores.snapshot() {
            Ok(snapshot) => Arc::new(StoreBase(snapshot)),
            Err(error) => {
                tracing::error!(%error, "the stores cannot be read after a checkpoint");
                return None;
            }
        };
        let (done, all_done) = mpsc::channel();
        for mailbox in self.mailboxes.iter() {
            mailbox.put(Mail::Base(Arc::clone(&base), done.clone()));
        }
        drop(done);
        for _ in self.mailboxes.iter() {
            all_done.recv().ok()?;
        }
        // The cores have let go of the frozen changes: freeing them is this thread's work.
        let rows: usize = parts.iter().map(|part| part.len()).sum();
        drop(parts);
        self.control.release(position.lsn.next());
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(%position, rows, took_ms, "checkpoint");
        Some(position)
    }

    /// Kept replies that nobody may ask for any more.
    fn purged(&self, parts: &[Arc<Rows>]) -> Result<Rows, String> {
        let snapshot = self.stores.snapshot().map_err(|error| error.to_string())?;
        purge(&StoreBase(snapshot), parts, PURGE_ROWS_MIN)
    }

    /// The stores must never hold what the log could still lose.
    fn wait_for_cut(&self) -> Option<Position> {
        loop {
            if let Some(position) = self.sequencer.cut_position() {
                return Some(position);
            }
            if self.sequencer.failure().is_some() {
                return None;
            }
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Writes until it works: the log holds everything meanwhile, and commands wait when the
    /// overlays are full.
    fn write(&self, parts: &[Arc<Rows>], position: Position) -> Option<()> {
        loop {
            match self.stores.checkpoint(merge(parts), position) {
                Ok(_) => return Some(()),
                Err(error) => {
                    tracing::error!(%error, "a checkpoint failed; trying again");
                    thread::sleep(RETRY);
                    if self.stopping.load(Relaxed) {
                        return None;
                    }
                }
            }
        }
    }
}

type RowChange<'a> = (TableId, &'a [u8], Option<&'a [u8]>);

/// The changes of all cores in the order of the stores. No row is in two parts: a row has one owner,
/// and what is purged is in no other part.
fn merge(parts: &[Arc<Rows>]) -> impl Iterator<Item = RowChange<'_>> {
    let mut sources: Vec<_> = parts.iter().map(|part| part.iter().peekable()).collect();
    std::iter::from_fn(move || {
        let mut least: Option<(usize, TableId, &[u8])> = None;
        for (index, source) in sources.iter_mut().enumerate() {
            if let Some((table, key, _)) = source.peek() {
                let before =
                    least.is_none_or(|(_, of, at)| (*table, *key).cmp(&(of, at)) == Ordering::Less);
                if before {
                    least = Some((index, *table, *key));
                }
            }
        }
        sources[least?.0].next()
    })
}

/// A row as recovery found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedRow {
    /// The table.
    pub table: TableId,
    /// The store key.
    pub key: Vec<u8>,
    /// The sealed value.
    pub value: Vec<u8>,
}

/// Every row of these tables, from the stores and the changes above them, in order.
pub(crate) fn merged_rows(
    tables: &[TableId],
    base: &dyn Base,
    changes: &[Rows],
) -> Result<Vec<MergedRow>, String> {
    let mut rows = std::collections::BTreeMap::new();
    for table in tables {
        base.scan(*table, &[], &[], &mut |key, value| {
            rows.insert((*table, key.to_vec()), value.to_vec());
            true
        })?;
    }
    for (table, key, value) in changes.iter().flat_map(Rows::iter) {
        if !tables.contains(&table) {
            continue;
        }
        match value {
            Some(value) => rows.insert((table, key.to_vec()), value.to_vec()),
            None => rows.remove(&(table, key.to_vec())),
        };
    }
    let row = |((table, key), value)| MergedRow { table, key, value };
    Ok(rows.into_iter().map(row).collect())
}
