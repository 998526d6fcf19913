//! The narrow interface that the log needs from a disk.

use std::future::poll_fn;
use std::task::Poll;

use crate::DiskError;

/// The longest single transfer. Larger direct transfers than a device's `max_sectors` have hung
/// processes.
pub const IO_BYTES_MAX: usize = 512 * 1024;

/// One directory of files. Futures are polled on one thread and run one operation each.
#[expect(async_fn_in_trait, reason = "static dispatch, and nothing here leaves its thread")]
pub trait Device {
    /// An open file.
    type File: File<Buffer = Self::Buffer>;
    /// Memory that a file writes from: aligned as the device needs it.
    type Buffer: AsRef<[u8]> + AsMut<[u8]>;

    /// A buffer of exactly `bytes`, a multiple of 4 KiB up to [`IO_BYTES_MAX`], with unspecified
    /// content.
    fn buffer(&self, bytes: usize) -> Self::Buffer;
    /// The names of all files, sorted.
    async fn list(&self) -> Result<Vec<String>, DiskError>;
    /// Makes a file of `bytes` whose space is claimed but not yet written; it reads as zeroes.
    /// Fails when the name is taken, and leaves no file behind when the space is not there.
    async fn create(&self, name: &str, bytes: u64) -> Result<Self::File, DiskError>;
    /// Opens a file for reading and writing.
    async fn open(&self, name: &str) -> Result<Self::File, DiskError>;
    /// Gives a file another name, replacing what had it.
    async fn rename(&self, source: &str, target: &str) -> Result<(), DiskError>;
    /// Removes a file.
    async fn remove(&self, name: &str) -> Result<(), DiskError>;
    /// Makes all creations, renames and removals so far durable.
    async fn sync_names(&self) -> Result<(), DiskError>;
    /// Bytes that this process may still claim.
    async fn free_bytes(&self) -> Result<u64, DiskError>;
    /// Resolves after about that many milliseconds.
    async fn pause(&self, duration_ms: u64);
    /// The name as an operator finds it, for messages.
    fn place(&self, name: &str) -> String;
}

/// An open file.
#[expect(async_fn_in_trait, reason = "static dispatch, and nothing here leaves its thread")]
pub trait File {
    /// Memory that the file writes from.
    type Buffer: AsRef<[u8]> + AsMut<[u8]>;

    /// Writes the whole buffer at `offset`, a multiple of 4 KiB inside the file.
    async fn write_at(&self, buffer: Self::Buffer, offset: u64) -> Result<(), DiskError>;
    /// Fills `into` from `offset`; both are multiples of 4 KiB, at most [`IO_BYTES_MAX`]. Returns
    /// fewer bytes only at the end of the file.
    async fn read_at(&self, into: &mut [u8], offset: u64) -> Result<usize, DiskError>;
    /// Makes everything written so far durable (`fdatasync`).
    async fn sync(&self) -> Result<(), DiskError>;
    /// The file's length in bytes.
    async fn size_bytes(&self) -> Result<u64, DiskError>;
    /// Closes the file.
    async fn close(self);
}

/// Lets the other futures on this thread have a turn.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
