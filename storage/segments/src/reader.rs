//! Reading a segment through a window that slides over it.

use disk::{Device, DiskError, File, IO_BYTES_MAX};
use frame::{BLOCK_BYTES, Frame, FrameError, Header, decode};

use crate::layout::block_up;

/// A segment being read from front to back.
pub(crate) struct Reader<D: Device> {
    file: D::File,
    id: u64,
    file_bytes: u64,
    window: Vec<u8>,
    /// Where in the file the window begins, a multiple of the block size.
    window_at: u64,
}

impl<D: Device> Reader<D> {
    pub(crate) async fn open(device: &D, name: &str, id: u64) -> Result<Self, DiskError> {
        let file = device.open(name).await?;
        let file_bytes = file.size_bytes().await?;
        Ok(Self { file, id, file_bytes, window: Vec::new(), window_at: 0 })
    }

    pub(crate) fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// The bytes from `offset` on, at least `bytes` of them unless the file ends before. Offsets
    /// only grow.
    pub(crate) async fn bytes(&mut self, offset: u64, bytes: usize) -> Result<&[u8], DiskError> {
        assert!(self.window_at <= offset, "a segment is read forward");
        let wanted = (offset + bytes as u64).min(self.file_bytes);
        while self.window_at + (self.window.len() as u64) < wanted {
            self.slide(offset).await?;
        }
        let start = usize::try_from(offset - self.window_at).unwrap_or(usize::MAX);
        Ok(self.window.get(start..).unwrap_or_default())
    }

    /// Drops what lies before `offset` and reads one transfer more.
    async fn slide(&mut self, offset: u64) -> Result<(), DiskError> {
        let block = offset - offset % BLOCK_BYTES as u64;
        let done = usize::try_from(block - self.window_at).unwrap_or(usize::MAX);
        if self.window.len() <= done {
            self.window.clear();
            self.window_at = block;
        } else {
            self.window.drain(..done);
            self.window_at = block;
        }
        let filled = self.window.len();
        let at = self.window_at + filled as u64;
        let left = usize::try_from(block_up(self.file_bytes - at)).unwrap_or(usize::MAX);
        self.window.resize(filled + left.min(IO_BYTES_MAX), 0);
        let read = self.file.read_at(&mut self.window[filled..], at).await?;
        self.window.truncate(filled + read);
        if read == 0 {
            // The file is shorter than it said: whatever is missing reads as absent.
            self.file_bytes = at;
        }
        Ok(())
    }

    /// The frame at `offset`, or why there is none.
    pub(crate) async fn frame(
        &mut self,
        offset: u64,
    ) -> Result<Result<Frame<'_>, FrameError>, DiskError> {
        let id = self.id;
        let header = match Header::parse(self.bytes(offset, frame::HEADER_BYTES).await?) {
            Ok(header) => header,
            Err(error) => return Ok(Err(error)),
        };
        Ok(decode(self.bytes(offset, header.frame_bytes()).await?, id))
    }

    /// Makes what was read durable, if it is not yet: a process that died may have left it to the
    /// page cache.
    pub(crate) async fn sync(&self) -> Result<(), DiskError> {
        self.file.sync().await
    }

    pub(crate) async fn close(self) {
        self.file.close().await;
    }
}
