//! Segments prepared ahead, so that a commit never waits for space.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use disk::{Bell, Device, DiskError, File, IO_BYTES_MAX, yield_now};
use frame::Feed;

use crate::control::Control;
use crate::layout::{FileKind, LogOptions};

/// Zeroes are written in pieces of this size, with a turn for the commits after each.
const ZERO_BYTES: usize = 256 * 1024;
/// Zeroes are synced this often, so that no later sync finds a segment's worth of them waiting.
const ZERO_SYNC_BYTES: u64 = 4 * 1024 * 1024;
const _: () = assert!(ZERO_BYTES <= IO_BYTES_MAX);

/// The segments that are ready, shared by the commits that use them up and the loop that makes new
/// ones.
#[derive(Debug)]
pub(crate) struct Spares {
    /// Ids of `.spare` files, oldest first.
    ready: RefCell<VecDeque<u64>>,
    next_id: Cell<u64>,
    /// Rung when a spare was used up or came back.
    changed: Bell,
}

impl Spares {
    pub(crate) fn new(ready: VecDeque<u64>, next_id: u64) -> Self {
        Self { ready: RefCell::new(ready), next_id: Cell::new(next_id), changed: Bell::default() }
    }

    pub(crate) fn count(&self) -> usize {
        self.ready.borrow().len()
    }

    pub(crate) fn claim_id(&self) -> u64 {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        id
    }

    pub(crate) fn take(&self) -> Option<u64> {
        let spare = self.ready.borrow_mut().pop_front();
        self.changed.ring();
        spare
    }

    pub(crate) fn put(&self, id: u64) {
        self.ready.borrow_mut().push_back(id);
        self.changed.ring();
    }

    /// Makes one spare segment: claimed, zeroed, synced, and only then named as one.
    pub(crate) async fn prepare<D: Device>(
        &self,
        device: &D,
        segment_bytes: u64,
    ) -> Result<(), DiskError> {
        let id = self.claim_id();
        let unfinished = FileKind::Unfinished.name(id);
        let file = device.create(&unfinished, segment_bytes).await?;
        let filled = fill(device, &file, segment_bytes).await;
        file.close().await;
        if let Err(error) = filled {
            if error.is_no_space() {
                device.remove(&unfinished).await?;
            }
            return Err(error);
        }
        device.rename(&unfinished, &FileKind::Spare.name(id)).await?;
        device.sync_names().await?;
        self.put(id);
        Ok(())
    }

    /// Keeps the number of ready segments up for as long as the log runs; ends only with an error
    /// other than a full disk.
    pub(crate) async fn keep_up<D: Device, F: Feed + ?Sized>(
        &self,
        device: &D,
        options: &LogOptions,
        feed: &F,
        control: &Control,
    ) -> DiskError {
        let mut starved = false;
        loop {
            if options.spares_count <= self.count() {
                if starved {
                    starved = false;
                    feed.starved(false);
                }
                self.changed.rung().await;
                continue;
            }
            match self.prepare(device, options.segment_bytes).await {
                Ok(()) => control.ring(),
                Err(error) if error.is_no_space() => {
                    if !starved {
                        starved = true;
                        feed.starved(true);
                    }
                    self.changed.rung_or(device.pause(options.retry_ms)).await;
                }
                Err(error) => return error,
            }
        }
    }
}

async fn fill<D: Device>(device: &D, file: &D::File, segment_bytes: u64) -> Result<(), DiskError> {
    let mut offset = 0;
    let mut synced = 0;
    while offset < segment_bytes {
        let bytes = usize::try_from(segment_bytes - offset).unwrap_or(usize::MAX).min(ZERO_BYTES);
        let mut buffer = device.buffer(bytes);
        buffer.as_mut().fill(0);
        file.write_at(buffer, offset).await?;
        offset += bytes as u64;
        if ZERO_SYNC_BYTES <= offset - synced || offset == segment_bytes {
            file.sync().await?;
            synced = offset;
        }
        yield_now().await;
    }
    Ok(())
}
