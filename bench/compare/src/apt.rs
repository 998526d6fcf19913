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
    let is_root = geteuid().is_root();
    // A new machine has no lists of packages yet. One that is offline may have the packages.
    if let Err(error) = apt(&["update"], is_root) {
        eprintln!("going on with the lists of packages that there are: {error:#}");
    }
    apt(&packages(rows), is_root)
}

/// The words that install the packages of these rows.
fn packages(rows: &[RowName]) -> Vec<&'static str> {
    let mut packages: Vec<&str> = rows.iter().flat_map(|it| it.packages()).copied().collect();
    packages.sort_unstable();
    packages.dedup();
    let mut words = vec!["install", "-y", "--no-install-recommends"];
    words.extend(packages);
    words
}

fn apt(words: &[&str], is_root: bool) -> Result<()> {
    // In front of the program, since sudo forgets the environment.
    let mut all = vec!["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"];
    if !is_root {
        all.insert(0, "sudo");
    }
    all.extend(words);
    let said = all.join(" ");
    // Standard output is for the table.
    let status = Command::new(all[0]).args(&all[1..]).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("starting {said}"))?;
    if !status.success() {
        bail!("{said} ended with {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn what_several_rows_need_is_installed_once() {
        let all = packages(RowName::value_variants());
        let expected = ["nginx-light", "postgresql", "python3-venv", "redis-server"];
        assert_eq!(all[3..], expected);
        assert_eq!(packages(&[RowName::RedisSet, RowName::RedisBucket])[3..], ["redis-server"]);
    }
}
