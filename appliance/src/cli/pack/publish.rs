//! `quoin pack publish`.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use client::Call;
use contract::Stored;
use rates::rules::calendar::Calendar;
use rates::rules::pack::Pack;
use rates::{PublishAward, Published};

use crate::reference;
use crate::{ask, operations};

/// Publish packs on a running box: new awards, new versions, corrections
///
/// Every file is checked with its examples before anything is sent. A version that is published already is left as
/// it is, so this may be repeated; one that differs is refused unless --replace says that it is a correction. What a
/// correction replaces stays known: a quote for what was known before comes out as it did.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin pack publish MA000004.toml\n  \
    quoin pack publish --rpc 127.0.0.1:9000 --replace my-reference/packs")]
pub(super) struct Publish {
    /// Pack files, or directories of them
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Replace versions of the same date that differ
    #[arg(long)]
    replace: bool,
    /// Run the examples with the public holidays of this file in place of the embedded ones
    #[arg(long, value_name = "FILE")]
    holidays: Option<PathBuf>,
    /// The box's RPC door
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:9000")]
    rpc: SocketAddr,
}

impl Publish {
    pub(super) fn run(self) -> Result<ExitCode> {
        let calendar = Calendar::new(&reference::holidays(self.holidays.as_deref())?)?;
        let mut versions = Vec::new();
        for path in super::files(&self.paths)? {
            let file = path.display().to_string();
            let pack = Pack::from_toml(&file, &super::read(&path)?)?;
            versions.extend(pack.check(&file, &calendar)?);
        }
        let client = ask::connect(self.rpc)?;
        let mut out = io::stdout().lock();
        for version in versions {
            let name = format!("{} from {}", version.award, version.operative_from);
            let mut payload = Vec::new();
            PublishAward { version, replace: self.replace }.encode(&mut payload);
            let call = Call::command(operations::number::<PublishAward>(), &payload);
            let reply = client.call(&call).with_context(|| format!("publishing {name}"))?;
            let payload = ask::payload(&reply).with_context(|| format!("publishing {name}"))?;
            let Published { classifications, changed, .. } = Published::decode(payload)?;
            let word = if changed { "published" } else { "was published already" };
            writeln!(out, "{name}: {word}; classifications: {classifications}")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
