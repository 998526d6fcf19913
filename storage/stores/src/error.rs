//! What can go wrong with a store.

use std::fmt;
use std::io;
use std::path::PathBuf;

use contract::{EnvelopeError, TableId};

/// Why the stores cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The directory cannot be made or read.
    #[error("{}: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// redb cannot open the file.
    #[error(
        "{}: {source}; fetch the data from the standby, or restore a backup", path.display()
    )]
    Damaged {
        /// The store's file.
        path: PathBuf,
        /// redb's reason.
        #[source]
        source: Box<redb::Error>,
    },
    /// The file was there before and is gone.
    #[error(
        "{} is missing although other stores know its domain; \
         fetch the data from the standby, or restore a backup", path.display()
    )]
    Missing {
        /// The store's file.
        path: PathBuf,
    },
    /// The file's `meta` table does not say what it must.
    #[error("{}: {field} is {found}, expected {expected}", path.display())]
    Meta {
        /// The store's file.
        path: PathBuf,
        /// Which field.
        field: &'static str,
        /// As found.
        found: String,
        /// As needed.
        expected: String,
    },
}

/// Why something stored cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No store has that table.
    #[error("table {:#010x} is in no store", table.0)]
    Table {
        /// The table.
        table: TableId,
    },
    /// redb cannot read.
    #[error("store {store}: {source}; run `check`, then restore from the standby or a backup")]
    Store {
        /// The domain's name.
        store: &'static str,
        /// redb's reason.
        #[source]
        source: Box<redb::Error>,
    },
    /// A value is not what was written.
    #[error(
        "store {store}, table {number}, key {key}: {source}; \
         run `check`, then restore from the standby or a backup"
    )]
    Value {
        /// The domain's name.
        store: &'static str,
        /// The table's number inside the domain.
        number: u16,
        /// The key.
        key: Hex,
        /// What is wrong.
        #[source]
        source: EnvelopeError,
    },
}

/// Why a checkpoint was not taken, or not by every domain. The log still holds everything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// redb cannot write.
    #[error("store {store}: {source}")]
    Store {
        /// The domain's name.
        store: &'static str,
        /// redb's reason.
        #[source]
        source: Box<redb::Error>,
    },
    /// A change belongs to no table that was opened.
    #[error("table {:#010x} is in no store", table.0)]
    Table {
        /// The table.
        table: TableId,
    },
    /// The changes are not sorted by table and key.
    #[error("changes are not sorted: table {:#010x}, key {key}", table.0)]
    Unsorted {
        /// The table of the change that comes too late.
        table: TableId,
        /// Its key.
        key: Hex,
    },
}

/// Bytes of a key, printed in hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct Hex(pub(crate) Vec<u8>);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// redb asks one error type per question; to whoever operates the box they are one.
pub(crate) fn boxed(error: impl Into<redb::Error>) -> Box<redb::Error> {
    Box::new(error.into())
}
