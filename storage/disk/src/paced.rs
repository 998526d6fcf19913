//! A file that many pages go into at once, beside a log that must not wait for them.
//!
//! The page cache takes gigabytes in and hands them to the device when somebody asks for a sync: the
//! log's own syncs, on the same device, would wait behind all of it. So pages are collected, written
//! in the order of the file in runs as long as they come (a system call and a page of the cache for
//! each of them cost more than all that fills them), and waited for every few megabytes.
//!
//! redb writes a page when its own memory is full, reads it again to take its checksum, and writes it
//! once more as it is. So a page that was written since the last sync is compared before it is
//! written again: reading costs a part of what writing does, and the device nothing.

mod pages;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pages::Pages;
use rustix::io::{Errno, pwritev};

/// The most bytes that are collected before they are written.
pub const COLLECTED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most bytes that wait for the device: a few milliseconds of its time.
pub const UNSYNCED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The longest run that is written at once: of pages of 4 KiB not more than a call takes, 1,024.
const RUN_BYTES_MAX: usize = 1024 * 1024;

/// A file that is written in pages. What was written is read back at once, and durable after
/// [`PacedFile::sync`]. Any thread may read and write; after a failed write or sync every later one
/// fails, because what is durable is unknown.
#[derive(Debug)]
pub struct PacedFile {
    file: fs::File,
    collected: Mutex<Collected>,
    /// Held by whoever writes to the file.
    writer: Mutex<Writer>,
}

/// Pages that are not in the file yet.
#[derive(Debug, Default)]
struct Collected {
    pages: Pages,
    /// Pages that are being written now.
    leaving: Arc<Pages>,
}

#[derive(Debug, Default)]
struct Writer {
    unsynced_bytes: usize,
    failed: bool,
    /// Where pages were written since the last [`PacedFile::sync`].
    written: BTreeSet<u64>,
    /// A page as it is in the file.
    page: Vec<u8>,
}

impl PacedFile {
    /// Makes an empty file; fails when there is one at `path`.
    pub fn create(path: &Path) -> io::Result<Self> {
        fs::File::options().read(true).write(true).create_new(true).open(path).map(Self::new)
    }

