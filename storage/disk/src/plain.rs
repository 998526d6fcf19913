//! `pwrite` and `fdatasync` on a thread of their own.
//!
//! Writes go past the page cache where the file system takes direct I/O, and through it where it does
//! not. Reads, and writes and syncs of opened files, block the thread and their futures are ready at
//! once: with one commit at a time this is the shortest way to the disk, while an `io_uring` hands
//! every `fdatasync` to a kernel worker and back. What changes the directory, and the writes to files
//! that are being made, run on a second thread. [`block_on`] is the executor.

mod aligned;
mod executor;
mod helper;

use std::cell::Cell;
use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, OFlags, fallocate, statvfs};

pub use aligned::AlignedBytes;
pub(crate) use aligned::BLOCK_BYTES;
pub use executor::block_on;

use crate::{Device, DiskError, File, Operation};
use helper::Helper;

/// A directory reached by blocking calls.
#[derive(Debug, Clone)]
pub struct PlainDevice {
    root: PathBuf,
    /// When the executor must poll again although nobody woke it.
    deadline: Rc<Cell<Option<Instant>>>,
    reuse: aligned::Reuse,
    helper: Rc<Helper>,
}

/// An open file.
#[derive(Debug)]
pub struct PlainFile {
    handles: Arc<Handles>,
    reuse: aligned::Reuse,
    /// Who writes and syncs, while the file is being made.
    helper: Option<Rc<Helper>>,
    place: String,
}

#[derive(Debug)]
struct Handles {
    /// For reads, and for writes when there is no direct way.
    file: fs::File,
    /// The same file past the page cache.
    direct: Option<fs::File>,
}

