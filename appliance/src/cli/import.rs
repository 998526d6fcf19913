//! `quoin import`.

mod api;
mod diff;
mod files;
mod publish;
mod rates;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use client::{Call, Client, Reply, Status};
use contract::{Kind, Request, Stored};
use fairwork::reading::FileReport;
use serde_json::json;

use self::api::Api;
use self::diff::Diff;
use self::files::Files;
use crate::ask;
use crate::operations;

/// What is said when the box goes away in the middle.
const AGAIN: &str = "the import did not end: repeat it, it goes on from what is there";

/// Import the Fair Work Commission's pay database, and compare its years
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Fwc(Box<Fwc>),
    Diff(Diff),
}

/// Import the pay database into a running box: its yearly exports, or its interface
///
/// Everything is read and checked before anything is sent. Rows are stored unseen, and a year is made seen by one
/// last command: an import that was interrupted leaves nothing half done, and is repeated to go on. Then the base
/// rates of every award are published, for ordinary hours by effective date; penalties and overtime are a pack's.
///
/// Files are CSV (UTF-8 or UTF-16, any of , ; and tab) or XLSX, with their columns in any order. A row that cannot
/// be taken is named with file, row, column and reason, and nothing is imported unless --accept-good asks for the
/// rest.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin import fwc --year 2025 --award award.xlsx --classification classification.csv --check\n  \
    quoin import fwc --rpc 127.0.0.1:9000 --year 2025 --award award.csv --classification c.csv \\\n    \
        --wage-allowance w.csv --expense-allowance e.csv --penalty p.xlsx\n  \
    quoin import fwc --penalty MA000004-all-years.csv --of-award MA000004\n  \
    quoin import fwc --api https://api.fwc.gov.au --key-file key.txt --keep lists --year 2025\n\n\
    Exit status: 0 imported, 1 refused; each finding names file, row, column and reason.")]
pub(crate) struct Fwc {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    api: Api,
    /// Read and report, and change nothing: no box is needed
    #[arg(long)]
    check: bool,
    /// Import the good rows although there are bad ones
    #[arg(long, visible_alias = "accept-good-rows")]
    accept_good: bool,
    /// Print the report as one JSON document
    #[arg(long)]
    json: bool,
    /// The box's RPC door
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:9000")]
    rpc: SocketAddr,
}

impl Import {
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self.what {
            What::Fwc(fwc) => fwc.run(),
            What::Diff(diff) => diff.run(),
        }
    }
}

impl Fwc {
    fn run(self) -> Result<ExitCode> {
        let (rows, reports) = if self.api.is_wanted() {
            self.api.read(self.files.year(), self.files.of_award()?)?
        } else {
            self.files.read()?
        };
        let mut out = io::stdout().lock();
        if !self.json {
            files::write(&mut out, &reports)?;
        }
        let is_readable = reports.iter().all(|it| !it.is_refused);
        let is_good = is_readable && (self.accept_good || reports.iter().all(FileReport::is_clean));
        let published = if is_good && !self.check {
            let client = ask::connect(self.rpc)?;
            publish::rows(&client, rows).context(AGAIN)?;
            Some(rates::publish(&client).context(AGAIN)?)
        } else {
            None
        };
        if self.json {
            let report = json!({
                "imported": published.is_some(), "good": is_good, "files": files::json(&reports),
                "base_rates": published.as_ref().map(rates::Published::json)
            });
            writeln!(out, "{report:#}")?;
        } else if let Some(published) = &published {
            published.write(&mut out)?;
        }
        if is_good {
            return Ok(ExitCode::SUCCESS);
        }
        let good: u64 = reports.iter().map(|it| u64::from(it.good)).sum();
        let bad: u64 = reports.iter().map(|it| u64::from(it.bad())).sum();
        if is_readable {
            eprintln!(
                "quoin: nothing was imported: {bad} rows are bad; --accept-good imports the {good} \
                 good ones without them"
            );
        } else {
            eprintln!("quoin: nothing was imported: a file cannot be taken");
        }
        Ok(ExitCode::FAILURE)
    }
}

/// Asks, and gives the reply; a refusal is an error.
fn call<R: Request>(client: &Client, request: &R) -> Result<R::Reply> {
    let reply = send(client, request)?;
    let payload = ask::payload(&reply).context(R::SHAPE.name)?;
    Ok(R::Reply::decode(payload)?)
}

/// Asks for what may not be there.
fn find<R: Request>(client: &Client, request: &R) -> Result<Option<R::Reply>> {
    let reply = send(client, request)?;
    if reply.status == Status::NotFound {
        return Ok(None);
    }
    let payload = ask::payload(&reply).context(R::SHAPE.name)?;
    Ok(Some(R::Reply::decode(payload)?))
}

fn send<R: Request>(client: &Client, request: &R) -> Result<Reply> {
    let mut payload = Vec::new();
    request.encode(&mut payload);
    let (_, operation) = operations::find::<R>();
    let number = operations::number::<R>();
    let call = match operation.kind() {
        // Without a key: an import of what was there once, and was corrected since, is no repetition.
        Kind::Command => Call::command(number, &payload),
        Kind::Query => Call::query(number, &payload),
    };
    client.call(&call).context(R::SHAPE.name)
}
