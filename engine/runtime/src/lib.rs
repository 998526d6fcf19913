//! Drivers: one pinned monoio thread per core, mailboxes, the log thread, checkpoints, start and
//! stop.
//!
//! Order of start: the lock of the data directory, the stores, the replay of the log above them, the
//! log thread, the core threads with their doors. Order of stop: the doors, a last checkpoint, the
//! cores, the log. See `README.md` for what a door sees.
//!
//! Invariants:
//! - a shard is touched by its own thread only;
//! - a core never blocks: not on a lock that is held over a system call, not on a store's write;
//! - the stores never hold what the log could still lose.

mod base;
mod checkpoint;
mod core;
mod event_loop;
mod mailbox;
mod options;
mod recover;
mod rounds;
mod start;
mod thread;

pub use checkpoint::MergedRow;
pub use core::{Complete, Core, Guard, Sink, TICKET_NUMBERS};
pub use event_loop::{EventLoop, event_loop};
pub use options::{CheckpointOptions, DeviceChoice, LogOptions, Options};
pub use recover::{Recovery, RecoveryError, recover_offline};
pub use rounds::Round;
pub use start::{Doors, Progress, Running, StartError, Stats, StopError, start};
