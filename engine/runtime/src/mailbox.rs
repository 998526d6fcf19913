//! How threads speak to a core.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    mpsc::Sender,
};

use disk::Bell;
use shard::{Base, CoreId, Message};

use crate::core::Core;

/// What one core's door wants done on another core.
pub(crate) type Job = Box<dyn FnOnce(&Core) + Send>;

/// One piece of mail.
pub(crate) enum Mail {
    /// From another core's shard.
    Peer(CoreId, Message),
    /// From a door of another core: to be run here, where what it asks about lives.
    Job(Job),
    /// From the checkpoint: a generation began.
    Rotate(u64),
    /// From the checkpoint: the frozen changes are in this snapshot; say when it is in place.
    Base(Arc<dyn Base>, Sender<()>),
    /// Doors close; connections finish what is under way.
    Drain,
    /// The thread ends.
    Stop,
}

/// A core's mailbox. What one sender puts in comes out in order. It is bounded by what senders may
/// have under way: a shard bounds its forwards, transactions and scatters.
#[derive(Default)]
pub(crate) struct Mailbox {
    mail: Mutex<Vec<Mail>>,
    bell: Bell,
    /// The core has answers that wait for the durable position.
    wants_durable: AtomicBool,
    /// Bytes that the core keeps above the stores, as it last said.
    overlay_bytes: AtomicUsize,
    lag_us: AtomicU64,
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailbox").finish_non_exhaustive()
    }
}

impl Mailbox {
    pub(crate) fn put(&self, mail: Mail) {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
        self.bell.ring();
    }

    /// Moves all mail into `into`, which is empty.
    pub(crate) fn take(&self, into: &mut Vec<Mail>) {
        std::mem::swap(into, &mut *self.mail.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) async fn rung(&self) {
        self.bell.rung().await;
    }

    pub(crate) fn ring(&self) {
        self.bell.ring();
    }

    /// Asks to be woken when the durable position moves. Look at the position once more afterwards.
    pub(crate) fn want_durable(&self) {
        self.wants_durable.store(true, Ordering::SeqCst);
    }

    /// The durable position moved.
    pub(crate) fn durable_moved(&self) {
        if self.wants_durable.swap(false, Ordering::SeqCst) {
            self.bell.ring();
        }
    }

    pub(crate) fn set_overlay_bytes(&self, bytes: usize) {
        self.overlay_bytes.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn set_lag_us(&self, lag_us: u64) {
        self.lag_us.store(lag_us, Ordering::Relaxed);
    }

    pub(crate) fn lag_us(&self) -> u64 {
        self.lag_us.load(Ordering::Relaxed)
    }

    pub(crate) fn overlay_bytes(&self) -> usize {
        self.overlay_bytes.load(Ordering::Relaxed)
    }
}
