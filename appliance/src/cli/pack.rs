//! `quoin pack`.

mod check;
mod publish;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};

/// Check award packs, publish them on a running box, print their format
///
/// A pack is one award in one text file. How to write one: config/reference/README.md.
#[derive(Debug, Args)]
pub(crate) struct Pack {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Check(check::Check),
    Publish(publish::Publish),
    Schema(Schema),
}

/// Print the JSON schema of the format
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin pack schema > pack.schema.json       for editors that know TOML by its JSON schema")]
struct Schema {}

impl Pack {
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self.what {
            What::Check(check) => check.run(),
            What::Publish(publish) => publish.run(),
            What::Schema(Schema {}) => {
                let schema = rates::rules::pack::schema();
                writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&schema)?)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// The pack files of `paths`: files as they are; of a directory its *.toml, or those of its `packs/`.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let within = path.join("packs");
        let folder = if within.is_dir() { within } else { path.clone() };
        let mut own = listed(&folder)?;
        if own.is_empty() {
            bail!("{} holds no pack (*.toml)", folder.display());
        }
        own.sort();
        files.append(&mut own);
    }
    Ok(files)
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "toml") {
            files.push(path);
        }
    }
    Ok(files)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}