    /// Opens a file for reading and writing.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::File::options().read(true).write(true).open(path).map(Self::new)
    }

    fn new(file: fs::File) -> Self {
        Self { file, collected: Mutex::default(), writer: Mutex::default() }
    }

    /// The file's length in bytes.
    pub fn size_bytes(&self) -> io::Result<u64> {
        let collected = self.collected();
        let end = collected.pages.end().max(collected.leaving.end());
        Ok(self.file.metadata()?.len().max(end))
    }

    /// Cuts the file off, or extends it by zeroes.
    pub fn set_size(&self, bytes: u64) -> io::Result<()> {
        let mut writer = self.writer();
        self.write_out(&mut writer)?;
        self.file.set_len(bytes)
    }

    /// Fills `into` from `offset`; the end of the file before that is an error.
    pub fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        let in_part = {
            let Collected { pages, leaving } = &*self.collected();
            if pages.read(into, offset) {
                return Ok(());
            }
            let newer = pages.overlap(offset, into.len());
            if !newer && leaving.read(into, offset) {
                return Ok(());
            }
            newer || leaving.overlap(offset, into.len())
        };
        if in_part {
            self.write_out(&mut self.writer())?;
        }
        self.file.read_exact_at(into, offset)
    }

    /// Writes all of `bytes` at `offset`, now or later. Waits for the device when many were written.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut writer = self.writer();
        if !writer.written.insert(offset) && self.is_same(&mut writer.page, bytes, offset) {
            return Ok(());
        }
        if self.collected().pages.put(bytes, offset) < COLLECTED_BYTES_MAX {
            return Ok(());
        }
        self.write_out(&mut writer)
    }

    /// Whether exactly these bytes are there. False when nobody can say.
    fn is_same(&self, page: &mut Vec<u8>, bytes: &[u8], offset: u64) -> bool {
        {
            let Collected { pages, leaving } = &*self.collected();
            if [pages, &**leaving].iter().any(|it| it.overlap(offset, bytes.len())) {
                return false;
            }
        }
        page.resize(bytes.len(), 0);
        self.file.read_exact_at(page, offset).is_ok() && page == bytes
    }

    /// Makes everything written so far durable (`fdatasync`).
    pub fn sync(&self) -> io::Result<()> {
        let mut writer = self.writer();
        self.write_out(&mut writer)?;
        writer.written.clear();
        self.sync_file(&mut writer)
    }

    /// Writes what was collected. Only the last few megabytes are not durable afterwards.
    fn write_out(&self, writer: &mut Writer) -> io::Result<()> {
        if writer.failed {
            return Err(io::Error::other("an earlier write or sync of this file failed"));
        }
        let leaving = {
            let mut collected = self.collected();
            collected.leaving = Arc::new(std::mem::take(&mut collected.pages));
            Arc::clone(&collected.leaving)
        };
        let written = self.write_pages(&leaving, writer);
        writer.failed |= written.is_err();
        self.collected().leaving = Arc::default();
        written
    }

    fn write_pages(&self, pages: &Pages, writer: &mut Writer) -> io::Result<()> {
        let (mut from, mut run) = (0, Vec::new());
        while let Some((offset, bytes)) = pages.run(from, RUN_BYTES_MAX, &mut run) {
            self.write_run(&mut run, offset)?;
            run.clear();
            from = offset + bytes as u64;
            writer.unsynced_bytes += bytes;
            if UNSYNCED_BYTES_MAX <= writer.unsynced_bytes {
                self.sync_file(writer)?;
            }
        }
        Ok(())
    }

    fn write_run(&self, mut run: &mut [IoSlice<'_>], mut offset: u64) -> io::Result<()> {
        while !run.is_empty() {
            match pwritev(&self.file, run, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => {
                    IoSlice::advance_slices(&mut run, bytes);
                    offset += bytes as u64;
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    fn sync_file(&self, writer: &mut Writer) -> io::Result<()> {
        let synced = self.file.sync_data();
        writer.failed |= synced.is_err();
        writer.unsynced_bytes = 0;
        synced
    }

    fn collected(&self) -> MutexGuard<'_, Collected> {
        // No code under this lock can panic halfway through a change.
        self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 4096;

    fn at(page: usize) -> u64 {
        (page * PAGE) as u64
    }

    #[test]
    fn what_is_collected_is_read_and_written_when_there_is_much_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        let file = PacedFile::create(&path).unwrap();
        let pages = COLLECTED_BYTES_MAX / PAGE;
        // Every page once, backwards and with gaps between each two.
        for page in (0..pages - 1).rev() {
            file.write_at(&[u8::try_from(page % 251).unwrap(); PAGE], at(page * 2)).unwrap();
        }
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
        assert_eq!(file.size_bytes().unwrap(), at((pages - 2) * 2 + 1));
        let mut page = [0; PAGE];
        file.read_at(&mut page, at(200)).unwrap();
        assert_eq!(page, [100; PAGE]);
        file.write_at(&[9; PAGE], at(1)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), at((pages - 2) * 2 + 1));
        assert!(file.writer().unsynced_bytes < UNSYNCED_BYTES_MAX);
        for (number, expected) in [(0, 0), (1, 9), (2, 1), (3, 0), (200, 100)] {
            file.read_at(&mut page, at(number)).unwrap();
            assert_eq!(page, [expected; PAGE], "page {number}");
        }
        file.write_at(&[8; PAGE], at(3)).unwrap();
        file.sync().unwrap();
        assert_eq!(file.writer().unsynced_bytes, 0);
        drop(file);
        let content = fs::read(&path).unwrap();
        assert_eq!(content[PAGE * 3..PAGE * 4], [8; PAGE]);
    }

    #[test]
    fn a_page_is_written_again_only_if_it_changed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        let file = PacedFile::create(&path).unwrap();
        let write_out = || {
            let mut writer = file.writer();
            file.write_out(&mut writer).unwrap();
            std::mem::take(&mut writer.unsynced_bytes)
        };
        file.write_at(&[1; PAGE], 0).unwrap();
        file.write_at(&[2; PAGE], at(1)).unwrap();
        assert_eq!(write_out(), 2 * PAGE);
        file.write_at(&[1; PAGE], 0).unwrap();
        file.write_at(&[3; PAGE], at(1)).unwrap();
        assert_eq!(write_out(), PAGE);
        // What is collected counts, not what is in the file.
        file.write_at(&[4; PAGE], 0).unwrap();
        file.write_at(&[1; PAGE], 0).unwrap();
        assert_eq!(write_out(), PAGE);
        file.sync().unwrap();
        let content = fs::read(&path).unwrap();
        assert_eq!(content, [[1; PAGE], [3; PAGE]].concat());
    }

    #[test]
    fn a_read_that_is_collected_in_part_sees_both_parts() {
        let directory = tempfile::tempdir().unwrap();
        let file = PacedFile::create(&directory.path().join("f")).unwrap();
        file.write_at(b"abcdef", 0).unwrap();
        file.sync().unwrap();
        file.write_at(b"XY", 2).unwrap();
        let mut found = [0; 6];
        file.read_at(&mut found, 0).unwrap();
        assert_eq!(&found, b"abXYef");
    }

    #[test]
    fn a_file_is_made_opened_cut_off_and_extended() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        assert_eq!(PacedFile::open(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        let file = PacedFile::create(&path).unwrap();
        assert_eq!(PacedFile::create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        file.write_at(b"abc", 4).unwrap();
        file.set_size(10).unwrap();
        let mut found = [1; 10];
        file.read_at(&mut found, 0).unwrap();
        assert_eq!(&found, b"\0\0\0\0abc\0\0\0");
        let short = file.read_at(&mut found, 1).unwrap_err();
        assert_eq!(short.kind(), io::ErrorKind::UnexpectedEof);
        file.set_size(3).unwrap();
        drop(file);
        assert_eq!(PacedFile::open(&path).unwrap().size_bytes().unwrap(), 3);
    }

    #[test]
    fn after_a_failed_write_everything_fails() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        fs::write(&path, b"old").unwrap();
        let file = PacedFile::new(fs::File::open(&path).unwrap());
        file.write_at(b"new", 0).unwrap();
        file.sync().unwrap_err();
        assert!(file.sync().unwrap_err().to_string().contains("earlier"));
        assert!(file.set_size(0).unwrap_err().to_string().contains("earlier"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }
}
