//! How other threads speak to the log's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use disk::Bell;
use frame::Lsn;

/// The log's bell and its one standing order. Shared between the engine and the log thread.
#[derive(Debug, Default)]
pub struct Control {
    bell: Bell,
    release_below: AtomicU64,
}

impl Control {
    /// For a log thread that spins for `spin` before it parks; see [`Bell::new`].
    pub fn new(spin: Duration) -> Self {
        Self { bell: Bell::new(spin), release_below: AtomicU64::new(0) }
    }

    /// Tells the log that there is something to take, or that the engine is closing. Call it after
    /// every push: it costs one atomic swap unless the log sleeps.
    pub fn ring(&self) {
        self.bell.ring();
    }

    /// Lets go of every segment whose frames are all below `below`: nobody needs them for replay,
    /// standby or backup.
    pub fn release(&self, below: Lsn) {
        if self.release_below.fetch_max(below.0, Ordering::AcqRel) < below.0 {
            self.bell.ring();
        }
    }

    pub(crate) fn release_below(&self) -> Lsn {
        Lsn(self.release_below.load(Ordering::Acquire))
    }

    pub(crate) async fn rung(&self) {
        self.bell.rung().await;
    }
}
