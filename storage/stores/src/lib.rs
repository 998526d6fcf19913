//! Checkpointed state: one redb store per domain.
//!
//! A store is a file `<domain>.redb`. Each table of the domain is a redb table named by its number
//! (`t1`, `t32817`), keys and values are bytes; values carry the envelope of [`contract::seal`].
//! The table `meta` holds the format's version, the domain's id, the ids of all domains of the box,
//! and the position up to which the log is applied.
//!
//! Invariants:
//! - a domain's changes and its applied position are one immediate, two-phase transaction;
//! - domains are committed one after the other: after a crash their positions may differ, replay
//!   begins at the lowest and skips, per domain, what is applied ([`Stores::applied_of`]);
//! - the domain with the highest id is committed last and always, others only when they changed: a
//!   position below that of the last domain counts as that one;
//! - the device belongs to the log: a checkpoint waits for it every few megabytes
//!   ([`disk::PacedFile`]);
//! - no value leaves a store without its checksum being checked: redb does not check its pages on
//!   read;
//! - `Durability::None` is not used.

mod check;
mod checkpoint;
mod error;
mod file;
mod meta;
mod open;
mod snapshot;

pub use check::{CHECK_DAMAGES_MAX, StoreReport};
pub use checkpoint::CheckpointReport;
pub use error::{CheckpointError, Hex, OpenError, ReadError};
pub use open::{DomainStore, Stores};
pub use snapshot::{RowVisitor, Snapshot};