impl PlainDevice {
    /// Uses the directory `root`, making it when it does not exist.
    pub fn open_directory(root: &Path) -> Result<Self, DiskError> {
        make_directory(root)?;
        let helper = Rc::new(Helper::start());
        let (root, reuse) = (root.to_owned(), aligned::Reuse::default());
        Ok(Self { root, deadline: Rc::default(), reuse, helper })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn failed(&self, operation: Operation, name: &str) -> impl FnOnce(io::Error) -> DiskError {
        let place = self.place(name);
        move |source| DiskError { operation, place, source }
    }
}

/// Makes `root` and its missing parents, durably.
pub(crate) fn make_directory(root: &Path) -> Result<(), DiskError> {
    let failed = |operation| {
        move |source| DiskError { operation, place: root.display().to_string(), source }
    };
    if !root.is_dir() {
        fs::create_dir_all(root).map_err(failed(Operation::Create))?;
        let parent = root.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or_else(|| Path::new("."));
        fs::File::open(parent)
            .and_then(|parent| parent.sync_all())
            .map_err(failed(Operation::SyncNames))?;
    }
    Ok(())
}

/// The names in `root`, sorted.
pub(crate) fn list(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

/// The file at `path` past the page cache; none where the file system has no direct I/O.
fn open_direct(path: &Path) -> Option<fs::File> {
    let flags = i32::try_from(OFlags::DIRECT.bits()).ok()?;
    fs::File::options().write(true).custom_flags(flags).open(path).ok()
}

/// Bytes that an unprivileged process may still claim below `root`.
pub(crate) fn free_bytes(root: &Path) -> io::Result<u64> {
    let status = statvfs(root)?;
    Ok(status.f_bavail.saturating_mul(status.f_frsize))
}

impl Device for PlainDevice {
    type File = PlainFile;
    type Buffer = AlignedBytes;

    fn buffer(&self, bytes: usize) -> AlignedBytes {
        self.reuse.take(bytes)
    }

    async fn list(&self) -> Result<Vec<String>, DiskError> {
        list(&self.root).map_err(self.failed(Operation::List, ""))
    }

    async fn create(&self, name: &str, bytes: u64) -> Result<PlainFile, DiskError> {
        let path = self.path(name);
        let made = self.helper.run(move || Handles::create(&path, bytes)).await;
        let handles = Arc::new(made.map_err(self.failed(Operation::Create, name))?);
        let (reuse, helper) = (self.reuse.clone(), Some(Rc::clone(&self.helper)));
        Ok(PlainFile { handles, reuse, helper, place: self.place(name) })
    }

    async fn open(&self, name: &str) -> Result<PlainFile, DiskError> {
        let handles =
            Handles::open(&self.path(name)).map_err(self.failed(Operation::Open, name))?;
        let (handles, reuse) = (Arc::new(handles), self.reuse.clone());
        Ok(PlainFile { handles, reuse, helper: None, place: self.place(name) })
    }

    async fn rename(&self, source: &str, target: &str) -> Result<(), DiskError> {
        let (from, to) = (self.path(source), self.path(target));
        let renamed = self.helper.run(move || fs::rename(from, to)).await;
        renamed.map_err(self.failed(Operation::Rename, source))
    }

    async fn remove(&self, name: &str) -> Result<(), DiskError> {
        let path = self.path(name);
        let removed = self.helper.run(move || fs::remove_file(path)).await;
        removed.map_err(self.failed(Operation::Remove, name))
    }

    async fn sync_names(&self) -> Result<(), DiskError> {
        let root = self.root.clone();
        let sync = move || fs::File::open(root).and_then(|directory| directory.sync_all());
        self.helper.run(sync).await.map_err(self.failed(Operation::SyncNames, ""))
    }

    async fn free_bytes(&self) -> Result<u64, DiskError> {
        free_bytes(&self.root).map_err(self.failed(Operation::Space, ""))
    }

    async fn pause(&self, duration_ms: u64) {
        executor::pause(&self.deadline, Duration::from_millis(duration_ms)).await;
    }

    fn place(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

impl Handles {
    /// A new file of `bytes`; none when there is no room for it.
    fn create(path: &Path, bytes: u64) -> io::Result<Self> {
        let file = fs::File::options().read(true).write(true).create_new(true).open(path)?;
        if let Err(errno) = fallocate(&file, FallocateFlags::empty(), 0, bytes) {
            fs::remove_file(path)?;
            return Err(errno.into());
        }
        Ok(Self { file, direct: open_direct(path) })
    }

    fn open(path: &Path) -> io::Result<Self> {
        let file = fs::File::options().read(true).write(true).open(path)?;
        Ok(Self { file, direct: open_direct(path) })
    }

    fn write(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        match self.direct.as_ref().map(|direct| direct.write_all_at(bytes, offset)) {
            // Some file systems open for direct I/O and then want another alignment. Nothing was
            // written then.
            Some(Err(error)) if error.kind() == io::ErrorKind::InvalidInput => {}
            Some(written) => return written,
            None => {}
        }
        self.file.write_all_at(bytes, offset)
    }
}

impl PlainFile {
    fn failed(&self, operation: Operation) -> impl FnOnce(io::Error) -> DiskError {
        move |source| DiskError { operation, place: self.place.clone(), source }
    }
}

impl File for PlainFile {
    type Buffer = AlignedBytes;

    async fn write_at(&self, buffer: AlignedBytes, offset: u64) -> Result<(), DiskError> {
        let handles = Arc::clone(&self.handles);
        let write = move || (handles.write(buffer.as_ref(), offset), buffer);
        let (written, buffer) = match &self.helper {
            Some(helper) => helper.run(write).await,
            None => write(),
        };
        self.reuse.put(buffer);
        written.map_err(self.failed(Operation::Write))
    }

    async fn read_at(&self, into: &mut [u8], offset: u64) -> Result<usize, DiskError> {
        let mut filled = 0;
        let mut at = offset;
        while filled < into.len() {
            match self.handles.file.read_at(&mut into[filled..], at) {
                Ok(0) => break,
                Ok(bytes) => {
                    filled += bytes;
                    at += bytes as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(Operation::Read)(error)),
            }
        }
        Ok(filled)
    }

    async fn sync(&self) -> Result<(), DiskError> {
        let handles = Arc::clone(&self.handles);
        let sync = move || handles.file.sync_data();
        let synced = match &self.helper {
            Some(helper) => helper.run(sync).await,
            None => sync(),
        };
        synced.map_err(self.failed(Operation::Sync))
    }

    async fn size_bytes(&self) -> Result<u64, DiskError> {
        self.handles.file.metadata().map(|it| it.len()).map_err(self.failed(Operation::Read))
    }

    async fn close(self) {}
}
