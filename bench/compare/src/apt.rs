//! Installs the peers, when that is asked for.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use rustix::process::geteuid;

use crate::row::RowName;

impl RowName {
    /// The packages that the row needs.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Nginx => &["nginx-light"],
            Self::RedisSet | Self::RedisBucket => &["redis-server"],
            Self::Postgres => &["postgresql"],
            Self::QuoteService => &["redis-server", "postgresql", "python3-venv"],
        }
    }
}

/// Installs what these rows need.
pub(crate) fn install(rows: &[RowName]) -> Result<()> {
    let mut packages: Vec<&str> = rows.iter().flat_map(|it| it.packages()).copied().collect();
    packages.sort_unstable();
    packages.dedup();
    let mut words = vec!["apt-get", "install", "-y", "--no-install-recommends"];
    words.extend(packages);
    if !geteuid().is_root() {
        words.insert(0, "sudo");
    }
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive");
    // Standard output is for the table.
    let status = command.stdout(Stdio::null()).status().context("starting apt-get")?;
    if !status.success() {
        bail!("{} ended with {status}", words.join(" "));
    }
    Ok(())
}
