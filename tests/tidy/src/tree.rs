//! The files of the workspace.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A Rust source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// From the root, with `/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl Source {
    /// Whether it is only compiled for tests.
    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
    }
}

/// The top level, fixed. Tool files begin with a dot.
const TOP_LEVEL: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "appliance",
    "bench",
    "config",
    "domains",
    "engine",
    "net",
    "storage",
    "tests",
];

/// What does not belong at the top level. `ignored` is the text of `.gitignore`.
pub fn top_level_complaints(names: &[String], ignored: &str) -> Vec<String> {
    let ignored: Vec<_> = ignored.lines().map(|line| line.trim_matches('/')).collect();
    let stray = names.iter().filter(|name| {
        let name = name.as_str();
        !name.starts_with('.') && !TOP_LEVEL.contains(&name) && !ignored.contains(&name)
    });
    stray
        .map(|name| format!("{name}: the top level is fixed; put it into the folder of its layer"))
        .collect()
}

/// The workspace as it lies on the disk.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    /// The workspace that this crate belongs to.
    pub fn own() -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = own.ancestors().nth(2).expect("tests/tidy lies two folders below the root");
        Self { root: root.to_owned() }
    }

    /// The names at the top level, sorted.
    pub fn top_level(&self) -> io::Result<Vec<String>> {
        Ok(children(&self.root)?.into_iter().map(|(name, _)| name).collect())
    }

    /// A file's text.
    pub fn read(&self, path: &str) -> io::Result<String> {
        fs::read_to_string(self.root.join(path))
    }

    /// Every Rust source, build output and hidden folders aside.
    pub fn sources(&self) -> io::Result<Vec<Source>> {
        let mut sources = Vec::new();
        for path in self.files(".rs")? {
            let text = self.read(&path)?;
            sources.push(Source { path, text });
        }
        Ok(sources)
    }

    /// The folder and manifest of every crate of the workspace. Fuzz targets are a workspace of their own,
    /// and so is a peer that brings hundreds of crates along.
    pub fn manifests(&self) -> io::Result<Vec<(String, String)>> {
        let mut manifests = Vec::new();
        for path in self.files("/Cargo.toml")? {
            if let Some(folder) = path.strip_suffix("/Cargo.toml")
                && !["tests/fuzz", "bench/peers/zen"].contains(&folder)
            {
                manifests.push((folder.to_owned(), self.read(&path)?));
            }
        }
        Ok(manifests)
    }

    fn files(&self, suffix: &str) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for (name, is_folder) in children(&self.root.join(&folder))? {
                let path = format!("{folder}{name}");
                if name.starts_with('.') || name == "target" {
                    continue;
                }
                if is_folder {
                    folders.push(format!("{path}/"));
                } else if path.ends_with(suffix) {
                    found.push(path);
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

fn children(folder: &Path) -> io::Result<Vec<(String, bool)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.push((name, entry.file_type()?.is_dir()));
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_level_is_fixed() {
        let names = ["engine", ".ci", "target", "scripts"].map(str::to_owned);
        let found = top_level_complaints(&names, "/target\n/tests/fuzz/target\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("scripts:"));
    }

    #[test]
    fn the_tree_is_the_whole_workspace() {
        let tree = Tree::own();
        let sources = tree.sources().unwrap();
        let has = |path: &str| sources.iter().any(|source| source.path == path);
        assert!(has("engine/shard/src/lib.rs") && has("domains/rates/src/lib.rs"));
        assert!(tree.manifests().unwrap().iter().any(|(folder, _)| folder == "appliance"));
    }
}
