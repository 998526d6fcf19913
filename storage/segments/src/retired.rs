//! Segments that are written to no more, until nobody needs their frames.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use disk::{Bell, Device, DiskError};
use frame::Lsn;

use crate::control::Control;
use crate::header::SegmentHeader;
use crate::layout::{FileKind, LogOptions};
use crate::spares::Spares;

/// The segments before the active one, shared by the commits that add to them and the loop that lets
/// go of them. Directory changes wait for the file system's journal: commits must not wait with them.
#[derive(Debug)]
pub(crate) struct Retired {
    /// Oldest first.
    headers: RefCell<VecDeque<SegmentHeader>>,
    /// The first frame of the active segment.
    active_first: Cell<Option<Lsn>>,
    /// Frames below are needed by nobody.
    below: Cell<Lsn>,
    /// All that could be let go of for `below` is gone.
    settled: Cell<bool>,
    changed: Bell,
}

impl Retired {
    pub(crate) fn new(headers: VecDeque<SegmentHeader>) -> Self {
        Self {
            headers: RefCell::new(headers),
            active_first: Cell::new(None),
            below: Cell::new(Lsn::NONE),
            settled: Cell::new(true),
            changed: Bell::default(),
        }
    }

    /// A segment that begins with `first` is written to now; `header` is the one before.
    pub(crate) fn push(&self, header: Option<SegmentHeader>, first: Lsn) {
        self.headers.borrow_mut().extend(header);
        self.active_first.set(Some(first));
    }

    /// Whether everything asked for is done.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled.get()
    }

    /// Asks [`Retired::let_go`] to release what lies below.
    pub(crate) fn order(&self, below: Lsn) {
        if self.below.get() < below {
            self.below.set(below);
            self.settled.set(false);
            self.changed.ring();
        }
    }

    /// Releases what is ordered for as long as the log runs; ends only with an error.
    pub(crate) async fn let_go<D: Device>(
        &self,
        device: &D,
        options: &LogOptions,
        spares: &Spares,
        control: &Control,
    ) -> DiskError {
        loop {
            let below = self.below.get();
            if let Err(error) = self.release(device, options, spares, below).await {
                return error;
            }
            if below == self.below.get() {
                self.settled.set(true);
                control.ring();
                self.changed.rung().await;
            }
        }
    }

    /// Turns segments whose frames are all below `below` into spares, or removes them when there
    /// are enough.
    pub(crate) async fn release<D: Device>(
        &self,
        device: &D,
        options: &LogOptions,
        spares: &Spares,
        below: Lsn,
    ) -> Result<(), DiskError> {
        while let Some(header) = self.pop(below) {
            let segment = FileKind::Segment.name(header.id);
            let enough = options.recycled_max <= spares.count();
            let keep = !enough && header.segment_bytes == options.segment_bytes;
            if keep {
                device.rename(&segment, &FileKind::Spare.name(header.id)).await?;
            } else {
                device.remove(&segment).await?;
            }
            // One by one and in order, so that a crash never leaves a hole in the middle of the
            // log. And durably before reuse, so that no new header is ever found under an old name.
            device.sync_names().await?;
            if keep {
                spares.put(header.id);
            }
        }
        Ok(())
    }

    /// The oldest segment, if all its frames are below.
    fn pop(&self, below: Lsn) -> Option<SegmentHeader> {
        let mut headers = self.headers.borrow_mut();
        let next = headers.get(1).map(SegmentHeader::first).or_else(|| self.active_first.get());
        headers.pop_front_if(|_| next.is_some_and(|next_first| next_first <= below))
    }
}
