//! The log: segments, group commit, recovery.
//!
//! The log is a directory of segment files of equal length. Exactly one is written to. Groups of
//! frames are padded to 4 KiB blocks, written with direct I/O and made durable by one `fdatasync`;
//! what arrives meanwhile forms the next group ([`run`]). A further segment is always prepared
//! ahead: claimed, zeroed and synced.
//!
//! Invariants:
//! - a frame never spans segments, and a segment is synced before the next one is begun;
//! - a `.seg` name is durable only after its header is, so a `.seg` file without a valid header is
//!   damage;
//! - every start of the box begins a segment and an epoch of its own: what a crash tore is never
//!   written over, and the next segment's header says where the history goes on;
//! - a frame is acknowledged only when it and all before it are synced; a failed write or sync is
//!   never retried.

mod control;
mod header;
mod layout;
mod log;
mod reader;
mod recovery;
mod retired;
mod run;
mod scan;
mod spares;
mod thread;

pub use control::Control;
pub use header::{HeaderError, SEGMENT_HEADER_BYTES, SegmentHeader};
pub use layout::{LogOptions, OptionsError};
pub use log::{Log, LogError};
pub use recovery::{RecoverError, Recovered, Resume, recover};
pub use run::run;
pub use scan::{Damage, Inspection, Progress, SegmentReport, inspect};
pub use thread::{spawn_direct_log, spawn_plain_log};
