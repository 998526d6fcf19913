//! Direct I/O on a glommio executor.
//!
//! House rules for glommio 0.9, which is confined to this module: one transfer is at most
//! [`crate::IO_BYTES_MAX`]; one timer is burned at the start, because the first takes tens of
//! milliseconds; the first file opened on a device is not empty; no task queue asks for
//! `Latency::Matters`; neither its queues between executors nor its gates are used.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use glommio::io::{Directory, DmaFile, OpenOptions};
use glommio::{GlommioError, Latency, LocalExecutorBuilder, Placement, Shares};

use crate::{Device, DiskError, File, Operation, plain};

/// Memory registered with the ring. Buffers beyond it come from the allocator.
const RING_MEMORY_BYTES: usize = 2 * 1024 * 1024;

/// A directory reached by direct I/O. Lives on the thread of [`spawn`].
#[derive(Debug, Clone)]
pub struct DirectDevice {
    root: PathBuf,
}

/// An open file.
#[derive(Debug)]
pub struct DirectFile {
    file: DmaFile,
    place: String,
}

/// How the executor's thread runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThreadOptions {
    /// The CPU that it is bound to.
    pub cpu: Option<usize>,
    /// How long it looks for completions before it sleeps. Spinning costs a core.
    pub spin_before_park: Duration,
}

/// Starts a thread called `name` with a glommio executor that runs the future made by `start`.
///
/// `failed` is told, on that thread, when the executor cannot be made.
pub fn spawn<S, W>(
    name: &str,
    options: ThreadOptions,
    start: S,
    failed: W,
) -> io::Result<thread::JoinHandle<()>>
where
    S: AsyncFnOnce() + Send + 'static,
    W: FnOnce(io::Error) + Send + 'static,
{
    let name = name.to_owned();
    thread::Builder::new().name(name.clone()).spawn(move || {
        let placement = options.cpu.map_or(Placement::Unbound, Placement::Fixed);
        let executor = LocalExecutorBuilder::new(placement)
            .name(&name)
            .io_memory(RING_MEMORY_BYTES)
            .spin_before_park(options.spin_before_park)
            .make();
        match executor {
            Ok(executor) => executor.run(async move {
                glommio::timer::sleep(Duration::from_micros(1)).await;
                // Not `Latency::Matters`: with it an operation now and then never resolves (seen on
                // Linux 6.18, once in some ten thousand writes), and the log hangs.
                let latency = Latency::NotImportant;
                let queue =
                    glommio::executor().create_task_queue(Shares::default(), latency, &name);
                match glommio::spawn_local_into(async move { start().await }, queue) {
                    Ok(task) => task.await,
                    Err(error) => unreachable!("the queue was just made: {error}"),
                }
            }),
            Err(error) => failed(reason(error)),
        }
    })
}

/// The system's reason, with its kind kept.
fn reason(error: GlommioError<()>) -> io::Error {
    match error {
        GlommioError::IoError(source) | GlommioError::EnhancedIoError { source, .. } => source,
        other => other.into(),
    }
}

impl DirectDevice {
    /// Uses the directory `root`, making it when it does not exist. Call it on the executor's
    /// thread.
    pub async fn open_directory(root: &Path) -> Result<Self, DiskError> {
        plain::make_directory(root)?;
        let device = Self { root: root.to_owned() };
        device.teach_polling().await?;
        Ok(device)
    }

    /// glommio finds out whether a device completes by polling when the first file on it is opened,
    /// by reading that file. An empty file always reads well; glommio then polls a device that does
    /// not, and keeps a core busy while a write is in flight. So the first file has something in
    /// it.
    async fn teach_polling(&self) -> Result<(), DiskError> {
        let name = "polling.tmp";
        fs::write(self.path(name), [0; 4096])
            .map_err(|error| self.failed(Operation::Write, name)(GlommioError::IoError(error)))?;
        self.open(name).await?.close().await;
        self.remove(name).await
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn failed(
        &self,
        operation: Operation,
        name: &str,
    ) -> impl FnOnce(GlommioError<()>) -> DiskError {
        let place = self.place(name);
        move |error| DiskError { operation, place, source: reason(error) }
    }
}

impl Device for DirectDevice {
    type File = DirectFile;
    type Buffer = glommio::io::DmaBuffer;

