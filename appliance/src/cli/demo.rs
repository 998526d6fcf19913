//! `quoin demo`.

mod report;
mod week;

use std::env;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use anyhow::{Context, Result};
use clap::Args;
use client::Call;
use contract::{Request, Stored};
use rates::{Quote, QuoteReply};

use self::report::Report;
use self::week::Week;
use super::flags::Layers;
use super::init::{load_packs, on_free_ports, quiet};
use super::serve::finish;
use crate::ask;
use crate::boot::{Booted, boot};
use crate::bootstrap::{admin_key, ensure_admin};
use crate::layout::prepare;
use crate::operations;
use crate::reference::Packs;
use crate::shutdown::Shutdown;
use crate::trace;

/// Price a sample week under real awards, then keep serving
///
/// Makes a data directory (./quoin-data unless --data names one), loads the reference packs, starts the box, prices a
/// roster of over a thousand shifts through its RPC door, prints what it comes to and how long it took, and keeps
/// serving until Ctrl-C.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin demo\n  \
    quoin demo --once                       price, print, leave nothing behind\n  \
    quoin demo --once --json | jq .total\n  \
    quoin demo --data /tmp/q --http 127.0.0.1:8081 --rpc 127.0.0.1:9001")]
pub(crate) struct Demo {
    /// Exit after printing; without --data in a directory that is removed again, without --http and --rpc on free
    /// ports
    #[arg(long)]
    once: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    layers: Layers,
}

/// A directory that is removed with everything in it when the demonstration ends.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing of value is in it, and the system clears temporary directories.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Demo {
    pub(crate) fn run(mut self) -> Result<ExitCode> {
        let mut scratch = None;
        if self.once && self.layers.data.is_none() {
            let directory = env::temp_dir().join(format!("quoin-demo-{}", process::id()));
            self.layers.data = Some(directory.clone());
            scratch = Some(Scratch(directory));
        }
        let mut loaded = self.layers.load()?;
        if self.once && self.layers.http.is_none() && self.layers.rpc.is_none() {
            loaded.config = on_free_ports(&loaded.config);
        }
        trace::begin(quiet(&loaded));
        let shutdown = Shutdown::listen().context("listening for signals")?;
        let packs = Packs::embedded()?;
        prepare(&loaded)?;
        let booted = boot(&loaded.config, None)?;
        let report = demonstrate(&booted, &packs, &loaded.config.data)?;
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{:#}", report.json())?;
        } else {
            report.write(&mut out)?;
            if !self.once {
                report.write_invitation(&mut out)?;
            }
        }
        out.flush()?;
        drop(out);
        if self.once {
            booted.running.stop()?;
            drop(scratch);
            return Ok(ExitCode::SUCCESS);
        }
        shutdown.hold();
        Ok(finish(booted, &shutdown))
    }
}

fn demonstrate<'p>(booted: &Booted, packs: &'p Packs, data: &Path) -> Result<Report<'p>> {
    let position = load_packs(booted, packs)?;
    ensure_admin(booted, data).context("making the administrator")?;
    let week = Week::price(booted.rpc)?;
    Ok(Report {
        packs,
        week,
        data: data.to_owned(),
        http: booted.http,
        rpc: booted.rpc,
        https: booted.https,
        authority: booted.authority.clone(),
        api_key: admin_key(data),
        position,
        example_total: example_total(booted.rpc)?,
    })
}

/// What the operation's own example comes to on this box: what the printed curl line will show.
fn example_total(address: SocketAddr) -> Result<values::Money> {
    let (_, operation) = operations::find::<Quote>();
    let mut payload = Vec::new();
    (operation.from_json)(Quote::SHAPE.example.as_bytes(), &mut payload)?;
    let client = ask::connect(address)?;
    let reply = client.call(&Call::query(operations::number::<Quote>(), &payload))?;
    Ok(QuoteReply::decode(ask::payload(&reply)?)?.total)
}
