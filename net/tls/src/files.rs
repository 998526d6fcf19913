//! The only place that touches files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::error::CertificateError;

/// A chain of a dozen certificates and a bundle of authorities fit in this many bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// When a file changed last and how long it is; `None` when it cannot be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stamp(Option<(i64, i64, u64, u64)>);

pub(crate) fn stamp(path: &Path) -> Stamp {
    // The inode too: a file that was replaced within one tick of the clock is another file.
    let seen = fs::metadata(path).map(|it| (it.mtime(), it.mtime_nsec(), it.len(), it.ino()));
    Stamp(seen.ok())
}

/// Whether others than the owner's group may read the file.
pub(crate) fn is_open_to_all(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|it| it.permissions().mode() & 0o007 != 0)
}

/// The whole of a small file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let unreadable = |source| CertificateError::Unreadable { file: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|it| it <= FILE_BYTES_MAX) {
        return Ok(bytes);
    }
    Err(CertificateError::TooLong { file: path.to_owned(), bytes_max: FILE_BYTES_MAX })
}

/// Replaces `path` so that a reader, or a crash, sees the old content or the new and nothing between.
pub(crate) fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let beside = path.with_added_extension("new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Created with its mode: a key is never readable by others, not even for a moment.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
