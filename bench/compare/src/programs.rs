//! Where the system's packages put their programs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// Servers are often not in the path of a person.
const SYSTEM_FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/sbin"];
/// Every version of `PostgreSQL` has a folder of its own here.
const POSTGRES_FOLDER: &str = "/usr/lib/postgresql";

/// Finds a program; the error says which package has it.
pub(crate) fn find(name: &str, package: &str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(SYSTEM_FOLDERS.map(PathBuf::from));
    let found = folders.map(|it| it.join(name)).find(|it| it.is_file());
    found.with_context(|| {
        format!("{name} is not installed: apt-get install {package}, or give --install")
    })
}

/// The folder of the newest `PostgreSQL` with all of its programs.
pub(crate) fn postgres_folder() -> Result<PathBuf> {
    let mut folders: Vec<(u32, PathBuf)> = fs::read_dir(POSTGRES_FOLDER)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("postgres").is_file())
        .collect();
    folders.sort();
    if let Some((_, newest)) = folders.pop() {
        return Ok(newest);
    }
    let program = find("postgres", "postgresql")?;
    Ok(program.parent().context("a program lies in a folder")?.to_owned())
}

/// What a program says about its version: the first line, wherever it writes that.
pub(crate) fn version(program: &Path, flag: &str) -> String {
    let Ok(output) = Command::new(program).arg(flag).output() else { return String::new() };
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said).lines().next().unwrap_or_default().trim().to_owned()
}
