//! One process per data directory.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// The lock file's name inside the data directory.
const NAME: &str = "LOCK";

/// Holds a data directory for this process until it is dropped or the process ends, however it
/// ends.
#[derive(Debug)]
pub struct DirLock {
    /// Keeps the descriptor, and with it the kernel's lock.
    _file: File,
}

/// Why the directory was not locked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process holds it.
    #[error(
        "{} is in use by {holder}: stop that process or choose another data directory",
        directory.display()
    )]
    Held {
        /// The data directory.
        directory: PathBuf,
        /// "process <pid>" as that process wrote it, or "another process".
        holder: String,
    },
    /// The lock file cannot be opened, locked or written.
    #[error("locking {}: {source}", path.display())]
    File {
        /// The lock file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

impl DirLock {
    /// Locks `directory`, which must exist, and writes this process's id into the lock file.
    pub fn take(directory: &Path) -> Result<Self, LockError> {
        let path = directory.join(NAME);
        let failed = |source| LockError::File { path: path.clone(), source };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut pid = String::new();
                let read = file.read_to_string(&mut pid);
                let holder = match (read, pid.trim()) {
                    (Err(_), _) | (_, "") => "another process".to_owned(),
                    (Ok(_), pid) => format!("process {pid}"),
                };
                return Err(LockError::Held { directory: directory.to_owned(), holder });
            }
            Err(errno) => return Err(failed(errno.into())),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_and_told_who_has_it() {
        let directory = tempfile::tempdir().unwrap();
        let lock = DirLock::take(directory.path()).unwrap();
        let refused = DirLock::take(directory.path()).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        drop(lock);
        DirLock::take(directory.path()).unwrap();
    }

    #[test]
    fn a_missing_directory_is_named() {
        let refused = DirLock::take(Path::new("/nonexistent/quoin")).unwrap_err().to_string();
        assert!(refused.starts_with("locking /nonexistent/quoin/LOCK"), "{refused}");
    }
}
