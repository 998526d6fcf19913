//! The files of one domain.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use contract::{RowVisitor, TableId, Tables};

/// A domain's folder: paths inside it, with `/`, and what stands in the Rust files.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// Where it is, such as `domains/rates`.
    pub place: String,
    /// Every file, with its bytes.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Folder {
    /// The folder of the domain `name`.
    pub fn of_domain(name: &str) -> io::Result<Self> {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = own.ancestors().nth(2).expect("tests/coverage lies two folders below the root");
        let place = format!("domains/{name}");
        let mut files = BTreeMap::new();
        read(&root.join(&place), "", &mut files)?;
        Ok(Self { place, files })
    }

    /// The text of all code that is only compiled for tests.
    pub fn test_code(&self) -> String {
        let mut code = String::new();
        for (path, bytes) in &self.files {
            let text = String::from_utf8_lossy(bytes);
            let is_rust = Path::new(path).extension().is_some_and(|it| it == "rs");
            if is_rust && (path.starts_with("tests/") || path.ends_with("/tests.rs")) {
                code.push_str(&text);
            } else if is_rust && let Some((_, tests)) = text.split_once("#[cfg(test)]") {
                code.push_str(tests);
            }
        }
        code
    }
}

fn read(folder: &PathBuf, inside: &str, files: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{inside}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Tables without rows.
#[derive(Debug, Default)]
pub(crate) struct NoTables;

impl Tables for NoTables {
    fn get(&self, _: TableId, _: &[u8]) -> Option<&[u8]> {
        None
    }

    fn scan(&self, _: TableId, _: &[u8], _: &[u8], _: &mut RowVisitor<'_>) {}

    fn keep(&self, bytes: Vec<u8>) -> &[u8] {
        // Nothing is read, so nothing is upgraded and kept.
        drop(bytes);
        &[]
    }

    fn damaged(&self, _: TableId, _: &[u8], _: &dyn fmt::Display) {}
}
