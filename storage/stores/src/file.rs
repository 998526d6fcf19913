//! A store's file as redb wants one.
//!
//! It takes no lock: whoever opens the stores holds the lock of the data directory.

use std::io;
use std::path::Path;

use disk::PacedFile;
use redb::{Builder, Database, DatabaseError, StorageBackend, StorageError};

#[derive(Debug)]
struct StoreFile(PacedFile);

/// Makes an empty database in a new file at `path`.
pub(crate) fn create_database(path: &Path, cache_bytes: usize) -> Result<Database, DatabaseError> {
    let file = PacedFile::create(path).map_err(StorageError::Io)?;
    build(file, cache_bytes)
}

/// Opens the database at `path`.
pub(crate) fn open_database(path: &Path, cache_bytes: usize) -> Result<Database, DatabaseError> {
    let file = PacedFile::open(path).map_err(StorageError::Io)?;
    // redb makes a new database of an empty file: here it is one that lost its content.
    if file.size_bytes().map_err(StorageError::Io)? == 0 {
        let empty = io::Error::new(io::ErrorKind::InvalidData, "the file is empty");
        return Err(StorageError::Io(empty).into());
    }
    build(file, cache_bytes)
}

fn build(file: PacedFile, cache_bytes: usize) -> Result<Database, DatabaseError> {
    Builder::new().set_cache_size(cache_bytes).create_with_backend(StoreFile(file))
}

impl StorageBackend for StoreFile {
    fn len(&self) -> io::Result<u64> {
        self.0.size_bytes()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_at(out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_size(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write_at(data, offset)
    }

    fn close(&self) -> io::Result<()> {
        // redb has synced what counts; what it wrote after that is for the next start's convenience.
        self.0.sync()
    }
}
