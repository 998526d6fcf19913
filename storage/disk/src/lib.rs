//! The devices of the log, one interface and three implementations, and the files of the stores.
//!
//! A [`Device`] is one directory of flat file names. [`direct`] is direct I/O on a glommio
//! executor, [`plain`] is `pwrite` and `fdatasync` for systems without `io_uring`, [`sim`] is a
//! faulty disk in memory that a simulator completes operation by operation. Whoever uses a device
//! is generic over the trait and never names one of them. [`PacedFile`] is what a store is written
//! to, so that checkpoints leave the device to the log.
//!
//! Invariants:
//! - no operation is longer than [`IO_BYTES_MAX`], so that no kernel limit on one transfer is met;
//! - a failed write or sync is reported once and never retried here;
//! - names change durably only through [`Device::sync_names`].

mod bell;
mod device;
pub mod direct;
mod error;
mod lock;
mod paced;
pub mod plain;
pub mod probe;
pub mod sim;
mod slip;

pub use bell::Bell;
pub use device::{Device, File, IO_BYTES_MAX, yield_now};
pub use error::{DiskError, Operation};
pub use lock::{DirLock, LockError};
pub use paced::{COLLECTED_BYTES_MAX, PacedFile, UNSYNCED_BYTES_MAX};
pub use slip::Slip;
