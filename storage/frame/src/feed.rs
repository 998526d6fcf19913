//! What the log asks of the engine.

use crate::{Group, Position};

/// The engine's side of the log, implemented by the sequencer. Every call comes from the log
/// thread, except that a log that fails to start may report through `failed` from the thread that
/// started it.
///
/// Credit: the engine may push only while it holds credit for it. `grant` adds credit; a push takes
/// [`crate::space_bytes`] of its body. Credit is never taken back.
pub trait Feed: Send + Sync {
    /// Moves everything pushed since the last call into `group`, which is empty on entry; false
    /// when nothing is pending. Buffers are swapped, so that neither side allocates.
    fn take(&self, group: &mut Group) -> bool;
    /// Frames up to `position.lsn` are durable: they survive a crash of the process and of the
    /// machine.
    fn durable(&self, position: Position);
    /// Adds credit, in the bytes of [`crate::space_bytes`]: space for it is physically allocated
    /// and zeroed.
    fn grant(&self, bytes: u64);
    /// True: there is no space for a further segment, credit will run out. False: space is back.
    fn starved(&self, starved: bool);
    /// The log failed (first failed write or sync): nothing may be acknowledged any more and the
    /// process must stop.
    fn failed(&self, error: &str);
    /// True once the engine wants the log to write what is pending and end.
    fn closing(&self) -> bool;
}
