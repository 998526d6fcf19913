//! `quoin import`.

mod files;
mod publish;
mod rates;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use client::{Call, Client};
use contract::{Kind, Request, Stored};
use fairwork::rules::compare::{Change, Kind as Changed};
use fairwork::{CompareYears, CompareYearsReply, ShowYear, Year, award_number};

use self::files::Files;
use crate::ask;
use crate::operations;

/// Import the Fair Work Commission's pay database, and compare its years
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Fwc(Fwc),
    Diff(Diff),
}

/// Import the yearly exports of the pay database into a running box
///
/// Every file is read and checked before anything is sent. Rows are stored unseen, and the year is made seen by one
/// last command: an import that was interrupted leaves nothing half done, and is repeated to go on. Then every award
/// that has no pack is published with its rates for ordinary hours.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin import fwc --year 2025 --award award.xlsx --classification classification.csv --check\n  \
    quoin import fwc --rpc 127.0.0.1:9000 --year 2025 --award award.csv --classification c.csv \\\n    \
        --wage-allowance w.csv --expense-allowance e.csv\n\n\
    Exit status: 0 imported, 1 refused; each finding names file, row, column and reason.")]
pub(crate) struct Fwc {
    #[command(flatten)]
    files: Files,
    /// Read and report, and change nothing: no box is needed
    #[arg(long)]
    check: bool,
    /// Import the good rows of files that have bad ones
    #[arg(long)]
    accept_good: bool,
    /// Print the report as one JSON document
    #[arg(long)]
    json: bool,
    /// The box's RPC door
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:9000")]
    rpc: SocketAddr,
}

/// List what changed between two imported years
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quoin import diff 2024 2025 --award MA000004\n  \
    quoin import diff 2024 2025 | grep base_rate")]
pub(crate) struct Diff {
    /// The earlier year
    from: u32,
    /// The later year
    to: u32,
    /// This award only: its code or number
    #[arg(long, value_name = "CODE")]
    award: Option<String>,
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
        let (rows, reports) = self.files.read()?;
        let mut out = io::stdout().lock();
        let is_good =
            reports.iter().all(|it| !it.is_refused && (self.accept_good || it.is_clean()));
        if self.json {
            writeln!(out, "{:#}", files::json(&reports))?;
        } else {
            files::write(&mut out, &reports)?;
        }
        if !is_good {
            if reports.iter().all(|it| !it.is_refused) {
                let good: u32 = reports.iter().map(|it| it.good).sum();
                eprintln!(
                    "quoin: nothing was imported; --accept-good imports the {good} good rows"
                );
            }
            return Ok(ExitCode::FAILURE);
        }
        if self.check {
            return Ok(ExitCode::SUCCESS);
        }
        let client = ask::connect(self.rpc)?;
        publish::rows(&client, rows)?;
        let published = rates::publish(&client)?;
        if !self.json {
            published.write(&mut out)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Diff {
    fn run(self) -> Result<ExitCode> {
        let client = ask::connect(self.rpc)?;
        let awards: Vec<String> = match &self.award {
            Some(award) => vec![award.clone()],
            None => {
                let later: Year = call(&client, &ShowYear { year: self.to })?;
                let earlier: Year = call(&client, &ShowYear { year: self.from })?;
                let both = later.awards.into_iter().chain(earlier.awards);
                let mut codes: Vec<String> = both.map(|it| it.award.code).collect();
                codes.sort_by_key(|it| award_number(it));
                codes.dedup();
                codes
            }
        };
        let mut out = io::stdout().lock();
        let mut total = 0;
        for award in awards {
            let request = CompareYears { award, from: self.from, to: self.to };
            let reply: CompareYearsReply = call(&client, &request)?;
            if !reply.changes.is_empty() {
                writeln!(out, "{} {}", reply.award, reply.name)?;
            }
            for change in &reply.changes {
                writeln!(out, "  {}", line(change))?;
            }
            total += reply.changes.len();
        }
        writeln!(out, "{total} changes from {} to {}", self.from, self.to)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// One change as a line for people.
fn line(change: &Change) -> String {
    let Change { sheet, kind, fixed_id, clause, title, field, before, after, operative_from } =
        change;
    let place = format!("{} {fixed_id} ({clause}) {title}", sheet.name());
    let since = operative_from.map(|it| format!(" from {it}")).unwrap_or_default();
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    match kind {
        Changed::Added => format!("+ {place}: {after}{since}"),
        Changed::Removed => format!("- {place}: {before}"),
        Changed::Changed => {
            format!("~ {place}: {field} {} -> {}{since}", or_none(before), or_none(after))
        }
    }
}

/// Asks, and gives the reply; a refusal is an error.
fn call<R: Request>(client: &Client, request: &R) -> Result<R::Reply> {
    let mut payload = Vec::new();
    request.encode(&mut payload);
    let (_, operation) = operations::find::<R>();
    let number = operations::number::<R>();
    let call = match operation.kind() {
        Kind::Command => Call::command(number, &payload),
        Kind::Query => Call::query(number, &payload),
    };
    let reply = client.call(&call).context(R::SHAPE.name)?;
    let payload = ask::payload(&reply).context(R::SHAPE.name)?;
    Ok(R::Reply::decode(payload)?)
}