    fn buffer(&self, bytes: usize) -> Self::Buffer {
        glommio::allocate_dma_buffer(bytes)
    }

    async fn list(&self) -> Result<Vec<String>, DiskError> {
        plain::list(&self.root)
            .map_err(|error| self.failed(Operation::List, "")(GlommioError::IoError(error)))
    }

    async fn create(&self, name: &str, bytes: u64) -> Result<DirectFile, DiskError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .dma_open(self.path(name))
            .await
            .map_err(self.failed(Operation::Create, name))?;
        if let Err(error) = file.pre_allocate(bytes, false).await {
            let failure = self.failed(Operation::Create, name)(error);
            self.remove(name).await?;
            return Err(failure);
        }
        Ok(DirectFile { file, place: self.place(name) })
    }

    async fn open(&self, name: &str) -> Result<DirectFile, DiskError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .dma_open(self.path(name))
            .await
            .map_err(self.failed(Operation::Open, name))?;
        Ok(DirectFile { file, place: self.place(name) })
    }

    async fn rename(&self, source: &str, target: &str) -> Result<(), DiskError> {
        glommio::io::rename(self.path(source), self.path(target))
            .await
            .map_err(self.failed(Operation::Rename, source))
    }

    async fn remove(&self, name: &str) -> Result<(), DiskError> {
        glommio::io::remove(self.path(name)).await.map_err(self.failed(Operation::Remove, name))
    }

    async fn sync_names(&self) -> Result<(), DiskError> {
        let failed = || self.failed(Operation::SyncNames, "");
        let directory = Directory::open(&self.root).await.map_err(failed())?;
        directory.sync().await.map_err(failed())?;
        directory.close().await.map_err(failed())
    }

    async fn free_bytes(&self) -> Result<u64, DiskError> {
        plain::free_bytes(&self.root)
            .map_err(|error| self.failed(Operation::Space, "")(GlommioError::IoError(error)))
    }

    async fn pause(&self, duration_ms: u64) {
        glommio::timer::sleep(Duration::from_millis(duration_ms)).await;
    }

    fn place(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

impl DirectFile {
    fn failed(&self, operation: Operation) -> impl FnOnce(GlommioError<()>) -> DiskError {
        move |error| DiskError { operation, place: self.place.clone(), source: reason(error) }
    }
}

impl File for DirectFile {
    type Buffer = glommio::io::DmaBuffer;

    async fn write_at(&self, buffer: Self::Buffer, offset: u64) -> Result<(), DiskError> {
        let bytes = buffer.len();
        let written =
            self.file.write_at(buffer, offset).await.map_err(self.failed(Operation::Write))?;
        if written < bytes {
            let short = io::Error::from(io::ErrorKind::WriteZero);
            return Err(self.failed(Operation::Write)(GlommioError::IoError(short)));
        }
        Ok(())
    }

    async fn read_at(&self, into: &mut [u8], offset: u64) -> Result<usize, DiskError> {
        let read = self
            .file
            .read_at_aligned(offset, into.len())
            .await
            .map_err(self.failed(Operation::Read))?;
        let bytes = read.len().min(into.len());
        into[..bytes].copy_from_slice(&read[..bytes]);
        Ok(bytes)
    }

    async fn sync(&self) -> Result<(), DiskError> {
        self.file.fdatasync().await.map_err(self.failed(Operation::Sync))
    }

    async fn size_bytes(&self) -> Result<u64, DiskError> {
        self.file.file_size().await.map_err(self.failed(Operation::Read))
    }

    async fn close(self) {
        // A descriptor that fails to close is gone all the same, and what mattered was synced
        // before.
        drop(self.file.close().await);
    }
}
