//! What a data directory looks like from outside.
//!
//! ```text
//! DIR/quoin.toml   configuration, written once by `quoin init`, then the operator's
//! DIR/LOCK         held by the process that uses the directory
//! DIR/log/         segments of the log
//! DIR/stores/      one redb file for each domain
//! DIR/tls/         the development authority and certificate, when no other is configured
//! DIR/admin.key    the first administrator's API key, until the operator moves it away
//! DIR/master.key   what seals the keys that sign the box's own tokens, when no other is configured
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use config::{FILE_NAME, Loaded};

/// Names of which one is enough to recognise a data directory.
const OWN: &[&str] = &[FILE_NAME, "LOCK", "log", "stores"];
/// Names that do not make a directory foreign: the root of an ext4 file system has it.
const HARMLESS: &[&str] = &["lost+found"];

/// Why a directory is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LayoutError {
    /// It holds something else.
    #[error(
        "{} holds {found} and nothing of Quoin's: choose an empty or a new directory, so that nothing of yours is \
         mixed with ours",
        path.display()
    )]
    Foreign { path: PathBuf, found: String },
    /// There is none where one must be.
    #[error("{} is not a data directory: make one with `quoin init --data {}`", path.display(), path.display())]
    Missing { path: PathBuf },
    /// The system refuses.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing, or an empty directory.
    Nothing,
    /// A data directory.
    Ours,
}

/// Looks without changing anything.
pub(crate) fn look(data: &Path) -> Result<Found, LayoutError> {
    let failed = |source| LayoutError::Io { path: data.to_owned(), source };
    let entries = match fs::read_dir(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        entries => entries.map_err(failed)?,
    };
    let mut foreign = None;
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        if OWN.iter().any(|own| name == *own) {
            return Ok(Found::Ours);
        }
        if !HARMLESS.iter().any(|it| name == *it) {
            foreign.get_or_insert_with(|| name.to_string_lossy().into_owned());
        }
    }
    match foreign {
        Some(found) => Err(LayoutError::Foreign { path: data.to_owned(), found }),
        None => Ok(Found::Nothing),
    }
}

/// Refuses anything but a data directory, for commands that only read one.
pub(crate) fn demand(data: &Path) -> Result<(), LayoutError> {
    match look(data)? {
        Found::Ours => Ok(()),
        Found::Nothing => Err(LayoutError::Missing { path: data.to_owned() }),
    }
}

/// Makes the directory and its `quoin.toml` where they are missing. Log and stores are made at the
/// first start. True when the file was written.
pub(crate) fn prepare(loaded: &Loaded) -> Result<bool, LayoutError> {
    let data = &loaded.config.data;
    look(data)?;
    let path = data.join(FILE_NAME);
    let failed = |source| LayoutError::Io { path: path.clone(), source };
    fs::create_dir_all(data).map_err(failed)?;
    if path.exists() {
        return Ok(false);
    }
    fs::write(&path, config::file_text(loaded)).map_err(failed)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use config::{Flag, Sources};

    use super::*;

    fn loaded(data: &Path) -> Loaded {
        let flag = |key, name, text: &str| Flag { key, name, text: text.to_owned() };
        let data = data.to_str().unwrap();
        let flags =
            vec![flag("data.directory", "--data", data), flag("cores.count", "--cores", "2")];
        config::load(&Sources { flags, ..Sources::default() }).unwrap()
    }

    #[test]
    fn a_new_directory_is_prepared_once() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("new/data");
        assert_eq!(look(&data).unwrap(), Found::Nothing);
        assert!(demand(&data).unwrap_err().to_string().contains("quoin init --data"));
        assert!(prepare(&loaded(&data)).unwrap());
        assert_eq!(look(&data).unwrap(), Found::Ours);
        let text = fs::read_to_string(data.join(FILE_NAME)).unwrap();
        assert!(text.contains("\ncount = 2\n"), "{text}");
        assert!(!prepare(&loaded(&data)).unwrap(), "the operator's file is kept");
    }

    #[test]
    fn a_foreign_directory_is_refused_and_named() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("thesis.doc"), "").unwrap();
        let refused = prepare(&loaded(directory.path())).unwrap_err().to_string();
        assert!(refused.contains("holds thesis.doc and nothing of Quoin's"), "{refused}");
        assert!(!directory.path().join(FILE_NAME).exists());
    }

    #[test]
    fn the_root_of_a_file_system_is_empty() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("lost+found")).unwrap();
        assert_eq!(look(directory.path()).unwrap(), Found::Nothing);
    }
}
