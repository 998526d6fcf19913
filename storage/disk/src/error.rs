//! What can go wrong with a file.

use std::fmt;
use std::io;

/// The operation that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Making a file and claiming its space.
    Create,
    /// Reading the names in the directory.
    List,
    /// Opening a file or the directory.
    Open,
    /// Reading bytes.
    Read,
    /// Removing a file.
    Remove,
    /// Renaming a file.
    Rename,
    /// Asking for the free space.
    Space,
    /// Making a file's bytes durable.
    Sync,
    /// Making the directory's names durable.
    SyncNames,
    /// Writing bytes.
    Write,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "creating",
            Self::List => "listing",
            Self::Open => "opening",
            Self::Read => "reading",
            Self::Remove => "removing",
            Self::Rename => "renaming",
            Self::Space => "measuring the free space of",
            Self::Sync => "syncing",
            Self::SyncNames => "syncing the names in",
            Self::Write => "writing",
        })
    }
}

/// A failed operation: what, on which file, and the system's reason.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {place}: {source}")]
pub struct DiskError {
    /// What was being done.
    pub operation: Operation,
    /// The file, with the directory where the device has one.
    pub place: String,
    /// The system's reason.
    #[source]
    pub source: io::Error,
}

impl DiskError {
    /// Whether the device is full (or the quota is used up): the one error that passes by itself.
    pub fn is_no_space(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        )
    }
}
