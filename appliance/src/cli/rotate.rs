//! `quoin rotate-signing-key`.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use super::flags::Layers;
use crate::bootstrap::{master_key, rotate_signing_key};
use crate::layout;

/// Make a new key sign the access tokens of a running box
///
/// The new key signs from now on. The one before verifies what it signed for as long as any of it can live, so that
/// nobody is refused; with --revoke it verifies nothing any more, for when somebody else may know it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin rotate-signing-key --data /srv/quoin\n  \
    quoin rotate-signing-key --data /srv/quoin --revoke     refuse every token at once")]
pub(crate) struct Rotate {
    /// Refuse what the key before signed, at once
    #[arg(long)]
    revoke: bool,
    #[command(flatten)]
    layers: Layers,
}

impl Rotate {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let config = self.layers.load()?.config;
        layout::demand(&config.data)?;
        let master = master_key(&config.data, config.tokens.master_key.as_deref())?;
        rotate_signing_key(config.rpc.listen, &master, self.revoke.then_some(0))
            .context("changing the signing key")?;
        writeln!(
            io::stdout().lock(),
            "a new key signs; /.well-known/jwks.json has its public half"
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
