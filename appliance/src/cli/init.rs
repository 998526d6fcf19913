//! `quoin init`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use config::{Config, FILE_NAME};

use super::flags::Layers;
use crate::ask;
use crate::boot::{Booted, boot};
use crate::bootstrap::ensure_admin;
use crate::layout::prepare;
use crate::reference::Packs;
use crate::trace;

/// Make a data directory and load the reference packs
///
/// Makes the directory, writes quoin.toml with the values given as flags, starts the box on free loopback ports,
/// publishes holidays and awards with ordinary commands, and stops it. Repeating it changes nothing;
/// a directory that holds anything else is refused.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin init --data /srv/quoin\n  \
    quoin init --data /srv/quoin --cores 4 --http 127.0.0.1:8081     kept in quoin.toml\n  \
    quoin init --data DIR --packs my-reference                       other packs than the embedded")]
pub(crate) struct Init {
    /// Load this directory (holidays.toml and packs/*.toml) in place of the embedded packs
    #[arg(long, value_name = "DIR")]
    packs: Option<PathBuf>,
    #[command(flatten)]
    layers: Layers,
}

impl Init {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let loaded = self.layers.load()?;
        trace::begin(quiet(&loaded));
        // Read first: a bad pack must not leave half a directory behind.
        let packs = Packs::load(self.packs.as_deref())?;
        let config = &loaded.config;
        let written = prepare(&loaded)?;
        let booted = boot(&on_free_ports(config), None)?;
        let published = load_packs(&booted, &packs);
        let admin = ensure_admin(&booted, &config.data);
        let position = booted.running.position().lsn;
        booted.running.stop()?;
        published?;
        let admin = admin.context("making the administrator")?;
        let mut out = io::stdout().lock();
        let data = config.data.display();
        let file = if written { "written" } else { "kept as it was" };
        writeln!(out, "data directory  {data}")?;
        writeln!(out, "configuration   {data}/{FILE_NAME}, {file}")?;
        writeln!(
            out,
            "reference       {} awards in {} versions, public holidays",
            packs.names.len(),
            packs.versions.len()
        )?;
        if let Some(file) = admin {
            writeln!(
                out,
                "administrator   API key in {}: keep it, and delete the file",
                file.display()
            )?;
        }
        writeln!(out, "log position    {position}")?;
        writeln!(out, "\nServe it with:  quoin serve --data {data}")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Publishes `packs` on the box itself, over RPC as anybody would.
pub(crate) fn load_packs(booted: &Booted, packs: &Packs) -> Result<u64> {
    let client = ask::connect(booted.rpc)?;
    ask::publish(&client, &packs.requests())
}

/// The same configuration on ports that the kernel chooses.
pub(crate) fn on_free_ports(config: &Config) -> Config {
    let mut config = config.clone();
    config.http.listen.set_port(0);
    if let Some(listen) = &mut config.https.listen {
        listen.set_port(0);
    }
    config.rpc.listen.set_port(0);
    config
}

/// What a command that prints an answer logs: warnings, unless it was told otherwise.
pub(crate) fn quiet(loaded: &config::Loaded) -> config::Trace {
    let is_default =
        |it: &config::Setting| it.key == "trace.level" && it.place == config::Place::Default;
    let mut trace = loaded.config.trace;
    if loaded.settings.iter().any(is_default) {
        trace.level = config::Level::Warn;
    }
    trace
}
