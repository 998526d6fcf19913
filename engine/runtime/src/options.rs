//! How the box runs. The appliance fills this from its checked configuration.

use std::{path::PathBuf, time::Duration};

/// How the log writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    /// As `Uring` when the kernel and the file system allow it, else as `Plain`.
    Auto,
    /// Direct I/O on an `io_uring` executor, or refuse to start.
    Uring,
    /// `pwrite` and `fdatasync` on a thread, past the page cache where that can be had. The
    /// quickest where it was measured: an `io_uring` hands every sync to a kernel worker and back.
    Plain,
}

/// The log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogOptions {
    /// Length of a segment file; a multiple of 4 KiB, at least 16 MiB.
    pub segment_bytes: u64,
    /// How it writes.
    pub device: DeviceChoice,
    /// Segments kept for reuse after a checkpoint released them.
    pub keep_segments: u32,
    /// How long the log thread spins before it sleeps, in microseconds; 0 unless a core is to spare.
    pub spin_us: u32,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, device: DeviceChoice::Plain, keep_segments: 16, spin_us: 0 }
    }
}

/// When changes go into the stores: at whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointOptions {
    /// So many bytes of log since the last checkpoint. Bounds the time of a restart.
    pub log_bytes: u64,
    /// So many bytes of changes in memory, over all cores. At twice as many, commands have to wait.
    pub overlay_bytes: u64,
    /// So long since the last checkpoint, if anything changed.
    pub interval: Duration,
}

impl Default for CheckpointOptions {
    fn default() -> Self {
        Self { log_bytes: 1 << 30, overlay_bytes: 512 << 20, interval: Duration::from_mins(1) }
    }
}

/// How the box runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The data directory; made if it does not exist.
    pub data: PathBuf,
    /// Data-plane cores, 1 to 256.
    pub cores: u16,
    /// Whether each core's thread stays on one CPU.
    pub pin: bool,
    /// The log.
    pub log: LogOptions,
    /// Checkpoints.
    pub checkpoint: CheckpointOptions,
    /// Page cache of all stores together.
    pub store_cache_bytes: usize,
    /// How long connections may take to finish at a stop.
    pub grace: Duration,
}

impl Options {
    /// The defaults for a data directory: one core, not pinned.
    pub fn new(data: PathBuf) -> Self {
        Self {
            data,
            cores: 1,
            pin: false,
            log: LogOptions::default(),
            checkpoint: CheckpointOptions::default(),
            store_cache_bytes: 64 << 20,
            grace: Duration::from_secs(10),
        }
    }

    pub(crate) fn segment_options(&self) -> segments::LogOptions {
        let keep = usize::try_from(self.log.keep_segments).unwrap_or(usize::MAX);
        segments::LogOptions {
            segment_bytes: self.log.segment_bytes,
            recycled_max: keep.max(segments::LogOptions::default().spares_count),
            ..segments::LogOptions::default()
        }
    }
}
